#pragma once

#include <cstddef>
#include <cstdint>

/// Big-endian fields at places that are known to be there. Compilers make one load and one swap of each.
namespace parley::rtp::octets {

/// The byte at `p`.
inline std::uint8_t load_u8(const std::byte* p) noexcept { return std::to_integer<std::uint8_t>(*p); }
/// The two bytes at `p`.
inline std::uint16_t load_u16(const std::byte* p) noexcept {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(p[0]) << 8U | std::to_integer<unsigned>(p[1]));
}
/// The three bytes at `p`.
inline std::uint32_t load_u24(const std::byte* p) noexcept {
  return std::to_integer<std::uint32_t>(p[0]) << 16U | load_u16(p + 1);
}
/// The four bytes at `p`.
inline std::uint32_t load_u32(const std::byte* p) noexcept {
  return std::to_integer<std::uint32_t>(p[0]) << 24U | std::to_integer<std::uint32_t>(p[1]) << 16U |
         std::to_integer<std::uint32_t>(p[2]) << 8U | std::to_integer<std::uint32_t>(p[3]);
}
/// The eight bytes at `p`.
inline std::uint64_t load_u64(const std::byte* p) noexcept {
  return std::uint64_t{load_u32(p)} << 32U | load_u32(p + 4);
}

/// Puts a byte to `p`.
inline void store_u8(std::byte* p, unsigned value) noexcept { *p = static_cast<std::byte>(value & 0xFFU); }
/// Puts two bytes to `p`.
inline void store_u16(std::byte* p, unsigned value) noexcept {
  store_u8(p, value >> 8U);
  store_u8(p + 1, value);
}
/// Puts four bytes to `p`.
inline void store_u32(std::byte* p, std::uint32_t value) noexcept {
  store_u8(p, value >> 24U);
  store_u8(p + 1, value >> 16U);
  store_u8(p + 2, value >> 8U);
  store_u8(p + 3, value);
}

}  // namespace parley::rtp::octets
