#include <parley/rtp/sequence_tracker.hpp>

#include "support/catch.hpp"

#include <cstdint>

using namespace parley;
using tracker = rtp::sequence_tracker;
using verdict = tracker::verdict;

namespace {

/// A source past its probation whose highest number is `at`.
tracker valid_at(std::uint16_t at) {
  tracker t(1);
  t.handle_packet(at);
  return t;
}

}  // namespace

TEST_CASE("two packets in a row make a source valid", "[rtp]") {
  tracker t;
  CHECK(t.handle_packet(7).verdict == verdict::probation);
  CHECK_FALSE(t.valid());
  CHECK(t.expected() == 0);
  CHECK(t.highest() == 0);
  CHECK(t.handle_packet(9).verdict == verdict::probation);
  CHECK(t.handle_packet(9).verdict == verdict::probation);
  CHECK(t.handle_packet(10).verdict == verdict::in_order);
  CHECK(t.valid());
  CHECK(t.expected() == 1);
  CHECK(t.received() == 1);
  CHECK(t.highest() == 10);
}

TEST_CASE("the first packet ever is never taken for the successor of nothing", "[rtp]") {
  tracker t;
  // The number that an object fresh from its constructor would have as highest is 0; 1 does not follow it.
  CHECK(t.handle_packet(1).verdict == verdict::probation);
  CHECK(t.handle_packet(2).verdict == verdict::in_order);
}

TEST_CASE("a tracker without probation takes the first packet", "[rtp]") {
  for (const std::uint8_t probation : {std::uint8_t{0}, std::uint8_t{1}}) {
    tracker t(probation);
    const auto first = t.handle_packet(65535);
    CHECK(first.verdict == verdict::in_order);
    CHECK(first.extended == 65535);
    CHECK(t.handle_packet(0).extended == 65536);
    CHECK(t.highest() == 0x10000);
  }
}

TEST_CASE("numbers go on beyond 16 bits, cycle after cycle", "[rtp]") {
  auto t = valid_at(0);
  for (std::uint32_t i = 1; i < 200000; ++i) {
    REQUIRE(t.handle_packet(static_cast<std::uint16_t>(i)).extended == static_cast<std::int64_t>(i));
  }
  CHECK(t.highest() == 199999);
  CHECK(t.expected() == 200000);
  CHECK(t.lost() == 0);
}

TEST_CASE("a gap is lost until the late packets come", "[rtp]") {
  auto t = valid_at(65530);
  CHECK(t.handle_packet(4).extended == 65540);
  CHECK(t.expected() == 11);
  CHECK(t.lost() == 9);
  const auto late = t.handle_packet(65535);
  CHECK(late.verdict == verdict::late);
  CHECK(late.extended == 65535);
  CHECK(late.usable());
  CHECK(t.handle_packet(2).extended == 65538);
  CHECK(t.lost() == 7);
  CHECK(t.highest() == 65540);
}

TEST_CASE("a packet before the first has a number below it", "[rtp]") {
  auto t = valid_at(1);
  const auto late = t.handle_packet(65535);
  CHECK(late.verdict == verdict::late);
  CHECK(late.extended == -1);
}

TEST_CASE("each packet counts once, wherever it lies in the window", "[rtp]") {
  for (unsigned distance = 1; distance < tracker::max_misorder; ++distance) {
    auto t = valid_at(1000);
    t.handle_packet(static_cast<std::uint16_t>(1000 + distance));
    CHECK(t.handle_packet(static_cast<std::uint16_t>(1000 + distance)).verdict == verdict::duplicate);
    CHECK(t.handle_packet(1000).verdict == verdict::duplicate);
    CHECK(t.duplicates() == 2);
    for (unsigned step = 1; step < distance; ++step) {
      REQUIRE(t.handle_packet(static_cast<std::uint16_t>(1000 + step)).verdict == verdict::late);
      REQUIRE(t.handle_packet(static_cast<std::uint16_t>(1000 + step)).verdict == verdict::duplicate);
    }
  }
}

TEST_CASE("the window of seen packets moves by any step", "[rtp]") {
  for (const unsigned step : {1U, 63U, 64U, 65U, 99U}) {
    auto t = valid_at(500);
    t.handle_packet(static_cast<std::uint16_t>(500 + step));
    CHECK(t.handle_packet(500).verdict == verdict::duplicate);
    if (step > 1) CHECK(t.handle_packet(501).verdict == verdict::late);
  }
  auto t = valid_at(500);
  t.handle_packet(628);
  CHECK(t.handle_packet(529).verdict == verdict::late);
  CHECK(t.handle_packet(528).verdict == verdict::jump);
}

TEST_CASE("a jump is believed when its successor comes", "[rtp]") {
  auto t = valid_at(100);
  t.handle_packet(101);
  CHECK(t.handle_packet(3101).verdict == verdict::jump);
  CHECK(t.received() == 2);
  CHECK(t.handle_packet(102).verdict == verdict::in_order);
  CHECK(t.handle_packet(3102).verdict == verdict::restarted);
  CHECK(t.expected() == 1);
  CHECK(t.received() == 1);
  CHECK(t.highest() == 3102);
}

TEST_CASE("the limits of a gap are those of the RFC", "[rtp]") {
  CHECK(valid_at(100).handle_packet(3099).verdict == verdict::in_order);
  CHECK(valid_at(100).handle_packet(3100).verdict == verdict::jump);
  CHECK(valid_at(1000).handle_packet(901).verdict == verdict::late);
  CHECK(valid_at(1000).handle_packet(900).verdict == verdict::jump);
}

TEST_CASE("duplicates make the loss negative", "[rtp]") {
  auto t = valid_at(1);
  for (int i = 0; i < 3; ++i) t.handle_packet(1);
  CHECK(t.lost() == -3);
}
