#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;
using namespace parley::test;

namespace {

request_text in_dialog(std::string_view uri, std::string_view lines, std::string_view method = "BYE") {
  request_text out;
  out.method = method;
  out.uri = uri;
  out.to_tag = "t";
  out.lines = lines;
  return out;
}

request_text initial(std::string_view uri, std::string_view lines, std::string_view method = "INVITE") {
  request_text out;
  out.method = method;
  out.uri = uri;
  out.lines = lines;
  return out;
}

}  // namespace

TEST_CASE("loose routing leads a request on without a question", "[proxy]") {
  proxy_harness h;
  SECTION("to the Request-URI") {
    h.receive(in_dialog("sip:bob@192.0.2.2:5070", "Route: <sip:192.0.2.10:5060;lr>\r\n").text());
    const auto out = h.take_one();
    CHECK(out.summary() == "192.0.2.2:5070 BYE sip:bob@192.0.2.2:5070 SIP/2.0");
    CHECK(out.values("Route").empty());
  }
  SECTION("to the next route") {
    h.receive(
        in_dialog("sip:bob@192.0.2.2", "Route: <sip:192.0.2.10;lr>, <sip:192.0.2.3:5080;lr>\r\n").text());
    const auto out = h.take_one();
    CHECK(out.summary() == "192.0.2.3:5080 BYE sip:bob@192.0.2.2 SIP/2.0");
    CHECK(out.values("Route") == strings{"<sip:192.0.2.3:5080;lr>"});
  }
  SECTION("by a name of ours") {
    h.receive(in_dialog("sip:bob@192.0.2.2", "Route: <sip:EXAMPLE.com;lr>\r\n").text());
    CHECK(h.take_one().summary() == "192.0.2.2:5060 BYE sip:bob@192.0.2.2 SIP/2.0");
  }
  CHECK(h.events.empty());
}

TEST_CASE("a dialog whose target is a name of ours is asked about", "[proxy]") {
  // RFC 3261 16.5: we are responsible for it, so its location has to be found.
  proxy_harness h;
  h.receive(in_dialog("sip:bob@example.com;gr=1", "Route: <sip:192.0.2.10;lr>\r\n").text());
  CHECK(h.take().empty());
  REQUIRE(h.waiting() != proxy::request_id::none);
  REQUIRE(h.forward({{"sip:bob@192.0.2.2", {}, 1000}}));
  const auto out = h.take_one();
  CHECK(out.summary() == "192.0.2.2:5060 BYE sip:bob@192.0.2.2 SIP/2.0");
  CHECK(out.values("Route").empty());
}

TEST_CASE("routes do not keep policy from deciding about a request outside of dialogs", "[proxy]") {
  proxy_harness h;
  for (const char* route :
       {"Route: <sip:192.0.2.10;lr>\r\n", "Route: <sip:192.0.2.10;lr>, <sip:192.0.2.3;lr>\r\n",
        "Route: <sip:192.0.2.3;lr>\r\n"}) {
    CAPTURE(route);
    h.receive(
        initial("sip:bob@192.0.2.2", route)
            .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK" + std::to_string(std::string_view(route).size()))
            .text());
    REQUIRE(h.waiting() != proxy::request_id::none);
    CHECK(h.take().empty());
    REQUIRE(h.forward({{}}));
    const auto out = h.take_one();
    const bool further = std::string_view(route).find("192.0.2.3") != std::string_view::npos;
    CHECK(out.summary() ==
          std::string(further ? "192.0.2.3" : "192.0.2.2") + ":5060 INVITE sip:bob@192.0.2.2 SIP/2.0");
    CHECK(out.values("Route").size() == (further ? 1 : 0));
  }
}

