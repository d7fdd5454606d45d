#include <parley/offer_answer/negotiator.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <optional>
#include <string>
#include <vector>

using namespace parley;
using namespace parley::offer_answer;
using test::end;
using state = enum negotiator::state;

namespace {

std::string version(const sdp::description& of) { return of.get<sdp::origin>()->session_version; }

template <class T>
base::error_code error_of(const base::result<T>& result) {
  return result ? base::error_code() : result.error();
}

/// Two ends in a call with audio.
struct call {
  call() {
    audio_of_alice = alice.add(test::audio({test::opus(), test::pcmu()}));
    audio_of_bob = bob.add(test::audio({test::pcmu(), test::opus(96)}));
    REQUIRE(test::exchange(alice, bob));
  }

  end alice;
  end bob;
  medium_id audio_of_alice{};
  medium_id audio_of_bob{};
};

}  // namespace

TEST_CASE("an offer and its answer agree on a medium", "[offer_answer]") {
  call c;
  CHECK(c.alice->state() == state::stable);
  CHECK(c.bob->state() == state::stable);
  REQUIRE(c.alice->media().size() == 1);
  const negotiated_medium& agreed = c.alice->media()[0];
  CHECK(agreed.active);
  CHECK(agreed.id == c.audio_of_alice);
  CHECK(agreed.rtp == media_address{"192.0.2.1", 10000});
  CHECK(agreed.rtcp == media_address{"192.0.2.1", 10001});
  CHECK(agreed.rtp.socket().value().port == 10000);
  CHECK(agreed.direction == sdp::direction::sendrecv);
  REQUIRE(agreed.formats.size() == 2);
  CHECK(agreed.formats[0].send.payload_type() == 111);
  CHECK(agreed.formats[0].receive.is("opus"));
  CHECK(c.alice->find(c.audio_of_alice) == &agreed);
  CHECK(c.bob->find(medium_id{99}) == nullptr);
}

TEST_CASE("RFC 3264 4: nobody offers while an offer waits", "[offer_answer]") {
  call c;
  const auto offer = c.alice->make_offer().value();
  CHECK(error_of(c.alice->make_offer()) == errc::offer_pending);
  CHECK(error_of(c.alice->handle_offer(offer)) == errc::offer_pending);
  CHECK(error_of(c.alice->make_answer()) == errc::no_offer);
  REQUIRE(c.bob->handle_offer(offer));
  CHECK(error_of(c.bob->make_offer()) == errc::answer_pending);
  CHECK(error_of(c.bob->handle_offer(offer)) == errc::answer_pending);
  CHECK(error_of(c.bob->handle_answer(offer)) == errc::no_offer);
  CHECK(c.bob->state() == state::have_remote_offer);
  CHECK(error_of(c.bob->handle_provisional_answer(offer)) == errc::no_offer);
  end idle;
  CHECK(error_of(idle->rollback()) == errc::no_offer);
}

TEST_CASE("RFC 3264 8: the version is one more where something has changed, and the same where not",
          "[offer_answer]") {
  call c;
  CHECK(version(*c.alice->local_description()) == "1");
  const auto again = c.alice->make_offer().value();
  CHECK(version(again) == "1");
  REQUIRE(c.bob->handle_offer(again));
  CHECK(version(c.bob->make_answer().value()) == "1");
  REQUIRE(c.alice->handle_answer(*c.bob->local_description()));

  c.alice->hold();
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(version(*c.alice->local_description()) == "2");
  CHECK(version(*c.bob->local_description()) == "2");
  const auto id = [](end& of) { return of->local_description()->get<sdp::origin>()->session_id; };
  const std::string before = id(c.alice);
  c.alice->resume();
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(version(*c.alice->local_description()) == "3");
  CHECK(id(c.alice) == before);
}

TEST_CASE("RFC 6141 3: a refused offer leaves the session as it was, and its version is used up",
          "[offer_answer]") {
  call c;
  const auto media = c.alice->media();
  const auto local = c.alice->local_description();
  const auto remote = c.alice->remote_description();
  c.alice->hold();
  const auto refused = c.alice->make_offer().value();
  CHECK(version(refused) == "2");
  REQUIRE(c.alice->rollback());
  CHECK(c.alice->state() == state::stable);
  CHECK(c.alice->media() == media);
  CHECK(c.alice->local_description() == local);
  CHECK(c.alice->remote_description() == remote);
  c.alice->resume();
  CHECK(version(c.alice->make_offer().value()) == "3");
}

