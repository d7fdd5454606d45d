#include <parley/media/video_format.hpp>
#include <parley/sdp/codec_parameters.hpp>
#include <parley/sdp/h264.hpp>
#include <parley/sdp/rtp_format.hpp>

namespace parley::media {
namespace {

template <class Parameters>
base::result<video_format> format_with(video_codec codec, const sdp::rtp_format& format) {
  if (!format.parameters_as<Parameters>()) return errc::bad_parameters;
  return video_format{codec, 0};
}

}  // namespace

base::result<video_format> video_format_of(const sdp::rtp_format& format) {
  if (format.codec.clock_rate != video_format::clock_rate) return errc::unknown_codec;
  if (format.is(sdp::vp8_parameters::encoding)) {
    return format_with<sdp::vp8_parameters>(video_codec::vp8, format);
  }
  if (format.is(sdp::vp9_parameters::encoding)) {
    return format_with<sdp::vp9_parameters>(video_codec::vp9, format);
  }
  if (format.is(sdp::av1_parameters::encoding)) {
    return format_with<sdp::av1_parameters>(video_codec::av1, format);
  }
  if (!format.is(sdp::h264_parameters::encoding)) return errc::unknown_codec;
  const auto parameters = format.parameters_as<sdp::h264_parameters>();
  if (!parameters) return errc::bad_parameters;
  if (parameters->packetization_mode > 1) return errc::unknown_codec;
  return video_format{video_codec::h264, parameters->packetization_mode};
}

}  // namespace parley::media
