#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/message_view.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sip {

/// A SIP message that owns all its text: to build one, or to keep a received one. Headers keep their order
/// and spelling.
///
/// On a path where each message counts, forward with `patch` and answer with `writer` instead: those do not
/// allocate.
class message {
 public:
  /// A request without headers. *Errors:* `bad_method` where `method` is no token, `bad_request_uri` where
  /// `uri` is empty, has white space or controls in it, or begins with an angle bracket or a quote.
  PARLEY_API static parsed<message> request(std::string_view method, std::string_view uri);

  /// A response without headers; an empty `reason_phrase` stands for the usual one. *Errors:*
  /// `bad_status_code` outside 100 to 699, `control_in_message` for a reason phrase with controls in it.
  PARLEY_API static parsed<message> response(int status, std::string_view reason_phrase = {});

  /// A copy of what `view` shows.
  PARLEY_API explicit message(const message_view& view);

  /// Indexes and copies `text`. *Errors:* as `message_view::parse`.
  PARLEY_API static parsed<message> parse(std::string_view text, const limits& limits = {});

  bool is_request() const noexcept { return status_ == 0; }
  std::string_view method_name() const noexcept { return is_request() ? std::string_view(first_word_) : ""; }
  std::string_view request_uri() const noexcept { return is_request() ? std::string_view(second_word_) : ""; }
  int status() const noexcept { return status_; }
  std::string_view reason_phrase() const noexcept {
    return is_request() ? "" : std::string_view(second_word_);
  }

  std::size_t header_count() const noexcept { return lines_.size(); }
  /// *Ownership:* views into the message, valid until it is changed.
  header_line header(std::size_t index) const noexcept {
    const line& l = lines_[index];
    const char* const at = text_.data() + l.offset;
    return {l.id, {at, l.name_length}, {at + l.name_length + separator.size(), l.value_length}};
  }
  /// All headers as they go on the wire, each with its line end. *Ownership:* as `header`.
  std::string_view header_text() const noexcept { return text_; }

  const std::string& body() const noexcept { return body_; }

  /// The value of the first header of that kind, empty where there is none. *Ownership:* as `header`.
  PARLEY_API std::string_view value_of(header_id id) const noexcept;

  /// Adds a header behind the others; white space around the value is dropped. Content-Length is not kept,
  /// since `to_string` writes the true one. Whether the header may stand more than once is not looked at: see
  /// `set`.
  ///
  /// *Errors:* `bad_header_name` for a name that is no token or has more than 255 characters;
  /// `control_in_message` with its offset for a value with a line end that is no fold, NUL or another control
  /// in it; `message_too_large` beyond 4 GiB. Nothing that is added can begin a header of its own.
  PARLEY_API parsed<void> add(std::string_view name, std::string_view value);
  PARLEY_API parsed<void> add(header_id id, std::string_view value);

  /// Puts `value` in the place of the first header of that kind and takes the others out, or adds it.
  /// *Errors:* as `add`.
  PARLEY_API parsed<void> set(header_id id, std::string_view value);

  /// Takes each header of that kind out; returns how many those were.
  PARLEY_API std::size_t remove(header_id id);

  /// Sets the body and its type; an empty type takes Content-Type away. *Errors:* as `add`, for the type.
  PARLEY_API parsed<void> set_body(std::string body, std::string_view content_type);

  /// The message as it goes on the wire. Content-Length is always there and right, whatever was added.
  PARLEY_API std::string to_string() const;

  friend bool operator==(const message&, const message&) = default;

 private:
  static constexpr std::string_view separator = ": ";
  static constexpr std::string_view line_end = "\r\n";

  /// Where a header stands in `text_`.
  struct line {
    std::uint32_t offset;
    std::uint32_t value_length;
    std::uint8_t name_length;
    header_id id;

    friend bool operator==(const line&, const line&) = default;
  };

  message() = default;
  parsed<void> add_checked(header_id id, std::string_view name, std::string_view value);
  void append(header_id id, std::string_view name, std::string_view value);
  std::size_t find(header_id id) const noexcept;
  void move_lines(std::size_t from, std::size_t removed, std::size_t added) noexcept;
  void erase(std::size_t index) noexcept;

  int status_ = 0;
  std::string first_word_;
  std::string second_word_;
  std::string text_;  // the header lines
  std::vector<line> lines_;
  std::string body_;
};

}  // namespace parley::sip
