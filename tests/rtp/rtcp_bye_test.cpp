#include <parley/rtp/rtcp_bye.hpp>

#include "rtcp_support.hpp"

#include <array>

using namespace parley;
using rtp::bye;
using rtp::errc;

TEST_CASE("RFC 3550 6.6: who leaves, and why", "[rtp]") {
  const std::string hex = "82cb0005 00000001 00000002 09636172 20627265 616b0000";
  const test::one_packet p(hex);
  const auto read = p.get<bye>();
  REQUIRE(read.sources.size() == 2);
  CHECK(read.sources[0] == 1);
  CHECK(read.sources[1] == 2);
  CHECK(read.reason == "car break");
  CHECK(test::written(read) == test::plain(hex));
  CHECK(test::copied<bye>("80cb0000") == "80cb0000");
  CHECK(test::copied<bye>("81cb0001 00000001") == test::plain("81cb0001 00000001"));
  CHECK(test::copied<bye>("81cb0002 00000001 03616263") == test::plain("81cb0002 00000001 03616263"));
  // An empty reason is none.
  CHECK(test::copied<bye>("81cb0002 00000001 00000000") == test::plain("81cb0001 00000001"));
}

TEST_CASE("RFC 3550 6.6: what breaks a BYE", "[rtp]") {
  CHECK(test::error_of<bye>("81cb0000") == rtp::parse_error{errc::rtcp_body_truncated, 4});
  CHECK(test::error_of<bye>("9fcb0001 00000001") == rtp::parse_error{errc::rtcp_body_truncated, 8});
  CHECK(test::error_of<bye>("81cb0002 00000001 04616263") == rtp::parse_error{errc::bad_bye_reason, 8});
  CHECK(test::error_of<bye>("80cb0001 ff616263") == rtp::parse_error{errc::bad_bye_reason, 4});
  const std::string longest(255, 'x');
  CHECK(test::refused(bye{{}, longest}) == errc{});
  const std::string longer(256, 'x');
  CHECK(test::refused(bye{{}, longer}) == errc::text_too_long);
  const std::vector<std::uint32_t> sources(32);
  CHECK(test::refused(bye{std::span<const std::uint32_t>(sources)}) == errc::too_many_items);
}
