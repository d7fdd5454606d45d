#include <parley/proxy/validation.hpp>

#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/uri.hpp>
#include <parley/sip/via.hpp>

namespace parley::proxy {
namespace {

using sip::header_id;

refusal bad(std::string_view reason_phrase) noexcept { return {400, reason_phrase}; }

/// The reason phrase for a fault in a header, as RFC 3261 21.4.1 wishes it to be.
std::string_view fault_in(header_id id) noexcept {
  switch (id) {
    case header_id::via: return "Bad Via";
    case header_id::from: return "Bad From";
    case header_id::to: return "Bad To";
    case header_id::call_id: return "Bad Call-ID";
    case header_id::cseq: return "Bad CSeq";
    case header_id::max_forwards: return "Bad Max-Forwards";
    case header_id::route: return "Bad Route";
    case header_id::proxy_require: return "Bad Proxy-Require";
    default: return "Bad Request";
  }
}

std::string_view missing(header_id id) noexcept {
  switch (id) {
    case header_id::via: return "Missing Via";
    case header_id::from: return "Missing From";
    case header_id::to: return "Missing To";
    case header_id::call_id: return "Missing Call-ID";
    case header_id::cseq: return "Missing CSeq";
    default: return "Missing Header";
  }
}

template <class Header>
bool check(const sip::message_view& request, refusal& out) noexcept {
  if (!request.has(Header::id)) {
    out = bad(missing(Header::id));
  } else if (!request.get<Header>()) {
    out = bad(fault_in(Header::id));
  }
  return !out;
}

refusal check_uri(const sip::message_view& request) noexcept {
  const auto uri = sip::parse_uri(request.request_uri());
  if (!uri) return bad("Bad Request-URI");
  // RFC 3261 16.3.2: a scheme that the proxy does not know how to route by.
  if (!uri->is_sip() && uri->scheme != sip::uri_scheme::tel) return {416, {}};
  // RFC 3261 19.1.1: headers are for URIs outside of messages.
  if (!uri->headers.empty()) return bad("Headers In Request-URI");
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
  if (request.get<sip::cseq_header>()->method_name != request.method_name()) return bad("CSeq Method Mismatch");
  if (out = check_uri(request); out) return out;
  const auto hops = request.get<sip::max_forwards_header>();
  if (!hops && request.has(header_id::max_forwards)) return bad(fault_in(header_id::max_forwards));
  if (!request.for_each<sip::route_header>([](const auto&) {})) return bad(fault_in(header_id::route));
  // RFC 3261 16.3.5: no extension that a proxy would have to know is known here. An ACK can't be refused.
  if (request.has(header_id::proxy_require) && request.method() != sip::method::ack &&
      request.method() != sip::method::cancel) {
    if (!request.for_each<sip::proxy_require_header>([](const auto&) {})) return bad(fault_in(header_id::proxy_require));
    return {420, {}};
  }
  // RFC 3261 16.3.3.
  if (hops && hops->value == 0) return {483, {}};
  return {};
}

refusal refusal_for(const sip::parse_error& error, const sip::message_view& partial) noexcept {
  const int status = sip::status_for(error.code);
  if (status != 400) return {status, {}};
  switch (error.code) {
    case sip::errc::bad_start_line:
    case sip::errc::bad_method: return bad("Bad Request Line");
    case sip::errc::bad_request_uri: return bad("Bad Request-URI");
    case sip::errc::bad_version: return bad("Bad SIP-Version");
    case sip::errc::bad_content_length:
    case sip::errc::content_length_overflow:
    case sip::errc::body_truncated: return bad("Bad Content-Length");
    case sip::errc::content_length_conflict: return bad("Conflicting Content-Length");
    case sip::errc::unterminated_headers: return bad("Missing Empty Line");
    case sip::errc::duplicate_header:
      for (std::size_t i = 0; i < partial.header_count(); ++i) {
        if (partial.line_offset(i) != error.offset) continue;
        switch (partial.id(i)) {
          case header_id::from: return bad("Repeated From");
          case header_id::to: return bad("Repeated To");
          case header_id::call_id: return bad("Repeated Call-ID");
          case header_id::cseq: return bad("Repeated CSeq");
          case header_id::max_forwards: return bad("Repeated Max-Forwards");
          case header_id::content_type: return bad("Repeated Content-Type");
          default: return bad("Repeated Header");
        }
      }
      return bad("Repeated Header");
    default: return bad("Bad Header Line");
  }
}

}  // namespace parley::proxy
