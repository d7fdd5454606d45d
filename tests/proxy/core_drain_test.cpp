#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;
using namespace parley::test;

namespace {

request_text invite(int n = 1) {
  request_text out;
  out.method = "INVITE";
  out.uri = "sip:bob@example.com";
  out.call_id = std::to_string(n);
  out.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKd" + std::to_string(n);
  return out;
}

request_text bye(int n = 1, std::string_view suffix = "b") {
  request_text out = invite(n).with_method("BYE").with_to_tag("t");
  out.uri = "sip:bob@192.0.2.2";
  out.via += suffix;
  out.lines = "Route: <sip:192.0.2.10;lr>\r\n";
  return out;
}

void establish(proxy_harness& h, int n = 1) {
  h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
  h.receive(invite(n).text());
  h.reply(h.take_one(), 200);
  h.take();
}

}  // namespace

TEST_CASE("a draining proxy takes no new calls and finishes those it has", "[proxy]") {
  proxy_harness h;
  CHECK_FALSE(h.core.is_drained());
  establish(h);
  h.receive(invite(2).text());
  const auto ringing = h.take_one();
  CHECK(h.core.calls() == 1);
  h.core.drain();
  CHECK_FALSE(h.core.is_drained());

  h.receive(invite(3).text());
  const auto refused = h.take_one();
  CHECK(refused.start_line() == "SIP/2.0 503 Service Unavailable");
  CHECK(refused.value("Retry-After") == "5");

  h.reply(ringing, 200);
  CHECK(h.take_one().start_line() == "SIP/2.0 200 Whatever");
  CHECK(h.core.calls() == 2);
  for (const int n : {1, 2}) {
    CHECK_FALSE(h.core.is_drained());
    h.receive(bye(n).text());
    h.reply(h.take_one(), 200);
    CHECK(h.take_one().start_line() == "SIP/2.0 200 Whatever");
  }
  CHECK(h.core.is_drained());
}

TEST_CASE("a call ends with its BYE, however that is answered, but for a challenge", "[proxy]") {
  proxy_harness h;
  establish(h);
  h.receive(bye().text());
  const auto forwarded = h.take_one();
  SECTION("401") {
    h.reply(forwarded, 401);
    CHECK(h.core.calls() == 1);
    h.receive(bye(1, "again").text());
    h.reply(h.take().back(), 200);
    CHECK(h.core.calls() == 0);
  }
  SECTION("481") {
    h.reply(forwarded, 481);
    CHECK(h.core.calls() == 0);
  }
  SECTION("not at all") {
    h.run_for(40'000);
    CHECK(h.core.calls() == 0);
  }
  SECTION("for want of a path") {
    h.fail(forwarded);
    CHECK(h.core.calls() == 0);
  }
}

TEST_CASE("what begins no call, or ends none, is not counted", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
  h.receive(invite().text());
  h.reply(h.take_one(), 486);
  h.take();
  CHECK(h.core.calls() == 0);
  establish(h, 2);
  // A re-INVITE is part of the call.
  auto again = bye(2).with_method("INVITE");
  h.receive(again.text());
  h.reply(h.take_one(), 200);
  CHECK(h.core.calls() == 1);
  h.receive(bye(77).text());
  h.reply(h.take().back(), 200);
  CHECK(h.core.calls() == 1);
  CHECK(h.events.empty());  // nobody shares calls
}

TEST_CASE("no more calls are counted than allowed", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.max_calls = 2;
  proxy_harness h(options);
  for (int n = 1; n <= 4; ++n) establish(h, n);
  CHECK(h.core.calls() == 2);
}

TEST_CASE("shards tell each other of calls that end elsewhere", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.share_calls = true;
  options.shared_secret = {3, 4};
  proxy_harness one(options);
  proxy_harness other(options);
  establish(one);
  other.receive(bye().text());
  other.reply(other.take_one(), 200);
  REQUIRE(other.events.size() == 1);
  CHECK(other.events[0].what == proxy::event::kind::foreign_call_ended);
  one.core.forget_call(other.events[0].lookup);
  CHECK(one.core.calls() == 0);
  one.core.forget_call(other.events[0].lookup);
  CHECK(one.core.calls() == 0);
}

TEST_CASE("in-dialog requests and ACKs pass a draining proxy", "[proxy]") {
  proxy_harness h;
  establish(h);
  h.core.drain();
  h.receive(bye().with_method("ACK").text());
  CHECK(h.take_one().start_line() == "ACK sip:bob@192.0.2.2 SIP/2.0");
  h.receive(bye(1, "i").with_method("INFO").text());
  CHECK(h.take_one().start_line() == "INFO sip:bob@192.0.2.2 SIP/2.0");
}
