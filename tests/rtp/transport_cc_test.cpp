#include <parley/rtp/transport_cc.hpp>

#include "rtcp_support.hpp"

#include <vector>

using namespace parley;
using rtp::errc;
using rtp::packet_status;
using rtp::transport_cc;
using test::error_of;
using test::plain;

namespace {

constexpr packet_status lost{};
constexpr packet_status at(std::int16_t delta) { return {true, delta}; }

std::vector<packet_status> statuses(const transport_cc& feedback) {
  std::vector<packet_status> out;
  for (const packet_status& p : feedback.packets) out.push_back(p);
  return out;
}

std::string hex_of(const std::vector<packet_status>& packets) {
  return test::written(transport_cc{1, 2, 10, 1, 3, std::span<const packet_status>(packets)});
}

}  // namespace

TEST_CASE("transport-wide-cc 3.1: runs, bits and pairs of bits", "[rtp]") {
  // A run of two small deltas; 14 bits; seven pairs, of which the first four count.
  const std::string hex =
      "8fcd0008 00000001 00000002 fffe0014 ffffff07 2002 a001 e07f 04 08 01 02 ffff 05 000000";
  const test::one_packet p(hex);
  const auto feedback = p.get<transport_cc>();
  CHECK(feedback.sender_ssrc == 1);
  CHECK(feedback.media_ssrc == 2);
  CHECK(feedback.base_sequence == 0xFFFE);
  CHECK(feedback.reference_time == -1);
  CHECK(feedback.feedback_count == 7);
  REQUIRE(feedback.packets.size() == 20);
  std::vector<packet_status> expected(20, lost);
  expected[0] = at(4);
  expected[1] = at(8);
  expected[2] = at(1);
  expected[15] = at(2);
  expected[16] = at(-1);
  expected[19] = at(5);
  CHECK(statuses(feedback) == expected);
  CHECK(statuses(test::one_packet(test::written(feedback)).get<transport_cc>()) == expected);
}

TEST_CASE("transport-wide-cc 3.1.1: a run of one symbol", "[rtp]") {
  const test::one_packet none("8fcd0005 00000001 00000002 000a1fff 000001 03 1fff0000");
  CHECK(statuses(none.get<transport_cc>()) == std::vector<packet_status>(0x1FFF, lost));
  const test::one_packet small("8fcd0005 00000001 00000002 000a0002 000001 03 2002 04ff");
  CHECK(statuses(small.get<transport_cc>()) == std::vector<packet_status>{at(4), at(255)});
  const test::one_packet large("8fcd0006 00000001 00000002 000a0002 000001 03 4002 8000 7fff 0000");
  CHECK(statuses(large.get<transport_cc>()) == std::vector<packet_status>{at(-32768), at(32767)});
  // A run that is longer than the count ends with the count; one of nothing says nothing.
  const test::one_packet longer("8fcd0005 00000001 00000002 000a0001 000001 03 3fff 0400");
  CHECK(statuses(longer.get<transport_cc>()) == std::vector<packet_status>{at(4)});
  const test::one_packet empty("8fcd0006 00000001 00000002 000a0001 000001 03 2000 2001 04000000");
  CHECK(statuses(empty.get<transport_cc>()) == std::vector<packet_status>{at(4)});
}

TEST_CASE("transport-wide-cc 3.1.4: vectors of symbols", "[rtp]") {
  const test::one_packet bits("8fcd0005 00000001 00000002 000a000e 000001 03 a001 0405");
  std::vector<packet_status> expected(14, lost);
  expected.front() = at(4);
  expected.back() = at(5);
  CHECK(statuses(bits.get<transport_cc>()) == expected);
  // 01 00 10 00 00 00 10
  const test::one_packet pairs("8fcd0006 00000001 00000002 000a0007 000001 03 d202 04 ffff 0100 00");
  CHECK(statuses(pairs.get<transport_cc>()) ==
        std::vector<packet_status>{at(4), lost, at(-1), lost, lost, lost, at(256)});
}

