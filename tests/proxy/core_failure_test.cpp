#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::test;

namespace {

request_text request(std::string_view method = "INVITE") {
  request_text out;
  out.method = method;
  out.uri = "sip:bob@example.com";
  return out;
}

/// Takes all that the pool has left, until it is destroyed.
std::vector<base::packet_buffer> exhaust(base::buffer_pool& pool) {
  std::vector<base::packet_buffer> hoard;
  for (std::size_t size = 65536; size >= 256; size /= 2) {
    while (auto more = pool.allocate(size)) hoard.push_back(std::move(*more));
  }
  return hoard;
}

base::buffer_pool_limits small_pool() {
  base::buffer_pool_limits limits;
  limits.max_bytes = std::size_t{1} << 20U;
  return limits;
}

std::string last_upstream(const std::vector<proxy_message>& messages) {
  for (auto m = messages.rbegin(); m != messages.rend(); ++m) {
    if (m->to.remote.to_string() == "192.0.2.1:5060") return std::string(m->start_line());
  }
  return {};
}

void check_empty(proxy_harness& h) {
  h.run_for(400'000);
  CHECK(h.core.transactions().client_count() == 0);
  CHECK(h.core.transactions().server_count() == 0);
  CHECK(h.core.requests_under_way() == 0);
}

}  // namespace

TEST_CASE("a connection that ends before the response counts as 503 at once", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@192.0.2.2;transport=tcp", {}, 900}, {"sip:bob@192.0.2.3;transport=tcp", {}, 500}}};
  h.receive(request().text());
  const auto end = [&h](std::uint64_t flow) {
    h.core.handle_sent(h.take_one().ticket, flow);
    h.core.handle_flow_closed(h.now(), flow);
    h.collect();
  };
  end(1);
  REQUIRE(!h.sent.empty());
  CHECK(h.sent.back().to.remote.to_string() == "192.0.2.3:5060");
  end(2);
  CHECK(last_upstream(h.take()) == "SIP/2.0 500 Server Internal Error");
  check_empty(h);
}

TEST_CASE("a request that can't be sent counts as 503, which goes upstream as 500", "[proxy]") {
  proxy_harness h;
  SECTION("one target") {
    h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
    h.receive(request().text());
    h.fail(h.take_one());
    CHECK(last_upstream(h.take()) == "SIP/2.0 500 Server Internal Error");
  }
  SECTION("the next one is tried") {
    h.targets = {{{"sip:bob@192.0.2.2", {}, 900}, {"sip:bob@192.0.2.3", {}, 500}}};
    h.receive(request().text());
    h.fail(h.take_one());
    const auto second = h.take_one();
    CHECK(second.to.remote.to_string() == "192.0.2.3:5060");
    h.reply(second, 486);
    CHECK(last_upstream(h.take()) == "SIP/2.0 486 Whatever");
  }
  SECTION("what another says is better") {
    h.targets = {{{"sip:bob@192.0.2.2", {}, 900}, {"sip:bob@192.0.2.3", {}, 900}}};
    h.receive(request().text());
    const auto forks = h.take();
    h.fail(forks[0]);
    CHECK(h.take().empty());
    h.reply(forks[1], 502);
    CHECK(last_upstream(h.take()) == "SIP/2.0 502 Whatever");
  }
  SECTION("non-INVITE") {
    h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
    h.receive(request("MESSAGE").text());
    h.fail(h.take_one());
    CHECK(last_upstream(h.take()) == "SIP/2.0 500 Server Internal Error");
  }
  check_empty(h);
}

TEST_CASE("a response that can't be sent cancels nothing", "[proxy]") {
  // RFC 3261 16.9
  proxy_harness h;
  h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
  h.receive(request().text());
  const auto forwarded = h.take_one();
  h.reply(forwarded, 180);
  h.fail(h.take_one());
  CHECK(h.take().empty());
  h.reply(forwarded, 200);
  const auto ok = h.take_one();
  CHECK(ok.start_line() == "SIP/2.0 200 Whatever");
  h.fail(ok);
  CHECK(h.take().empty());
  check_empty(h);
}

TEST_CASE("targets that nobody is at are passed over", "[proxy]") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"sip:bob@0.0.0.0", "404"},
      {"sip:bob@224.0.0.1", "404"},
      {"sip:bob@255.255.255.255", "404"},
      {"sip:bob@[ff02::1]", "404"},
      {"sip:bob@[::]", "404"},
      {"sip:bob@192.0.2.2;maddr=239.1.1.1", "404"},
      {"tel:+1", "416"},
      {"sip:bob@", "404"},
      {"not a uri\r\nX: y", "404"},
      {"sip:bob@192.0.2.2;transport=ws", "500"},
      {"sip:bob@192.0.2.2;transport=carrier-pigeon", "500"},
      {"sips:bob@192.0.2.2", "500"},
      {"sip:bob@[2001:db8::1];transport=tcp", "500"},
  };
  for (const auto& [uri, status] : table) {
    CAPTURE(uri);
    proxy_harness h;
    h.receive(request().text());
    REQUIRE(h.forward({{uri, {}, 1000}}));
    CHECK(last_upstream(h.take()).substr(8, 3) == status);
    h.receive(request().with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2").text());
    REQUIRE(h.forward({{uri, {}, 1000}, {"sip:bob@192.0.2.2", {}, 100}}));
    CHECK(h.take_one().summary() == "192.0.2.2:5060 INVITE sip:bob@192.0.2.2 SIP/2.0");
  }
}

