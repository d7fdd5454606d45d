#include <parley/offer_answer/negotiator.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using namespace parley::offer_answer;
using test::end;

namespace {

using mids = std::vector<std::string>;

mids bundled(const sdp::description& from) {
  const auto group = from.get<sdp::group>();
  return group ? group->mids : mids{};
}

medium audio() { return test::webrtc(test::audio({test::opus()})); }
medium video() { return test::webrtc(test::video({test::vp8()})); }

/// Two ends with audio, video and data, which may bundle.
struct call {
  explicit call(bundle_policy alices = bundle_policy::balanced, bundle_policy bobs = bundle_policy::balanced)
      : alice({.bundle = alices}), bob({.bundle = bobs}) {
    alice_audio = alice.add(audio(), test::webrtc_transport(10000, 1));
    alice_video = alice.add(video(), test::webrtc_transport(10002, 1));
    bob.add(audio(), test::webrtc_transport(20000, 2));
    bob.add(video(), test::webrtc_transport(20002, 2));
  }

  end alice;
  end bob;
  medium_id alice_audio{};
  medium_id alice_video{};
};

}  // namespace

TEST_CASE("RFC 9143 7.2, 7.3: media are bundled on the transport of the first", "[offer_answer]") {
  call c;
  REQUIRE(test::exchange(c.alice, c.bob));
  const auto& offer = *c.alice->local_description();
  CHECK(bundled(offer) == mids{"0", "1"});
  CHECK(offer.media()[1].media().port == 10002);
  const auto& answer = *c.bob->local_description();
  CHECK(bundled(answer) == mids{"0", "1"});
  CHECK(answer.media()[1].media().port == 20000);
  CHECK(answer.media()[0].has<sdp::ice_ufrag>());
  for (const char* const name : {"ice-ufrag", "candidate", "fingerprint", "setup", "rtcp-mux", "tls-id"}) {
    CAPTURE(name);
    CHECK_FALSE(answer.media()[1].find_attribute(name));
  }
  for (end* one : {&c.alice, &c.bob}) {
    const auto& media = (*one)->media();
    CHECK(media[0].transport == 0);
    CHECK(media[1].transport == 0);
    CHECK(media[1].bundled);
    CHECK(media[1].rtcp_mux);
    CHECK(media[1].dtls == media[0].dtls);
    CHECK(media[1].ice == media[0].ice);
    CHECK(media[1].rtp == media[0].rtp);
  }
}

TEST_CASE("who doesn't bundle answers each medium on its own transport", "[offer_answer]") {
  call c(bundle_policy::balanced, bundle_policy::disabled);
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(bundled(*c.bob->local_description()).empty());
  CHECK(c.alice->media()[1].rtp.port == 20002);
  CHECK_FALSE(c.alice->media()[1].bundled);
  CHECK(c.bob->media()[1].rtp.port == 10002);
  CHECK(c.bob->media()[1].mid == "1");
}

TEST_CASE("RFC 9143 6: bundle-only media have no port of their own", "[offer_answer]") {
  call c(bundle_policy::bundle_only);
  REQUIRE(test::exchange(c.alice, c.bob));
  const auto& second = c.alice->local_description()->media()[1];
  CHECK(second.media().port == 0);
  CHECK(second.has<sdp::bundle_only>());
  CHECK_FALSE(second.has<sdp::ice_ufrag>());
  CHECK(c.alice->media()[1].active);
  CHECK(c.bob->media()[1].active);
  CHECK(c.bob->media()[1].rtp.port == 10000);
  // Once it is bundled it has the port of the bundle.
  REQUIRE(c.alice->make_offer());
  CHECK(c.alice->local_description()->media()[1].media().port == 10000);
  CHECK_FALSE(c.alice->local_description()->media()[1].has<sdp::bundle_only>());

  call refused(bundle_policy::bundle_only, bundle_policy::disabled);
  REQUIRE(test::exchange(refused.alice, refused.bob));
  CHECK(refused.alice->media()[0].active);
  CHECK_FALSE(refused.alice->media()[1].active);
  CHECK(refused.bob->media()[1].refused_for == errc::bad_bundle);
}

