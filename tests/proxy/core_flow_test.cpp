#include "support/catch.hpp"
#include "support/proxy_harness.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::test;

namespace {

/// As the harness's, with a WebSocket listener, number 3.
proxy::core_options with_websocket() {
  auto options = proxy_harness::default_options();
  options.listeners.push_back(
      {sip::transport::ws, base::socket_address::from_string("192.0.2.10:80").value(), "192.0.2.10", 80});
  return options;
}

sip::hop browser_at(std::string_view address, std::uint64_t flow) {
  return peer_at(address, 3, sip::transport::ws, flow);
}

request_text from_browser(std::string_view method) {
  request_text out;
  out.method = method;
  out.via = "SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK-ws-1";
  out.lines = "Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>\r\n";
  return out;
}

/// The flow token of a Record-Route or Path value, empty where it has none.
std::string token_of(const std::string& route) {
  const auto at = route.find('@');
  const auto from = route.find("flow-");
  return at == std::string::npos || from == std::string::npos ? std::string() : route.substr(from, at - from);
}

}  // namespace

TEST_CASE("requests of a dialog reach a browser by the flow that it came by", "[proxy]") {
  proxy_harness h(with_websocket());
  const sip::hop browser = browser_at("192.0.2.7:40000", 77);
  h.receive(from_browser("INVITE").text(), browser);
  REQUIRE(h.forward({{"sip:bob@192.0.2.2:5060", {}, 1000}}));
  const auto invite = h.take_one();
  CHECK(invite.summary() == "192.0.2.2:5060 INVITE sip:bob@192.0.2.2:5060 SIP/2.0");
  const auto routes = invite.values("Record-Route");
  REQUIRE(routes.size() == 2);
  CHECK(recorded(invite)[0] == "<sip:192.0.2.10:5060;lr>");
  CHECK_FALSE(token_of(routes[1]).empty());

  h.reply(invite, 200, "bob", "Contact: <sip:bob@192.0.2.2:5060>\r\n");
  const auto answer = h.take_one();
  CHECK(answer.to.flow == 77);
  CHECK(answer.to.only_flow);

  // The callee ends it.
  request_text bye;
  bye.method = "BYE";
  bye.uri = "sip:alice@df7jal23ls0d.invalid;transport=ws";
  bye.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK-bob-1";
  bye.to_tag = "alice";
  bye.lines = "Route: " + routes[0] + "\r\nRoute: " + routes[1] + "\r\n";
  h.receive(bye.text(), h.bob);
  const auto ended = h.take_one();
  CHECK(ended.to.transport == sip::transport::ws);
  CHECK(ended.to.listener == 3);
  CHECK(ended.to.flow == 77);
  CHECK(ended.to.only_flow);
  CHECK(ended.values("Route").empty());
  CHECK(h.events.empty());

  // Where the connection is gone, whoever named it is told so.
  h.fail(ended);
  CHECK(h.take_one().summary() == "192.0.2.2:5060 SIP/2.0 430 Flow Failed");
}

TEST_CASE("requests of a dialog reach a callee by the flow that it was called by", "[proxy]") {
  proxy_harness h(with_websocket());
  request_text invite;
  invite.method = "INVITE";
  invite.lines = "Contact: <sip:alice@192.0.2.1:5060>\r\n";
  h.receive(invite.text());
  proxy::target browser{"sip:bob@df7jal23ls0d.invalid;transport=ws", {}, 1000};
  browser.flow = browser_at("192.0.2.7:40000", 78);
  browser.flow.only_flow = true;
  REQUIRE(h.forward({browser}));
  const auto sent = h.take_one();
  CHECK(sent.to.flow == 78);
  CHECK(sent.start_line() == "INVITE sip:bob@df7jal23ls0d.invalid;transport=ws SIP/2.0");
  const auto routes = sent.values("Record-Route");
  REQUIRE(routes.size() == 2);
  CHECK_FALSE(token_of(routes[0]).empty());
  CHECK(recorded(sent)[1] == "<sip:192.0.2.10:5060;lr>");

  request_text ack;
  ack.method = "ACK";
  ack.uri = "sip:bob@df7jal23ls0d.invalid;transport=ws";
  ack.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-ack";
  ack.to_tag = "bob";
  ack.lines = caller_routes(sent);
  h.receive(ack.text());
  const auto passed = h.take_one();
  CHECK(passed.to.flow == 78);
  CHECK(passed.to.only_flow);
}

TEST_CASE("two ends behind one listener have a route each", "[proxy]") {
  proxy_harness h(with_websocket());
  h.receive(from_browser("INVITE").text(), browser_at("192.0.2.7:40000", 77));
  proxy::target other{"sip:bob@x.invalid;transport=ws", {}, 1000};
  other.flow = browser_at("192.0.2.8:40000", 78);
  other.flow.only_flow = true;
  REQUIRE(h.forward({other}));
  const auto routes = h.take_one().values("Record-Route");
  REQUIRE(routes.size() == 2);
  CHECK(token_of(routes[0]) != token_of(routes[1]));
  CHECK_FALSE(token_of(routes[0]).empty());
  CHECK_FALSE(token_of(routes[1]).empty());
}

