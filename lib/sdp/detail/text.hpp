#pragma once

#include <parley/sdp/error.hpp>

#include <cstddef>
#include <cstdint>
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

/// byte-string (RFC 8866 9), without the other controls too. *Errors:* `nul_in_text`, `bare_cr`,
/// `control_in_text` with their offsets.
inline parsed<void> check_text(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
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
