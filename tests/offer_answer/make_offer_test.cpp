#include <parley/offer_answer/negotiator.hpp>
#include <parley/sdp/transport.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;
using namespace parley::offer_answer;
using test::end;

TEST_CASE("RFC 3264 5: an offer says what this end can do", "[offer_answer]") {
  end alice({.username = "alice", .address = base::ip_address::from_string("2001:db8::1").value()});
  medium what = test::audio({test::opus(), test::pcmu(), test::events()});
  what.ptime = sdp::ptime{20000};
  what.maxptime = sdp::maxptime{60000};
  what.bandwidths = {{"AS", 64}};
  what.attributes = {"label:1"};
  what.rtcp_mux = true;
  what.sources = {{7, "cname", "x@y"}};
  local_transport local = test::transport(10000, "2001:db8::2");
  local.rtcp = base::socket_address{local.rtp.ip, 10005};
  alice.add(what, local);
  const auto offer = alice->make_offer().value();
  const auto id = offer.get<sdp::origin>()->session_id;
  CHECK(offer.to_string() ==
        "v=0\r\no=alice " + id +
            " 1 IN IP6 2001:db8::1\r\ns=-\r\nt=0 0\r\n"
            "m=audio 10000 RTP/AVP 111 0 101\r\nc=IN IP6 2001:db8::2\r\nb=AS:64\r\n"
            "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:60\r\n"
            "a=sendrecv\r\na=ssrc:7 cname:x@y\r\na=rtcp-mux\r\na=rtcp:10005\r\na=label:1\r\n");
}

TEST_CASE("the direction of an offer is what the application wants", "[offer_answer]") {
  end alice;
  medium what = test::audio({test::pcmu()});
  what.direction = sdp::direction::recvonly;
  const auto id = alice.add(what);
  auto offer = alice->make_offer().value();
  CHECK(offer.direction_of(offer.media()[0]) == sdp::direction::recvonly);
  REQUIRE(alice->rollback());
  REQUIRE(alice->set_direction(id, sdp::direction::inactive));
  offer = alice->make_offer().value();
  CHECK(offer.direction_of(offer.media()[0]) == sdp::direction::inactive);
}

TEST_CASE("RFC 3264 8.3.1: a new port or address goes out with the next offer", "[offer_answer]") {
  end alice;
  end bob;
  const auto id = alice.add(test::audio({test::pcmu()}));
  bob.add(test::audio({test::pcmu()}));
  REQUIRE(test::exchange(alice, bob));
  REQUIRE(alice->set_transport(id, test::transport(20000, "198.51.100.7")));
  REQUIRE(test::exchange(alice, bob));
  CHECK(bob->media()[0].rtp == media_address{"198.51.100.7", 20000});
}

TEST_CASE("RTCP at another address is told with it", "[offer_answer]") {
  end alice;
  local_transport local = test::transport(10000);
  local.rtcp = base::socket_address{base::ip_address::from_string("192.0.2.9").value(), 7};
  alice.add(test::audio({test::pcmu()}), local);
  const auto said = alice->make_offer()->media()[0].get<sdp::rtcp>().value();
  CHECK(said.port == 7);
  CHECK(said.address == "192.0.2.9");
}

TEST_CASE("media that are no RTP are offered with their formats and attributes", "[offer_answer]") {
  end alice;
  end bob;
  medium fax;
  fax.media = "image";
  fax.protocol = "udptl";
  fax.other_formats = {"t38"};
  fax.attributes = {"T38FaxVersion:0"};
  alice.add(fax);
  bob.add(fax);
  REQUIRE(test::exchange(alice, bob));
  CHECK(bob->local_description()->media()[0].find_attribute("T38FaxVersion"));
  CHECK(alice->media()[0].other_formats == std::vector<std::string>{"t38"});
  CHECK(alice->media()[0].active);
}

TEST_CASE("RFC 3264 8.3.3: a medium may become one of another kind", "[offer_answer]") {
  end alice;
  end bob;
  bob.add(test::audio({test::pcmu()}));
  medium fax;
  fax.media = "image";
  fax.protocol = "udptl";
  fax.other_formats = {"t38"};
  const auto id = bob.add(fax);
  REQUIRE(test::answer_to(bob, "m=audio 4000 RTP/AVP 0\r\n"));
  const auto answer = test::answer_to(bob, "m=image 4000 udptl t38\r\n");
  REQUIRE(answer);
  CHECK(answer->media()[0].media().media == "image");
  CHECK(bob->media()[0].id == id);
  // And back.
  REQUIRE(test::answer_to(bob, "m=audio 4000 RTP/AVP 0\r\n"));
  CHECK(bob->media()[0].media == "audio");
}
