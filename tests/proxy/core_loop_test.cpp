#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <deque>
#include <string>

using namespace parley;
using namespace parley::test;

namespace {

/// Two proxies that each send everything to the other, and a caller of the first.
struct circle {
  proxy_harness one;
  proxy_harness two;
  std::size_t delivered = 0;
  std::vector<proxy_message> to_caller;

  static proxy::core_options at(const char* address) {
    proxy::core_options options;
    options.listeners = {{sip::transport::udp, base::socket_address::from_string(address).value(), {}, 0}};
    options.record_route = false;  // 70 hops are as many headers as a message may have
    return options;
  }

  explicit circle(std::vector<proxy::target> from_one, std::vector<proxy::target> from_two)
      : one(at("192.0.2.10:5060")), two(at("192.0.2.20:5060")) {
    one.targets = std::move(from_one);
    two.targets = std::move(from_two);
  }

  void run() {
    bool busy = true;
    while (busy && delivered < 10'000) {
      busy = false;
      for (auto [from, to, source] :
           {std::tuple(&one, &two, "192.0.2.10:5060"), std::tuple(&two, &one, "192.0.2.20:5060")}) {
        for (const auto& m : from->take()) {
          if (m.to.remote.to_string() == "192.0.2.1:5060") {
            to_caller.push_back(m);
            continue;
          }
          busy = true;
          ++delivered;
          to->receive(m.text, peer_at(source));
        }
      }
    }
  }
};

request_text invite() {
  request_text out;
  out.method = "INVITE";
  out.uri = "sip:bob@example.org";
  return out;
}

}  // namespace

TEST_CASE("two proxies that point at each other end it with 482", "[proxy]") {
  circle c({{{}, "sip:192.0.2.20", 1000}}, {{{}, "sip:192.0.2.10", 1000}});
  c.one.receive(invite().text());
  c.run();
  REQUIRE(c.to_caller.size() == 1);
  CHECK(c.to_caller[0].start_line() == "SIP/2.0 482 Loop Detected");
  // There, back, 482 and its ACK, 482 and its ACK.
  CHECK(c.delivered == 6);
  CHECK(c.one.core.counters().requests_forwarded == 1);
  CHECK(c.two.core.counters().requests_forwarded == 1);
}

TEST_CASE("two forking proxies that point at each other stay bounded", "[proxy]") {
  // RFC 5393: without loop detection this is 2^70 requests.
  circle c({{"sip:a@example.org", "sip:192.0.2.20", 1000}, {"sip:b@example.org", "sip:192.0.2.20", 1000}},
           {{"sip:a@example.org", "sip:192.0.2.10", 1000}, {"sip:b@example.org", "sip:192.0.2.10", 1000}});
  c.one.receive(invite().text());
  c.run();
  REQUIRE(c.to_caller.size() == 1);
  CHECK(c.to_caller[0].start_line() == "SIP/2.0 482 Loop Detected");
  CHECK(c.delivered < 200);
}

TEST_CASE("two proxies that change the Request-URI each time end it with 483", "[proxy]") {
  circle c({}, {});
  c.one.targets.reset();
  c.two.targets.reset();
  c.one.receive(invite().text());
  int n = 0;
  for (int round = 0; round < 200 && c.to_caller.empty(); ++round) {
    for (auto* h : {&c.one, &c.two}) {
      while (h->waiting() != proxy::request_id::none) {
        const std::string uri = "sip:n" + std::to_string(++n) + "@example.org";
        REQUIRE(h->forward({{uri, h == &c.one ? "sip:192.0.2.20" : "sip:192.0.2.10", 1000}}));
      }
    }
    c.run();
  }
  REQUIRE(c.to_caller.size() == 1);
  CHECK(c.to_caller[0].start_line() == "SIP/2.0 483 Too Many Hops");
  CHECK(n == 70);
}
