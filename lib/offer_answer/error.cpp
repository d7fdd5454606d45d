#include <parley/offer_answer/error.hpp>
#include <parley/sdp/error.hpp>

#include <string>

namespace parley::offer_answer {
namespace {

std::string_view text_of(errc code) noexcept {
  switch (code) {
    case errc::offer_pending: return "an offer of ours waits for its answer";
    case errc::answer_pending: return "an offer of the peer's waits for our answer";
    case errc::no_offer: return "no offer waits for that";
    case errc::wrong_signaling_state: return "the signalling state does not permit that";
    case errc::description_modified: return "the description is not what would be created now";
    case errc::unknown_medium: return "no medium has that id";
    case errc::too_many_media: return "the session has as many media as it may have";
    case errc::missing_transport: return "a medium has no local transport";
    case errc::missing_local_keys: return "the local transport lacks keys or a fingerprint";
    case errc::payload_types_used_up: return "all payload types are taken";
    case errc::no_common_format: return "no media format in common";
    case errc::no_such_media: return "the media type is not available";
    case errc::incompatible_protocol: return "the transport protocol of the media is not supported";
    case errc::missing_keys: return "no usable key or fingerprint for secure media";
    case errc::bad_address: return "the media address is missing or can't be used";
    case errc::multicast: return "multicast is not supported";
    case errc::bad_setup: return "the setup role can't be taken";
    case errc::bad_ice: return "the ICE user name or password is missing or broken";
    case errc::bad_bundle: return "the bundle can't be formed";
    case errc::no_rtcp_mux: return "RTCP must come on the port of RTP";
    case errc::alternative_taken: return "another medium was taken in its place";
    case errc::media_missing: return "the offer has fewer media than the session";
    case errc::wrong_media_count: return "the answer has another number of media than the offer";
    case errc::media_changed: return "the answer has another kind of media than the offer";
  }
  return "unknown error";
}

class offer_answer_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.offer_answer"; }
  std::string message(int value) const override { return std::string(text_of(static_cast<errc>(value))); }
};

int warn_code(errc code) noexcept {
  switch (code) {
    case errc::bad_address: return 301;            // incompatible network address formats
    case errc::incompatible_protocol: return 302;  // incompatible transport protocol
    case errc::no_such_media: return 304;          // media type not available
    case errc::no_common_format: return 305;       // incompatible media format
    case errc::bad_setup:
    case errc::bad_ice: return 307;    // session description parameter not understood
    case errc::multicast: return 330;  // multicast not available
    default: return 399;
  }
}

}  // namespace

const base::error_category& category() noexcept {
  static const offer_answer_category instance;
  return instance;
}

int status_for(const base::error_code& error) noexcept {
  if (error.category() == sdp::category()) return 400;
  if (error.category() != category()) return 500;
  const auto code = static_cast<errc>(error.value());
  if (code == errc::offer_pending) return 491;
  return code >= errc::no_common_format || code == errc::too_many_media ? 488 : 500;
}

warning warning_for(const base::error_code& error) noexcept {
  if (error.category() == sdp::category()) {
    return {399, sdp::rule(static_cast<sdp::errc>(error.value()))};
  }
  if (error.category() != category()) return {399, "the session description can't be used"};
  const auto code = static_cast<errc>(error.value());
  return {warn_code(code), text_of(code)};
}

}  // namespace parley::offer_answer
