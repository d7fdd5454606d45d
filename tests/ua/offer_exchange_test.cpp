#include <parley/ua/offer_exchange.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

namespace {

using namespace parley;
using ua::carrier;
using ua::description_role;
using ua::errc;
using ua::offer_exchange;
using ua::side;

TEST_CASE("an offer in an INVITE is answered by a 2xx, or before that by a reliable response") {
  for (const carrier answer : {carrier::success, carrier::reliable_provisional}) {
    offer_exchange exchange;
    REQUIRE(exchange.begin_invite(side::local, true));
    CHECK(exchange.is_offered_by(side::local));
    CHECK(*exchange.handle(side::remote, carrier::provisional) == description_role::preview);
    CHECK(exchange.is_offered_by(side::local));
    CHECK(*exchange.handle(side::remote, answer) == description_role::answer);
    CHECK(exchange.is_idle());
    CHECK(exchange.is_established());
    // RFC 3261 13.2.1: whatever comes after the answer is nothing.
    CHECK(*exchange.handle(side::remote, carrier::success) == description_role::none);
  }
}

TEST_CASE("an INVITE without an offer wants one from the other side") {
  offer_exchange exchange;
  REQUIRE(exchange.begin_invite(side::remote, false));
  CHECK(exchange.is_offer_wanted_from(side::local));
  CHECK(*exchange.handle(side::local, carrier::provisional) == description_role::none);
  SECTION("in the 2xx, and the ACK answers") {
    CHECK(*exchange.handle(side::local, carrier::success) == description_role::offer);
    CHECK(*exchange.handle(side::remote, carrier::ack) == description_role::answer);
  }
  SECTION("in a reliable response, and the PRACK answers") {
    CHECK(*exchange.handle(side::local, carrier::reliable_provisional) == description_role::offer);
    CHECK(*exchange.handle(side::remote, carrier::prack) == description_role::answer);
    CHECK(*exchange.handle(side::local, carrier::success) == description_role::none);
  }
  CHECK(exchange.is_idle());
}

TEST_CASE("UPDATE and PRACK make offers once the first exchange has ended") {
  offer_exchange exchange;
  CHECK(exchange.handle(side::remote, carrier::update).error() == make_error_code(errc::no_offer));
  CHECK(exchange.handle(side::remote, carrier::prack).error() == make_error_code(errc::no_offer));
  REQUIRE(exchange.begin_invite(side::remote, true));
  REQUIRE(exchange.handle(side::local, carrier::reliable_provisional));
  CHECK(*exchange.handle(side::remote, carrier::prack) == description_role::offer);
  CHECK(*exchange.handle(side::local, carrier::prack_success) == description_role::answer);
  CHECK(*exchange.handle(side::local, carrier::update) == description_role::offer);
  CHECK(*exchange.handle(side::remote, carrier::update_success) == description_role::answer);
}

TEST_CASE("one offer at a time, whoever made it") {
  offer_exchange exchange;
  REQUIRE(exchange.begin_invite(side::local, true));
  REQUIRE(exchange.handle(side::remote, carrier::success));
  exchange.end_invite();
  REQUIRE(exchange.handle(side::local, carrier::update));
  const offer_exchange before = exchange;
  CHECK(exchange.handle(side::local, carrier::update).error() == make_error_code(errc::offer_pending));
  CHECK(exchange.handle(side::remote, carrier::update).error() == make_error_code(errc::glare));
  CHECK(exchange.begin_invite(side::remote, true).error() == make_error_code(errc::glare));
  CHECK(exchange.begin_invite(side::remote, false).error() == make_error_code(errc::glare));
  CHECK(exchange == before);
  exchange.roll_back();
  CHECK(exchange.is_idle());
  CHECK(*exchange.handle(side::remote, carrier::update) == description_role::offer);
}

TEST_CASE("the end of an INVITE ends the offer that it carried, and no other") {
  offer_exchange exchange;
  REQUIRE(exchange.begin_invite(side::local, true));
  exchange.end_invite();
  CHECK(exchange.is_idle());
  REQUIRE(exchange.begin_invite(side::local, true));
  REQUIRE(exchange.handle(side::remote, carrier::reliable_provisional));
  REQUIRE(exchange.handle(side::remote, carrier::update));
  exchange.end_invite();
  CHECK(exchange.is_offered_by(side::remote));
}

}  // namespace
