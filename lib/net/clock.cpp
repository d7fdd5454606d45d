#include <parley/net/clock.hpp>

namespace parley::net {

base::time_point steady_clock_source::now() noexcept {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return base::time_point(std::chrono::duration_cast<base::duration>(since));
}

base::wall_time steady_clock_source::wall_now() noexcept {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point steady_clock_source::to_steady(base::time_point at) noexcept {
  using steady = std::chrono::steady_clock;
  constexpr auto last =
      std::chrono::duration_cast<base::duration>(steady::time_point::max().time_since_epoch());
  if (at.time_since_epoch() >= last) return steady::time_point::max();
  return steady::time_point(std::chrono::duration_cast<steady::duration>(at.time_since_epoch()));
}

}  // namespace parley::net
