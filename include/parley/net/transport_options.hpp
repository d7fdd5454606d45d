#pragma once

#include <parley/base/address.hpp>
#include <parley/base/network.hpp>
#include <parley/base/time.hpp>
#include <parley/net/tls_context.hpp>
#include <parley/net/websocket_options.hpp>
#include <parley/sip/limits.hpp>
#include <parley/sip/transport.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::net {

/// Where to receive, and how that place is to be named to others.
///
/// An address of the machine is a better `bind` than the unspecified one: responses and connections then
/// leave from the address that the peer knows (RFC 3581 4), whatever the routes are.
struct listener_options {
  sip::transport transport = sip::transport::udp;
  /// Port 0 lets the system choose; `transport_set::local_address` tells which.
  base::socket_address bind;
  /// What Via, Contact and Record-Route call this listener, where that is not the bound address: behind a
  /// NAT, or by a name. Kept for the owner, not used here.
  std::string advertised_host{};      ///< a name or an address, an IPv6 one in brackets
  std::uint16_t advertised_port = 0;  ///< 0 stands for the bound one
  /// Lets several sockets share the address, one a shard; the system spreads datagrams and connections.
  bool reuse_port = false;
  /// Sizes of a UDP socket's buffers in bytes, which the system may cap; 0 leaves its default. Those of
  /// connections are the system's to adapt.
  int receive_buffer_bytes = 2 << 20;
  int send_buffer_bytes = 1 << 20;
  /// Connections that wait to be accepted.
  int backlog = 1024;
  /// Of a listener for streams: false opens nothing that could be connected to, and connections leave from
  /// the address of `bind` only. A secure one then needs no certificate.
  bool accepts = true;
  /// Keys and certificates of a secure listener, which needs some, and of the connections that leave from it.
  std::optional<tls_context> tls{};
  /// Of a WebSocket listener, and of the connections that leave from it.
  websocket_options websocket{};
  /// Of a listener for streams behind a load balancer: every connection begins with a header of the PROXY
  /// protocol, version 2, and counts as one from the address that this names, in hops as well as for limits.
  /// The load balancer's own address has no limit but those for all. A connection without the header is
  /// closed.
  bool proxy_protocol = false;
  /// Who may send that header; others are closed at once. Empty lets all who reach the listener. Set it
  /// unless nobody else can reach it: who may send the header can be from any address that he likes, so
  /// limits for a source, and whatever else goes by addresses, would mean nothing.
  std::vector<base::ip_network> proxy_protocol_from{};
};

/// Bounds on what peers can make a `transport_set` hold and wait for. The defaults suit a server of some ten
/// thousand connections.
struct transport_limits {
  sip::limits message;  ///< of one message; streams are framed with it, larger datagrams are dropped

  std::uint16_t udp_batch = 32;           ///< datagrams a system call, 1 to 64
  std::uint16_t udp_rounds = 4;           ///< batches taken in a row before others get their turn
  std::size_t udp_queue_messages = 4096;  ///< waiting a socket, where the system takes no more for now

  std::size_t max_connections = 16384;           ///< accepted
  std::size_t max_connections_per_source = 256;  ///< accepted from one IPv4 address or one IPv6 /64
  std::size_t max_client_connections = 16384;    ///< opened by us
  std::size_t max_handshakes = 1024;             ///< under way at once, of accepted connections
  std::size_t max_handshakes_per_source = 64;    ///< of those, of one IPv4 address or one IPv6 /64
  std::size_t max_domains = 65536;  ///< names given to `transport_set::domain`; the oldest is forgotten
  std::size_t queued_bytes_per_connection = std::size_t{256} << 10U;  ///< bookkeeping included
  /// What may wait on all connections together, as blocks of the pool; 0 stands for a quarter of the pool.
  /// Beyond it nothing more is queued for a peer that takes nothing, and the connection that has been so for
  /// longest ends with `errc::too_slow`. For one that takes what it is sent it is no bound.
  std::size_t queued_bytes = 0;
  std::uint16_t accepts_per_wake_up = 64;  ///< connections accepted before others get their turn

