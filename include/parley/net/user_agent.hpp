#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/log.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/net/dns_client.hpp>
#include <parley/net/error.hpp>
#include <parley/net/server_locator.hpp>
#include <parley/net/target_blacklist.hpp>
#include <parley/net/transport_options.hpp>
#include <parley/net/transport_set.hpp>
#include <parley/sip/listener.hpp>
#include <parley/ua/core.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace parley::net {

/// What a `user_agent` is told when it is made.
struct user_agent_options {
  std::vector<listener_options> listeners;
  ua::core_options core;  ///< its listeners are filled in here
  transport_limits limits;
  dns_options dns;
  locator_options locator;
  blacklist_options blacklist;
  /// What is asked for names in the place of a `dns_client`; may be empty.
  std::function<std::unique_ptr<name_source>(const asio::any_io_executor& executor)> make_names;
  std::size_t memory_bytes = std::size_t{512} << 20U;  ///< for messages
};

/// What the owner of a `user_agent` implements. Its functions are called from the executor, and from
/// `user_agent::pump`; they may give the core commands, and need not pump afterwards.
class user_agent_handler {
 public:
  user_agent_handler() = default;
  user_agent_handler(const user_agent_handler&) = delete;
  user_agent_handler& operator=(const user_agent_handler&) = delete;
  virtual ~user_agent_handler() = default;

  /// An event of the core's but `resolve`, which is dealt with.
  virtual void handle_event(base::time_point now, ua::core_event& event) = 0;
  /// A connection has ended, or a UDP pair that is kept alive has failed (RFC 5626 4.4).
  virtual void handle_flow_failed(base::time_point now, const sip::hop& flow) = 0;
  /// The owner's own deadlines.
  virtual void handle_timeout(base::time_point now) = 0;
  virtual base::time_point poll_timeout() const noexcept = 0;
};

/// A `ua::core` with its sockets, names and timers, on one executor.
///
/// The owner gives commands to `core()` and then calls `pump`, which sends what they bring about and hands
/// out events.
///
/// *Ownership:* the handler, the log and the executor's context outlive it. All calls are made on the
/// executor. It is not destroyed in a function of its handler.
class PARLEY_API user_agent {
 public:
  user_agent(asio::any_io_executor executor, user_agent_options options, user_agent_handler& handler,
             base::log_sink& log = base::null_sink());
  ~user_agent();
  user_agent(const user_agent&) = delete;
  user_agent& operator=(const user_agent&) = delete;

  /// Opens the listeners and begins. Once only. *Errors:* the system's, for the first listener that can't be
  /// opened, whose place in the options is then in `failed`: tell the operator.
  [[nodiscard]] base::result<void> open(std::size_t& failed);

  /// After `open`.
  ua::core& core() noexcept;
  const ua::core& core() const noexcept;
  transport_set& transports() noexcept;
  base::random_source& random() noexcept;
  /// As the core knows them: how they are named to others.
  const std::vector<sip::listener>& listeners() const noexcept;

  /// Does what commands have brought about. Inside the handler it does nothing, since that comes afterwards.
  void pump(base::time_point now);

 private:
  struct implementation;
  std::unique_ptr<implementation> impl_;
};

}  // namespace parley::net
