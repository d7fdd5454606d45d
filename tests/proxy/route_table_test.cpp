#include <parley/proxy/route_table.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/seeded_random.hpp"

#include <string>

using namespace parley;
using proxy::route_table;

namespace {

struct fixture {
  route_table table;
  proxy::own_addresses own;
  route_table::decision decision;
  const proxy::registrar* registrations = nullptr;
  std::string text;

  fixture() { own.add("example.com", 0); }

  std::string decide(std::string_view uri, std::string_view method = "INVITE", std::string_view lines = {}) {
    text = std::string(method) + ' ' + std::string(uri) +
           " SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n" + std::string(lines) + "\r\n";
    sip::message_view view;
    static_cast<void>(view.parse(text));
    table.decide(view, own, decision, registrations);
    if (decision.status != 0) {
      return std::to_string(decision.status) + (decision.reason.empty() ? "" : " ") +
             std::string(decision.reason);
    }
    std::string out;
    for (const auto& t : decision.targets) {
      out.append("[")
          .append(t.uri)
          .append("|")
          .append(t.next_hop)
          .append("|")
          .append(std::to_string(t.q))
          .append("]");
    }
    return out;
  }
};

}  // namespace

TEST_CASE("without entries, others' requests go where they say", "[proxy]") {
  fixture f;
  CHECK(f.decide("sip:bob@example.org") == "[||1000]");
  CHECK(f.decide("sip:bob@example.com") == "404");
  CHECK(f.decide("sip:example.com", "OPTIONS") == "200");
  CHECK(f.decide("sip:bob@example.com", "OPTIONS") == "404");
  CHECK(f.decide("sip:example.com") == "404");
  CHECK(f.decide("sip:bob@example.com;maddr=192.0.2.77") == "[||1000]");
  CHECK(f.decide("tel:+1") == "[||1000]");
  CHECK(f.decide("<") == "400");
}

TEST_CASE("a default route takes what has no entry", "[proxy]") {
  fixture f;
  CHECK_FALSE(f.table.set_default_route("tel:+1"));
  CHECK_FALSE(f.table.set_default_route("sip:"));
  REQUIRE(f.table.set_default_route("sip:gateway.example.net;lr"));
  CHECK(f.decide("sip:bob@example.org") == "[|sip:gateway.example.net;lr|1000]");
  CHECK(f.decide("sip:bob@example.com") == "[|sip:gateway.example.net;lr|1000]");
  CHECK(f.decide("tel:+1") == "[|sip:gateway.example.net;lr|1000]");
  CHECK(f.decide("sip:example.com", "OPTIONS") == "200");
}

TEST_CASE("routes are heard before entries", "[proxy]") {
  fixture f;
  f.table.set_relay(true);
  REQUIRE(f.table.set_default_route("sip:gateway.example.net;lr"));
  REQUIRE(f.table.set_location("sip:bob@example.com", {{"sip:1@a", 1000}}));
  CHECK(f.decide("sip:bob@example.com", "INVITE", "Route: <sip:next.example.org;lr>\r\n") == "[||1000]");
  CHECK(f.decide("sip:bob@example.com", "INVITE", "Route: <sip:example.com;lr>, <sip:next;lr>\r\n") ==
        "[||1000]");
  CHECK(f.decide("sip:bob@example.com", "INVITE", "Route: <sip:example.com;lr>\r\n") == "[sip:1@a||1000]");
  // A strict router's request is about its last Route.
  CHECK(f.decide("sip:example.com;lr", "INVITE", "Route: <sip:bob@example.com>\r\n") == "[sip:1@a||1000]");
  CHECK(f.decide("sip:example.com;lr", "OPTIONS", "Route: <sip:x@example.org>\r\n") ==
        "[|sip:gateway.example.net;lr|1000]");
}

TEST_CASE("with a default route nobody is sent to whom a caller names", "[proxy]") {
  fixture f;
  const std::string_view victim = "Route: <sip:example.com;lr>, <sip:203.0.113.7;lr>\r\n";
  const std::string no_route = "403 Preloaded Route Not Allowed";
  REQUIRE(f.table.set_default_route("sip:gateway.example.net;lr"));
  REQUIRE(f.table.set_location("sip:bob@example.com", {{"sip:1@192.0.2.21:5070", 1000}}));
  CHECK_FALSE(f.table.relays(false));
  CHECK(f.decide("sip:bob@example.com", "INVITE", victim) == no_route);
  CHECK(f.decide("sip:bob@example.com", "BYE", victim) == no_route);
  CHECK(f.decide("sip:bob@example.com;maddr=203.0.113.7") == "403 Relaying Not Allowed");
  CHECK(f.decide("sip:bob@203.0.113.7") == "[|sip:gateway.example.net;lr|1000]");
  // A phrase of before is not there the next time.
  CHECK(f.decide("sip:example.com", "OPTIONS") == "200");
  // Where requests go anyway they may be led.
  CHECK(f.decide("sip:x@y", "INVITE", "Route: <sip:Gateway.example.net;lr>\r\n") == "[||1000]");
  CHECK(f.decide("sip:x@y", "INVITE", "Route: <sip:192.0.2.21:5070;lr>\r\n") == "[||1000]");
  CHECK(f.decide("sip:x@y;maddr=192.0.2.21;transport=udp") == "403 Relaying Not Allowed");
  CHECK(f.decide("sip:x@y:5070;maddr=192.0.2.21") == "[||1000]");
  CHECK(f.decide("sip:x@y", "INVITE", "Route: <sip:192.0.2.21;lr>\r\n") == no_route);
  CHECK(f.decide("sip:x@y", "INVITE", "Route: <sip:gateway.example.net;maddr=203.0.113.7;lr>\r\n") ==
        no_route);
  CHECK(f.decide("sip:x@y", "INVITE", "Route: <tel:+1>\r\n") == no_route);
  f.table.set_relay(true);
  CHECK(f.decide("sip:bob@example.com", "INVITE", victim) == "[||1000]");
  CHECK(f.decide("sip:bob@example.com;maddr=203.0.113.7") == "[||1000]");
}

