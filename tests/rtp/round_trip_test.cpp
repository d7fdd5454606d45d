#include <parley/rtp/ntp_time.hpp>
#include <parley/rtp/round_trip.hpp>

#include "support/catch.hpp"

#include <chrono>

using namespace parley;
using namespace std::chrono_literals;

TEST_CASE("the example of RFC 3550 figure 2", "[rtp]") {
  CHECK(rtp::round_trip(0xb7108000U, 0xb7052000U, 0x00054000U) == 6125ms);
  CHECK_FALSE(rtp::round_trip(0xb7108000U, 0, 0));
  CHECK_FALSE(rtp::round_trip(0xb7108000U, 0xb7108001U, 0));
  CHECK(rtp::round_trip(0x00008000U, 0xFFFF8000U, 0) == 1s);
}

TEST_CASE("only answers to reports that were sent are believed", "[rtp]") {
  const auto t0 = base::time_point{} + 1h;
  const std::uint64_t ntp = 0xb44db70520000000U;
  rtp::sent_reports sent;
  CHECK_FALSE(sent.round_trip(t0, 0xb7052000U, 0));
  CHECK_FALSE(sent.round_trip(t0, 0, 0));
  sent.handle_sent(t0, ntp);
  CHECK(sent.round_trip(t0 + 11375ms, 0xb7052000U, 0x00054000U) == 6125ms);
  CHECK_FALSE(sent.round_trip(t0 + 1s, 0xb7052001U, 0));
  // A delay that is longer than the time that went by.
  CHECK_FALSE(sent.round_trip(t0 + 1s, 0xb7052000U, 0x00010100U));
  CHECK(sent.round_trip(t0 + 1s, 0xb7052000U, 0x00010001U) == 0s);
  for (std::uint64_t i = 1; i <= 16; ++i) sent.handle_sent(t0 + 2s, ntp + (i << 32U));
  CHECK_FALSE(sent.round_trip(t0 + 3s, 0xb7052000U, 0));
}
