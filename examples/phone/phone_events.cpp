#include "phone.hpp"

#include <chrono>
#include <cmath>
#include <tuple>
#include <utility>

namespace parley_phone {
namespace {

template <class Duration>
auto milliseconds(Duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

/// To four places, as nobody measures more.
double rounded(double value) { return std::round(value * 10'000) / 10'000; }

double fractional_milliseconds(parley::base::duration d) {
  return rounded(std::chrono::duration<double, std::milli>(d).count());
}

std::string_view cause_of(parley::call_end why) {
  using parley::call_end;
  switch (why) {
    case call_end::hung_up:
    case call_end::closed: return "local";
    case call_end::peer_hung_up: return "remote";
    case call_end::refused: return "refused";
    case call_end::cancelled: return "cancelled";
    case call_end::no_answer: return "no_answer";
    case call_end::expired: return "expired";
    case call_end::lost: return "lost";
    case call_end::elsewhere: return "elsewhere";
  }
  return "";
}

std::string_view name_of(parley::notification::kind state) {
  using parley::notification;
  switch (state) {
    case notification::kind::pending: return "pending";
    case notification::kind::active: return "active";
    case notification::kind::terminated: return "terminated";
  }
  return "";
}

}  // namespace

void phone::take_in(const parley::incoming_call& in) {
  const int number = add_line(in.handle());
  tell("incoming", {{"call", number},
                    {"from", in.caller().uri},
                    {"to", in.target()},
                    {"display_name", in.caller().display_name},
                    {"referred_by", in.header("Referred-By")}});
  if (takes_more_calls()) {
    arrivals_.push_back({number, in});
  } else {
    std::ignore = in.refuse(480);
  }
}

void phone::consider(const parley::incoming_transfer& request) {
  tell("transfer_requested", {{"call", number_of(request.transferred())},
                              {"to", request.target()},
                              {"referred_by", request.referred_by()}});
  // RFC 3515 2.4.2: without a word from us the peer gets 603.
  if (!settings_.follow_transfers) return;
  const auto made = request.accept();
  if (!made) return;
  tell("calling", {{"call", add_line(*made, true)}, {"to", request.target()}});
}

void phone::tell_message(const parley::incoming_message& message) {
  if (const int number = number_of(message.within); number != 0) {
    return tell("in_call_message",
                {{"call", number}, {"content_type", message.content_type}, {"body", message.text}});
  }
  tell("message",
       {{"from", message.sender.uri}, {"body", message.text}, {"content_type", message.content_type}});
}

/// Tells the events of a call to its last.
asio::awaitable<void> phone::watch(int number, parley::call call) {
  for (;;) {
    const auto [error, event] = co_await call.next_event(as_values);
    if (error) break;
    if (const auto sound = sound_of(call); sound && event.what == parley::call_event::kind::ended)
      tell_quality(number, *sound);
    tell_call(number, event);
  }
  drop_line(number);
}

void phone::tell_call(int number, const parley::call_event& event) {
  using kind = parley::call_event::kind;
  json fields{{"call", number}};
  const char* const by = event.by_peer ? "remote" : "local";
  switch (event.what) {
    case kind::ringing:
      fields.update({{"status", event.status}, {"reason", event.reason}});
      return tell("ringing", fields);
    case kind::early_media: return tell("early_media", fields);
    case kind::answered:
      for (const line& one : lines_) {
        if (one.number == number && one.follows_transfer) current_ = number;
      }
      return tell("answered", fields);
    case kind::held: fields["by"] = by; return tell("held", fields);
    case kind::resumed: fields["by"] = by; return tell("resumed", fields);
    case kind::refreshed: return tell("refreshed", fields);
    case kind::dtmf:
      fields.update({{"key", std::string(1, event.key)}, {"duration", milliseconds(event.duration)}});
      return tell("dtmf", fields);
    case kind::info:
      fields.update({{"package", event.text}, {"content_type", event.content_type}, {"body", event.body}});
      return tell("info", fields);
    case kind::transfer_progress: fields["status"] = event.status; return tell("transfer_progress", fields);
    case kind::transferred:
      // We have transferred the peer, or another has taken its place.
      if (event.status != 0) fields["status"] = event.status;
      fields["to"] = event.text;
      return tell("transferred", fields);
    case kind::ended:
      fields.update({{"cause", cause_of(event.ending.why)},
                     {"status", event.ending.status},
                     {"reason", event.ending.reason}});
      return tell("ended", fields);
  }
}

void phone::tell_quality(int number, parley::audio& sound) {
  if (sound.error()) tell("sound_failed", {{"call", number}, {"reason", sound.error().message()}});
  if (const auto recorded = sound.stop_recording(); !recorded)
    tell("sound_failed", {{"call", number}, {"reason", recorded.error().message()}});
  const parley::media::audio_statistics is = sound.statistics();
  if (is.sent == 0 && is.received == 0) return;
  const auto codec = sound.codec();
  json fields{{"call", number},
              {"codec", codec ? codec->name : ""},
              {"sent", is.sent},
              {"received", is.received},
              {"lost", is.lost},
              {"unplayed", is.unplayed},
              {"loss", rounded(is.loss)},
              {"burst_ratio", rounded(is.burst_ratio)},
              {"jitter", fractional_milliseconds(is.jitter)},
              {"delay", fractional_milliseconds(is.delay)},
              {"concealed", rounded(is.concealed)},
              {"mos", rounded(is.opinion_score)},
              {"rating", rounded(is.rating)}};
  // What only the peer's reports tell.
  if (is.round_trip) fields["round_trip"] = fractional_milliseconds(*is.round_trip);
  if (is.peer_loss) fields["peer_loss"] = rounded(*is.peer_loss);
  tell("quality", fields);
}

void phone::tell_registration(const parley::registration_event& event) {
  registration_told_ = true;
  using kind = parley::registration_event::kind;
  const auto retry = std::chrono::duration_cast<std::chrono::seconds>(event.retry_after).count();
  switch (event.what) {
    case kind::registered:
    case kind::refreshed:
      return tell("registered", {{"contact", registration_.contact()},
                                 {"expires", registration_.granted()},
                                 {"status", event.status}});
    case kind::failed:
    case kind::expired:
      return tell("registration_failed", {{"status", event.status},
                                          {"reason", event.what == kind::expired ? "expired" : event.reason},
                                          {"retry", retry}});
    case kind::unregistered: return tell("unregistered");
  }
}

/// Tells the notifications that follow the first.
asio::awaitable<void> phone::watch(parley::subscription subscription, std::string package) {
  for (;;) {
    const auto [error, notification] = co_await subscription.next(as_values);
    if (error) break;
    tell_notification(package, notification);
  }
  subscribed_ = false;
  changed_.cancel();
}

void phone::tell_notification(const std::string& package, const parley::notification& notification) {
  tell("notify", {{"package", package},
                  {"state", name_of(notification.what)},
                  {"content_type", notification.content_type},
                  {"body", notification.body}});
  if (notification.what == parley::notification::kind::terminated) {
    tell("subscription_ended", {{"package", package}, {"reason", notification.reason}});
  }
}

}  // namespace parley_phone