TEST_CASE("a registrar sends to nobody else's addresses either", "[proxy]") {
  fixture f;
  test::seeded_random random;
  proxy::registrar_options options;
  options.domains = {"example.com"};
  const proxy::registrar registrar(options, random, base::time_point{});
  CHECK(f.table.relays(false));
  f.registrations = &registrar;
  CHECK(f.decide("sip:bob@203.0.113.7") == "403 Relaying Not Allowed");
  CHECK(f.decide("sip:bob@example.com") == "480");
  CHECK(f.decide("sip:bob@example.com", "INVITE", "Route: <sip:203.0.113.7;lr>\r\n") ==
        "403 Preloaded Route Not Allowed");
  f.table.set_relay(true);
  CHECK(f.decide("sip:bob@203.0.113.7") == "[||1000]");
  f.registrations = nullptr;
  f.table.set_relay(false);
  CHECK(f.decide("sip:bob@203.0.113.7") == "403 Relaying Not Allowed");
}

TEST_CASE("an entry's contacts are found by user and host", "[proxy]") {
  fixture f;
  CHECK_FALSE(f.table.set_location("tel:+1", {}));
  CHECK_FALSE(f.table.set_location("sip:b@", {}));
  CHECK_FALSE(f.table.set_location("sip:bob@example.com", {{"sip:", 1000}}));
  REQUIRE(f.table.set_location("sip:b%6Fb@Example.COM", {{"sip:1@a", 1000}, {"sip:2@a", 500}}));
  REQUIRE(f.table.set_location("sip:gone@example.com", {}));
  CHECK(f.decide("sip:bob@example.com") == "[sip:1@a||1000][sip:2@a||500]");
  CHECK(f.decide("sip:bob@EXAMPLE.com:5070;x=y") == "[sip:1@a||1000][sip:2@a||500]");
  CHECK(f.decide("sip:BOB@example.com") == "404");
  CHECK(f.decide("sip:gone@example.com") == "480");
  REQUIRE(f.table.set_location("sip:bob@example.com", {{"sip:3@a", 1000}}));
  CHECK(f.decide("sip:bob@example.com") == "[sip:3@a||1000]");
}

TEST_CASE("a service goes to its entry, or that of what it is part of, or the default route", "[proxy]") {
  fixture f;
  // The core answers 416 where the Request-URI is to lead.
  CHECK(f.decide("urn:service:sos") == "[||1000]");
  REQUIRE(f.table.set_location("urn:service:sos", {{"sip:psap@a", 1000}, {"sip:psap@b", 500}}));
  REQUIRE(f.table.set_location("urn:service:SOS.fire", {{"sip:fire@a", 1000}}));
  CHECK_FALSE(f.table.set_location("urn:nena:service", {}));
  CHECK(f.decide("URN:service:Sos") == "[|sip:psap@a|1000][|sip:psap@b|500]");
  CHECK(f.decide("urn:service:sos.fire") == "[|sip:fire@a|1000]");
  CHECK(f.decide("urn:service:sos.animal-control.x") == "[|sip:psap@a|1000][|sip:psap@b|500]");
  CHECK(f.decide("urn:service:sosx") == "[||1000]");
  REQUIRE(f.table.set_default_route("sip:gateway.example.net;lr"));
  CHECK(f.decide("urn:service:counseling") == "[|sip:gateway.example.net;lr|1000]");
}

TEST_CASE("a decision that has been made before allocates nothing", "[proxy]") {
  fixture f;
  REQUIRE(f.table.set_default_route("sip:gateway.example.net;lr"));
  f.text = "INVITE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n\r\n";
  sip::message_view view;
  REQUIRE(view.parse(f.text));
  f.table.decide(view, f.own, f.decision);
  const test::allocation_counter allocations;
  f.table.decide(view, f.own, f.decision);
  CHECK(allocations.count() == 0);
  CHECK(f.decision.targets.size() == 1);
}
