#include "ng_message.hpp"

#include "bencode.hpp"
#include "json.hpp"

#include <charconv>
#include <system_error>

namespace relay {
namespace {

constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::optional<ng_message> split_message(std::string_view text) noexcept {
  const std::size_t space = text.substr(0, max_cookie + 1).find(' ');
  if (space == 0 || space == std::string_view::npos) return std::nullopt;
  return ng_message{text.substr(0, space), text.substr(space + 1)};
}

std::optional<body_form> form_of(std::string_view body) noexcept {
  if (body.starts_with('d')) return body_form::bencode;
  if (body.starts_with('{')) return body_form::json;
  return std::nullopt;
}

body_result<value> read_body(std::string_view body, const body_limits& limits) {
  const std::optional<body_form> form = form_of(body);
  if (!form) return body_error{0, "a command is a dictionary in bencode or an object in JSON"};
  if (*form == body_form::bencode) {
    // Some clients end what they send with a line end.
    while (!body.empty() && is_space(body.back())) body.remove_suffix(1);
    return read_bencode(body, limits);
  }
  return read_json(body, limits);
}

std::string write_message(std::string_view cookie, body_form form, const value& body) {
  std::string out(cookie);
  out += ' ';
  if (form == body_form::bencode) {
    write_bencode(out, body);
  } else {
    write_json(out, body);
  }
  return out;
}

value make_error(std::string_view why) {
  return value::dictionary{{"result", "error"}, {"error-reason", why}};
}

void message_framer::feed(std::string_view bytes) {
  if (failure_.empty()) buffer_ += bytes;
}

bool message_framer::fail(std::string_view why) {
  failure_ = why;
  buffer_.clear();
  return false;
}

std::optional<std::string> message_framer::next() {
  bool whole = false;
  bool moved = true;
  while (moved && !whole && failure_.empty()) {
    switch (part_) {
      case part::cookie: moved = scan_cookie(); break;
      case part::start: moved = scan_start(); break;
      case part::bencode: whole = scan_bencode(), moved = whole; break;
      case part::json: whole = scan_json(), moved = whole; break;
    }
  }
  if (failure_.empty() && buffer_.size() > limits_.bytes + max_cookie + 1 && !whole)
    fail("a message is too large");
  if (!whole) return std::nullopt;
  std::string message = buffer_.substr(0, at_);
  buffer_.erase(0, at_);
  at_ = 0;
  part_ = part::cookie;
  return message;
}

bool message_framer::scan_cookie() {
  if (at_ == 0) {
    std::size_t blank = 0;
    while (blank < buffer_.size() && is_space(buffer_[blank])) ++blank;
    buffer_.erase(0, blank);
  }
  const std::size_t space = buffer_.find(' ', at_);
  if (space == std::string::npos) {
    at_ = buffer_.size();
    return at_ > max_cookie ? fail("a cookie is too long") : false;
  }
  if (space > max_cookie) return fail("a cookie is too long");
  at_ = space + 1;
  part_ = part::start;
  return true;
}

bool message_framer::scan_start() {
  if (at_ == buffer_.size()) return false;
  const std::optional<body_form> form = form_of(std::string_view(buffer_).substr(at_));
  if (!form) return fail("a command is a dictionary in bencode or an object in JSON");
  part_ = *form == body_form::bencode ? part::bencode : part::json;
  depth_ = 0;
  in_text_ = escaped_ = false;
  return true;
}

bool message_framer::deeper() {
  return ++depth_ <= limits_.depth || fail("lists and dictionaries are too deep within each other");
}

bool message_framer::scan_bencode() {
  constexpr std::size_t longest_number = 21;
  const std::string_view all = buffer_;
  while (at_ < all.size()) {
    const char first = all[at_];
    if (first == 'd' || first == 'l') {
      if (!deeper()) return false;
      ++at_;
    } else if (first == 'e') {
      ++at_;
      if (--depth_ == 0) return true;
    } else if (first == 'i') {
      const std::size_t end = all.substr(at_, longest_number + 1).find('e');
      if (end == std::string_view::npos)
        return all.size() - at_ > longest_number ? fail("an integer is too long") : false;
      at_ += end + 1;
    } else if (first >= '0' && first <= '9') {
      const std::size_t colon = all.substr(at_, longest_number).find(':');
      if (colon == std::string_view::npos)
        return all.size() - at_ >= longest_number ? fail("the length of a text is too long") : false;
      std::size_t size = 0;
      const char* end = all.data() + at_ + colon;
      const auto [stopped, error] = std::from_chars(all.data() + at_, end, size);
      if (error != std::errc{} || stopped != end || size > limits_.bytes) return fail("a text is too long");
      if (size > all.size() - at_ - colon - 1) return false;
      at_ += colon + 1 + size;
    } else {
      return fail("an element begins with i, l, d or a length");
    }
  }
  return false;
}

bool message_framer::scan_json() {
  for (; at_ < buffer_.size(); ++at_) {
    const char c = buffer_[at_];
    if (in_text_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_text_ = false;
      }
    } else if (c == '"') {
      in_text_ = true;
    } else if (c == '{' || c == '[') {
      if (!deeper()) return false;
    } else if (c == '}' || c == ']') {
      if (--depth_ == 0) {
        ++at_;
        return true;
      }
    }
  }
  return false;
}

}  // namespace relay
