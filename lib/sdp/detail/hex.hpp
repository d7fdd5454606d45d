#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::sdp::detail {

inline constexpr std::string_view hex_lower = "0123456789abcdef";
inline constexpr std::string_view hex_upper = "0123456789ABCDEF";

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Reads two hexadecimal digits of either case; false for anything else.
constexpr bool read_hex(std::string_view text, std::uint8_t& out) noexcept {
  if (text.size() != 2) return false;
  const int high = hex_value(text[0]);
  const int low = hex_value(text[1]);
  if (high < 0 || low < 0) return false;
  out = static_cast<std::uint8_t>(high * 16 + low);
  return true;
}

inline void append_hex(std::string& out, std::uint8_t byte, std::string_view digits) {
  out += digits[byte >> 4U];
  out += digits[byte & 0xfU];
}

}  // namespace parley::sdp::detail
