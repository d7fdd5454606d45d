#include <parley/sip/cursor.hpp>

#include "sip/detail/scan.hpp"

#include <bit>

namespace parley::sip {

bool cursor::fail(errc code, const char* where) noexcept {
  if (error_.code == errc{}) error_ = {code, static_cast<std::uint32_t>(where - begin_)};
  return false;
}

bool cursor::read_quoted(std::string_view& out) noexcept {
  const char* open = at_;
  if (!consume('"')) return fail(errc::expected_quoted_string);
  const char* start = at_;
  while (at_ != end_) {
    if (static_cast<std::size_t>(readable_ - at_) >= detail::block::width) {
      const detail::block next(at_);
      const std::uint32_t special = next.equal_to('"') | next.equal_to('\\');
      const std::size_t run =
          special == 0 ? detail::block::width : static_cast<std::size_t>(std::countr_zero(special));
      if (run >= static_cast<std::size_t>(end_ - at_)) break;
      at_ += run;
      if (special == 0) continue;
    }
    if (*at_ == '"') {
      out = since(start);
      ++at_;
      return true;
    }
    // RFC 3261 25.1: quoted-pair is a backslash and any character but CR and LF.
    if (*at_ == '\\') {
      ++at_;
      if (at_ == end_) break;
      if (*at_ == '\r' || *at_ == '\n') return fail(errc::bad_character);
    }
    ++at_;
  }
  return fail(errc::unterminated_quote, open);
}

const char* cursor::skip_far(const char* at, int classes) noexcept {
  while (true) {
    if (window_.offset(at) >= window::width) {
      // A short text is not worth a window.
      if (end_ - at < static_cast<std::ptrdiff_t>(detail::block::width) ||
          readable_ - at < static_cast<std::ptrdiff_t>(window::width)) {
        return skip(at, end_, classes);
      }
      window_ = {at, detail::runs64(at)};
    }
    const std::uint64_t others = ~window_.runs >> window_.offset(at);
    if (others == 0) {
      at = window_.start + window::width;
      continue;
    }
    at += std::countr_zero(others);
    if (at >= end_) return end_;
    if (!is(*at, classes)) return at;
    ++at;
  }
}

bool cursor::skip_fold() noexcept {
  const char* next = at_;
  if (*next == '\r') ++next;
  if (next == end_ || *next != '\n') return false;
  ++next;
  // The index takes a line end into a value only where white space follows, so a trailing one is no fold.
  if (next == end_ || !is(*next, char_lws)) return false;
  at_ = next + 1;
  return true;
}

}  // namespace parley::sip
