#include <parley/sip/identity.hpp>
#include <parley/sip/limits.hpp>

#include "sip/detail/known_parameter.hpp"

#include <array>

namespace parley::sip {
namespace {

constexpr std::array<std::string_view, 13> disposition_names{
    "",        "proxy",      "redirect", "cancel",     "no-cancel", "fork",    "no-fork",
    "recurse", "no-recurse", "parallel", "sequential", "queue",     "no-queue"};

/// base64, base64url, and the periods of a PASSporT (RFC 8225 4).
bool is_signature(char c) noexcept {
  return is(c, char_alpha | char_digit) || c == '+' || c == '/' || c == '-' || c == '_' || c == '.' ||
         c == '=';
}

/// Reads LAQUOT absoluteURI RAQUOT; the URI's own grammar is left to whoever fetches it.
bool read_bracketed(cursor& in, std::string_view& out) noexcept {
  const char* const open = in.position();
  if (!in.consume('<')) return in.fail(errc::unbalanced_angle);
  const char* const start = in.position();
  while (!in.at_end() && in.peek() != '>') {
    if (!is(in.peek(), char_uric) && in.peek() != '%') return in.fail(errc::bad_character);
    in.advance(1);
  }
  if (in.at_end()) return in.fail(errc::unbalanced_angle, open);
  out = in.since(start);
  in.advance(1);
  const std::size_t colon = out.find(':');
  return (colon != std::string_view::npos && colon != 0) || in.fail(errc::expected_scheme, start);
}

}  // namespace

bool privacy_header::read(cursor& in, privacy_header& out) noexcept {
  const char* const start = in.position();
  const char* stop = start;
  do {
    std::string_view value;
    if (!in.read_token(value)) return false;
    stop = in.position();
    if (iequals(value, "none")) {
      out.none = true;
    } else if (iequals(value, "header")) {
      out.header = true;
    } else if (iequals(value, "session")) {
      out.session = true;
    } else if (iequals(value, "user")) {
      out.user = true;
    } else if (iequals(value, "id")) {
      out.identity = true;
    } else if (iequals(value, "history")) {
      out.history = true;
    } else if (iequals(value, "critical")) {
      out.critical = true;
    } else {
      out.other = true;
    }
  } while (in.consume_separator(';'));
  out.values = {start, static_cast<std::size_t>(stop - start)};
  return true;
}

bool reason_header::read(cursor& in, reason_header& out) noexcept {
  return in.read_token(out.protocol) &&
         read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
           if (iequals(one.name, "cause")) return detail::take_number(in, one, where, 0xffffffffU, out.cause);
           if (!iequals(one.name, "text")) return true;
           if (out.text.data() != nullptr) return in.fail(errc::duplicate_parameter, where);
           if (!one.has_value) return in.fail(errc::bad_parameter, where);
           out.text = one.value;
           return true;
         });
}

bool identity_header::read(cursor& in, identity_header& out) noexcept {
  const char* const start = in.position();
  out.quoted = in.peek() == '"';
  if (out.quoted) {
    if (!in.read_quoted(out.signature)) return false;
    for (const char& c : out.signature) {
      if (!is_signature(c)) return in.fail(errc::bad_character, &c);
    }
  } else {
    while (!in.at_end() && is_signature(in.peek())) in.advance(1);
    out.signature = in.since(start);
  }
  if (out.signature.empty()) return in.fail(errc::expected_token, start);

  // Not `read_parameters`: a URI in angle brackets is no gen-value.
  const char* const first = in.position();
  const char* stop = first;
  for (std::size_t count = 0; in.consume_separator(';'); ++count) {
    const char* const where = in.position();
    if (count == in.max_parameters()) return in.fail(errc::too_many_parameters);
    std::string_view name;
    if (!in.read_token(name)) return false;
    if (in.consume_separator('=') && in.peek() == '<') {
      std::string_view uri;
      if (!read_bracketed(in, uri)) return false;
      if (iequals(name, "info")) {
        if (out.info.data() != nullptr) return in.fail(errc::duplicate_parameter, where);
        out.info = uri;
      }
    } else {
      in.seek(where);
      parameter one;
      if (!read_parameter(in, one)) return false;
      if (iequals(name, "info") && !detail::take_value(in, one, where, out.info)) return false;
      if (iequals(name, "alg") && !detail::take_value(in, one, where, out.algorithm)) return false;
      if (iequals(name, "ppt") && !detail::take_value(in, one, where, out.passport)) return false;
    }
    stop = in.position();
  }
  in.seek(stop);
  out.extensions = {first, static_cast<std::size_t>(stop - first)};
  return true;
}

bool identity_info_header::read(cursor& in, identity_info_header& out) noexcept {
  return read_bracketed(in, out.uri) &&
         read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
           return !iequals(one.name, "alg") || detail::take_value(in, one, where, out.algorithm);
         });
}

bool request_disposition_header::read(cursor& in, request_disposition_header& out) noexcept {
  if (!in.read_token(out.text)) return false;
  for (std::size_t i = 1; i < disposition_names.size(); ++i) {
    if (iequals(out.text, disposition_names[i])) out.directive = static_cast<disposition>(i);
  }
  return true;
}

}  // namespace parley::sip
