#pragma once

#include <parley/base/api.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace parley::srtp {

/// Which cipher and which authentication protect the packets (RFC 3711 4, RFC 6188, RFC 7714).
enum class profile : std::uint8_t {
  aes_cm_128_hmac_sha1_80,
  aes_cm_128_hmac_sha1_32,
  aes_256_cm_hmac_sha1_80,
  aes_256_cm_hmac_sha1_32,
  aead_aes_128_gcm,
  aead_aes_256_gcm,
};

/// Bytes of the master key, the master salt, and the tag that each packet gets.
struct key_sizes {
  std::size_t key;
  std::size_t salt;
  std::size_t rtp_tag;
  std::size_t rtcp_tag;
};

/// RTCP's tag is that of 80 bits for the profiles with 32 bits, too (RFC 4568 6.2.2, RFC 5764 4.1.2).
constexpr key_sizes sizes(profile which) noexcept {
  switch (which) {
    case profile::aes_cm_128_hmac_sha1_80: return {16, 14, 10, 10};
    case profile::aes_cm_128_hmac_sha1_32: return {16, 14, 4, 10};
    case profile::aes_256_cm_hmac_sha1_80: return {32, 14, 10, 10};
    case profile::aes_256_cm_hmac_sha1_32: return {32, 14, 4, 10};
    case profile::aead_aes_128_gcm: return {16, 12, 16, 16};
    case profile::aead_aes_256_gcm: break;
  }
  return {32, 12, 16, 16};
}

/// Whether cipher and authentication are one (RFC 7714).
constexpr bool is_aead(profile which) noexcept {
  return which == profile::aead_aes_128_gcm || which == profile::aead_aes_256_gcm;
}

/// The number in DTLS' use_srtp extension (RFC 5764 4.1.2, RFC 7714 14.2); the AES-256 counter profiles have
/// none.
PARLEY_API std::optional<std::uint16_t> dtls_number(profile which) noexcept;

/// The other way; nothing for a number that is not known.
PARLEY_API std::optional<profile> profile_of_dtls_number(std::uint16_t number) noexcept;

}  // namespace parley::srtp
