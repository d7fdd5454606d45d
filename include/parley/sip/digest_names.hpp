#pragma once

#include <parley/base/api.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::sip {

/// The algorithms of RFC 7616 6.1 that RFC 8760 brings to SIP, weakest first. The -sess variants hash nonce
/// and cnonce into the key.
enum class digest_algorithm : std::uint8_t {
  md5,
  md5_sess,
  sha_256,
  sha_256_sess,
  sha_512_256,
  sha_512_256_sess
};

/// How many algorithms there are.
inline constexpr std::size_t digest_algorithm_count = 6;

/// The algorithm of that name, in any case; an absent `algorithm` parameter means MD5 (RFC 7616 3.3), so ""
/// does too.
PARLEY_API std::optional<digest_algorithm> digest_algorithm_of(std::string_view name) noexcept;

/// The name on the wire, as in `algorithm=SHA-256`.
PARLEY_API std::string_view name_of(digest_algorithm algorithm) noexcept;

/// True for the algorithms whose name ends in `-sess`.
constexpr bool is_session(digest_algorithm algorithm) noexcept {
  return (static_cast<unsigned>(algorithm) & 1U) != 0;
}

/// The same hash without -sess: what decides how H(username:realm:password) is made, and how strong an
/// algorithm is.
constexpr digest_algorithm hash_of(digest_algorithm algorithm) noexcept {
  return static_cast<digest_algorithm>(static_cast<unsigned>(algorithm) & ~1U);
}

/// The hexadecimal digits of one hash (RFC 8760 2.2): 32 for MD5, 64 for the others.
constexpr std::size_t hex_size(digest_algorithm algorithm) noexcept {
  return hash_of(algorithm) == digest_algorithm::md5 ? 32 : 64;
}

/// The quality of protection (RFC 7616 3.4): `none` is the computation of RFC 2069, without cnonce and count.
enum class digest_qop : std::uint8_t { none, auth, auth_int };

/// The qop of credentials; "" is `none`. Empty where the name is neither.
PARLEY_API std::optional<digest_qop> digest_qop_of(std::string_view name) noexcept;

/// "auth", "auth-int", and "" for `none`.
PARLEY_API std::string_view name_of(digest_qop qop) noexcept;

/// True where the qop-options of a challenge, as in `auth,auth-int`, hold `qop`.
PARLEY_API bool offers_qop(std::string_view options, digest_qop qop) noexcept;

}  // namespace parley::sip
