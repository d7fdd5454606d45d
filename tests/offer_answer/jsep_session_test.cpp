#include <parley/offer_answer/jsep_session.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::offer_answer;
using type = description_type;
using state = signaling_state;
using sdp::direction;

namespace {

medium opus_medium() { return test::webrtc(test::audio({test::opus()})); }
medium vp8_medium() { return test::webrtc(test::video({test::vp8()})); }

template <class T>
base::error_code error_of(const base::result<T>& result) {
  return result ? base::error_code() : result.error();
}

jsep_session make_session(std::uint64_t seed) {
  test::seeded_random random(seed);
  jsep_options options;
  options.defaults = {opus_medium(), vp8_medium(), test::data_channels()};
  return {std::move(options), random};
}

/// An end that gives each medium a transport as soon as it is wanted.
struct peer {
  explicit peer(std::uint8_t number) : session(make_session(number)), filler(number) {}

  medium_id add(const medium& what) {
    const auto id = session.add_transceiver(what).value();
    open();
    return id;
  }
  void open() {
    for (const medium_id id : session.wanted_transports()) {
      port = static_cast<std::uint16_t>(port + 2);
      REQUIRE(session.set_transport(id, test::webrtc_transport(port, filler)));
    }
  }
  sdp::description offer() {
    open();
    const auto made = session.create_offer();
    REQUIRE(made);
    REQUIRE(session.set_local(type::offer, *made));
    return *made;
  }
  sdp::description answer(type as = type::answer) {
    open();
    const auto made = session.create_answer();
    REQUIRE(made);
    REQUIRE(session.set_local(as, *made));
    return *made;
  }

  jsep_session session;
  std::uint8_t filler;
  std::uint16_t port = 9998;
};

struct pair {
  void negotiate(peer& from, peer& to) {
    REQUIRE(to.session.set_remote(type::offer, from.offer()));
    REQUIRE(from.session.set_remote(type::answer, to.answer()));
  }
  peer alice{1};
  peer bob{2};
};

}  // namespace

TEST_CASE("RFC 9429 3.2: offers and answers are created, then set", "[offer_answer]") {
  pair p;
  p.alice.add(opus_medium());
  const auto created = p.alice.session.create_offer().value();
  CHECK(p.alice.session.state() == state::stable);
  CHECK(p.alice.session.create_offer().value() == created);
  REQUIRE(p.alice.session.set_local(type::offer, created));
  CHECK(p.alice.session.state() == state::have_local_offer);
  REQUIRE(p.bob.session.set_remote(type::offer, created));
  CHECK(p.bob.session.state() == state::have_remote_offer);
  REQUIRE(p.alice.session.set_remote(type::answer, p.bob.answer()));
  CHECK(p.alice.session.state() == state::stable);
  CHECK(p.bob.session.state() == state::stable);
  CHECK(p.alice.session.media()[0].active);
}

TEST_CASE("RFC 9429 5.4: what was changed since it was created is not set", "[offer_answer]") {
  pair p;
  p.alice.add(opus_medium());
  auto created = p.alice.session.create_offer().value();
  p.alice.add(vp8_medium());
  CHECK(error_of(p.alice.session.set_local(type::offer, created)) == errc::description_modified);
  CHECK(p.alice.session.state() == state::stable);
  REQUIRE(p.bob.session.set_remote(type::offer, p.alice.offer()));
  p.bob.open();
  auto answer = p.bob.session.create_answer().value();
  REQUIRE(answer.add_line('a', "x"));
  CHECK(error_of(p.bob.session.set_local(type::answer, answer)) == errc::description_modified);
  CHECK(p.bob.session.state() == state::have_remote_offer);
}

TEST_CASE("RFC 9429 4.1.10: each state takes what it waits for", "[offer_answer]") {
  pair p;
  p.alice.add(opus_medium());
  const auto wrong = errc::wrong_signaling_state;
  const auto offer = p.alice.session.create_offer().value();
  CHECK(error_of(p.alice.session.create_answer()) == wrong);
  CHECK(error_of(p.alice.session.set_local(type::answer, offer)) == wrong);
  CHECK(error_of(p.alice.session.set_remote(type::answer, offer)) == wrong);
  CHECK(error_of(p.alice.session.rollback()) == wrong);
  REQUIRE(p.bob.session.set_remote(type::offer, offer));
  CHECK(error_of(p.bob.session.create_offer()) == wrong);
  CHECK(error_of(p.bob.session.set_local(type::offer, offer)) == wrong);
  CHECK(error_of(p.bob.session.set_remote(type::pranswer, offer)) == wrong);
  p.bob.answer(type::pranswer);
  CHECK(error_of(p.bob.session.set_remote(type::offer, offer)) == wrong);
  CHECK(error_of(p.bob.session.rollback()) == wrong);
}

TEST_CASE("RFC 9429 5.10: an offer creates transceivers that receive", "[offer_answer]") {
  pair p;
  p.bob.add(opus_medium());
  p.alice.add(opus_medium());
  p.alice.add(vp8_medium());
  p.alice.add(test::data_channels());
  p.negotiate(p.alice, p.bob);
  const auto transceivers = p.bob.session.transceivers();
  REQUIRE(transceivers.size() == 3);
  CHECK_FALSE(transceivers[0].created_by_peer);
  CHECK(transceivers[0].current_direction == direction::sendrecv);
  CHECK(transceivers[1].created_by_peer);
  CHECK(transceivers[1].media == "video");
  CHECK(transceivers[1].mid == "1");
  CHECK(transceivers[1].current_direction == direction::recvonly);
  CHECK(p.alice.session.transceivers()[1].current_direction == direction::sendonly);
  // The application wants to send, too.
  CHECK_FALSE(p.bob.session.negotiation_needed());
  REQUIRE(p.bob.session.set_direction(transceivers[1].id, direction::sendrecv));
  CHECK(p.bob.session.negotiation_needed());
  p.negotiate(p.bob, p.alice);
  CHECK_FALSE(p.bob.session.negotiation_needed());
  CHECK(p.alice.session.transceivers()[1].current_direction == direction::sendrecv);
}

