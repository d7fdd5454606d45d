#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/proxy_harness.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::test;

namespace {

/// Both ends of one dialog, whose texts are made before anything is counted.
class dialog {
 public:
  dialog(proxy_harness& h, std::string route) : h_(h), route_(std::move(route)) {}

  /// One in-dialog request goes through and its response comes back; an INVITE is acknowledged too. Returns
  /// how often memory was taken for that.
  std::size_t run(const std::string& method, int n) {
    request_text request;
    request.method = method;
    request.to_tag = "bob";
    request.cseq = static_cast<std::uint32_t>(n + 10);
    request.via = "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKa" + std::to_string(n);
    request.lines = route_;
    auto data = h_.pool.copy(request.text()).value();
    auto ack = h_.pool.copy(request.with_method("ACK").with_via(request.via + "x").text()).value();

    std::size_t allocations = 0;
    sip::outgoing forwarded;
    {
      const allocation_counter counter;
      h_.core.handle_message(h_.now(), h_.alice, std::move(data));
      REQUIRE(h_.core.poll_transmit(forwarded));
      allocations += counter.count();
    }
    for (const int status : {100, 180, 200}) {
      auto response = h_.pool.copy(response_text(forwarded.data.text(), status)).value();
      const allocation_counter counter;
      h_.core.handle_message(h_.now(), h_.bob, std::move(response));
      sip::outgoing back;
      while (h_.core.poll_transmit(back)) back.data.reset();
      allocations += counter.count();
    }
    {
      const allocation_counter counter;
      if (method == "INVITE") {
        h_.core.handle_message(h_.now(), h_.alice, std::move(ack));
        sip::outgoing passed;
        REQUIRE(h_.core.poll_transmit(passed));
        CHECK(passed.data.text().starts_with("ACK "));
      }
      proxy::event e;
      REQUIRE_FALSE(h_.core.poll_event(e));
      allocations += counter.count();
    }
    return allocations;
  }

 private:
  proxy_harness& h_;
  std::string route_;
};

}  // namespace

TEST_CASE("a forwarded in-dialog request takes no memory in the steady state", "[proxy]") {
  auto options = proxy_harness::default_options();
  std::string route = "Route: <sip:192.0.2.10:5060;lr>\r\n";
  SECTION("to whomever its Routes name") {}
  SECTION("along a route with our seal") {
    options.relay = false;
    route = sealed_route(request_text{}.call_id);
  }
  proxy_harness h(options);
  dialog d(h, route);
  int n = 0;
  // Warm: as many transactions as will be alive at once, then all of them gone.
  for (const std::string method : {"INFO", "INVITE", "BYE"}) {
    for (int i = 0; i < 100; ++i) d.run(method, ++n);
  }
  h.run_for(100'000);
  REQUIRE(h.core.transactions().server_count() == 0);

  std::vector<std::size_t> counts;
  for (const std::string method : {"BYE", "INFO", "INVITE"}) {
    std::size_t sum = 0;
    for (int i = 0; i < 100; ++i) sum += d.run(method, ++n);
    CAPTURE(method);
    CHECK(sum == 0);
  }
  CHECK(h.core.counters().requests_forwarded == 800);  // the ACKs too

  // The timers of all that take none either.
  h.take();
  const auto until = h.now() + std::chrono::seconds(100);
  const allocation_counter counter;
  sip::outgoing out;
  for (auto now = h.core.poll_timeout(); now < until; now = h.core.poll_timeout()) {
    h.core.handle_timeout(now);
    while (h.core.poll_transmit(out)) out.data.reset();
  }
  CHECK(counter.count() == 0);
  CHECK(h.core.transactions().server_count() == 0);
}

TEST_CASE("a new call takes memory for its call's number at most", "[proxy]") {
  proxy_harness h;
  const auto one = [&h](int n) {
    request_text invite;
    invite.method = "INVITE";
    invite.call_id = std::to_string(n);
    invite.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKn" + std::to_string(n);
    auto data = h.pool.copy(invite.text()).value();
    const proxy::target target{"sip:bob@192.0.2.2", {}, 1000};
    sip::outgoing forwarded;
    const allocation_counter counter;
    h.core.handle_message(h.now(), h.alice, std::move(data));
    proxy::event e;
    REQUIRE(h.core.poll_event(e));
    REQUIRE(h.core.forward(h.now(), e.request, {&target, 1}));
    REQUIRE(h.core.poll_transmit(forwarded));
    const auto before = counter.count();
    auto response = h.pool.copy(response_text(forwarded.data.text(), 486)).value();
    const allocation_counter second;
    h.core.handle_message(h.now(), h.bob, std::move(response));
    while (h.core.poll_transmit(forwarded)) forwarded.data.reset();
    return before + second.count();
  };
  int n = 0;
  for (int i = 0; i < 100; ++i) one(++n);
  h.run_for(100'000);
  h.take();
  std::size_t sum = 0;
  for (int i = 0; i < 100; ++i) sum += one(++n);
  CHECK(sum == 0);
}
