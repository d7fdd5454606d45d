#include "net/detail/load_meter.hpp"

#include <algorithm>
#include <ctime>

namespace parley::net::detail {
namespace {

std::chrono::nanoseconds thread_time() noexcept {
  std::timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

void load_meter::start(base::time_point now) noexcept {
  since_ = now;
  worked_ = thread_time();
}

double load_meter::measure(base::time_point now, double backlog) noexcept {
  using seconds = std::chrono::duration<double>;
  const auto worked = thread_time();
  const double passed = seconds(now - since_).count();
  const double busy = passed > 0 ? seconds(worked - worked_).count() / passed : 0;
  since_ = now;
  worked_ = worked;
  return std::clamp(std::max(busy, backlog), 0.0, 1.0);
}

}  // namespace parley::net::detail
