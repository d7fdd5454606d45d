#include "support/catch.hpp"
#include "support/proxy_harness.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::test;

namespace {

request_text numbered(std::string_view method, int n) {
  request_text out;
  out.method = method;
  out.uri = "sip:bob@example.com";
  out.call_id = std::to_string(n);
  out.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK" + std::string(method) + std::to_string(n);
  return out;
}

request_text in_dialog(int n) {
  auto out = numbered("INFO", n);
  out.uri = "sip:bob@192.0.2.2";
  out.to_tag = "bob";
  out.lines = sealed_route(out.call_id);
  return out;
}

const std::vector<proxy::target> bob = {{"sip:bob@192.0.2.2", {}, 1000}};

}  // namespace

TEST_CASE("a source that begins too many transactions gets 503, others do not", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.sources = {.rate = 1, .burst = 10, .sources = 1024};
  proxy_harness h(options);
  h.targets = bob;
  for (int n = 0; n < 9; ++n) h.receive(numbered("MESSAGE", n).text());
  CHECK(h.core.counters().rate_limited == 0);
  for (int n = 9; n < 11; ++n) h.receive(numbered("MESSAGE", n).text());
  CHECK(h.core.counters().rate_limited == 1);
  auto out = h.take();
  CHECK(count(out, "MESSAGE") == 10);
  CHECK(count(out, "SIP/2.0 503") == 1);
  CHECK(out.back().value("Retry-After") == "5");
  // What it has begun goes on: a retransmission is no new transaction, and dialogs have tokens of their own.
  h.receive(numbered("MESSAGE", 0).text());
  h.receive(in_dialog(1).text());
  CHECK(h.core.counters().rate_limited == 1);
  CHECK(count(h.take(), "INFO") == 1);
  auto other = numbered("MESSAGE", 50);
  other.via = "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK50";
  h.receive(other.text(), peer_at("192.0.2.9:5060"));
  CHECK(count(h.take(), "MESSAGE") == 1);
  h.run_for(1000);
  h.take();
  h.receive(numbered("MESSAGE", 60).text());
  CHECK(count(h.take(), "MESSAGE") == 1);
}

TEST_CASE("under load ordinary requests are shed, emergency calls and dialogs go on", "[proxy]") {
  auto options = proxy_harness::default_options();
  proxy_harness h(options);
  h.targets = bob;
  for (int i = 0; i < 100; ++i) h.core.handle_load(1.0);
  for (int n = 0; n < 200; ++n) h.receive(numbered("INVITE", n).text());
  CHECK(h.core.counters().shed >= 190);
  CHECK(h.core.counters().shed + static_cast<unsigned>(count(h.sent, "INVITE")) == 200);
  h.take();
  const auto before = h.core.counters().shed;
  for (int n = 0; n < 20; ++n) {
    h.receive(in_dialog(n).text());
    auto emergency = numbered("INVITE", 1000 + n);
    emergency.lines = "Priority: emergency\r\n";
    h.receive(emergency.text());
  }
  CHECK(h.core.counters().shed == before);
  const auto out = h.take();
  CHECK(count(out, "INFO") == 20);
  CHECK(count(out, "INVITE") == 20);
  // It is over soon after the load is.
  for (int i = 0; i < 40; ++i) h.core.handle_load(0.2);
  for (int n = 2000; n < 2050; ++n) h.receive(numbered("MESSAGE", n).text());
  CHECK(count(h.take(), "MESSAGE") == 50);
}

