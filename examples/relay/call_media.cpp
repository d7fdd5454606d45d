#include "call.hpp"

#include <algorithm>
#include <utility>

namespace relay {
namespace {

const sdp::rtp_format* sound_format(const std::vector<sdp::rtp_format>& formats) {
  const auto at = std::find_if(formats.begin(), formats.end(), [](const sdp::rtp_format& f) {
    return media::audio_format_of(f).has_value();
  });
  return at == formats.end() ? nullptr : &*at;
}

/// Of several the one with the clock of the sound, else the first (RFC 4733 2.5.1.1).
const sdp::rtp_format* event_format(const std::vector<sdp::rtp_format>& formats) {
  const sdp::rtp_format* const sound = sound_format(formats);
  const sdp::rtp_format* first = nullptr;
  for (const sdp::rtp_format& one : formats) {
    if (!one.is("telephone-event")) continue;
    if (sound != nullptr && one.codec.clock_rate == sound->codec.clock_rate) return &one;
    if (first == nullptr) first = &one;
  }
  return first;
}

bool is_sound(const call_medium& medium) {
  return medium.id != 0 && medium.media == "audio" && medium.kind == medium_kind::rtp;
}

/// RFC 4733 3.2: 0 to 9, *, #, A to D.
std::optional<std::uint8_t> event_of(const std::string& digit) {
  constexpr std::string_view digits = "0123456789*#ABCD";
  if (digit.size() == 1) {
    const char c = digit.front() >= 'a' && digit.front() <= 'd' ? static_cast<char>(digit.front() - 'a' + 'A')
                                                                : digit.front();
    const std::size_t at = digits.find(c);
    if (at != std::string_view::npos) return static_cast<std::uint8_t>(at);
  }
  const auto number = value(digit).as_integer();
  if (number && *number >= 0 && *number < 16) return static_cast<std::uint8_t>(*number);
  return std::nullopt;
}

}  // namespace

outcome<call::chosen> call::choose(const ng_options& options) {
  chosen out;
  const auto put = [&](auto is_meant) {
    for (const auto& one : dialogues_) {
      for (const side of : {side::offerer, side::answerer}) {
        if (is_meant(*one, of)) out.emplace_back(one.get(), of);
      }
    }
  };
  if (!options.label.empty()) {
    put([&](const dialogue& in, side of) { return in.ends[index(of)].label == options.label; });
    if (out.empty()) return failure{"No participant with that label exists"};
  } else if (!options.address.empty()) {
    const auto ip = base::ip_address::from_string(options.address);
    if (!ip) return failure{"address is not an address"};
    put([&](const dialogue& in, side of) {
      return std::any_of(in.media.begin(), in.media.end(), [&](const call_medium& m) {
        const peer_medium& peer = m.peers[index(of)];
        return peer.known && peer.said.rtp.ip == *ip;
      });
    });
    if (out.empty()) return failure{"No participant with that address exists"};
  } else if (!options.from_tag.empty() && !options.all) {
    put([&](const dialogue& in, side of) { return in.ends[index(of)].is(options.from_tag); });
    if (out.empty()) return failure{"From-tag given, but no such tag exists"};
  } else {
    put([](const dialogue&, side) { return true; });
  }
  return out;
}

done_result call::block(const call_world& world, const ng_options& options, bool digits, bool on) {
  const auto whom = choose(options);
  if (!whom) return whom.error();
  for (const auto& [in, of] : *whom) {
    participant& who = in->ends[index(of)];
    (digits ? who.dtmf_blocked : who.blocked) = on;
    for (call_medium& medium : in->media) {
      if (!medium.peers[index(of)].known) continue;
      if (auto done = apply_side(world, *in, medium, of); !done) return done;
    }
  }
  return {};
}

outcome<base::duration> call::play(const call_world& world, const ng_options& options,
                                   const std::string& bytes) {
  const auto whom = choose(options);
  if (!whom) return whom.error();
  std::optional<base::duration> length;
  std::string why = "No participant has sound that can be played to";
  for (const auto& [in, of] : *whom) {
    for (const call_medium& medium : in->media) {
      if (!is_sound(medium)) continue;
      const sdp::rtp_format* format = sound_format(medium.peers[index(of)].takes);
      if (format == nullptr) continue;
      const auto played = world.plane.play(medium.id, of, bytes, *media::audio_format_of(*format),
                                           format->payload_type(), options.repeat);
      if (played) {
        length = *played;
      } else {
        why = "The sound can't be played: " + played.error().message();
      }
      break;
    }
  }
  if (!length) return failure{why};
  return *length;
}

done_result call::stop_playing(const call_world& world, const ng_options& options) {
  const auto whom = choose(options);
  if (!whom) return whom.error();
  for (const auto& [in, of] : *whom) {
    for (const call_medium& medium : in->media) {
      if (is_sound(medium)) world.plane.stop_playing(medium.id, of);
    }
  }
  return {};
}

done_result call::play_digit(const call_world& world, const ng_options& options) {
  const auto event = event_of(options.digit);
  if (!event) return failure{"code must be one of 0 to 9, *, #, A to D, or an event from 0 to 15"};
  const auto whom = choose(options);
  if (!whom) return whom.error();
  dialled digit;
  digit.event = *event;
  if (options.length) digit.length = *options.length;
  if (options.pause) digit.pause = *options.pause;
  if (options.volume) digit.volume = *options.volume;
  bool any = false;
  for (const auto& [in, of] : *whom) {
    for (const call_medium& medium : in->media) {
      if (!is_sound(medium)) continue;
      // Who is named is the one that dials: the other side gets the digit.
      const side to = other(of);
      const auto& takes = medium.peers[index(to)].takes;
      const sdp::rtp_format* const events = event_format(takes);
      const sdp::rtp_format* const sound = events != nullptr ? nullptr : sound_format(takes);
      if (events == nullptr && sound == nullptr) continue;
      const auto sent =
          events != nullptr
              ? world.plane.play_dtmf(medium.id, to, digit, events->payload_type(), events->codec.clock_rate)
              : world.plane.play_tone(medium.id, to, digit, *media::audio_format_of(*sound),
                                      sound->payload_type());
      if (!sent) return failure{"The digit can't be sent: " + sent.error().message()};
      any = true;
      break;
    }
  }
  if (!any) return failure{"The other side takes neither telephone-events nor a codec that can be encoded"};
  return {};
}

std::string call::recording_name(const dialogue& in, std::size_t medium) const {
  constexpr std::size_t longest = 100;
  std::string out;
  for (const char c : id_.substr(0, longest)) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    out += plain ? c : '_';
  }
  // Two calls whose names differ only in what was replaced begin at different times.
  out += '-' + std::to_string(created_.time_since_epoch().count());
  std::size_t which = 0;
  while (which < dialogues_.size() && dialogues_[which].get() != &in) ++which;
  return out + '-' + std::to_string(which) + '-' + std::to_string(medium) + '-' +
         std::to_string(recording_part_);
}

