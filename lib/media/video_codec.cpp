#include <parley/media/video_codec.hpp>

#ifdef PARLEY_WITH_VPX
#include "media/detail/vpx.hpp"
#endif

namespace parley::media {
namespace {

constexpr std::uint32_t least_bit_rate = 1000;
constexpr std::uint32_t most_frame_rate = 240;
constexpr std::uint8_t most_speed = 9;

bool has_pictures([[maybe_unused]] video_codec codec) noexcept {
#ifdef PARLEY_WITH_VPX
  return codec == video_codec::vp8 || codec == video_codec::vp9;
#else
  return false;
#endif
}

}  // namespace

video_encoder::~video_encoder() = default;
video_decoder::~video_decoder() = default;

base::result<std::unique_ptr<video_encoder>> make_video_encoder(const video_encoder_options& options) {
  if (!has_pictures(options.codec)) return errc::unknown_codec;
  if (options.width == 0 || options.height == 0 || options.width > picture::max_side ||
      options.height > picture::max_side) {
    return errc::bad_picture;
  }
  if (options.bit_rate < least_bit_rate || options.frame_rate == 0 || options.frame_rate > most_frame_rate ||
      options.speed > most_speed || options.key_frame_interval > 0x7FFFFFFFU) {
    return errc::bad_parameters;
  }
#ifdef PARLEY_WITH_VPX
  return detail::make_vpx_encoder(options);
#else
  return errc::unknown_codec;
#endif
}

base::result<std::unique_ptr<video_decoder>> make_video_decoder(
    video_codec codec, [[maybe_unused]] const picture_limits& limits) {
  if (!has_pictures(codec)) return errc::unknown_codec;
#ifdef PARLEY_WITH_VPX
  return detail::make_vpx_decoder(codec, limits);
#else
  return errc::unknown_codec;
#endif
}

}  // namespace parley::media
