#include <parley/stun/error.hpp>

#include <string>

namespace parley::stun {
namespace {

class stun_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "parley.stun"; }
  std::string message(int value) const override { return std::string(rule(static_cast<errc>(value))); }
};

}  // namespace

std::string_view rule(errc code) noexcept {
  switch (code) {
    case errc::truncated_header: return "RFC 8489 5: a message begins with a header of 20 bytes";
    case errc::not_stun: return "RFC 8489 5: the first two bits of a message are zero";
    case errc::bad_cookie: return "RFC 8489 5: the magic cookie is 0x2112A442";
    case errc::bad_length: return "RFC 8489 5: the length is that of the attributes, a multiple of four";
    case errc::attribute_truncated: return "RFC 8489 14: an attribute and its padding end within the message";
    case errc::fingerprint_not_last: return "RFC 8489 14.7: FINGERPRINT is the last attribute";
    case errc::missing_attribute: return "RFC 8489 14: the message has no such attribute";
    case errc::bad_attribute_length: return "RFC 8489 14: the value is as long as its type asks for";
    case errc::bad_address_family: return "RFC 8489 14.1: the family of an address is 1 or 2";
    case errc::text_too_long: return "RFC 8489 14: the text is longer than its attribute may hold";
    case errc::bad_error_code: return "RFC 8489 14.8: an error code is 300 to 699";
    case errc::bad_algorithm_list:
      return "RFC 8489 14.11: each algorithm's parameters end within the attribute";
    case errc::no_space: return "limit: the output buffer is full";
    case errc::message_too_large: return "RFC 8489 5: the attributes of a message take at most 65532 bytes";
    case errc::after_integrity:
      return "RFC 8489 14.5: behind an integrity attribute stand only a stronger one and FINGERPRINT";
    case errc::after_fingerprint: return "RFC 8489 14.7: nothing stands behind FINGERPRINT";
    case errc::empty_key: return "RFC 8489 9: an integrity attribute needs a key that is not empty";
    case errc::no_hash: return "OpenSSL is set up without a hash that this attribute needs";
  }
  return "unknown error";
}

const base::error_category& category() noexcept {
  static const stun_category instance;
  return instance;
}

}  // namespace parley::stun