TEST_CASE("a To tag alone is no dialog where the proxy is in the route of each", "[proxy]") {
  auto options = proxy_harness::default_options();
  const auto flood = [](proxy_harness& h) {
    for (int i = 0; i < 100; ++i) h.core.handle_load(1.0);
    for (int n = 0; n < 200; ++n) {
      auto tagged = in_dialog(n);
      tagged.lines = "Route: <sip:192.0.2.10:5060;lr>\r\n";
      h.receive(tagged.text());
    }
    return h.core.counters().shed;
  };
  SECTION("requests without our seal are shed like others") {
    proxy_harness h(options);
    CHECK(flood(h) >= 190);
  }
  SECTION("and leave the reserve to those with one") {
    options.max_requests = 16;
    proxy_harness h(options);
    h.targets = bob;
    for (int n = 0; n < 16; ++n) h.receive(numbered("MESSAGE", n).text());
    auto tagged = in_dialog(20);
    tagged.lines = "Route: <sip:192.0.2.10:5060;lr>\r\n";
    h.receive(tagged.text());
    CHECK(h.core.counters().overload == 1);
    h.receive(in_dialog(21).text());
    CHECK(h.core.counters().overload == 1);
  }
  SECTION("an ACK that belongs to nothing, too, and without a response") {
    proxy_harness h(options);
    for (int i = 0; i < 100; ++i) h.core.handle_load(1.0);
    for (int n = 0; n < 200; ++n) {
      auto ack = numbered("ACK", n);
      ack.to_tag = "bob";
      h.receive(ack.text());
    }
    CHECK(h.core.counters().shed_unanswered >= 190);
    h.take();
    auto ack = in_dialog(300).with_method("ACK");
    h.receive(ack.text());
    CHECK(count(h.take(), "ACK") == 1);
  }
  SECTION("a CANCEL for nothing is answered while there is time for answers") {
    proxy_harness h(options);
    h.receive(numbered("CANCEL", 0).text());
    CHECK(count(h.take(), "SIP/2.0 481") == 1);
    for (int i = 0; i < 100; ++i) h.core.handle_load(1.0, 1.0);
    for (int n = 1; n <= 100; ++n) h.receive(numbered("CANCEL", n).text());
    CHECK(count(h.take(), "SIP/2.0 481") <= 10);
  }
  SECTION("without Record-Route a tag is all that there is to go by") {
    options.record_route = false;
    proxy_harness h(options);
    CHECK(flood(h) == 0);
  }
}

TEST_CASE("so many emergency calls a second are spared, and no more", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.overload.emergency_rate = 20;
  proxy_harness h(options);
  h.targets = bob;
  int number = 0;
  const auto call = [&](int calls) {
    for (int n = 0; n < calls; ++n) {
      auto emergency = numbered("INVITE", number++);
      emergency.lines = "Priority: emergency\r\n";
      h.receive(emergency.text());
    }
    return count(h.take(), "INVITE");
  };
  CHECK(call(100) == 100);  // nobody has to give way yet
  for (int i = 0; i < 100; ++i) h.core.handle_load(1.0);
  const int first = call(200);
  CHECK(first >= 20);
  CHECK(first < 40);
  h.run_for(500);
  h.take();
  const int second = call(200);
  CHECK(second >= 10);
  CHECK(second < 30);
}

TEST_CASE("RFC 5031: a call to an emergency service goes where policy says, also under load", "[proxy]") {
  proxy_harness h;
  for (int i = 0; i < 100; ++i) h.core.handle_load(1.0);
  const auto call = [&h](int n) {
    auto sos = numbered("INVITE", n);
    sos.uri = "urn:service:sos";
    h.receive(sos.text());
    return h.waiting() != proxy::request_id::none;
  };
  for (int n = 0; n < 20; ++n) {
    REQUIRE(call(n));
    REQUIRE(h.forward({{{}, "sip:192.0.2.2", 1000}}));
    CHECK(h.take_one().summary() == "192.0.2.2:5060 INVITE urn:service:sos SIP/2.0");
  }
  CHECK(h.core.counters().shed == 0);
  // Where nothing leads on there is no way to go by it.
  REQUIRE(call(100));
  REQUIRE(h.forward({{}}));
  CHECK(h.take_one().start_line() == "SIP/2.0 416 Unsupported URI Scheme");
  auto routed = numbered("INVITE", 101);
  routed.uri = "urn:service:sos";
  routed.lines = "Route: <sip:192.0.2.10;lr>, <sip:192.0.2.3;lr>\r\n";
  h.receive(routed.text());
  REQUIRE(h.forward({{}}));
  CHECK(h.take_one().summary() == "192.0.2.3:5060 INVITE urn:service:sos SIP/2.0");
  h.receive(numbered("MESSAGE", 1).text());
  h.receive(numbered("MESSAGE", 2).text());
  CHECK(h.core.counters().shed >= 1);
}

