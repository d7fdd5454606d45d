#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::stun::detail {

/// The value of FINGERPRINT for a message whose attributes before it, and whose header with the final length,
/// are `message` (RFC 8489 14.7).
std::uint32_t fingerprint_of(std::span<const std::byte> message) noexcept;

}  // namespace parley::stun::detail
