#pragma once

#include <parley/media/audio_codec.hpp>

#include <memory>

// The codecs behind make_encoder and make_decoder, which have looked at name, rates and channels. Those of
// outside libraries are there where the library is.

namespace parley::media::detail {

using encoder_result = base::result<std::unique_ptr<audio_encoder>>;
using decoder_result = base::result<std::unique_ptr<audio_decoder>>;

enum class g711_law : std::uint8_t { mu, a };

encoder_result make_g711_encoder(g711_law law);
decoder_result make_g711_decoder(g711_law law);

encoder_result make_l16_encoder(pcm_format format);
decoder_result make_l16_decoder(pcm_format format);

encoder_result make_g722_encoder();
decoder_result make_g722_decoder();

encoder_result make_gsm_encoder();
decoder_result make_gsm_decoder();

encoder_result make_opus_encoder(const audio_format& format, const encoder_options& options);
decoder_result make_opus_decoder(const audio_format& format);

}  // namespace parley::media::detail
