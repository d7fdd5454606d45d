#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>

namespace parley::base {

/// The monotonic time line that machines live on. It has no `now()`: a machine is told the time, and one that
/// asked for it would not compile. The origin is whatever the driver chose; only differences mean anything.
struct clock {
  using rep = std::int64_t;
  using period = std::micro;
  /// A length of time, in microseconds.
  using duration = std::chrono::duration<rep, period>;
  /// A point on the clock that the application keeps.
  using time_point = std::chrono::time_point<clock>;
  static constexpr bool is_steady = true;
};

/// A length of time, in microseconds.
using duration = clock::duration;
/// A point on the clock that the application keeps.
using time_point = clock::time_point;

/// The deadline of something that is not going to happen. Compares greater than every other time.
inline constexpr time_point never = time_point::max();

/// Calendar time (UTC), for what is written down or compared with certificates: passed in beside
/// `time_point`, never used for a deadline, because it can jump.
using wall_time = std::chrono::sys_time<std::chrono::microseconds>;

/// `at + after`, or `never` where the sum is beyond the time line; `after` below zero counts as zero.
/// For durations that a peer names (Expires, Retry-After), which may be anything.
constexpr time_point add_saturated(time_point at, duration after) noexcept {
  if (after <= duration::zero()) return at;
  if (at > time_point{} && after > never - at) return never;
  return at + after;
}

}  // namespace parley::base
