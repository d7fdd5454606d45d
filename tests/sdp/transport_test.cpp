#include <parley/sdp/transport.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

using namespace parley::sdp;
using parley::test::read_as;
using parley::test::sdp_error;

TEST_CASE("RFC 3605 2.1: rtcp has a port and perhaps an address", "[sdp]") {
  CHECK(read_as<rtcp>("53020").port == 53020);
  const auto read = read_as<rtcp>("53020 IN IP4 126.16.64.4");
  CHECK(read.address_type == "IP4");
  CHECK(read.address == "126.16.64.4");
  CHECK(read_as<rtcp>("53020 IN IP6 2001:2345:6789:ABCD:EF01:2345:6789:ABCD").address_type == "IP6");
  CHECK(sdp_error<rtcp>("65536") == parse_error{errc::number_out_of_range, 0});
  CHECK(sdp_error<rtcp>("53020x") == parse_error{errc::expected_space, 5});
  CHECK(sdp_error<rtcp>("53020 IN") == parse_error{errc::expected_space, 8});
}

TEST_CASE("RFC 5761, RFC 8858, RFC 5506: attributes that are there or not", "[sdp]") {
  CHECK(rtcp_mux::name == "rtcp-mux");
  CHECK(rtcp_mux_only::name == "rtcp-mux-only");
  CHECK(rtcp_rsize::name == "rtcp-rsize");
  CHECK(read_as<rtcp_mux>("") == rtcp_mux{});
  CHECK(read_as<rtcp_mux>(" ", "") == rtcp_mux{});
  CHECK(sdp_error<rtcp_rsize>(" x") == parse_error{errc::trailing_text, 1});
}

TEST_CASE("RFC 4145 4, 5: setup and connection", "[sdp]") {
  CHECK((read_as<setup>("active").value == setup::role::active));
  CHECK((read_as<setup>("passive").value == setup::role::passive));
  CHECK((read_as<setup>("actpass").value == setup::role::actpass));
  CHECK((read_as<setup>("holdconn").value == setup::role::holdconn));
  CHECK((read_as<connection>("new").value == connection::kind::new_));
  CHECK((read_as<connection>("existing").value == connection::kind::existing));
  CHECK(sdp_error<setup>("both") == parse_error{errc::bad_setup, 0});
  CHECK(sdp_error<setup>("") == parse_error{errc::bad_setup, 0});
  CHECK(sdp_error<connection>("old") == parse_error{errc::bad_connection, 0});
}

TEST_CASE("RFC 8842 4: a tls-id has 20 to 255 characters", "[sdp]") {
  CHECK(read_as<tls_id>("89abcdef-0123+/_4567").value.size() == 20);
  CHECK(read_as<tls_id>(std::string(255, 'a')).value.size() == 255);
  CHECK(sdp_error<tls_id>(std::string(19, 'a')) == parse_error{errc::bad_tls_id, 0});
  CHECK(sdp_error<tls_id>(std::string(256, 'a')) == parse_error{errc::bad_tls_id, 0});
  CHECK(sdp_error<tls_id>(std::string(20, 'a') + "=") == parse_error{errc::trailing_text, 20});
}

TEST_CASE("RFC 8841 5, 6: the SCTP port and the largest message", "[sdp]") {
  CHECK(read_as<sctp_port>("5000").value == 5000);
  CHECK(sdp_error<sctp_port>("70000") == parse_error{errc::number_out_of_range, 0});
  CHECK(read_as<max_message_size>("262144").value == 262144);
  CHECK(read_as<max_message_size>("0").value == 0);
}

TEST_CASE("sctpmap as browsers wrote it", "[sdp]") {
  const auto read = read_as<sctpmap>("5000 webrtc-datachannel 1024");
  CHECK(read.port == 5000);
  CHECK(read.application == "webrtc-datachannel");
  CHECK(read.streams == 1024U);
  CHECK_FALSE(read_as<sctpmap>("5000 webrtc-datachannel").streams);
  CHECK(sdp_error<sctpmap>("5000 webrtc-datachannel x") == parse_error{errc::expected_number, 24});
}
