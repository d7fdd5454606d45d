#include <parley/sdp/ice.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

#include <string>

using namespace parley::sdp;
using parley::test::read_as;
using parley::test::sdp_error;

TEST_CASE("RFC 8839 5.1: a candidate", "[sdp]") {
  const auto read =
      read_as<candidate>("2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998");
  CHECK(read.foundation == "2");
  CHECK(read.component == 1);
  CHECK(read.is_udp());
  CHECK_FALSE(read.is_tcp());
  CHECK(read.priority == 1694498815);
  CHECK(read.at == candidate_address{"192.0.2.3", 45664});
  CHECK((read.type == candidate_type::srflx));
  CHECK(read.related == candidate_address{"203.0.113.141", 8998});
  CHECK(read.ip().value().is_v4());
  CHECK(
      (read_as<candidate>("1 1 udp 1 fe80::6676:baff:fe9c:ee4a 8998 typ host").type == candidate_type::host));
  CHECK((read_as<candidate>("1 1 udp 1 a.example 1 typ prflx").type == candidate_type::prflx));
  CHECK((read_as<candidate>("1 1 udp 1 a.example 1 typ relay").type == candidate_type::relay));
}

TEST_CASE("RFC 8839 5.1: extensions of candidates are kept", "[sdp]") {
  const auto read = read_as<candidate>(
      "842163049 1 udp 1677729535 192.0.2.3 45664 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag abcd "
      "network-cost 999");
  REQUIRE(read.extensions.size() == 3);
  CHECK(read.extensions[0].first == "generation");
  CHECK(read.extensions[2].second == "999");
}

TEST_CASE("RFC 6544 4.5: candidates of TCP say who opens the connection", "[sdp]") {
  CHECK(
      (read_as<candidate>("1 1 TCP 2128609279 10.0.1.1 9 typ host tcptype active").tcp == tcp_type::active));
  CHECK((read_as<candidate>("1 1 tcp 1 10.0.1.1 9 typ host generation 0 tcptype so",
                            "1 1 tcp 1 10.0.1.1 9 typ host tcptype so generation 0")
             .tcp == tcp_type::so));
  CHECK(sdp_error<candidate>("1 1 TCP 1 10.0.1.1 9 typ host tcptype open") ==
        parse_error{errc::bad_tcp_type, 38});
}

TEST_CASE("RFC 8839 5.1: names that hide an address", "[sdp]") {
  const auto read =
      read_as<candidate>("1 1 udp 2113937151 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 54596 typ host");
  CHECK(read.at.address.ends_with(".local"));
  CHECK(read.ip().has_error());
}

TEST_CASE("RFC 8839 5.1: what breaks a candidate", "[sdp]") {
  CHECK(sdp_error<candidate>("-1 1 udp 1 a 1 typ host") == parse_error{errc::bad_ice_text, 0});
  CHECK(sdp_error<candidate>(std::string(33, 'f') + " 1 udp 1 a 1 typ host") ==
        parse_error{errc::bad_ice_text, 0});
  CHECK(sdp_error<candidate>("1 0 udp 1 a 1 typ host") == parse_error{errc::number_out_of_range, 2});
  CHECK(sdp_error<candidate>("1 257 udp 1 a 1 typ host") == parse_error{errc::number_out_of_range, 2});
  CHECK(sdp_error<candidate>("1 1 udp 4294967296 a 1 typ host") == parse_error{errc::number_out_of_range, 8});
  CHECK(sdp_error<candidate>("1 1 udp 1 a 65536 typ host") == parse_error{errc::number_out_of_range, 12});
  CHECK(sdp_error<candidate>("1 1 udp 1 a 1") == parse_error{errc::expected_space, 13});
  CHECK(sdp_error<candidate>("1 1 udp 1 a 1 type host") == parse_error{errc::expected_space, 17});
  CHECK(sdp_error<candidate>("1 1 udp 1 a 1 typ quic") == parse_error{errc::bad_candidate_type, 18});
  CHECK(sdp_error<candidate>("1 1 udp 1 a 1 typ host raddr b") == parse_error{errc::expected_space, 30});
  CHECK(sdp_error<candidate>("1 1 udp 1 a 1 typ host raddr b port 1") ==
        parse_error{errc::missing_parameter, 31});
  CHECK(sdp_error<candidate>("1 1 udp 1 a 1 typ host generation") == parse_error{errc::expected_space, 33});
}

TEST_CASE("RFC 8839 5.2: the chosen candidates of the peer", "[sdp]") {
  const auto read = read_as<remote_candidates>("1 192.0.2.3 45664 2 192.0.2.3 45665");
  REQUIRE(read.entries.size() == 2);
  CHECK(read.entries[1] == remote_candidates::entry{2, {"192.0.2.3", 45665}});
  CHECK(sdp_error<remote_candidates>("1 192.0.2.3") == parse_error{errc::expected_space, 11});
  CHECK(sdp_error<remote_candidates>("") == parse_error{errc::expected_number, 0});
}

TEST_CASE("RFC 8839 5.4: the lengths of user fragment and password", "[sdp]") {
  CHECK(read_as<ice_ufrag>("8hhY").value == "8hhY");
  CHECK(read_as<ice_ufrag>(std::string(256, 'u')).value.size() == 256);
  CHECK(sdp_error<ice_ufrag>("abc") == parse_error{errc::bad_ice_text, 0});
  CHECK(sdp_error<ice_ufrag>(std::string(257, 'u')) == parse_error{errc::bad_ice_text, 0});
  CHECK(read_as<ice_pwd>("YH75Fviy6338Vbrhrlp8Yh").value.size() == 22);
  CHECK(sdp_error<ice_pwd>(std::string(21, 'p')) == parse_error{errc::bad_ice_text, 0});
  CHECK(sdp_error<ice_pwd>(std::string(22, 'p') + "=") == parse_error{errc::trailing_text, 22});
}

TEST_CASE("RFC 8839 5.3, 5.5, 5.6, RFC 8840 8.2: options, pacing and flags", "[sdp]") {
  CHECK(read_as<ice_options>("rtp+ecn trickle").contains("trickle"));
  CHECK_FALSE(read_as<ice_options>("google-ice").contains("google"));
  CHECK(sdp_error<ice_options>("") == parse_error{errc::expected_token, 0});
  CHECK(read_as<ice_pacing>("50").milliseconds == 50);
  CHECK(ice_lite::name == "ice-lite");
  CHECK(ice_mismatch::name == "ice-mismatch");
  CHECK(end_of_candidates::name == "end-of-candidates");
}