TEST_CASE("an offer of the peer's that we refuse leaves the session as it was", "[offer_answer]") {
  call c;
  const auto media = c.bob->media();
  const auto remote = c.bob->remote_description();
  c.alice->hold();
  REQUIRE(c.bob->handle_offer(c.alice->make_offer().value()));
  CHECK(c.bob->media() == media);
  REQUIRE(c.bob->rollback());
  CHECK(c.bob->media() == media);
  CHECK(c.bob->remote_description() == remote);
  REQUIRE(c.alice->rollback());
  REQUIRE(test::exchange(c.bob, c.alice));
}

TEST_CASE("an offer that can't be met changes nothing", "[offer_answer]") {
  call c;
  const auto media = c.bob->media();
  const auto offer = sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 18\r\n")).value();
  CHECK(error_of(c.bob->handle_offer(offer)) == errc::no_common_format);
  CHECK(c.bob->state() == state::stable);
  CHECK(c.bob->media() == media);
  REQUIRE(test::exchange(c.bob, c.alice));
}

TEST_CASE("RFC 3264 8: m= lines never go away", "[offer_answer]") {
  call c;
  const auto none = sdp::description::parse(test::description_text("")).value();
  CHECK(error_of(c.bob->handle_offer(none)) == errc::media_missing);
}

TEST_CASE("an answer that is none to the offer is refused, and the offer still waits", "[offer_answer]") {
  call c;
  REQUIRE(c.alice->make_offer());
  const auto say = [&](std::string_view media) {
    return error_of(c.alice->handle_answer(sdp::description::parse(test::description_text(media)).value()));
  };
  CHECK(say("") == errc::wrong_media_count);
  CHECK(say("m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n") == errc::wrong_media_count);
  CHECK(say("m=video 4000 RTP/AVP 0\r\n") == errc::media_changed);
  CHECK(say("m=audio 4000 RTP/SAVP 0\r\n") == errc::incompatible_protocol);
  CHECK(say("m=audio 4000 RTP/AVP 18\r\n") == errc::no_common_format);
  CHECK(say("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 239.1.1.1/127\r\n") == errc::multicast);
  CHECK(c.alice->state() == state::have_local_offer);
  CHECK(say("m=audio 4000 RTP/AVP 0\r\n") == base::error_code());
  CHECK(c.alice->media()[0].rtp.port == 4000);
}

TEST_CASE("RFC 3261 13.2.1: copies of an answer are ignored", "[offer_answer]") {
  call c;
  const auto answer = *c.alice->remote_description();
  CHECK(c.alice->handle_answer(answer));
  const auto other = sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\n")).value();
  CHECK(error_of(c.alice->handle_answer(other)) == errc::no_offer);
}

TEST_CASE("RFC 6337 3.1: a provisional answer counts until the final one", "[offer_answer]") {
  end alice;
  alice.add(test::audio({test::pcmu()}));
  REQUIRE(alice->make_offer());
  const auto early = sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\n")).value();
  const auto final = sdp::description::parse(test::description_text("m=audio 5000 RTP/AVP 0\r\n")).value();
  REQUIRE(alice->handle_provisional_answer(early));
  CHECK(alice->state() == state::have_local_offer);
  REQUIRE(alice->media().size() == 1);
  CHECK(alice->media()[0].rtp.port == 4000);
  REQUIRE(alice->handle_answer(final));
  CHECK(alice->media()[0].rtp.port == 5000);

  REQUIRE(alice->make_offer());
  REQUIRE(alice->handle_provisional_answer(early));
  REQUIRE(alice->rollback());
  CHECK(alice->media()[0].rtp.port == 5000);
}

TEST_CASE("RFC 6337 3.1: an answer of ours is provisional until the final one", "[offer_answer]") {
  end bob;
  const auto id = bob.add(test::audio({test::pcmu()}));
  CHECK(error_of(bob->make_provisional_answer()) == errc::no_offer);
  const auto offer = sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\n")).value();
  REQUIRE(bob->handle_offer(offer));
  REQUIRE(bob->set_direction(id, sdp::direction::sendonly));
  const auto early = bob->make_provisional_answer().value();
  CHECK(bob->state() == state::have_remote_offer);
  CHECK(bob->media()[0].direction == sdp::direction::sendonly);
  CHECK(bob->make_provisional_answer().value() == early);
  REQUIRE(bob->set_direction(id, sdp::direction::sendrecv));
  const auto last = bob->make_answer().value();
  CHECK(version(last) == "2");
  CHECK(bob->media()[0].direction == sdp::direction::sendrecv);
  REQUIRE(bob->handle_offer(offer));
  REQUIRE(bob->set_direction(id, sdp::direction::inactive));
  REQUIRE(bob->make_provisional_answer());
  REQUIRE(bob->rollback());
  CHECK(bob->media()[0].direction == sdp::direction::sendrecv);
  CHECK(*bob->local_description() == last);
}

