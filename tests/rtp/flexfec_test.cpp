#include <parley/rtp/flexfec.hpp>

#include "fec_support.hpp"
#include "support/catch.hpp"
#include "support/hex.hpp"

using namespace parley;
using rtp::errc;
using test::from_hex;
using test::media_packet;
using test::octet_string;
using test::to_hex;

namespace {

parley::rtp::parsed<rtp::fec_repair> read(const octet_string& packet) {
  return rtp::parse_flexfec(rtp::packet_view::parse(packet).value());
}

rtp::parse_error error_of(std::string_view payload,
                          std::string_view header = "8170 0001 00000000 00000055 00000003") {
  const auto bytes = from_hex(std::string(header) + std::string(payload));
  const auto repair = read(bytes);
  return repair ? rtp::parse_error{} : repair.error();
}

std::string protects(std::string_view mask) {
  const auto bytes =
      from_hex("8170 0001 00000000 00000055 00000003 0060 0000 00000000 03e8" + std::string(mask) + "ff");
  const auto repair = read(bytes);
  REQUIRE(repair.has_value());
  CHECK(to_hex(repair->levels[0].payload) == "ff");
  std::string out;
  repair->for_each([&](std::uint16_t n) { out += std::to_string(n - 1000) + " "; });
  return out;
}

}  // namespace

TEST_CASE("RFC 8627 4.2.2.1: masks of 15, 46 and 110 packets", "[rtp]") {
  CHECK(protects("4001") == "0 14 ");
  CHECK(protects("c001 40000001") == "0 14 15 45 ");
  CHECK(protects("8000 00000001") == "45 ");
  CHECK(protects("c001 c0000001 8000000000000001") == "0 14 15 45 46 109 ");
  CHECK(protects("8000 80000000 0000600000000000") == "63 64 ");
}

TEST_CASE("RFC 8627 4.2.2: what breaks a repair packet, and what is not read", "[rtp]") {
  CHECK(error_of("") == rtp::parse_error{errc::fec_truncated, 16});
  CHECK(error_of("0060 0000 00000000 03e8 40") == rtp::parse_error{errc::fec_truncated, 27});
  CHECK(error_of("0060 0000 00000000 03e8 4000") == rtp::parse_error{});
  CHECK(error_of("0060 0000 00000000 03e8 8000 000000") == rtp::parse_error{errc::fec_truncated, 28});
  CHECK(error_of("0060 0000 00000000 03e8 8000 80000000 00000000000000") ==
        rtp::parse_error{errc::fec_truncated, 32});
  CHECK(error_of("0060 0000 00000000 03e8 0000") == rtp::parse_error{errc::bad_fec_mask, 26});
  CHECK(error_of("0060 0000 00000000 03e8 8000 80000000 0000000000000000") ==
        rtp::parse_error{errc::bad_fec_mask, 26});
  CHECK(error_of("8060 0000 00000000 03e8 4000") == rtp::parse_error{errc::fec_unsupported, 16});
  CHECK(error_of("4060 0000 00000000 03e8 0404") == rtp::parse_error{errc::fec_unsupported, 16});
  CHECK(error_of("0060 0000 00000000 03e8 4000", "8270 0001 00000000 00000055 00000003 00000004") ==
        rtp::parse_error{errc::fec_unsupported, 20});
  CHECK(rtp::is_flexfec_retransmission(from_hex("80")));
  CHECK_FALSE(rtp::is_flexfec_retransmission(from_hex("c0")));
  CHECK_FALSE(rtp::is_flexfec_retransmission(from_hex("00")));
  CHECK_FALSE(rtp::is_flexfec_retransmission({}));
}

TEST_CASE("RFC 8627 6.3: any one lost packet comes back as it was", "[rtp]") {
  base::buffer_pool pool;
  // Packets 0, 14, 20 and 100 from the base on.
  std::vector<octet_string> packets;
  for (const unsigned n : {65500U, 65514U, 65520U, 65600U}) {
    packets.push_back(media_packet(static_cast<std::uint16_t>(n)));
  }
  const octet_string whole = test::make_flexfec(packets, 65500, "c001 82000000 0000000000000200");
  const auto repair = read(whole);
  REQUIRE(repair.has_value());
  for (std::size_t lost = 0; lost < packets.size(); ++lost) {
    CAPTURE(lost);
    rtp::packet_history history(256);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      if (i != lost) CHECK(history.insert(pool.copy(packets[i]).value()));
    }
    const auto recovered = rtp::recover(*repair, history, 3, pool);
    REQUIRE(recovered.has_value());
    CHECK(to_hex(recovered->bytes()) == to_hex(packets[lost]));
  }
}
