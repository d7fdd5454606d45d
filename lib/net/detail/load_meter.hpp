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

  /// The share of the time since the last call that the thread has worked or, where the system tells, waited
  /// for a processor that it shares; or, where it is higher, that of the receive buffers that is full. 0
  /// to 1.
  double measure(base::time_point now, double backlog) noexcept;

 private:
  base::time_point since_{};
  std::chrono::nanoseconds used_{0};
};

}  // namespace parley::net::detail