TEST_CASE("with full receive buffers requests over UDP are shed without a response, others with one",
          "[proxy]") {
  proxy_harness h;
  h.targets = bob;
  for (int i = 0; i < 100; ++i) h.core.handle_load(1.0, 1.0);
  for (int n = 0; n < 200; ++n) h.receive(numbered("INVITE", n).text());
  CHECK(h.core.counters().shed_unanswered >= 180);
  CHECK(count(h.take(), "SIP/2.0 503") ==
        static_cast<int>(h.core.counters().shed - h.core.counters().shed_unanswered));
  sip::hop stream = h.alice;
  stream.transport = sip::transport::tcp;
  stream.flow = 7;
  const auto before = h.core.counters();
  for (int n = 200; n < 300; ++n) {
    auto request = numbered("INVITE", n);
    request.via.replace(0, 11, "SIP/2.0/TCP");
    h.core.handle_message(h.now(), stream, h.pool.copy(request.text()).value());
  }
  CHECK(h.core.counters().shed_unanswered == before.shed_unanswered);
  CHECK(h.core.counters().shed >= before.shed + 90);
}

TEST_CASE("without transactions the same is shed", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.stateless = true;
  proxy_harness h(options);
  h.targets = bob;
  for (int i = 0; i < 100; ++i) h.core.handle_load(1.0);
  for (int n = 0; n < 100; ++n) h.receive(numbered("MESSAGE", n).text());
  CHECK(h.core.counters().shed >= 90);
  h.take();
  h.receive(in_dialog(1).text());
  CHECK(count(h.take(), "INFO") == 1);
}

TEST_CASE("a neighbour that asks is told of the load in each response", "[proxy]") {
  proxy_harness h;
  h.targets = bob;
  for (int i = 0; i < 4; ++i) h.core.handle_load(0.1);
  auto asking = numbered("MESSAGE", 1);
  asking.via += ";oc;oc-algo=\"loss\"";
  h.receive(asking.text());
  const auto forwarded = h.take_one();
  h.reply(forwarded, 200);
  CHECK(h.take_one().value("Via") ==
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKMESSAGE1;"
        "oc=0;oc-validity=500;oc-seq=4;oc-algo=\"loss\"");
  // One of our own.
  asking = numbered("MESSAGE", 2);
  asking.via += ";rport;oc;oc-algo=\"loss,rate\"";
  asking.lines = "Proxy-Require: gin\r\n";
  h.receive(asking.text());
  CHECK(h.take_one().value("Via") ==
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKMESSAGE2;rport=5060;"
        "oc=0;oc-validity=500;oc-seq=4;oc-algo=\"loss\";received=192.0.2.1");
  // RFC 7339 4.2: who knows another algorithm only could do nothing with it.
  asking = numbered("MESSAGE", 4);
  asking.via += ";oc;oc-algo=\"rate, window\"";
  h.receive(asking.text());
  h.reply(h.take_one(), 200);
  CHECK(h.take_one().value("Via") ==
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKMESSAGE4;oc;oc-algo=\"rate, window\"");
  // Who does not ask is not told.
  h.receive(numbered("MESSAGE", 3).text());
  h.reply(h.take_one(), 200);
  CHECK(h.take_one().value("Via") == "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKMESSAGE3");
}

TEST_CASE("a neighbour that says it has too many is spared", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.overload.ask = true;
  proxy_harness h(options);
  h.targets = bob;
  h.receive(numbered("MESSAGE", 0).text());
  auto first = h.take_one();
  CHECK(first.value("Via").ends_with(";oc;oc-algo=\"loss\""));
  const auto at = first.text.find(";oc;oc-algo=\"loss\"");
  first.text.replace(at, 3, ";oc=100");
  first.text.insert(at + 7, ";oc-validity=2000;oc-seq=1");
  h.reply(first, 200);
  h.take();
  h.receive(numbered("MESSAGE", 1).text());
  CHECK(h.take_one().start_line() == "SIP/2.0 500 Server Internal Error");
  CHECK(h.core.counters().spared == 1);
  h.receive(in_dialog(1).text());
  CHECK(count(h.take(), "INFO") == 1);
  h.run_for(2000);
  h.take();
  h.receive(numbered("MESSAGE", 2).text());
  CHECK(count(h.take(), "MESSAGE") == 1);
}
