#include "codec_plan.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

namespace relay {
namespace {

constexpr std::string_view events = "telephone-event";
constexpr std::string_view comfort_noise = "CN";

/// "opus/48000/2" taken apart; what follows the channels (bit rate, ptime, parameters) is left to the codec.
struct codec_name {
  std::string_view name;
  std::optional<std::uint32_t> rate{};
  std::optional<std::uint16_t> channels{};
};

template <class Integer>
void read_part(std::string_view& rest, std::optional<Integer>& out) {
  const std::string_view part = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  Integer number = 0;
  const auto [stopped, error] = std::from_chars(part.data(), part.data() + part.size(), number);
  if (error == std::errc{} && stopped == part.data() + part.size() && number != 0) out = number;
}

codec_name take_apart(std::string_view codec) {
  codec_name out{codec.substr(0, codec.find('/'))};
  std::string_view rest = codec;
  rest.remove_prefix(std::min(rest.size(), out.name.size() + 1));
  read_part(rest, out.rate);
  read_part(rest, out.channels);
  return out;
}

bool any_means(const std::vector<std::string>& codecs, const sdp::rtp_format& format) {
  return std::any_of(codecs.begin(), codecs.end(),
                     [&](const std::string& one) { return means(one, format); });
}

/// Whether these are telephone-events, and meant by more than `all`: it costs something to listen for digits.
bool names_events(const std::vector<std::string>& codecs, const sdp::rtp_format& format) {
  return format.is(events) && std::any_of(codecs.begin(), codecs.end(), [&](const std::string& one) {
           return !same_name(one, "all") && means(one, format);
         });
}

bool is_sound(const sdp::rtp_format& format) {
  return !format.codec.encoding.empty() && !format.is(events) && !format.is(comfort_noise) &&
         !format.is("red");
}

bool can_translate(const sdp::rtp_format& format) {
  return is_sound(format) && media::audio_format_of(format).has_value();
}

const sdp::rtp_format* find_same(const std::vector<sdp::rtp_format>& formats, const sdp::rtp_format& wanted) {
  const auto at = std::find_if(formats.begin(), formats.end(), [&](const sdp::rtp_format& one) {
    return one.codec.same_encoding(wanted.codec);
  });
  return at == formats.end() ? nullptr : &*at;
}

/// The same; of events also one with another clock, to which durations are scaled.
const sdp::rtp_format* find_beside(const std::vector<sdp::rtp_format>& formats,
                                   const sdp::rtp_format& wanted) {
  if (const sdp::rtp_format* same = find_same(formats, wanted)) return same;
  if (!wanted.is(events)) return nullptr;
  const auto at =
      std::find_if(formats.begin(), formats.end(), [](const sdp::rtp_format& one) { return one.is(events); });
  return at == formats.end() ? nullptr : &*at;
}

const sdp::rtp_format* find_type(const std::vector<sdp::rtp_format>& formats, std::uint8_t payload_type) {
  const auto at = std::find_if(formats.begin(), formats.end(), [&](const sdp::rtp_format& one) {
    return one.payload_type() == payload_type;
  });
  return at == formats.end() ? nullptr : &*at;
}

const sdp::rtp_format* first_translatable(const std::vector<sdp::rtp_format>& formats) {
  const auto at = std::find_if(formats.begin(), formats.end(), can_translate);
  return at == formats.end() ? nullptr : &*at;
}

/// A payload type for an encoding: its static one, else the first dynamic one that is free.
std::optional<std::uint8_t> type_for(const sdp::rtpmap& wanted, const std::bitset<128>& used) {
  constexpr std::uint8_t first_unassigned = 35;
  for (std::uint8_t type = 0; type < first_unassigned; ++type) {
    const auto known = sdp::static_rtpmap(type);
    if (known && known->same_encoding(wanted) && !used[type]) return type;
  }
  for (std::uint8_t type = 96; type < 128; ++type) {
    if (!used[type]) return type;
  }
  return std::nullopt;
}

bool has_events(const std::vector<sdp::rtp_format>& formats) {
  return std::any_of(formats.begin(), formats.end(),
                     [](const sdp::rtp_format& one) { return one.is(events); });
}

/// Offers telephone-events to the other side though the one that offers has none.
std::optional<std::string> add_events(codec_plan& plan, const codec_name& wanted, std::bitset<128>& used) {
  constexpr std::uint8_t usual_type = 101;
  if (has_events(plan.offered)) return std::nullopt;
  sdp::rtp_format format;
  format.codec.encoding = events;
  // RFC 4733 2.5.1.1: the clock of the sound, that both have one timeline.
  const sdp::rtp_format* sound = first_translatable(plan.offered);
  format.codec.clock_rate = wanted.rate.value_or(sound != nullptr ? sound->codec.clock_rate : 8000);
  format.parameters = "0-15";
  const auto type = used[usual_type] ? type_for(format.codec, used) : std::optional(usual_type);
  if (!type) return "No payload type is free for telephone-events";
  used.set(*type);
  format.codec.payload_type = *type;
  plan.offered.push_back(std::move(format));
  plan.changes_offer = plan.translates = plan.converts_digits = true;
  return std::nullopt;
}

std::optional<std::string> add_codec(codec_plan& plan, const std::string& codec, std::bitset<128>& used) {
  const codec_name wanted = take_apart(codec);
  if (same_name(wanted.name, events)) return add_events(plan, wanted, used);
  for (const media::audio_format& known : media::known_audio_formats()) {
    sdp::rtp_format format;
    format.codec = known.rtpmap(0);
    format.parameters = known.fmtp;
    if (!means(codec, format)) continue;
    if (find_same(plan.offered, format) != nullptr) return std::nullopt;
    const auto type = type_for(format.codec, used);
    if (!type) return "No payload type is free for the codec " + codec.substr(0, 64);
    used.set(*type);
    format.codec.payload_type = *type;
    // Events come behind the codecs, as telephones write them.
    const auto place = std::find_if(plan.offered.begin(), plan.offered.end(),
                                    [](const sdp::rtp_format& one) { return !is_sound(one); });
    plan.offered.insert(place, std::move(format));
    plan.changes_offer = plan.translates = true;
    return std::nullopt;
  }
  return "The codec " + std::string(wanted.name.substr(0, 64)) + " can't be translated to by this build";
}

payload_rule pass(const sdp::rtp_format& from, const sdp::rtp_format& to) {
  payload_rule rule;
  rule.received = from.payload_type();
  rule.sent = to.payload_type();
  rule.clock_rate = from.codec.clock_rate;
  rule.sent_clock_rate = to.codec.clock_rate;
  rule.events = from.is(events);
  rule.noise = from.is(comfort_noise);
  return rule;
}

/// A rule for sound that is translated, though it be from a codec to itself.
payload_rule translate(const sdp::rtp_format& from, const sdp::rtp_format& to) {
  payload_rule rule;
  rule.received = from.payload_type();
  rule.sent = to.payload_type();
  rule.clock_rate = from.codec.clock_rate;
  rule.transcode = transcoding{*media::audio_format_of(from), *media::audio_format_of(to)};
  return rule;
}

/// The telephone-events that go with a codec: by its clock, else the first.
const sdp::rtp_format* events_beside(const std::vector<sdp::rtp_format>& formats,
                                     const sdp::rtp_format& sound) {
  const sdp::rtp_format* first = nullptr;
  for (const sdp::rtp_format& one : formats) {
    if (!one.is(events)) continue;
    if (one.codec.clock_rate == sound.codec.clock_rate) return &one;
    if (first == nullptr) first = &one;
  }
  return first;
}

/// Rules for each format that a side sends: `own` is what it may send, `others` what the other side takes.
std::vector<payload_rule> rules_for(const codec_plan& plan, const std::vector<sdp::rtp_format>& own,
                                    const std::vector<sdp::rtp_format>& others, bool& translates) {
  std::vector<payload_rule> rules;
  const sdp::rtp_format* target = first_translatable(others);
  const auto needs_translation = [&](const sdp::rtp_format& format) {
    return can_translate(format) && find_same(others, format) == nullptr;
  };
  const bool some = std::any_of(own.begin(), own.end(), needs_translation);
  const bool events_here = has_events(own);
  const bool events_there = has_events(others);
  const bool into_sound = target != nullptr && events_here && !events_there && (plan.converts_digits || some);
  const bool into_events = plan.converts_digits && !events_here && events_there;
  const bool listens = plan.listens || into_events;
  for (const sdp::rtp_format& format : own) {
    const sdp::rtp_format* same = find_beside(others, format);
    const sdp::rtp_format* to = same != nullptr ? same : target;
    const bool changes = same == nullptr || ((into_sound || listens) && can_translate(*same));
    if (changes && to != nullptr && can_translate(format)) {
      rules.push_back(translate(format, *to));
      rules.back().listens = listens;
      if (into_events) {
        const sdp::rtp_format* as = events_beside(others, *to);
        rules.back().digits = media::events_sent{as->payload_type(), as->codec.clock_rate};
      }
      translates = true;
    } else if (same != nullptr) {
      rules.push_back(pass(format, *same));
    } else if (into_sound && format.is(events)) {
      payload_rule rule;
      rule.received = format.payload_type();
      rule.clock_rate = format.codec.clock_rate;
      rule.events = rule.into_sound = true;
      rules.push_back(std::move(rule));
    }
  }
  return rules;
}

/// Has the side that offered telephone-events have them although the other side took none, where they can
/// become sound.
void keep_events(const codec_plan& plan, const std::vector<sdp::rtp_format>& answered,
                 std::vector<sdp::rtp_format>& answer) {
  if (has_events(answered) || first_translatable(answered) == nullptr) return;
  const auto is_translated = [&](const sdp::rtp_format& format) {
    return can_translate(format) && (plan.converts_digits || find_same(answered, format) == nullptr);
  };
  if (!std::any_of(answer.begin(), answer.end(), is_translated)) return;
  std::copy_if(plan.usable.begin(), plan.usable.end(), std::back_inserter(answer),
               [](const sdp::rtp_format& one) { return one.is(events); });
}

/// Rules that let each payload type through under its own number, and say which are events, and where digits
/// are listened for. Empty where none is either.
std::vector<payload_rule> plain_rules(const std::vector<sdp::rtp_format>& a,
                                      const std::vector<sdp::rtp_format>& b, bool listens) {
  std::vector<payload_rule> rules;
  bool digits = false;
  const auto put = [&](const sdp::rtp_format& format) {
    const auto there = std::find_if(rules.begin(), rules.end(), [&](const payload_rule& r) {
      return r.received == format.payload_type();
    });
    if (there != rules.end()) return;
    const bool heard = listens && can_translate(format);
    rules.push_back(heard ? translate(format, format) : pass(format, format));
    rules.back().listens = heard;
    digits = digits || heard || rules.back().events;
  };
  for (const sdp::rtp_format& format : a) put(format);
  for (const sdp::rtp_format& format : b) put(format);
  if (!digits) return {};
  // RFC 3389 4: comfort noise comes with the codecs of 8000 Hz unannounced from many telephones.
  sdp::rtp_format noise;
  noise.codec = {.payload_type = 13, .encoding = std::string(comfort_noise), .clock_rate = 8000};
  put(noise);
  return rules;
}

}  // namespace

bool means(std::string_view codec, const sdp::rtp_format& format) {
  if (same_name(codec, "all")) return true;
  if (same_name(codec, "full")) return can_translate(format);
  const codec_name wanted = take_apart(codec);
  if (!format.is(wanted.name)) return false;
  if (wanted.rate && *wanted.rate != format.codec.clock_rate) return false;
  return !wanted.channels || *wanted.channels == format.codec.channels;
}

outcome<codec_plan> plan_codecs(const std::vector<sdp::rtp_format>& offer, const codec_wishes& wishes) {
  codec_plan plan;
  plan.listens = wishes.detect_dtmf;
  std::bitset<128> used;
  for (const sdp::rtp_format& format : offer) {
    used.set(format.payload_type());
    const bool saved = any_means(wishes.offer, format) || any_means(wishes.except, format);
    if (!saved && any_means(wishes.strip, format)) {
      plan.changes_offer = true;
      continue;
    }
    plan.usable.push_back(format);
    const bool consumed =
        (any_means(wishes.consume, format) && can_translate(format)) || names_events(wishes.consume, format);
    const bool masked = consumed || any_means(wishes.mask, format);
    if (consumed || any_means(wishes.accept, format) || (wishes.always_transcode && can_translate(format))) {
      if (can_translate(format)) {
        plan.kept.push_back(format.payload_type());
        plan.translates = true;
      }
    }
    if (names_events(wishes.accept, format) || names_events(wishes.consume, format) ||
        (wishes.always_transcode && format.is(events))) {
      plan.converts_digits = plan.translates = true;
    }
    if (masked && !saved) {
      plan.changes_offer = true;
    } else {
      plan.offered.push_back(format);
    }
  }
  for (const std::string& codec : wishes.transcode) {
    if (auto why = add_codec(plan, codec, used)) return failure{*std::move(why)};
  }
  if (plan.offered.empty()) return failure{"The codec rules leave no codec to offer"};
  return plan;
}

outcome<codec_outcome> conclude_codecs(const codec_plan& plan, const std::vector<sdp::rtp_format>& answered) {
  codec_outcome out;
  if (!plan.translates) {
    out.from_offerer = out.from_answerer = plain_rules(plan.usable, answered, plan.listens);
    out.translates = std::any_of(out.from_offerer.begin(), out.from_offerer.end(),
                                 [](const payload_rule& rule) { return rule.transcode.has_value(); });
    return out;
  }
  // What both sides have, in the order of the one that chose.
  bool sound = false;
  for (const sdp::rtp_format& format : answered) {
    const sdp::rtp_format* same = find_same(plan.usable, format);
    if (same == nullptr || find_type(out.answer, same->payload_type()) != nullptr) continue;
    sdp::rtp_format shared = *same;
    shared.parameters = format.parameters;
    sound = sound || is_sound(shared);
    out.answer.push_back(std::move(shared));
  }
  const sdp::rtp_format* target = first_translatable(answered);
  for (const sdp::rtp_format& format : plan.usable) {
    if (find_type(out.answer, format.payload_type()) != nullptr) continue;
    const bool kept = std::find(plan.kept.begin(), plan.kept.end(), format.payload_type()) != plan.kept.end();
    if (target == nullptr || !can_translate(format) || (sound && !kept)) continue;
    // A codec that is translated for this side goes before the events, and behind what passes as it is.
    const auto place = std::find_if(out.answer.begin(), out.answer.end(),
                                    [](const sdp::rtp_format& one) { return !is_sound(one); });
    out.answer.insert(place, format);
    sound = true;
  }
  keep_events(plan, answered, out.answer);
  if (!sound) return failure{"No codec of the one side can be translated to one of the other"};
  // The other side sends what it was offered and took, under the payload types of the offer.
  std::vector<sdp::rtp_format> taken;
  for (const sdp::rtp_format& format : answered) {
    const sdp::rtp_format* same = find_same(plan.offered, format);
    taken.push_back(same == nullptr ? format : *same);
  }
  out.from_offerer = rules_for(plan, out.answer, answered, out.translates);
  // What is sent to the side that offered bears the payload types of its offer, which its answer repeats.
  out.from_answerer = rules_for(plan, taken, out.answer, out.translates);
  return out;
}

}  // namespace relay
