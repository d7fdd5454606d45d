#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;
using namespace parley::test;

namespace {

/// As the harness's, but only what brings our seal goes on unasked.
proxy::core_options closed() {
  auto options = proxy_harness::default_options();
  options.relay = false;
  return options;
}

request_text in_dialog(std::string_view routes, std::string_view method = "BYE") {
  request_text out;
  out.method = method;
  out.uri = "sip:bob@192.0.2.2";
  out.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-" + std::string(method);
  out.to_tag = "bob";
  out.lines = routes;
  return out;
}

proxy_message open_call(proxy_harness& h, const proxy::target& to, std::string_view lines = {}) {
  request_text invite;
  invite.method = "INVITE";
  invite.uri = "sip:bob@example.com";
  invite.lines = lines;
  h.receive(invite.text());
  REQUIRE(h.forward({to}));
  const auto out = h.take_one();
  h.reply(out, 200);
  h.take();
  return out;
}

}  // namespace

TEST_CASE("requests of a call that the proxy is in go on without a question", "[proxy]") {
  proxy_harness h(closed());
  SECTION("over one listener") {
    const auto invite = open_call(h, {"sip:bob@192.0.2.2", {}, 1000});
    CHECK(recorded(invite) == strings{"<sip:192.0.2.10:5060;lr>"});
    h.receive(in_dialog(caller_routes(invite), "ACK").text());
    CHECK(h.take_one().summary() == "192.0.2.2:5060 ACK sip:bob@192.0.2.2 SIP/2.0");
    h.receive(in_dialog(caller_routes(invite)).text());
    CHECK(h.take_one().summary() == "192.0.2.2:5060 BYE sip:bob@192.0.2.2 SIP/2.0");
  }
  SECTION("between two") {
    const auto invite = open_call(h, {"sip:bob@192.0.2.2;transport=tcp", {}, 1000});
    CHECK(recorded(invite).size() == 2);
    auto bye = in_dialog(caller_routes(invite));
    bye.uri = "sip:bob@192.0.2.2;transport=tcp";
    h.receive(bye.text());
    CHECK(h.take_one().to.transport == sip::transport::tcp);
  }
  SECTION("through further proxies") {
    const auto invite = open_call(h, {{}, "sip:192.0.2.3", 1000});
    h.receive(in_dialog(caller_routes(invite) + "Route: <sip:192.0.2.3;lr>\r\n").text());
    CHECK(h.take_one().summary() == "192.0.2.3:5060 BYE sip:bob@192.0.2.2 SIP/2.0");
  }
  SECTION("from a strict router") {
    const auto invite = open_call(h, {"sip:bob@192.0.2.2", {}, 1000});
    auto bye = in_dialog("Route: <sip:bob@192.0.2.2>\r\n");
    const std::string route = invite.value("Record-Route");
    bye.uri = route.substr(1, route.size() - 2);
    h.receive(bye.text());
    CHECK(h.take_one().summary() == "192.0.2.2:5060 BYE sip:bob@192.0.2.2 SIP/2.0");
  }
  SECTION("by another shard or host with the same secret") {
    auto options = closed();
    options.shared_secret = {5, 6};
    proxy_harness other(options);
    const auto invite = open_call(h, {"sip:bob@192.0.2.2", {}, 1000});
    other.receive(in_dialog(caller_routes(invite)).text());
    CHECK(other.take_one().summary() == "192.0.2.2:5060 BYE sip:bob@192.0.2.2 SIP/2.0");
  }
  CHECK(h.events.empty());
}

TEST_CASE("with a To tag and no seal of ours policy decides", "[proxy]") {
  proxy_harness h(closed());
  const auto invite = open_call(h, {"sip:bob@192.0.2.2", {}, 1000});
  const std::string ours = caller_routes(invite);
  const auto at = ours.find("seal=") + 5;
  SECTION("our address alone") {
    h.receive(in_dialog("Route: <sip:192.0.2.10:5060;lr>, <sip:203.0.113.7;lr>\r\n").text());
  }
  SECTION("a seal that was made up") {
    std::string forged = ours;
    forged[at] = forged[at] == '0' ? '1' : '0';
    h.receive(in_dialog(forged).text());
  }
  SECTION("the seal of another call") {
    auto other = in_dialog(ours + "Route: <sip:203.0.113.7;lr>\r\n");
    other.call_id = "another";
    h.receive(other.text());
  }
  SECTION("our seal on another's address") {
    h.receive(in_dialog("Route: <sip:203.0.113.7;lr;" + ours.substr(at - 5, 21) + ">\r\n").text());
  }
  SECTION("another secret, as after a restart without one that was set") {
    auto options = closed();
    options.route_secret = {8, 9};
    proxy_harness later(options);
    later.receive(in_dialog(ours).text());
    CHECK(later.waiting() != proxy::request_id::none);
    h.receive(in_dialog("").text());
  }
  CHECK(h.take().empty());
  REQUIRE(h.waiting() != proxy::request_id::none);
  REQUIRE(h.respond(403));
  CHECK(h.take_one().start_line() == "SIP/2.0 403 Forbidden");
}

TEST_CASE("a client's flow token leads to its flow and nowhere else", "[proxy]") {
  proxy_harness h(closed());
  request_text invite;
  invite.method = "INVITE";
  invite.via = "SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bK-1";
  invite.lines = "Contact: <sip:alice@10.0.0.7:5060>\r\n";
  h.receive(invite.text(), peer_at("192.0.2.7:40000"));
  REQUIRE(h.forward({{"sip:bob@192.0.2.2:5060", {}, 1000}}));
  const auto routes = h.take_one().values("Record-Route");
  REQUIRE(routes.size() == 2);
  auto bye = in_dialog("Route: " + routes[0] + ", " + routes[1] + "\r\n");
  h.receive(bye.text(), h.bob);
  CHECK(h.take_one().to.remote.to_string() == "192.0.2.7:40000");
  bye = in_dialog("Route: " + routes[1] + ", <sip:203.0.113.7;lr>\r\n", "INFO");
  bye.call_id = "another";
  h.receive(bye.text(), h.bob);
  CHECK(h.take().empty());
  CHECK(h.waiting() != proxy::request_id::none);
}
