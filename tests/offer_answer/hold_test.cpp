#include <parley/offer_answer/negotiator.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;
using namespace parley::offer_answer;
using sdp::direction;
using test::end;

namespace {

struct held_call {
  held_call() {
    alice.add(test::audio({test::pcmu()}));
    bob.add(test::audio({test::pcmu()}));
    REQUIRE(test::exchange(alice, bob));
  }
  const negotiated_medium& of_alice() { return alice->media()[0]; }
  const negotiated_medium& of_bob() { return bob->media()[0]; }

  end alice;
  end bob;
};

}  // namespace

TEST_CASE("RFC 3264 8.4: hold and resume", "[offer_answer]") {
  held_call c;
  CHECK_FALSE(c.of_alice().held_locally);
  CHECK_FALSE(c.of_alice().held_remotely);
  c.alice->hold();
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(c.of_alice().direction == direction::sendonly);
  CHECK(c.of_alice().held_locally);
  CHECK_FALSE(c.of_alice().held_remotely);
  CHECK(c.of_bob().direction == direction::recvonly);
  CHECK(c.of_bob().held_remotely);
  CHECK_FALSE(c.of_bob().held_locally);
  c.alice->resume();
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(c.of_alice().direction == direction::sendrecv);
  CHECK_FALSE(c.of_bob().held_remotely);
}

TEST_CASE("both ends hold, and each resumes for itself", "[offer_answer]") {
  held_call c;
  c.alice->hold();
  REQUIRE(test::exchange(c.alice, c.bob));
  c.bob->hold();
  REQUIRE(test::exchange(c.bob, c.alice));
  CHECK(c.of_alice().direction == direction::inactive);
  CHECK(c.of_alice().held_locally);
  CHECK(c.of_alice().held_remotely);
  CHECK(c.of_bob().held_remotely);
  c.alice->resume();
  REQUIRE(test::exchange(c.alice, c.bob));
  CHECK(c.of_alice().direction == direction::recvonly);
  CHECK(c.of_alice().held_remotely);
  CHECK_FALSE(c.of_bob().held_remotely);
  c.bob->resume();
  REQUIRE(test::exchange(c.bob, c.alice));
  CHECK(c.of_alice().direction == direction::sendrecv);
}

TEST_CASE("a medium is held without music, and alone", "[offer_answer]") {
  end alice;
  end bob;
  const auto audio = alice.add(test::audio({test::pcmu()}));
  alice.add(test::video({test::vp8()}));
  bob.add(test::audio({test::pcmu()}));
  bob.add(test::video({test::vp8()}));
  REQUIRE(test::exchange(alice, bob));
  REQUIRE(alice->hold(audio, direction::inactive));
  REQUIRE(test::exchange(alice, bob));
  CHECK(alice->media()[0].direction == direction::inactive);
  CHECK_FALSE(alice->media()[0].held_remotely);
  CHECK(bob->media()[0].held_remotely);
  CHECK(alice->media()[1].direction == direction::sendrecv);
  REQUIRE(alice->resume(audio));
  REQUIRE(test::exchange(alice, bob));
  CHECK(alice->media()[0].direction == direction::sendrecv);
}

TEST_CASE("RFC 3264 8.4: what only received before is inactive on hold", "[offer_answer]") {
  end alice;
  end bob;
  medium what = test::audio({test::pcmu()});
  bob.add(what);
  what.direction = direction::recvonly;
  alice.add(what);
  alice->hold();
  REQUIRE(test::exchange(alice, bob));
  CHECK(bob->media()[0].direction == direction::inactive);
}

TEST_CASE("who never wanted to send is not held by a peer that never receives", "[offer_answer]") {
  end alice;
  end bob;
  medium what = test::audio({test::pcmu()});
  what.direction = direction::sendonly;
  alice.add(what);
  what.direction = direction::recvonly;
  bob.add(what);
  REQUIRE(test::exchange(alice, bob));
  CHECK_FALSE(bob->media()[0].held_remotely);
  CHECK_FALSE(alice->media()[0].held_remotely);
}

TEST_CASE("RFC 3264 8.4, RFC 2543 B.5: c=0.0.0.0 holds, whatever the direction says", "[offer_answer]") {
  held_call c;
  for (const std::string address : {"IN IP4 0.0.0.0", "IN IP6 ::"}) {
    const auto answer =
        test::answer_to(c.bob, "m=audio 4000 RTP/AVP 0\r\nc=" + address + "\r\na=sendrecv\r\n");
    REQUIRE(answer);
    CHECK(answer->media()[0].direction() == direction::recvonly);
    CHECK(c.of_bob().held_remotely);
    REQUIRE(test::answer_to(c.bob, "m=audio 4000 RTP/AVP 0\r\n"));
    CHECK_FALSE(c.of_bob().held_remotely);
  }
  // With ICE the address is a placeholder (RFC 8840 4.1.1).
  end bob;
  bob.add(test::audio({test::pcmu()}), test::webrtc_transport(4000));
  REQUIRE(test::answer_to(bob,
                          "m=audio 9 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:peer\r\n"
                          "a=ice-pwd:0123456789012345678901\r\n"));
  CHECK_FALSE(bob->media()[0].held_remotely);
  CHECK(bob->media()[0].direction == direction::sendrecv);
}

TEST_CASE("an answer with c=0.0.0.0 holds, too", "[offer_answer]") {
  end alice;
  alice.add(test::audio({test::pcmu()}));
  REQUIRE(alice->make_offer());
  const auto answer =
      sdp::description::parse(test::description_text("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"))
          .value();
  REQUIRE(alice->handle_answer(answer));
  CHECK(alice->media()[0].held_remotely);
  CHECK(alice->media()[0].direction == direction::recvonly);
}

TEST_CASE("data channels are not held", "[offer_answer]") {
  end alice;
  end bob;
  alice.add(test::data_channels(), test::webrtc_transport(10000));
  bob.add(test::data_channels(), test::webrtc_transport(20000));
  alice->hold();
  REQUIRE(test::exchange(alice, bob));
  CHECK_FALSE(alice->local_description()->media()[0].direction());
  CHECK(alice->media()[0].direction == direction::sendrecv);
  CHECK_FALSE(alice->media()[0].held_locally);
  CHECK_FALSE(bob->media()[0].held_remotely);
}
