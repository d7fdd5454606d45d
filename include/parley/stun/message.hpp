#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::stun {

/// The bytes of a header (RFC 8489 5).
inline constexpr std::size_t header_bytes = 20;
/// What tells STUN from other protocols on one port.
inline constexpr std::uint32_t magic_cookie = 0x2112A442;

/// What a message is in its transaction.
enum class message_class : std::uint8_t { request, indication, success, error };

/// The 12 bits of a method. Extensions have their own; any number is a valid value.
enum class method : std::uint16_t { binding = 1 };

/// 96 bits that the client draws from a secure source: an answer bears those of its request.
using transaction_id = std::array<std::byte, 12>;

/// The 16 bits of an attribute's type. Extensions have their own; any number is a valid value.
enum class attribute_type : std::uint16_t {
  mapped_address = 0x0001,
  username = 0x0006,
  message_integrity = 0x0008,
  error_code = 0x0009,
  unknown_attributes = 0x000A,
  realm = 0x0014,
  nonce = 0x0015,
  message_integrity_sha256 = 0x001C,
  password_algorithm = 0x001D,
  userhash = 0x001E,
  xor_mapped_address = 0x0020,
  priority = 0x0024,
  use_candidate = 0x0025,
  password_algorithms = 0x8002,
  alternate_domain = 0x8003,
  software = 0x8022,
  alternate_server = 0x8023,
  fingerprint = 0x8028,
  ice_controlled = 0x8029,
  ice_controlling = 0x802A,
};

/// True where an agent that does not understand the attribute must not go on (RFC 8489 14).
constexpr bool comprehension_required(attribute_type type) noexcept {
  return static_cast<std::uint16_t>(type) < 0x8000;
}

}  // namespace parley::stun
