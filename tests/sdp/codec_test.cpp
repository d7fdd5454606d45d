#include <parley/sdp/codec.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

using namespace parley::sdp;
using parley::test::read_as;
using parley::test::sdp_error;

TEST_CASE("RFC 8866 6.6: an rtpmap has a payload type, an encoding, a rate and perhaps channels", "[sdp]") {
  const auto read = read_as<rtpmap>("98 L16/16000/2");
  CHECK(read.payload_type == 98);
  CHECK(read.encoding == "L16");
  CHECK(read.clock_rate == 16000);
  CHECK(read.channels == 2);
  CHECK(read_as<rtpmap>("0 PCMU/8000/1", "0 PCMU/8000").channels == 1);
  CHECK(read_as<rtpmap>("99  h263-1998/90000 ", "99 h263-1998/90000").encoding == "h263-1998");

  CHECK(sdp_error<rtpmap>("128 a/1") == parse_error{errc::number_out_of_range, 0});
  CHECK(sdp_error<rtpmap>("x a/1") == parse_error{errc::expected_number, 0});
  CHECK(sdp_error<rtpmap>("96 AppleLossless") == parse_error{errc::expected_slash, 16});
  CHECK(sdp_error<rtpmap>("96 a/0") == parse_error{errc::number_out_of_range, 5});
  CHECK(sdp_error<rtpmap>("96 a/8000/0") == parse_error{errc::number_out_of_range, 10});
  CHECK(sdp_error<rtpmap>("96 a/8000/two") == parse_error{errc::expected_number, 10});
  CHECK(sdp_error<rtpmap>("96 a/8000 b") == parse_error{errc::trailing_text, 10});
}

TEST_CASE("RFC 3264 6.1: encodings are the same without regard to case", "[sdp]") {
  CHECK(rtpmap{96, "opus", 48000, 2}.same_encoding({111, "OPUS", 48000, 2}));
  CHECK_FALSE(rtpmap{96, "opus", 48000, 2}.same_encoding({96, "opus", 48000, 1}));
  CHECK_FALSE(rtpmap{96, "G722", 8000, 1}.same_encoding({96, "G722", 16000, 1}));
}

TEST_CASE("RFC 3551 6: static payload types", "[sdp]") {
  CHECK(*static_rtpmap(0) == rtpmap{0, "PCMU", 8000, 1});
  CHECK(*static_rtpmap(8) == rtpmap{8, "PCMA", 8000, 1});
  CHECK(*static_rtpmap(9) == rtpmap{9, "G722", 8000, 1});
  CHECK(*static_rtpmap(10) == rtpmap{10, "L16", 44100, 2});
  CHECK(*static_rtpmap(34) == rtpmap{34, "H263", 90000, 1});
  int known = 0;
  for (int type = 0; type < 256; ++type) known += static_rtpmap(static_cast<std::uint8_t>(type)) ? 1 : 0;
  CHECK(known == 24);
}

TEST_CASE("RFC 8866 6.15: fmtp is a format and text", "[sdp]") {
  const auto read = read_as<fmtp>("96 profile-level-id=42e016;max-mbps=108000");
  CHECK(read.format == "96");
  CHECK(read.parameters == "profile-level-id=42e016;max-mbps=108000");
  CHECK(read_as<fmtp>("101").parameters.empty());
  CHECK(sdp_error<fmtp>("") == parse_error{errc::expected_word, 0});
}

TEST_CASE("RFC 8866 6.4, 6.5, 6.13: times and rates have decimals", "[sdp]") {
  CHECK(read_as<ptime>("20").microseconds == 20000);
  CHECK(read_as<ptime>("0.125").microseconds == 125);
  CHECK(read_as<maxptime>("2.50", "2.5").microseconds == 2500);
  CHECK(read_as<framerate>("29.97").frames_per_1000_seconds == 29970);
  CHECK(read_as<framerate>("29.970029", "29.97").frames_per_1000_seconds == 29970);
  CHECK(read_as<ptime>("1.001").microseconds == 1001);
  CHECK(sdp_error<ptime>("0") == parse_error{errc::number_out_of_range, 0});
  CHECK(sdp_error<ptime>("0.0001") == parse_error{errc::number_out_of_range, 0});
  CHECK(sdp_error<ptime>("20.") == parse_error{errc::expected_number, 3});
  CHECK(sdp_error<ptime>("4294967") == parse_error{errc::number_out_of_range, 0});
  CHECK(read_as<ptime>("4294966.999", "4294966.999").microseconds == 4294966999U);
  CHECK(sdp_error<maxptime>("x") == parse_error{errc::expected_number, 0});
}

TEST_CASE("RFC 4585 4.2, RFC 5104 7.1, RFC 8888 6: feedback", "[sdp]") {
  const auto nack = read_as<rtcp_fb>("98 nack");
  CHECK(nack.payload_type == 98);
  CHECK(nack.kind == "nack");
  CHECK(nack.parameter.empty());
  CHECK(nack.covers(98));
  CHECK_FALSE(nack.covers(99));
  CHECK(read_as<rtcp_fb>("98 nack rpsi").parameter == "rpsi");
  CHECK(read_as<rtcp_fb>("* ccm tmmbr smaxpr=120").parameter == "tmmbr smaxpr=120");
  CHECK(read_as<rtcp_fb>("* trr-int 5").covers(7));
  CHECK(read_as<rtcp_fb>("* ack ccfb").parameter == "ccfb");
  CHECK(read_as<rtcp_fb>("100 transport-cc").kind == "transport-cc");
  CHECK(sdp_error<rtcp_fb>("*nack") == parse_error{errc::expected_space, 1});
  CHECK(sdp_error<rtcp_fb>("98 ") == parse_error{errc::expected_token, 3});
}

TEST_CASE("RFC 6236 3.1: imageattr is a payload type and text", "[sdp]") {
  CHECK(read_as<imageattr>("* recv *").sets == "recv *");
  CHECK(read_as<imageattr>("97 send [x=1280,y=720] recv [x=320,y=180]").payload_type == 97);
  CHECK(sdp_error<imageattr>("97 ") == parse_error{errc::expected_word, 3});
}
