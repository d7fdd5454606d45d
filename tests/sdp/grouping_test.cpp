#include <parley/sdp/grouping.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

using namespace parley::sdp;
using parley::test::read_as;
using parley::test::sdp_error;

TEST_CASE("RFC 5888 4, 5: mid and group", "[sdp]") {
  CHECK(read_as<mid>("secondary").id == "secondary");
  CHECK(sdp_error<mid>("a b") == parse_error{errc::trailing_text, 2});
  CHECK(sdp_error<mid>("") == parse_error{errc::expected_token, 0});
  const auto read = read_as<group>("LS 1 2");
  CHECK(read.semantics == "LS");
  CHECK(read.contains("2"));
  CHECK_FALSE(read.contains("LS"));
  CHECK(read_as<group>("BUNDLE audio ", "BUNDLE audio").mids.size() == 1);
}

TEST_CASE("RFC 9143 7.3: an answer may have an empty BUNDLE", "[sdp]") {
  CHECK(read_as<group>("BUNDLE").mids.empty());
}

TEST_CASE("RFC 9143 6, RFC 8285 6: flags", "[sdp]") {
  CHECK(bundle_only::name == "bundle-only");
  CHECK(extmap_allow_mixed::name == "extmap-allow-mixed");
}

TEST_CASE("RFC 8830 2: msid is a stream and perhaps a track", "[sdp]") {
  CHECK(read_as<msid>("examplefoo examplebar").track == "examplebar");
  CHECK(read_as<msid>("-").track.empty());
  CHECK(sdp_error<msid>("a b c") == parse_error{errc::trailing_text, 4});
}

TEST_CASE("RFC 5576 4.1, 4.2: sources and their groups", "[sdp]") {
  const auto read = read_as<ssrc>("314159 cname:user@example.com");
  CHECK(read.id == 314159);
  CHECK(read.attribute == "cname");
  CHECK(read.value == "user@example.com");
  CHECK(read_as<ssrc>("4294967295 msid:a b").value == "a b");
  CHECK(read_as<ssrc>("1 baz").value.empty());
  CHECK(sdp_error<ssrc>("4294967296 cname:x") == parse_error{errc::number_out_of_range, 0});
  CHECK(read_as<ssrc_group>("FID 2231627014 632943048").ids ==
        std::vector<std::uint32_t>{2231627014, 632943048});
  CHECK(sdp_error<ssrc_group>("FID x") == parse_error{errc::expected_number, 4});
}

TEST_CASE("RFC 8285 8: extmap", "[sdp]") {
  const auto read = read_as<extmap>("4/recvonly http://example.com/082005/ext.htm#xmeta short");
  CHECK(read.id == 4);
  CHECK((read.direction == direction::recvonly));
  CHECK(read.uri == "http://example.com/082005/ext.htm#xmeta");
  CHECK(read.attributes == "short");
  CHECK_FALSE(read_as<extmap>("1 urn:ietf:params:rtp-hdrext:toffset").direction);
  CHECK(read_as<extmap>("4351 URI").id == 4351);
  CHECK(sdp_error<extmap>("0 URI") == parse_error{errc::number_out_of_range, 0});
  CHECK(sdp_error<extmap>("256 URI") == parse_error{errc::number_out_of_range, 0});
  CHECK(sdp_error<extmap>("4352 URI") == parse_error{errc::number_out_of_range, 0});
  CHECK(sdp_error<extmap>("1/both URI") == parse_error{errc::bad_direction, 2});
  CHECK(sdp_error<extmap>("1") == parse_error{errc::expected_space, 1});
}

TEST_CASE("RFC 8851 10: rid", "[sdp]") {
  const auto read = read_as<rid>("1 send pt=97,98;max-width=1280;max-height=720;max-fps=30");
  CHECK(read.id == "1");
  CHECK(read.sends);
  CHECK(read.payload_types == std::vector<std::uint8_t>{97, 98});
  REQUIRE(read.restrictions.size() == 3);
  CHECK(read.restrictions[2].first == "max-fps");
  CHECK(read.restrictions[2].second == "30");
  CHECK_FALSE(read_as<rid>("c recv").sends);
  CHECK(read_as<rid>("5 send max-br=64000;depend=1,2").restrictions[1].second == "1,2");
  CHECK(sdp_error<rid>("a sendrecv") == parse_error{errc::bad_rid, 2});
  CHECK(sdp_error<rid>("a.b send") == parse_error{errc::expected_space, 1});
  CHECK(sdp_error<rid>("a send pt=97,") == parse_error{errc::expected_number, 13});
  CHECK(sdp_error<rid>("a send max-br=") == parse_error{errc::bad_rid, 14});
}

TEST_CASE("RFC 8853 5.1: simulcast", "[sdp]") {
  const auto read = read_as<simulcast>("send 1,~4;2;3 recv c");
  REQUIRE(read.send.size() == 3);
  CHECK(read.send[0] == std::vector<simulcast::stream>{{"1", false}, {"4", true}});
  CHECK(read.receive == simulcast::streams{{{"c", false}}});
  CHECK(read_as<simulcast>("recv 1;2;3").send.empty());
  CHECK(read_as<simulcast>("recv 1 send 2", "send 2 recv 1").receive.size() == 1);
  CHECK(sdp_error<simulcast>("send 1 send 2") == parse_error{errc::bad_simulcast, 11});
  CHECK(sdp_error<simulcast>("") == parse_error{errc::bad_simulcast, 0});
  CHECK(sdp_error<simulcast>("send ;1") == parse_error{errc::bad_simulcast, 5});
  // As drafts had it.
  CHECK(sdp_error<simulcast>(" send rid=1,4;2 paused=4").code == errc::expected_space);
}
