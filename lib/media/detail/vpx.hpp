#pragma once

#include <parley/media/video_codec.hpp>

#include <memory>

// libvpx behind make_video_encoder and make_video_decoder, which have looked at the options.

namespace parley::media::detail {

base::result<std::unique_ptr<video_encoder>> make_vpx_encoder(const video_encoder_options& options);
base::result<std::unique_ptr<video_decoder>> make_vpx_decoder(video_codec codec,
                                                              const picture_limits& limits);

}  // namespace parley::media::detail
