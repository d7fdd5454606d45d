// The examples of RFC 4317, played between two negotiators.
#include <parley/offer_answer/negotiator.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::offer_answer;
using sdp::direction;
using test::end;
using test::format;

namespace {

using texts = std::vector<std::string>;

sdp::rtp_format ilbc() { return format("97 iLBC/8000"); }
sdp::rtp_format h261() { return format("31 H261/90000"); }
sdp::rtp_format mpv() { return format("32 MPV/90000"); }

texts formats(end& of, std::size_t place) { return of->local_description()->media()[place].media().formats; }
std::uint16_t port(end& of, std::size_t place) {
  return of->local_description()->media()[place].media().port;
}

}  // namespace

TEST_CASE("RFC 4317 2.1: audio and video 1", "[offer_answer]") {
  end alice;
  end bob;
  alice.add(test::audio({test::pcmu(), test::pcma(), ilbc()}));
  alice.add(test::video({h261(), mpv()}));
  bob.add(test::audio({test::pcmu()}));
  const auto picture = bob.add(test::video({mpv()}));
  REQUIRE(test::exchange(alice, bob));
  CHECK(formats(bob, 0) == texts{"0"});
  CHECK(formats(bob, 1) == texts{"32"});
  // Bob moves his video to another port, and drops nothing.
  REQUIRE(bob->set_transport(picture, test::transport(49172)));
  REQUIRE(test::exchange(bob, alice));
  CHECK(alice->media()[1].rtp.port == 49172);
  CHECK(formats(alice, 1) == texts{"32"});
}

TEST_CASE("RFC 4317 2.2: audio and video 2, one codec of several", "[offer_answer]") {
  end alice;
  end bob;
  const auto audio = alice.add(test::audio({test::pcmu(), test::pcma(), ilbc()}));
  alice.add(test::video({h261(), mpv()}));
  bob.add(test::audio({test::pcmu(), test::pcma()}));
  bob.add(test::video({h261(), mpv()}));
  REQUIRE(test::exchange(alice, bob));
  CHECK(formats(bob, 0) == texts{"0", "8"});
  REQUIRE(alice->change_medium(audio, test::audio({test::pcmu()})));
  REQUIRE(test::exchange(alice, bob));
  CHECK(formats(bob, 0) == texts{"0"});
  CHECK(alice->media()[0].formats.size() == 1);
}

TEST_CASE("RFC 4317 2.4: audio and events as media of their own", "[offer_answer]") {
  end alice;
  end bob;
  alice.add(test::audio({test::pcmu(), ilbc()}));
  alice.add(test::audio({format("98 telephone-event/8000")}));
  bob.add(test::audio({ilbc()}));
  medium events = test::audio({format("98 telephone-event/8000")});
  events.direction = direction::recvonly;
  bob.add(events);
  REQUIRE(test::exchange(alice, bob));
  CHECK(formats(bob, 0) == texts{"97"});
  CHECK(formats(bob, 1) == texts{"98"});
  CHECK(alice->media()[1].direction == direction::sendonly);
}

TEST_CASE("RFC 4317 2.3, 3: one medium is refused, one is held, and one is ended", "[offer_answer]") {
  end alice;
  end bob;
  alice.add(test::audio({test::pcmu(), ilbc()}));
  const auto picture = alice.add(test::video({h261()}));
  bob.add(test::audio({ilbc()}));
  REQUIRE(test::exchange(alice, bob));
  CHECK(port(bob, 1) == 0);
  bob->hold();
  REQUIRE(test::exchange(bob, alice));
  CHECK(alice->media()[0].direction == direction::recvonly);
  CHECK(port(bob, 1) == 0);
  REQUIRE(alice->remove_medium(picture));
  REQUIRE(test::exchange(alice, bob));
  CHECK(port(alice, 1) == 0);
  CHECK(alice->media().size() == 2);
}
