#include <parley/rtp/reception.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdlib>

using namespace parley;
using namespace std::chrono_literals;
using rtp::reception;
using verdict = rtp::sequence_tracker::verdict;

namespace {
const base::time_point t0 = base::time_point{} + 100h;
}

TEST_CASE("a report block says what was lost since the last", "[rtp]") {
  reception r(0x1234, 8000, 1);
  const auto send = [&](int from, int to, int step = 1) {
    for (int i = from; i < to; i += step) {
      r.handle_packet(t0 + i * 20ms, static_cast<std::uint16_t>(i), static_cast<std::uint32_t>(i * 160), 160);
    }
  };
  send(65500, 65600);
  auto block = r.report(t0);
  CHECK(block.ssrc == 0x1234);
  CHECK(block.fraction_lost == 0);
  CHECK(block.cumulative_lost == 0);
  CHECK(block.highest_sequence == 65599);
  CHECK(block.last_sr == 0);
  CHECK(block.delay_since_last_sr == 0);
  CHECK(block.jitter == 0);
  CHECK(r.bytes() == 16000);
  // Of 100 more, one in four: the last one is 65699, of 65600 to 65699 that came 25.
  send(65603, 65700, 4);
  block = r.report(t0);
  CHECK(block.fraction_lost == 75 * 256 / 100);
  CHECK(block.cumulative_lost == 75);
  // Nothing came: no fraction, and no need for a block.
  CHECK_FALSE(r.heard_since_report());
  CHECK(r.report(t0).fraction_lost == 0);
  send(65700, 65701);
  CHECK(r.heard_since_report());
  CHECK(r.report(t0).fraction_lost == 0);
  CHECK(r.report(t0).cumulative_lost == 75);
}

TEST_CASE("nearly all lost is 255, duplicates are less than nothing", "[rtp]") {
  reception r(1, 8000, 1);
  r.handle_packet(t0, 0, 0, 1);
  r.report(t0);
  r.handle_packet(t0, 2999, 0, 1);
  CHECK(r.report(t0).fraction_lost == 255);
  for (int i = 0; i < 3000; ++i) r.handle_packet(t0, 2999, 0, 1);
  const auto block = r.report(t0);
  CHECK(block.fraction_lost == 0);
  CHECK(block.cumulative_lost == 2998 - 3000);
  CHECK(r.bytes() == 2);
}

TEST_CASE("what is lost in all is clamped to 24 bits", "[rtp]") {
  reception r(1, 8000, 1);
  std::uint16_t sequence = 0;
  r.handle_packet(t0, sequence, 0, 0);
  for (int i = 0; i < 3000; ++i)
    r.handle_packet(t0, sequence = static_cast<std::uint16_t>(sequence + 2999), 0, 0);
  CHECK(r.sequence().lost() > 0x7FFFFF);
  CHECK(r.report(t0).cumulative_lost == 0x7FFFFF);
}

TEST_CASE("jitter is the smoothed difference of transit times", "[rtp]") {
  reception r(1, 8000, 1);
  r.handle_packet(t0, 0, 0, 160);
  // Each second packet 5 ms late: every transit differs from the one before by 40 units.
  double expected = 0;
  for (int i = 1; i < 500; ++i) {
    r.handle_packet(t0 + i * 20ms + (i % 2) * 5ms, static_cast<std::uint16_t>(i),
                    static_cast<std::uint32_t>(i * 160), 160);
    expected += (40 - expected) / 16;
    REQUIRE(std::abs(static_cast<double>(r.jitter()) - expected) <= 1.5);
  }
  CHECK(r.jitter() >= 39);
  CHECK(r.jitter() <= 40);
  CHECK(r.jitter_time() >= 4875us);
  CHECK(r.jitter_time() <= 5ms);
  // Another rate, another scale.
  r.set_clock_rate(48000);
  CHECK(r.jitter() == 0);
}

TEST_CASE("a sender that starts its timestamps anew makes no jitter", "[rtp]") {
  reception r(1, 8000, 1);
  r.handle_packet(t0, 0, 0, 160);
  r.handle_packet(t0 + 20ms, 1, 3000000000U, 160);
  CHECK(r.jitter() == 0);
  r.handle_packet(t0 + 40ms, 2, 3000000160U, 160);
  CHECK(r.jitter() == 0);
}

TEST_CASE("packets whose timestamp stands still on purpose make no jitter", "[rtp]") {
  reception r(1, 8000, 1);
  for (std::uint16_t i = 0; i < 50; ++i) r.handle_packet(t0 + i * 20ms, i, i * 160U, 160);
  for (std::uint16_t i = 50; i < 450; ++i) r.handle_packet(t0 + i * 20ms, i, 50 * 160U, 4, false);
  r.handle_packet(t0 + 450 * 20ms, 450, 450 * 160U, 160);
  CHECK(r.jitter() == 0);
  CHECK(r.sequence().received() == 451);
}

TEST_CASE("without a clock rate there is no jitter", "[rtp]") {
  reception r(1, 0, 1);
  r.handle_packet(t0, 0, 0, 160);
  r.handle_packet(t0 + 5s, 1, 160, 160);
  CHECK(r.jitter() == 0);
  CHECK(r.jitter_time() == 0s);
}

TEST_CASE("the last sender report is quoted with its age", "[rtp]") {
  reception r(1, 8000, 1);
  r.handle_packet(t0, 0, 0, 160);
  r.handle_sender_report(t0, 0xb44db70520000000U, 4000);
  const auto block = r.report(t0 + 5250ms);
  CHECK(block.last_sr == 0xb7052000U);
  CHECK(block.delay_since_last_sr == 0x00054000U);
  CHECK(r.clock().to_ntp(12000) == 0xb44db70620000000U);
}

TEST_CASE("a source that starts again begins a new count", "[rtp]") {
  reception r(1, 8000, 1);
  for (std::uint16_t i = 0; i < 100; ++i) r.handle_packet(t0, i, 0, 1);
  r.report(t0);
  CHECK(r.handle_packet(t0, 30000, 0, 1).verdict == verdict::jump);
  CHECK(r.handle_packet(t0, 30001, 0, 1).verdict == verdict::restarted);
  r.handle_packet(t0, 30003, 0, 1);
  const auto block = r.report(t0);
  CHECK(block.fraction_lost == 256 / 3);
  CHECK(block.cumulative_lost == 1);
}
