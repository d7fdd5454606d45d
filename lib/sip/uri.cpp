#include <parley/sip/uri.hpp>

#include "sip/detail/escape.hpp"
#include "sip/detail/host.hpp"
#include "sip/detail/known_parameter.hpp"
#include "sip/detail/plain_uri.hpp"

namespace parley::sip {
namespace {

std::string_view between(const char* from, const char* to) noexcept {
  return {from, static_cast<std::size_t>(to - from)};
}

}  // namespace

/// Reads one URI. A `sip` URI without a user part looks like one with it up to the `@` that may follow far
/// behind, so it is read as the common form first, and a second time as one with a user only where that
/// failed.
class uri_reader {
 public:
  uri_reader(cursor& in, uri_view& out, uri_place place) noexcept
      : in_(in), out_(out), start_(in.position()), end_(in.end()), place_(place) {}

  bool run() noexcept {
    const char* at = start_;
    if (end_ - at >= 4 && at[3] == ':' && detail::is_named({at, 3}, "sip")) {
      scheme_end_ = at + 3;
      scheme_ = uri_scheme::sip;
    } else if (!read_scheme()) {
      return report();
    }
    at = scheme_end_ + 1;
    bool read = false;
    switch (scheme_) {
      case uri_scheme::sip:
      case uri_scheme::sips: read = read_sip(at); break;
      case uri_scheme::tel: read = read_tel(at); break;
      case uri_scheme::other: read = read_other(at); break;
    }
    if (!read) return report();
    out_.raw = between(start_, at_);
    out_.scheme_text = between(start_, scheme_end_);
    out_.scheme = scheme_;
    in_.seek(at_);
    return true;
  }

 private:
  bool report() noexcept { return in_.fail(code_, where_); }

  bool fail(errc code, const char* where) noexcept {
    code_ = code;
    where_ = where;
    return false;
  }

  // scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
  bool read_scheme() noexcept {
    const char* at = start_;
    if (at == end_ || !is(*at, char_alpha)) return fail(errc::expected_scheme, start_);
    while (at != end_ && (is(*at, char_alpha | char_digit) || *at == '+' || *at == '-' || *at == '.')) ++at;
    if (at == end_ || *at != ':') return fail(errc::expected_scheme, start_);
    const std::string_view name = between(start_, at);
    scheme_end_ = at;
    if (iequals(name, "sips")) scheme_ = uri_scheme::sips;
    if (iequals(name, "tel")) scheme_ = uri_scheme::tel;
    return true;
  }

  bool read_sip(const char* start) noexcept {
    const char* first = start;
    if (first != end_ && *first == '+') ++first;
    const char* const stop = in_.skip_run(first, char_host);
    if (stop != end_ && *stop == '@') {
      if (stop == start) return fail(errc::expected_user, start);
      out_.has_user = true;
      out_.user = between(start, stop);
      return read_host(stop + 1);
    }
    if (first != start) {
      fail(errc::expected_host, start);
    } else if (first != end_ && *first == '[') {
      if (read_host(start)) return true;
    } else if (read_from_host(start, stop)) {
      return true;
    }
    return read_with_user(start);
  }

  // userinfo = ( user / telephone-subscriber ) [ ":" password ] "@", in full. Where no `@` comes the first
  // error stands.
  bool read_with_user(const char* start) noexcept {
    const errc code = code_;
    const char* const where = where_;
    out_ = {};
    const char* at = start;
    if (!scan(at, char_user)) return false;
    if (place_ == uri_place::bare) {
      // RFC 3261 20: what looks like the end of a bare addr-spec is its end.
      at = start + between(start, at).substr(0, between(start, at).find_first_of(",;?")).size();
    }
    out_.user = between(start, at);
    if (at != end_ && *at == ':') {
      const char* const password = ++at;
      if (!scan(at, char_password)) return false;
      out_.password = between(password, at);
      out_.has_password = true;
    }
    if (at == end_ || *at != '@') return fail(code, where);
    if (out_.user.empty()) return fail(errc::expected_user, start);
    out_.has_user = true;
    return read_host(at + 1);
  }

  bool read_host(const char* at) noexcept {
    if (at != end_ && *at == '[') {
      const char* const stop = detail::scan_ipv6(at, end_);
      if (stop == nullptr) return fail(errc::bad_ipv6, at);
      out_.host_kind = host_kind::ipv6;
      out_.host = between(at, stop);
      return read_port(stop);
    }
    return read_from_host(at, in_.skip_run(at, char_host));
  }

  bool read_from_host(const char* at, const char* stop) noexcept {
    out_.host_kind = detail::kind_of_host(at, stop, in_.readable());
    if (out_.host_kind == host_kind::none) return fail(errc::expected_host, at);
    out_.host = between(at, stop);
    return read_port(stop);
  }

  bool read_port(const char* at) noexcept {
    if (at != end_ && *at == ':') {
      const char* const stop = detail::read_port(at + 1, end_, out_.port);
      if (stop == nullptr) return fail(errc::bad_port, at + 1);
      at = stop;
    }
    return read_tail(at);
  }

