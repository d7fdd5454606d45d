#include <parley/rtp/dtmf_event.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <array>
#include <vector>

using namespace parley;
using rtp::errc;
using rtp::parse_events;
using rtp::telephone_event;
using test::from_hex;

TEST_CASE("RFC 4733 2.3: an event is read and written", "[rtp]") {
  const auto payload = from_hex("0b8a08c0");
  const auto events = parse_events(payload);
  REQUIRE(events.has_value());
  REQUIRE(events->size() == 1);
  CHECK((*events)[0] == telephone_event{11, true, 10, 0x8C0});
  std::array<std::byte, 8> memory{};
  base::byte_writer out(memory);
  CHECK(events->write(out) == errc{});
  CHECK(telephone_event{255, false, 63, 0xFFFF}.write(out) == errc{});
  CHECK(test::to_hex(out.written()) == "0b8a08c0ff3fffff");
  CHECK(telephone_event{0, false, 64, 0}.write(out) == errc::value_out_of_range);
  // The reserved bit says nothing.
  CHECK(telephone_event::load(from_hex("00400001").data()) == telephone_event{0, false, 0, 1});
}

TEST_CASE("RFC 4733 2.5.1.5: several events in a packet, whole ones", "[rtp]") {
  const auto two = from_hex("018a0320 020a00a0");
  CHECK(parse_events(two)->size() == 2);
  CHECK(parse_events({}).error() == rtp::parse_error{errc::bad_event_length, 0});
  for (const std::size_t bad : {1U, 2U, 3U, 5U, 7U}) {
    CHECK(parse_events(std::span(two).first(bad)).error() ==
          rtp::parse_error{errc::bad_event_length, static_cast<std::uint32_t>(bad)});
  }
  const std::vector<std::byte> many(4 * 17);
  CHECK(parse_events(std::span(many).first(64)).has_value());
  CHECK(parse_events(many).error() == rtp::parse_error{errc::too_many_items, 64});
}

TEST_CASE("RFC 4733 3.2: the names of digits", "[rtp]") {
  std::string all;
  for (unsigned e = 0; e < 256; ++e) {
    const auto digit = rtp::digit_of(static_cast<std::uint8_t>(e));
    if (!digit) continue;
    all += *digit;
    CHECK(rtp::event_of(*digit) == e);
  }
  CHECK(all == "0123456789*#ABCD");
  CHECK(rtp::event_of('d') == 15);
  CHECK_FALSE(rtp::event_of('e').has_value());
  CHECK_FALSE(rtp::event_of('E').has_value());
  CHECK_FALSE(rtp::event_of('\0').has_value());
  CHECK_FALSE(rtp::digit_of(rtp::flash_event).has_value());
}
