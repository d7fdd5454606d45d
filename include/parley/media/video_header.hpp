#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/video_format.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::media {

/// What an encoded frame says of itself before it is decoded.
struct video_header {
  bool key_frame = false;
  /// In pixels, 0 where the frame doesn't tell: most that depend on others have the size of those.
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  friend bool operator==(const video_header&, const video_header&) = default;
};

/// Reads the beginning of an encoded frame:
///
///  VP8    one frame (RFC 6386 9.1)
///  VP9    one frame or a superframe, of which the first frame is read
///  H.264  an access unit as a byte stream (H.264 Annex B). A key frame has an IDR slice and, before it, the
///         sequence and the picture parameter set, which tells the size
///  AV1    a temporal unit of OBUs with their sizes. A key frame has a sequence header, which tells the
///         largest size
///
/// *Errors:* `errc::bad_frame`: no decoder would know what to do with it. A frame that is read here may still
/// be damaged behind its header.
PARLEY_API base::result<video_header> read_video_header(video_codec codec,
                                                        std::span<const std::byte> frame) noexcept;

}  // namespace parley::media
