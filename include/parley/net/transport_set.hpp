#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/log.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/net/error.hpp>
#include <parley/net/transport_handler.hpp>
#include <parley/net/transport_options.hpp>
#include <parley/sip/hop.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace parley::net {

namespace asio = boost::asio;

namespace detail {
class transport_core;
}

/// How a flow is kept alive.
struct keep_alive_options {
  /// The longest time between two keep-alives; each is drawn between 80% and 100% of it (RFC 5626 4.4). What
  /// the registrar's Flow-Timer says, where it says something. Zero takes the RFC's own: 120 s for
  /// connections, 29 s for UDP.
  base::duration interval{};
};

/// The sockets of one shard: listeners of all transports, and the connections that were accepted or opened.
///
/// It executes `sip::hop`: where a message came from, and where one is to go, are written in it, and whoever
/// made it has followed RFC 3261 18.2.2 and RFC 3581. A datagram leaves through the listener that the hop
/// names. For a stream, the connection `flow` is used; where that is gone or 0, another connection of that
/// listener to `remote`; where there is none, a new one, which leaves from the listener's address.
///
/// Messages are received and sent in batches: what `send` takes while the owner handles a wake-up goes out
/// after `handle_batch_end`, many datagrams a system call. Outside of wake-ups `flush` does the same; where
/// the owner does not call it, the executor does soon afterwards.
///
/// *Ownership:* the pool, the handler and the log outlive the set; the executor's context does too. All calls
/// are made on the executor, one at a time. The set may be destroyed in a function of its handler; afterwards
/// the handler is not called again.
class PARLEY_API transport_set {
 public:
  /// `shard` is the top 16 bits of every flow, so that whoever sees a flow knows the shard it lives on.
  transport_set(asio::any_io_executor executor, base::buffer_pool& pool, transport_handler& handler,
                const transport_limits& limits = {}, base::log_sink& log = base::null_sink(),
                std::uint16_t shard = 0);
  ~transport_set();

  transport_set(const transport_set&) = delete;
  transport_set& operator=(const transport_set&) = delete;

  /// The shard in a flow.
  static constexpr std::uint16_t shard_of(std::uint64_t flow) noexcept {
    return static_cast<std::uint16_t>(flow >> 48U);
  }

  std::size_t listener_count() const noexcept;
  /// As given to `listen`. `index` is below `listener_count()`.
  const listener_options& options(std::uint16_t index) const noexcept;
  /// The address bound, with the port that the system chose.
  base::socket_address local_address(std::uint16_t index) const noexcept;
  /// Connections that exist, accepted and opened.
  std::size_t connection_count() const noexcept;
  const transport_counters& counters() const noexcept;
  /// How full the fullest receive buffer of the UDP sockets is, 0 to 1: datagrams that wait to be read. 0
  /// where the system does not tell.
  double receive_backlog() const noexcept;

  /// Opens a listener and returns its index, which is what `hop::listener` holds: 0, 1, 2 and so on.
  /// *Errors:* those of the system, such as an address in use; `errc::no_certificate` for a secure one
  /// without `tls`; `errc::unsupported_transport`, also for the PROXY protocol over datagrams;
  /// `errc::limit_reached`; `errc::closed`. Tell the operator. Nothing has changed then.
  [[nodiscard]] base::result<std::uint16_t> listen(const listener_options& options);

  /// The number for `hop::domain` of a host name from a URI. The peer of a secure connection must prove to be
  /// that, whatever DNS made of it (RFC 5922 4). Ask for it anew for each message: of more names than
  /// `transport_limits::max_domains` those that were not asked for longest are forgotten, and what is sent
  /// with their numbers fails with `errc::unknown_domain`.
  std::uint32_t domain(std::string_view host);

  /// Uses other keys and certificates from now on, for a listener and for what leaves from it. Connections
  /// that exist go on with what they began with. *Errors:* `errc::unknown_listener` where that one is not
  /// secure; `errc::no_certificate`.
  [[nodiscard]] base::result<void> set_tls(std::uint16_t index, const tls_context& tls);

  /// The peer of a secure connection that we have accepted offers it for requests to `host`, which it claims
  /// to be, at `port` of its address (RFC 5923 8.2). They take it from now on. *Errors:* `errc::flow_gone`;
  /// `errc::not_verified` where the peer has shown no valid certificate for that host: reach it as before.
  [[nodiscard]] base::result<void> alias(std::uint64_t flow, std::string_view host, std::uint16_t port);

  /// Queues a message, and returns the flow of the connection that it is queued on: 0 for a datagram, and
  /// where it can't be sent. *Errors:* come later to `transport_handler::handle_send_failure`, with its
  /// ticket; for ticket 0 nobody is told.
  std::uint64_t send(sip::outgoing message);

  /// Sends what is queued, as far as the system takes it; the rest follows by itself.
  void flush();

  /// Gets the hop of the connection that is open, with its flow. Called from the executor, never from inside
  /// `race`.
  using race_handler = std::function<void(const base::result<sip::hop>& winner)>;

  /// Gets a connection to one of `hops`, which are addresses of one server in the order of preference (RFC
  /// 8305 5): one that is open already, or else the first that opens. The next is tried when one has failed,
  /// or has taken `attempt_delay`; those that come too late are closed. *Errors:* why the last one failed;
  /// `errc::limit_reached` where `max_races` are under way. Take another server.
  void race(std::vector<sip::hop> hops, race_handler done);

  /// Closes a connection; one that is gone already is no matter. `handle_closed` follows.
  void close_flow(std::uint64_t flow);

  /// Keeps a flow open from our side, and finds out when it is dead (RFC 5626 4.4). Of a stream, the
  /// connection that `send` would use for `flow`, which exists: it is sent CRLF CRLF, over WebSocket a ping,
  /// and closed with `errc::no_pong` where no answer comes in `transport_limits::pong_timeout`. Of UDP, the
  /// pair of listener and remote address: it is sent STUN Binding requests, and `handle_flow_failed` tells
  /// when it has failed. Again for the same flow it changes the interval.
  ///
  /// Only for a peer that is known to take part (RFC 5626 4.4, 8): one that does not know keep-alives looks
  /// dead. *Errors:* `errc::unknown_listener`; `errc::wrong_family`; `errc::flow_gone` where there is no such
  /// connection: open one by sending; `errc::limit_reached` (`transport_limits::max_kept_flows`): stop
  /// keeping others.
  [[nodiscard]] base::result<void> keep_alive(const sip::hop& flow, const keep_alive_options& options = {});

  /// Ends that; a flow that is not kept is no matter.
  void stop_keep_alive(const sip::hop& flow);

  /// Connections and UDP pairs that are kept alive.
  std::size_t kept_flow_count() const noexcept;

  /// The peer of a connection has been told to send something at least each `interval`, by Flow-Timer (RFC
  /// 5626 5.4). Where nothing comes for that and `transport_limits::keep_alive_grace` on top, the connection
  /// is closed with `errc::no_keep_alive`. Zero takes it back. *Errors:* `errc::flow_gone`.
  [[nodiscard]] base::result<void> expect_keep_alive(std::uint64_t flow, base::duration interval);

  /// Closes everything. The handler is not called again.
  void close() noexcept;

 private:
  std::shared_ptr<detail::transport_core> core_;
};

}  // namespace parley::net
