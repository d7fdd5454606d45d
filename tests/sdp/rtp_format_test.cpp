#include <parley/sdp/codec_parameters.hpp>
#include <parley/sdp/rtp_format.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

using namespace parley::sdp;

namespace {

media_description medium(std::string_view text) {
  const auto read = description::parse("v=0\r\no=- 1 1 IN IP4 a\r\n" + std::string(text));
  REQUIRE(read.has_value());
  REQUIRE(read->media().size() == 1);
  return read->media().front();
}

}  // namespace

TEST_CASE("the lines of a format are joined", "[sdp]") {
  const auto formats = rtp_formats(
      medium("m=video 9 UDP/TLS/RTP/SAVPF 100 97 0\r\na=rtcp-fb:* nack\r\na=rtcp-fb:100 ccm fir\r\n"
             "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=100\r\na=rtpmap:100 VP8/90000\r\n"));
  REQUIRE(formats.size() == 3);
  CHECK(formats[0].codec == rtpmap{100, "VP8", 90000, 1});
  CHECK(formats[0].is("vp8"));
  CHECK(formats[0].feedback.size() == 2);
  CHECK(formats[0].parameters.empty());
  CHECK(formats[1].parameters_as<rtx_parameters>().value().apt == 100);
  CHECK(formats[1].feedback.size() == 1);
  // RFC 3551 6: a static payload type needs no rtpmap.
  CHECK(formats[2].codec == rtpmap{0, "PCMU", 8000, 1});
}

TEST_CASE("an rtpmap comes before what the payload type usually stands for", "[sdp]") {
  const auto formats = rtp_formats(medium("m=audio 9 RTP/AVP 0\r\na=rtpmap:0 opus/48000/2\r\n"));
  CHECK(formats[0].is("opus"));
}

TEST_CASE("what can't be read costs one format only", "[sdp]") {
  const auto formats = rtp_formats(
      medium("m=audio 9 RTP/AVP 96 x 96 200 97\r\na=rtpmap:96 AppleLossless\r\na=rtpmap:97 L16/8000\r\n"
             "a=rtpmap:97 L24/8000\r\na=fmtp:97 first\r\na=fmtp:97 second\r\na=rtpmap:99 PCMA/8000\r\n"));
  REQUIRE(formats.size() == 2);
  CHECK(formats[0].payload_type() == 96);
  CHECK(formats[0].codec.encoding.empty());
  CHECK(formats[1].is("L16"));
  CHECK(formats[1].parameters == "first");
}

TEST_CASE("a format is added with all its lines", "[sdp]") {
  auto media = media_description::create({"audio", 9, 1, "RTP/AVP", {"0"}}).value();
  const rtp_format opus{{111, "opus", 48000, 2}, "useinbandfec=1", {{111, "transport-cc", ""}}};
  REQUIRE(add_rtp_format(media, opus));
  CHECK(media.to_string() ==
        "m=audio 9 RTP/AVP 0 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n"
        "a=rtcp-fb:111 transport-cc\r\n");
  CHECK(rtp_formats(media)[1] == opus);
  CHECK(add_rtp_format(media, opus).error() == parse_error{errc::duplicate_line, 0});
}

TEST_CASE("a format that can't be written changes nothing", "[sdp]") {
  auto media = media_description::create({"audio", 9, 1, "RTP/AVP", {"0"}}).value();
  const auto before = media;
  CHECK(add_rtp_format(media, {{111, "opus", 48000, 2}, "a\r\na=b", {}}).error().code == errc::bare_cr);
  CHECK(add_rtp_format(media, {{111, "o pus", 48000, 2}, "", {}}).has_error());
  CHECK(add_rtp_format(media, {{128, "opus", 48000, 2}, "", {}}).has_error());
  CHECK(media == before);
}
