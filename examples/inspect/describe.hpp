#pragma once

#include <parley/sip/typed.hpp>
#include <parley/sip/uri.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string_view>

namespace parley_inspect {

namespace sip = parley::sip;
using json = nlohmann::ordered_json;

// One overload for each type of header that `visit_typed` knows. Texts stand as in the message, without
// quotes and with their escapes; what is absent is left out.

/// Adds `value` where it is not empty.
inline void put(json& to, const char* key, std::string_view value) {
  if (!value.empty()) to[key] = value;
}
inline void put(json& to, const char* key, bool value) {
  if (value) to[key] = true;
}
template <class T>
void put(json& to, const char* key, const std::optional<T>& value) {
  if (value) to[key] = *value;
}

/// Adds the parameters by name: a text, or null where a parameter has no value. Of a name that is there
/// twice, the first.
template <class Parameters>
void put_parameters(json& to, const Parameters& parameters, const char* key = "parameters") {
  json out = json::object();
  for (const sip::parameter& one : parameters) {
    out.emplace(std::string(one.name), one.has_value ? json(one.value) : json());
  }
  if (!out.empty()) to[key] = std::move(out);
}

// describe_addresses.cpp
json describe(const sip::uri_view& uri);
json describe(const sip::via_header& via);
json describe(const sip::name_addr& address);
json describe(const sip::from_header& from);
json describe(const sip::to_header& to);
json describe(const sip::contact_header& contact);
json describe(const sip::referred_by_header& referred_by);
json describe(const sip::history_info_header& entry);
json describe(const sip::diversion_header& diversion);
json describe(const sip::call_info_header& info);

// describe_security.cpp
json describe(const sip::challenge& challenge);
json describe(const sip::credentials& credentials);
json describe(const sip::authentication_info& info);
json describe(const sip::identity_header& identity);
json describe(const sip::identity_info_header& info);
json describe(const sip::privacy_header& privacy);

// describe_values.cpp
json describe(const sip::cseq_header& cseq);
json describe(const sip::rack_header& rack);
json describe(const sip::call_id_header& call_id);
json describe(const sip::in_reply_to_header& call_id);
json describe(const sip::max_forwards_header& max_forwards);
json describe(const sip::content_length_header& length);
json describe(const sip::min_se_header& min_se);
json describe(const sip::retry_after_header& retry_after);
json describe(const sip::timestamp_header& timestamp);
json describe(const sip::mime_version_header& version);
json describe(const sip::allow_header& allow);
json describe(const sip::content_type_header& type);
json describe(const sip::content_disposition_header& disposition);
json describe(const sip::accept_header& accept);
json describe(const sip::date_header& date);
json describe(const sip::warning_header& warning);
json describe(const sip::replaces_header& replaces);
json describe(const sip::join_header& join);
json describe(const sip::target_dialog_header& dialog);
json describe(const sip::session_expires_header& expires);
json describe(const sip::event_header& event);
json describe(const sip::subscription_state_header& state);
json describe(const sip::reason_header& reason);
json describe(const sip::request_disposition_header& disposition);

template <sip::header_id Id>
json describe(const sip::number_header<Id>& header) {
  return header.value;
}
template <sip::header_id Id>
json describe(const sip::token_header<Id>& header) {
  return header.value;
}
template <sip::header_id Id>
json describe(const sip::optional_token_header<Id>& header) {
  return header.value;
}
template <sip::header_id Id>
json describe(const sip::text_header<Id>& header) {
  return header.value;
}
template <sip::header_id Id>
json describe(const sip::preference_header<Id>& header) {
  json out{{"value", header.value}, {"q", header.q / 1000.0}};
  put_parameters(out, header.parameters);
  return out;
}
template <sip::header_id Id, sip::detail::brackets Brackets>
json describe(const sip::name_addr_header<Id, Brackets>& header) {
  return describe(static_cast<const sip::name_addr&>(header));
}

}  // namespace parley_inspect