TEST_CASE("a client behind a NAT is reached by where it came from", "[proxy]") {
  proxy_harness h;
  request_text invite;
  invite.method = "INVITE";
  invite.via = "SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bK-1";
  invite.lines = "Contact: <sip:alice@10.0.0.7:5060>\r\n";
  const auto natted = peer_at("192.0.2.7:40000");
  h.receive(invite.text(), natted);
  REQUIRE(h.forward({{"sip:bob@192.0.2.2:5060", {}, 1000}}));
  const auto routes = h.take_one().values("Record-Route");
  REQUIRE(routes.size() == 2);
  request_text bye;
  bye.method = "BYE";
  bye.uri = "sip:alice@10.0.0.7:5060";
  bye.via = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK-bob-1";
  bye.to_tag = "alice";
  bye.lines = "Route: " + routes[0] + ", " + routes[1] + "\r\n";
  h.receive(bye.text(), h.bob);
  CHECK(h.take_one().summary() == "192.0.2.7:40000 BYE sip:alice@10.0.0.7:5060 SIP/2.0");
}

TEST_CASE("a flow that we have not named is forbidden", "[proxy]") {
  proxy_harness h(with_websocket());
  request_text bye;
  bye.method = "BYE";
  bye.uri = "sip:alice@x.invalid;transport=ws";
  bye.to_tag = "alice";
  bye.lines = "Route: <sip:flow-3-000000000000004d-0123456789abcdef@192.0.2.10:80;transport=ws;lr>\r\n";
  h.receive(bye.text());
  CHECK(h.take_one().start_line() == "SIP/2.0 403 Forbidden");
}

TEST_CASE("a REGISTER on its way to the registrar gets a Path that names the flow", "[proxy]") {
  proxy_harness h(with_websocket());
  auto registration = from_browser("REGISTER");
  registration.uri = "sip:example.net";
  registration.lines += "Supported: path, outbound\r\n";
  h.receive(registration.text(), browser_at("192.0.2.7:40000", 77));
  REQUIRE(h.forward({{{}, "sip:192.0.2.3:5060", 1000}}));
  const auto forwarded = h.take_one();
  const auto path = forwarded.value("Path");
  REQUIRE_FALSE(token_of(path).empty());
  CHECK(path.find("@192.0.2.10:80;transport=ws;lr;ob>") != std::string::npos);
  CHECK(forwarded.values("Record-Route").empty());

  // The registrar's proxy sends a call along it, without a question to ours.
  request_text invite;
  invite.method = "INVITE";
  invite.uri = "sip:alice@df7jal23ls0d.invalid;transport=ws";
  invite.via = "SIP/2.0/UDP 192.0.2.3:5060;branch=z9hG4bK-registrar";
  invite.lines = "Route: " + path + "\r\nContact: <sip:bob@192.0.2.2>\r\n";
  h.receive(invite.text(), peer_at("192.0.2.3:5060"));
  const auto called = h.take_one();
  CHECK(called.to.flow == 77);
  CHECK(called.to.only_flow);
  CHECK(called.values("Route").empty());
  CHECK(called.values("Record-Route").size() == 2);
}

TEST_CASE("a REGISTER of one who knows no Path gets none", "[proxy]") {
  proxy_harness h(with_websocket());
  auto registration = from_browser("REGISTER");
  registration.uri = "sip:example.net";
  h.receive(registration.text(), browser_at("192.0.2.7:40000", 77));
  REQUIRE(h.forward({{{}, "sip:192.0.2.3:5060", 1000}}));
  CHECK(h.take_one().values("Path").empty());
}

TEST_CASE("a registration's Path leads a request there", "[proxy]") {
  proxy_harness h;
  request_text invite;
  invite.method = "INVITE";
  h.receive(invite.text());
  proxy::target behind{"sip:bob@10.0.0.7", {}, 1000};
  behind.path = "<sip:192.0.2.3:5080;lr>, <sip:192.0.2.4;lr>";
  REQUIRE(h.forward({behind}));
  const auto out = h.take_one();
  CHECK(out.summary() == "192.0.2.3:5080 INVITE sip:bob@10.0.0.7 SIP/2.0");
  CHECK(out.values("Route") == strings{"<sip:192.0.2.3:5080;lr>, <sip:192.0.2.4;lr>"});
}

TEST_CASE("a callee whose flow is gone is not there", "[proxy]") {
  proxy_harness h(with_websocket());
  request_text invite;
  invite.method = "INVITE";
  h.receive(invite.text());
  proxy::target browser{"sip:bob@x.invalid", {}, 1000};
  browser.flow = browser_at("192.0.2.7:40000", 78);
  browser.flow.only_flow = true;
  REQUIRE(h.forward({browser}));
  h.fail(h.take_one());
  CHECK(h.take_one().start_line() == "SIP/2.0 480 Temporarily Unavailable");
}

