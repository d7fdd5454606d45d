#include <parley/offer_answer/negotiator.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using namespace parley::offer_answer;
using sdp::direction;
using test::answer_to;
using test::end;

namespace {

using texts = std::vector<std::string>;

base::error_code why_not(end& to, std::string_view media) {
  const auto answer = answer_to(to, media);
  return answer ? base::error_code() : answer.error();
}

}  // namespace

TEST_CASE("RFC 3264 6: what is not wanted is refused with port 0, in its place", "[offer_answer]") {
  end bob;
  bob.add(test::audio({test::pcmu()}));
  const auto answer = answer_to(bob,
                                "m=video 4000 RTP/AVP 31\r\nm=audio 4002 RTP/AVP 0 8\r\n"
                                "m=audio 4004 RTP/AVP 8\r\nm=gadget 4006 what/ever x\r\n");
  REQUIRE(answer);
  REQUIRE(answer->media().size() == 4);
  CHECK(answer->media()[0].media() == sdp::media_line{"video", 0, 1, "RTP/AVP", {"31"}});
  CHECK(answer->media()[1].media() == sdp::media_line{"audio", 10000, 1, "RTP/AVP", {"0"}});
  CHECK(answer->media()[2].media() == sdp::media_line{"audio", 0, 1, "RTP/AVP", {"8"}});
  CHECK(answer->media()[3].media() == sdp::media_line{"gadget", 0, 1, "what/ever", {"x"}});
  CHECK(bob->media()[0].refused_for == errc::no_such_media);
  CHECK(bob->media()[2].refused_for == errc::no_common_format);
  CHECK(bob->media()[1].refused_for == errc{});
}

TEST_CASE("RFC 3264 6.1: the answer has the payload types and the order of the offer", "[offer_answer]") {
  end bob;
  medium what = test::audio({test::opus(111), test::pcma(), test::events(101)});
  const auto id = bob.add(what);
  const std::string_view offer =
      "m=audio 4000 RTP/AVP 8 0 97 98\r\na=rtpmap:97 opus/48000/2\r\na=rtpmap:98 telephone-event/8000\r\n";
  const auto answer = answer_to(bob, offer);
  CHECK(answer->media()[0].media().formats == texts{"8", "97", "98"});
  CHECK(bob->media()[0].formats[1].receive.payload_type() == 97);

  what.own_order = true;
  REQUIRE(bob->change_medium(id, what));
  CHECK(answer_to(bob, offer)->media()[0].media().formats == texts{"97", "8", "98"});
  what.single_codec = true;
  REQUIRE(bob->change_medium(id, what));
  CHECK(answer_to(bob, offer)->media()[0].media().formats == texts{"97", "98"});
}

TEST_CASE("RFC 3264 6.1: the direction of an answer", "[offer_answer]") {
  struct row {
    direction offered;
    direction wanted;
    direction answered;
  };
  using enum direction;
  const row rows[] = {
      {sendrecv, sendrecv, sendrecv}, {sendrecv, sendonly, sendonly}, {sendrecv, recvonly, recvonly},
      {sendrecv, inactive, inactive}, {sendonly, sendrecv, recvonly}, {sendonly, sendonly, inactive},
      {sendonly, recvonly, recvonly}, {recvonly, sendrecv, sendonly}, {recvonly, recvonly, inactive},
      {inactive, sendrecv, inactive},
  };
  for (const row& each : rows) {
    CAPTURE(sdp::name_of(each.offered), sdp::name_of(each.wanted));
    end alice;
    end bob;
    medium what = test::audio({test::pcmu()});
    what.direction = each.offered;
    alice.add(what);
    what.direction = each.wanted;
    bob.add(what);
    REQUIRE(test::exchange(alice, bob));
    CHECK(bob->local_description()->media()[0].direction() == each.answered);
    CHECK(bob->media()[0].direction == each.answered);
    CHECK(alice->media()[0].direction == reversed(each.answered));
  }
}

