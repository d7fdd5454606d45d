#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;
using namespace parley::test;

namespace {

/// As the harness's, with a TLS listener, number 3.
proxy::core_options with_tls() {
  auto options = proxy_harness::default_options();
  options.listeners.push_back(
      {sip::transport::tls, base::socket_address::from_string("192.0.2.10:5061").value(), {}, 0});
  return options;
}

request_text invite(std::string_view lines = {}) {
  request_text out;
  out.method = "INVITE";
  out.uri = "sips:bob@example.com";
  out.lines = lines;
  return out;
}

proxy::target by_flow(std::uint16_t listener, sip::transport transport) {
  proxy::target out{"sips:bob@10.0.0.7", {}, 1000};
  out.flow = peer_at("192.0.2.7:40000", listener, transport, transport == sip::transport::udp ? 0 : 77);
  out.flow.only_flow = true;
  return out;
}

}  // namespace

TEST_CASE("RFC 3261 16.6.7: with a sips Request-URI a sip URI leads over TLS", "[proxy]") {
  proxy_harness h(with_tls());
  SECTION("a Route") {
    h.receive(invite("Route: <sip:192.0.2.10;lr>, <sip:192.0.2.3;lr>\r\n").text());
    REQUIRE(h.forward({{}}));
  }
  SECTION("a Route of a dialog") {
    h.receive(invite("Route: <sip:192.0.2.10;lr>, <sip:192.0.2.3;lr>\r\n").with_to_tag("bob").text());
  }
  SECTION("a next hop") {
    h.receive(invite().text());
    REQUIRE(h.forward({{{}, "sip:192.0.2.3;transport=udp", 1000}}));
  }
  SECTION("a next hop for a sips contact") {
    h.receive(invite().text());
    REQUIRE(h.forward({{"sips:bob@192.0.2.2", "sip:192.0.2.3", 1000}}));
  }
  SECTION("a Path") {
    h.receive(invite().text());
    proxy::target behind{"sips:bob@10.0.0.7", {}, 1000};
    behind.path = "<sip:192.0.2.3;lr>";
    REQUIRE(h.forward({behind}));
  }
  SECTION("a sips contact of a sip address") {
    request_text request = invite();
    request.uri = "sip:bob@example.com";
    h.receive(request.text());
    REQUIRE(h.forward({{"sips:bob@192.0.2.2", "sip:192.0.2.3", 1000}}));
  }
  CHECK(h.take_one().summary().starts_with("TLS 192.0.2.3:5061 INVITE sips:bob@"));
}

TEST_CASE("RFC 3261 16.6.7: the servers of a name are those for sips", "[proxy]") {
  proxy_harness h(with_tls());
  h.receive(invite().text());
  REQUIRE(h.forward({{{}, "sip:gateway.example.net", 1000}}));
  REQUIRE(h.events.size() == 1);
  CHECK(h.events[0].what == proxy::event::kind::resolve);
  CHECK(h.events[0].secure);
  // Whoever resolves it may find others all the same.
  h.resolve(h.events[0].lookup, {"192.0.2.3"});
  CHECK(h.take_one().start_line() == "SIP/2.0 500 Server Internal Error");
}

TEST_CASE("RFC 5630 5.3: a sips Request-URI goes to no sip contact", "[proxy]") {
  proxy_harness h(with_tls());
  h.receive(invite().text());
  SECTION("one that is not secure") {
    REQUIRE(h.forward({{"sip:bob@192.0.2.2", {}, 1000}}));
    CHECK(h.take_one().start_line() == "SIP/2.0 480 Temporarily Unavailable");
  }
  SECTION("one over TLS") {
    REQUIRE(h.forward({{"sip:bob@192.0.2.2;transport=tls", {}, 1000}}));
    CHECK(h.take_one().start_line() == "SIP/2.0 480 Temporarily Unavailable");
  }
  SECTION("the others are tried") {
    REQUIRE(h.forward({{"sip:bob@192.0.2.2", {}, 1000}, {"sips:bob@192.0.2.3", {}, 1000}}));
    CHECK(h.take_one().summary() == "TLS 192.0.2.3:5061 INVITE sips:bob@192.0.2.3 SIP/2.0");
  }
}

TEST_CASE("RFC 3261 26.2.2: a sips Request-URI goes by no flow that is not secure", "[proxy]") {
  proxy_harness h(with_tls());
  h.receive(invite().text());
  SECTION("UDP") { REQUIRE(h.forward({by_flow(0, sip::transport::udp)})); }
  SECTION("TCP") { REQUIRE(h.forward({by_flow(1, sip::transport::tcp)})); }
  SECTION("TLS") {
    REQUIRE(h.forward({by_flow(3, sip::transport::tls)}));
    CHECK(h.take_one().to.flow == 77);
    return;
  }
  CHECK(h.take_one().start_line() == "SIP/2.0 480 Temporarily Unavailable");
}
