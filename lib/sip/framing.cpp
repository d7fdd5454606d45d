#include <parley/sip/cursor.hpp>
#include <parley/sip/framing.hpp>
#include <parley/sip/header_id.hpp>

#include <optional>

namespace parley::sip {

stream_framer::step stream_framer::fail(errc code, std::size_t offset) noexcept {
  broken_ = {code, static_cast<std::uint32_t>(offset)};
  return {status::error, 0, 0, broken_};
}

stream_framer::step stream_framer::next(std::string_view buffered) noexcept {
  if (broken_.code != errc{}) return {status::error, 0, 0, broken_};
  if (scanned_ == 0 && expected_ == 0) {
    if (buffered.starts_with("\r\n\r\n")) {
      half_ping_ = false;
      return {status::keep_alive_ping, 4, 0, {}};
    }
    if (buffered.starts_with("\r\n")) {
      const bool second = half_ping_;
      half_ping_ = !second;
      return {second ? status::keep_alive_ping : status::keep_alive_pong, 2, 0, {}};
    }
    if (buffered.starts_with('\n')) return {status::keep_alive_pong, 1, 0, {}};
    if (buffered == "\r") return {};
    if (buffered.starts_with('\r')) return fail(errc::bare_cr, 0);
  }
  if (!buffered.empty()) half_ping_ = false;

  while (expected_ == 0) {
    const std::size_t line_end = buffered.find('\n', scanned_);
    if (line_end == std::string_view::npos) {
      scanned_ = buffered.size();
      if (scanned_ > limits_.header_bytes) return fail(errc::headers_too_large, limits_.header_bytes);
      return {};
    }
    if (line_end >= limits_.header_bytes) return fail(errc::headers_too_large, limits_.header_bytes);
    const std::string_view behind = buffered.substr(line_end + 1);
    // The line end is looked at again once it is known what follows it.
    if (behind.empty() || behind == "\r") {
      scanned_ = line_end;
      return {};
    }
    if (behind.starts_with('\n') || behind.starts_with("\r\n")) {
      const std::size_t headers = line_end + (behind[0] == '\n' ? 2 : 3);
      if (const step found = find_length(buffered.substr(0, headers)); found.what == status::error)
        return found;
      break;
    }
    scanned_ = line_end + 1;
  }

  if (buffered.size() < expected_) return {status::need_more, 0, expected_, {}};
  const step whole{status::message, expected_, expected_, {}};
  scanned_ = expected_ = 0;
  return whole;
}

stream_framer::step stream_framer::find_length(std::string_view headers) noexcept {
  std::optional<std::uint32_t> length;
  std::size_t value_at = 0;
  for (std::size_t line = headers.find('\n') + 1; line < headers.size();
       line = headers.find('\n', line) + 1) {
    // Only Content-Length and its compact form begin so, or else the line is of no interest here.
    const char first = lower(headers[line]);
    if (first != 'c' && first != 'l') continue;
    cursor in(headers.substr(line));
    const std::string_view name = in.take(char_token);
    in.take(char_lws);
    if (!in.consume(':') || header_id_of(name) != header_id::content_length) continue;
    in.skip_lws();
    const std::size_t at = line + in.offset();
    std::uint32_t value = 0;
    if (!in.read_number(value)) {
      const bool overflow = in.error().code == errc::number_overflow;
      return fail(overflow ? errc::content_length_overflow : errc::bad_content_length, at);
    }
    const std::size_t behind = line + in.offset();
    in.skip_lws();
    if (!in.rest().starts_with('\n') && !in.rest().starts_with("\r\n")) {
      return fail(errc::bad_content_length, behind);
    }
    if (length && *length != value) return fail(errc::content_length_conflict, at);
    if (value > limits_.message_bytes) return fail(errc::content_length_overflow, at);
    if (value > limits_.body_bytes) return fail(errc::body_too_large, at);
    length = value;
    value_at = at;
  }
  // RFC 3261 18.3: on a stream nothing else says where the body ends.
  if (!length) return fail(errc::missing_header, headers.size());
  if (headers.size() + *length > limits_.message_bytes) return fail(errc::message_too_large, value_at);
  expected_ = headers.size() + *length;
  return {};
}

}  // namespace parley::sip
