#pragma once

#include "sim/transfers.hpp"
#include "support/ua_network.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test {

/// Two user agents that call each other over a bad network and do at random whatever a user might, all of it
/// decided by one seed. Descriptions are texts: "offer 7" is answered by "answer to offer 7", so that each
/// end can say which offer it has agreed on last.
class call_simulation {
 public:
  explicit call_simulation(std::uint64_t seed, std::size_t calls);

  /// Places the calls, lets both ends do what they like, waits until all has settled, hangs up, and waits for
  /// the end of all timers. What was wrong, nothing where all was well.
  std::vector<std::string> run();

  /// What has happened, for the one who has to find out.
  std::size_t answered() const noexcept { return answered_; }
  std::size_t exchanges() const noexcept { return exchanges_; }
  std::size_t transfers_told() const noexcept { return transfers_.told(); }
  std::size_t transfers_told_late() const noexcept { return transfers_.told_late(); }

 private:
  /// One end of a call, as its user sees it.
  struct end {
    std::string call_id;     // of the dialog, once there is one
    std::string agreed;      // the offer that was agreed on last
    std::string peer_offer;  // the one that waits for our answer
    bool confirmed = false;
    bool over = false;
  };
  using ends = std::map<std::uint64_t, end>;

  void on_event(std::size_t agent, ua::core_event& event);
  void take_call(std::size_t agent, ua::call_id call);
  void on_session(std::size_t agent, ua::core_event& event);
  void ring(std::size_t agent, ua::call_id call);
  void accept(std::size_t agent, ua::call_id call);
  void answer(std::size_t agent, ua::call_id call);
  void offer(std::size_t agent, ua::call_id call);
  void live(std::size_t agent, ua::call_id call);
  void transfer(std::size_t agent, ua::call_id call);
  void after(std::uint64_t most, std::function<void()> what);
  void run_until(std::int64_t at);
  void check_agreement();
  void check_all_over();
  void complain(std::string what) { complaints_.push_back(std::move(what)); }
  std::string new_offer() { return "offer " + std::to_string(++offers_); }
  ua::core& core(std::size_t agent) { return net_[agent].core; }

  static network_conditions conditions_of(std::uint64_t seed);
  static ua::core_options options_of(std::uint64_t seed);

  ua_network net_;
  std::size_t calls_;
  std::vector<ends> ends_;
  std::multimap<std::int64_t, std::function<void()>> plans_;
  std::vector<std::string> complaints_;
  transfers transfers_;
  std::uint64_t offers_ = 0;
  std::size_t answered_ = 0;
  std::size_t exchanges_ = 0;
  bool calm_ = false;  // no new operations: let all settle
};

}  // namespace parley::test
