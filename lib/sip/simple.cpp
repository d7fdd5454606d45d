#include <parley/sip/simple.hpp>

#include "sip/detail/known_parameter.hpp"

namespace parley::sip {
namespace {

constexpr std::uint32_t max_cseq = 0x7fffffffU;

bool read_lws(cursor& in) noexcept {
  const char* const before = in.position();
  in.skip_lws();
  return in.position() != before || in.fail(errc::expected_separator);
}

bool read_method(cursor& in, method& value, std::string_view& name) noexcept {
  if (!in.read_token(name)) return false;
  value = method_of(name);
  return true;
}

// callid = word [ "@" word ]
bool read_call_id(cursor& in, std::string_view& out) noexcept {
  const char* const start = in.position();
  if (in.take(char_word).empty()) return in.fail(errc::expected_word);
  if (in.consume('@') && in.take(char_word).empty()) return in.fail(errc::expected_word);
  out = in.since(start);
  return true;
}

}  // namespace

bool cseq_header::read(cursor& in, cseq_header& out) noexcept {
  return in.read_number(out.number, max_cseq) && read_lws(in) && read_method(in, out.method, out.method_name);
}

bool rack_header::read(cursor& in, rack_header& out) noexcept {
  return in.read_number(out.rseq) && read_lws(in) && in.read_number(out.cseq, max_cseq) && read_lws(in) &&
         read_method(in, out.method, out.method_name);
}

bool call_id_header::read(cursor& in, call_id_header& out) noexcept { return read_call_id(in, out.value); }

bool in_reply_to_header::read(cursor& in, in_reply_to_header& out) noexcept {
  return read_call_id(in, out.value);
}

bool max_forwards_header::read(cursor& in, max_forwards_header& out) noexcept {
  const char* const start = in.position();
  std::uint32_t value = 0;
  if (!in.read_number(value)) return false;
  if (value > 255) return in.fail(errc::number_out_of_range, start);
  out.value = static_cast<std::uint8_t>(value);
  return true;
}

bool content_length_header::read(cursor& in, content_length_header& out) noexcept {
  const char* const start = in.position();
  const std::string_view digits = in.take(char_digit);
  switch (detail::read_number_text(digits, 0xffffffffU, out.value)) {
    case detail::number_text::valid: return true;
    case detail::number_text::overflow: return in.fail(errc::content_length_overflow, start);
    case detail::number_text::malformed: break;
  }
  return in.fail(errc::bad_content_length, start);
}

bool min_se_header::read(cursor& in, min_se_header& out) noexcept {
  return in.read_number(out.seconds) &&
         read_parameters(in, out.parameters, [](const parameter&, const char*) noexcept { return true; });
}

bool retry_after_header::read(cursor& in, retry_after_header& out) noexcept {
  if (!in.read_number(out.seconds)) return false;
  const char* const stop = in.position();
  in.skip_lws();
  if (in.peek() != '(') {
    in.seek(stop);
  } else if (!read_comment(in, out.comment)) {
    return false;
  }
  return read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
    return !detail::is_named(one.name, "duration") ||
           detail::take_number(in, one, where, 0xffffffffU, out.duration);
  });
}

bool timestamp_header::read(cursor& in, timestamp_header& out) noexcept {
  const char* start = in.position();
  if (in.take(char_digit).empty()) return in.fail(errc::expected_number);
  if (in.consume('.')) in.take(char_digit);
  out.value = in.since(start);
  in.skip_lws();
  const char* const delay = in.position();
  // delay = *(DIGIT) [ "." *(DIGIT) ]
  in.take(char_digit);
  if (in.consume('.')) in.take(char_digit);
  out.delay = in.since(delay);
  if (out.delay.empty()) in.seek(start + out.value.size());
  return true;
}

bool mime_version_header::read(cursor& in, mime_version_header& out) noexcept {
  if (!in.read_number(out.major_number)) return false;
  if (!in.consume('.')) return in.fail(errc::expected_separator);
  return in.read_number(out.minor_number);
}

bool read_comment(cursor& in, std::string_view& out) noexcept {
  const char* const open = in.position();
  std::size_t depth = 0;
  while (!in.at_end()) {
    const char c = in.peek();
    in.advance(1);
    if (c == '\\') {
      if (in.at_end()) break;
      in.advance(1);
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      out = {open + 1, static_cast<std::size_t>(in.position() - open - 2)};
      return true;
    }
    if (depth == 0) break;
  }
  return in.fail(depth == 0 ? errc::bad_character : errc::unterminated_comment, open);
}

bool product::read(cursor& in, product& out) noexcept {
  if (in.peek() == '(') {
    if (!read_comment(in, out.comment)) return false;
  } else {
    if (!in.read_token(out.name)) return false;
    if (in.consume_separator('/') && !in.read_token(out.version)) return false;
  }
  in.skip_lws();
  return true;
}

}  // namespace parley::sip
