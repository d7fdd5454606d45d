#include <parley/net/clock.hpp>
#include <parley/net/stderr_log.hpp>
#include <parley/net/system_random.hpp>

#include "support/catch.hpp"

#include <array>
#include <set>
#include <string>
#include <vector>

#if defined(__unix__)
#include <unistd.h>
#endif

using namespace parley;

TEST_CASE("the clock does not go back, and never is never for Asio too", "[net]") {
  const base::time_point first = net::steady_clock_source::now();
  const base::time_point second = net::steady_clock_source::now();
  CHECK(first <= second);
  CHECK(net::steady_clock_source::to_steady(base::never) == std::chrono::steady_clock::time_point::max());
  const auto apart = net::steady_clock_source::to_steady(second + std::chrono::seconds(1)) -
                     net::steady_clock_source::to_steady(second);
  CHECK(apart == std::chrono::seconds(1));
  CHECK(net::steady_clock_source::wall_now().time_since_epoch() > std::chrono::hours(24 * 365 * 50));
}

TEST_CASE("system randomness does not repeat and fills any length", "[net]") {
  net::system_random random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.u64());
  CHECK(seen.size() == 1000);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{511}, std::size_t{513}, std::size_t{5000}}) {
    std::vector<std::byte> bytes(size + 1, std::byte{0});
    random.fill(std::span(bytes).first(size));
    CHECK(bytes[size] == std::byte{0});
    if (size > 100) {
      std::set<std::byte> kinds(bytes.begin(), bytes.end() - 1);
      CHECK(kinds.size() > 50);
    }
  }
}

#if defined(__unix__)
namespace {

/// What `f` writes to standard error.
template <class F>
std::string captured(F&& f) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  f();
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(ends[1]);
  std::string text;
  std::array<char, 1024> some{};
  while (true) {
    const auto n = ::read(ends[0], some.data(), some.size());
    if (n <= 0) break;
    text.append(some.data(), static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  return text;
}

}  // namespace

TEST_CASE("the log writes lines with a time stamp, from its level on", "[net]") {
  net::stderr_log log(base::log_level::info);
  CHECK_FALSE(log.enabled(base::log_level::debug));
  CHECK(log.enabled(base::log_level::info));
  const std::string text = captured([&] {
    const base::log_field fields[] = {{"peer", "a\nb"}};
    log.write({base::log_level::debug, "net", "not this", {}});
    log.write({base::log_level::warning, "net", "this", fields});
    log.set_level(base::log_level::off);
    log.write({base::log_level::error, "net", "nor this", {}});
  });
  REQUIRE(text.size() > 25);
  // 2024-05-01T12:00:00.123Z
  CHECK(text[4] == '-');
  CHECK(text[10] == 'T');
  CHECK(text[19] == '.');
  CHECK(text.substr(23, 2) == "Z ");
  CHECK(text.substr(25) == "warning net: this peer=\"a\\nb\"\n");
}
#endif
