#include <parley/rtp/ntp_time.hpp>

#include "support/catch.hpp"

#include <chrono>

using namespace parley;
using namespace std::chrono_literals;

TEST_CASE("NTP time counts from 1900", "[rtp]") {
  CHECK(rtp::to_ntp(base::wall_time{}) == std::uint64_t{2208988800} << 32U);
  CHECK(rtp::to_ntp(base::wall_time(500ms)) == (std::uint64_t{2208988800} << 32U | 0x80000000U));
  CHECK(rtp::to_ntp(base::wall_time(-500ms)) == (std::uint64_t{2208988799} << 32U | 0x80000000U));
  // RFC 3550 figure 2: 10 November 1995 11:33:25.125 UTC is 0xb44db705:20000000.
  const base::wall_time at = std::chrono::sys_days(std::chrono::November / 10 / 1995) + 11h + 33min + 25125ms;
  CHECK(rtp::to_ntp(at) == 0xb44db70520000000U);
  CHECK(rtp::ntp_middle(rtp::to_ntp(at)) == 0xb7052000U);
}

TEST_CASE("NTP time is read back to the microsecond, in both eras", "[rtp]") {
  for (const auto year : {1970, 1995, 2026, 2036, 2037, 2100}) {
    const base::wall_time start = std::chrono::sys_days(std::chrono::February / 28 / year);
    for (std::int64_t us = 0; us < 3000000; us += 99991) {
      const base::wall_time at = start + std::chrono::microseconds(us);
      REQUIRE(rtp::from_ntp(rtp::to_ntp(at)) == at);
    }
  }
}

TEST_CASE("lengths have units of 1/65536 s", "[rtp]") {
  CHECK(rtp::to_ntp_length(5250ms) == 0x00054000U);
  CHECK(rtp::from_ntp_length(0x00062000U) == 6125ms);
  CHECK(rtp::to_ntp_length(-1s) == 0);
  CHECK(rtp::to_ntp_length(100h) == 0xFFFFFFFFU);
}
