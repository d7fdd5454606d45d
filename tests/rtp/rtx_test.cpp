#include <parley/rtp/packet.hpp>
#include <parley/rtp/rtx.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <string>

using namespace parley;
using rtp::errc;
using test::from_hex;
using test::to_hex;

namespace {

const std::string original = "b2e8 1234 0a0b0c0d deadbeef 00000001 00000002 abcd0001 01020304 aabbcc 000003";
const std::string repeated =
    "b2e1 0007 0a0b0c0d 00000009 00000001 00000002 abcd0001 01020304 1234 aabbcc 000003";

}  // namespace

TEST_CASE("RFC 4588 4: a packet becomes a retransmission in place, and back", "[rtp]") {
  base::buffer_pool pool;
  base::packet_buffer packet = pool.copy(from_hex(original), 2).value();
  const std::byte* const payload = packet.data() + 28;
  REQUIRE(rtp::wrap_rtx(packet, {97, 7, 9}).has_value());
  CHECK(to_hex(packet.bytes()) == to_hex(from_hex(repeated)));
  CHECK(packet.headroom() == 0);
  CHECK(packet.data() + 30 == payload);  // the payload has not moved
  REQUIRE(rtp::unwrap_rtx(packet, 104, 0xDEADBEEF).has_value());
  CHECK(to_hex(packet.bytes()) == to_hex(from_hex(original)));
  CHECK(packet.headroom() == 2);
}

TEST_CASE("RFC 4588 4: what is no retransmission, and what cannot become one", "[rtp]") {
  base::buffer_pool pool;
  const auto unwrapped = [&](std::string_view hex) {
    base::packet_buffer packet = pool.copy(from_hex(hex)).value();
    const auto done = rtp::unwrap_rtx(packet, 0, 0);
    if (!done) CHECK(to_hex(packet.bytes()) == to_hex(from_hex(hex)));
    return done ? rtp::parse_error{} : done.error();
  };
  CHECK(unwrapped("8000 0001 00000002 00000003 1234") == rtp::parse_error{});
  CHECK(unwrapped("8000 0001 00000002 00000003 12") == rtp::parse_error{errc::rtx_truncated, 12});
  CHECK(unwrapped("a000 0001 00000002 00000003 00000003") == rtp::parse_error{errc::rtx_truncated, 12});
  CHECK(unwrapped("0000 0001 00000002 00000003 1234") == rtp::parse_error{errc::bad_version, 0});

  base::packet_buffer broken = pool.copy(from_hex("8000"), 2).value();
  CHECK(rtp::wrap_rtx(broken, {}).error() == errc::truncated_header);
  base::packet_buffer tight = pool.copy(from_hex(original), 1).value();
  CHECK(rtp::wrap_rtx(tight, {}).error() == errc::no_space);
  base::packet_buffer shared = pool.copy(from_hex(original), 2).value();
  const base::packet_buffer other = shared;
  CHECK(rtp::wrap_rtx(shared, {}).error() == errc::no_space);
  CHECK(to_hex(shared.bytes()) == to_hex(from_hex(original)));
}
