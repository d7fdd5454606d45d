#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test {

/// The bytes that hexadecimal digits stand for; white space between them is for the reader.
inline std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> out;
  unsigned value = 0;
  bool half = false;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    value = value << 4U | static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    if (half) out.push_back(static_cast<std::byte>(value & 0xFFU));
    half = !half;
  }
  return out;
}

inline std::string to_hex(std::span<const std::byte> bytes) {
  std::string out;
  for (const std::byte b : bytes) {
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4U];
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15U];
  }
  return out;
}

}  // namespace parley::test
