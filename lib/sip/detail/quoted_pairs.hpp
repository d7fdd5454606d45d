#pragma once

namespace parley::sip::detail {

/// Tells the control characters that a header value may hold, those behind the backslash of a quoted-pair,
/// from those that it may not. quoted-pairs stand in quoted strings and in comments (RFC 3261 25.1). One pass
/// over the value, however many are asked for.
class quoted_pairs {
 public:
  explicit quoted_pairs(const char* value) noexcept : at_(value) {}

  /// True where the character at `where` is the second of a quoted-pair. `where` is behind all that were
  /// asked for before.
  bool cover(const char* where) noexcept {
    while (at_ < where) {
      const char c = *at_++;
      if (c == '\\' && (quoted_ || depth_ != 0)) {
        if (at_++ == where) return true;
      } else if (c == '"' && depth_ == 0) {
        quoted_ = !quoted_;
      } else if (c == '(' && !quoted_) {
        ++depth_;
      } else if (c == ')' && depth_ != 0) {
        --depth_;
      }
    }
    return false;
  }

 private:
  const char* at_;
  unsigned depth_ = 0;  ///< of comments within each other
  bool quoted_ = false;
};

}  // namespace parley::sip::detail
