#pragma once

#include <parley/sdp/error.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// What each typed line is read and written with.
namespace parley::sdp::detail {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alphanumeric(char c) noexcept {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

/// The characters for which `belongs` is true.
template <class Belongs>
constexpr std::array<bool, 256> table_of(Belongs belongs) {
  std::array<bool, 256> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = belongs(static_cast<char>(i));
  return out;
}
inline constexpr auto token_characters = table_of([](char c) {
  return is_alphanumeric(c) ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`{|}~").find(c) != std::string_view::npos);
});
/// token-char (RFC 8866 9).
constexpr bool is_token(char c) noexcept { return token_characters[static_cast<unsigned char>(c)]; }
/// non-ws-string (RFC 8866 9): whatever is seen, and UTF-8.
constexpr bool is_word(char c) noexcept { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; }
/// ice-char (RFC 8839 5.1).
constexpr bool is_ice(char c) noexcept { return is_alphanumeric(c) || c == '+' || c == '/'; }
/// Addresses of both families, zones included, and host names, an underscore as seen in the field.
inline constexpr auto host_characters = table_of(
    [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '%'; });
constexpr bool is_host(char c) noexcept { return host_characters[static_cast<unsigned char>(c)]; }
/// Whether `text` is a run of such characters, and not empty.
template <class Belongs>
constexpr bool all_of(std::string_view text, Belongs belongs) noexcept {
  for (const char c : text) {
    if (!belongs(c)) return false;
  }
  return !text.empty();
}
constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// ASCII letters without regard to case, as encoding and parameter names are compared.
constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  if (a == b) return true;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

/// Reads a value left to right. A reading function returns false when its rule is broken; the first rule and
/// place then come out of `finish`. White space before and behind the whole is skipped.
class cursor {
 public:
  explicit cursor(std::string_view text) noexcept : text_(text) { skip_spaces(); }

  bool at_end() const noexcept { return at_ == text_.size(); }
  char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  std::size_t offset() const noexcept { return at_; }
  std::string_view rest() const noexcept { return text_.substr(at_); }

  bool fail(errc code, std::size_t where) noexcept {
    if (error_.code == errc{}) error_ = {code, static_cast<std::uint32_t>(where)};
    return false;
  }
  bool fail(errc code) noexcept { return fail(code, at_); }

  void skip_spaces() noexcept {
    while (!at_end() && is_space(text_[at_])) ++at_;
  }
  /// Whether something other than white space is still to come; white space at the end is skipped.
  bool more() noexcept {
    const std::size_t start = at_;
    skip_spaces();
    if (at_end()) return false;
    at_ = start;
    return true;
  }
  bool consume(char c) noexcept {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool consume(std::string_view word) noexcept {
    if (!rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool expect(char c) noexcept {
    return consume(c) || fail(c == ':'   ? errc::expected_colon
                              : c == '/' ? errc::expected_slash
                                         : errc::expected_equals);
  }
  /// 1*WSP: the field writes one space, and now and then more.
  bool space() noexcept {
    if (at_end() || !is_space(text_[at_])) return fail(errc::expected_space);
    skip_spaces();
    return true;
  }

  /// The longest run of characters that `belongs` takes; `code` where that is shorter than `least` or longer
  /// than `most`.
  template <class Belongs>
  bool run(std::string& out, Belongs belongs, errc code, std::size_t least = 1,
           std::size_t most = std::numeric_limits<std::size_t>::max()) {
    const std::size_t start = at_;
    while (!at_end() && belongs(text_[at_])) ++at_;
    const std::size_t size = at_ - start;
    if (size < least || size > most) return fail(code, start);
    out.assign(text_.substr(start, size));
    return true;
  }
  bool token(std::string& out) { return run(out, is_token, errc::expected_token); }
  bool word(std::string& out) { return run(out, is_word, errc::expected_word); }
  bool host(std::string& out) { return run(out, is_host, errc::bad_address); }
  void advance(std::size_t count) noexcept { at_ += count; }
  /// What is left but for the white space behind it, perhaps nothing.
  std::string remainder() {
    std::string_view left = rest();
    while (!left.empty() && is_space(left.back())) left.remove_suffix(1);
    at_ = text_.size();
    return std::string(left);
  }

  /// 1*DIGIT from `least` to `most`, by default whatever `Number` holds.
  template <class Number>
  bool number(Number& out, std::uint64_t least = 0,
              std::uint64_t most = std::numeric_limits<Number>::max()) noexcept {
    const std::size_t start = at_;
    while (!at_end() && is_digit(text_[at_])) ++at_;
    if (at_ == start) return fail(errc::expected_number);
    std::uint64_t value = 0;
    const auto read = std::from_chars(text_.data() + start, text_.data() + at_, value);
    if (read.ec != std::errc{} || value < least || value > most) {
      return fail(errc::number_out_of_range, start);
    }
    out = static_cast<Number>(value);
    return true;
  }
  /// The same for a field that may be missing.
  template <class Number>
  bool number(std::optional<Number>& out) noexcept {
    if (number(out.emplace())) return true;
    out.reset();
    return false;
  }
  bool payload_type(std::uint8_t& out) noexcept { return number(out, 0, 127); }

  /// non-zero-int-or-real (RFC 8866 9) in thousandths; finer digits are dropped.
  bool thousandths(std::uint32_t& out) noexcept {
    constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max() / 1000 - 1;
    const std::size_t start = at_;
    std::uint32_t whole = 0;
    if (!number(whole, 0, most)) return false;
    out = whole * 1000;
    if (consume('.')) {
      if (!is_digit(peek())) return fail(errc::expected_number);
      for (std::uint32_t unit = 100; is_digit(peek()); unit /= 10, ++at_) {
        out += static_cast<std::uint32_t>(peek() - '0') * unit;
      }
    }
    return out != 0 || fail(errc::number_out_of_range, start);
  }

  /// A word out of `names`; `out` is the enumerator with its index. `code` where it is none of them.
  template <class Enum, std::size_t Size>
  bool choice(Enum& out, const std::array<std::string_view, Size>& names, errc code) {
    const std::size_t start = at_;
    std::string found;
    if (!run(found, is_token, code)) return false;
    for (std::size_t i = 0; i < Size; ++i) {
      if (names[i] == found) {
        out = static_cast<Enum>(i);
        return true;
      }
    }
    return fail(code, start);
  }

  /// `value`, or the first error. *Errors* of its own: `trailing_text`.
  template <class T>
  parsed<T> finish(T value) {
    if (error_.code != errc{}) return error_;
    skip_spaces();
    if (!at_end()) return parse_error{errc::trailing_text, static_cast<std::uint32_t>(at_)};
    return value;
  }
  const parse_error& error() const noexcept { return error_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  parse_error error_;
};

inline void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

/// As `cursor::thousandths` reads.
inline void append_thousandths(std::string& out, std::uint32_t value) {
  append_number(out, value / 1000);
  std::uint32_t left = value % 1000;
  if (left != 0) out += '.';
  for (std::uint32_t unit = 100; left != 0; unit /= 10) {
    out += static_cast<char>('0' + left / unit);
    left %= unit;
  }
}

/// Writes each of `list` by `one`, with `separator` between them.
template <class List, class One>
void append_list(std::string& out, const List& list, char separator, One one) {
  bool first = true;
  for (const auto& element : list) {
    if (!first) out += separator;
    first = false;
    one(element);
  }
}

}  // namespace parley::sdp::detail
