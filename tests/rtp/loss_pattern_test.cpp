#include <parley/rtp/loss_pattern.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"

#include <cstdint>

using namespace parley;

namespace {

/// The pattern after `count` packets of which those that `lose` names were lost.
template <class Lose>
rtp::loss_pattern after(std::int64_t count, Lose lose) {
  rtp::loss_pattern pattern;
  for (std::int64_t i = 0; i < count; ++i) {
    if (!lose(i)) pattern.handle_packet(i);
  }
  return pattern;
}

}  // namespace

TEST_CASE("a stream without losses has a burst ratio of one", "[rtp]") {
  const auto pattern = after(1000, [](std::int64_t) { return false; });
  CHECK(pattern.lost() == 0);
  CHECK(pattern.settled() == 1000 - 64);
  CHECK(pattern.burst_ratio() == 1);
  CHECK(rtp::loss_pattern().burst_ratio() == 1);
}

TEST_CASE("independent losses have a burst ratio near one", "[rtp]") {
  test::seeded_random random(7);
  const auto pattern = after(100000, [&](std::int64_t) { return random.uniform(10) == 0; });
  CHECK(pattern.loss() == Approx(0.1).margin(0.005));
  CHECK(pattern.burst_ratio() == Approx(1).margin(0.02));
}

TEST_CASE("losses in bursts have a burst ratio of their length", "[rtp]") {
  const auto pattern = after(10064, [](std::int64_t i) { return i % 100 >= 90 && i % 100 < 95; });
  CHECK(pattern.lost() == 500);
  CHECK(pattern.runs() == 100);
  CHECK(pattern.burst_ratio() == Approx(5 * 0.95));
}

TEST_CASE("a packet that comes late is no loss", "[rtp]") {
  rtp::loss_pattern pattern;
  for (std::int64_t i = 0; i < 1000; i += 2) {
    pattern.handle_packet(i + 1);
    pattern.handle_packet(i);
  }
  CHECK(pattern.lost() == 0);
}

TEST_CASE("a restart does not count as a gap", "[rtp]") {
  auto pattern = after(100, [](std::int64_t) { return false; });
  pattern.handle_packet(50000);
  pattern.handle_packet(50);
  for (std::int64_t i = 51; i < 200; ++i) pattern.handle_packet(i);
  CHECK(pattern.lost() == 0);
}
