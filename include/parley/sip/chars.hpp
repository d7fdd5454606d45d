#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace parley::sip {

/// The character classes of RFC 3261 25.1, one bit each; `is(c, a | b)` asks for any of them.
enum char_class : std::uint16_t {
  char_alpha = 1 << 0,
  char_digit = 1 << 1,
  char_hex = 1 << 2,
  char_token = 1 << 3,       ///< token
  char_word = 1 << 4,        ///< word, as in Call-ID
  char_unreserved = 1 << 5,  ///< unreserved: alphanum and mark
  char_user = 1 << 6,        ///< user without escaped: unreserved and user-unreserved
  char_param = 1 << 7,       ///< paramchar without escaped
  char_header = 1 << 8,      ///< hnv-unreserved and unreserved
  char_host = 1 << 9,   ///< what a hostname or IPv4address is made of, and an underscore as seen in the field
  char_uric = 1 << 10,  ///< uric without escaped (RFC 2396), and `[`, `]`, `#` of RFC 3986
  char_lws = 1 << 11,   ///< SP and HTAB
  char_password = 1 << 12,  ///< password without escaped
  char_value = 1 << 13,     ///< an unquoted gen-value: token and host, and `/` and `=` as seen in the field
  char_dot = 1 << 14,
};

/// The classes that hold all letters, all digits, hyphen, dot and underscore: runs of them are skipped
/// sixteen characters at a time.
inline constexpr int char_runs = char_token | char_word | char_unreserved | char_user | char_param |
                                 char_header | char_host | char_uric | char_password | char_value;

namespace detail {

constexpr std::array<std::uint16_t, 256> make_char_table() {
  std::array<std::uint16_t, 256> table{};
  auto add = [&table](std::string_view characters, int classes) {
    for (char c : characters) {
      table[static_cast<unsigned char>(c)] =
          static_cast<std::uint16_t>(table[static_cast<unsigned char>(c)] | classes);
    }
  };
  constexpr std::string_view alpha = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view digit = "0123456789";
  constexpr int everywhere = char_token | char_word | char_unreserved | char_user | char_param | char_header |
                             char_uric | char_password | char_value;
  add(alpha, char_alpha | char_host | everywhere);
  add(digit, char_digit | char_hex | char_host | everywhere);
  add("abcdefABCDEF", char_hex);
  add("-_.!~*'()", char_unreserved | char_user | char_param | char_header | char_uric | char_password);
  add("-.!%*_+`'~", char_token | char_word);
  add("()<>:\\\"/[]?{}", char_word);
  add("&=+$,;?/", char_user);
  add("[]/:&+$", char_param);
  add("[]/?:+$", char_header);
  add("&=+$,", char_password);
  add(";/?:@&=+$,[]#", char_uric);
  add("-._", char_host);
  add("-.!%*_+`'~[]:/=", char_value);
  add(".", char_dot);
  add(" \t", char_lws);
  return table;
}

inline constexpr std::array<std::uint16_t, 256> char_table = make_char_table();

}  // namespace detail

/// True where `c` is of one of `classes`, an or of `char_class` values.
constexpr bool is(char c, int classes) noexcept {
  return (detail::char_table[static_cast<unsigned char>(c)] & classes) != 0;
}

/// The first place from `at` on whose character is of none of `classes`, `end` where there is none.
constexpr const char* skip(const char* at, const char* end, int classes) noexcept {
  for (; end - at >= 4; at += 4) {
    if (!is(at[0], classes)) return at;
    if (!is(at[1], classes)) return at + 1;
    if (!is(at[2], classes)) return at + 2;
    if (!is(at[3], classes)) return at + 3;
  }
  while (at != end && is(*at, classes)) ++at;
  return at;
}

/// An ASCII letter in lower case, anything else as it is.
constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Compares as RFC 3261 7.3.1 does outside quoted strings: ASCII letters without regard to case.
constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace parley::sip
