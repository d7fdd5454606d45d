#include <parley/sip/via.hpp>

#include "sip/detail/host.hpp"
#include "sip/detail/known_parameter.hpp"

#include <cstring>

namespace parley::sip {
namespace {

constexpr std::string_view usual_protocol = "SIP/2.0/";

// sent-protocol = protocol-name SLASH protocol-version SLASH transport
bool read_protocol(cursor& in, via_header& out) noexcept {
  const char* const start = in.position();
  if (in.rest().starts_with(usual_protocol)) {
    in.advance(usual_protocol.size() - 1);
    out.protocol = in.since(start);
    in.advance(1);
  } else {
    std::string_view part;
    if (!in.read_token(part)) return false;
    if (!in.consume_separator('/')) return in.fail(errc::expected_slash);
    if (!in.read_token(part)) return false;
    out.protocol = in.since(start);
    if (!in.consume_separator('/')) return in.fail(errc::expected_slash);
  }
  if (!in.read_token(out.transport_name)) return false;
  out.transport = transport_of(out.transport_name);
  return true;
}

// sent-by = host [ COLON port ]
bool read_sent_by(cursor& in, via_header& out) noexcept {
  const char* const start = in.position();
  const detail::host_result host = detail::read_host(start, in);
  if (host.kind == host_kind::none) return in.fail(host.error);
  in.seek(host.stop);
  out.host = in.since(start);
  out.host_kind = host.kind;
  if (in.consume_separator(':')) {
    const char* const stop = detail::read_port(in.position(), in.end(), out.port);
    if (stop == nullptr) return in.fail(errc::bad_port);
    in.seek(stop);
  }
  out.sent_by = in.since(start);
  return true;
}

bool take_rport(cursor& in, const parameter& one, const char* where, via_header& out) noexcept {
  if (out.has_rport) return in.fail(errc::duplicate_parameter, where);
  out.has_rport = true;
  if (!one.has_value) {
    out.rport_value = one.name.substr(one.name.size());
    return true;
  }
  out.rport_value = one.value;
  const char* const end = one.value.data() + one.value.size();
  if (one.quoted || detail::read_port(one.value.data(), end, out.rport) != end) {
    return in.fail(errc::bad_port, one.value.data());
  }
  return true;
}

bool take_known(cursor& in, const parameter& one, const char* where, via_header& out) noexcept {
  switch (one.name.size()) {
    case 3: return !detail::is_named(one.name, "ttl") || detail::take_number(in, one, where, 255, out.ttl);
    case 5:
      if (detail::is_named(one.name, "rport")) return take_rport(in, one, where, out);
      return !detail::is_named(one.name, "maddr") || detail::take_token(in, one, where, out.maddr);
    case 6: return !detail::is_named(one.name, "branch") || detail::take_token(in, one, where, out.branch);
    case 8:
      return !detail::is_named(one.name, "received") || detail::take_token(in, one, where, out.received);
    default: return true;
  }
}

std::optional<base::ip_address> to_address(std::string_view text) noexcept {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const auto address = base::ip_address::from_string(text);
  if (!address) return std::nullopt;
  return *address;
}

}  // namespace

bool via_header::read(cursor& in, via_header& out) noexcept {
  const char* const start = in.position();
  if (!read_protocol(in, out)) return false;
  const char* const before = in.position();
  in.skip_lws();
  if (in.position() == before) return in.fail(errc::expected_separator);
  if (!read_sent_by(in, out)) return false;
  if (!read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
        return take_known(in, one, where, out);
      })) {
    return false;
  }
  out.raw = in.since(start);
  return true;
}

std::optional<base::ip_address> via_header::ip() const noexcept {
  if (host_kind == sip::host_kind::name) return std::nullopt;
  return to_address(host);
}

std::optional<base::ip_address> via_header::received_ip() const noexcept { return to_address(received); }

}  // namespace parley::sip
