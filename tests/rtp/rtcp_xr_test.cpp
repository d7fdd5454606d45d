#include <parley/rtp/rtcp_xr.hpp>

#include "rtcp_support.hpp"

#include <array>

using namespace parley;
using namespace parley::rtp;
using test::error_of;
using test::plain;

namespace {

/// A report with these blocks, its first block read as a `T`.
template <class T>
parsed<T> block_of(const test::one_packet& p) {
  return p.get<extended_report>().blocks.begin()->get<T>();
}

std::string report(std::string_view blocks) {
  const std::string body = "00000001" + plain(blocks);
  const std::size_t words = body.size() / 8;
  std::string head = "80cf0000";
  head[6] = "0123456789abcdef"[words / 16];
  head[7] = "0123456789abcdef"[words % 16];
  return head + body;
}

template <class T>
std::string written_block(const T& block) {
  std::vector<std::byte> memory(300'000);
  xr_writer blocks(memory);
  blocks.add(block);
  REQUIRE(blocks.status().has_value());
  return test::written(extended_report{1, blocks.blocks()});
}

/// Reads and writes the one block of a report.
template <class T>
void copies(std::string_view block) {
  const test::one_packet p(report(block));
  const auto read = block_of<T>(p);
  REQUIRE(read.has_value());
  CHECK(written_block(*read) == report(block));
}

template <class T>
parse_error block_error(std::string_view block) {
  const test::one_packet p(report(block));
  const auto read = block_of<T>(p);
  return read ? parse_error{} : read.error();
}

template <class T>
errc block_refused(const T& block) {
  std::vector<std::byte> memory(600'000);
  const auto status = xr_writer(memory).add(block).status();
  return status ? errc{} : static_cast<errc>(status.error().value());
}

}  // namespace

TEST_CASE("RFC 3611 2: blocks one after the other, known or not", "[rtp]") {
  const std::string hex = report("040000020000000100000002 ff550001aabbccdd 0000 0000");
  const test::one_packet p(hex);
  const auto read = p.get<extended_report>();
  CHECK(read.ssrc == 1);
  CHECK(read.blocks.size() == 3);
  auto at = read.blocks.begin();
  CHECK(at->type == xr_type::receiver_reference_time);
  ++at;
  CHECK(static_cast<unsigned>(at->type) == 255);
  CHECK(at->type_specific == 0x55);
  CHECK(test::to_hex(at->body) == "aabbccdd");
  CHECK(at->get<voip_metrics>().error() == parse_error{errc::wrong_rtcp_type, 0});
  at++;
  CHECK(at->body.empty());
  CHECK(test::written(read) == hex);
  CHECK(test::copied<extended_report>("80cf0001 00000001") == plain("80cf0001 00000001"));
  CHECK(error_of<extended_report>("80cf0000") == parse_error{errc::rtcp_body_truncated, 4});
  CHECK(error_of<extended_report>("80cf0002 00000001 04000002") == parse_error{errc::bad_xr_block, 8});
  CHECK(error_of<extended_report>("80cf0003 00000001 00000000 0400ffff") ==
        parse_error{errc::bad_xr_block, 12});
}

TEST_CASE("RFC 3611 4.1, 4.2: runs and vectors of packets", "[rtp]") {
  // 65530 to 20: seven that came, three that did not, then a vector.
  const std::string rle = "01000004 00000002 fffa0014 40070003 d5550000";
  const test::one_packet p(report(rle));
  const auto read = block_of<loss_rle>(p);
  REQUIRE(read.has_value());
  CHECK(read->ssrc == 2);
  CHECK(read->begin_sequence == 0xFFFA);
  CHECK(read->end_sequence == 20);
  REQUIRE(read->chunks.size() == 3);
  std::string bits;
  std::uint16_t next = 0xFFFA;
  read->for_each([&](std::uint16_t number, bool bit) {
    CHECK(number == next++);
    bits += bit ? '1' : '0';
  });
  CHECK(bits == "1111111000101010101010101");
  copies<loss_rle>(rle);
  copies<duplicate_rle>("02000003 00000002 00010003 40020001");
  copies<loss_rle>("010f0002 00000002 00010003");
  CHECK(block_error<duplicate_rle>(rle) == parse_error{errc::wrong_rtcp_type, 0});
  CHECK(block_error<loss_rle>("01000001 00000002") == parse_error{errc::bad_xr_block, 4});
  CHECK(block_refused(loss_rle{.thinning = 16}) == errc::value_out_of_range);
  const std::vector<std::uint16_t> many(0x20000);
  CHECK(block_refused(loss_rle{.chunks = std::span<const std::uint16_t>(many)}) == errc::value_out_of_range);
}

TEST_CASE("RFC 3611 4.1: thinned reports speak of every so many packets", "[rtp]") {
  const std::array<std::uint16_t, 1> chunks{0x4009};
  const loss_rle thinned{.thinning = 2, .ssrc = 2, .begin_sequence = 5, .end_sequence = 20, .chunks = chunks};
  std::vector<std::uint16_t> numbers;
  thinned.for_each([&](std::uint16_t number, bool) { numbers.push_back(number); });
  CHECK(numbers == std::vector<std::uint16_t>{8, 12, 16});
}

TEST_CASE("RFC 3611 4.3 to 4.5: times", "[rtp]") {
  copies<packet_receipt_times>("03040004 00000002 00010003 0000abcd 0000abce");
  CHECK(block_error<packet_receipt_times>("03000000") == parse_error{errc::bad_xr_block, 4});
  CHECK(block_refused(packet_receipt_times{.thinning = 16}) == errc::value_out_of_range);
  const std::vector<std::uint32_t> many(0x10000);
  CHECK(block_refused(packet_receipt_times{.times = std::span<const std::uint32_t>(many)}) ==
        errc::value_out_of_range);

  copies<receiver_reference_time>("04000002 e0000000 80000000");
  CHECK(block_error<receiver_reference_time>("04000001 e0000000") == parse_error{errc::bad_xr_block, 4});
  CHECK(block_error<receiver_reference_time>("04000003 e0000000 80000000 00000000") ==
        parse_error{errc::bad_xr_block, 4});

  const std::string dlrr = "05000006 00000002 0a0b0c0d 00010000 00000003 00000000 00000000";
  copies<delay_since_last_rr>(dlrr);
  const test::one_packet p(report(dlrr));
  CHECK(block_of<delay_since_last_rr>(p)->entries[0] == dlrr_entry{2, 0x0A0B0C0D, 0x10000});
  copies<delay_since_last_rr>("05000000");
  CHECK(block_error<delay_since_last_rr>("05000002 00000002 0a0b0c0d") == parse_error{errc::bad_xr_block, 4});
  const std::vector<dlrr_entry> entries(0x8000);
  CHECK(block_refused(delay_since_last_rr{std::span<const dlrr_entry>(entries)}) == errc::value_out_of_range);
}

TEST_CASE("RFC 3611 4.6: a summary of statistics", "[rtp]") {
  const std::string block =
      "06e80009 00000002 00010064 00000003 00000004 00000005 00000006 00000007 00000008 090a0b0c";
  const test::one_packet p(report(block));
  const auto read = block_of<statistics_summary>(p);
  REQUIRE(read.has_value());
  CHECK(*read == statistics_summary{true, true, true, statistics_summary::ttl_kind::ipv4, 2, 1, 100, 3, 4, 5,
                                    6, 7, 8, 9, 10, 11, 12});
  copies<statistics_summary>(block);
  CHECK(block_error<statistics_summary>(
            "06e80008 00000002 00010064 00000003 00000004 00000005 00000006 00000007 "
            "00000008") == parse_error{errc::bad_xr_block, 4});
}

TEST_CASE("RFC 3611 4.7: metrics of a call", "[rtp]") {
  const std::string block =
      "07000008 00000002 01020304 00050006 00070008 eec4090a 0b0c0d0e 30000014 001e0028";
  const test::one_packet p(report(block));
  const auto read = block_of<voip_metrics>(p);
  REQUIRE(read.has_value());
  CHECK(read->loss_rate == 1);
  CHECK(read->gap_density == 4);
  CHECK(read->burst_duration == 5);
  CHECK(read->end_system_delay == 8);
  CHECK(read->signal_level == -18);
  CHECK(read->noise_level == -60);
  CHECK(read->residual_echo_return_loss == 9);
  CHECK(read->gmin == 10);
  CHECK(read->r_factor == 11);
  CHECK(read->mos_cq == 14);
  CHECK(read->rx_config == 0x30);
  CHECK(read->jitter_buffer_nominal == 20);
  CHECK(read->jitter_buffer_absolute_maximum == 40);
  copies<voip_metrics>(block);
  CHECK(
      block_error<voip_metrics>("07000007 00000002 01020304 00050006 00070008 eec4090a 0b0c0d0e 30000014") ==
      parse_error{errc::bad_xr_block, 4});
}

TEST_CASE("blocks are collected in memory of the caller", "[rtp]") {
  std::array<std::byte, 20> memory{};
  xr_writer out(memory);
  out.add(receiver_reference_time{1}).add(receiver_reference_time{2});
  CHECK(out.status().error() == errc::no_space);
  CHECK(out.blocks().size() == 1);
  out.add(xr_block{});
  CHECK(out.blocks().size() == 1);
  const auto odd = test::from_hex("010203");
  CHECK(block_refused(xr_block{xr_type{9}, 0, odd}) == errc::value_out_of_range);
  CHECK(test::refused(extended_report{1, std::span<const xr_block>(std::array{
                                             xr_block{xr_type{9}, 0, odd}})}) == errc::value_out_of_range);
}
