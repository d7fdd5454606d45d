#pragma once

#include <parley/base/api.hpp>
#include <parley/stun/message_view.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

struct evp_mac_ctx_st;

namespace parley::stun {

/// The key of a short-term credential: the password itself (RFC 8489 9.1.1), prepared by the OpaqueString
/// profile (RFC 8265) where it may hold more than ASCII.
///
/// *Ownership:* refers to the bytes of `password`.
inline std::span<const std::byte> short_term_key(std::string_view password) noexcept {
  return std::as_bytes(std::span(password));
}

/// The key of a long-term credential, 16 bytes with MD5 and 32 with SHA-256 (RFC 8489 9.2.2 and 18.5).
class long_term_key {
 public:
  /// Over "username:realm:password". Empty where OpenSSL is set up without the hash, as in FIPS mode without
  /// MD5, or where the algorithm is unknown; with an empty key nothing is signed and nothing fits.
  PARLEY_API static long_term_key make(key_algorithm algorithm, std::string_view user,
                                       std::string_view in_realm, std::string_view password) noexcept;
  PARLEY_API ~long_term_key();
  long_term_key(const long_term_key&) noexcept = default;
  long_term_key& operator=(const long_term_key&) noexcept = default;

  std::span<const std::byte> bytes() const noexcept { return std::span(bytes_).first(size_); }

 private:
  long_term_key() noexcept = default;

  std::array<std::byte, 32> bytes_{};
  std::size_t size_ = 0;
};

/// SHA-256 of "username:realm", the value of USERHASH (RFC 8489 14.4). None where OpenSSL lacks the hash.
PARLEY_API std::optional<std::array<std::byte, 32>> make_userhash(std::string_view user,
                                                                  std::string_view in_realm) noexcept;

/// Makes and checks MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 (RFC 8489 14.5, 14.6). Keep one and use it
/// again: it holds the working state of the hashes.
class integrity_hasher {
 public:
  static constexpr std::size_t sha1_bytes = 20;
  static constexpr std::size_t sha256_bytes = 32;

  PARLEY_API integrity_hasher() noexcept;
  PARLEY_API ~integrity_hasher();
  integrity_hasher(integrity_hasher&&) noexcept = default;
  integrity_hasher& operator=(integrity_hasher&&) noexcept = default;

  /// True where the message has a MESSAGE-INTEGRITY and it was made with `key`. The time it takes does not
  /// depend on where the two differ. An empty key fits nothing.
  PARLEY_API bool check(const message_view& message, std::span<const std::byte> key) noexcept;

  /// The same for MESSAGE-INTEGRITY-SHA256. `min_bytes` is the shortest value to accept, 16 to 32: less than
  /// 32 only where the use of STUN at hand allows a truncated one (RFC 8489 14.6).
  PARLEY_API bool check_sha256(const message_view& message, std::span<const std::byte> key,
                               std::size_t min_bytes = sha256_bytes) noexcept;

 private:
  friend class writer;
  enum class hash : std::uint8_t { sha1, sha256 };
  struct free_context {
    PARLEY_API void operator()(evp_mac_ctx_st* context) const noexcept;
  };
  using context_ptr = std::unique_ptr<evp_mac_ctx_st, free_context>;

  /// The value of an integrity attribute of `value_bytes` that stands behind `before`: the header, whose
  /// length field is left out of account, and the attributes. False where OpenSSL lacks the hash.
  bool make(hash algorithm, std::span<const std::byte> before, std::size_t value_bytes,
            std::span<const std::byte> key, std::array<unsigned char, sha256_bytes>& out) noexcept;
  bool fits(hash algorithm, const message_view& message, const attribute& found,
            std::span<const std::byte> key) noexcept;

  context_ptr sha1_;
  context_ptr sha256_;
};

}  // namespace parley::stun
