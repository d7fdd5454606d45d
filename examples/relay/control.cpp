#include "control.hpp"

#include <algorithm>
#include <utility>

namespace relay {
namespace {

constexpr std::size_t max_sound_bytes = 64U << 20U;

value ok() { return value::dictionary{{"result", "ok"}}; }

value from_result(const done_result& done) { return done ? ok() : make_error(done.error().why); }

/// A key stands once in a dictionary of bencode: a second warning goes behind the first.
void add_warning(value& answer, std::string what) {
  for (auto& [key, before] : *answer.entries()) {
    if (key != "warning") continue;
    before = before.as_text() + ". " + what;
    return;
  }
  answer.add("warning", std::move(what));
}

bool is_error(const value& answer) {
  const value* result = answer.find("result");
  return result != nullptr && result->text() != nullptr &&
         (*result->text() == "error" || *result->text() == "load limit");
}

}  // namespace

constexpr std::array<control::command, control::command_total> control::table{{
    {"ping", &control::ping, false},
    {"offer", &control::offer},
    {"answer", &control::answer},
    {"delete", &control::remove},
    {"query", &control::query, false},
    {"list", &control::list, false},
    {"start recording", &control::start_recording},
    {"stop recording", &control::stop_recording},
    {"pause recording", &control::pause_recording},
    {"block media", &control::block_media},
    {"unblock media", &control::unblock_media},
    {"block DTMF", &control::block_dtmf},
    {"unblock DTMF", &control::unblock_dtmf},
    {"silence media", &control::silence},
    {"unsilence media", &control::silence},
    {"play media", &control::play_media},
    {"stop media", &control::stop_media},
    {"play DTMF", &control::play_dtmf},
    {"statistics", &control::statistics, false},
}};

control::control(media_plane& plane, files& disk, base::random_source& random,
                 const control_settings& settings, base::log_sink& log)
    : world_{plane, disk, random, settings},
      log_(log),
      cookies_(base::siphash_key::from(random)),
      calls_(world_, base::siphash_key::from(random)) {
  for (std::size_t i = 0; i < table.size(); ++i) counts_[i].name = table[i].name;
  counts_.back().name = "unknown";
  plane.on_trouble = [this](medium_id id, trouble) { calls_.handle_trouble(last_, id); };
  plane.on_dtmf = [this](const dtmf_report& report) {
    ++digits_;
    if (!log_.enabled(base::log_level::debug)) return;
    const std::array<base::log_field, 2> fields{base::log_field{"medium", report.medium},
                                                base::log_field{"event", std::uint32_t{report.event}}};
    log_.write({base::log_level::debug, "relay", "a digit", fields});
  };
}

std::string control::handle_message(const instant& at, const base::ip_address& from,
                                    std::string_view message) {
  last_ = at;
  if (started_ == base::time_point{}) started_ = at.now;
  const auto parts = split_message(message);
  if (!parts) return {};
  if (const std::string* known = cookies_.find(at.now, from, message)) {
    ++repetitions_;
    return *known;
  }
  const body_form form = form_of(parts->body).value_or(body_form::bencode);
  const auto body = read_body(parts->body);
  std::size_t which = table.size();
  value answer = body ? execute(at, *body, which)
                      : make_error("The body can't be read: " + std::string(body.error().rule) +
                                   " (at byte " + std::to_string(body.error().offset) + ")");
  ++counts_[which].done;
  if (is_error(answer)) {
    ++counts_[which].failed;
    if (log_.enabled(base::log_level::info)) {
      const value* why = answer.find("error-reason");
      const std::string reason = why == nullptr ? std::string{} : why->as_text();
      const std::array<base::log_field, 2> fields{base::log_field{"command", counts_[which].name},
                                                  base::log_field{"reason", reason}};
      log_.write({base::log_level::info, "relay", "a command failed", fields});
    }
  }
  std::string out = write_message(parts->cookie, form, answer);
  if (which < table.size() && table[which].changes) cookies_.put(at.now, from, message, out);
  return out;
}

value control::execute(const instant& at, const value& body, std::size_t& which) {
  const value* named = body.find("command");
  if (named == nullptr || named->text() == nullptr) return make_error("The message names no command");
  const std::string& name = *named->text();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const command& c) { return same_name(c.name, name); });
  if (found == table.end()) return make_error("Unrecognized command \"" + name.substr(0, 64) + "\"");
  which = static_cast<std::size_t>(found - table.begin());
  auto options = read_options(body);
  if (!options) return make_error(options.error().why);
  value out = (this->*found->handle)({at, *options});
  if (!options->unknown.empty() && !is_error(out)) {
    std::string warning = "Not known here, and left out:";
    for (const std::string& one : options->unknown) warning += ' ' + one + ';';
    warning.pop_back();
    add_warning(out, std::move(warning));
  }
  return out;
}

value control::ping(const request&) { return value::dictionary{{"result", "pong"}}; }

value control::refuse_new(const request& r, std::string_view why) const {
  // A client that knows this result tries another relay.
  if (r.options.load_limit) return value::dictionary{{"result", "load limit"}, {"message", why}};
  return make_error(why);
}

outcome<described> control::read(const request& r) const {
  if (r.options.sdp.empty()) return failure{"No SDP body in message"};
  if (r.options.call_id.empty()) return failure{"No call-id in message"};
  if (r.options.from_tag.empty()) return failure{"No from-tag in message"};
  constexpr std::size_t longest = 1024;
  for (const std::string* name : {&r.options.call_id, &r.options.from_tag, &r.options.to_tag,
                                  &r.options.via_branch, &r.options.set_label}) {
    if (name->size() > longest) return failure{"A call-id, tag, branch or label is too long"};
  }
  if (r.options.sip_source_address && !r.options.received_from)
    return failure{"SIP-source-address needs received-from"};
  const auto source = r.options.sip_source_address ? r.options.received_from : std::nullopt;
  return read_description(r.options.sdp, source, world_.settings.descriptions);
}

