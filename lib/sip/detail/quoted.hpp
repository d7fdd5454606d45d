#pragma once

#include <string>
#include <string_view>

namespace parley::sip::detail {

/// True where `raw` can be written between quotes as it is: no control characters, which could end a header
/// line, no quote without a backslash in front, and no backslash without a character behind it. What came in
/// without quotes may be none of it.
inline bool is_quotable(std::string_view raw) noexcept {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto u = static_cast<unsigned char>(raw[i]);
    if ((u < 0x20 && u != '\t') || u == 0x7f || u == '"') return false;
    if (u == '\\') {
      ++i;
      if (i == raw.size() || static_cast<unsigned char>(raw[i]) < 0x20) return false;
    }
  }
  return true;
}

/// Compares the inside of a quoted string with a plain text; allocates nothing.
inline bool equals_unescaped(std::string_view raw, std::string_view plain) noexcept {
  std::size_t matched = 0;
  for (std::size_t i = 0; i < raw.size(); ++i, ++matched) {
    if (raw[i] == '\\' && i + 1 < raw.size()) ++i;
    if (matched == plain.size() || raw[i] != plain[matched]) return false;
  }
  return matched == plain.size();
}

}  // namespace parley::sip::detail