TEST_CASE("a bundle-only medium needs no transport", "[offer_answer]") {
  end alice({.bundle = bundle_policy::bundle_only});
  const auto first = alice->add_medium(audio()).value();
  REQUIRE(alice->add_medium(video()));
  CHECK(alice->wanted_transports() == std::vector<medium_id>{first});
}

TEST_CASE("RFC 9143 7.5.2: a medium is added to the bundle that there is", "[offer_answer]") {
  call c;
  REQUIRE(test::exchange(c.alice, c.bob));
  REQUIRE(c.alice->add_medium(test::data_channels()));
  REQUIRE(c.bob->add_medium(test::data_channels()));
  CHECK(c.alice->wanted_transports().empty());
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(bundled(*c.alice->local_description()) == mids{"0", "1", "2"});
  CHECK(bundled(*c.bob->local_description()) == mids{"0", "1", "2"});
  CHECK(c.alice->local_description()->media()[2].media().port == 10000);
  CHECK(c.bob->media()[2].active);
  CHECK(c.bob->media()[2].dtls == c.bob->media()[0].dtls);
  // And in the other direction, which keeps the roles.
  REQUIRE(test::exchange(c.bob, c.alice));
  CHECK(c.alice->media()[2].active);
  CHECK_FALSE(c.alice->media()[0].dtls->client);
}

TEST_CASE("a bundle outlives the medium that brought its transport", "[offer_answer]") {
  call c;
  REQUIRE(test::exchange(c.alice, c.bob));
  REQUIRE(c.alice->remove_medium(c.alice_audio));
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(bundled(*c.alice->local_description()) == mids{"1"});
  CHECK_FALSE(c.alice->media()[0].active);
  CHECK(c.alice->media()[1].active);
  CHECK(c.alice->media()[1].transport == 1);
  CHECK(c.bob->media()[1].rtp.port == 10000);
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(c.bob->media()[1].rtp.port == 10000);
}

TEST_CASE("a medium that left its transport to the bundle needs another one to come back", "[offer_answer]") {
  call c;
  REQUIRE(test::exchange(c.alice, c.bob));
  const auto audio_of_bob = *c.bob->media()[0].id;
  const auto first = c.alice->local_description()->media()[0];
  REQUIRE(c.alice->remove_medium(c.alice_audio));
  REQUIRE(test::exchange(c.alice, c.bob));
  // An offer of the medium outside of the bundle would have both on one port.
  auto again = *c.alice->local_description();
  again.media()[0] = first;
  REQUIRE(c.bob->handle_offer(again));
  CHECK(c.bob->wanted_transports() == std::vector<medium_id>{audio_of_bob});
}

TEST_CASE("RFC 9143 7.1.3: rtcp-mux stands with RTP where the transport is that of data channels",
          "[offer_answer]") {
  call c;
  REQUIRE(test::exchange(c.alice, c.bob));
  REQUIRE(c.alice->add_medium(test::data_channels()));
  REQUIRE(c.bob->add_medium(test::data_channels()));
  REQUIRE(test::exchange(c.alice, c.bob));
  // What is left is data channels, and then a picture.
  REQUIRE(c.alice->remove_medium(c.alice_audio));
  REQUIRE(c.alice->remove_medium(c.alice_video));
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(c.alice->media()[2].transport == 2);
  REQUIRE(c.alice->add_medium(video()));
  REQUIRE(test::exchange(c.alice, c.bob));
  for (end* one : {&c.alice, &c.bob}) {
    const auto& local = *(*one)->local_description();
    CHECK(bundled(local).size() == 2);
    CHECK(local.media()[0].has<sdp::rtcp_mux>());
    CHECK_FALSE(local.media()[0].has<sdp::ice_ufrag>());
    const negotiated_medium& picture = (*one)->media()[0];
    CHECK(picture.bundled);
    CHECK(picture.transport == 2);
    CHECK(picture.rtcp_mux);
    CHECK(picture.rtcp_rsize);
  }
}

