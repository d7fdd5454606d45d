#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::test;

namespace {

std::string invite(int n) {
  request_text out;
  out.method = "INVITE";
  out.uri = "sip:bob@example.com";
  out.call_id = std::to_string(n);
  out.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKo" + std::to_string(n);
  return out.text();
}

const std::vector<proxy::target> bob = {{"sip:bob@192.0.2.2", {}, 1000}};

}  // namespace

TEST_CASE("a flood of calls that nobody answers is held to its limit", "[proxy]") {
  constexpr int limit = 50;
  auto options = proxy_harness::default_options();
  options.transactions.max_pending_invites = limit;
  options.retry_after = std::chrono::seconds(7);
  proxy_harness h(options);
  h.targets = bob;
  for (int n = 1; n < limit; ++n) h.receive(invite(n));
  CHECK(count(h.sent, "SIP/2.0 503") == 0);
  h.receive(invite(limit));
  auto out = h.take();
  CHECK(count(out, "INVITE") == limit);
  CHECK(count(out, "SIP/2.0 503") == 0);
  CHECK(h.core.counters().overload == 0);
  const proxy_message first = out.front();

  for (int n = limit + 1; n <= 1'000; ++n) h.receive(invite(n));
  out = h.take();
  CHECK(count(out, "SIP/2.0 503") == 1'000 - limit);
  CHECK(count(out, "INVITE") == 0);
  CHECK(out.front().value("Retry-After") == "7");
  CHECK(out.front().value("To").find(";tag=") != std::string::npos);
  CHECK(h.core.transactions().server_count() == limit);
  CHECK(h.core.requests_under_way() == limit);
  CHECK(h.core.counters().overload == 1'000 - limit);
  const auto used = h.pool.stats().bytes_in_use;

  SECTION("other requests are served still") {
    request_text message;
    message.method = "MESSAGE";
    message.via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKm";
    h.receive(message.text());
    CHECK(h.take_one().start_line() == "MESSAGE sip:bob@192.0.2.2 SIP/2.0");
  }
  SECTION("a retransmission of what is under way is no new one") {
    h.receive(invite(3));
    CHECK(count(h.take(), "SIP/2.0 100") == 1);
  }
  SECTION("one that ends makes room for one") {
    h.reply(first, 486);
    h.take();
    h.receive(invite(2'000));
    h.receive(invite(2'001));
    out = h.take();
    CHECK(count(out, "INVITE") == 1);
    CHECK(count(out, "SIP/2.0 503") == 1);
  }
  SECTION("and all of it passes") {
    for (int n = 3'000; n < 4'000; ++n) h.receive(invite(n));
    CHECK(h.pool.stats().bytes_in_use == used);
    h.run_for(70'000);
    h.take();
    CHECK(h.core.transactions().server_count() == 0);
    CHECK(h.core.transactions().client_count() == 0);
    CHECK(h.pool.stats().bytes_in_use == 0);
    h.receive(invite(5'000));
    CHECK(count(h.take(), "INVITE") == 1);
  }
}

TEST_CASE("requests, transactions of either side and events have their limits too", "[proxy]") {
  auto options = proxy_harness::default_options();
  SECTION("requests") { options.max_requests = 3; }
  SECTION("server transactions") { options.transactions.max_server_transactions = 3; }
  SECTION("client transactions") { options.transactions.max_client_transactions = 3; }
  proxy_harness h(options);
  h.targets = bob;
  for (int n = 0; n < 3; ++n) h.receive(invite(n));
  auto out = h.take();
  CHECK(count(out, "INVITE") == 3);
  CHECK(count(out, "SIP/2.0 503") == 0);
  h.receive(invite(9));
  out = h.take();
  CHECK(count(out, "INVITE") == 0);
  REQUIRE(count(out, "SIP/2.0 503") == 1);
  CHECK(out.front().value("Retry-After") == "5");
  h.run_for(100'000);
  CHECK(h.core.requests_under_way() == 0);
  h.take();
  h.receive(invite(10));
  CHECK(count(h.take(), "INVITE") == 1);
}

TEST_CASE("a flood that has filled the tables leaves room for dialogs and emergency calls", "[proxy]") {
  auto options = proxy_harness::default_options();
  SECTION("requests") { options.max_requests = 16; }
  SECTION("server transactions") { options.transactions.max_server_transactions = 16; }
  SECTION("client transactions") { options.transactions.max_client_transactions = 16; }
  SECTION("pending INVITEs") { options.transactions.max_pending_invites = 16; }
  proxy_harness h(options);
  h.targets = bob;
  for (int n = 0; n < 17; ++n) h.receive(invite(n));
  auto out = h.take();
  CHECK(count(out, "INVITE") == 16);
  CHECK(count(out, "SIP/2.0 503") == 1);
  request_text again;
  again.method = "INVITE";
  again.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKagain";
  again.lines = sealed_route(again.call_id);
  h.receive(again.with_to_tag("bob").text());
  request_text emergency;
  emergency.method = "INVITE";
  emergency.lines = "Priority: emergency\r\n";
  h.receive(emergency.text());
  out = h.take();
  CHECK(count(out, "INVITE") == 2);
  CHECK(count(out, "SIP/2.0 503") == 0);
  // That room has its end, too.
  again.via += "2";
  h.receive(again.with_to_tag("bob").text());
  CHECK(count(h.take(), "SIP/2.0 503") == 1);
}

TEST_CASE("new requests leave a quarter of the buffers to dialogs", "[proxy]") {
  base::buffer_pool_limits limits;
  limits.max_bytes = std::size_t{8} << 20U;
  proxy_harness h(proxy_harness::default_options(), limits);
  h.targets = bob;
  int taken = 0;
  while (taken < 10'000 && h.core.counters().overload == 0) {
    h.receive(invite(taken++));
    h.take();
  }
  REQUIRE(h.core.counters().overload == 1);
  CHECK(h.pool.stats().bytes_in_use >= limits.max_bytes / 4 * 3);
  CHECK(h.core.counters().dropped_no_room == 0);
  request_text again;
  again.lines = sealed_route(again.call_id);
  for (int n = 0; n < 20; ++n) {
    again.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKagain" + std::to_string(n);
    h.receive(again.with_to_tag("bob").text());
  }
  CHECK(count(h.take(), "OPTIONS") == 20);
}

TEST_CASE("where nobody takes the events, requests are answered 503", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.transactions.max_queue = 8;
  proxy_harness h(options);
  for (int n = 0; n < 8; ++n) {
    h.core.handle_message(h.now(), h.alice, h.pool.copy(invite(n)).value());
  }
  sip::outgoing out;
  CHECK_FALSE(h.core.poll_transmit(out));
  h.core.handle_message(h.now(), h.alice, h.pool.copy(invite(8)).value());
  REQUIRE(h.core.poll_transmit(out));
  CHECK(out.data.text().starts_with("SIP/2.0 503"));
  CHECK(h.core.requests_under_way() == 8);
  // An ACK is dropped.
  request_text ack;
  ack.method = "ACK";
  ack.to_tag = "t";
  h.core.handle_message(h.now(), h.alice, h.pool.copy(ack.text()).value());
  CHECK(h.core.counters().dropped_no_room == 1);
  CHECK_FALSE(h.core.poll_transmit(out));
}

TEST_CASE("look-ups that nobody answers are forgotten with their requests", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.transactions.max_queue = 64;
  proxy_harness h(options);
  h.targets = {{{"sip:bob@a.example", {}, 1000}, {"sip:bob@b.example", {}, 1000}}};
  for (int n = 0; n < 20; ++n) h.receive(invite(n));
  CHECK(h.events.size() == 40);
  h.run_for(200'000);
  CHECK(h.core.requests_under_way() == 0);
  CHECK(h.core.transactions().server_count() == 0);
  CHECK(h.pool.stats().bytes_in_use == 0);
  h.take();
  for (const auto& e : h.events) h.resolve(e.lookup, {"192.0.2.2"});
  CHECK(h.take().empty());
}
