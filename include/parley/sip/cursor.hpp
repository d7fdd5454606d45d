#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/limits.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::sip {

/// Reads the terminals of RFC 3261 25.1 from a text, left to right. Typed headers and URIs are read with it.
///
/// A reading function returns false when its rule is broken; the first rule and place are then in `error()`,
/// and the reading of the whole is given up. Nothing allocates.
///
/// *Ownership:* the views that it hands out point into the text and live as long as that does.
class cursor {
 public:
  explicit cursor(std::string_view text) noexcept : cursor(text, text.data() + text.size()) {}
  /// For a text that is part of a larger one: up to `readable` memory may be looked at, many characters at a
  /// time. Nothing behind `text` is taken, and what stands there makes no difference. `max_parameters` is
  /// `limits::parameters`.
  cursor(std::string_view text, const char* readable,
         std::uint16_t max_parameters = limits{}.parameters) noexcept
      : begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        readable_(readable),
        max_parameters_(max_parameters) {}

  /// Begins anew with another text within the same readable memory, as by the constructor. What was found out
  /// about the characters there is still known: headers that stand side by side are read faster so.
  void restart(std::string_view text) noexcept {
    begin_ = at_ = text.data();
    end_ = begin_ + text.size();
    error_ = {};
  }

  bool at_end() const noexcept { return at_ == end_; }
  /// The next character, NUL at the end.
  char peek() const noexcept { return at_ == end_ ? '\0' : *at_; }
  const char* position() const noexcept { return at_; }
  const char* end() const noexcept { return end_; }
  const char* readable() const noexcept { return readable_; }
  /// How many parameters a value or a URI may have.
  std::size_t max_parameters() const noexcept { return max_parameters_; }
  std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  std::string_view rest() const noexcept { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  /// The text from `start`, an earlier `position()`, up to here.
  std::string_view since(const char* start) const noexcept {
    return {start, static_cast<std::size_t>(at_ - start)};
  }

  /// The first error; its code is zero while none happened.
  const parse_error& error() const noexcept { return error_; }

  /// Records `code` at `where` unless an error is recorded already, and returns false.
  [[gnu::cold]] PARLEY_API bool fail(errc code, const char* where) noexcept;
  bool fail(errc code) noexcept { return fail(code, at_); }

  void advance(std::size_t count) noexcept { at_ += count; }
  void seek(const char* position) noexcept { at_ = position; }

  /// Skips SP, HTAB and folded line ends (LWS).
  void skip_lws() noexcept {
    while (at_ != end_) {
      if (is(*at_, char_lws)) {
        ++at_;
      } else if (*at_ == '\r' || *at_ == '\n') {
        if (!skip_fold()) return;
      } else {
        return;
      }
    }
  }

  bool consume(char c) noexcept {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  /// Reads `c` with white space around it, as COMMA, SEMI, EQUAL and SLASH are; reads nothing where it isn't
  /// next.
  bool consume_separator(char c) noexcept {
    const char* const start = at_;
    if (at_ == end_ || *at_ != c) {
      skip_lws();
      if (at_ == end_ || *at_ != c) {
        at_ = start;
        return false;
      }
    }
    // Most often there is one space behind it, or none.
    ++at_;
    if (at_ != end_ && *at_ == ' ') ++at_;
    if (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ') skip_lws();
    return true;
  }

  /// The longest run of characters of `classes`, perhaps empty.
  std::string_view take(int classes) noexcept {
    const char* start = at_;
    at_ = (classes & char_runs) != 0 ? skip_run(at_, classes) : skip(at_, end_, classes);
    return since(start);
  }

  /// As `skip` from `at`, a place in the text, for classes of `char_runs`.
  const char* skip_run(const char* at, int classes) noexcept {
    const std::size_t offset = window_.offset(at);
    if (offset < window::width) {
      const std::uint64_t others = ~window_.runs >> offset;
      if (others != 0) {
        const char* const stop = at + std::countr_zero(others);
        if (stop >= end_) return end_;
        if (!is(*stop, classes)) return stop;
        at = stop + 1;
      }
    }
    return skip_far(at, classes);
  }

  bool read_token(std::string_view& out) noexcept {
    out = take(char_token);
    return !out.empty() || fail(errc::expected_token);
  }

  /// Reads 1*DIGIT. A number over `max` fails with `number_overflow` where it begins.
  bool read_number(std::uint32_t& out, std::uint32_t max = 0xffffffffU) noexcept {
    const char* start = at_;
    std::uint64_t value = 0;
    while (at_ != end_ && is(*at_, char_digit)) {
      value = value * 10 + static_cast<std::uint64_t>(*at_ - '0');
      if (value > max) return fail(errc::number_overflow, start);
      ++at_;
    }
    out = static_cast<std::uint32_t>(value);
    return at_ != start || fail(errc::expected_number);
  }

  /// Reads a quoted string; `out` is what stands between the quotes, escapes untouched (see `unquote`).
  PARLEY_API bool read_quoted(std::string_view& out) noexcept;

 private:
  /// What was found out about the characters from `start` on, one bit each, so that one look serves many
  /// tokens.
  struct window {
    static constexpr std::size_t width = 64;

    const char* start = nullptr;
    std::uint64_t runs = 0;  ///< those of all `char_runs`

    std::size_t offset(const char* at) const noexcept {
      return reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(start);
    }
  };
  PARLEY_API const char* skip_far(const char* at, int classes) noexcept;
  PARLEY_API bool skip_fold() noexcept;

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* readable_;
  window window_;
  parse_error error_;
  std::uint16_t max_parameters_;
};

}  // namespace parley::sip