  /// From opening a connection to the end of its TLS or HTTP handshake.
  base::duration connect_timeout = std::chrono::seconds(10);
  /// How long one address of several has before the next is tried beside it (RFC 8305 5), and how many such
  /// races there are at once.
  base::duration attempt_delay = std::chrono::milliseconds(250);
  std::size_t max_races = 1024;
  /// From accepting a connection to the end of its TLS or HTTP handshake.
  base::duration handshake_timeout = std::chrono::seconds(10);
  /// From a plain HTTP request to a WebSocket listener to the end of its answer, however much of it the
  /// client takes meanwhile. `write_timeout` holds, too.
  base::duration http_timeout = std::chrono::minutes(5);
  /// From the opening of an accepted connection to the end of its first message.
  base::duration first_message_timeout = std::chrono::seconds(32);
  /// From the first byte of a message to its last.
  base::duration message_timeout = std::chrono::seconds(16);
  /// How long a message may wait until the peer has taken the last byte of it.
  base::duration write_timeout = std::chrono::seconds(32);
  /// Without a byte in either direction. Longer than the 120 s between keep-alives of RFC 5626 4.4.1; who has
  /// to spare a battery may wait for 840 s and needs more. Those that we send count, because they are
  /// answered.
  base::duration idle_timeout = std::chrono::minutes(10);
  /// How long after its last message a connection whose peer has closed its half is kept for responses.
  base::duration half_close_timeout = std::chrono::seconds(10);
  /// How long a connection that we have finished is read, and what comes dropped, before it is closed:
  /// closing earlier would destroy what the peer has not read yet.
  base::duration linger_timeout = std::chrono::seconds(2);
  std::size_t max_kept_flows = 16384;  ///< connections and UDP pairs that we keep alive from our side
  /// Each connection that we open is kept alive so often, as `transport_set::keep_alive` does it; zero keeps
  /// those only that the owner names. Off, because a peer that knows nothing of RFC 5626 does not answer.
  base::duration opened_keep_alive{};
  /// An accepted WebSocket whose peer is silent for so long is asked for a sign of life; zero asks none.
  /// Browsers answer by themselves, but send nothing on their own (RFC 6455 5.5.2).
  base::duration websocket_ping_interval = std::chrono::seconds(30);
  /// How long the peer of a connection may take to answer a keep-alive (RFC 5626 4.4.1).
  base::duration pong_timeout = std::chrono::seconds(10);
  /// How much later than promised a keep-alive may come (RFC 5626 5.4: a grace period for transport delay).
  base::duration keep_alive_grace = std::chrono::seconds(10);
  /// STUN's retransmission time-out: the first repetition of a keep-alive over UDP comes after it, the end
  /// after 79 of it (RFC 8489 6.2.1).
  base::duration stun_rto = std::chrono::milliseconds(500);
  /// Whether UDP listeners answer STUN Binding requests (RFC 5626 8). Peers behind NATs need that; whoever
  /// forges addresses gains 12 bytes by it over IPv4, 24 over IPv6.
  bool answer_stun = true;
  /// How long nothing is accepted after the system ran out of descriptors or memory.
  base::duration accept_back_off = std::chrono::milliseconds(250);
};

/// What has happened since the start. Plain numbers of one shard, all of 64 bits; read them on its thread.
struct transport_counters {
  std::uint64_t datagrams_received = 0;  ///< handed to the owner
  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagram_receive_calls = 0;  ///< system calls that brought datagrams
  std::uint64_t datagram_send_calls = 0;
  std::uint64_t datagram_keep_alives = 0;  ///< swallowed
  std::uint64_t datagrams_stun = 0;        ///< dropped: unwanted, malformed, or out of place
  std::uint64_t datagrams_too_large = 0;   ///< dropped
  std::uint64_t datagrams_no_buffer = 0;   ///< dropped
  std::uint64_t datagram_receive_errors = 0;
  std::uint64_t datagram_send_errors = 0;
  std::uint64_t datagram_queue_drops = 0;

  std::uint64_t stun_requests = 0;  ///< received, with good or bad attributes
  std::uint64_t stun_answers = 0;   ///< given, refusals included
  std::uint64_t stun_refusals = 0;  ///< 420, for attributes that are not understood

  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_refused = 0;  ///< accepted and closed at once because of a limit
  std::uint64_t connections_failed = 0;   ///< attempts to open one that came to nothing
  std::uint64_t races = 0;                ///< between addresses of one server
  std::uint64_t races_refused = 0;        ///< because too many were under way
  std::uint64_t handshakes_failed = 0;    ///< of accepted connections: PROXY protocol, TLS, HTTP
  std::uint64_t handshakes_refused = 0;   ///< because too many were under way
  std::uint64_t http_answers = 0;         ///< to plain HTTP requests, begun
  std::uint64_t connections_closed = 0;
  std::uint64_t connections_timed_out = 0;
  std::uint64_t accept_back_offs = 0;
  std::uint64_t stream_messages_received = 0;
  std::uint64_t stream_messages_sent = 0;
  std::uint64_t stream_queue_full = 0;
  std::uint64_t stream_no_buffer = 0;
  std::uint64_t framing_errors = 0;
  std::uint64_t keep_alive_pings = 0;     ///< received on connections
  std::uint64_t keep_alive_pongs = 0;     ///< received on connections
  std::uint64_t keep_alives_sent = 0;     ///< by us, of any kind; repetitions count
  std::uint64_t keep_alives_refused = 0;  ///< flows that were not kept because too many were
  std::uint64_t flows_dead = 0;           ///< given up for want of a sign of life, or moved

  std::uint64_t reports_dropped = 0;  ///< send failures that were not reported because too many were waiting

  std::uint64_t sources_refused = 0;        ///< of `connections_refused`: their source had as many as it may
  std::uint64_t proxy_senders_refused = 0;  ///< that may not send a PROXY protocol header
  std::uint64_t proxy_headers_refused = 0;  ///< that are none of version 2, or broken
  std::uint64_t stream_messages_too_large = 0;  ///< of `framing_errors`: they met a limit of size
  // Of `connections_timed_out`, by the bound that they met.
  std::uint64_t connect_timeouts = 0;
  std::uint64_t handshake_timeouts = 0;
  std::uint64_t http_timeouts = 0;
  std::uint64_t first_message_timeouts = 0;
  std::uint64_t message_timeouts = 0;
  std::uint64_t write_timeouts = 0;
  std::uint64_t idle_timeouts = 0;

  std::uint64_t stream_messages_moved = 0;      ///< left by a connection that ended, and queued on another
  std::uint64_t source_handshakes_refused = 0;  ///< of `handshakes_refused`: their source had enough
  std::uint64_t stream_budget_full = 0;         ///< times that `transport_limits::queued_bytes` was met
  std::uint64_t connections_shed = 0;           ///< ended for that: they had been blocked for longest
};

}  // namespace parley::net
