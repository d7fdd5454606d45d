#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>
#include <parley/media/video_format.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace parley::media {

/// How payloads are made. The layers are those of VP8 and VP9.
struct video_packetizer_options {
  /// The most bytes of a payload, from 64 on: what a datagram takes less headers, extensions and SRTP's tag.
  std::size_t max_payload = 1200;
  /// Of the first frame, 15 bits. RFC 7741 4.2 and RFC 9628 4.2 let it begin anywhere.
  std::uint16_t first_picture_id = 0;
  /// Whether descriptors tell the temporal layer of each frame. VP9 is sent in flexible mode then.
  bool temporal_layers = false;
};

/// Where a frame stands among the layers of its stream. What encodes it knows.
struct video_layer {
  std::uint8_t temporal_id = 0;         ///< 0 to 3 in VP8, 0 to 7 in VP9
  bool layer_sync = false;              ///< it depends on the base layer alone: a place to go up to its layer
  bool discardable = false;             ///< VP8: no other frame depends on it
  std::uint8_t reference_distance = 1;  ///< VP9: how many frames ago the one was that it depends on, 1 to 127
};

/// A payload as it stands in the caller's buffer.
struct video_payload {
  std::span<std::byte> bytes{};
  bool last = false;  ///< of its frame: the packet has the marker
};

/// Makes payloads of encoded frames, one frame at a time:
///
///  state  input   does                       next
///  idle   begin   looks at the frame         busy
///  idle   next    `errc::late`               idle
///  busy   next    writes a payload           busy, idle behind the last one
///  busy   begin   leaves out what is left    busy
///
/// Packets of a frame have one timestamp, consecutive numbers, and the marker on the last one (RFC 7741 4.1,
/// RFC 9628 4.1, RFC 6184 5.1, AV1 over RTP 4.2). Allocates nothing once it has seen the frame with the most
/// NAL units.
///
/// *Ownership:* refers to the frame that was begun until its last payload was written.
class PARLEY_API video_packetizer {
 public:
  video_packetizer() = default;
  video_packetizer(const video_packetizer&) = delete;
  video_packetizer& operator=(const video_packetizer&) = delete;
  virtual ~video_packetizer();

  /// The most NAL units, or OBUs, that a frame may have.
  static constexpr std::size_t max_units = 4096;

  /// Takes a frame as `read_video_header` does. *Errors:* `errc::bad_frame` for what isn't one and for values
  /// of `layer` that have no place in a descriptor; `errc::unit_too_large` in packetization mode 0: have the
  /// encoder make smaller slices; `errc::limit_reached` beyond `max_units`. There is nothing to send then.
  virtual base::result<void> begin(std::span<const std::byte> frame, const video_layer& layer = {}) = 0;

  /// Writes the next payload to the beginning of `out`. *Errors:* `errc::no_space` where that is smaller than
  /// `max_payload`, `errc::late` where no frame is left.
  virtual base::result<video_payload> next(std::span<std::byte> out) noexcept = 0;
};

/// A packetizer for `format`. *Errors:* `errc::bad_parameters` for a `max_payload` below 64.
PARLEY_API base::result<std::unique_ptr<video_packetizer>> make_video_packetizer(
    const video_format& format, const video_packetizer_options& options = {});

}  // namespace parley::media
