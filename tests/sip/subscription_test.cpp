#include <parley/sip/parse.hpp>
#include <parley/sip/subscription.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"

#include <string>
#include <type_traits>
#include <utility>

using namespace parley::sip;
using parley::test::error_of;

TEST_CASE("Event names a package and a subscription", "[sip][subscription]") {
  CHECK(std::is_trivially_copyable_v<event_header>);
  const auto plain = parse<event_header>("presence.winfo");
  REQUIRE(plain.has_value());
  CHECK(plain->package == "presence.winfo");
  CHECK(plain->event_id.empty());
  const auto refer = parse<event_header>("refer ; ID=93809824;x=\"y\"");
  REQUIRE(refer.has_value());
  CHECK(refer->package == "refer");
  CHECK(refer->event_id == "93809824");
  CHECK(refer->parameters.contains("x"));

  CHECK(error_of<event_header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<event_header>(";id=1") == parse_error{errc::expected_token, 0});
  CHECK(error_of<event_header>("a;id") == parse_error{errc::bad_parameter, 2});
  CHECK(error_of<event_header>("a;id=\"1\"") == parse_error{errc::bad_parameter, 2});
  CHECK(error_of<event_header>("a;id=1;id=1") == parse_error{errc::duplicate_parameter, 7});
  CHECK(error_of<event_header>("a b") == parse_error{errc::trailing_text, 2});
  CHECK(error_of<event_header>("a,b") == parse_error{errc::trailing_text, 1});
}

TEST_CASE("Subscription-State says where a subscription stands", "[sip][subscription]") {
  CHECK(std::is_trivially_copyable_v<subscription_state_header>);
  const auto active = parse<subscription_state_header>("active;expires=3600");
  REQUIRE(active.has_value());
  CHECK(active->state == subscription_state::active);
  CHECK((active->expires == 3600U));
  CHECK_FALSE(active->retry_after.has_value());
  CHECK(active->reason == subscription_reason::none);

  const auto over =
      parse<subscription_state_header>("Terminated;Reason=Probation;Retry-After=0;expires=4294967295;y");
  REQUIRE(over.has_value());
  CHECK(over->state == subscription_state::terminated);
  CHECK(over->reason == subscription_reason::probation);
  CHECK(over->reason_text == "Probation");
  CHECK((over->retry_after == 0U));
  CHECK((over->expires == 0xffffffffU));

  const auto pending = parse<subscription_state_header>("pending");
  REQUIRE(pending.has_value());
  CHECK(pending->state == subscription_state::pending);
  const auto other = parse<subscription_state_header>("paused;reason=lunch");
  REQUIRE(other.has_value());
  CHECK(other->state == subscription_state::other);
  CHECK(other->state_text == "paused");
  CHECK(other->reason == subscription_reason::other);
}

TEST_CASE("all reasons of RFC 6665 4.1.3 are known", "[sip][subscription]") {
  using reason = subscription_reason;
  for (const auto& [text, expected] : {std::pair{"deactivated", reason::deactivated},
                                       {"probation", reason::probation},
                                       {"rejected", reason::rejected},
                                       {"timeout", reason::timeout},
                                       {"giveup", reason::giveup},
                                       {"noresource", reason::noresource},
                                       {"invariant", reason::invariant}}) {
    const std::string value = std::string("terminated;reason=") + text;
    const auto read = parse<subscription_state_header>(value);
    REQUIRE(read.has_value());
    CHECK(read->reason == expected);
  }
}

TEST_CASE("what breaks a Subscription-State is named with its place", "[sip][subscription]") {
  using header = subscription_state_header;
  CHECK(error_of<header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<header>("active;expires=") == parse_error{errc::expected_token, 15});
  CHECK(error_of<header>("active;expires") == parse_error{errc::bad_parameter, 7});
  CHECK(error_of<header>("active;expires=-1") == parse_error{errc::bad_parameter, 7});
  CHECK(error_of<header>("active;expires=\"1\"") == parse_error{errc::bad_parameter, 7});
  CHECK(error_of<header>("active;expires=4294967296") == parse_error{errc::number_overflow, 15});
  CHECK(error_of<header>("active;expires=1;expires=1") == parse_error{errc::duplicate_parameter, 17});
  CHECK(error_of<header>("active;retry-after=1;retry-after=1") == parse_error{errc::duplicate_parameter, 21});
  CHECK(error_of<header>("terminated;reason=a;reason=a") == parse_error{errc::duplicate_parameter, 20});
  CHECK(error_of<header>("active expires=1") == parse_error{errc::trailing_text, 7});
}
