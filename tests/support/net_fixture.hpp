#pragma once

#include <parley/net/transport_set.hpp>

#include "support/net_peers.hpp"

#include <memory>
#include <string_view>

namespace parley::test {

/// A `transport_set` on loopback, with a pool and an owner that writes down what it is told.
struct net_fixture {
  explicit net_fixture(const net::transport_limits& limits = {}, std::uint16_t shard = 0,
                       const base::buffer_pool_limits& memory = {})
      : pool(memory),
        set(std::make_unique<net::transport_set>(io.get_executor(), pool, owner, limits, base::null_sink(),
                                                 shard)) {}

  /// Opens a listener on a free port; its index is returned.
  std::uint16_t listen(sip::transport transport,
                       const base::ip_address& at = base::ip_address::loopback_v4()) {
    const auto index = set->listen({.transport = transport, .bind = {at, 0}});
    return index ? *index : std::uint16_t{0xFFFF};
  }
  base::socket_address address(std::uint16_t index) const { return set->local_address(index); }

  base::packet_buffer bytes(std::string_view text) {
    auto made = pool.copy(text);
    return made ? *made : base::packet_buffer();
  }
  void send(const sip::hop& to, std::string_view text, std::uint64_t ticket = 0) {
    set->send({to, bytes(text), ticket});
  }

  bool until(const std::function<bool()>& done) { return run_until(io, done); }
  const net::transport_counters& counters() const { return set->counters(); }

  asio::io_context io;
  base::buffer_pool pool;
  recording_handler owner;
  std::unique_ptr<net::transport_set> set;
};

}  // namespace parley::test
