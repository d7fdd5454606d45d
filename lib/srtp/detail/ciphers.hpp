#pragma once

#include <parley/srtp/profile.hpp>

#include <openssl/evp.h>

#include <cstddef>
#include <memory>

namespace parley::srtp::detail {

struct free_cipher_context {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, free_cipher_context>;

/// The counter-mode cipher for keys of that many bytes; null where OpenSSL has none.
const EVP_CIPHER* counter_mode(std::size_t key_bytes) noexcept;

/// The cipher of the packets of a profile.
const EVP_CIPHER* packet_cipher(profile which) noexcept;

inline unsigned char* raw(std::byte* bytes) noexcept { return reinterpret_cast<unsigned char*>(bytes); }
inline const unsigned char* raw(const std::byte* bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes);
}

}  // namespace parley::srtp::detail
