#pragma once

#include "value.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay {

/// How a body is written down. The answer comes in the form of the command.
enum class body_form : std::uint8_t { bencode, json };

/// The longest cookie that is taken.
inline constexpr std::size_t max_cookie = 255;

/// "COOKIE SP BODY", taken apart. *Ownership:* views into the message.
struct ng_message {
  std::string_view cookie;
  std::string_view body;
};

/// *Errors:* nothing where there is no cookie, or one that is too long: then there is nobody to answer.
std::optional<ng_message> split_message(std::string_view text) noexcept;

/// By its first letter: `d` and `{`, since a command is a dictionary; nothing for anything else.
std::optional<body_form> form_of(std::string_view body) noexcept;

/// *Errors:* as `read_bencode` and `read_json`, or that it is neither or no dictionary.
body_result<value> read_body(std::string_view body, const body_limits& limits = {});

/// "COOKIE SP BODY".
std::string write_message(std::string_view cookie, body_form form, const value& body);

/// `{"result": "error", "error-reason": why}`.
value make_error(std::string_view why);

/// Finds the messages in a stream of bytes, in which they stand one behind the other: a body's own grammar
/// says where it ends. White space before a cookie is skipped. However the bytes are cut, each is looked at
/// once.
class message_framer {
 public:
  explicit message_framer(const body_limits& limits = {}) noexcept : limits_(limits) {}

  /// Takes bytes of the stream. Nothing is taken any more after a failure.
  void feed(std::string_view bytes);

  /// The next whole message; nothing where more bytes are needed.
  std::optional<std::string> next();

  /// The stream can't be followed any more: close the connection. Empty otherwise.
  std::string_view failure() const noexcept { return failure_; }

  std::size_t waiting_bytes() const noexcept { return buffer_.size(); }

 private:
  enum class part : std::uint8_t { cookie, start, bencode, json };

  bool scan_cookie();
  bool scan_start();
  bool scan_bencode();
  bool scan_json();
  bool fail(std::string_view why);
  bool deeper();

  body_limits limits_;
  std::string buffer_{};
  std::size_t at_ = 0;  // up to here the buffer was looked at
  part part_ = part::cookie;
  std::size_t depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
  std::string_view failure_{};
};

}  // namespace relay
