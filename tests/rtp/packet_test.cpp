#include <parley/rtp/packet.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <array>
#include <string>
#include <vector>

using namespace parley;
using rtp::errc;
using rtp::packet_view;
using test::from_hex;
using test::to_hex;

namespace {

rtp::parse_error error_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  const auto view = packet_view::parse(bytes);
  return view ? rtp::parse_error{} : view.error();
}

errc refused(const rtp::packet_header& header, std::size_t room = 2048) {
  std::vector<std::byte> memory(room);
  base::byte_writer out(memory);
  const auto written = rtp::write_header(out, header);
  if (!written) CHECK(out.position() == 0);
  return written ? errc{} : static_cast<errc>(written.error().value());
}

constexpr std::string_view plain = "8000 1234 0a0b0c0d deadbeef";

}  // namespace

TEST_CASE("RFC 3550 5.1: the fields of a header", "[rtp]") {
  const auto bytes =
      from_hex("b2e8 1234 0a0b0c0d deadbeef 00000001 00000002 abcd0001 01020304 aabbcc 000003");
  const auto view = packet_view::parse(bytes);
  REQUIRE(view.has_value());
  CHECK(view->payload_type() == 0x68);
  CHECK(view->marker());
  CHECK(view->sequence_number() == 0x1234);
  CHECK(view->timestamp() == 0x0A0B0C0D);
  CHECK(view->ssrc() == 0xDEADBEEF);
  REQUIRE(view->csrcs().size() == 2);
  CHECK(view->csrcs()[0] == 1);
  CHECK(view->csrcs()[1] == 2);
  CHECK(view->has_extension());
  CHECK(view->extension().profile == 0xABCD);
  CHECK(to_hex(view->extension().bytes) == "01020304");
  CHECK(view->header_size() == 28);
  CHECK(to_hex(view->payload()) == "aabbcc");
  CHECK(view->padding() == 3);
  CHECK(view->bytes().data() == bytes.data());
}

TEST_CASE("RFC 3550 5.1: a packet without anything but the header", "[rtp]") {
  const auto bytes = from_hex(plain);
  const auto view = packet_view::parse(bytes);
  REQUIRE(view.has_value());
  CHECK_FALSE(view->marker());
  CHECK(view->payload_type() == 0);
  CHECK(view->csrcs().empty());
  CHECK_FALSE(view->has_extension());
  CHECK(view->extension().bytes.empty());
  CHECK(view->extension().profile == 0);
  CHECK(view->payload().empty());
  CHECK(view->padding() == 0);
}

TEST_CASE("RFC 3550 5.1, 5.3.1: what breaks a packet", "[rtp]") {
  CHECK(error_of("") == rtp::parse_error{errc::truncated_header, 0});
  CHECK(error_of("8000 1234 0a0b0c0d deadbe") == rtp::parse_error{errc::truncated_header, 11});
  CHECK(error_of("0000 1234 0a0b0c0d deadbeef") == rtp::parse_error{errc::bad_version, 0});
  CHECK(error_of("4000 1234 0a0b0c0d deadbeef") == rtp::parse_error{errc::bad_version, 0});
  CHECK(error_of("c000 1234 0a0b0c0d deadbeef") == rtp::parse_error{errc::bad_version, 0});
  CHECK(error_of("8200 1234 0a0b0c0d deadbeef 00000001 000000") ==
        rtp::parse_error{errc::csrcs_truncated, 12});
  CHECK(error_of("8f00 1234 0a0b0c0d deadbeef") == rtp::parse_error{errc::csrcs_truncated, 12});
  CHECK(error_of("9000 1234 0a0b0c0d deadbeef abcd00") == rtp::parse_error{errc::extension_truncated, 12});
  CHECK(error_of("9000 1234 0a0b0c0d deadbeef abcd0001 010203") ==
        rtp::parse_error{errc::extension_truncated, 12});
  CHECK(error_of("9100 1234 0a0b0c0d deadbeef 00000001 abcdffff") ==
        rtp::parse_error{errc::extension_truncated, 16});
  CHECK(error_of("a000 1234 0a0b0c0d deadbeef") == rtp::parse_error{errc::bad_padding, 11});
  CHECK(error_of("a000 1234 0a0b0c0d deadbeef aabb00") == rtp::parse_error{errc::bad_padding, 14});
  CHECK(error_of("a000 1234 0a0b0c0d deadbeef aabb04") == rtp::parse_error{errc::bad_padding, 14});
  CHECK(error_of("a000 1234 0a0b0c0d deadbeef aabb03") == rtp::parse_error{});
  CHECK(error_of("9000 1234 0a0b0c0d deadbeef abcd0000") == rtp::parse_error{});
}

