#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>

#include <cstdint>

namespace parley::sdp {
struct rtp_format;
}

namespace parley::media {

/// The codecs of video that have a payload format here.
enum class video_codec : std::uint8_t { vp8, vp9, h264, av1 };

/// A way to carry video in RTP. The clock is 90 kHz with all of them.
struct video_format {
  static constexpr std::uint32_t clock_rate = 90000;

  video_codec codec = video_codec::vp8;
  /// Of H.264: 0 for whole NAL units alone, 1 for aggregated and fragmented ones, too (RFC 6184 6).
  std::uint8_t packetization_mode = 0;

  friend bool operator==(const video_format&, const video_format&) = default;
};

/// The format that a description speaks of. *Errors:* `errc::unknown_codec` for other names and clocks, and
/// for H.264 that is interleaved (packetization-mode 2); `errc::bad_parameters` where the fmtp can't be read:
/// leave the format out of the answer.
PARLEY_API base::result<video_format> video_format_of(const sdp::rtp_format& format);

}  // namespace parley::media
