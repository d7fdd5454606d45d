#include <parley/media/error.hpp>

#include <string>

namespace parley::media {
namespace {

class media_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.media"; }
  std::string message(int value) const override { return std::string(rule(static_cast<errc>(value))); }
};

}  // namespace

std::string_view rule(errc code) noexcept {
  switch (code) {
    case errc::unknown_codec: return "no codec of that name, rate and number of channels is built in";
    case errc::bad_payload: return "the payload is none of its codec";
    case errc::no_space: return "limit: the output buffer is full";
    case errc::bad_parameters: return "the parameters in fmtp break the grammar of their codec";
    case errc::bad_frame_length: return "the codec has no frame of so many samples";
    case errc::not_concealed: return "the codec has nothing to fill the gap with";
    case errc::codec_failed: return "the codec's library has refused what it should take";
    case errc::unsupported_rate: return "there is no filter between these rates or numbers of channels";
    case errc::unknown_payload_type: return "no decoder was given for packets of that payload type";
    case errc::limit_reached: return "limit: no more of them";
    case errc::unknown_party: return "no party of that number is in the conference";
    case errc::bad_tone: return "a tone has at most eight segments of up to four sines below half the rate";
    case errc::late: return "the payload comes when its place in time has been passed";
    case errc::too_long: return "limit: the sound is longer than what is held in memory";
    case errc::unknown_file: return "the file is none of WAV or Ogg Opus, or has a header that can't be true";
  }
  return "unknown error";
}

const base::error_category& category() noexcept {
  static const media_category instance;
  return instance;
}

}  // namespace parley::media
