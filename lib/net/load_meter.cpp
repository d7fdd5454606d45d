#include "net/detail/load_meter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace parley::net::detail {
namespace {

std::chrono::nanoseconds worked() noexcept {
  std::timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// The second number there: how long the thread was ready to run while another ran. Zero where Linux does not
// count it, and elsewhere.
std::chrono::nanoseconds waited() noexcept {
  const int file = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::array<char, 128> memory{};
  const auto got = ::read(file, memory.data(), memory.size());
  ::close(file);
  if (got <= 0) return {};
  const std::string_view text(memory.data(), static_cast<std::size_t>(got));
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return {};
  std::int64_t time = 0;
  std::from_chars(text.data() + space + 1, text.data() + text.size(), time);
  return std::chrono::nanoseconds(time);
}

}  // namespace

void load_meter::start(base::time_point now) noexcept {
  since_ = now;
  worked_ = worked();
  waited_ = waited();
}

double load_meter::share(std::chrono::nanoseconds passed, std::chrono::nanoseconds worked,
                         std::chrono::nanoseconds waited) noexcept {
  const auto had = passed - waited;
  if (had <= worked) return worked > std::chrono::nanoseconds::zero() ? 1.0 : 0.0;
  return static_cast<double>(worked.count()) / static_cast<double>(had.count());
}

double load_meter::measure(base::time_point now, double backlog) noexcept {
  const auto all_worked = worked();
  const auto all_waited = waited();
  const double busy = share(now - since_, all_worked - worked_, all_waited - waited_);
  since_ = now;
  worked_ = all_worked;
  waited_ = all_waited;
  return std::clamp(std::max(busy, backlog), 0.0, 1.0);
}

}  // namespace parley::net::detail
