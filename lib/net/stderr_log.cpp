#include <parley/net/clock.hpp>
#include <parley/net/stderr_log.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace parley::net {
namespace {

void append_time(std::string& out, base::wall_time at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::milliseconds>(at - day));
  std::array<char, 64> text{};
  const int n = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  if (n > 0) out.append(text.data(), static_cast<std::size_t>(n));
}

}  // namespace

void stderr_log::write(const base::log_record& record) noexcept {
  if (!enabled(record.level)) return;
  try {
    std::string line;
    append_time(line, steady_clock_source::wall_now());
    line += base::format_line(record);
    line += '\n';
    // Standard error is not buffered, so this is one write and lines of several threads do not mix.
    std::fwrite(line.data(), 1, line.size(), stderr);
  } catch (...) {
    // No memory for a log line: the line is lost, the program goes on.
  }
}

}  // namespace parley::net