TEST_CASE("RFC 5626 7: where a flow has failed the client's next one is tried", "[proxy]") {
  proxy_harness h(with_websocket());
  request_text invite;
  invite.method = "INVITE";
  h.receive(invite.text());
  std::vector<proxy::target> to;
  for (const std::uint64_t flow : {78U, 79U, 80U}) {
    to.push_back({"sip:bob@x.invalid", {}, 1000});
    to.back().flow = browser_at("192.0.2.7:40000", flow);
    to.back().flow.only_flow = true;
    to.back().alternate = flow != 78;
  }
  REQUIRE(h.forward(to));
  const auto first = h.take_one();
  CHECK(first.to.flow == 78);
  const auto next = [&h] {
    for (const auto& m : h.take()) {
      if (m.start_line().starts_with("INVITE")) return m;
    }
    return proxy_message{};
  };
  SECTION("one that is gone") {
    h.fail(first);
    const auto second = next();
    CHECK(second.to.flow == 79);
    CHECK(second.value("Max-Breadth") == "60");
    h.fail(second);
    CHECK(next().to.flow == 80);
  }
  SECTION("one that another proxy says is gone") {
    h.reply(first, 430);
    CHECK(next().to.flow == 79);
  }
  SECTION("one behind which nobody answers") {
    h.reply(first, 408);
    CHECK(next().to.flow == 79);
  }
  SECTION("one that says nothing") {
    h.run_for(33'000);
    CHECK(next().to.flow == 79);
  }
  SECTION("not where the client has answered") {
    h.reply(first, 486);
    CHECK(next().to.flow == 0);
  }
  SECTION("not where the caller has given up") {
    h.reply(first, 180);
    h.take();
    h.receive(invite.with_method("CANCEL").text());
    h.take();
    h.reply(first, 430);
    CHECK(next().to.flow == 0);
  }
  SECTION("when all are gone the client is not there") {
    h.fail(first);
    h.fail(next());
    h.fail(next());
    CHECK(h.take_one().start_line() == "SIP/2.0 480 Temporarily Unavailable");
  }
  SECTION("one flow's 200 is the answer") {
    h.fail(first);
    h.reply(next(), 200);
    CHECK(h.take_one().start_line().starts_with("SIP/2.0 200"));
  }
  CHECK(h.events.empty());
}

TEST_CASE("without transactions a response finds the connection of its request", "[proxy]") {
  auto options = with_websocket();
  options.stateless = true;
  proxy_harness h(options);
  h.receive(from_browser("OPTIONS").text(), browser_at("192.0.2.7:40000", 77));
  REQUIRE(h.forward({{"sip:bob@192.0.2.2:5060", {}, 1000}}));
  const auto request = h.take_one();
  h.reply(request, 200);
  const auto response = h.take_one();
  CHECK(response.to.flow == 77);
  CHECK(response.to.only_flow);
  CHECK(response.to.transport == sip::transport::ws);
  // What names another flow goes nowhere.
  auto forged = request;
  const auto at = forged.text.find(";flow=flow-3-") + 13;
  forged.text.replace(at, 16, "000000000000004e");
  h.reply(forged, 200);
  CHECK(h.take().empty());
  CHECK(h.core.counters().dropped_stray == 1);
}

TEST_CASE("a neighbour that offers its TLS connection is reported once, and is offered ours", "[proxy]") {
  auto options = with_websocket();
  options.listeners.push_back({sip::transport::tls,
                               base::socket_address::from_string("192.0.2.10:5061").value(),
                               "sip.example.com", 5061, true});
  proxy_harness h(options);
  h.targets = {{"sip:bob@192.0.2.2;transport=tls", {}, 1000}};
  const sip::hop neighbour = peer_at("192.0.2.3:40000", 4, sip::transport::tls, 91);
  for (int n = 0; n < 3; ++n) {
    request_text text;
    text.method = "MESSAGE";
    text.via = "SIP/2.0/TLS edge.example.com:5071;branch=z9hG4bK" + std::to_string(n) + ";alias";
    h.receive(text.text(), neighbour);
    CHECK(h.take_one().value("Via").ends_with(";alias"));
  }
  REQUIRE(h.events.size() == 1);
  CHECK(h.events[0].what == proxy::event::kind::alias);
  CHECK(h.events[0].hop == neighbour);
  CHECK(h.events[0].host == "edge.example.com");
  CHECK(h.events[0].port == 5071);
  // Only over TLS, and only where it is offered.
  request_text plain;
  plain.via = "SIP/2.0/TCP 192.0.2.4;branch=z9hG4bKx;alias";
  h.receive(plain.text(), peer_at("192.0.2.4:40000", 1, sip::transport::tcp, 92));
  plain.via = "SIP/2.0/TLS 192.0.2.4;branch=z9hG4bKy";
  h.receive(plain.text(), peer_at("192.0.2.4:40000", 4, sip::transport::tls, 93));
  CHECK(h.events.size() == 1);
}
