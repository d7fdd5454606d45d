#include "describe.hpp"

namespace parley_inspect {
namespace {

json dialog(std::string_view call_id, const char* first, std::string_view first_tag, const char* second,
            std::string_view second_tag) {
  return {{"call_id", call_id}, {first, first_tag}, {second, second_tag}};
}

}  // namespace

json describe(const sip::cseq_header& cseq) {
  return {{"number", cseq.number}, {"method", cseq.method_name}};
}

json describe(const sip::rack_header& rack) {
  return {{"rseq", rack.rseq}, {"cseq", rack.cseq}, {"method", rack.method_name}};
}

json describe(const sip::call_id_header& call_id) { return call_id.value; }

json describe(const sip::in_reply_to_header& call_id) { return call_id.value; }

json describe(const sip::max_forwards_header& max_forwards) { return max_forwards.value; }

json describe(const sip::content_length_header& length) { return length.value; }

json describe(const sip::min_se_header& min_se) {
  json out{{"seconds", min_se.seconds}};
  put_parameters(out, min_se.parameters);
  return out;
}

json describe(const sip::retry_after_header& retry_after) {
  json out{{"seconds", retry_after.seconds}};
  put(out, "comment", retry_after.comment);
  put(out, "duration", retry_after.duration);
  put_parameters(out, retry_after.parameters);
  return out;
}

json describe(const sip::timestamp_header& timestamp) {
  json out{{"value", timestamp.value}};
  put(out, "delay", timestamp.delay);
  return out;
}

json describe(const sip::mime_version_header& version) {
  return {{"major", version.major_number}, {"minor", version.minor_number}};
}

json describe(const sip::allow_header& allow) { return allow.value; }

json describe(const sip::content_type_header& type) {
  json out{{"type", type.type}, {"subtype", type.subtype}};
  put_parameters(out, type.parameters);
  return out;
}

json describe(const sip::content_disposition_header& disposition) {
  json out{{"type", disposition.type}};
  switch (disposition.handling) {
    case sip::content_handling::required: out["handling"] = "required"; break;
    case sip::content_handling::optional: out["handling"] = "optional"; break;
    case sip::content_handling::other: break;
  }
  put_parameters(out, disposition.parameters);
  return out;
}

json describe(const sip::accept_header& accept) {
  json out{{"type", accept.type}, {"subtype", accept.subtype}, {"q", accept.q / 1000.0}};
  put_parameters(out, accept.parameters);
  return out;
}

json describe(const sip::date_header& date) { return {{"unix_time", date.time.time_since_epoch().count()}}; }

json describe(const sip::warning_header& warning) {
  return {{"code", warning.code}, {"agent", warning.agent}, {"text", warning.text}};
}

json describe(const sip::replaces_header& replaces) {
  json out = dialog(replaces.call_id, "to_tag", replaces.to_tag, "from_tag", replaces.from_tag);
  put(out, "early_only", replaces.early_only);
  put_parameters(out, replaces.parameters);
  return out;
}

json describe(const sip::join_header& join) {
  json out = dialog(join.call_id, "to_tag", join.to_tag, "from_tag", join.from_tag);
  put_parameters(out, join.parameters);
  return out;
}

json describe(const sip::target_dialog_header& target) {
  json out = dialog(target.call_id, "local_tag", target.local_tag, "remote_tag", target.remote_tag);
  put_parameters(out, target.parameters);
  return out;
}

json describe(const sip::session_expires_header& expires) {
  json out{{"seconds", expires.seconds}};
  switch (expires.refresher) {
    case sip::session_refresher::uac: out["refresher"] = "uac"; break;
    case sip::session_refresher::uas: out["refresher"] = "uas"; break;
    case sip::session_refresher::none: break;
  }
  put_parameters(out, expires.parameters);
  return out;
}

json describe(const sip::event_header& event) {
  json out{{"package", event.package}};
  put(out, "id", event.event_id);
  put_parameters(out, event.parameters);
  return out;
}

json describe(const sip::subscription_state_header& state) {
  json out{{"state", state.state_text}};
  put(out, "reason", state.reason_text);
  put(out, "expires", state.expires);
  put(out, "retry_after", state.retry_after);
  put_parameters(out, state.parameters);
  return out;
}

json describe(const sip::reason_header& reason) {
  json out{{"protocol", reason.protocol}};
  put(out, "cause", reason.cause);
  put(out, "text", reason.text);
  put_parameters(out, reason.parameters);
  return out;
}

json describe(const sip::request_disposition_header& disposition) { return disposition.text; }

}  // namespace parley_inspect
