// What a peer's description says to whoever sends media.
#include <parley/offer_answer/negotiator.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

using namespace parley;
using namespace parley::offer_answer;
using test::end;

namespace {

/// What an end with PCMU and events makes of an answer.
negotiated_medium heard(std::string_view media) {
  end alice;
  alice.add(test::audio({test::opus(96), test::pcmu(), test::events()}));
  REQUIRE(alice->make_offer());
  const auto answer = sdp::description::parse(test::description_text(media)).value();
  REQUIRE(alice->handle_answer(answer));
  return alice->media()[0];
}

}  // namespace

TEST_CASE("packets have the time that the peer asks for", "[offer_answer]") {
  const auto agreed = heard("m=audio 4000 RTP/AVP 0\r\na=ptime:30\r\na=maxptime:60\r\n");
  CHECK(agreed.ptime == sdp::ptime{30000});
  CHECK(agreed.maxptime == sdp::maxptime{60000});
  CHECK_FALSE(heard("m=audio 4000 RTP/AVP 0\r\n").ptime);
}

TEST_CASE("the least of the peer's bandwidths bounds what is sent", "[offer_answer]") {
  CHECK(heard("m=audio 4000 RTP/AVP 0\r\nb=AS:64\r\nb=TIAS:50000\r\nb=RS:100\r\n").max_bitrate == 50000);
  CHECK(heard("m=audio 4000 RTP/AVP 0\r\nb=X-YZ:64\r\n").max_bitrate == std::nullopt);
  end bob;
  bob.add(test::audio({test::pcmu()}));
  REQUIRE(bob->handle_offer(
      sdp::description::parse("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nb=CT:128\r\n"
                              "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")
          .value()));
  REQUIRE(bob->make_answer());
  CHECK(bob->media()[0].max_bitrate == 128000);
}

TEST_CASE("RFC 3605: RTCP goes where the peer says", "[offer_answer]") {
  CHECK(heard("m=audio 4000 RTP/AVP 0\r\na=rtcp:5000\r\n").rtcp == media_address{"198.51.100.1", 5000});
  CHECK(heard("m=audio 4000 RTP/AVP 0\r\na=rtcp:5000 IN IP4 192.0.2.7\r\n").rtcp ==
        media_address{"192.0.2.7", 5000});
  CHECK(heard("m=audio 4000 RTP/AVP 0\r\n").rtcp == media_address{"198.51.100.1", 4001});
}

TEST_CASE("a host name may stand for the address", "[offer_answer]") {
  const auto agreed = heard("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 media.example.com\r\n");
  CHECK(agreed.rtp.host == "media.example.com");
  CHECK(agreed.rtp.socket().error() == base::errc::invalid_address);
}

TEST_CASE("RFC 3264 6.1: an answer may number codecs in its own way", "[offer_answer]") {
  const auto agreed = heard(
      "m=audio 4000 RTP/AVP 97 98 0\r\na=rtpmap:97 telephone-event/8000\r\na=rtpmap:98 opus/48000/2\r\n"
      "a=fmtp:98 stereo=1\r\n");
  REQUIRE(agreed.formats.size() == 3);
  CHECK(agreed.formats[0].send.payload_type() == 97);
  CHECK(agreed.formats[0].receive.payload_type() == 101);
  CHECK(agreed.formats[1].send.payload_type() == 98);
  CHECK(agreed.formats[1].send.parameters == "stereo=1");
  CHECK(agreed.formats[1].receive.payload_type() == 96);
  CHECK(agreed.formats[1].receive.parameters == "useinbandfec=1");
}

TEST_CASE("what only the answer has is left out, and a missing rtpmap is the offer's", "[offer_answer]") {
  const auto agreed = heard("m=audio 4000 RTP/AVP 18 96 101\r\n");
  REQUIRE(agreed.formats.size() == 2);
  CHECK(agreed.formats[0].send.is("opus"));
  CHECK(agreed.formats[1].send.is("telephone-event"));
}

TEST_CASE("the sources and streams of the peer are told", "[offer_answer]") {
  const auto agreed =
      heard("m=audio 4000 RTP/AVP 0\r\na=ssrc:7 cname:x@y\r\na=ssrc:broken\r\na=msid:stream track\r\n");
  REQUIRE(agreed.sources.size() == 1);
  CHECK(agreed.sources[0] == sdp::ssrc{7, "cname", "x@y"});
  REQUIRE(agreed.streams.size() == 1);
  CHECK(agreed.streams[0].track == "track");
}
