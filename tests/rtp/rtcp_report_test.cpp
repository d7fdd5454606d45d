#include <parley/rtp/rtcp_report.hpp>

#include "rtcp_support.hpp"

#include <array>

using namespace parley;
using rtp::errc;
using rtp::receiver_report;
using rtp::report_block;
using rtp::sender_report;

namespace {

const std::string one_block = "00000002 40fffffe 00011234 00000055 0a0b0c0d 00010000";
const std::string sr = "81c8000c 00000001 e0000000 80000000 00001000 00000064 00003e80" + one_block;

}  // namespace

TEST_CASE("RFC 3550 6.4.1: a sender report", "[rtp]") {
  const test::one_packet p(sr);
  const auto report = p.get<sender_report>();
  CHECK(report.ssrc == 1);
  CHECK(report.ntp_time == 0xE000000080000000);
  CHECK(report.rtp_time == 0x1000);
  CHECK(report.packet_count == 100);
  CHECK(report.octet_count == 16000);
  REQUIRE(report.blocks.size() == 1);
  CHECK(report.blocks[0] == report_block{2, 0x40, -2, 0x11234, 0x55, 0x0A0B0C0D, 0x10000});
  CHECK(report.extension.empty());
  CHECK(test::written(report) == test::plain(sr));
  CHECK(test::copied<sender_report>(
            "80c80007 00000001 e0000000 80000000 00001000 00000064 00003e80 aabbccdd") ==
        test::plain("80c80007 00000001 e0000000 80000000 00001000 00000064 00003e80 aabbccdd"));
}

TEST_CASE("RFC 3550 6.4.2: a receiver report", "[rtp]") {
  const std::string rr = "82c9000e 00000001" + one_block + one_block + "01020304";
  const test::one_packet p(rr);
  const auto report = p.get<receiver_report>();
  CHECK(report.ssrc == 1);
  REQUIRE(report.blocks.size() == 2);
  int count = 0;
  for (const report_block b : report.blocks) count += b.ssrc == 2 ? 1 : 0;
  CHECK(count == 2);
  CHECK(test::to_hex(report.extension) == "01020304");
  CHECK(test::written(report) == test::plain(rr));
}

TEST_CASE("RFC 3550 6.4: reports hold as many blocks as they count", "[rtp]") {
  CHECK(test::error_of<receiver_report>("80c90000") == rtp::parse_error{errc::rtcp_body_truncated, 4});
  CHECK(test::error_of<receiver_report>("81c90001 00000001") ==
        rtp::parse_error{errc::rtcp_body_truncated, 8});
  CHECK(test::error_of<receiver_report>("82c90007 00000001" + one_block) ==
        rtp::parse_error{errc::rtcp_body_truncated, 32});
  CHECK(test::error_of<receiver_report>("9fc90007 00000001" + one_block) ==
        rtp::parse_error{errc::rtcp_body_truncated, 32});
  CHECK(test::error_of<sender_report>("80c80005 00000001 e0000000 80000000 00001000 00000064") ==
        rtp::parse_error{errc::rtcp_body_truncated, 24});
  CHECK(test::error_of<sender_report>("81c80006 00000001 e0000000 80000000 00001000 00000064 00003e80") ==
        rtp::parse_error{errc::rtcp_body_truncated, 28});
  CHECK(test::error_of<sender_report>("80c90001 00000001").code == errc::wrong_rtcp_type);
}

TEST_CASE("RFC 3550 A.3: the count of lost packets stays within 24 bits", "[rtp]") {
  struct row {
    std::int32_t lost;
    std::string_view hex;
  };
  for (const row& r : {row{0, "000000"}, row{1, "000001"}, row{-1, "ffffff"}, row{0x7FFFFF, "7fffff"},
                       row{0x800000, "7fffff"}, row{-0x800000, "800000"}, row{-0x800001, "800000"}}) {
    CAPTURE(r.lost);
    const std::array<report_block, 1> blocks{{{1, 0, r.lost, 0, 0, 0, 0}}};
    const std::string hex = test::written(receiver_report{7, blocks});
    CHECK(hex.substr(26, 6) == r.hex);
    const std::int32_t again = test::one_packet(hex).get<receiver_report>().blocks[0].cumulative_lost;
    CHECK(again == std::clamp(r.lost, -0x800000, 0x7FFFFF));
  }
}

TEST_CASE("a report has at most 31 blocks, and an extension in words", "[rtp]") {
  const std::vector<report_block> blocks(32);
  CHECK(test::refused(receiver_report{1, std::span(blocks).first(31)}) == errc{});
  CHECK(test::refused(receiver_report{1, std::span<const report_block>(blocks)}) == errc::too_many_items);
  CHECK(test::refused(sender_report{.blocks = std::span<const report_block>(blocks)}) ==
        errc::too_many_items);
  const auto odd = test::from_hex("010203");
  CHECK(test::refused(receiver_report{.extension = odd}) == errc::value_out_of_range);
  CHECK(test::refused(sender_report{.extension = odd}) == errc::value_out_of_range);
}
