#pragma once

#include <parley/sip/chars.hpp>

#include <cstddef>
#include <string_view>

namespace parley::sip::detail {

constexpr int hex_value(char c) noexcept { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

/// True where an escape (%HH) stands at `at`.
constexpr bool is_escape(std::string_view text, std::size_t at) noexcept {
  return text.size() - at >= 3 && text[at] == '%' && is(text[at + 1], char_hex) && is(text[at + 2], char_hex);
}

/// Takes the characters of an escaped text one by one.
class unescaper {
 public:
  explicit constexpr unescaper(std::string_view text) noexcept : text_(text) {}

  constexpr bool at_end() const noexcept { return at_ == text_.size(); }

  /// The next byte, unescaped.
  constexpr unsigned char next() noexcept {
    was_escape_ = is_escape(text_, at_);
    if (!was_escape_) return static_cast<unsigned char>(text_[at_++]);
    const int value = hex_value(text_[at_ + 1]) * 16 + hex_value(text_[at_ + 2]);
    at_ += 3;
    return static_cast<unsigned char>(value);
  }

  /// True where the last byte was written as an escape.
  constexpr bool was_escape() const noexcept { return was_escape_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool was_escape_ = false;
};

/// Compares `escaped` with a name without escapes, as parameter names are: without case.
constexpr bool iequals_unescaped(std::string_view escaped, std::string_view plain) noexcept {
  if (escaped.size() == plain.size() && iequals(escaped, plain)) return true;
  if (escaped.size() < plain.size() + 2) return false;
  unescaper in(escaped);
  std::size_t i = 0;
  for (; !in.at_end(); ++i) {
    if (i == plain.size() || lower(static_cast<char>(in.next())) != lower(plain[i])) return false;
  }
  return i == plain.size();
}

}  // namespace parley::sip::detail
