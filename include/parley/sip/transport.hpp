#pragma once

#include <parley/sip/chars.hpp>

#include <cstdint>
#include <string_view>

namespace parley::sip {

/// What carries SIP, as Via and the `transport` parameter name it (RFC 3261 20.42, RFC 4168, RFC 7118).
enum class transport : std::uint8_t { udp, tcp, tls, ws, wss, sctp, other };

/// The transport of that name, in any case; `other` for a name that is none of them.
constexpr transport transport_of(std::string_view name) noexcept {
  switch (name.size()) {
    case 2: return iequals(name, "WS") ? transport::ws : transport::other;
    case 3:
      switch (name[1] | 0x20) {
        case 'd': return iequals(name, "UDP") ? transport::udp : transport::other;
        case 'c': return iequals(name, "TCP") ? transport::tcp : transport::other;
        case 'l': return iequals(name, "TLS") ? transport::tls : transport::other;
        case 's': return iequals(name, "WSS") ? transport::wss : transport::other;
        default: return transport::other;
      }
    case 4: return iequals(name, "SCTP") ? transport::sctp : transport::other;
    default: return transport::other;
  }
}

/// The name as Via has it, in upper case; "" for `other`.
constexpr std::string_view name_of(transport value) noexcept {
  switch (value) {
    case transport::udp: return "UDP";
    case transport::tcp: return "TCP";
    case transport::tls: return "TLS";
    case transport::ws: return "WS";
    case transport::wss: return "WSS";
    case transport::sctp: return "SCTP";
    case transport::other: break;
  }
  return "";
}

/// True where the transport delivers or reports failure by itself, so that no request is retransmitted over
/// it.
constexpr bool is_reliable(transport value) noexcept {
  return value != transport::udp && value != transport::other;
}

/// True where TLS protects the hop.
constexpr bool is_secure(transport value) noexcept {
  return value == transport::tls || value == transport::wss;
}

/// The port where none is named (RFC 3261 19.1.2, RFC 7118 9).
constexpr std::uint16_t default_port(transport value) noexcept {
  switch (value) {
    case transport::tls: return 5061;
    case transport::ws: return 80;
    case transport::wss: return 443;
    default: return 5060;
  }
}

}  // namespace parley::sip
