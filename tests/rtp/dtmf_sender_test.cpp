#include <parley/rtp/dtmf_sender.hpp>

#include "support/catch.hpp"

#include <string>

using namespace parley;
using rtp::dtmf_sender;

namespace {

/// A packet as marker, offset of the timestamp, duration and end: "M+0:160" or "+0:320E".
std::string next(dtmf_sender& sender, std::uint32_t start) {
  const auto packet = sender.next();
  if (!packet) return "none";
  return std::string(packet->marker ? "M" : "") + "+" + std::to_string(packet->timestamp - start) + ":" +
         std::to_string(packet->event.duration) + (packet->event.end ? "E" : "");
}

}  // namespace

TEST_CASE("RFC 4733 2.5.1.2, 2.5.1.4: an event grows, and its end is sent three times", "[rtp]") {
  dtmf_sender sender(160);
  CHECK_FALSE(sender.active());
  CHECK(next(sender, 0) == "none");
  REQUIRE(sender.start(5000, 7, 400, 20));
  CHECK(sender.active());
  CHECK_FALSE(sender.start(6000, 8, 400));
  CHECK(next(sender, 5000) == "M+0:160");
  CHECK(next(sender, 5000) == "+0:320");
  CHECK(next(sender, 5000) == "+0:400E");
  CHECK(next(sender, 5000) == "+0:400E");
  CHECK(sender.active());
  const auto last = sender.next();
  CHECK(last->event == rtp::telephone_event{7, true, 20, 400});
  CHECK_FALSE(sender.active());
  CHECK(next(sender, 5000) == "none");
  REQUIRE(sender.start(9000, 8, 160));
  CHECK(next(sender, 9000) == "M+0:160E");
}

TEST_CASE("a key that is let go ends its event", "[rtp]") {
  dtmf_sender sender(160);
  sender.stop();
  CHECK(next(sender, 0) == "none");
  REQUIRE(sender.start(0, 1, 100000));
  CHECK(next(sender, 0) == "M+0:160");
  CHECK(next(sender, 0) == "+0:320");
  sender.stop();
  CHECK(next(sender, 0) == "+0:320E");
  sender.stop();
  CHECK(next(sender, 0) == "+0:320E");
  CHECK(next(sender, 0) == "+0:320E");
  CHECK(next(sender, 0) == "none");
  REQUIRE(sender.start(0, 1, 100000));
  sender.stop();
  CHECK(next(sender, 0) == "M+0:160E");
}

TEST_CASE("RFC 4733 2.5.1.3: a long event is sent in segments", "[rtp]") {
  constexpr std::uint32_t start = 0xFFFFFF00;  // the timestamp wraps around
  dtmf_sender sender(30000);
  REQUIRE(sender.start(start, 1, 150000));
  CHECK(next(sender, start) == "M+0:30000");
  CHECK(next(sender, start) == "+0:60000");
  CHECK(next(sender, start) == "+0:65535");      // 90000 have passed
  CHECK(next(sender, start) == "+65535:54465");  // 120000
  CHECK(next(sender, start) == "+65535:65535");  // 150000
  CHECK(next(sender, start) == "+131070:18930E");
  CHECK(next(sender, start) == "+131070:18930E");
  CHECK(next(sender, start) == "+131070:18930E");
  CHECK(next(sender, start) == "none");

  REQUIRE(sender.start(0, 1, 65535));
  for (const char* const expected :
       {"M+0:30000", "+0:60000", "+0:65535E", "+0:65535E", "+0:65535E", "none"}) {
    CHECK(next(sender, 0) == expected);
  }
}

TEST_CASE("values at their bounds", "[rtp]") {
  dtmf_sender sender(0);
  CHECK_FALSE(sender.start(0, 1, 160, 64));
  CHECK_FALSE(sender.active());
  REQUIRE(sender.start(0, 1, 2, 63));
  CHECK(next(sender, 0) == "M+0:1");
  CHECK(next(sender, 0) == "+0:2E");
  dtmf_sender zero(160);
  REQUIRE(zero.start(0, 1, 0));
  CHECK(next(zero, 0) == "M+0:0E");
}
