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
  used_ = worked() + waited();
}

double load_meter::measure(base::time_point now, double backlog) noexcept {
  using seconds = std::chrono::duration<double>;
  const auto used = worked() + waited();
  const double passed = seconds(now - since_).count();
  const double busy = passed > 0 ? seconds(used - used_).count() / passed : 0;
  since_ = now;
  used_ = used;
  return std::clamp(std::max(busy, backlog), 0.0, 1.0);
}

}  // namespace parley::net::detail