TEST_CASE("a recycled m= line has another mid", "[offer_answer]") {
  call c;
  REQUIRE(test::exchange(c.alice, c.bob));
  REQUIRE(c.alice->remove_medium(c.alice_video));
  REQUIRE(test::exchange(c.alice, c.bob));
  REQUIRE(c.alice->add_medium(video()));
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(bundled(*c.alice->local_description()) == mids{"0", "2"});
  CHECK(c.alice->media()[1].mid == "2");
  CHECK(c.bob->media()[1].active);
}

TEST_CASE("RFC 9143 7.3.1: where the first is refused another gives the transport", "[offer_answer]") {
  call c;
  end bob({.bundle = bundle_policy::balanced});
  bob.add(video(), test::webrtc_transport(20002, 2));
  REQUIRE(test::exchange(c.alice, bob));
  CHECK(bundled(*bob->local_description()) == mids{"1"});
  CHECK(c.alice->media()[1].transport == 1);
  CHECK(bob->media()[1].rtp.port == 10002);
}

TEST_CASE("media that can't share a transport stay outside of the bundle", "[offer_answer]") {
  const std::string transport = "a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n";
  std::string line;
  test::fingerprint(9).write(line);
  const std::string secure = transport + "a=fingerprint:" + line + "\r\n";
  const auto offer = [&](std::string_view first, std::string_view second) {
    return sdp::description::parse(
               "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n"
               "a=group:BUNDLE a b\r\n"
               "m=audio 4000 UDP/TLS/RTP/SAVPF 96\r\na=mid:a\r\na=rtpmap:96 opus/48000/2\r\n" +
               std::string(first) + secure + "m=video 4002 UDP/TLS/RTP/SAVPF " + std::string(second) + secure)
        .value();
  };
  const auto answer = [&](const sdp::description& to) {
    call c;
    REQUIRE(c.bob->handle_offer(to));
    const auto made = c.bob->make_answer().value();
    CHECK(c.bob->media()[1].active);
    return bundled(made);
  };
  const std::string mux = "a=rtcp-mux\r\n";
  const std::string good = "97\r\na=mid:b\r\na=rtpmap:97 VP8/90000\r\n";
  CHECK(answer(offer(mux, good + mux)) == mids{"a", "b"});
  // The same number for two codecs (RFC 9143 9.1), no rtcp-mux (9.3).
  CHECK(answer(offer(mux, "96\r\na=mid:b\r\na=rtpmap:96 VP8/90000\r\n" + mux)) == mids{"a"});
  CHECK(answer(offer(mux, good)) == mids{"a"});
}

TEST_CASE("an answer whose bundle is none of the offer's is refused", "[offer_answer]") {
  const auto say = [](std::string_view groups, unsigned first_port, bundle_policy policy) {
    call c(policy);
    REQUIRE(c.alice->make_offer());
    REQUIRE(c.bob->handle_offer(*c.alice->local_description()));
    auto answer = c.bob->make_answer().value();
    answer.remove<sdp::group>();
    if (!groups.empty()) REQUIRE(answer.add_line('a', groups));
    auto line = answer.media()[0].media();
    line.port = static_cast<std::uint16_t>(first_port);
    REQUIRE(answer.media()[0].set_media(line));
    const auto taken = c.alice->handle_answer(answer);
    return taken ? base::error_code() : taken.error();
  };
  const auto balanced = bundle_policy::balanced;
  CHECK(say("group:BUNDLE 0 1", 20000, balanced) == base::error_code());
  CHECK(say("group:BUNDLE 0 1", 0, balanced) == errc::bad_bundle);
  CHECK(say("", 20000, bundle_policy::bundle_only) == errc::bad_bundle);
  // The second medium of the answer has no keys of its own.
  CHECK(say("", 20000, balanced) == errc::missing_keys);
}