  // uri-parameters [ headers ], then what ends the URI in its place.
  bool read_tail(const char* at) noexcept {
    if (place_ == uri_place::bare) return finish_bare(at);
    if (at != end_ && *at == ';' && !read_parameters(at)) return false;
    if (at != end_ && *at == '?' && !read_headers(at)) return false;
    return finish(at);
  }

  bool finish_bare(const char* at) noexcept {
    at_ = at;
    if (at == end_) return true;
    switch (*at) {
      case ';':
      case ',':
      case '>':
      case ' ':
      case '\t':
      case '\r':
      case '\n': return true;
      case '?': return fail(errc::addr_spec_needs_angle, at);
      default: return fail(errc::bad_character, at);
    }
  }

  bool finish(const char* at) noexcept {
    at_ = at;
    if (place_ == uri_place::whole) return at == end_ || fail(errc::bad_character, at);
    if (at == end_) return fail(errc::unbalanced_angle, at);
    return *at == '>' || fail(errc::bad_character, at);
  }

  // uri-parameters = *( ";" uri-parameter ); uri-parameter = pname [ "=" pvalue ]
  bool read_parameters(const char*& at) noexcept {
    const char* const start = at;
    for (std::size_t count = 0; at != end_ && *at == ';'; ++count) {
      const char* const name = ++at;
      if (count == in_.max_parameters()) return fail(errc::too_many_parameters, name);
      if (!scan(at, char_param)) return false;
      if (at == name) return fail(errc::bad_parameter, name);
      if (at == end_ || *at != '=') continue;
      const char* const value = ++at;
      if (!scan(at, char_param)) return false;
      if (at == value) return fail(errc::bad_parameter, name);
    }
    out_.parameters = uri_fields(between(start, at));
    return true;
  }

  // headers = "?" header *( "&" header ); header = hname "=" hvalue
  bool read_headers(const char*& at) noexcept {
    const char* const start = at;
    std::size_t count = 0;
    do {
      const char* const name = ++at;
      if (count++ == in_.max_parameters()) return fail(errc::too_many_parameters, name);
      if (!scan(at, char_header)) return false;
      if (at == name) return fail(errc::bad_parameter, name);
      if (at == end_ || *at != '=') return fail(errc::expected_equals, at);
      ++at;
      if (!scan(at, char_header)) return false;
    } while (at != end_ && *at == '&');
    out_.headers = uri_fields(between(start, at));
    return true;
  }

  // RFC 3966 3: a number, global with its `+` or local, and parameters. Local numbers without phone-context
  // are common.
  bool read_tel(const char* at) noexcept {
    const char* const start = at;
    const bool global = at != end_ && *at == '+';
    if (global) ++at;
    bool has_digit = false;
    for (; at != end_; ++at) {
      if (is(*at, char_digit) || (!global && (is(*at, char_hex) || *at == '*' || *at == '#'))) {
        has_digit = true;
      } else if (*at != '-' && *at != '.' && *at != '(' && *at != ')') {
        break;
      }
    }
    if (!has_digit) return fail(errc::expected_number, at);
    out_.has_user = true;
    out_.user = between(start, at);
    if (place_ == uri_place::bare) return finish_bare(at);
    return (at == end_ || *at != ';' || read_parameters(at)) && finish(at);
  }

  // absoluteURI: kept as it is (RFC 4475 3.3.2).
  bool read_other(const char* at) noexcept {
    const char* const start = at;
    if (place_ != uri_place::bare) {
      if (!scan(at, char_uric)) return false;
      return at != start ? finish(at) : fail(errc::bad_character, start);
    }
    while (at != end_ && *at != ';' && *at != ',' && *at != '?') {
      const char* const before = at;
      if (!scan_one(at, char_uric)) return false;
      if (at == before) break;
    }
    return at != start ? finish_bare(at) : fail(errc::bad_character, start);
  }

  // The longest run of `classes` and of escapes.
  bool scan(const char*& at, int classes) noexcept {
    while (at != end_) {
      if (is(*at, classes)) {
        ++at;
      } else if (*at == '%') {
        if (!scan_one(at, classes)) return false;
      } else {
        break;
      }
    }
    return true;
  }

  // One character or escape, or none.
  bool scan_one(const char*& at, int classes) noexcept {
    if (is(*at, classes)) {
      ++at;
    } else if (*at == '%') {
      if (end_ - at < 3 || !is(at[1], char_hex) || !is(at[2], char_hex)) return fail(errc::bad_escape, at);
      at += 3;
    }
    return true;
  }

  cursor& in_;
  uri_view& out_;
  const char* const start_;
  const char* const end_;
  const uri_place place_;

