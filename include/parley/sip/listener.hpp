#pragma once

#include <parley/base/address.hpp>
#include <parley/sip/transport.hpp>

#include <cstdint>
#include <string>

namespace parley::sip {

/// A socket that the driver has opened, as the core needs to know it. Its place in the list is
/// `hop::listener`.
struct listener {
  sip::transport transport = transport::udp;
  base::socket_address local;
  /// What goes into Via and Record-Route: a name or an address, an IPv6 one in brackets; `local`'s where it
  /// is empty.
  std::string host;
  std::uint16_t port = 0;  ///< `local`'s where it is 0
  /// Of a TLS listener: neighbours are told in our Via that they may send requests by the connections that we
  /// open to them (RFC 5923 8.1).
  bool reuse = false;
};

}  // namespace parley::sip