TEST_CASE("RFC 9429 4.1.10.2: a rollback takes back offers, and what they have created", "[offer_answer]") {
  pair p;
  p.alice.add(opus_medium());
  p.negotiate(p.alice, p.bob);
  const auto media = p.bob.session.media();
  p.alice.add(vp8_medium());
  REQUIRE(p.bob.session.set_remote(type::offer, p.alice.offer()));
  CHECK(p.bob.session.transceivers().size() == 2);
  REQUIRE(p.bob.session.set_remote(type::rollback, *p.bob.session.remote_description()));
  CHECK(p.bob.session.state() == state::stable);
  CHECK(p.bob.session.transceivers().size() == 1);
  CHECK(p.bob.session.media() == media);
  REQUIRE(p.alice.session.set_local(type::rollback, *p.alice.session.local_description()));
  CHECK(p.alice.session.transceivers().size() == 2);
  CHECK(p.alice.session.negotiation_needed());
  p.negotiate(p.alice, p.bob);
  CHECK(p.bob.session.media()[1].active);
}

TEST_CASE("an offer of ours gives way to the peer's, as perfect negotiation wants it", "[offer_answer]") {
  pair p;
  p.alice.add(opus_medium());
  p.negotiate(p.alice, p.bob);
  p.bob.add(vp8_medium());
  p.alice.add(test::data_channels());
  p.bob.offer();
  const auto offer = p.alice.offer();
  REQUIRE(p.bob.session.set_remote(type::offer, offer));
  CHECK(p.bob.session.state() == state::have_remote_offer);
  REQUIRE(p.alice.session.set_remote(type::answer, p.bob.answer()));
  CHECK(p.bob.session.negotiation_needed());
  p.negotiate(p.bob, p.alice);
  CHECK(p.alice.session.media().size() == 3);
  CHECK(p.alice.session.media()[2].media == "video");
}

TEST_CASE("an offer that can't be met changes nothing, not even an offer of ours", "[offer_answer]") {
  pair p;
  p.alice.add(opus_medium());
  p.alice.offer();
  const auto bad = sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\n")).value();
  CHECK(error_of(p.alice.session.set_remote(type::offer, bad)) == errc::incompatible_protocol);
  CHECK(p.alice.session.state() == state::have_local_offer);
  CHECK(p.alice.session.transceivers().size() == 1);
}

TEST_CASE("RFC 9429 5.9, 5.11: a pranswer may be followed by others, and by the answer", "[offer_answer]") {
  pair p;
  p.alice.add(opus_medium());
  REQUIRE(p.bob.session.set_remote(type::offer, p.alice.offer()));
  const auto early = p.bob.answer(type::pranswer);
  CHECK(p.bob.session.state() == state::have_local_pranswer);
  CHECK(p.bob.session.media()[0].direction == direction::recvonly);
  REQUIRE(p.alice.session.set_remote(type::pranswer, early));
  CHECK(p.alice.session.state() == state::have_remote_pranswer);
  CHECK(p.alice.session.media()[0].active);
  REQUIRE(p.bob.session.set_direction(p.bob.session.transceivers()[0].id, direction::sendrecv));
  const auto final = p.bob.answer();
  REQUIRE(p.alice.session.set_remote(type::answer, final));
  CHECK(p.alice.session.media()[0].direction == direction::sendrecv);
  CHECK(p.bob.session.media()[0].direction == direction::sendrecv);
  CHECK(p.alice.session.state() == state::stable);
}

TEST_CASE("a transceiver that is stopped, or refused, is gone", "[offer_answer]") {
  pair p;
  p.alice.add(opus_medium());
  const auto picture = p.alice.add(vp8_medium());
  p.negotiate(p.alice, p.bob);
  REQUIRE(p.alice.session.stop(picture));
  CHECK(p.alice.session.negotiation_needed());
  p.negotiate(p.alice, p.bob);
  CHECK(p.alice.session.transceivers().size() == 1);
  CHECK(p.bob.session.transceivers().size() == 1);
  CHECK_FALSE(p.alice.session.negotiation_needed());

  // A medium without a codec in common.
  p.alice.add(test::webrtc(test::video({test::format("100 AV1/90000")})));
  p.negotiate(p.alice, p.bob);
  CHECK(p.alice.session.transceivers().size() == 1);
  CHECK(p.bob.session.transceivers().size() == 1);
  CHECK_FALSE(p.alice.session.negotiation_needed());
  CHECK(error_of(p.alice.session.stop(picture)) == errc::unknown_medium);
  CHECK(error_of(p.alice.session.set_direction(picture, direction::inactive)) == errc::unknown_medium);
}

TEST_CASE("RFC 9429 5.5: an offer may be replaced before it is answered", "[offer_answer]") {
  pair p;
  p.alice.add(opus_medium());
  p.alice.offer();
  p.alice.add(vp8_medium());
  p.alice.open();
  const auto second = p.alice.session.create_offer().value();
  CHECK(second.media().size() == 2);
  REQUIRE(p.alice.session.set_local(type::offer, second));
  REQUIRE(p.bob.session.set_remote(type::offer, second));
  REQUIRE(p.alice.session.set_remote(type::answer, p.bob.answer()));
  CHECK(p.alice.session.media()[1].active);
}
