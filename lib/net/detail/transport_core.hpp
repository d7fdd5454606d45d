#pragma once

#include <parley/base/log.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/net/deadline_timer.hpp>
#include <parley/net/system_random.hpp>
#include <parley/net/transport_handler.hpp>
#include <parley/net/transport_options.hpp>
#include <parley/sip/hop.hpp>

#include "net/detail/connection_races.hpp"
#include "net/detail/connection_table.hpp"
#include "net/detail/datagram_io.hpp"
#include "net/detail/domain_table.hpp"
#include "net/detail/kept_pairs.hpp"
#include "net/detail/queue_budget.hpp"
#include "net/detail/timed.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace parley::net::detail {

namespace asio = boost::asio;

class byte_stream;
class connection;
class tcp_acceptor;
class udp_listener;

/// A socket with a send queue.
class flushable {
 public:
  virtual ~flushable() = default;
  /// Sends what is queued, as far as the system takes it. Never calls the owner.
  virtual void flush() = 0;
};

/// What the sockets of a `transport_set` share: the owner's handler, the reports that wait for it, the queues
/// to flush, the clockwork, the connections, and memory to receive into.
///
/// *Ownership:* the set holds it, and so does every socket, because their handlers may run after the set is
/// gone. `close` takes the sockets from it, which unties that knot. After `close` nothing calls the owner.
class transport_core : public std::enable_shared_from_this<transport_core> {
 public:
  transport_core(asio::any_io_executor executor, base::buffer_pool& pool, transport_handler& handler,
                 const transport_limits& limits, base::log_sink& log, std::uint16_t shard,
                 std::unique_ptr<datagram_sender> sender = nullptr);
  ~transport_core();

  bool closed() const noexcept { return handler_ == nullptr; }
  /// Only while not `closed()`.
  transport_handler& handler() noexcept { return *handler_; }
  const asio::any_io_executor& executor() const noexcept { return executor_; }
  base::buffer_pool& pool() noexcept { return pool_; }
  const transport_limits& limits() const noexcept { return limits_; }
  transport_counters& counters() noexcept { return counters_; }
  connection_table& connections() noexcept { return connections_; }
  domain_table& domains() noexcept { return domains_; }
  kept_pairs& pairs() noexcept { return pairs_; }
  base::random_source& random() noexcept { return random_; }
  connection_races& races() noexcept { return races_; }
  queue_budget& budget() noexcept { return budget_; }
  datagram_receiver& receiver() noexcept { return receiver_; }
  datagram_sender& sender() noexcept { return *sender_; }

  struct listener {
    listener_options options;
    base::socket_address local;
    std::shared_ptr<const websocket_options> websocket;
    // One of them, until `close`.
    std::shared_ptr<udp_listener> udp;
    std::shared_ptr<tcp_acceptor> tcp;
  };
  const std::vector<listener>& listeners() const noexcept { return listeners_; }
  /// What carries a connection that was accepted by that listener.
  std::unique_ptr<byte_stream> wrap_accepted(std::uint16_t index, std::unique_ptr<byte_stream> accepted);

  base::result<std::uint16_t> listen(const listener_options& options);
  base::result<void> set_tls(std::uint16_t index, const tls_context& tls);
  base::result<void> alias(std::uint64_t flow, std::string_view host, std::uint16_t port);
  /// The flow that it goes by; see `transport_set::send`.
  std::uint64_t send(sip::outgoing&& message);
  /// Sends what a connection that has ended leaves behind.
  void move(sip::outgoing&& message);
  void flush();
  base::result<void> keep_alive(const sip::hop& flow, base::duration interval);
  void stop_keep_alive(const sip::hop& flow);
  void close() noexcept;

  std::size_t kept_flows() const noexcept { return kept_flows_; }
  /// Counts one more flow that is kept alive; false where there are as many as the limits allow.
  bool begin_keeping() noexcept;
  void end_keeping() noexcept { --kept_flows_; }
  /// The connection for a hop: one that exists, or a new one. *Errors:* null, with the reason.
  std::shared_ptr<connection> connection_for(const sip::hop& to, base::error_code& error);

