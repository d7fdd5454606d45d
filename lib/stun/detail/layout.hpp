#pragma once

#include <parley/stun/message.hpp>

#include <cstddef>
#include <cstdint>

namespace parley::stun::detail {

/// The bytes of type and length before each value (RFC 8489 14).
inline constexpr std::size_t attribute_header_bytes = 4;

/// The value of FINGERPRINT (RFC 8489 14.7).
inline constexpr std::size_t fingerprint_bytes = 4;

/// The length of a value with the padding behind it.
constexpr std::size_t padded(std::size_t bytes) noexcept { return (bytes + 3) & ~std::size_t{3}; }

/// How much an attribute closes off: behind it counts only what closes off more (RFC 8489 14.5 to 14.7).
constexpr std::uint8_t seal(attribute_type type) noexcept {
  switch (type) {
    case attribute_type::message_integrity: return 1;
    case attribute_type::message_integrity_sha256: return 2;
    case attribute_type::fingerprint: return 3;
    default: return 0;
  }
}

}  // namespace parley::stun::detail