TEST_CASE("the direction of the session counts for media that have none", "[offer_answer]") {
  end bob;
  bob.add(test::audio({test::pcmu()}));
  const auto offer = sdp::description::parse(
                         "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                         "a=sendonly\r\nm=audio 4000 RTP/AVP 0\r\n")
                         .value();
  REQUIRE(bob->handle_offer(offer));
  REQUIRE(bob->make_answer());
  CHECK(bob->media()[0].direction == direction::recvonly);
}

TEST_CASE("RFC 3264 6: an offer of which nothing can be had is refused, and it is said why",
          "[offer_answer]") {
  end bob;
  bob.add(test::audio({test::pcmu()}));
  CHECK(why_not(bob, "m=video 4000 RTP/AVP 31\r\n") == errc::no_such_media);
  CHECK(why_not(bob, "m=audio 4000 RTP/AVP 8\r\n") == errc::no_common_format);
  CHECK(why_not(bob, "m=audio 4000 RTP/SAVP 0\r\n") == errc::incompatible_protocol);
  CHECK(why_not(bob, "m=audio 4000 what/ever 0\r\n") == errc::incompatible_protocol);
  CHECK(why_not(bob, "m=audio 4000 TCP/RTP/AVP 0\r\n") == errc::incompatible_protocol);
  CHECK(why_not(bob, "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n") == errc::multicast);
  CHECK(why_not(bob, "m=audio 4000 RTP/AVP 0\r\nc=ATM NSAP 47.0091\r\n") == errc::bad_address);
  CHECK(why_not(bob, "m=audio 4000 RTP/AVP 0\r\na=ice-ufrag:abcd\r\n") == errc::bad_ice);
  CHECK(why_not(bob, "m=audio 4000 RTP/AVP 0\r\na=ice-pwd:short\r\na=ice-ufrag:abcd\r\n") == errc::bad_ice);
  CHECK(why_not(bob, "m=audio 4000 RTP/AVP 0\r\na=rtcp-mux-only\r\n") == errc::no_rtcp_mux);
  CHECK(why_not(bob, "m=audio 0 RTP/AVP 0\r\na=bundle-only\r\n") == errc::bad_bundle);
  CHECK(why_not(bob, "m=audio 4000/2 RTP/AVP 0\r\n") == errc::incompatible_protocol);
  CHECK(why_not(bob, "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n") == errc::bad_address);
  CHECK(bob->state() == negotiator::state::stable);
  CHECK(why_not(bob, "m=audio 4000 RTP/AVP 0\r\n") == base::error_code());
  end empty;
  CHECK(why_not(empty, "m=audio 0 RTP/AVP 0\r\n") == base::error_code());
}

TEST_CASE("an offer without an address is refused", "[offer_answer]") {
  end bob;
  bob.add(test::audio({test::pcmu()}));
  const auto offer =
      sdp::description::parse("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")
          .value();
  const auto taken = bob->handle_offer(offer);
  REQUIRE_FALSE(taken);
  CHECK(taken.error() == errc::bad_address);
}

TEST_CASE("RFC 3264 6: the answer has the time of the offer", "[offer_answer]") {
  end bob;
  bob.add(test::audio({test::pcmu()}));
  const auto offer = sdp::description::parse(
                         "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=2873397496 0\r\n"
                         "t=2873404696 2873408296\r\nm=audio 4000 RTP/AVP 0\r\n")
                         .value();
  REQUIRE(bob->handle_offer(offer));
  const auto answer = bob->make_answer();
  REQUIRE(answer);
  CHECK(answer->all<sdp::timing>().value() == offer.all<sdp::timing>().value());
}

TEST_CASE("media of ours take the offered ones in their order", "[offer_answer]") {
  end bob;
  const auto first = bob.add(test::audio({test::pcmu()}));
  const auto second = bob.add(test::audio({test::pcma(), test::pcmu()}));
  REQUIRE(answer_to(bob, "m=audio 4000 RTP/AVP 8\r\nm=audio 4002 RTP/AVP 0\r\n"));
  CHECK(bob->media()[0].id == second);
  CHECK(bob->media()[1].id == first);
}

TEST_CASE("a removed medium is refused in the answer that waits", "[offer_answer]") {
  end bob;
  bob.add(test::audio({test::pcmu()}));
  const auto picture = bob.add(test::video({test::vp8()}));
  const auto offer =
      sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 96\r\n"
                                                     "a=rtpmap:96 VP8/90000\r\n"))
          .value();
  REQUIRE(bob->handle_offer(offer));
  REQUIRE(bob->remove_medium(picture));
  const auto answer = bob->make_answer();
  REQUIRE(answer);
  CHECK(answer->media()[1].media().port == 0);
  CHECK_FALSE(bob->media()[1].active);
}

