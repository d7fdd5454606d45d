#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>
#include <parley/media/picture.hpp>
#include <parley/media/video_format.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace parley::media {

/// What an encoder makes.
struct video_encoder_options {
  video_codec codec = video_codec::vp8;
  std::uint32_t width = 640;             ///< in pixels, up to `picture::max_side`
  std::uint32_t height = 480;            ///< in pixels, up to `picture::max_side`
  std::uint32_t bit_rate = 500'000;      ///< bit/s, that is kept to over a second
  std::uint32_t frame_rate = 30;         ///< pictures a second, as expected: 1 to 240
  std::uint32_t key_frame_interval = 0;  ///< a key frame after so many others; 0: only where one is asked for
  std::uint8_t speed = 8;                ///< 0 to 9: how much quality is given for time
};

/// A picture as a frame of its codec.
struct encoded_picture {
  std::span<const std::byte> bytes{};  ///< none where the encoder has left the picture out
  bool key_frame = false;
};

/// Makes frames of pictures, one of each, in real time and on the caller's thread. libvpx takes its memory
/// when one is made and with the first picture.
class PARLEY_API video_encoder {
 public:
  video_encoder() = default;
  video_encoder(const video_encoder&) = delete;
  video_encoder& operator=(const video_encoder&) = delete;
  virtual ~video_encoder();

  /// Encodes a picture that is to be shown at `timestamp`, as RTP's: in units of 1/90000 s, modulo 2^32.
  /// *Errors:* `errc::bad_picture` where it has another size, `errc::late` where `timestamp` isn't after that
  /// of the picture before: it was left out. `errc::codec_failed` where the library refuses.
  ///
  /// *Ownership:* the frame's bytes stay until the next call.
  virtual base::result<encoded_picture> encode(const picture_view& picture, std::uint32_t timestamp) = 0;

  /// The next frame is a key frame: somebody has joined, or lost something (PLI and FIR, RFC 4585, RFC 5104).
  virtual void request_key_frame() noexcept = 0;

  /// Tells what the network carries, in bit/s without headers. *Errors:* `errc::bad_parameters` for less than
  /// 1000.
  virtual base::result<void> set_bit_rate(std::uint32_t bits_per_second) noexcept = 0;
};

/// What a decoder takes, whatever frames say. A picture takes 1.5 bytes a pixel, and VP9 keeps up to ten.
struct picture_limits {
  std::uint32_t max_width = 8192;
  std::uint32_t max_height = 8192;
  std::uint64_t max_pixels = std::uint64_t{4096} * 2304;
};

/// Makes pictures of frames, on the caller's thread. Any bytes may be given.
class PARLEY_API video_decoder {
 public:
  video_decoder() = default;
  video_decoder(const video_decoder&) = delete;
  video_decoder& operator=(const video_decoder&) = delete;
  virtual ~video_decoder();

  /// Decodes the next frame, which begins with a key frame. Of the spatial layers of VP9 the highest one is
  /// shown.
  ///
  /// *Errors:* `errc::picture_too_large`: refused by its header, before there was memory for it.
  /// `errc::bad_frame` for what isn't a frame or depends on one that was not there, and for pictures that
  /// aren't in I420: nothing is decoded before the next key frame, ask for one. `errc::no_picture` for a
  /// frame that others depend on, but that is not shown: go on.
  ///
  /// *Ownership:* the picture stays until the next call.
  virtual base::result<picture_view> decode(std::span<const std::byte> frame) = 0;
};

/// An encoder of VP8 or VP9. *Errors:* `errc::unknown_codec` for others, and in a build without libvpx;
/// `errc::bad_picture` for a size that no picture has; `errc::bad_parameters` for values outside their
/// ranges, which for the bit rate begins at 1000; `errc::codec_failed` where the library refuses.
PARLEY_API base::result<std::unique_ptr<video_encoder>> make_video_encoder(
    const video_encoder_options& options);

/// A decoder of VP8 or VP9. *Errors:* `errc::unknown_codec`, `errc::codec_failed` as above.
PARLEY_API base::result<std::unique_ptr<video_decoder>> make_video_decoder(video_codec codec,
                                                                           const picture_limits& limits = {});

}  // namespace parley::media
