#pragma once

#include <parley/base/time.hpp>

#include <chrono>

namespace parley::net::detail {

/// How busy the thread of a shard is.
class load_meter {
 public:
  static constexpr base::duration interval = std::chrono::milliseconds(100);

  /// On the thread that is to be measured.
  void start(base::time_point now) noexcept;

  /// The share of its time that the thread has worked since the last call or, where it is higher, that of the
  /// receive buffers that is full. 0 to 1. Its time is what passed less what it waited for a processor that
  /// others had, where the system tells: a thread that sleeps between what it does keeps up, however long it
  /// waits for its turn, and one that never sleeps does not.
  double measure(base::time_point now, double backlog) noexcept;

  /// The same share from the three times.
  static double share(std::chrono::nanoseconds passed, std::chrono::nanoseconds worked,
                      std::chrono::nanoseconds waited) noexcept;

 private:
  base::time_point since_{};
  std::chrono::nanoseconds worked_{0};
  std::chrono::nanoseconds waited_{0};
};

}  // namespace parley::net::detail
