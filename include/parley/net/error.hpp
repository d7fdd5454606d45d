#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>

#include <type_traits>

namespace parley::net {

/// What can go wrong in net beside what the system reports. Errors of the system come through as they are.
enum class errc {
  /// The hop names no listener of its transport. The caller has made it up, or the listener failed to open.
  unknown_listener = 1,
  /// An IPv6 destination through an IPv4 listener, or the other way round. Choose another listener.
  wrong_family,
  /// There is no driver for the transport, or not for what the listener is to do over it. Choose another, or
  /// refuse the configuration.
  unsupported_transport,
  /// What waits to be sent has reached its bound, because the network or the peer takes it too slowly. Treat
  /// the neighbour as congested: RFC 3261 would have a 503 sent or made up.
  queue_full,
  /// As many connections, listeners or questions exist as the limits allow. Shed load.
  limit_reached,
  /// The connection that was to be used is gone, and nothing says where a new one could lead.
  flow_gone,
  /// No connection came about in the time given, or no handshake on one that was accepted. Try the next
  /// target.
  connect_timed_out,
  /// Nothing was sent or received for the time given. Open a new connection when there is something to send.
  idle,
  /// The peer took too long to send a whole message, or to take what was sent to it.
  too_slow,
  /// The peer has closed the connection, in good order.
  closed_by_peer,
  /// The peer did not answer a keep-alive in time: the flow is dead (RFC 5626 4.4.1). Begin a new one.
  no_pong,
  /// The peer sent nothing for longer than it had promised by Flow-Timer: the flow is dead (RFC 5626 5.4).
  no_keep_alive,
  /// The peer sees us at another address than before: whatever it remembers of the flow leads nowhere (RFC
  /// 5626 4.4.2). Register again.
  mapping_changed,
  /// The peer has answered a STUN keep-alive with an error: it serves none (RFC 5626 8). Do without.
  keep_alive_refused,
  /// The pool has no buffer for what arrived. Give it more, or take fewer connections.
  no_buffer,
  /// A secure listener has no certificate to show. Give it one.
  no_certificate,
  /// The peer has shown no certificate that is valid for the name it claims. Do not believe it.
  not_verified,
  /// The domain of the hop is not known any more. Look the name up again.
  unknown_domain,
  /// DNS says that there is no such name. Asking again soon is of no use.
  name_not_found,
  /// DNS says that the name has no records of that type. Asking again soon is of no use.
  no_records,
  /// The domain says that it has no such service: an SRV record with the target "." (RFC 2782). Don't try
  /// its addresses.
  service_absent,
  /// No name server would or could answer. Try again later.
  dns_failed,
  /// No name server answered in time. Try again later.
  dns_timed_out,
  /// What came as an answer is malformed, or answers something else. Try again later.
  dns_bad_answer,
  /// A WebSocket server has chosen a subprotocol or an extension that we have not offered (RFC 6455 4.1). Do
  /// not use it.
  not_asked_for,
  /// A WebSocket listener has answered a plain HTTP request. Nothing is wrong.
  served_http,
  /// Another medium that shares the port expects packets from that address: they could not be told apart.
  /// Refuse the call, or give its media ports of their own.
  source_taken,
  /// It would concern all media that share the port. Do without, or give media ports of their own.
  shared_port,
  /// The owner, or the destructor, closed it.
  closed,
};

/// The category of `errc`; its name is "parley.net".
PARLEY_API const base::error_category& category() noexcept;

/// Makes an `error_code` of the category above.
inline base::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

}  // namespace parley::net

namespace boost::system {
template <>
struct is_error_code_enum<parley::net::errc> : std::true_type {};
}  // namespace boost::system