  /// Has `queue` flushed at the end of this wake-up, or soon where there is none.
  void mark_dirty(std::shared_ptr<flushable> queue);

  /// Reports to the owner from the executor, later. No report where the ticket is 0.
  void report_failure(const sip::outgoing& lost, base::error_code error);
  void report_moved(const sip::outgoing& sent);
  void report_closed(const sip::hop& flow, base::error_code why);
  void report_flow_failed(const sip::hop& flow, base::error_code why);

  /// While one exists, the owner is being called, and `end_batch` will flush.
  class wake_up {
   public:
    explicit wake_up(transport_core& core) noexcept : core_(core) { core_.awake_ = true; }
    ~wake_up() { core_.awake_ = false; }
    wake_up(const wake_up&) = delete;
    wake_up& operator=(const wake_up&) = delete;

   private:
    transport_core& core_;
  };

  /// Tells the owner that this was all, and sends what he has then. Only in a `wake_up`.
  void end_batch(base::time_point now);

  /// Arms `t`, whose context is a `timed`.
  void arm(base::timer& t, base::time_point deadline);

  /// CRLF, the answer to a keep-alive (RFC 5626 4.4.1); empty where the pool has nothing.
  base::packet_buffer pong();
  bool is_pong(const base::packet_buffer& data) const noexcept { return data && data.data() == pong_.data(); }
  /// CRLF CRLF, the keep-alive itself; empty where the pool has nothing.
  base::packet_buffer ping();
  bool is_ping(const base::packet_buffer& data) const noexcept { return data && data.data() == ping_.data(); }

  /// Where streams are read into when a connection has no room of its own: a buffer of 2 KiB, empty where the
  /// pool has nothing, and more behind it.
  base::packet_buffer& spare() noexcept;
  std::span<std::byte> spill() noexcept { return {spill_.get(), spill_bytes}; }
  static constexpr std::size_t spare_bytes = 2048;
  static constexpr std::size_t spill_bytes = 32768;

  void log(base::log_level level, std::string_view message,
           std::initializer_list<base::log_field> fields) noexcept;

 private:
  struct report {
    enum class kind : std::uint8_t { send_failure, moved, closed, flow_failed };

    kind what;
    sip::outgoing lost;  // of a flow that has ended, its hop
    base::error_code error;
  };
  static constexpr std::size_t max_failure_reports = 65536;

  std::shared_ptr<connection> existing_connection(const sip::hop& to) const;
  std::shared_ptr<connection> find_listed(const sip::hop& to) const;
  std::unique_ptr<byte_stream> open_stream(const sip::hop& to, base::error_code& error);
  void run_timers(base::time_point now);
  void post_once();
  void run_posted();

  asio::any_io_executor executor_;
  base::buffer_pool& pool_;
  transport_handler* handler_;
  transport_limits limits_;
  base::log_sink& log_;
  transport_counters counters_;

  std::vector<listener> listeners_;
  base::timer_wheel wheel_;
  deadline_timer wheel_timer_;
  queue_budget budget_;  // outlives the connections
  connection_table connections_;
  system_random random_;
  domain_table domains_;
  kept_pairs pairs_;
  std::size_t kept_flows_ = 0;
  connection_races races_{*this};

  datagram_receiver receiver_;
  std::unique_ptr<datagram_sender> sender_;
  base::packet_buffer spare_;
  std::unique_ptr<std::byte[]> spill_;
  base::packet_buffer pong_;
  base::packet_buffer ping_;

  std::vector<std::shared_ptr<flushable>> dirty_;
  std::vector<std::shared_ptr<flushable>> flushing_;
  std::vector<report> reports_;
  std::vector<report> delivering_;
  bool awake_ = false;
  bool posted_ = false;
};

}  // namespace parley::net::detail
