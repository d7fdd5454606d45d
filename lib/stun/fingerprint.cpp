#include "stun/detail/fingerprint.hpp"

#include <array>

namespace parley::stun::detail {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table() noexcept {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1U ^ ((value & 1U) != 0 ? 0xEDB88320U : 0U);
    table[i] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> table = crc_table();

}  // namespace

std::uint32_t fingerprint_of(std::span<const std::byte> message) noexcept {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::byte b : message) {
    crc = crc >> 8U ^ table[(crc ^ std::to_integer<std::uint32_t>(b)) & 0xFFU];
  }
  // The mask tells STUN from protocols that carry the same checksum: "STUN" in ASCII.
  return ~crc ^ 0x5354554EU;
}

}  // namespace parley::stun::detail