TEST_CASE("every truncation of a header is refused, of a payload none", "[rtp]") {
  const auto whole = from_hex("9208 1234 0a0b0c0d deadbeef 00000001 00000002 bede0001 10ff0000 aabbccdd");
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    CAPTURE(n);
    const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    const auto view = packet_view::parse(part);
    CHECK(view.has_value() == (n >= 28));
    if (view) CHECK(view->payload().size() == n - 28);
  }
}

TEST_CASE("a field is changed in place and the others stay", "[rtp]") {
  auto bytes = from_hex("80e8 1234 0a0b0c0d deadbeef aabb");
  const auto view = packet_view::parse(bytes).value();
  rtp::set_payload_type(bytes, 0x7F);
  CHECK(to_hex(bytes) == "80ff12340a0b0c0ddeadbeefaabb");
  CHECK(view.payload_type() == 0x7F);  // the view sees it
  rtp::set_payload_type(bytes, 0xFF);
  rtp::set_marker(bytes, false);
  CHECK(to_hex(bytes) == "807f12340a0b0c0ddeadbeefaabb");
  rtp::set_payload_type(bytes, 8);
  rtp::set_marker(bytes, true);
  rtp::set_sequence_number(bytes, 0xFEDC);
  rtp::set_timestamp(bytes, 0x01020304);
  rtp::set_ssrc(bytes, 0x05060708);
  CHECK(to_hex(bytes) == "8088fedc0102030405060708aabb");
}

TEST_CASE("a header is written as it is read", "[rtp]") {
  std::array<std::byte, 64> memory{};
  base::byte_writer out(memory);
  const std::array<std::uint32_t, 2> csrcs{1, 2};
  const auto extension = from_hex("01020304");
  REQUIRE(rtp::write_header(out, {.payload_type = 0x68,
                                  .marker = true,
                                  .padding = true,
                                  .sequence_number = 0x1234,
                                  .timestamp = 0x0A0B0C0D,
                                  .ssrc = 0xDEADBEEF,
                                  .csrcs = csrcs,
                                  .extension = {0xABCD, extension}}));
  CHECK(to_hex(out.written()) == "b2e812340a0b0c0ddeadbeef0000000100000002abcd000101020304");
  base::byte_writer small(memory);
  REQUIRE(rtp::write_header(small, {.sequence_number = 0x1234, .timestamp = 0x0A0B0C0D, .ssrc = 0xDEADBEEF}));
  CHECK(to_hex(small.written()) == to_hex(from_hex(plain)));
}

TEST_CASE("what no header can say is not written", "[rtp]") {
  const std::vector<std::uint32_t> sources(16);
  const std::vector<std::byte> bytes(4 * 65536);
  CHECK(refused({.payload_type = 127}) == errc{});
  CHECK(refused({.payload_type = 128}) == errc::value_out_of_range);
  CHECK(refused({.csrcs = std::span(sources).first(15)}) == errc{});
  CHECK(refused({.csrcs = sources}) == errc::too_many_items);
  CHECK(refused({.extension = {1, std::span(bytes).first(3)}}) == errc::value_out_of_range);
  CHECK(refused({.extension = {1, bytes}}, bytes.size() + 64) == errc::value_out_of_range);
  CHECK(refused({.extension = {1, std::span(bytes).first(4 * 65535)}}, bytes.size() + 64) == errc{});
  CHECK(refused({}, 11) == errc::no_space);
  CHECK(refused({}, 12) == errc{});
  CHECK(refused({.csrcs = std::span(sources).first(1), .extension = {1, {}}}, 19) == errc::no_space);
}

TEST_CASE("RFC 5761 4: RTCP is told from RTP on one port", "[rtp]") {
  for (unsigned second = 0; second < 256; ++second) {
    CAPTURE(second);
    const std::array<std::byte, 4> bytes{std::byte{0x80}, static_cast<std::byte>(second)};
    CHECK(rtp::is_rtcp(bytes) == (second >= 192 && second <= 223));
    const bool conflicts = (second & 0x7FU) >= 64 && (second & 0x7FU) <= 95;
    CHECK(rtp::conflicts_with_rtcp(static_cast<std::uint8_t>(second)) == conflicts);
  }
  CHECK(rtp::is_rtcp(from_hex("a1c9")));
  CHECK_FALSE(rtp::is_rtcp(from_hex("00c8")));
  CHECK_FALSE(rtp::is_rtcp(from_hex("c0c8")));
  CHECK_FALSE(rtp::is_rtcp(from_hex("80")));
  CHECK_FALSE(rtp::is_rtcp({}));
}