TEST_CASE("a Route goes before the next hop of policy, which goes before the Request-URI", "[proxy]") {
  proxy_harness h;
  h.receive(initial("sip:bob@example.com", "Route: <sip:192.0.2.10;lr>, <sip:192.0.2.3;lr>\r\n").text());
  REQUIRE(h.forward({{"sip:bob@192.0.2.2", "sip:192.0.2.4", 1000}}));
  CHECK(h.take_one().summary() == "192.0.2.3:5060 INVITE sip:bob@192.0.2.2 SIP/2.0");
  h.receive(initial("sip:bob@example.com", "").with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2").text());
  REQUIRE(h.forward({{"sip:bob@192.0.2.2", "sip:192.0.2.4:5090", 1000}}));
  CHECK(h.take_one().summary() == "192.0.2.4:5090 INVITE sip:bob@192.0.2.2 SIP/2.0");
}

TEST_CASE("strict routers before and behind are served", "[proxy]") {
  proxy_harness h;
  h.receive(in_dialog("sip:192.0.2.10:5060;lr", "Route: <sip:192.0.2.3;lr>, <sip:bob@192.0.2.2>\r\n").text());
  auto out = h.take_one();
  CHECK(out.summary() == "192.0.2.3:5060 BYE sip:bob@192.0.2.2 SIP/2.0");
  CHECK(out.values("Route") == strings{"<sip:192.0.2.3;lr>"});

  h.receive(
      in_dialog("sip:bob@192.0.2.2", "Route: <sip:192.0.2.10;lr>, <sip:192.0.2.3>, <sip:192.0.2.4;lr>\r\n")
          .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2")
          .text());
  out = h.take_one();
  CHECK(out.summary() == "192.0.2.3:5060 BYE sip:192.0.2.3 SIP/2.0");
  CHECK(out.values("Route") == strings{"<sip:192.0.2.4;lr>", "<sip:bob@192.0.2.2>"});

  h.receive(in_dialog("sip:192.0.2.10;lr", "Route: <sip:bob@192.0.2.2>\r\n", "INFO")
                .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK3")
                .text());
  out = h.take_one();
  CHECK(out.summary() == "192.0.2.2:5060 INFO sip:bob@192.0.2.2 SIP/2.0");
  CHECK(out.values("Route").empty());
  CHECK(h.events.empty());
}

TEST_CASE("a call between UDP and TCP has a route for each side", "[proxy]") {
  proxy_harness h;
  h.receive(initial("sip:bob@example.com", "").text());
  REQUIRE(h.forward({{"sip:bob@192.0.2.2;transport=tcp", {}, 1000}}));
  const auto out = h.take_one();
  CHECK(out.to.transport == sip::transport::tcp);
  CHECK(out.to.listener == 1);
  // RFC 5658 5: the side on which it leaves stands on top.
  CHECK(recorded(out) == strings{"<sip:192.0.2.10:5060;transport=tcp;lr>", "<sip:192.0.2.10:5060;lr>"});
  h.reply(out, 200, "bob");
  CHECK(h.take_one().to == h.alice);

  SECTION("the caller's requests leave by TCP") {
    h.receive(in_dialog("sip:bob@192.0.2.2;transport=tcp", caller_routes(out))
                  .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2")
                  .text());
    const auto bye = h.take_one();
    CHECK(bye.summary() == "TCP 192.0.2.2:5060 BYE sip:bob@192.0.2.2;transport=tcp SIP/2.0");
    CHECK(bye.values("Route").empty());
    CHECK(bye.values("Via")[0].starts_with("SIP/2.0/TCP"));
  }
  SECTION("the callee's by UDP, and the response by the connection") {
    std::string routes;
    for (const auto& r : out.values("Record-Route")) routes += "Route: " + r + "\r\n";
    const auto bob = peer_at("192.0.2.2:41000", 1, sip::transport::tcp, 77);
    h.receive(in_dialog("sip:alice@192.0.2.1", routes)
                  .with_via("SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK3;alias")
                  .text(),
              bob);
    const auto bye = h.take_one();
    CHECK(bye.summary() == "192.0.2.1:5060 BYE sip:alice@192.0.2.1 SIP/2.0");
    CHECK(bye.to.listener == 0);
    CHECK(bye.values("Via")[1] == "SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK3;alias");
    h.reply(bye, 200);
    const auto answer = h.take_one();
    CHECK(answer.to.transport == sip::transport::tcp);
    CHECK(answer.to.flow == 77);
  }
  SECTION("a re-INVITE too") {
    h.receive(in_dialog("sip:bob@192.0.2.2;transport=tcp", caller_routes(out), "INVITE")
                  .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK4")
                  .text());
    const auto again = h.take_one();
    CHECK(again.to.transport == sip::transport::tcp);
    CHECK(again.values("Record-Route").size() == 2);
    h.reply(again, 200);
    CHECK(h.core.calls() == 1);
  }
}

TEST_CASE("a call between IPv4 and IPv6 has a route for each side", "[proxy]") {
  proxy_harness h;
  h.receive(initial("sip:bob@example.com", "").text());
  REQUIRE(h.forward({{"sip:bob@[2001:db8::2]", {}, 1000}}));
  const auto out = h.take_one();
  CHECK(out.summary() == "[2001:db8::2]:5060 INVITE sip:bob@[2001:db8::2] SIP/2.0");
  CHECK(out.to.listener == 2);
  CHECK(out.values("Via")[0].starts_with("SIP/2.0/UDP [2001:db8::10]:5060;rport;branch="));
  CHECK(recorded(out) == strings{"<sip:[2001:db8::10]:5060;lr>", "<sip:192.0.2.10:5060;lr>"});
}

TEST_CASE("the route that was recorded for a side names the listener on which a request leaves", "[proxy]") {
  // Two listeners of one transport and family, as on an inner and an outer network.
  auto options = proxy_harness::default_options();
  options.listeners.push_back(
      {sip::transport::udp, base::socket_address::from_string("203.0.113.10:5060").value(), {}, 0});
  proxy_harness h(options);
  const auto inner = peer_at("192.0.2.1:5060", 0);
  h.receive(
      in_dialog("sip:bob@203.0.113.2", "Route: <sip:192.0.2.10:5060;lr>, <sip:203.0.113.10:5060;lr>\r\n")
          .text(),
      inner);
  auto out = h.take_one();
  CHECK(out.to.listener == 3);
  CHECK(out.values("Via")[0].starts_with("SIP/2.0/UDP 203.0.113.10:5060;"));
  h.receive(in_dialog("sip:bob@192.0.2.2", "Route: <sip:192.0.2.10:5060;lr>\r\n")
                .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2")
                .text(),
            inner);
  CHECK(h.take_one().to.listener == 0);
}

TEST_CASE("without record_route the proxy is on the path of the first request only", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.record_route = false;
  proxy_harness h(options);
  h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
  h.receive(initial("sip:bob@example.com", "").text());
  const auto out = h.take_one();
  CHECK(out.values("Record-Route").empty());
  h.reply(out, 200);
  CHECK(h.core.calls() == 0);  // its BYE will not come this way
}

TEST_CASE("requests that may begin a dialog are recorded", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
  int n = 0;
  for (const char* method :
       {"INVITE", "SUBSCRIBE", "NOTIFY", "REFER", "OPTIONS", "REGISTER", "MESSAGE", "FOO"}) {
    CAPTURE(method);
    h.receive(initial("sip:bob@example.com", "", method)
                  .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKm" + std::to_string(++n))
                  .text());
    CHECK(h.take_one().values("Record-Route").size() == (n <= 4 ? 1 : 0));
  }
}

TEST_CASE("maddr of ours counts as if it were not there", "[proxy]") {
  proxy_harness h;
  h.targets = std::vector<proxy::target>(1);
  h.receive(initial("sip:bob@192.0.2.2;maddr=192.0.2.10;transport=udp;x=1", "").text());
  CHECK(h.take_one().summary() == "192.0.2.2:5060 INVITE sip:bob@192.0.2.2;x=1 SIP/2.0");
  h.receive(initial("sip:bob@nowhere.example;maddr=192.0.2.3", "")
                .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2")
                .text());
  CHECK(h.take_one().summary() == "192.0.2.3:5060 INVITE sip:bob@nowhere.example;maddr=192.0.2.3 SIP/2.0");
  h.receive(initial("sip:bob@192.0.2.2;maddr=name.example", "")
                .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK3")
                .text());
  REQUIRE(h.events.size() == 1);
  CHECK(h.events[0].what == proxy::event::kind::resolve);
  CHECK(h.events[0].host == "name.example");
}

TEST_CASE("a tel URI goes by Route or next hop, and else nowhere", "[proxy]") {
  proxy_harness h;
  h.receive(initial("tel:+1-201-555-0123", "").text());
  SECTION("next hop") {
    REQUIRE(h.forward({{{}, "sip:192.0.2.2", 1000}}));
    CHECK(h.take_one().summary() == "192.0.2.2:5060 INVITE tel:+1-201-555-0123 SIP/2.0");
  }
  SECTION("a SIP URI in its place") {
    REQUIRE(h.forward({{"sip:+12015550123@192.0.2.2;user=phone", {}, 1000}}));
    CHECK(h.take_one().summary() == "192.0.2.2:5060 INVITE sip:+12015550123@192.0.2.2;user=phone SIP/2.0");
  }
  SECTION("nowhere") {
    REQUIRE(h.forward({{}}));
    CHECK(h.take_one().summary() == "192.0.2.1:5060 SIP/2.0 416 Unsupported URI Scheme");
  }
  SECTION("Route") {
    h.receive(initial("tel:+1", "Route: <sip:192.0.2.10;lr>, <sip:192.0.2.3;lr>\r\n")
                  .with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2")
                  .with_to_tag("t")
                  .text());
    CHECK(h.take_one().summary() == "192.0.2.3:5060 INVITE tel:+1 SIP/2.0");
  }
}

TEST_CASE("sips goes over TLS whatever its transport parameter says", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.listeners.push_back(
      {sip::transport::tls, base::socket_address::from_string("192.0.2.10:5061").value(), {}, 0});
  proxy_harness h(options);
  h.receive(initial("sips:bob@example.com", "").text());
  REQUIRE(h.forward({{"sips:bob@192.0.2.2;transport=tcp", {}, 1000}}));
  const auto out = h.take_one();
  CHECK(out.to.transport == sip::transport::tls);
  CHECK(out.to.remote.port == 5061);
  CHECK(recorded(out) == strings{"<sips:192.0.2.10:5061;lr>", "<sip:192.0.2.10:5060;lr>"});
  h.receive(initial("sip:bob@example.com", "").with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2").text());
  REQUIRE(h.forward({{"sip:bob@192.0.2.2;transport=tls", {}, 1000}}));
  CHECK(recorded(h.take_one())[0] == "<sip:192.0.2.10:5061;transport=tls;lr>");
}

TEST_CASE("a spiral with another Request-URI is forwarded, a loop is not", "[proxy]") {
  proxy_harness h;
  h.receive(initial("sip:bob@example.com", "").text());
  REQUIRE(h.forward({{"sip:carol@example.com", "sip:192.0.2.3", 1000}}));
  const auto once = h.take_one();
  // The next proxy sends it back to us.
  std::string back = once.text;
  back.insert(back.find("Via:"), "Via: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKthird\r\n");
  SECTION("spiral") {
    h.receive(back, peer_at("192.0.2.3:5060"));
    REQUIRE(h.waiting() != proxy::request_id::none);
    REQUIRE(h.forward({{"sip:carol@192.0.2.4", {}, 1000}}));
    CHECK(h.take_one().values("Via").size() == 4);
  }
  SECTION("loop") {
    back.replace(back.find("sip:carol@example.com"), 21, "sip:bob@example.com");
    h.receive(back, peer_at("192.0.2.3:5060"));
    CHECK(h.waiting() == proxy::request_id::none);
    CHECK(h.take_one().summary() == "192.0.2.3:5060 SIP/2.0 482 Loop Detected");
  }
  SECTION("a branch that only looks like ours is no loop") {
    back.replace(back.find("sip:carol@example.com"), 21, "sip:bob@example.com");
    const auto at = back.find("192.0.2.10:5060;rport;branch=");
    back.replace(at, 15, "192.0.2.11:5060");
    h.receive(back, peer_at("192.0.2.3:5060"));
    CHECK(h.waiting() != proxy::request_id::none);
  }
}
