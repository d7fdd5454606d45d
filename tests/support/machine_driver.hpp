#pragma once

#include <parley/base/time.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace parley::test {

/// Runs one machine with `poll_timeout`, `handle_timeout`, `poll_transmit` and `poll_event` in virtual time,
/// and notes when, in milliseconds from the start, it wanted to send and what it reported.
template <class Machine>
class machine_driver {
 public:
  using transmit = typename Machine::transmit;
  using event = typename Machine::event;

  template <class... Args>
  explicit machine_driver(Args&&... args) : machine(static_cast<Args&&>(args)...) {}

  base::time_point now() const noexcept { return start_ + std::chrono::milliseconds(at_); }

  /// Takes what the machine wants done now.
  void collect() {
    if (const auto what = machine.poll_transmit(); what != transmit::nothing) {
      sent.push_back(at_);
      kinds.push_back(what);
    }
    if (const auto what = machine.poll_event(); what != event::none) {
      events.push_back(what);
      event_times.push_back(at_);
    }
  }

  /// Goes on to `at`, stopping at each moment in between that the machine asks for.
  void run_until(std::int64_t at) {
    while (machine.poll_timeout() <= start_ + std::chrono::milliseconds(at)) {
      at_ = std::chrono::duration_cast<std::chrono::milliseconds>(machine.poll_timeout() - start_).count();
      machine.handle_timeout(now());
      collect();
    }
    at_ = at;
    machine.handle_timeout(now());
    collect();
  }

  /// When the machine wants to be called next, -1 for never.
  std::int64_t wakes_at() const {
    const auto at = machine.poll_timeout();
    return at == base::never ? -1
                             : std::chrono::duration_cast<std::chrono::milliseconds>(at - start_).count();
  }

  void clear() {
    sent.clear();
    kinds.clear();
    events.clear();
    event_times.clear();
  }

  Machine machine;
  std::vector<std::int64_t> sent;
  std::vector<transmit> kinds;
  std::vector<event> events;
  std::vector<std::int64_t> event_times;

 private:
  base::time_point start_{std::chrono::seconds(1000)};
  std::int64_t at_ = 0;
};

}  // namespace parley::test
