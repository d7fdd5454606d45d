#pragma once

#include <parley/base/address.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/sip/transport.hpp>

#include <cstdint>

namespace parley::sip {

/// One end of an exchange with a neighbour: which transport and listener of ours, which address of theirs.
///
/// A received message has the hop it came by. For a message to be sent, `flow` names the connection to use;
/// where that is gone, or is zero, the driver takes another connection to `remote` or opens one (RFC
/// 3261 18.1.1 and 18.2.2).
struct hop {
  sip::transport transport = transport::udp;
  std::uint16_t listener = 0;  ///< index of the local listener, in the order in which they were opened
  base::socket_address remote;
  std::uint64_t flow = 0;  ///< the connection of a stream transport; 0 for datagrams or for "any"
  /// Whom the other end of a secure transport must prove to be: a number that the driver gave for a name; 0
  /// is the address itself. A connection to one domain carries nothing that is for another (RFC 5922 4).
  std::uint32_t domain = 0;
  /// Nothing but this flow leads there: where the connection is gone the message fails, because the peer has
  /// no address that one could be opened to (RFC 5626 5.3). Datagrams go to `remote`.
  bool only_flow = false;

  friend bool operator==(const hop&, const hop&) = default;
};

/// A message on its way out of a machine.
struct outgoing {
  hop to;
  base::packet_buffer data;
  std::uint64_t ticket = 0;  ///< given back with a report that it could not be sent; 0 asks for none
  std::uint16_t sender = 0;  ///< the shard whose ticket it is, where one sends for another
};

}  // namespace parley::sip
