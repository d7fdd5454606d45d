#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/ua/core.hpp>

#include "support/seeded_random.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::test {

/// What the network does to a datagram, in thousandths and milliseconds.
struct network_conditions {
  unsigned lost = 0;
  unsigned doubled = 0;
  unsigned least_delay = 5;
  unsigned most_delay = 5;  ///< more than the least: datagrams overtake each other
};

/// A message as it went over the network.
struct network_message {
  std::int64_t at = 0;  ///< milliseconds from the start
  std::size_t from = 0;
  std::size_t to = 0;
  bool lost = false;
  std::uint64_t ticket = 0;
  std::string text;

  std::string_view start_line() const { return std::string_view(text).substr(0, text.find('\r')); }
};

/// User agent cores, and a network between them that loses, doubles, delays and reorders by a seed: the same
/// seed, the same run. Agent n has the address 192.0.2.(n+1):5060. Without a test library, for unit tests,
/// simulations and fuzz targets.
class ua_network {
 public:
  /// One user agent and what it reported.
  struct agent {
    agent(const ua::core_options& options, std::uint64_t seed, base::time_point now)
        : random(seed), core(options, pool, random, now) {}

    base::buffer_pool pool;
    seeded_random random;
    ua::core core;
    std::deque<ua::core_event> events;
  };

  explicit ua_network(std::size_t agents = 2, std::uint64_t seed = 1,
                      const network_conditions& conditions = {}, const ua::core_options& options = {});

  base::time_point now() const noexcept { return start_ + std::chrono::milliseconds(at_); }
  std::int64_t at() const noexcept { return at_; }
  agent& operator[](std::size_t index) noexcept { return *agents_[index]; }
  std::size_t size() const noexcept { return agents_.size(); }
  seeded_random& random() noexcept { return random_; }
  bool chance(unsigned thousandths) noexcept { return random_.uniform(1000) < thousandths; }

  /// A message of somebody who is no agent, at 192.0.2.99:5060.
  void inject(std::size_t to, std::string_view text);
  /// What the receiver of a request says to it: `lines` are header lines of its own, each with its end.
  void reply(const network_message& request, int status, std::string_view to_tag = {},
             std::string_view lines = {}, std::string_view body = {});
  /// The last message sent that begins so; one without text where there is none.
  network_message last(std::string_view start) const;

  /// Takes what the agents want sent and report; done by all the others.
  void collect();
  /// Goes on by one moment, not beyond `at`; false where nothing happens before that.
  bool step(std::int64_t at);
  /// Goes on to `at`, stopping at each moment in between that an agent or a datagram asks for.
  void run_until(std::int64_t at);
  void run_for(std::int64_t milliseconds) { run_until(at_ + milliseconds); }

  /// The next event of an agent, of that kind where one is named; `none` where there is none. Those before it
  /// are dropped.
  ua::core_event take(std::size_t agent);
  ua::core_event take(std::size_t agent, ua::core_event::kind what);
  ua::core_event take(std::size_t agent, ua::session_event::kind what);

  /// What was sent, where `recording`.
  std::vector<network_message> sent;
  bool recording = true;
  /// Where it is set, each event goes here instead of into `agent::events`; it may call the cores.
  std::function<void(std::size_t agent, ua::core_event& event)> on_event;
  /// Where it is set, a datagram for which it is true is lost.
  std::function<bool(const network_message&)> drop;
  network_conditions conditions;

 private:
  struct datagram {
    std::int64_t at;
    std::uint64_t order;
    std::size_t from;
    std::size_t to;
    std::string text;

    bool operator>(const datagram& other) const noexcept {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  std::int64_t next_moment() const noexcept;
  void carry(std::size_t from, const sip::outgoing& out);

  base::time_point start_{std::chrono::seconds(1000)};
  std::int64_t at_ = 0;
  std::uint64_t order_ = 0;
  seeded_random random_;
  std::vector<std::unique_ptr<agent>> agents_;
  std::vector<datagram> under_way_;  // a heap
};

/// The address that an agent listens at.
base::socket_address ua_address(std::size_t agent);

}  // namespace parley::test
