#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

// Open bitstream units of AV1 (AV1 bitstream specification 5.3).

namespace parley::media::detail {

enum class obu_type : std::uint8_t { sequence_header = 1, temporal_delimiter = 2, tile_list = 8 };

constexpr obu_type obu_type_of(std::byte header) noexcept {
  return static_cast<obu_type>(std::to_integer<unsigned>(header) >> 3U & 15U);
}
constexpr std::byte obu_extension_flag{0x04};
constexpr std::byte obu_size_flag{0x02};

/// Takes a number in LEB128 from the beginning of `bytes`; nothing for what doesn't end there or is above 32
/// bits (AV1 4.10.5).
inline std::optional<std::uint32_t> take_leb128(std::span<const std::byte>& bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8 && i < bytes.size(); ++i) {
    value |= (std::to_integer<std::uint64_t>(bytes[i]) & 0x7FU) << (7U * i);
    if ((bytes[i] & std::byte{0x80}) == std::byte{0}) {
      if (value > 0xFFFFFFFFU) return std::nullopt;
      bytes = bytes.subspan(i + 1);
      return static_cast<std::uint32_t>(value);
    }
  }
  return std::nullopt;
}

constexpr std::size_t leb128_bytes(std::uint64_t value) noexcept {
  std::size_t bytes = 1;
  while (value >>= 7U) ++bytes;
  return bytes;
}

/// Writes `value` to `out`, which has the space for it.
inline void put_leb128(std::byte* out, std::uint64_t value) noexcept {
  for (; value > 0x7F; value >>= 7U) *out++ = static_cast<std::byte>((value & 0x7FU) | 0x80U);
  *out = static_cast<std::byte>(value);
}

/// A unit without its size.
struct obu {
  std::span<const std::byte> header{};  ///< one byte, two with the extension
  std::span<const std::byte> payload{};

  obu_type type() const noexcept { return obu_type_of(header[0]); }
};

/// Takes the next unit of a temporal unit that is not empty; one without a size goes to its end. Nothing for
/// what is no unit.
inline std::optional<obu> take_obu(std::span<const std::byte>& unit) noexcept {
  const bool extended = (unit[0] & obu_extension_flag) != std::byte{0};
  const bool sized = (unit[0] & obu_size_flag) != std::byte{0};
  const std::size_t header = extended ? 2 : 1;
  if ((unit[0] & std::byte{0x80}) != std::byte{0} || unit.size() < header) return std::nullopt;
  obu taken{unit.first(header), {}};
  auto rest = unit.subspan(header);
  std::size_t size = rest.size();
  if (sized) {
    const auto told = take_leb128(rest);
    if (!told || *told > rest.size()) return std::nullopt;
    size = *told;
  }
  taken.payload = rest.first(size);
  unit = rest.subspan(size);
  return taken;
}

}  // namespace parley::media::detail
