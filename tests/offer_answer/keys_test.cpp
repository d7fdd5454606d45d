#include <parley/offer_answer/negotiator.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using namespace parley::offer_answer;
using test::answer_to;
using test::end;
using role = sdp::setup::role;

namespace {

constexpr std::string_view sha1_80 = "AES_CM_128_HMAC_SHA1_80";
constexpr std::string_view sha1_32 = "AES_CM_128_HMAC_SHA1_32";

medium keyed(std::vector<keying> keyings, std::string protocol = "RTP/SAVP") {
  medium out = test::audio({test::pcmu()});
  out.keyings = std::move(keyings);
  out.protocol = std::move(protocol);
  return out;
}

const std::string key = " inline:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

std::string fingerprint_line() {
  std::string out = "a=fingerprint:";
  test::fingerprint(9).write(out);
  return out + "\r\n";
}

role said_role(const sdp::description& from) { return from.media()[0].get<sdp::setup>()->value; }

base::error_code refusal(end& to, std::string_view media) {
  const auto answer = answer_to(to, media);
  return answer ? base::error_code() : answer.error();
}

}  // namespace

TEST_CASE("RFC 4568 5.1: the answer takes one key of the offer, by its tag", "[offer_answer]") {
  end alice;
  end bob;
  alice.add(keyed({keying::sdes}),
            test::with_keys(10000, {test::crypto(sha1_80, 1), test::crypto(sha1_32, 2)}));
  bob.add(keyed({keying::sdes}), test::with_keys(20000, {test::crypto(sha1_32, 3)}));
  REQUIRE(test::exchange(alice, bob));
  const negotiated_medium& agreed = alice->media()[0];
  CHECK(agreed.key == keying::sdes);
  REQUIRE(agreed.sdes);
  CHECK(agreed.sdes->local.tag == 2);
  CHECK(agreed.sdes->local.suite == sha1_32);
  CHECK(agreed.sdes->local.keys[0].key_and_salt[0] == 2);
  CHECK(agreed.sdes->remote.keys[0].key_and_salt[0] == 3);
  CHECK(bob->media()[0].sdes == sdes_keys{agreed.sdes->remote, agreed.sdes->local});
}

TEST_CASE("RFC 4568 5.1.2: the first suite of the offer, or by our order", "[offer_answer]") {
  for (const bool own_order : {false, true}) {
    end alice;
    end bob;
    alice.add(keyed({keying::sdes}), test::with_keys(10000, {test::crypto(sha1_80), test::crypto(sha1_32)}));
    medium what = keyed({keying::sdes});
    what.own_order = own_order;
    bob.add(what, test::with_keys(20000, {test::crypto(sha1_32), test::crypto(sha1_80)}));
    REQUIRE(test::exchange(alice, bob));
    CHECK(alice->media()[0].sdes->local.suite == (own_order ? sha1_32 : sha1_80));
  }
}

TEST_CASE("RFC 4568 6.3: a key with parameters that are not known is left out", "[offer_answer]") {
  end bob;
  bob.add(keyed({keying::sdes}), test::with_keys(5000, {test::crypto()}));
  const std::string line = "m=audio 4000 RTP/SAVP 0\r\na=crypto:";
  const std::string suite = std::string(sha1_80) + key;
  CHECK(refusal(bob, line + "1 " + suite + " UNENCRYPTED_SRTP\r\n") == errc::missing_keys);
  CHECK(refusal(bob, line + "1 NO_SUCH_SUITE" + key + "\r\n") == errc::missing_keys);
  CHECK(refusal(bob, line + "1 AES_CM_128_HMAC_SHA1_80 inline:AQEB\r\n") == errc::missing_keys);
  const auto answer =
      answer_to(bob, line + "1 " + suite + " KDR=4\r\na=crypto:7 " + suite + " WSH=64 -OTHER\r\n");
  REQUIRE(answer);
  CHECK(answer->media()[0].get<sdp::crypto>()->tag == 7);
  CHECK(answer->media()[0].get<sdp::crypto>()->session_parameters.empty());
}

