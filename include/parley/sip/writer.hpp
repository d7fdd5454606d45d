#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/message_view.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace parley::sip {

/// Appends text and numbers to a fixed stretch of characters. Once it has run full, nothing more is taken and
/// `overflowed()` is true, so a sequence of calls needs one check at its end.
///
/// *Ownership:* writes into memory of the caller's.
class text_writer {
 public:
  explicit text_writer(std::span<char> out) noexcept : out_(out) {}

  text_writer& operator<<(std::string_view text) noexcept {
    if (text.size() > out_.size() - size_) {
      overflowed_ = true;
      out_ = out_.first(size_);
      return *this;
    }
    if (!text.empty()) std::memcpy(out_.data() + size_, text.data(), text.size());
    size_ += text.size();
    return *this;
  }
  text_writer& operator<<(char c) noexcept { return *this << std::string_view(&c, 1); }
  template <std::integral Number>
    requires(!std::same_as<Number, char> && !std::same_as<Number, bool>)
  text_writer& operator<<(Number value) noexcept {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
  }
  /// `value` as `digits` hexadecimal digits, the lowest where it has more.
  text_writer& hex(std::uint64_t value, std::size_t digits = 16) noexcept {
    char text[16];
    digits = digits < sizeof text ? digits : sizeof text;
    for (std::size_t i = digits; i-- > 0; value >>= 4U) text[i] = "0123456789abcdef"[value & 0xfU];
    return *this << std::string_view(text, digits);
  }

  std::size_t size() const noexcept { return size_; }
  bool overflowed() const noexcept { return overflowed_; }
  std::string_view text() const noexcept { return {out_.data(), size_}; }

 private:
  std::span<char> out_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
};

/// Writes one SIP message, top to bottom, into memory of the caller's: the start line, headers in the order
/// of the calls, and `finish` with the body and its Content-Length.
///
/// Values are written as they are given. What comes from outside and could hold a line end goes through the
/// parser or an escaping function first.
///
/// *Ownership:* holds a span of the caller's memory; copies everything that it is given.
class writer {
 public:
  explicit writer(std::span<std::byte> out) noexcept
      : text_(std::span<char>(reinterpret_cast<char*>(out.data()), out.size())) {}

  writer& request_line(std::string_view method, std::string_view uri) noexcept {
    text_ << method << ' ' << uri << " SIP/2.0\r\n";
    return *this;
  }
  writer& status_line(int status, std::string_view reason_phrase) noexcept {
    text_ << "SIP/2.0 " << status << ' ' << reason_phrase << "\r\n";
    return *this;
  }
  /// One header line; `parts` are texts, characters and integers, written one behind the other as the value.
  template <class... Parts>
  writer& header(std::string_view name, const Parts&... parts) noexcept {
    text_ << name << ": ";
    (text_ << ... << parts) << "\r\n";
    return *this;
  }
  template <class... Parts>
  writer& header(header_id id, const Parts&... parts) noexcept {
    return header(name_of(id), parts...);
  }
  /// The header at `index` of `from`, with the name and value as they stand there.
  writer& copy(const message_view& from, std::size_t index) noexcept {
    const header_line line = from.header(index);
    return header(line.name, line.value);
  }
  /// Each header of that kind in `from`, in order.
  writer& copy_all(const message_view& from, header_id id) noexcept {
    for (std::size_t i = from.find(id); i != message_view::npos; i = from.find_after(id, i)) copy(from, i);
    return *this;
  }
  /// Header lines as they are, each with its line end: those of `message::header_text`.
  writer& lines(std::string_view text) noexcept {
    text_ << text;
    return *this;
  }
  /// Ends the headers, with Content-Length, and writes the body.
  writer& finish(std::string_view body = {}) noexcept {
    text_ << "Content-Length: " << body.size() << "\r\n\r\n" << body;
    return *this;
  }

  /// How many bytes have been written.
  /// *Errors:* `no_space` where the memory did not suffice; try again with more.
  parsed<std::size_t> size() const noexcept {
    if (text_.overflowed()) return parse_error{errc::no_space, static_cast<std::uint32_t>(text_.size())};
    return text_.size();
  }

 private:
  text_writer text_;
};

}  // namespace parley::sip
