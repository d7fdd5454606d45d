#pragma once

#include <parley/base/api.hpp>
#include <parley/base/log.hpp>
#include <parley/base/result.hpp>
#include <parley/net/dns_client.hpp>
#include <parley/net/server_locator.hpp>
#include <parley/net/target_blacklist.hpp>
#include <parley/net/transport_options.hpp>
#include <parley/proxy/core.hpp>
#include <parley/proxy/registrar.hpp>
#include <parley/proxy/route_table.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace parley::net {

/// What a `proxy_server` is told when it is made.
struct proxy_server_options {
  std::vector<listener_options> listeners;
  std::vector<std::string> domains;  ///< further names of this proxy: hosts, or host:port
  proxy::route_table routes;
  proxy::registrar_options registrar;  ///< there is one where it has domains
  proxy::core_options core;            ///< its listeners, names and shard are filled in here
  transport_limits limits;
  dns_options dns;
  locator_options locator;
  blacklist_options blacklist;
  /// What each worker asks for names in the place of a `dns_client`, on that worker's executor; may be empty.
  std::function<std::unique_ptr<name_source>(const asio::any_io_executor& executor)> make_names;
  std::size_t workers = 1;
  std::size_t memory_bytes = std::size_t{512} << 20U;  ///< for messages, of each worker
};

/// What a `proxy_server` has under way and has counted.
struct proxy_server_status {
  std::size_t requests_under_way = 0;
  std::size_t calls = 0;
  std::size_t transactions = 0;
  std::size_t addresses = 0;  ///< that are registered
  proxy::core_counters core;
  proxy::registrar_counters registrar;
  transport_counters transport;
  dns_counters dns;               ///< zeros where the application has its own source of names
  std::uint64_t hops_failed = 0;  ///< that were put behind others for a while
};

/// A SIP proxy with its sockets and threads: a `proxy::core` on each shard of a `shard_group`, every shard
/// with sockets of its own on the same addresses, and a `route_table` as the policy of all.
///
/// A response belongs to the shard whose number its branch bears; the system may deliver it to another, which
/// hands it over.
///
/// *Ownership:* the log outlives the server. `open`, `start`, `stop` and the destructor are called from one
/// thread; the others from any.
class PARLEY_API proxy_server {
 public:
  explicit proxy_server(proxy_server_options options, base::log_sink& log = base::null_sink());
  ~proxy_server();
  proxy_server(const proxy_server&) = delete;
  proxy_server& operator=(const proxy_server&) = delete;

  /// Opens each listener on each shard. Once only. *Errors:* the system's, for the first listener that can't
  /// be opened, whose place in the options is then in `failed`: tell the operator.
  [[nodiscard]] base::result<void> open(std::size_t& failed);
  /// The address of a listener, with the port that the system chose. After `open`.
  base::socket_address local_address(std::size_t listener) const;

  /// Uses other keys and certificates on all secure listeners from now on; connections that exist go on with
  /// what they began with. After `open`.
  void set_tls(const tls_context& tls);

  /// Starts to serve. After `open`. *Errors:* throws `std::system_error` where the system gives no thread.
  void start();
  /// Refuses new calls from now on. `is_drained` tells when what was under way has been finished.
  void drain();
  bool is_drained() const noexcept;
  /// What all shards have counted, added up.
  proxy_server_status status() const;
  /// Ends all threads; what is under way is lost. Also before `start`, and twice.
  void stop() noexcept;

 private:
  struct implementation;
  std::unique_ptr<implementation> impl_;
};

}  // namespace parley::net
