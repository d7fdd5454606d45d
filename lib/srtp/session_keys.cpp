#include "srtp/detail/session_keys.hpp"

#include "srtp/detail/ciphers.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace parley::srtp::detail {
namespace {

/// Looked up once for the process. Never freed: OpenSSL's own clean-up may run before any destructor of ours.
struct fetched_ciphers {
  EVP_CIPHER* ctr128 = EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr);
  EVP_CIPHER* ctr256 = EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr);
  EVP_CIPHER* gcm128 = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
  EVP_CIPHER* gcm256 = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
};

const fetched_ciphers& ciphers() noexcept {
  static const fetched_ciphers fetched;
  return fetched;
}

/// The key stream of AES in counter mode that stands for a label (RFC 3711 4.3.3).
bool derive_one(EVP_CIPHER_CTX* context, std::span<const std::byte> salt, std::uint8_t label,
                std::span<std::byte> out) noexcept {
  std::array<std::byte, 16> counter{};
  std::copy(salt.begin(), salt.end(), counter.begin());
  counter[7] ^= std::byte{label};
  std::fill(out.begin(), out.end(), std::byte{0});
  int written = 0;
  return EVP_EncryptInit_ex2(context, nullptr, nullptr, raw(counter.data()), nullptr) == 1 &&
         EVP_EncryptUpdate(context, raw(out.data()), &written, raw(out.data()),
                           static_cast<int>(out.size())) == 1;
}

}  // namespace

const EVP_CIPHER* counter_mode(std::size_t key_bytes) noexcept {
  return key_bytes == 16 ? ciphers().ctr128 : ciphers().ctr256;
}

const EVP_CIPHER* packet_cipher(profile which) noexcept {
  if (!is_aead(which)) return counter_mode(sizes(which).key);
  return which == profile::aead_aes_128_gcm ? ciphers().gcm128 : ciphers().gcm256;
}

session_keys::~session_keys() {
  OPENSSL_cleanse(cipher_key.data(), cipher_key.size());
  OPENSSL_cleanse(authentication_key.data(), authentication_key.size());
  OPENSSL_cleanse(salt.data(), salt.size());
}

bool derive(const master_key& from, std::uint8_t first_label, session_keys& out) noexcept {
  const cipher_context context(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* const cipher = counter_mode(from.key().size());
  const auto label = [&](unsigned offset) { return static_cast<std::uint8_t>(first_label + offset); };
  return context && cipher != nullptr &&
         EVP_EncryptInit_ex2(context.get(), cipher, raw(from.key().data()), nullptr, nullptr) == 1 &&
         derive_one(context.get(), from.salt(), label(0),
                    std::span(out.cipher_key).first(from.key().size())) &&
         derive_one(context.get(), from.salt(), label(1), out.authentication_key) &&
         derive_one(context.get(), from.salt(), label(2), std::span(out.salt).first(from.salt().size()));
}

}  // namespace parley::srtp::detail
