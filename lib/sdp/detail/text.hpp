#pragma once

#include <parley/sdp/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// What holds for each line, whether it is parsed or added.
namespace parley::sdp::detail {

constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The lines that a media description can't have: two descriptions in one text are an attack or a mistake.
constexpr bool session_only(char type) noexcept { return type == 'v' || type == 'o' || type == 's'; }

/// Whether an attribute begins with its colon, or with white space.
constexpr bool lacks_name(std::string_view value) noexcept {
  return value.empty() || value.front() == ':' || value.front() == ' ' || value.front() == '\t';
}

constexpr std::string_view trim_end(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Whether eight bytes have a control among them, or what looks like one: exact where none has its high bit
/// set.
constexpr bool may_have_control(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101;
  constexpr std::uint64_t high = each * 0x80;
  // Below a space the subtraction borrows; 0x7f is the one that 1 is added to for the high bit.
  return (((bytes - each * ' ') | (bytes + each) | bytes) & high) != 0;
}

/// byte-string (RFC 8866 9), without the other controls too. *Errors:* `nul_in_text`, `bare_cr`,
/// `control_in_text` with their offsets.
inline parsed<void> check_text(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    std::uint64_t bytes = 0;
    while (value.size() - i >= sizeof(bytes)) {
      std::memcpy(&bytes, value.data() + i, sizeof(bytes));
      if (may_have_control(bytes)) break;
      i += sizeof(bytes);
    }
    if (i == value.size()) break;
    if (i >= sizeof(bytes)) {
      // The last eight, some of which have been looked at.
      std::memcpy(&bytes, value.data() + value.size() - sizeof(bytes), sizeof(bytes));
      if (!may_have_control(bytes) && value.size() - i < sizeof(bytes)) break;
    }
    const auto c = static_cast<unsigned char>(value[i]);
    if ((c >= ' ' && c != 0x7f) || c == '\t') continue;
    return parse_error{c == 0      ? errc::nul_in_text
                       : c == '\r' ? errc::bare_cr
                                   : errc::control_in_text,
                       static_cast<std::uint32_t>(i)};
  }
  return {};
}

}  // namespace parley::sdp::detail