TEST_CASE("a bad URI in a target is not written even where the Route says where to go", "[proxy]") {
  proxy_harness h;
  request_text in = request();
  in.lines = "Route: <sip:192.0.2.3;lr>\r\n";
  h.receive(in.text());
  REQUIRE(h.forward({{"sip:bob@192.0.2.2 SIP/2.0\r\nX: y", {}, 1000}}));
  CHECK(last_upstream(h.take()) == "SIP/2.0 404 Not Found");
}

TEST_CASE("a name is asked for, and its addresses are tried in their order", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@name.example:5080;transport=tcp", {}, 1000}}};
  h.receive(request().text());
  REQUIRE(h.events.size() == 1);
  const auto event = h.events[0];
  CHECK(event.what == proxy::event::kind::resolve);
  CHECK(event.host == "name.example");
  CHECK(event.port == 5080);
  CHECK(event.transport == sip::transport::tcp);
  CHECK(!event.secure);

  SECTION("one") {
    h.resolve(event.lookup, {"192.0.2.7"});
    const auto out = h.take_one();
    CHECK(out.summary() == "TCP 192.0.2.7:5080 INVITE sip:bob@name.example:5080;transport=tcp SIP/2.0");
    h.resolve(event.lookup, {"192.0.2.8"});  // once is enough
    CHECK(h.take().empty());
    h.reply(out, 486);
    h.take();
  }
  SECTION("the next where one can't be reached or says 503") {
    h.resolve(event.lookup, {"0.0.0.0", "2001:db8::7", "192.0.2.7", "224.0.0.1", "192.0.2.8", "192.0.2.9"});
    const auto first = h.take_one();
    CHECK(first.to.remote.to_string() == "192.0.2.7:5080");
    h.fail(first);
    const auto second = h.take_one();
    CHECK(second.to.remote.to_string() == "192.0.2.8:5080");
    CHECK(second.value("Via") != first.value("Via"));
    h.reply(second, 503);
    auto out = h.take();
    REQUIRE(out.size() == 2);  // the ACK and the third
    CHECK(out[1].to.remote.to_string() == "192.0.2.9:5080");
    h.fail(out[1]);
    CHECK(last_upstream(h.take()) == "SIP/2.0 500 Server Internal Error");
  }
  SECTION("the next where one does not answer") {
    h.resolve(event.lookup, {"192.0.2.7", "192.0.2.8"});
    h.take();
    h.run_until(32'100);
    const auto out = h.take();
    CHECK(out.back().to.remote.to_string() == "192.0.2.8:5080");
    h.reply(out.back(), 200);
    CHECK(last_upstream(h.take()) == "SIP/2.0 200 Whatever");
  }
  SECTION("not once it is cancelled") {
    h.resolve(event.lookup, {"192.0.2.7", "192.0.2.8"});
    const auto first = h.take_one();
    h.receive(request("CANCEL").text());
    h.fail(first);
    CHECK(last_upstream(h.take()) == "SIP/2.0 487 Request Terminated");
  }
  SECTION("none") {
    h.resolve(event.lookup, {});
    CHECK(last_upstream(h.take()) == "SIP/2.0 500 Server Internal Error");
  }
  SECTION("none that can be used") {
    h.resolve(event.lookup, {"0.0.0.0", "2001:db8::7"});
    CHECK(last_upstream(h.take()) == "SIP/2.0 500 Server Internal Error");
  }
  SECTION("never") {
    h.run_until(32'100);
    CHECK(last_upstream(h.take()) == "SIP/2.0 500 Server Internal Error");
    h.resolve(event.lookup, {"192.0.2.7"});
    CHECK(h.take().empty());
  }
  check_empty(h);
}

TEST_CASE("a look-up is told what the URI says, and nothing that it does not", "[proxy]") {
  struct {
    const char* uri;
    const char* host;
    std::uint16_t port;
    std::optional<sip::transport> transport;
    bool secure;
  } const cases[] = {
      {"sip:name.example", "name.example", 0, {}, false},
      {"sip:bob@name.example:5060", "name.example", 5060, {}, false},
      {"sip:name.example;transport=udp", "name.example", 0, sip::transport::udp, false},
      {"sips:name.example", "name.example", 0, {}, true},
      {"sips:name.example:5071;transport=tcp", "name.example", 5071, sip::transport::tcp, true},
      {"sip:name.example;maddr=other.example", "other.example", 0, {}, false},
      {"sip:192.0.2.1:5062;maddr=other.example;transport=ws", "other.example", 5062, sip::transport::ws,
       false},
  };
  for (const auto& c : cases) {
    INFO(c.uri);
    proxy_harness h;
    h.targets = {{{c.uri, {}, 1000}}};
    h.receive(request().text());
    REQUIRE(h.events.size() == 1);
    CHECK(h.events[0].host == c.host);
    CHECK(h.events[0].port == c.port);
    CHECK(h.events[0].transport == c.transport);
    CHECK(h.events[0].secure == c.secure);
    CHECK(h.events[0].choice == 0);
  }
}

TEST_CASE("a hop that fails is reported, with the reason", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@name.example", {}, 1000}}};
  h.receive(request().text());
  REQUIRE(h.events.size() == 1);
  h.resolve(h.events[0].lookup, {"192.0.2.7", "192.0.2.8"});
  const auto first = h.take_one();
  h.events.clear();
  const auto failed = [&](std::size_t index, const char* address, proxy::hop_failure why) {
    REQUIRE(h.events.size() == index + 1);
    CHECK(h.events[index].what == proxy::event::kind::hop_failed);
    CHECK(h.events[index].hop.remote.to_string() == address);
    CHECK(h.events[index].failure == why);
  };
  SECTION("it can't be reached, and the last one neither") {
    h.fail(first);
    failed(0, "192.0.2.7:5060", proxy::hop_failure::transport);
    h.fail(h.take().back());
    failed(1, "192.0.2.8:5060", proxy::hop_failure::transport);
  }
  SECTION("it does not answer") {
    h.run_until(32'100);
    failed(0, "192.0.2.7:5060", proxy::hop_failure::timed_out);
  }
  SECTION("it does not answer in the time of its group") {
    proxy_harness grouped;
    grouped.targets = {{{"sip:bob@name.example", {}, 1000}, {"sip:bob@192.0.2.9", {}, 500}}};
    grouped.receive(request().text());
    grouped.resolve(grouped.events[0].lookup, {"192.0.2.7"});
    grouped.events.clear();
    grouped.run_until(20'100);
    REQUIRE(grouped.events.size() == 1);
    CHECK(grouped.events[0].hop.remote.to_string() == "192.0.2.7:5060");
    CHECK(grouped.events[0].failure == proxy::hop_failure::timed_out);
  }
  SECTION("it wants to be left alone") {
    h.reply(first, 503, "bob", "Retry-After: 90 (maintenance)\r\n");
    failed(0, "192.0.2.7:5060", proxy::hop_failure::unavailable);
    CHECK(h.events[0].retry_after == std::chrono::seconds(90));
  }
  SECTION("a 503 that does not ask for that says nothing about other requests") {
    h.reply(first, 503);
    CHECK(h.events.empty());
  }
  SECTION("another answer is no failure") {
    h.reply(first, 500);
    CHECK(h.events.empty());
  }
  h.run_for(300'000);
  check_empty(h);
}

TEST_CASE("a connection that is there already is used where it leaves from the same listener", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@name.example;transport=tcp", {}, 1000}}};
  h.receive(request().text());
  REQUIRE(h.events.size() == 1);
  sip::hop open = peer_at("192.0.2.7:5060", 1, sip::transport::tcp, 77);
  SECTION("the same") {
    h.core.handle_resolved(h.now(), h.events[0].lookup, {&open, 1});
    h.collect();
    CHECK(h.take_one().to == open);
  }
  SECTION("another") {
    open.listener = 0;
    h.core.handle_resolved(h.now(), h.events[0].lookup, {&open, 1});
    h.collect();
    const auto sent = h.take_one();
    CHECK(sent.to.listener == 1);
    CHECK(sent.to.flow == 0);
  }
}

TEST_CASE("a name that is never resolved does not hold up what another target says", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@name.example", {}, 1000}, {"sip:bob@192.0.2.2", {}, 1000}}};
  h.receive(request().text());
  const auto fork = h.take_one();
  SECTION("2xx") {
    h.reply(fork, 200);
    CHECK(last_upstream(h.take()) == "SIP/2.0 200 Whatever");
    h.resolve(h.events[0].lookup, {"192.0.2.7"});
    CHECK(h.take().empty());
  }
  SECTION("a refusal waits for it, but not for ever") {
    h.reply(fork, 486);
    CHECK(last_upstream(h.take()).empty());
    h.run_until(32'100);
    CHECK(last_upstream(h.take()) == "SIP/2.0 486 Whatever");
  }
  check_empty(h);
}

TEST_CASE("an in-dialog request to a name is asked about by name only", "[proxy]") {
  proxy_harness h;
  request_text bye = request("BYE").with_to_tag("t");
  bye.lines = "Route: <sip:192.0.2.10;lr>\r\n";
  bye.uri = "sip:bob@phone.example";
  h.receive(bye.text());
  REQUIRE(h.events.size() == 1);
  CHECK(h.events[0].what == proxy::event::kind::resolve);
  h.resolve(h.events[0].lookup, {"192.0.2.2"});
  CHECK(h.take_one().summary() == "192.0.2.2:5060 BYE sip:bob@phone.example SIP/2.0");
  // An ACK has no transaction, and goes the same way.
  h.receive(request("ACK").with_to_tag("t").with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2").text());
  REQUIRE(h.forward({{"sip:bob@phone.example", {}, 1000}}));
  h.resolve(h.events[1].lookup, {"192.0.2.2"});
  CHECK(h.take_one().summary() == "192.0.2.2:5060 ACK sip:bob@phone.example SIP/2.0");
  CHECK(h.core.requests_under_way() == 1);
}

TEST_CASE("a final response for which there is no buffer is sent when there is one", "[proxy]") {
  proxy_harness h(proxy_harness::default_options(), small_pool());
  h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
  h.receive(request().text());
  const auto forwarded = h.take_one();
  for (const int status : {200, 486}) {
    SECTION(std::to_string(status)) {
      std::string text = response_text(forwarded.text, status);
      text.insert(text.find("Content-Length"), "Subject: " + std::string(3000, 'x') + "\r\n");
      auto data = h.pool.copy(text).value();
      auto hoard = exhaust(h.pool);
      h.core.handle_message(h.now(), h.bob, std::move(data));
      h.collect();
      CHECK(last_upstream(h.take()).empty());
      h.run_until(50);
      CHECK(h.core.requests_under_way() == 1);
      hoard.clear();
      h.run_until(150);
      CHECK(last_upstream(h.take()) == "SIP/2.0 " + std::to_string(status) + " Whatever");
      CHECK(h.core.requests_under_way() == 0);
      CHECK(h.core.counters().dropped_no_room >= 1);
      check_empty(h);
    }
  }
}

TEST_CASE("a request for which there is no buffer is answered 503 when there is one", "[proxy]") {
  proxy_harness h(proxy_harness::default_options(), small_pool());
  auto data = h.pool.copy(request().text()).value();
  h.receive(request("MESSAGE").text());
  auto hoard = exhaust(h.pool);
  REQUIRE(h.forward({{"sip:bob@192.0.2.2", {}, 1000}}));
  CHECK(h.take().empty());
  hoard.clear();
  h.run_for(150);
  const auto out = h.take_one();
  CHECK(out.start_line() == "SIP/2.0 503 Service Unavailable");
  CHECK(out.value("Retry-After") == "5");
  check_empty(h);
}

TEST_CASE("full queues lose no final response", "[proxy]") {
  auto options = proxy_harness::default_options();
  options.transactions.max_queue = 8;
  proxy_harness h(options);
  h.receive(request().text());
  REQUIRE(h.forward({{"sip:bob@192.0.2.2", {}, 1000}}));
  const auto forwarded = h.take_one();
  h.collecting = false;
  for (int i = 0; i < 10; ++i) {
    h.receive(request("CANCEL").with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKc" + std::to_string(i)).text());
  }
  h.reply(forwarded, 486);
  h.run_for(1'000);
  h.collecting = true;
  h.collect();
  h.run_for(1'000);
  CHECK(last_upstream(h.take()) == "SIP/2.0 486 Whatever");
  check_empty(h);
}
