#include <parley/sip/name_addr.hpp>

#include "sip/detail/known_parameter.hpp"
#include "sip/detail/plain_uri.hpp"

namespace parley::sip {
namespace {

using detail::brackets;
using detail::take_number;
using detail::take_token;
using detail::take_value;

bool is_utf8(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }

// *( token LWS ) before `<`. `in` stands behind the first token.
bool read_tokens(cursor& in, name_addr& out, const char* start) noexcept {
  const char* stop = in.position();
  while (true) {
    while (!in.at_end() && (is(in.peek(), char_token) || is_utf8(in.peek()))) in.advance(1);
    stop = in.position();
    const char* const before = stop;
    in.skip_lws();
    if (in.position() == before || in.at_end() || !(is(in.peek(), char_token) || is_utf8(in.peek()))) break;
  }
  if (in.at_end() || stop == start) return in.fail(errc::expected_scheme, start);
  if (in.peek() == '>') return in.fail(errc::unbalanced_angle);
  if (in.peek() != '<') return in.fail(errc::bad_character);
  out.display_name = {start, static_cast<std::size_t>(stop - start)};
  return true;
}

/// Reads `<sip:…>`, perhaps behind a quoted name without escapes, and leaves the rest to `read_name_addr`.
inline bool read_usual_name_addr(cursor& in, name_addr& out) noexcept {
  const char* const start = in.position();
  const char* const end = in.end();
  const char* at = start;
  const char* name_end = start;
  if (at != end && *at == '"') {
    do {
      ++at;
    } while (at != end && *at != '"' && *at != '\\');
    name_end = at;
    if (at == end || *at != '"') return read_name_addr(in, out);
    ++at;
    if (at != end && *at == ' ') ++at;
  }
  if (at == end || *at != '<') return read_name_addr(in, out);
  at = plain_uri::read(at + 1, in, out.uri, uri_place::in_angle);
  if (at == nullptr) return read_name_addr(in, out);
  out.in_angle = true;
  out.display_quoted = name_end != start;
  out.display_name = out.display_quoted
                         ? std::string_view(start + 1, static_cast<std::size_t>(name_end - start - 1))
                         : std::string_view();
  in.seek(at + 1);
  return true;
}

/// Reads the whole element; `on` gets each parameter.
template <class OnParameter>
bool read_element(cursor& in, name_addr& out, brackets needed, OnParameter&& on) noexcept {
  const char* const start = in.position();
  if (!read_usual_name_addr(in, out)) return false;
  if (needed == brackets::required && !out.in_angle) return in.fail(errc::addr_spec_needs_angle, start);
  if (!read_parameters(in, out.parameters, on)) return false;
  out.raw = in.since(start);
  return true;
}

template <class Header>
bool read_tagged(cursor& in, Header& out) noexcept {
  return read_element(in, out, brackets::optional, [&](const parameter& one, const char* where) noexcept {
    return !detail::is_named(one.name, "tag") || take_token(in, one, where, out.tag);
  });
}

bool is_index(std::string_view text) noexcept {
  cursor in(text);
  do {
    if (in.take(char_digit).empty()) return false;
  } while (in.consume('.'));
  return in.at_end();
}

}  // namespace

bool read_name_addr(cursor& in, name_addr& out) noexcept {
  out.in_angle = true;
  const char* const start = in.position();
  if (in.peek() == '"') {
    if (!in.read_quoted(out.display_name)) return false;
    out.display_quoted = true;
    in.skip_lws();
    if (in.peek() != '<') return in.fail(errc::unbalanced_angle);
  } else if (in.peek() != '<') {
    in.take(char_token);
    if (in.peek() == ':') {
      in.seek(start);
      out.in_angle = false;
      if (!uri_view::read(in, out.uri, uri_place::bare)) return false;
      return in.peek() != '>' || in.fail(errc::unbalanced_angle);
    }
    if (!read_tokens(in, out, start)) return false;
  }
  in.advance(1);
  if (!uri_view::read(in, out.uri, uri_place::in_angle)) return false;
  in.advance(1);
  return true;
}

bool detail::read_plain_name_addr(cursor& in, name_addr& out, brackets needed) noexcept {
  return read_element(in, out, needed, [](const parameter&, const char*) noexcept { return true; });
}

bool from_header::read(cursor& in, from_header& out) noexcept { return read_tagged(in, out); }

bool to_header::read(cursor& in, to_header& out) noexcept { return read_tagged(in, out); }

bool contact_header::read(cursor& in, contact_header& out) noexcept {
  if (in.peek() == '*') {
    // `*` may begin a display name as well.
    const char* const start = in.position();
    in.advance(1);
    in.skip_lws();
    if (in.at_end() || in.peek() == ',' || in.peek() == ';') {
      // RFC 3261 10.2.2: nothing stands beside it, neither behind nor before.
      cursor before(std::string_view(in.position() - in.offset(),
                                     static_cast<std::size_t>(start - in.position()) + in.offset()));
      before.skip_lws();
      if (!in.at_end() || !before.at_end()) return in.fail(errc::bad_star_contact, start);
      in.seek(start + 1);
      out.raw = in.since(start);
      out.star = true;
      return true;
    }
    in.seek(start);
  }
  return read_element(in, out, brackets::optional, [&](const parameter& one, const char* where) noexcept {
    if (one.name.size() == 1 && (one.name[0] | 0x20) == 'q') {
      if (out.q) return in.fail(errc::duplicate_parameter, where);
      std::uint16_t thousandths = 0;
      if (one.quoted || !read_qvalue(one.value, thousandths)) return in.fail(errc::bad_qvalue, where);
      out.q = thousandths;
    } else if (one.name.size() == 7 && detail::is_named(one.name, "expires")) {
      if (out.expires) return in.fail(errc::duplicate_parameter, where);
      std::uint32_t seconds = 0;
      switch (detail::read_number_text(one.value, 0xffffffffU, seconds)) {
        case detail::number_text::valid: break;
        case detail::number_text::malformed: seconds = 3600; break;
        case detail::number_text::overflow: return in.fail(errc::number_overflow, one.value.data());
      }
      out.expires = seconds;
    }
    return true;
  });
}

bool referred_by_header::read(cursor& in, referred_by_header& out) noexcept {
  return read_element(in, out, brackets::optional, [&](const parameter& one, const char* where) noexcept {
    return !detail::is_named(one.name, "cid") || take_value(in, one, where, out.cid);
  });
}

bool history_info_header::read(cursor& in, history_info_header& out) noexcept {
  return read_element(in, out, brackets::required, [&](const parameter& one, const char* where) noexcept {
    std::string_view* const known = detail::is_named(one.name, "index") ? &out.index
                                    : detail::is_named(one.name, "rc")  ? &out.rc
                                    : detail::is_named(one.name, "mp")  ? &out.mp
                                    : detail::is_named(one.name, "np")  ? &out.np
                                                                        : nullptr;
    if (known == nullptr) return true;
    return take_token(in, one, where, *known) && (is_index(*known) || in.fail(errc::bad_parameter, where));
  });
}

bool diversion_header::read(cursor& in, diversion_header& out) noexcept {
  return read_element(in, out, brackets::optional, [&](const parameter& one, const char* where) noexcept {
    if (detail::is_named(one.name, "reason")) return take_value(in, one, where, out.reason);
    if (detail::is_named(one.name, "privacy")) return take_value(in, one, where, out.privacy);
    if (detail::is_named(one.name, "counter")) return take_number(in, one, where, 0xffffffffU, out.counter);
    if (detail::is_named(one.name, "limit")) return take_number(in, one, where, 0xffffffffU, out.limit);
    return true;
  });
}

bool call_info_header::read(cursor& in, call_info_header& out) noexcept {
  return read_element(in, out, brackets::required, [&](const parameter& one, const char* where) noexcept {
    return !detail::is_named(one.name, "purpose") || take_token(in, one, where, out.purpose);
  });
}

}  // namespace parley::sip
