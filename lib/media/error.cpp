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
    case errc::unknown_file:
      return "the file is none of WAV, Ogg Opus or IVF, or has a header that can't be true";
    case errc::bad_descriptor:
      return "a payload descriptor ends within the payload and has values it may have (RFC 7741 4.2, RFC "
             "9628 4.2, AV1 over RTP 4.4)";
    case errc::bad_aggregation:
      return "units of an aggregated payload have lengths that end within it (RFC 6184 5.7.1, AV1 over RTP "
             "4.3)";
    case errc::bad_fragment:
      return "a fragment goes on with what the packet before it began (RFC 6184 5.8, AV1 over RTP 4.4)";
    case errc::unsupported_packet:
      return "the packetization mode has no packets of that type, or the type isn't built in (RFC 6184 5.4)";
    case errc::unit_too_large:
      return "a NAL unit of packetization mode 0 fits into one packet (RFC 6184 6.2)";
    case errc::bad_frame: return "the encoded frame has a header that its codec doesn't allow";
    case errc::bad_picture: return "a picture has sides of 1 to 16383 pixels, the same as its encoder's";
    case errc::picture_too_large: return "limit: the picture has more pixels, or a longer side";
    case errc::no_picture: return "what was decoded shows no picture";
  }
  return "unknown error";
}

const base::error_category& category() noexcept {
  static const media_category instance;
  return instance;
}

}  // namespace parley::media
