#include <parley/rtp/dtmf_receiver.hpp>
#include <parley/rtp/dtmf_sender.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <array>
#include <string>
#include <vector>

using namespace parley;
using rtp::dtmf_press;
using rtp::dtmf_receiver;
using rtp::errc;
using test::from_hex;

namespace {

struct sent {
  bool marker;
  std::uint32_t timestamp;
  std::array<std::byte, 4> payload;
};

/// The packets of one press.
std::vector<sent> packets_of(std::uint32_t timestamp, std::uint8_t event, std::uint32_t duration,
                             std::uint16_t interval = 160) {
  rtp::dtmf_sender sender(interval);
  REQUIRE(sender.start(timestamp, event, duration));
  std::vector<sent> out;
  while (const auto packet = sender.next()) {
    sent one{packet->marker, packet->timestamp, {}};
    base::byte_writer writer(one.payload);
    REQUIRE(packet->event.write(writer) == errc{});
    out.push_back(one);
  }
  return out;
}

void give(dtmf_receiver& receiver, const sent& packet) {
  REQUIRE(receiver.handle_packet(packet.marker, packet.timestamp, packet.payload).has_value());
}

/// Presses as event, duration and, where none was seen, the lack of an end: "1:400 2:160? ".
std::string pressed(dtmf_receiver& receiver) {
  std::string out;
  while (const auto press = receiver.poll_event()) {
    out +=
        std::to_string(press->event) + ":" + std::to_string(press->duration) + (press->end_seen ? " " : "? ");
  }
  return out;
}

}  // namespace

TEST_CASE("RFC 4733 2.5.2: one press of many packets", "[rtp]") {
  dtmf_receiver receiver;
  const auto packets = packets_of(1000, 5, 400);
  REQUIRE(packets.size() == 5);
  give(receiver, packets[0]);
  CHECK(receiver.sounding() == dtmf_press{5, 10, 1000, 160, false});
  give(receiver, packets[1]);
  CHECK_FALSE(receiver.poll_event().has_value());
  give(receiver, packets[2]);
  CHECK(receiver.poll_event() == dtmf_press{5, 10, 1000, 400, true});
  CHECK_FALSE(receiver.sounding().has_value());
  give(receiver, packets[3]);
  give(receiver, packets[4]);
  CHECK(pressed(receiver).empty());
  CHECK_FALSE(receiver.sounding().has_value());
}

TEST_CASE("any one packet of a press, in any order, is one press", "[rtp]") {
  const auto first = packets_of(0xFFFFFF00, 1, 400);
  const auto second = packets_of(0xFFFFFF00 + 800, 2, 400);
  for (unsigned kept = 1; kept < 32; ++kept) {
    for (const bool backwards : {false, true}) {
      CAPTURE(kept, backwards);
      dtmf_receiver receiver;
      std::uint32_t longest = 0;
      bool end = false;
      for (unsigned i = 0; i < 5; ++i) {
        const unsigned at = backwards ? 4 - i : i;
        if ((kept >> at & 1U) == 0) continue;
        give(receiver, first[at]);
        give(receiver, first[at]);
        if (end) continue;  // what comes behind the end is not counted
        longest = std::max(longest, std::uint32_t{at == 0 ? 160U : at == 1 ? 320U : 400U});
        end = at >= 2;
      }
      for (const sent& p : second) give(receiver, p);
      for (const sent& p : first) give(receiver, p);  // overtaken by all of the other
      CHECK(pressed(receiver) == "1:" + std::to_string(longest) + (end ? " " : "? ") + "2:400 ");
    }
  }
}

TEST_CASE("presses of one key are told apart by their timestamps", "[rtp]") {
  dtmf_receiver receiver;
  for (std::uint32_t i = 0; i < 3; ++i) {
    for (const sent& p : packets_of(i * 800, 9, 320)) give(receiver, p);
  }
  CHECK(pressed(receiver) == "9:320 9:320 9:320 ");
}

