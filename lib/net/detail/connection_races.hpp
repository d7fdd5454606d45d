#pragma once

#include <parley/base/result.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/net/transport_set.hpp>
#include <parley/sip/hop.hpp>

#include "net/detail/timed.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

namespace parley::net::detail {

class connection;
class transport_core;

/// Connections to the addresses of one server, opened one after the other until the first is open (RFC
/// 8305 5).
///
///  input                       action
///  start                       an open connection wins, else open the first
///  a connection opens          it wins; those that nothing waits for are dropped
///  one fails                   open the next; after the last one: failed
///  `attempt_delay` has passed  open the next, which wins where it is open by then
///
/// What is sent meanwhile may use the connections of a race, and a race uses those that others open.
class connection_races {
 public:
  explicit connection_races(transport_core& core) noexcept : core_(core) {}

  void start(std::vector<sip::hop> hops, transport_set::race_handler done);
  void handle_open(const connection& opened);
  void handle_failure(const connection& failed, const base::error_code& why);
  /// Drops all handlers.
  void close() noexcept { races_.clear(); }

 private:
  struct race final : timed {
    race(connection_races& o, std::vector<sip::hop> h, transport_set::race_handler d)
        : owner(o), hops(std::move(h)), done(std::move(d)), timer(static_cast<timed*>(this)) {}
    void handle_timeout(base::time_point) override { owner.go_on(*this); }
    bool has(std::uint64_t flow) const noexcept;

    connection_races& owner;
    std::vector<sip::hop> hops;
    transport_set::race_handler done;
    std::size_t next = 0;              // of hops
    std::vector<std::uint64_t> flows;  // that are being opened
    base::error_code error;            // of the last one that failed
    base::timer timer;
  };

  void go_on(race& r);
  void end(race& r, const base::result<sip::hop>& winner);
  void drop_unused(const std::vector<std::uint64_t>& flows);

  transport_core& core_;
  std::list<race> races_;
};

}  // namespace parley::net::detail
