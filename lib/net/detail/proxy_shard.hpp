#pragma once

#include <parley/net/deadline_timer.hpp>
#include <parley/net/dns_client.hpp>
#include <parley/net/proxy_server.hpp>
#include <parley/net/shard_group.hpp>
#include <parley/net/system_random.hpp>
#include <parley/net/transport_set.hpp>
#include <parley/proxy/registrar.hpp>

#include "net/detail/load_meter.hpp"
#include "net/detail/next_hops.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace parley::net::detail {

/// One shard of a `proxy_server`: sockets, core, registrar, names and timers on one executor. All calls are
/// made on the shard's thread once that runs, but for `drained`.
class proxy_shard final : public transport_handler {
 public:
  /// How the other shards are told what this one has learned.
  struct other_shards {
    std::function<void(std::uint64_t call)> forget_call;
    std::function<void(std::uint64_t flow)> drop_flow;
    std::function<void(const std::string& address, const std::vector<proxy::binding>& bindings)>
        replace_bindings;
    std::function<void(std::size_t shard, std::uint64_t ticket)> report_failure;
    std::function<void(std::size_t shard, std::uint64_t ticket, std::uint64_t flow)> report_sent;
  };

  proxy_shard(std::size_t index, shard_group& group, const proxy_server_options& options,
              base::log_sink& log);

  transport_set& transports() noexcept { return transports_; }
  base::buffer_pool& pool() noexcept { return pool_; }
  const std::atomic<bool>& drained() const noexcept { return drained_; }
  proxy_server_status status() const;

  /// Makes the core; `core` is complete but for what is this shard's own.
  void begin(proxy::core_options core, other_shards others);
  /// Measures the load from now on. The first call on the shard's thread.
  void start();
  void drain();

  /// What another shard has learned.
  void forget_call(std::uint64_t call) { core_->forget_call(call); }
  void replace_bindings(const std::string& address, std::vector<proxy::binding> bindings);
  void drop_flow(std::uint64_t flow);
  void report_failure(std::uint64_t ticket);
  void report_sent(std::uint64_t ticket, std::uint64_t flow) { core_->handle_sent(ticket, flow); }
  /// Sends a message of another shard's by a flow that lives here.
  void carry(sip::outgoing&& message);

  void handle_message(base::time_point now, const sip::hop& from, base::packet_buffer message) override;
  void handle_framing_error(base::time_point now, const sip::hop& from, sip::parse_error error,
                            base::packet_buffer head) override;
  void handle_send_failure(base::time_point now, const sip::outgoing& lost, base::error_code error) override;
  void handle_moved(base::time_point now, const sip::outgoing& sent) override;
  void handle_closed(base::time_point now, const sip::hop& gone, base::error_code why) override;
  void handle_flow_failed(base::time_point, const sip::hop&, base::error_code) override {}
  void handle_batch_end(base::time_point now) override;

 private:
  /// What callers can bring about is said at most every ten seconds, with how often it happened meanwhile.
  struct throttled {
    std::uint64_t told = 0;
    base::time_point quiet_until{};
  };

  std::unique_ptr<name_source> make_names();
  bool belongs_elsewhere(const sip::hop& from, const base::packet_buffer& message);
  void pump(base::time_point now);
  void send(base::time_point now, sip::outgoing&& out);
  void handle_event(base::time_point now, const proxy::event& e);
  void decide(base::time_point now, proxy::request_id id);
  bool is_ours(const sip::message_view& request) const;
  void answer_register(base::time_point now, proxy::request_id id, const sip::message_view& request);
  void resolve(const proxy::event& e);
  base::time_point handle_timeout(base::time_point now);
  base::time_point poll_timeout() const noexcept;
  void update_timer() { timer_.update(poll_timeout()); }
  void watch_drain();
  void watch_load();

  /// True where a line may be written about what has happened `total` times by now; `times` is then how often
  /// since the last line.
  bool may_warn(base::time_point now, throttled& about, std::uint64_t total, std::uint64_t& times) noexcept;
  void warn_refused(base::time_point now);
  void warn_unresolved(base::time_point now, const std::string& host, const base::error_code& error);

  std::size_t index_;
  shard_group& group_;
  const proxy_server_options& options_;
  base::log_sink& log_;
  base::buffer_pool pool_;
  system_random random_;
  asio::any_io_executor executor_;
  other_shards others_;
  std::optional<proxy::core> core_;
  std::optional<proxy::registrar> registrar_;
  transport_set transports_;
  dns_client* dns_ = nullptr;  // what `names_` is, unless the application has its own
  std::unique_ptr<name_source> names_;
  std::optional<next_hops> next_hops_;
  asio::steady_timer drain_timer_;
  asio::steady_timer load_timer_;
  load_meter load_;
  deadline_timer timer_;
  proxy::own_addresses own_;
  proxy::route_table::decision decision_;
  sip::message_view peeked_;
  std::optional<base::time_point> done_since_;
  throttled no_room_;
  throttled shed_;
  throttled rate_limited_;
  throttled unresolved_;
  std::uint64_t unresolved_names_ = 0;
  bool draining_ = false;
  std::atomic<bool> drained_ = false;
};

}  // namespace parley::net::detail
