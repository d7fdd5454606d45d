#include <parley/sip/cursor.hpp>

#include <bit>

#include "sip/detail/scan.hpp"

namespace parley::sip {

bool cursor::read_quoted(std::string_view& out) noexcept {
  const char* open = at_;
  if (!consume('"')) return fail(errc::expected_quoted_string);
  const char* start = at_;
  while (at_ != end_) {
    if (static_cast<std::size_t>(end_ - at_) >= detail::block::width) {
      const detail::block next(at_);
      const std::uint32_t special = next.equal_to('"') | next.equal_to('\\');
      if (special == 0) {
        at_ += detail::block::width;
        continue;
      }
      at_ += std::countr_zero(special);
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
