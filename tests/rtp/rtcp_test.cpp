#include <parley/rtp/rtcp.hpp>
#include <parley/rtp/rtcp_bye.hpp>
#include <parley/rtp/rtcp_feedback.hpp>
#include <parley/rtp/rtcp_report.hpp>
#include <parley/rtp/rtcp_sdes.hpp>

#include "rtcp_support.hpp"

#include <array>
#include <iterator>

using namespace parley;
using rtp::compound_view;
using rtp::errc;
using rtp::rtcp_form;
using test::from_hex;
using test::to_hex;

namespace {

rtp::parse_error datagram_error(std::string_view hex, rtcp_form form = rtcp_form::compound) {
  const auto bytes = from_hex(hex);
  const auto view = compound_view::parse(bytes, form);
  return view ? rtp::parse_error{} : view.error();
}

const std::string empty_rr = "80c90001 00000001";
const std::string sdes = "81ca0003 00000001 01026869 00000000";
const std::string goodbye = "81cb0001 00000001";

}  // namespace

TEST_CASE("RFC 3550 6.1: a compound packet is walked from report to end", "[rtp]") {
  const auto bytes = from_hex(empty_rr + sdes + "85d90000" + goodbye);
  const auto view = compound_view::parse(bytes);
  REQUIRE(view.has_value());
  std::string types;
  for (const rtp::rtcp_packet& p : *view) {
    types += std::to_string(static_cast<unsigned>(p.type())) + "@" + std::to_string(p.offset()) + " ";
  }
  // RFC 3550 6.1: a type that nobody knows is passed over.
  CHECK(types == "201@0 202@8 217@24 203@28 ");
  auto at = view->begin();
  CHECK(at->is<rtp::receiver_report>());
  CHECK_FALSE(at->is<rtp::sender_report>());
  CHECK(at->get<rtp::sender_report>().error() == rtp::parse_error{errc::wrong_rtcp_type, 0});
  CHECK(std::next(at, 2)->count() == 5);
  CHECK(std::next(at, 2)->body().empty());
  CHECK(std::next(at, 2)->get<rtp::bye>().error() == rtp::parse_error{errc::wrong_rtcp_type, 24});
  CHECK(to_hex(std::next(at, 3)->body()) == "00000001");
  CHECK(to_hex(std::next(at, 3)->bytes()) == "81cb000100000001");
  CHECK(std::next(at, 4) == view->end());
  CHECK(at++->offset() == 0);
  CHECK(at->offset() == 8);
}

TEST_CASE("RFC 3550 A.2: what is no compound packet", "[rtp]") {
  CHECK(datagram_error("") == rtp::parse_error{errc::rtcp_truncated, 0});
  CHECK(datagram_error("80c900") == rtp::parse_error{errc::rtcp_truncated, 0});
  CHECK(datagram_error(empty_rr + "81ca") == rtp::parse_error{errc::rtcp_truncated, 8});
  CHECK(datagram_error("40c90001 00000001") == rtp::parse_error{errc::bad_version, 0});
  CHECK(datagram_error(empty_rr + "01cb0001 00000001") == rtp::parse_error{errc::bad_version, 8});
  CHECK(datagram_error("80c90002 00000001") == rtp::parse_error{errc::bad_rtcp_length, 2});
  CHECK(datagram_error(empty_rr + "81cb0002 00000001") == rtp::parse_error{errc::bad_rtcp_length, 10});
  CHECK(datagram_error("80c9ffff 00000001") == rtp::parse_error{errc::bad_rtcp_length, 2});
  CHECK(datagram_error(empty_rr + "00") == rtp::parse_error{errc::rtcp_truncated, 8});
  CHECK(datagram_error(sdes) == rtp::parse_error{errc::first_not_report, 0});
  CHECK(datagram_error(goodbye) == rtp::parse_error{errc::first_not_report, 0});
  CHECK(datagram_error("a0c90002 00000001 00000004") == rtp::parse_error{errc::first_not_report, 0});
  CHECK(datagram_error(empty_rr) == rtp::parse_error{});
}