TEST_CASE("of two media the one without a suite in common is refused alone", "[offer_answer]") {
  end bob({.bundle = bundle_policy::disabled});
  bob.add(keyed({keying::sdes}), test::with_keys(5000, {test::crypto()}));
  medium picture = keyed({keying::sdes});
  picture.media = "video";
  const auto id = bob->add_medium(picture).value();
  const auto line = [](std::string_view kind, std::string_view suite) {
    return "m=" + std::string(kind) + " 4000 RTP/SAVP 0\r\na=crypto:1 " + std::string(suite) + key + "\r\n";
  };
  const auto offer =
      sdp::description::parse(test::description_text(line("audio", sha1_80) + line("video", sha1_32)))
          .value();
  REQUIRE(bob->handle_offer(offer));
  // Only now it is known which suites there are.
  REQUIRE(bob->set_transport(id, test::with_keys(5002, {test::crypto()})));
  const auto answer = bob->make_answer();
  REQUIRE(answer);
  CHECK(bob->media()[0].active);
  CHECK(answer->media()[1].media().port == 0);
  CHECK(bob->media()[1].refused_for == errc::missing_keys);
}

TEST_CASE("secure media without keys are refused", "[offer_answer]") {
  end bob;
  bob.add(keyed({keying::sdes, keying::dtls, keying::none}), test::with_keys(5000, {test::crypto()}));
  CHECK(refusal(bob, "m=audio 4000 RTP/SAVP 0\r\n") == errc::missing_keys);
  CHECK(refusal(bob, "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\n") == errc::missing_keys);
  CHECK(refusal(bob, "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=crypto:1 " + std::string(sha1_80) + key +
                         "\r\n") == errc::missing_keys);
  CHECK(refusal(bob, "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=fingerprint:sha-256 00:01\r\n") ==
        errc::missing_keys);
}