TEST_CASE("transport-wide-cc 3.1: what breaks feedback", "[rtp]") {
  const std::string head = "00000001 00000002 000a";
  CHECK(error_of<transport_cc>("8fcd0003 00000001 00000002 000a0001") ==
        rtp::parse_error{errc::rtcp_body_truncated, 16});
  CHECK(error_of<transport_cc>("8fcd0005" + head + "0000 000001 03 20010400") ==
        rtp::parse_error{errc::bad_status_chunk, 14});
  CHECK(error_of<transport_cc>("8fcd0004" + head + "0001 000001 03") ==
        rtp::parse_error{errc::bad_status_chunk, 20});
  // Chunks that end before the count does.
  CHECK(error_of<transport_cc>("8fcd0005" + head + "0003 000001 03 20012001") ==
        rtp::parse_error{errc::bad_status_chunk, 24});
  // Deltas that are not there.
  CHECK(error_of<transport_cc>("8fcd0005" + head + "0003 000001 03 20030101") ==
        rtp::parse_error{errc::bad_status_chunk, 24});
  CHECK(error_of<transport_cc>("8fcd0005" + head + "ffff 000001 03 3fff0101").code == errc::bad_status_chunk);
  // The symbol that is reserved, in a run, and among the pairs that count.
  CHECK(error_of<transport_cc>("8fcd0005" + head + "0001 000001 03 60010101") ==
        rtp::parse_error{errc::bad_status_chunk, 20});
  CHECK(error_of<transport_cc>("8fcd0005" + head + "0002 000001 03 cc000101") ==
        rtp::parse_error{errc::bad_status_chunk, 20});
  CHECK(error_of<transport_cc>("8fcd0005" + head + "0001 000001 03 cc000101") == rtp::parse_error{});
}

TEST_CASE("transport-wide-cc: feedback is written in few chunks, and read as it was", "[rtp]") {
  const auto same = [](const std::vector<packet_status>& packets, std::size_t bytes) {
    const std::string hex = hex_of(packets);
    const test::one_packet p(hex);
    CHECK(statuses(p.get<transport_cc>()) == packets);
    CHECK(test::written(p.get<transport_cc>()) == hex);
    CHECK(p.bytes.size() == bytes);
  };
  CHECK(hex_of({at(4), at(255)}) == plain("8fcd0005 00000001 00000002 000a0002 000001 03 2002 04ff"));
  CHECK(hex_of({at(256)}) == plain("8fcd0005 00000001 00000002 000a0001 000001 03 4001 0100"));
  same({lost}, 24);
  same(std::vector<packet_status>(65535, lost), 20 + 20);  // nine runs
  same(std::vector<packet_status>(20, at(1)), 20 + 2 + 20 + 2);
  std::vector<packet_status> mixed;
  for (int i = 0; i < 14; ++i) mixed.push_back(i % 2 == 0 ? at(1) : lost);
  same(mixed, 20 + 12);
  mixed[3] = at(-1);
  same(mixed, 20 + 16);
  mixed.insert(mixed.end(), 9, at(1000));
  same(mixed, 20 + 6 + 27 + 3);
  std::vector<packet_status> many;
  for (int i = 0; i < 3000; ++i) {
    many.push_back(i % 7 == 0 ? at(static_cast<std::int16_t>(i * 11)) : i % 5 == 0 ? lost : at(17));
  }
  const std::string hex = hex_of(many);
  CHECK(statuses(test::one_packet(hex).get<transport_cc>()) == many);
}

TEST_CASE("transport-wide-cc: what cannot be said is not written", "[rtp]") {
  const std::vector<packet_status> packets(65536);
  const std::span<const packet_status> all(packets);
  CHECK(test::refused(transport_cc{}) == errc::bad_status_chunk);
  CHECK(test::refused(transport_cc{.packets = all}) == errc::too_many_items);
  CHECK(test::refused(transport_cc{.packets = all.first(65535)}) == errc{});
  CHECK(test::refused(transport_cc{.reference_time = 0x800000, .packets = all.first(1)}) ==
        errc::value_out_of_range);
  CHECK(test::refused(transport_cc{.reference_time = -0x800001, .packets = all.first(1)}) ==
        errc::value_out_of_range);
  CHECK(test::refused(transport_cc{.reference_time = -0x800000, .packets = all.first(1)}) == errc{});
}
