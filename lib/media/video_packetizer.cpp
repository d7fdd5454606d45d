#include <parley/media/video_packetizer.hpp>

#include "media/detail/video_payloads.hpp"

namespace parley::media {

video_packetizer::~video_packetizer() = default;

base::result<std::unique_ptr<video_packetizer>> make_video_packetizer(
    const video_format& format, const video_packetizer_options& options) {
  constexpr std::size_t least_payload = 64;
  if (options.max_payload < least_payload) return errc::bad_parameters;
  switch (format.codec) {
    case video_codec::vp8: return detail::make_vp8_packetizer(options);
    case video_codec::vp9: return detail::make_vp9_packetizer(options);
    case video_codec::h264: return detail::make_h264_packetizer(options, format.packetization_mode);
    case video_codec::av1: return detail::make_av1_packetizer(options);
  }
  return errc::unknown_codec;
}

}  // namespace parley::media
