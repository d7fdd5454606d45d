#include "srtp/detail/packet_crypto.hpp"

#include "srtp/detail/packet_layout.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <algorithm>

namespace parley::srtp::detail {
namespace {

/// XORs the SSRC and the 48 bits of an index behind it into an initialization vector.
void mix(std::byte* at, std::uint32_t ssrc, std::uint64_t index) noexcept {
  for (unsigned i = 0; i < 4; ++i) at[i] ^= static_cast<std::byte>(ssrc >> (24U - 8U * i) & 0xFFU);
  for (unsigned i = 0; i < 6; ++i) at[4 + i] ^= static_cast<std::byte>(index >> (40U - 8U * i) & 0xFFU);
}

bool update(EVP_CIPHER_CTX* context, unsigned char* out, const std::byte* in, std::size_t size) noexcept {
  int written = 0;
  return size == 0 || EVP_CipherUpdate(context, out, &written, raw(in), static_cast<int>(size)) == 1;
}

}  // namespace

packet_crypto::~packet_crypto() { OPENSSL_cleanse(salt_.data(), salt_.size()); }

bool packet_crypto::init(profile which, const session_keys& keys, bool encrypts) noexcept {
  const EVP_CIPHER* const cipher = packet_cipher(which);
  cipher_.reset(EVP_CIPHER_CTX_new());
  std::copy(keys.salt.begin(), keys.salt.end(), salt_.begin());
  hmac_.set_key(keys.authentication_key);
  return cipher_ && cipher != nullptr &&
         EVP_CipherInit_ex2(cipher_.get(), cipher, raw(keys.cipher_key.data()), nullptr, encrypts ? 1 : 0,
                            nullptr) == 1;
}

bool packet_crypto::apply_counter_mode(std::uint32_t ssrc, std::uint64_t index,
                                       std::span<std::byte> data) noexcept {
  // RFC 3711 4.1.1: (k_s * 2^16) XOR (SSRC * 2^64) XOR (i * 2^16).
  std::array<std::byte, 16> counter = salt_;
  mix(counter.data() + 4, ssrc, index);
  return EVP_CipherInit_ex2(cipher_.get(), nullptr, nullptr, raw(counter.data()), -1, nullptr) == 1 &&
         update(cipher_.get(), raw(data.data()), data.data(), data.size());
}

bool packet_crypto::begin(std::uint32_t ssrc, std::uint64_t index, aad_parts aad) noexcept {
  // RFC 7714 8.1 and 9.1: two bytes of zeros, SSRC and index, XOR the salt. RTCP's index, in 31 bits behind
  // two more bytes of zeros, fills the same bytes.
  std::array<std::byte, 12> vector;
  std::copy_n(salt_.begin(), vector.size(), vector.begin());
  mix(vector.data() + 2, ssrc, index);
  if (EVP_CipherInit_ex2(cipher_.get(), nullptr, nullptr, raw(vector.data()), -1, nullptr) != 1) return false;
  return std::all_of(aad.begin(), aad.end(), [&](std::span<const std::byte> part) {
    return update(cipher_.get(), nullptr, part.data(), part.size());
  });
}

bool packet_crypto::seal(std::uint32_t ssrc, std::uint64_t index, aad_parts aad, std::span<std::byte> data,
                         std::byte* tag) noexcept {
  int none = 0;
  aead_tag unused;
  const std::array<OSSL_PARAM, 2> wanted{
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, unused.size()),
      OSSL_PARAM_construct_end()};
  return begin(ssrc, index, aad) && update(cipher_.get(), raw(data.data()), data.data(), data.size()) &&
         EVP_CipherFinal_ex(cipher_.get(), unused.data(), &none) == 1 &&
         EVP_CIPHER_CTX_get_params(cipher_.get(), const_cast<OSSL_PARAM*>(wanted.data())) == 1;
}

bool packet_crypto::open(std::uint32_t ssrc, std::uint64_t index, aad_parts aad, std::span<std::byte> data,
                         const std::byte* tag) noexcept {
  int none = 0;
  aead_tag expected;
  std::copy_n(raw(tag), expected.size(), expected.begin());
  const std::array<OSSL_PARAM, 2> given{
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, expected.data(), expected.size()),
      OSSL_PARAM_construct_end()};
  if (!begin(ssrc, index, aad)) return false;
  if (!update(cipher_.get(), raw(data.data()), data.data(), data.size())) return false;
  if (EVP_CIPHER_CTX_set_params(cipher_.get(), given.data()) == 1 &&
      EVP_CipherFinal_ex(cipher_.get(), expected.data(), &none) == 1) {
    return true;
  }
  // OpenSSL compares, in constant time, after it has decrypted. The same key stream once more makes the bytes
  // what they were.
  if (begin(ssrc, index, {}))
    static_cast<void>(update(cipher_.get(), raw(data.data()), data.data(), data.size()));
  return false;
}

}  // namespace parley::srtp::detail
