#include <parley/rtp/ulpfec.hpp>

#include "fec_support.hpp"
#include "support/catch.hpp"
#include "support/hex.hpp"

using namespace parley;
using rtp::errc;
using rtp::parse_ulpfec;
using test::from_hex;
using test::media_packet;
using test::octet_string;
using test::to_hex;

namespace {

rtp::parse_error error_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  const auto read = parse_ulpfec(bytes);
  return read ? rtp::parse_error{} : read.error();
}

const std::string header = "1a e8 0064 01020304 0010";

}  // namespace

TEST_CASE("RFC 5109 7: the header and the levels", "[rtp]") {
  const auto bytes = from_hex(header + "0003 8001 aabbcc 0001 c000 dd");
  const auto fec = parse_ulpfec(bytes);
  REQUIRE(fec.has_value());
  CHECK(fec->flags == 0x1A);
  CHECK(fec->type == 0xE8);
  CHECK(fec->timestamp == 0x01020304);
  CHECK(fec->length == 16);
  REQUIRE(fec->level_count == 2);
  CHECK(fec->levels[0].protects(100));
  CHECK(fec->levels[0].protects(115));
  CHECK_FALSE(fec->levels[0].protects(101));
  CHECK_FALSE(fec->levels[0].protects(99));
  CHECK_FALSE(fec->levels[0].protects(116));
  CHECK(to_hex(fec->levels[0].payload) == "aabbcc");
  CHECK(fec->levels[1].protects(101));
  CHECK(to_hex(fec->levels[1].payload) == "dd");
  std::string numbers;
  fec->for_each([&](std::uint16_t n) { numbers += std::to_string(n) + " "; });
  CHECK(numbers == "100 115 ");

  const auto wide = from_hex("40 00 fff0 00000000 0000 0000 000000000001");
  const auto long_mask = parse_ulpfec(wide);
  REQUIRE(long_mask.has_value());
  CHECK(long_mask->levels[0].protects(0xFFF0 + 47 - 0x10000));
  CHECK_FALSE(long_mask->levels[0].protects(0xFFF0));
}

TEST_CASE("RFC 5109 7: what breaks a repair packet", "[rtp]") {
  CHECK(error_of("") == rtp::parse_error{errc::fec_truncated, 0});
  CHECK(error_of("00 00 0001 00000000 00") == rtp::parse_error{errc::fec_truncated, 9});
  CHECK(error_of(header) == rtp::parse_error{errc::fec_truncated, 10});
  CHECK(error_of(header + "000080") == rtp::parse_error{errc::fec_truncated, 10});
  CHECK(error_of(header + "0003 8000 aabb") == rtp::parse_error{errc::fec_truncated, 14});
  CHECK(error_of(header + "0002 8000 aabb 00") == rtp::parse_error{errc::fec_truncated, 16});
  CHECK(error_of("40 00 0001 00000000 0000 0000 8000 0000") == rtp::parse_error{errc::fec_truncated, 10});
  CHECK(error_of("80 00 0001 00000000 0000 0000 8000") == rtp::parse_error{errc::fec_unsupported, 0});
  CHECK(error_of(header + "0000 0000") == rtp::parse_error{errc::bad_fec_mask, 12});
  CHECK(error_of(header + "00008000 00008000 00008000 00008000") == rtp::parse_error{});
  CHECK(error_of(header + "00008000 00008000 00008000 00008000 00008000") ==
        rtp::parse_error{errc::too_many_items, 26});
}

TEST_CASE("RFC 5109 9.2: any one lost packet comes back as it was", "[rtp]") {
  base::buffer_pool pool;
  std::vector<octet_string> packets;
  for (unsigned n = 65533; n < 65540; ++n) packets.push_back(media_packet(static_cast<std::uint16_t>(n)));
  const octet_string payload = test::make_ulpfec(packets, 65533);
  const auto fec = parse_ulpfec(payload);
  REQUIRE(fec.has_value());
  for (std::size_t lost = 0; lost < packets.size(); ++lost) {
    CAPTURE(lost);
    rtp::packet_history history(64);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      if (i != lost) CHECK(history.insert(pool.copy(packets[i]).value()));
    }
    const auto recovered = rtp::recover(*fec, history, 3, pool);
    REQUIRE(recovered.has_value());
    CHECK(to_hex(recovered->bytes()) == to_hex(packets[lost]));
    CHECK(history.insert(*recovered));
    CHECK_FALSE(rtp::recover(*fec, history, 3, pool).has_value());  // nothing is missing
  }
  rtp::packet_history two_missing(64);
  for (std::size_t i = 2; i < packets.size(); ++i) CHECK(two_missing.insert(pool.copy(packets[i]).value()));
  CHECK_FALSE(rtp::recover(*fec, two_missing, 3, pool).has_value());
}

TEST_CASE("RFC 5109 8.2: levels protect the bytes one behind the other", "[rtp]") {
  base::buffer_pool pool;
  const octet_string a = media_packet(10);
  const octet_string b = media_packet(11);
  const octet_string c = media_packet(12);
  // Level 0: the first ten bytes of a and b. Level 1: what is behind them of a, b and c.
  octet_string payload = test::sum(test::ulpfec_bits(a, 0, 10), test::ulpfec_bits(b, 0, 10));
  payload[0] &= std::byte{0x3F};
  payload[2] = std::byte{0};
  payload[3] = std::byte{10};
  const octet_string behind = test::sum(
      test::sum(test::ulpfec_bits(a, 10, 999), test::ulpfec_bits(b, 10, 999)), test::ulpfec_bits(c, 10, 999));
  octet_string whole(payload.begin(), payload.begin() + 10);
  test::append(whole, from_hex("000a c000"));
  test::append(whole, std::span(payload).subspan(10));
  test::append(whole, static_cast<unsigned>(behind.size() - 10), 2);
  test::append(whole, from_hex("e000"));
  test::append(whole, std::span(behind).subspan(10));
  const auto fec = parse_ulpfec(whole);
  REQUIRE(fec.has_value());

  rtp::packet_history history(64);
  CHECK(history.insert(pool.copy(b).value()));
  CHECK_FALSE(rtp::recover(*fec, history, 3, pool).has_value());  // level 1 lacks c, too
  CHECK(history.insert(pool.copy(c).value()));
  const auto recovered = rtp::recover(*fec, history, 3, pool);
  REQUIRE(recovered.has_value());
  CHECK(to_hex(recovered->bytes()) == to_hex(a));
}

TEST_CASE("what comes out is a packet that the repair covers, or nothing", "[rtp]") {
  base::buffer_pool pool;
  const rtp::packet_history nothing(64);
  // One packet is protected, and it says of itself that it has more than there is; or sources that do not
  // fit.
  const auto longer = from_hex("00 00 0001 00000000 0003 0002 8000 aabb");
  CHECK_FALSE(rtp::recover(*parse_ulpfec(longer), nothing, 3, pool).has_value());
  const auto sources = from_hex("0f 00 0001 00000000 0002 0002 8000 aabb");
  CHECK_FALSE(rtp::recover(*parse_ulpfec(sources), nothing, 3, pool).has_value());
  const auto plain = from_hex("00 60 0001 00000005 0002 0002 8000 aabb");
  CHECK(to_hex(rtp::recover(*parse_ulpfec(plain), nothing, 3, pool)->bytes()) ==
        "806000010000000500000003aabb");
  base::buffer_pool empty(base::buffer_pool_limits{.max_bytes = 0});
  CHECK_FALSE(rtp::recover(*parse_ulpfec(plain), nothing, 3, empty).has_value());
}
