#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>
#include <parley/media/pcm.hpp>
#include <parley/sdp/rtp_format.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::media {

/// A way to carry sound in RTP, and the sound on this side of the codec.
struct PARLEY_API audio_format {
  std::string name;               ///< as in rtpmap, in any case: "opus", "PCMA"
  std::uint32_t clock_rate = 0;   ///< of RTP timestamps; G.722 has 8000 here (RFC 3551 4.5.2)
  std::uint32_t sample_rate = 0;  ///< of the sound; Opus may have 8000, 12000, 16000, 24000 or 48000
  std::uint16_t channels = 1;     ///< of the sound; the rtpmap of Opus says 2 in any case (RFC 7587 7)
  std::string fmtp;               ///< parameters, as in a=fmtp behind the payload type

  pcm_format pcm() const noexcept { return {sample_rate, channels}; }

  /// Whether this is the encoding of that name.
  bool is(std::string_view encoding) const noexcept;

  /// How far an RTP timestamp moves over that many samples a channel.
  std::uint32_t ticks(std::size_t samples) const noexcept {
    return static_cast<std::uint32_t>(std::uint64_t{samples} * clock_rate / sample_rate);
  }
  /// How many samples a channel that many units of RTP timestamps last.
  std::size_t samples(std::uint32_t ticks) const noexcept {
    return static_cast<std::size_t>(std::uint64_t{ticks} * sample_rate / clock_rate);
  }

  /// What goes into a=rtpmap.
  sdp::rtpmap rtpmap(std::uint8_t payload_type) const;

  friend bool operator==(const audio_format&, const audio_format&) = default;
};

/// The formats that this build has codecs for, in the order in which a call should prefer them.
PARLEY_API std::vector<audio_format> known_audio_formats();

/// The format that a description speaks of, with two channels of Opus where its parameters want stereo.
/// *Errors:* `errc::unknown_codec` where this build has no codec for it: leave the format out of the answer.
PARLEY_API base::result<audio_format> audio_format_of(const sdp::rtp_format& format);

}  // namespace parley::media