done_result call::record(const call_world& world, dialogue& in, std::size_t at) {
  call_medium& medium = in.media[at];
  if (medium.id == 0 || medium.recorded) return {};
  const std::string path = world.settings.recording_folder + '/' + recording_name(in, at) + ".pcap";
  if (const auto begun = world.plane.start_recording(medium.id, path); !begun)
    return failure{"The recording can't begin: " + begun.error().message()};
  medium.recorded = true;
  return {};
}

done_result call::start_recording(const call_world& world, const std::string& metadata) {
  if (world.settings.recording_folder.empty())
    return failure{"Recording is not supported: there is no folder for it"};
  if (!metadata.empty()) metadata_ = metadata;
  if (recording_ == recording::on) return {};
  ++recording_part_;
  std::size_t begun = 0;
  for (const auto& one : dialogues_) {
    if (one->ends_at) continue;
    for (std::size_t i = 0; i < one->media.size(); ++i) {
      if (auto done = record(world, *one, i); !done) {
        stop_recording(world, recording::off);
        return done;
      }
      ++begun;
    }
  }
  recording_ = recording::on;
  if (metadata_.empty() || begun == 0) return {};
  const std::string path =
      world.settings.recording_folder + '/' + recording_name(*dialogues_.front(), 0) + ".txt";
  return world.files.write(path, "call-id: " + id_ + "\nmetadata: " + metadata_ + "\n");
}

void call::stop_recording(const call_world& world, recording next) {
  for (const auto& one : dialogues_) {
    for (call_medium& medium : one->media) {
      if (std::exchange(medium.recorded, false)) world.plane.stop_recording(medium.id);
    }
  }
  recording_ = next;
}

}  // namespace relay
