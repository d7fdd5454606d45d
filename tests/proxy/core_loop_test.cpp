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

namespace {

/// A proxy whose target set leads back to itself, each target with a parameter of its own; what it sends to
/// itself is fed back. Returns the statuses that the caller got and how many requests went round.
struct mirror {
  proxy_harness h;
  std::size_t forwarded = 0;
  strings upstream;

  explicit mirror(bool by_address, int targets, std::string_view lines = {}) {
    uris.reserve(static_cast<std::size_t>(targets));
    std::vector<proxy::target> all;
    for (int n = 1; n <= targets; ++n) {
      uris.push_back("sip:alice@example.com;maddr=192.0.2.10;p=" + std::to_string(n));
      all.push_back({uris.back(), {}, 1000, {}, {}, by_address});
    }
    h.targets = std::move(all);
    request_text first = invite();
    first.uri = "sip:alice@example.com";
    first.lines = lines;
    h.receive(first.text());
    std::deque<proxy_message> waiting;
    for (auto& m : h.take()) waiting.push_back(std::move(m));
    while (!waiting.empty() && forwarded < 10'000) {
      const proxy_message m = std::move(waiting.front());
      waiting.pop_front();
      if (m.to.remote.to_string() != "192.0.2.10:5060") {
        upstream.emplace_back(m.start_line());
        continue;
      }
      forwarded += m.start_line().starts_with("INVITE") ? 1 : 0;
      h.receive(m.text, peer_at("192.0.2.10:5060"));
      for (auto& next : h.take()) waiting.push_back(std::move(next));
    }
  }

  std::vector<std::string> uris;
};

proxy::core_options forking() {
  auto options = proxy_harness::default_options();
  options.record_route = false;
  return options;
}

}  // namespace

TEST_CASE("an address whose contacts lead back to it is a loop, whatever their parameters", "[proxy]") {
  const mirror m(true, 10);
  CHECK(m.forwarded == 10);
  CHECK(m.upstream == strings{"SIP/2.0 482 Loop Detected"});
}

TEST_CASE("RFC 5393 5: targets that no mark tells apart are bounded by Max-Breadth", "[proxy]") {
  SECTION("ten targets: each may spread to six more, which is too few") {
    const mirror m(false, 10);
    CHECK(m.forwarded == 10);
    CHECK(m.upstream == strings{"SIP/2.0 440 Max-Breadth Exceeded"});
  }
  SECTION("two targets, as long as there is one for each") {
    const mirror m(false, 2);
    CHECK(m.forwarded <= 120);
    CHECK(m.upstream.size() == 1);
  }
  SECTION("a caller can ask for less and not for more") {
    CHECK(mirror(false, 10, "Max-Breadth: 9\r\n").forwarded == 0);
    CHECK(mirror(false, 10, "Max-Breadth: 4294967295\r\n").forwarded == 10);
  }
}

TEST_CASE("RFC 5393 5.3.3: Max-Breadth is divided among the branches of a group", "[proxy]") {
  proxy_harness h(forking());
  h.targets = {{{"sip:a@192.0.2.2", {}, 1000},
                {"sip:b@192.0.2.3", {}, 1000},
                {"sip:c@192.0.2.4", {}, 1000},
                {"sip:d@192.0.2.5", {}, 500}}};
  const auto breadths = [&h](std::string_view lines, int n) {
    request_text request = invite();
    request.lines = lines;
    request.via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb" + std::to_string(n);
    h.receive(request.text());
    strings out;
    for (const auto& m : h.sent) {
      for (const auto& value : m.values("Max-Breadth")) out.push_back(value);
    }
    return out;
  };
  SECTION("where there is none it is 60") {
    CHECK(breadths("", 1) == strings{"20", "20", "20"});
    // What a branch had is there again once it has ended.
    for (const auto& m : h.take()) h.reply(m, 486);
    const auto next = h.take();
    REQUIRE(count(next, "INVITE sip:d") == 1);
    for (const auto& m : next) {
      if (m.start_line().starts_with("INVITE")) CHECK(m.values("Max-Breadth") == strings{"60"});
    }
  }
  SECTION("the rest goes to the first") {
    CHECK(breadths("Max-Breadth: 5\r\n", 2) == strings{"2", "2", "1"});
  }
  SECTION("with too little for a group the next is tried") {
    CHECK(breadths("Max-Breadth: 2\r\n", 3) == strings{"2"});
    CHECK(h.take_one().start_line() == "INVITE sip:d@192.0.2.5 SIP/2.0");
  }
  SECTION("one branch has all of it, and none is none") {
    h.targets = {{{"sip:a@192.0.2.2", {}, 1000}}};
    CHECK(breadths("Max-Breadth: 7\r\n", 4) == strings{"7"});
    CHECK(breadths("Max-Breadth: 61\r\n", 5) == strings{"7", "60"});
    h.take();
    CHECK(breadths("Max-Breadth: 0\r\n", 6).empty());
    CHECK(h.take_one().start_line() == "SIP/2.0 440 Max-Breadth Exceeded");
  }
}
