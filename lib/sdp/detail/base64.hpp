#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sdp::detail {

inline constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 4, with or without the padding; nothing for any other text, and for one whose last bits aren't
/// zero, so that each sequence of bytes has one text.
inline std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  const std::size_t padded = text.size();
  while (text.ends_with('=') && padded - text.size() < 2) text.remove_suffix(1);
  if (text.size() % 4 == 1 || (text.size() != padded && padded % 4 != 0)) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::size_t value = base64_digits.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> held));
    bits &= (1U << held) - 1;
  }
  if (bits != 0) return std::nullopt;
  return bytes;
}

inline void append_base64(std::string& out, const std::vector<std::uint8_t>& bytes) {
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t digits = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8U | byte) & 0xffffU;
    for (held += 8; held >= 6; ++digits) {
      held -= 6;
      out += base64_digits[bits >> held & 63U];
    }
  }
  if (held != 0) {
    out += base64_digits[bits << (6 - held) & 63U];
    ++digits;
  }
  while (digits++ % 4 != 0) out += '=';
}

}  // namespace parley::sdp::detail
