#include "events.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

namespace parley_phone {
namespace {

/// Events that nobody asks for are not kept for ever.
constexpr std::size_t max_kept = 4096;

struct event_kind {
  std::string_view name;
  std::string_view keys;  ///< with a blank before and behind each
};

constexpr std::array event_kinds = {
    event_kind{"listening", " address transport "},
    event_kind{"registered", " contact expires status "},
    event_kind{"registration_failed", " status reason retry "},
    event_kind{"unregistered", " "},
    event_kind{"calling", " call to "},
    event_kind{"incoming", " call from to display_name referred_by "},
    event_kind{"ringing", " call status reason "},
    event_kind{"early_media", " call "},
    event_kind{"answered", " call "},
    event_kind{"held", " call by "},
    event_kind{"resumed", " call by "},
    event_kind{"refreshed", " call "},
    event_kind{"dtmf", " call key duration "},
    event_kind{"info", " call package content_type body "},
    event_kind{"in_call_message", " call content_type body "},
    event_kind{"transfer_requested", " call to referred_by "},
    event_kind{"transfer_progress", " call status "},
    event_kind{"transferred", " call status to "},
    event_kind{"sound_failed", " call reason "},
    event_kind{"quality",
               " call codec sent received lost unplayed loss burst_ratio jitter delay concealed mos rating "
               "round_trip peer_loss "},
    event_kind{"ended", " call cause status reason "},
    event_kind{"message", " from body content_type "},
    event_kind{"message_sent", " status "},
    event_kind{"subscribed", " package "},
    event_kind{"notify", " package state content_type body "},
    event_kind{"subscription_ended", " package reason "},
    event_kind{"published", " "},
    event_kind{"publish_failed", " status "},
    event_kind{"options", " status "},
};

const event_kind* kind_of(std::string_view name) {
  const auto* const found = std::find_if(event_kinds.begin(), event_kinds.end(),
                                         [name](const event_kind& kind) { return kind.name == name; });
  return found == event_kinds.end() ? nullptr : found;
}

/// A value as one writes it behind KEY=.
std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

double seconds_since_1970() {
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
  return static_cast<double>(now.count()) / 1000;
}

}  // namespace

bool is_event(std::string_view name) { return kind_of(name) != nullptr; }

bool has_key(std::string_view event, std::string_view key) {
  const event_kind* const kind = kind_of(event);
  const std::string word = " " + std::string(key) + " ";
  return kind != nullptr && kind->keys.find(word) != std::string_view::npos;
}

std::string unknown_event(std::string_view name) {
  std::string out = "\"" + std::string(name) + "\" is no event; there are";
  for (const event_kind& kind : event_kinds) out += " " + std::string(kind.name);
  return out;
}

std::string unknown_key(std::string_view event, std::string_view key) {
  const event_kind* const kind = kind_of(event);
  std::string out = std::string(event) + " has no \"" + std::string(key) + "\"";
  if (kind == nullptr || kind->keys.size() < 2) return out + "; it has no keys";
  return out + "; it has" + std::string(kind->keys.substr(0, kind->keys.size() - 1));
}

bool matches(const json& event, const expectation& wanted) {
  if (event.value("event", "") != wanted.event) return false;
  return std::all_of(wanted.conditions.begin(), wanted.conditions.end(), [&event](const condition& one) {
    const auto found = event.find(one.key);
    return found != event.end() && text_of(*found) == one.value;
  });
}

void journal::tell(std::string_view event, const json& fields) {
  json line{{"event", event}, {"time", seconds_since_1970()}};
  line.update(fields);
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  good_ = std::fwrite(text.data(), 1, text.size(), out_) == text.size() && std::fflush(out_) == 0 && good_;
  events_.push_back(std::move(line));
  if (events_.size() > max_kept) events_.pop_front();
}

bool journal::find(const expectation& wanted) {
  const auto found = std::find_if(events_.begin(), events_.end(),
                                  [&wanted](const json& event) { return matches(event, wanted); });
  if (found == events_.end()) return false;
  events_.erase(events_.begin(), std::next(found));
  return true;
}

}  // namespace parley_phone