TEST_CASE("plain media are refused where keys are wanted", "[offer_answer]") {
  end bob;
  bob.add(keyed({keying::dtls}), test::with_fingerprint(5000));
  CHECK(refusal(bob, "m=audio 4000 RTP/AVP 0\r\n") == errc::incompatible_protocol);
  end alice;
  alice.add(keyed({keying::sdes}, "RTP/AVP"), test::with_keys(5000, {test::crypto()}));
  REQUIRE(alice->make_offer());
  const auto answer = alice->handle_answer(
      sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\n")).value());
  REQUIRE_FALSE(answer);
  CHECK(answer.error() == errc::missing_keys);
}

TEST_CASE("RFC 8643: best effort, keys in RTP/AVP", "[offer_answer]") {
  const medium what = keyed({keying::dtls, keying::sdes, keying::none}, "RTP/AVP");
  local_transport local = test::with_keys(10000, {test::crypto()});
  local.fingerprints = {test::fingerprint()};
  end alice;
  alice.add(what, local);
  const auto offer = alice->make_offer().value();
  CHECK(offer.media()[0].has<sdp::crypto>());
  CHECK(offer.media()[0].has<sdp::fingerprint>());
  struct row {
    std::vector<keying> keyings;
    keying agreed;
  };
  const row rows[] = {{{keying::dtls, keying::none}, keying::dtls},
                      {{keying::sdes, keying::none}, keying::sdes},
                      {{keying::sdes, keying::dtls}, keying::sdes},
                      {{keying::none}, keying::none}};
  for (const row& each : rows) {
    end bob;
    bob.add(keyed(each.keyings, "RTP/AVP"), local);
    REQUIRE(bob->handle_offer(offer));
    const auto answer = bob->make_answer();
    REQUIRE(answer);
    CHECK(answer->media()[0].media().protocol == "RTP/AVP");
    CHECK(bob->media()[0].key == each.agreed);
    negotiator copy = *alice;
    REQUIRE(copy.handle_answer(*answer));
    CHECK(copy.media()[0].key == each.agreed);
  }
}

TEST_CASE("RTP/SAVPF with a fingerprint, as old browsers have it, is DTLS", "[offer_answer]") {
  end bob;
  bob.add(keyed({keying::dtls}), test::with_fingerprint(5000));
  const auto answer =
      answer_to(bob, "m=audio 4000 RTP/SAVPF 0\r\n" + fingerprint_line() + "a=setup:actpass\r\n");
  REQUIRE(answer);
  CHECK(bob->media()[0].key == keying::dtls);
  CHECK(answer->media()[0].media().protocol == "RTP/SAVPF");
}

TEST_CASE("an answer with another key than the offer's is refused", "[offer_answer]") {
  end alice;
  alice.add(keyed({keying::sdes}), test::with_keys(10000, {test::crypto(sha1_80)}));
  REQUIRE(alice->make_offer());
  const auto say = [&](const std::string& crypto) {
    const auto taken = alice->handle_answer(
        sdp::description::parse(test::description_text("m=audio 4000 RTP/SAVP 0\r\n" + crypto)).value());
    return taken ? base::error_code() : taken.error();
  };
  const std::string suite = std::string(sha1_80) + key;
  CHECK(say("") == errc::missing_keys);
  CHECK(say("a=crypto:2 " + suite + "\r\n") == errc::missing_keys);
  CHECK(say("a=crypto:1 " + std::string(sha1_32) + key + "\r\n") == errc::missing_keys);
  CHECK(say("a=crypto:1 " + suite + "\r\na=crypto:1 " + suite + "\r\n") == errc::missing_keys);
  CHECK(say("a=crypto:1 " + suite + "\r\n") == base::error_code());
}

TEST_CASE("local transports without the keys that are needed are told", "[offer_answer]") {
  end alice;
  const auto id = alice.add(keyed({keying::sdes}), test::transport(10000));
  const auto offer = alice->make_offer();
  REQUIRE_FALSE(offer);
  CHECK(offer.error() == errc::missing_local_keys);
  const std::string line = "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 " + std::string(sha1_80) + key + "\r\n";
  const auto answer = answer_to(alice, line);
  REQUIRE_FALSE(answer);
  CHECK(answer.error() == errc::missing_local_keys);
  REQUIRE(alice->set_transport(id, test::with_keys(10000, {test::crypto()})));
  CHECK(alice->make_answer());
}

TEST_CASE("RFC 8842 5.2, 5.3: actpass is answered by active", "[offer_answer]") {
  for (const bool passive : {false, true}) {
    end alice;
    end bob({.dtls_passive = passive});
    alice.add(test::webrtc(test::audio({test::opus()})), test::webrtc_transport(10000, 1));
    bob.add(test::webrtc(test::audio({test::opus()})), test::webrtc_transport(20000, 2));
    REQUIRE(test::exchange(alice, bob));
    CHECK(said_role(*alice->local_description()) == role::actpass);
    CHECK(said_role(*bob->local_description()) == (passive ? role::passive : role::active));
    CHECK(alice->media()[0].key == keying::dtls);
    REQUIRE(alice->media()[0].dtls);
    CHECK(alice->media()[0].dtls->client == passive);
    CHECK(bob->media()[0].dtls->client == !passive);
    CHECK(alice->media()[0].dtls->remote_fingerprints == std::vector{test::fingerprint(2)});
    CHECK(alice->media()[0].dtls->remote_tls_id == std::string(24, 'c'));
    CHECK(alice->media()[0].ice);
  }
}

TEST_CASE("RFC 8842 5.5: the roles of an association stay, those of a new one are chosen again",
          "[offer_answer]") {
  end alice;
  end bob;
  alice.add(test::webrtc(test::audio({test::opus()})), test::webrtc_transport(10000, 1));
  const auto id = bob.add(test::webrtc(test::audio({test::opus()})), test::webrtc_transport(20000, 2));
  REQUIRE(test::exchange(alice, bob));
  REQUIRE(test::exchange(bob, alice));
  CHECK(said_role(*bob->local_description()) == role::actpass);
  CHECK(said_role(*alice->local_description()) == role::passive);
  CHECK(bob->media()[0].dtls->client);
  REQUIRE(bob->set_transport(id, test::webrtc_transport(20000, 3)));
  REQUIRE(test::exchange(bob, alice));
  CHECK(said_role(*alice->local_description()) == role::active);
  CHECK_FALSE(bob->media()[0].dtls->client);
}

TEST_CASE("RFC 4145 4.1: each role is answered by the other", "[offer_answer]") {
  const std::string offer = "m=audio 4000 UDP/TLS/RTP/SAVP 0\r\n" + fingerprint_line();
  end bob;
  bob.add(keyed({keying::dtls}), test::webrtc_transport(5000));
  CHECK(said_role(*answer_to(bob, offer + "a=setup:active\r\n")) == role::passive);
  CHECK(said_role(*answer_to(bob, offer + "a=setup:passive\r\n")) == role::active);
  CHECK(said_role(*answer_to(bob, offer)) == role::passive);
  CHECK(refusal(bob, offer + "a=setup:holdconn\r\n") == errc::bad_setup);
  CHECK(refusal(bob, offer + "a=setup:what\r\n") == errc::bad_setup);
  // RFC 8842 5.3: no tls-id where the offer has none.
  CHECK_FALSE(bob->local_description()->media()[0].has<sdp::tls_id>());
}

TEST_CASE("an answer with a role that it can't have is refused", "[offer_answer]") {
  end alice;
  alice.add(keyed({keying::dtls}, "UDP/TLS/RTP/SAVP"), test::with_fingerprint(10000));
  REQUIRE(alice->make_offer());
  const auto say = [&](std::string_view setup) {
    const auto taken = alice->handle_answer(
        sdp::description::parse(test::description_text("m=audio 4000 UDP/TLS/RTP/SAVP 0\r\n" +
                                                       fingerprint_line() + std::string(setup)))
            .value());
    return taken ? base::error_code() : taken.error();
  };
  CHECK(say("a=setup:actpass\r\n") == errc::bad_setup);
  CHECK(say("a=setup:holdconn\r\n") == errc::bad_setup);
  CHECK(say("a=setup:passive\r\n") == base::error_code());
  CHECK(alice->media()[0].dtls->client);
}

TEST_CASE("RFC 8841: data channels, in the words of today and of before", "[offer_answer]") {
  end alice;
  end bob;
  alice.add(test::data_channels(), test::webrtc_transport(10000));
  bob.add(test::data_channels(), test::webrtc_transport(20000));
  REQUIRE(test::exchange(alice, bob));
  CHECK(alice->media()[0].active);
  CHECK(alice->media()[0].sctp_port == 5000);
  CHECK(alice->media()[0].max_message_size == 65536);
  CHECK(alice->media()[0].key == keying::dtls);
  end other;
  other.add(test::data_channels(), test::webrtc_transport(20000));
  const auto answer = answer_to(other, "m=application 4000 DTLS/SCTP 5000\r\n" + fingerprint_line() +
                                           "a=setup:actpass\r\na=sctpmap:5000 webrtc-datachannel 1024\r\n");
  REQUIRE(answer);
  CHECK(answer->media()[0].media().protocol == "DTLS/SCTP");
  CHECK(answer->media()[0].get<sdp::sctpmap>()->port == 5000);
  CHECK(other->media()[0].sctp_port == 5000);
  CHECK(refusal(other, "m=application 4000 UDP/DTLS/SCTP webrtc-datachannel\r\n") == errc::missing_keys);
}
