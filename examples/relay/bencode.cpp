#include "bencode.hpp"

#include <charconv>
#include <system_error>

namespace relay {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Digits without a sign or leading zeros, and nothing behind them.
template <class Integer>
bool read_number(std::string_view digits, Integer& out) {
  const std::string_view bare = digits.starts_with('-') ? digits.substr(1) : digits;
  if (bare.empty() || !is_digit(bare.front())) return false;
  if (bare.front() == '0' && digits.size() > 1) return false;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, out);
  return error == std::errc{} && stopped == end;
}

class reader {
 public:
  reader(std::string_view text, const body_limits& limits) : text_(text), tree_(limits) {}

  body_result<value> read() {
    while (!tree_.is_complete()) {
      if (at_ == text_.size()) return body_error{at_, "the body ends too early"};
      const std::size_t start = at_;
      if (const std::string_view rule = element(); !rule.empty()) return body_error{start, rule};
    }
    if (at_ != text_.size()) return body_error{at_, "something stands behind the end of the body"};
    return tree_.take();
  }

 private:
  std::string_view element() {
    const char first = text_[at_];
    if (is_digit(first)) return text();
    ++at_;
    switch (first) {
      case 'i': return integer();
      case 'l': return tree_.begin_list();
      case 'd': return tree_.begin_dictionary();
      case 'e': return tree_.end();
      default: return "an element begins with i, l, d or a length";
    }
  }

  std::string_view integer() {
    constexpr std::size_t longest = 20;
    const std::size_t end = text_.substr(at_, longest + 1).find('e');
    std::int64_t number = 0;
    if (end == std::string_view::npos || !read_number(text_.substr(at_, end), number))
      return "an integer is a decimal number of 64 bits without leading zeros, and ends with e";
    at_ += end + 1;
    return tree_.add(number);
  }

  std::string_view text() {
    constexpr std::size_t longest = 10;
    const std::size_t colon = text_.substr(at_, longest + 1).find(':');
    std::size_t size = 0;
    if (colon == std::string_view::npos || !read_number(text_.substr(at_, colon), size))
      return "a text begins with its length, a decimal number without leading zeros, and a colon";
    at_ += colon + 1;
    if (size > text_.size() - at_) return "a text is longer than what there is";
    std::string own(text_.substr(at_, size));
    at_ += size;
    return tree_.wants_key() ? tree_.key(std::move(own)) : tree_.add(std::move(own));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  tree_builder tree_;
};

void write_text(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

}  // namespace

body_result<value> read_bencode(std::string_view text, const body_limits& limits) {
  if (text.size() > limits.bytes) return body_error{limits.bytes, "the body is too large"};
  return reader(text, limits).read();
}

// As deep as what was read or made here, which the limits bound.
void write_bencode(std::string& out, const value& what) {
  if (const std::int64_t* number = what.integer()) {
    out += 'i';
    out += std::to_string(*number);
    out += 'e';
  } else if (const std::string* text = what.text()) {
    write_text(out, *text);
  } else if (const value::list* items = what.items()) {
    out += 'l';
    for (const value& one : *items) write_bencode(out, one);
    out += 'e';
  } else {
    out += 'd';
    for (const auto& [key, one] : *what.entries()) {
      write_text(out, key);
      write_bencode(out, one);
    }
    out += 'e';
  }
}

}  // namespace relay