TEST_CASE("RFC 3550 6.4.1: padding is at the end, and in words", "[rtp]") {
  CHECK(datagram_error(empty_rr + "a1cb0002 00000001 00000004") == rtp::parse_error{});
  CHECK(datagram_error(empty_rr + "a1cb0002 00000001 00000008") == rtp::parse_error{});
  CHECK(datagram_error(empty_rr + "a1cb0002 00000001 0000000c") ==
        rtp::parse_error{errc::bad_rtcp_padding, 19});
  CHECK(datagram_error(empty_rr + "a1cb0002 00000001 00000000") ==
        rtp::parse_error{errc::bad_rtcp_padding, 19});
  CHECK(datagram_error(empty_rr + "a1cb0002 00000001 00000003") ==
        rtp::parse_error{errc::bad_rtcp_padding, 19});
  CHECK(datagram_error(empty_rr + "a1cb0002 00000001 00000004" + goodbye) ==
        rtp::parse_error{errc::bad_rtcp_padding, 19});
  CHECK(datagram_error(empty_rr + "a0cb0000") == rtp::parse_error{errc::bad_rtcp_padding, 11});

  const auto bytes = from_hex(empty_rr + "a1cb0002 00000001 00000004");
  const auto last = std::next(compound_view::parse(bytes)->begin());
  CHECK(last->padding() == 4);
  CHECK(to_hex(last->body()) == "00000001");
  // What the padding leaves is less than the count of sources.
  const auto less = from_hex(empty_rr + "a1cb0002 00000001 00000008");
  CHECK(std::next(compound_view::parse(less)->begin())->get<rtp::bye>().error() ==
        rtp::parse_error{errc::rtcp_body_truncated, 12});
}

TEST_CASE("RFC 5506: a packet of reduced size begins with anything", "[rtp]") {
  for (const std::string& first : {sdes, goodbye, empty_rr, std::string("81ce0002 00000001 00000002"),
                                   std::string("a1cb0002 00000001 00000004")}) {
    CHECK(datagram_error(first, rtcp_form::reduced_size) == rtp::parse_error{});
  }
  CHECK(datagram_error("", rtcp_form::reduced_size) == rtp::parse_error{errc::rtcp_truncated, 0});
  CHECK(datagram_error("81cb0001", rtcp_form::reduced_size) == rtp::parse_error{errc::bad_rtcp_length, 2});
  CHECK(datagram_error("01cb0000", rtcp_form::reduced_size) == rtp::parse_error{errc::bad_version, 0});
}

TEST_CASE("every truncation of a compound packet is refused, but between its packets", "[rtp]") {
  const auto whole = from_hex(empty_rr + sdes + goodbye);
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    CAPTURE(n);
    const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK(compound_view::parse(part).has_value() == (n == 8 || n == 24 || n == 32));
  }
}

TEST_CASE("packets are written one after the other", "[rtp]") {
  std::array<std::byte, 32> memory{};
  rtp::compound_writer out(memory);
  const std::array<rtp::sdes_item, 1> items{{{rtp::sdes_type::cname, "hi"}}};
  const std::array<rtp::sdes_chunk, 1> chunks{{{1, items}}};
  const std::array<std::uint32_t, 1> sources{1};
  const auto bytes =
      out.add(rtp::receiver_report{1}).add(rtp::source_description{chunks}).add(rtp::bye{sources}).finish();
  REQUIRE(bytes.has_value());
  CHECK(to_hex(*bytes) == test::plain(empty_rr + sdes + goodbye));
}

TEST_CASE("what does not fit is left out whole, and told", "[rtp]") {
  std::array<std::byte, 20> memory{};
  rtp::compound_writer out(memory);
  CHECK(out.add(rtp::receiver_report{1}).fits());
  CHECK_FALSE(out.add(rtp::sender_report{1}).fits());
  CHECK(out.add(rtp::picture_loss{1, 2}).fits());
  CHECK_FALSE(out.add_raw(rtp::rtcp_type{222}, 0, {}).fits());
  CHECK(to_hex(out.written()) == test::plain(empty_rr + "81ce0002 00000001 00000002"));
  CHECK(out.finish().error() == rtp::errc::no_space);
  CHECK(rtp::compound_writer({}).finish()->empty());
}

TEST_CASE("a packet of any type is written raw", "[rtp]") {
  std::vector<std::byte> memory(300'000);
  const auto body = from_hex("01020304");
  rtp::compound_writer out(memory);
  CHECK(to_hex(out.add_raw(rtp::rtcp_type{217}, 31, body).written()) == "9fd9000101020304");
  CHECK(out.add_raw(rtp::rtcp_type{217}, 32, body).finish().error() == errc::too_many_items);
  rtp::compound_writer other(memory);
  CHECK(other.add_raw(rtp::rtcp_type{217}, 0, std::span(body).first(3)).finish().error() ==
        errc::value_out_of_range);
  const std::vector<std::byte> large(4 * 65536);
  rtp::compound_writer third(memory);
  CHECK(third.add_raw(rtp::rtcp_type{217}, 0, std::span(large).first(4 * 65535)).fits());
  rtp::compound_writer fourth(memory);
  CHECK(fourth.add_raw(rtp::rtcp_type{217}, 0, large).finish().error() == errc::value_out_of_range);
}