TEST_CASE("a peer ends a medium, and offers it again", "[offer_answer]") {
  end bob;
  bob.add(test::audio({test::pcmu()}));
  const auto picture = bob.add(test::video({test::vp8()}));
  const std::string audio = "m=audio 4000 RTP/AVP 0\r\n";
  const std::string video = " RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n";
  REQUIRE(answer_to(bob, audio + "m=video 4002" + video));
  CHECK(bob->media()[1].active);
  REQUIRE(answer_to(bob, audio + "m=video 0" + video));
  CHECK(bob->local_description()->media()[1].media().port == 0);
  CHECK_FALSE(bob->media()[1].active);
  // Not by itself in ours.
  REQUIRE(bob->make_offer());
  CHECK(bob->local_description()->media()[1].media().port == 0);
  REQUIRE(bob->rollback());
  REQUIRE(answer_to(bob, audio + "m=video 4004" + video));
  CHECK(bob->media()[1].id == picture);
}

TEST_CASE("best effort: of plain and secure media at one port the preferred one is taken", "[offer_answer]") {
  const std::string plain = "m=audio 4000 RTP/AVP 0\r\n";
  const std::string secure =
      "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
      "inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\r\n";
  const auto ports = [](const sdp::description& answer) {
    return std::vector<bool>{answer.media()[0].media().port != 0, answer.media()[1].media().port != 0};
  };
  for (const bool secure_first : {false, true}) {
    const std::string offer = secure_first ? secure + plain : plain + secure;
    end bob;
    medium what = test::audio({test::pcmu()});
    what.keyings = {keying::sdes, keying::none};
    bob.add(what, test::with_keys(5000, {test::crypto()}));
    bob.add(what, test::with_keys(5002, {test::crypto()}));
    const auto answer = answer_to(bob, offer);
    REQUIRE(answer);
    CHECK(ports(*answer) == std::vector<bool>{secure_first, !secure_first});
    CHECK(bob->media()[secure_first ? 0 : 1].key == keying::sdes);
    CHECK(bob->media()[secure_first ? 1 : 0].refused_for == errc::alternative_taken);

    end plain_only;
    plain_only.add(test::audio({test::pcmu()}));
    CHECK(ports(*answer_to(plain_only, offer)) == std::vector<bool>{!secure_first, secure_first});
  }
}

TEST_CASE("RFC 4585: AVPF is answered by who has AVP, and feedback is agreed on wherever it stands",
          "[offer_answer]") {
  end bob;
  bob.add(test::video({test::vp8()}));
  for (const std::string_view protocol : {"RTP/AVP", "RTP/AVPF"}) {
    const auto answer = answer_to(bob, "m=video 4000 " + std::string(protocol) +
                                           " 100\r\na=rtpmap:100 VP8/90000\r\na=rtcp-fb:* nack\r\n"
                                           "a=rtcp-fb:100 ccm fir\r\n");
    REQUIRE(answer);
    CHECK(answer->media()[0].media().protocol == protocol);
    REQUIRE(bob->media()[0].formats[0].receive.feedback.size() == 1);
    CHECK(bob->media()[0].formats[0].receive.feedback[0] == sdp::rtcp_fb{100, "nack", ""});
    CHECK(bob->media()[0].formats[0].send.feedback.size() == 1);
  }
}

