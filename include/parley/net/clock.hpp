#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

#include <chrono>

namespace parley::net {

/// The clock of the running program: the one place that asks the system for the time. Whatever lies below
/// this room is told the time.
///
/// It is the standard library's steady clock in microseconds, so a deadline can be given to Asio's timers.
class PARLEY_API steady_clock_source {
 public:
  static base::time_point now() noexcept;

  /// Calendar time, for what is written down.
  static base::wall_time wall_now() noexcept;

  /// The same instant for Asio. `base::never` becomes the end of the steady clock's own time line.
  static std::chrono::steady_clock::time_point to_steady(base::time_point at) noexcept;
};

}  // namespace parley::net
