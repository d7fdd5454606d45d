#include <parley/srtp/error.hpp>

#include <string>

namespace parley::srtp {
namespace {

class srtp_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.srtp"; }
  std::string message(int value) const override { return std::string(rule(static_cast<errc>(value))); }
};

}  // namespace

std::string_view rule(errc code) noexcept {
  switch (code) {
    case errc::too_short:
      return "RFC 3711 3.1: a packet has its whole header, and room for index, MKI and tag";
    case errc::bad_header: return "RFC 3550 5.1: a packet begins with version 2";
    case errc::authentication_failed: return "RFC 3711 3.3: the authentication tag is that of the packet";
    case errc::replayed: return "RFC 3711 3.3.2: a packet is taken once";
    case errc::too_old: return "RFC 3711 3.3.2: a packet is no older than the replay window is long";
    case errc::unknown_mki: return "RFC 3711 3.2.3: the MKI names a master key that was agreed on";
    case errc::rtcp_encryption_mismatch: return "RFC 3711 3.4: the E flag is what was agreed on";
    case errc::key_expired:
      return "RFC 3711 9.2: a master key protects no more packets than its lifetime allows";
    case errc::too_many_sources: return "limit: the context has as many SSRCs as it may";
    case errc::crypto_failed: return "the cryptographic library refused an operation";
    case errc::bad_key_length: return "RFC 3711 8.2: master key and salt have the lengths of the profile";
    case errc::bad_mki: return "RFC 4568 6.1: an MKI has 1 to 128 bytes, and its value fits";
    case errc::bad_lifetime: return "RFC 4568 6.1: a lifetime is 1 to 2^48 packets";
    case errc::bad_key_set:
      return "RFC 4568 6.1: 1 to 16 master keys of one profile; several have different MKIs of one length";
    case errc::bad_option: return "limit: replay window 64 to 16384, sources 1 to 65536";
    case errc::engine_missing: return "the library was built without this engine";
    case errc::unknown_suite: return "RFC 4568 6.2: the crypto suite is one that is supported";
    case errc::bad_session_parameter:
      return "RFC 4568 6.3: a session parameter is well formed, and stands once";
    case errc::unsupported_session_parameter:
      return "RFC 4568 6.3.7: an attribute with a session parameter that is not supported is not used";
  }
  return "unknown error";
}

const base::error_category& category() noexcept {
  static const srtp_category instance;
  return instance;
}

}  // namespace parley::srtp
