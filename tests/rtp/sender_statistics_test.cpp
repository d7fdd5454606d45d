#include <parley/rtp/sender_statistics.hpp>

#include "support/catch.hpp"

#include <chrono>

using namespace parley;
using namespace std::chrono_literals;

TEST_CASE("a sender report speaks of the moment it is made", "[rtp]") {
  const auto t0 = base::time_point{} + 100h;
  const base::wall_time wall =
      std::chrono::sys_days(std::chrono::November / 10 / 1995) + 11h + 33min + 25125ms;
  rtp::sender_statistics s(0x42, 90000);
  s.handle_sent(t0, 0xFFFFFF00U, 1000, t0 - 10ms);
  s.handle_sent(t0 + 1ms, 0xFFFFFF00U, 500, t0 - 9ms);
  const auto report = s.report(t0 + 90ms, wall);
  CHECK(report.ssrc == 0x42);
  CHECK(report.ntp_time == 0xb44db70520000000U);
  CHECK(report.rtp_time == 0xFFFFFF00U + 9000U);
  CHECK(report.packet_count == 2);
  CHECK(report.octet_count == 1500);
  CHECK(report.blocks.empty());
  CHECK(s.last_sent() == t0 + 1ms);
  CHECK(s.report(t0 - 10ms, wall).rtp_time == 0xFFFFFF00U);
}