TEST_CASE("RFC 5761 5.1.1, RFC 5506 5: rtcp-mux and rtcp-rsize where both have them", "[offer_answer]") {
  for (const bool offered : {false, true}) {
    for (const bool wanted : {false, true}) {
      end alice;
      end bob;
      medium what = test::audio({test::pcmu()});
      what.rtcp_mux = what.rtcp_rsize = offered;
      alice.add(what);
      what.rtcp_mux = what.rtcp_rsize = wanted;
      bob.add(what);
      REQUIRE(test::exchange(alice, bob));
      for (end* one : {&alice, &bob}) {
        const negotiated_medium& agreed = (*one)->media()[0];
        CHECK(agreed.rtcp_mux == (offered && wanted));
        CHECK(agreed.rtcp_rsize == (offered && wanted));
        CHECK(agreed.rtcp.port == agreed.rtp.port + (agreed.rtcp_mux ? 0 : 1));
      }
    }
  }
}

TEST_CASE("RFC 8858: who has one port only is answered by who can do with it", "[offer_answer]") {
  end alice;
  end bob;
  medium what = test::audio({test::pcmu()});
  what.rtcp_mux = what.rtcp_mux_only = true;
  alice.add(what);
  what.rtcp_mux_only = false;
  bob.add(what);
  REQUIRE(test::exchange(alice, bob));
  CHECK(bob->local_description()->media()[0].has<sdp::rtcp_mux_only>());
  CHECK(why_not(alice, "m=audio 4000 RTP/AVP 0\r\n") == errc::no_rtcp_mux);
  REQUIRE(alice->make_offer());
  const auto answer = alice->handle_answer(
      sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\n")).value());
  REQUIRE_FALSE(answer);
  CHECK(answer.error() == errc::no_rtcp_mux);
}

TEST_CASE("RFC 8839 4.2: ICE is in the answer where the offer has it", "[offer_answer]") {
  end bob({.ice_lite = true, .ice_options = {"ice2"}});
  bob.add(test::audio({test::pcmu()}), [] {
    auto out = test::webrtc_transport(5000);
    out.fingerprints.clear();
    return out;
  }());
  const std::string plain = "m=audio 4000 RTP/AVP 0\r\n";
  const auto without = answer_to(bob, plain);
  CHECK_FALSE(without->media()[0].has<sdp::ice_ufrag>());
  CHECK_FALSE(without->has<sdp::ice_lite>());
  CHECK_FALSE(bob->media()[0].ice);
  const auto with = answer_to(bob, plain +
                                       "a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\n"
                                       "a=ice-options:trickle\r\n"
                                       "a=candidate:1 1 udp 2113929471 198.51.100.1 4000 typ host\r\n"
                                       "a=candidate:broken\r\na=end-of-candidates\r\n");
  CHECK(with->media()[0].has<sdp::candidate>());
  CHECK(with->has<sdp::ice_lite>());
  CHECK(with->get<sdp::ice_options>()->contains("ice2"));
  REQUIRE(bob->media()[0].ice);
  const remote_ice& ice = *bob->media()[0].ice;
  CHECK(ice.ufrag == "peer");
  CHECK(ice.candidates.size() == 1);
  CHECK(ice.options == texts{"trickle"});
  CHECK(ice.complete);
  CHECK_FALSE(ice.lite);
  REQUIRE(
      answer_to(bob, plain + "a=ice-mismatch\r\na=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\n"));
  CHECK_FALSE(bob->media()[0].ice);
}
