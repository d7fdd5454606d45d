#include <parley/rtp/rtcp_app.hpp>

#include "rtcp_support.hpp"

using namespace parley;
using rtp::application_packet;
using rtp::errc;

TEST_CASE("RFC 3550 6.7: a packet of an application's own", "[rtp]") {
  const std::string hex = "9fcc0003 00000001 74657374 01020304";
  const test::one_packet p(hex);
  const auto read = p.get<application_packet>();
  CHECK(read.subtype == 31);
  CHECK(read.ssrc == 1);
  CHECK(read.name == "test");
  CHECK(test::to_hex(read.data) == "01020304");
  CHECK(test::written(read) == test::plain(hex));
  CHECK(test::copied<application_packet>("80cc0002 00000001 74657374") ==
        test::plain("80cc0002 00000001 74657374"));
}

TEST_CASE("RFC 3550 6.7: what breaks an APP", "[rtp]") {
  CHECK(test::error_of<application_packet>("80cc0000") == rtp::parse_error{errc::rtcp_body_truncated, 4});
  CHECK(test::error_of<application_packet>("80cc0001 00000001") ==
        rtp::parse_error{errc::rtcp_body_truncated, 8});
  CHECK(test::error_of<application_packet>("80cc0002 00000001 746573ff") ==
        rtp::parse_error{errc::bad_app_name, 8});
  const auto odd = test::from_hex("0102");
  CHECK(test::refused(application_packet{0, 1, "test", {}}) == errc{});
  CHECK(test::refused(application_packet{32, 1, "test", {}}) == errc::bad_app_name);
  CHECK(test::refused(application_packet{0, 1, "tes", {}}) == errc::bad_app_name);
  CHECK(test::refused(application_packet{0, 1, "tes\xC3", {}}) == errc::bad_app_name);
  CHECK(test::refused(application_packet{0, 1, "test", odd}) == errc::value_out_of_range);
}