TEST_CASE("an event whose end is lost is over when time has gone on", "[rtp]") {
  dtmf_receiver receiver(1600);
  receiver.handle_time(5);
  CHECK(pressed(receiver).empty());
  give(receiver, packets_of(1000, 3, 400)[1]);
  receiver.handle_time(1320 + 1600);
  receiver.handle_time(900);
  CHECK(pressed(receiver).empty());
  receiver.handle_time(1320 + 1601);
  CHECK(pressed(receiver) == "3:320? ");
  receiver.handle_time(9999);
  give(receiver, packets_of(1000, 3, 400)[2]);
  CHECK(pressed(receiver).empty());
}

TEST_CASE("RFC 4733 2.5.2.3: the segments of a long event are one press", "[rtp]") {
  const auto packets = packets_of(0xFFFFF000, 1, 150000, 30000);
  for (std::size_t lost = 0; lost <= packets.size(); ++lost) {
    CAPTURE(lost);
    dtmf_receiver receiver;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      if (i != lost) give(receiver, packets[i]);
    }
    CHECK(pressed(receiver) == "1:150000 ");
    CHECK_FALSE(receiver.sounding().has_value());
  }
  // Another press, with a marker, that begins where a segment could.
  dtmf_receiver receiver;
  give(receiver, packets_of(0, 1, 400)[0]);
  for (const sent& p : packets_of(65535, 1, 400)) give(receiver, p);
  CHECK(pressed(receiver) == "1:160? 1:400 ");
}

TEST_CASE("RFC 4733 2.5.1.5: the events of one packet follow each other", "[rtp]") {
  dtmf_receiver receiver;
  const auto payload = from_hex("010a0190 020a0140 030a00a0");
  REQUIRE(receiver.handle_packet(true, 1000, payload).has_value());
  CHECK(pressed(receiver) == "1:400 2:320 ");
  CHECK(receiver.sounding() == dtmf_press{3, 10, 1720, 160, false});
  REQUIRE(receiver.handle_packet(false, 1000, payload).has_value());
  REQUIRE(receiver.handle_packet(false, 1720, from_hex("038a0140")).has_value());
  CHECK(pressed(receiver) == "3:320 ");
}

TEST_CASE("what contradicts an event, and a source that counts anew", "[rtp]") {
  dtmf_receiver receiver;
  REQUIRE(receiver.handle_packet(true, 0x50000000, from_hex("010a0190")).has_value());
  REQUIRE(receiver.handle_packet(false, 0x50000000, from_hex("028a0190")).has_value());
  CHECK(pressed(receiver).empty());
  CHECK(receiver.sounding()->event == 1);
  REQUIRE(receiver.handle_packet(true, 5, from_hex("028a0190")).has_value());
  CHECK(pressed(receiver) == "1:400? 2:400 ");
}

TEST_CASE("errors, and presses that nobody takes", "[rtp]") {
  dtmf_receiver receiver(1600, 1);
  CHECK(receiver.handle_packet(true, 0, from_hex("0102")).error() ==
        rtp::parse_error{errc::bad_event_length, 2});
  std::uint32_t given = 0;
  while (receiver.handle_packet(true, given * 800, from_hex("018a0190")).has_value()) ++given;
  CHECK(given == 16);
  CHECK(receiver.handle_packet(true, given * 800, from_hex("018a0190")).error() ==
        rtp::parse_error{errc::no_space, 0});
  CHECK(receiver.poll_event().has_value());
  CHECK(receiver.handle_packet(true, given * 800, from_hex("018a0190")).has_value());
  std::size_t taken = 0;
  while (receiver.poll_event()) ++taken;
  CHECK(taken == 16);
}

TEST_CASE("another source ends the event of the one before, and its timestamps are its own", "[rtp][dtmf]") {
  dtmf_receiver receiver;
  const auto first = packets_of(50000, 1, 800);
  give(receiver, first[0]);
  give(receiver, first[1]);
  receiver.reset();
  CHECK(pressed(receiver) == "1:320? ");
  // Behind what was reported by as much as would have been an old packet.
  for (const sent& each : packets_of(49000, 2, 800)) give(receiver, each);
  CHECK(pressed(receiver) == "2:800 ");
}
