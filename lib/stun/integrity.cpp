#include <parley/stun/integrity.hpp>

#include "stun/detail/layout.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>

namespace parley::stun {

using detail::attribute_header_bytes;

namespace {

/// Looked up once for the process. Never freed: OpenSSL's own clean-up may run before any destructor of ours.
struct fetched_algorithms {
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MD* md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  EVP_MD* sha256 = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
};

const fetched_algorithms& algorithms() noexcept {
  static const fetched_algorithms fetched;
  return fetched;
}

/// A context whose hash is set, so that a key alone starts it.
evp_mac_ctx_st* make_context(const char* hash) noexcept {
  EVP_MAC* const hmac = algorithms().hmac;
  EVP_MAC_CTX* const context = hmac == nullptr ? nullptr : EVP_MAC_CTX_new(hmac);
  if (context == nullptr) return nullptr;
  // OpenSSL only reads the name.
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(hash), 0),
      OSSL_PARAM_construct_end()};
  if (EVP_MAC_CTX_set_params(context, parameters.data()) == 1) return context;
  EVP_MAC_CTX_free(context);
  return nullptr;
}

/// The hash of the texts with colons between them; false where it can't be made.
bool hash_joined(const EVP_MD* function, std::initializer_list<std::string_view> texts, std::byte* out,
                 std::size_t size) noexcept {
  if (function == nullptr || static_cast<std::size_t>(EVP_MD_get_size(function)) != size) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  bool good = context && EVP_DigestInit_ex2(context.get(), function, nullptr) == 1;
  bool first = true;
  for (const std::string_view text : texts) {
    if (!first) good = good && EVP_DigestUpdate(context.get(), ":", 1) == 1;
    first = false;
    good = good && EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1;
  }
  return good && EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out), nullptr) == 1;
}

const unsigned char* raw(const std::byte* bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes);
}

}  // namespace

long_term_key long_term_key::make(key_algorithm algorithm, std::string_view user, std::string_view in_realm,
                                  std::string_view password) noexcept {
  long_term_key key;
  const bool md5 = algorithm == key_algorithm::md5;
  if (!md5 && algorithm != key_algorithm::sha256) return key;
  const std::size_t size = md5 ? 16 : 32;
  const EVP_MD* const function = md5 ? algorithms().md5 : algorithms().sha256;
  if (hash_joined(function, {user, in_realm, password}, key.bytes_.data(), size)) key.size_ = size;
  return key;
}

long_term_key::~long_term_key() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

std::optional<std::array<std::byte, 32>> make_userhash(std::string_view user,
                                                       std::string_view in_realm) noexcept {
  std::array<std::byte, 32> out;
  if (!hash_joined(algorithms().sha256, {user, in_realm}, out.data(), out.size())) return std::nullopt;
  return out;
}

void integrity_hasher::free_context::operator()(evp_mac_ctx_st* context) const noexcept {
  EVP_MAC_CTX_free(context);
}

integrity_hasher::integrity_hasher() noexcept
    : sha1_(make_context("SHA1")), sha256_(make_context("SHA2-256")) {}
integrity_hasher::~integrity_hasher() = default;

bool integrity_hasher::make(hash algorithm, std::span<const std::byte> before, std::size_t value_bytes,
                            std::span<const std::byte> key,
                            std::array<unsigned char, sha256_bytes>& out) noexcept {
  EVP_MAC_CTX* const context = algorithm == hash::sha1 ? sha1_.get() : sha256_.get();
  if (context == nullptr || key.empty()) return false;
  // RFC 8489 14.5: the length is that of a message which ends with this attribute.
  const std::size_t length = before.size() - header_bytes + attribute_header_bytes + value_bytes;
  const std::array<unsigned char, 2> length_field{static_cast<unsigned char>(length >> 8U),
                                                  static_cast<unsigned char>(length & 0xFFU)};
  std::size_t size = 0;
  return EVP_MAC_init(context, raw(key.data()), key.size(), nullptr) == 1 &&
         EVP_MAC_update(context, raw(before.data()), 2) == 1 &&
         EVP_MAC_update(context, length_field.data(), length_field.size()) == 1 &&
         EVP_MAC_update(context, raw(before.data()) + 4, before.size() - 4) == 1 &&
         EVP_MAC_final(context, out.data(), &size, out.size()) == 1 &&
         size == (algorithm == hash::sha1 ? sha1_bytes : sha256_bytes);
}

bool integrity_hasher::fits(hash algorithm, const message_view& message, const attribute& found,
                            std::span<const std::byte> key) noexcept {
  std::array<unsigned char, sha256_bytes> expected;
  const std::span<const std::byte> before = message.bytes().first(found.offset - attribute_header_bytes);
  return make(algorithm, before, found.value.size(), key, expected) &&
         CRYPTO_memcmp(expected.data(), found.value.data(), found.value.size()) == 0;
}

bool integrity_hasher::check(const message_view& message, std::span<const std::byte> key) noexcept {
  const std::optional<attribute> found = message.find(attribute_type::message_integrity);
  return found && found->value.size() == sha1_bytes && fits(hash::sha1, message, *found, key);
}

bool integrity_hasher::check_sha256(const message_view& message, std::span<const std::byte> key,
                                    std::size_t min_bytes) noexcept {
  const std::optional<attribute> found = message.find(attribute_type::message_integrity_sha256);
  if (!found) return false;
  const std::size_t size = found->value.size();
  return size >= std::max<std::size_t>(min_bytes, 16) && size <= sha256_bytes && size % 4 == 0 &&
         fits(hash::sha256, message, *found, key);
}

}  // namespace parley::stun