void control::record_as_asked(const request& r, call& which, value& out) {
  if (!r.options.record) return;
  if (!*r.options.record) {
    which.stop_recording(world_, call::recording::off);
  } else if (auto begun = which.start_recording(world_, r.options.metadata); !begun) {
    add_warning(out, begun.error().why);
  }
}

value control::offer(const request& r) {
  auto text = read(r);
  if (!text) return make_error(text.error().why);
  call* which = calls_.find(r.options.call_id);
  if (which == nullptr) {
    if (draining_) return refuse_new(r, "Parley-relay is draining: it takes no new calls");
    if (calls_.is_full()) return refuse_new(r, "Parley-relay has as many calls as it may have");
    which = calls_.add(r.options.call_id, r.at);
  }
  const text_result made = which->offer(world_, r.at, r.options, *std::move(text));
  value out =
      made ? value(value::dictionary{{"sdp", *made}, {"result", "ok"}}) : make_error(made.error().why);
  if (made) record_as_asked(r, *which, out);
  calls_.changed(*which);
  return out;
}

value control::answer(const request& r) {
  auto text = read(r);
  if (!text) return make_error(text.error().why);
  if (r.options.to_tag.empty()) return make_error("No to-tag in message");
  call* which = calls_.find(r.options.call_id);
  if (which == nullptr) return make_error("Unknown call-id");
  const text_result made = which->answer(world_, r.at, r.options, *std::move(text));
  value out =
      made ? value(value::dictionary{{"sdp", *made}, {"result", "ok"}}) : make_error(made.error().why);
  if (made) record_as_asked(r, *which, out);
  calls_.changed(*which);
  return out;
}

value control::remove(const request& r) {
  if (r.options.call_id.empty()) return make_error("No call-id in message");
  const base::duration delay =
      r.options.delete_delay ? base::duration(*r.options.delete_delay) : world_.settings.delete_delay;
  value out;
  if (!calls_.remove(r.at, r.options, delay, out)) {
    constexpr std::string_view why = "Call-ID not found or tags didn't match";
    if (r.options.fatal) return make_error(why);
    return value::dictionary{{"warning", why}, {"result", "ok"}};
  }
  out.add("result", "ok");
  return out;
}

value control::query(const request& r) {
  call* which = calls_.find(r.options.call_id);
  if (which == nullptr) return make_error("Unknown call-id");
  value out = which->report(world_, r.at);
  out.add("result", "ok");
  return out;
}

value control::list(const request& r) {
  value::list ids;
  for (std::string& id : calls_.list(r.options.limit)) ids.emplace_back(std::move(id));
  return value::dictionary{{"calls", std::move(ids)}, {"result", "ok"}};
}

value control::start_recording(const request& r) {
  call* which = calls_.find(r.options.call_id);
  if (which == nullptr) return make_error("Unknown call-id");
  return from_result(which->start_recording(world_, r.options.metadata));
}

value control::end_recording(const request& r, call::recording next) {
  call* which = calls_.find(r.options.call_id);
  if (which == nullptr) return make_error("Unknown call-id");
  which->stop_recording(world_, next);
  return ok();
}

value control::stop_recording(const request& r) { return end_recording(r, call::recording::off); }

value control::pause_recording(const request& r) {
  call* which = calls_.find(r.options.call_id);
  if (which != nullptr && which->recording_state() != call::recording::on)
    return make_error("The call isn't recorded");
  return end_recording(r, call::recording::paused);
}

value control::block(const request& r, bool digits, bool on) {
  call* which = calls_.find(r.options.call_id);
  if (which == nullptr) return make_error("Unknown call-id");
  return from_result(which->block(world_, r.options, digits, on));
}

value control::block_media(const request& r) { return block(r, false, true); }
value control::unblock_media(const request& r) { return block(r, false, false); }
value control::block_dtmf(const request& r) { return block(r, true, true); }
value control::unblock_dtmf(const request& r) { return block(r, true, false); }

value control::silence(const request&) {
  return make_error("Silencing is not supported: block media, which sends nothing in the place of the sound");
}

value control::play_media(const request& r) {
  call* which = calls_.find(r.options.call_id);
  if (which == nullptr) return make_error("Unknown call-id");
  if (r.options.file.empty() == r.options.blob.empty())
    return make_error("One of file and blob must be given");
  std::string bytes = std::move(r.options.blob);
  if (bytes.empty()) {
    auto read = world_.files.read(r.options.file, max_sound_bytes);
    if (!read) return make_error(read.error().why);
    bytes = *std::move(read);
  }
  const auto length = which->play(world_, r.options, bytes);
  if (!length) return make_error(length.error().why);
  return value::dictionary{
      {"duration", std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(*length).count()}},
      {"result", "ok"}};
}

value control::stop_media(const request& r) {
  call* which = calls_.find(r.options.call_id);
  if (which == nullptr) return make_error("Unknown call-id");
  return from_result(which->stop_playing(world_, r.options));
}

value control::play_dtmf(const request& r) {
  call* which = calls_.find(r.options.call_id);
  if (which == nullptr) return make_error("Unknown call-id");
  return from_result(which->play_digit(world_, r.options));
}

}  // namespace relay