TEST_CASE("a copy is a session of its own, as a forked INVITE needs", "[offer_answer]") {
  end alice;
  alice.add(test::audio({test::pcmu()}));
  REQUIRE(alice->make_offer());
  negotiator other = *alice;
  REQUIRE(alice->handle_answer(
      sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\n")).value()));
  CHECK(other.state() == state::have_local_offer);
  REQUIRE(other.handle_answer(
      sdp::description::parse(test::description_text("m=audio 5000 RTP/AVP 0\r\n")).value()));
  CHECK(alice->media()[0].rtp.port == 4000);
  CHECK(other.media()[0].rtp.port == 5000);
}

TEST_CASE("a session like another has its media, and nothing else of it", "[offer_answer]") {
  call c;
  REQUIRE(c.alice->remove_medium(c.alice.add(test::video({test::vp8()}))));
  test::seeded_random random(7);
  negotiator fresh(*c.alice, {}, random);
  CHECK(fresh.state() == state::stable);
  CHECK_FALSE(fresh.local_description());
  CHECK(fresh.wanted_transports() == std::vector{c.audio_of_alice});
  CHECK(error_of(fresh.make_offer()) == errc::missing_transport);
  REQUIRE(fresh.set_transport(c.audio_of_alice, {.rtp = {base::ip_address::loopback_v4(), 4000}}));
  const auto offer = fresh.make_offer();
  REQUIRE(offer);
  CHECK(offer->media().size() == 1);
  CHECK(version(*offer) == "1");
  CHECK(offer->get<sdp::origin>()->session_id !=
        c.alice->local_description()->get<sdp::origin>()->session_id);
}

TEST_CASE("RFC 3264 8.1: a medium is added at the end, in either direction", "[offer_answer]") {
  call c;
  const auto picture = c.alice.add(test::video({test::vp8()}));
  c.bob.add(test::video({test::vp8(99)}));
  REQUIRE(test::exchange(c.alice, c.bob));
  REQUIRE(c.alice->media().size() == 2);
  CHECK(c.alice->media()[1].id == picture);
  CHECK(c.alice->media()[1].active);
  CHECK(c.bob->media()[1].formats[0].send.payload_type() == 96);
}

TEST_CASE("RFC 3264 8.2: a medium that is removed has port 0, and its m= line is used again",
          "[offer_answer]") {
  call c;
  const auto picture = c.alice.add(test::video({test::vp8()}));
  c.bob.add(test::video({test::vp8()}));
  REQUIRE(test::exchange(c.alice, c.bob));
  REQUIRE(c.alice->remove_medium(picture));
  CHECK(error_of(c.alice->remove_medium(picture)) == errc::unknown_medium);
  CHECK(c.alice->media()[1].active);
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(c.alice->local_description()->media()[1].media().port == 0);
  CHECK(c.bob->local_description()->media()[1].media().port == 0);
  CHECK_FALSE(c.alice->media()[1].active);
  CHECK_FALSE(c.bob->media()[1].active);
  CHECK(c.alice->media()[0].active);

  // The line is there for another kind of medium.
  const auto text = c.alice.add(test::data_channels(), test::with_fingerprint(20000));
  c.bob.add(test::data_channels(), test::with_fingerprint(20002));
  REQUIRE(test::exchange(c.alice, c.bob));
  REQUIRE(c.alice->media().size() == 2);
  CHECK(c.alice->media()[1].id == text);
  CHECK(c.alice->media()[1].media == "application");
  CHECK(c.bob->media()[1].active);
}

TEST_CASE("a medium that the peer has refused is not offered again by itself", "[offer_answer]") {
  call c;
  const auto picture = c.alice.add(test::video({test::vp8()}));
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK_FALSE(c.alice->media()[1].active);
  CHECK(c.bob->media()[1].refused_for == errc::no_such_media);
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(c.alice->local_description()->media()[1].media().port == 0);
  // But it answers where the peer offers one, and is offered where the application wants it.
  c.bob.add(test::video({test::vp8()}));
  REQUIRE(test::exchange(c.bob, c.alice));
  CHECK(c.alice->media()[1].active);
  CHECK(c.alice->find(picture) == &c.alice->media()[1]);
  end other;
  const auto id = other.add(test::audio({test::pcmu()}));
  REQUIRE(other->make_offer());
  REQUIRE(other->handle_answer(
      sdp::description::parse(test::description_text("m=audio 0 RTP/AVP 0\r\n")).value()));
  CHECK(other->make_offer()->media()[0].media().port == 0);
  REQUIRE(other->rollback());
  REQUIRE(other->renew(id));
  CHECK(other->make_offer()->media()[0].media().port != 0);
}

TEST_CASE("what the application refers to has to be there", "[offer_answer]") {
  end alice;
  const medium_id none{7};
  CHECK(error_of(alice->remove_medium(none)) == errc::unknown_medium);
  CHECK(error_of(alice->change_medium(none, test::audio({test::pcmu()}))) == errc::unknown_medium);
  CHECK(error_of(alice->set_transport(none, test::transport(1))) == errc::unknown_medium);
  CHECK(error_of(alice->set_direction(none, sdp::direction::inactive)) == errc::unknown_medium);
  CHECK(error_of(alice->hold(none)) == errc::unknown_medium);
  CHECK(error_of(alice->resume(none)) == errc::unknown_medium);
  CHECK(error_of(alice->renew(none)) == errc::unknown_medium);
}

TEST_CASE("a medium that no description can hold is refused when it is added", "[offer_answer]") {
  end alice;
  CHECK(error_of(alice->add_medium(test::audio({}))) == sdp::errc::unwritable);
  CHECK_FALSE(alice->add_medium(test::audio({test::pcmu(), test::pcmu()})));
  auto bad = test::audio({test::pcmu()});
  bad.attributes = {"x\r\na=injected"};
  CHECK_FALSE(alice->add_medium(bad));
  bad.attributes.clear();
  bad.protocol = "UDP/TLS/RTP/SAVP";
  CHECK(error_of(alice->add_medium(bad)) == errc::incompatible_protocol);
  bad.protocol = "RTP/AVP";
  bad.media = "au dio";
  CHECK_FALSE(alice->add_medium(bad));
  const auto id = alice->add_medium(test::audio({test::pcmu()})).value();
  auto transport = test::transport(4000);
  transport.tls_id = "short";
  CHECK_FALSE(alice->set_transport(id, transport));
  CHECK_FALSE(alice->change_medium(id, test::audio({})));
}

TEST_CASE("media are bounded", "[offer_answer]") {
  end alice({.max_media = 1});
  alice.add(test::audio({test::pcmu()}));
  CHECK(error_of(alice->add_medium(test::audio({test::pcmu()}))) == errc::too_many_media);
  const auto two = test::description_text("m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\n");
  CHECK(error_of(alice->handle_offer(sdp::description::parse(two).value())) == errc::too_many_media);
}

TEST_CASE("who opens ports is asked only for the transports that are needed", "[offer_answer]") {
  end bob;
  const auto audio = bob->add_medium(test::audio({test::pcmu()})).value();
  const auto picture = bob->add_medium(test::video({test::vp8()})).value();
  CHECK(bob->wanted_transports() == std::vector<medium_id>{audio, picture});
  CHECK(error_of(bob->make_offer()) == errc::missing_transport);
  REQUIRE(bob->handle_offer(
      sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n"))
          .value()));
  CHECK(bob->wanted_transports() == std::vector<medium_id>{audio});
  CHECK(error_of(bob->make_answer()) == errc::missing_transport);
  CHECK(bob->state() == state::have_remote_offer);
  REQUIRE(bob->set_transport(audio, test::transport(5000)));
  CHECK(bob->wanted_transports().empty());
  CHECK(bob->make_answer()->media()[0].media().port == 5000);
}

TEST_CASE("a session with nothing in it is one, too", "[offer_answer]") {
  // RFC 4317 5.1.
  end alice;
  end bob;
  REQUIRE(test::exchange(alice, bob));
  CHECK(alice->media().empty());
  alice.add(test::audio({test::pcmu()}));
  bob.add(test::audio({test::pcmu()}));
  REQUIRE(test::exchange(alice, bob));
  CHECK(alice->media()[0].active);
}