  const char* at_ = nullptr;
  const char* scheme_end_ = nullptr;
  uri_scheme scheme_ = uri_scheme::other;
  errc code_{};
  const char* where_ = nullptr;
};

const char* plain_uri::read(const char* start, cursor& in, uri_view& out, uri_place place) noexcept {
  const char* const end = in.end();
  const auto peek = [end](const char* at) { return at != end ? *at : '\0'; };
  if (end - start < 5 || start[3] != ':' || !detail::is_named({start, 3}, "sip")) return nullptr;
  const char* const first = start + 4;
  const char* host = first;
  const char* stop = in.skip_run(first + (*first == '+' ? 1 : 0), char_host);
  std::string_view user;
  const bool has_user = peek(stop) == '@';
  if (has_user) {
    user = between(first, stop);
    host = stop + 1;
    stop = in.skip_run(host, char_host);
    if (user.empty()) return nullptr;
  } else if (*first == '+') {
    return nullptr;
  }
  const host_kind kind = detail::kind_of_host(host, stop, in.readable());
  if (kind == host_kind::none) return nullptr;

  const char* at = stop;
  std::uint16_t port = 0;
  if (peek(at) == ':') {
    at = detail::read_port(at + 1, end, port);
    if (at == nullptr) return nullptr;
  }

  const char* const parameters = at;
  if (place != uri_place::bare) {
    std::size_t count = 0;
    while (peek(at) == ';') {
      const char* const name = ++at;
      at = in.skip_run(at, char_param);
      if (at == name || ++count > in.max_parameters()) return nullptr;
      if (peek(at) != '=') continue;
      const char* const value = ++at;
      at = in.skip_run(at, char_param);
      if (at == value) return nullptr;
    }
  }
  switch (place) {
    case uri_place::in_angle:
      if (peek(at) != '>') return nullptr;
      break;
    case uri_place::whole:
      if (at != end) return nullptr;
      break;
    case uri_place::bare:
      if (at != end && *at != ';' && *at != ',' && *at != ' ') return nullptr;
      break;
  }

  out.raw = between(start, at);
  out.scheme_text = between(start, start + 3);
  out.user = user;
  out.host = between(host, stop);
  out.parameters = at != parameters ? uri_fields(between(parameters, at)) : uri_fields();
  out.port = port;
  out.scheme = uri_scheme::sip;
  out.host_kind = kind;
  out.has_user = has_user;
  return at;
}

bool uri_view::read(cursor& in, uri_view& out, uri_place place) noexcept {
  if (const char* const stop = plain_uri::read(in.position(), in, out, place)) {
    in.seek(stop);
    return true;
  }
  return uri_reader(in, out, place).run();
}

parsed<uri_view> parse_uri(std::string_view text) noexcept {
  cursor in(text);
  parsed<uri_view> out(boost::system::in_place_value);
  if (!uri_view::read(in, *out)) out = in.error();
  return out;
}

bool uri_fields::grammar::read_next(std::string_view& rest, parameter& out) noexcept {
  // A field reaches from one `;`, `?` or `&` to the next.
  if (rest.empty()) return false;
  const char separator = rest[0] == ';' ? ';' : '&';
  const std::string_view field = rest.substr(1, rest.find(separator, 1) - 1);
  rest.remove_prefix(1 + field.size());
  const std::size_t equals = field.find('=');
  out = {field.substr(0, equals), {}, equals != std::string_view::npos, false};
  if (out.has_value) out.value = field.substr(equals + 1);
  return true;
}

std::optional<parameter> uri_fields::find(std::string_view name) const noexcept {
  for (const parameter& one : *this) {
    if (detail::iequals_unescaped(one.name, name)) return one;
  }
  return std::nullopt;
}

std::optional<base::ip_address> uri_view::ip() const noexcept {
  std::string_view text = host;
  if (host_kind == sip::host_kind::ipv6) text = text.substr(1, text.size() - 2);
  if (host_kind != sip::host_kind::ipv4 && host_kind != sip::host_kind::ipv6) return std::nullopt;
  const auto address = base::ip_address::from_string(text);
  if (!address) return std::nullopt;
  return *address;
}

std::optional<sip::transport> uri_view::transport() const noexcept {
  const auto found = parameters.find("transport");
  if (!found) return std::nullopt;
  return transport_of(found->value);
}

std::string_view uri_view::maddr() const noexcept {
  const auto found = parameters.find("maddr");
  return found ? found->value : std::string_view{};
}

std::string_view uri_view::method() const noexcept {
  const auto found = parameters.find("method");
  return found ? found->value : std::string_view{};
}

std::string_view uri_view::user_parameter() const noexcept {
  const auto found = parameters.find("user");
  return found ? found->value : std::string_view{};
}

std::optional<std::uint8_t> uri_view::ttl() const noexcept {
  const auto found = parameters.find("ttl");
  if (!found) return std::nullopt;
  cursor in(found->value);
  std::uint32_t value = 0;
  if (!in.read_number(value, 255) || !in.at_end()) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

bool uri_view::is_telephone() const noexcept {
  return scheme == uri_scheme::tel || (has_user && iequals(user_parameter(), "phone"));
}

std::uint16_t uri_view::port_or_default() const noexcept {
  if (port != 0) return port;
  const sip::transport over = transport().value_or(sip::transport::udp);
  if (scheme != uri_scheme::sips) return default_port(over);
  // RFC 3261 26.2.2: sips runs over TLS whatever the transport below it.
  return default_port(over == sip::transport::ws || over == sip::transport::wss ? sip::transport::wss
                                                                                : sip::transport::tls);
}

}  // namespace parley::sip
