#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace parley::net {

namespace asio = boost::asio;

/// Keeps the deadlines of one machine with one timer of Asio.
///
/// A machine's next deadline moves with every message, mostly to a later time. So an armed timer is left
/// alone when the deadline moves back: it wakes, finds nothing due, and waits again. Deadlines are rounded up
/// to multiples of `slack`, so that many of them share a wake-up.
///
/// *Ownership:* all calls are made on the executor, which outlives it. It may be destroyed in its own
/// handler.
class PARLEY_API deadline_timer {
 public:
  /// Gives the machine the time, and returns the machine's next deadline (`base::never` for none).
  using handler = std::function<base::time_point(base::time_point now)>;

  deadline_timer(const asio::any_io_executor& executor, handler due,
                 base::duration slack = std::chrono::milliseconds(4));
  ~deadline_timer();

  deadline_timer(const deadline_timer&) = delete;
  deadline_timer& operator=(const deadline_timer&) = delete;

  /// Calls the handler at `deadline`, late by less than `slack` and the system's own delay, or earlier.
  /// `base::never` changes nothing.
  void update(base::time_point deadline);

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace parley::net
