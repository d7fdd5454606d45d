#include <parley/proxy/validation.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/uri.hpp>
#include <parley/sip/via.hpp>

#include "proxy/detail/max_breadth.hpp"
#include "proxy/detail/service_urn.hpp"

namespace parley::proxy {
namespace {

using sip::header_id;

refusal bad_request(std::string_view fault) noexcept { return {400, fault, {}}; }
refusal bad(header_id id) noexcept { return {400, "Bad", sip::name_of(id)}; }

template <class Header>
bool check(const sip::message_view& request, refusal& out) noexcept {
  if (!request.has(Header::id)) {
    out = {400, "Missing", sip::name_of(Header::id)};
  } else if (!request.get<Header>()) {
    out = bad(Header::id);
  }
  return !out;
}

refusal check_uri(const sip::message_view& request) noexcept {
  const auto uri = sip::parse_uri(request.request_uri());
  if (!uri) return bad_request("Bad Request-URI");
  // RFC 3261 16.3.2: a scheme that the proxy does not know how to route by. A service (RFC 5031) goes where
  // policy knows one.
  if (!uri->is_sip() && uri->scheme != sip::uri_scheme::tel && !detail::is_service(uri->raw))
    return {416, {}, {}};
  // RFC 3261 19.1.1: headers are for URIs outside of messages.
  if (!uri->headers.empty()) return bad_request("Headers In Request-URI");
  return {};
}

}  // namespace

refusal validate(const sip::message_view& request) noexcept {
  refusal out;
  if (!check<sip::via_header>(request, out) || !check<sip::cseq_header>(request, out) ||
      !check<sip::from_header>(request, out) || !check<sip::to_header>(request, out) ||
      !check<sip::call_id_header>(request, out)) {
    return out;
  }
  if (request.get<sip::cseq_header>()->method_name != request.method_name()) {
    return bad_request("CSeq Method Mismatch");
  }
  if (out = check_uri(request); out) return out;
  const auto hops = request.get<sip::max_forwards_header>();
  if (!hops && request.has(header_id::max_forwards)) return bad(header_id::max_forwards);
  if (!request.for_each<sip::route_header>([](const auto&) {})) return bad(header_id::route);
  if (!detail::max_breadth(request).sound) return {400, "Bad", detail::max_breadth::name};
  // RFC 3261 16.3.3: before the extensions of 16.3.5.
  if (hops && hops->value == 0) return {483, {}, {}};
  // RFC 3261 16.3.5: no extension that a proxy would have to know is known here. An ACK can't be refused.
  if (request.has(header_id::proxy_require) && request.method() != sip::method::ack &&
      request.method() != sip::method::cancel) {
    if (!request.for_each<sip::proxy_require_header>([](const auto&) {}))
      return bad(header_id::proxy_require);
    return {420, {}, {}};
  }
  return {};
}

refusal refusal_for(const sip::parse_error& error, const sip::message_view& partial) noexcept {
  const int status = sip::status_for(error.code);
  if (status != 400) return {status, {}, {}};
  switch (error.code) {
    case sip::errc::bad_start_line:
    case sip::errc::bad_method: return bad_request("Bad Request Line");
    case sip::errc::bad_request_uri: return bad_request("Bad Request-URI");
    case sip::errc::bad_version: return bad_request("Bad SIP-Version");
    case sip::errc::missing_header: return {400, "Missing", sip::name_of(header_id::content_length)};
    case sip::errc::bad_content_length:
    case sip::errc::content_length_overflow:
    case sip::errc::body_truncated: return bad(header_id::content_length);
    case sip::errc::content_length_conflict:
      return {400, "Conflicting", sip::name_of(header_id::content_length)};
    case sip::errc::unterminated_headers: return bad_request("Missing Empty Line");
    case sip::errc::nul_in_message:
    case sip::errc::control_in_message:
    case sip::errc::bare_cr: return bad_request("Control Character In Header");
    case sip::errc::duplicate_header:
      for (std::size_t i = 0; i < partial.header_count(); ++i) {
        if (partial.line_offset(i) == error.offset) return {400, "Repeated", sip::name_of(partial.id(i))};
      }
      return bad_request("Repeated Header");
    default: return bad_request("Bad Header Line");
  }
}

}  // namespace parley::proxy
