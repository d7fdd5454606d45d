#include <parley/offer_answer/negotiator.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::offer_answer;
using sdp::direction;
using sdp::extmap;
using test::end;

namespace {

extmap extension(unsigned id, std::string uri, std::optional<direction> way = {}) {
  extmap out;
  out.id = static_cast<std::uint16_t>(id);
  out.uri = std::move(uri);
  out.direction = way;
  return out;
}

medium with_extensions(std::vector<extmap> extensions) {
  medium out = test::audio({test::pcmu()});
  out.extensions = std::move(extensions);
  return out;
}

std::vector<extmap> said(end& from) { return from->local_description()->media()[0].all<extmap>().value(); }

}  // namespace

TEST_CASE("RFC 8285: the answer has the extensions of both, with the ids of the offer", "[offer_answer]") {
  end alice;
  end bob;
  alice.add(with_extensions({extension(3, "urn:a"), extension(4, "urn:b"), extension(5, "urn:c")}));
  bob.add(with_extensions({extension(4, "urn:c"), extension(5, "urn:a")}));
  REQUIRE(test::exchange(alice, bob));
  CHECK(said(bob) == std::vector<extmap>{extension(3, "urn:a"), extension(5, "urn:c")});
  REQUIRE(alice->media()[0].extensions.size() == 2);
  CHECK(alice->media()[0].extensions[1].id == 5);
  // The numbers stay where the other end offers.
  REQUIRE(test::exchange(bob, alice));
  CHECK(said(bob) == std::vector<extmap>{extension(5, "urn:c"), extension(3, "urn:a")});
}

TEST_CASE("RFC 8285 6: the direction of an extension is answered as that of a medium", "[offer_answer]") {
  end alice;
  end bob;
  alice.add(with_extensions({extension(1, "urn:a", direction::sendonly), extension(2, "urn:b"),
                             extension(3, "urn:c", direction::sendonly)}));
  bob.add(with_extensions({extension(1, "urn:a"), extension(2, "urn:b", direction::recvonly),
                           extension(3, "urn:c", direction::sendonly)}));
  REQUIRE(test::exchange(alice, bob));
  CHECK(said(bob) == std::vector<extmap>{extension(1, "urn:a", direction::recvonly),
                                         extension(2, "urn:b", direction::recvonly)});
  CHECK(alice->media()[0].extensions[0].direction == direction::sendonly);
  CHECK(bob->media()[0].extensions[0].direction == direction::recvonly);
}

TEST_CASE("RFC 8285 7: ids that are only for choosing from are replaced in the answer", "[offer_answer]") {
  end bob;
  bob.add(with_extensions({extension(1, "urn:a"), extension(2, "urn:b")}));
  REQUIRE(test::answer_to(bob,
                          "m=audio 4000 RTP/AVP 0\r\na=extmap:4096 urn:a\r\na=extmap:1 urn:b\r\n"
                          "a=extmap:4097 urn:c\r\n"));
  CHECK(said(bob) == std::vector<extmap>{extension(2, "urn:a"), extension(1, "urn:b")});
}

TEST_CASE("one- and two-byte extensions are mixed where both can", "[offer_answer]") {
  for (const bool can : {false, true}) {
    end alice;
    end bob;
    medium what = with_extensions({extension(20, "urn:a")});
    what.mixed_extensions = true;
    alice.add(what);
    what.mixed_extensions = can;
    bob.add(what);
    REQUIRE(test::exchange(alice, bob));
    CHECK(alice->media()[0].mixed_extensions == can);
    CHECK(bob->media()[0].mixed_extensions == can);
  }
}
