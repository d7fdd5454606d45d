#include <parley/srtp/profile.hpp>

namespace parley::srtp {

std::optional<std::uint16_t> dtls_number(profile which) noexcept {
  switch (which) {
    case profile::aes_cm_128_hmac_sha1_80: return std::uint16_t{1};
    case profile::aes_cm_128_hmac_sha1_32: return std::uint16_t{2};
    case profile::aead_aes_128_gcm: return std::uint16_t{7};
    case profile::aead_aes_256_gcm: return std::uint16_t{8};
    case profile::aes_256_cm_hmac_sha1_80:
    case profile::aes_256_cm_hmac_sha1_32: break;
  }
  return std::nullopt;
}

std::optional<profile> profile_of_dtls_number(std::uint16_t number) noexcept {
  switch (number) {
    case 1: return profile::aes_cm_128_hmac_sha1_80;
    case 2: return profile::aes_cm_128_hmac_sha1_32;
    case 7: return profile::aead_aes_128_gcm;
    case 8: return profile::aead_aes_256_gcm;
    default: return std::nullopt;
  }
}

}  // namespace parley::srtp
