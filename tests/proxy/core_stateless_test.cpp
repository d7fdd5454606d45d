#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley;
using namespace parley::test;

namespace {

proxy::core_options stateless() {
  auto options = proxy_harness::default_options();
  options.stateless = true;
  return options;
}

struct fixture {
  proxy_harness h{stateless()};

  fixture() { h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}}; }
  ~fixture() {
    CHECK(h.core.requests_under_way() == 0);
    CHECK(h.core.transactions().server_count() == 0);
    CHECK(h.core.transactions().client_count() == 0);
    CHECK(h.core.poll_timeout() == base::never);
  }

  proxy_message send(const request_text& what, const sip::hop& from) {
    h.receive(what.text(), from);
    return h.take_one();
  }
  proxy_message send(const request_text& what) { return send(what, h.alice); }
};

request_text invite() {
  request_text out;
  out.method = "INVITE";
  out.uri = "sip:bob@example.com";
  return out;
}

std::string branch_of(const proxy_message& m) {
  const std::string via = m.value("Via");
  return via.substr(via.find("branch=") + 7);
}

}  // namespace

TEST_CASE("without state, a retransmission, the CANCEL and the ACK get the branch of their INVITE",
          "[proxy]") {
  fixture f;
  const auto first = f.send(invite());
  REQUIRE(first.summary() == "192.0.2.2:5060 INVITE sip:bob@192.0.2.2 SIP/2.0");
  CHECK(first.ticket == 0);
  CHECK(f.send(invite()).text == first.text);
  const auto cancel = f.send(invite().with_method("CANCEL"));
  CHECK(cancel.summary() == "192.0.2.2:5060 CANCEL sip:bob@192.0.2.2 SIP/2.0");
  CHECK(branch_of(cancel) == branch_of(first));
  const auto ack = f.send(invite().with_method("ACK").with_to_tag("bob"));
  CHECK(branch_of(ack) == branch_of(first));
  CHECK(branch_of(f.send(invite().with_via("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-2"))) !=
        branch_of(first));
  CHECK(branch_of(f.send(invite().with_via("SIP/2.0/UDP 192.0.2.3:5060;branch=z9hG4bK-1"))) !=
        branch_of(first));
}

TEST_CASE("without state and without a branch, the rest of the request is what tells it", "[proxy]") {
  fixture f;
  const auto old = invite().with_via("SIP/2.0/UDP 192.0.2.1");
  const auto first = f.send(old);
  CHECK(f.send(old).text == first.text);
  CHECK(branch_of(f.send(old.with_method("CANCEL"))) == branch_of(first));
  auto other = old;
  other.call_id = "2";
  CHECK(branch_of(f.send(other)) != branch_of(first));
  f.h.reply(first, 200);
  CHECK(f.h.take_one().summary() == "192.0.2.1:5060 SIP/2.0 200 Whatever");
}

TEST_CASE("without state, every response goes where the next Via says", "[proxy]") {
  fixture f;
  auto asked = invite();
  asked.via += ";rport";
  const auto forwarded = f.send(asked, peer_at("192.0.2.1:40000"));
  for (const int status : {100, 180, 200, 200, 486}) {
    f.h.reply(forwarded, status);
    const auto back = f.h.take_one();
    CHECK(back.summary() == "192.0.2.1:40000 SIP/2.0 " + std::to_string(status) + " Whatever");
    CHECK(back.values("Via").size() == 1);
  }
  CHECK(f.h.core.counters().responses_forwarded == 5);
}

TEST_CASE("without state, nobody can aim a response at somebody else", "[proxy]") {
  fixture f;
  const auto forwarded = f.send(invite());
  const std::string good = response_text(forwarded.text, 200);
  const auto dropped = [&](std::string_view old, std::string_view bad) {
    std::string text = good;
    const auto at = text.find(old);
    REQUIRE(at != std::string::npos);
    text.replace(at, old.size(), bad);
    f.h.receive(text, f.h.bob);
    return f.h.take().empty();
  };
  const std::string branch = branch_of(forwarded);
  CHECK(dropped("Via: SIP/2.0/UDP 192.0.2.1:5060", "Via: SIP/2.0/UDP 198.51.100.1:5060"));
  CHECK(dropped("branch=z9hG4bK-1", "branch=z9hG4bK-1;received=198.51.100.1"));
  CHECK(dropped("branch=z9hG4bK-1", "branch=z9hG4bK-3"));
  CHECK(dropped(branch, "z9hG4bK-0-0123456789abcdef-01234567"));
  CHECK(dropped(branch, "z9hG4bKmade-up"));
  CHECK(dropped("192.0.2.10:5060", "192.0.2.11:5060"));
  CHECK(dropped("Via: SIP/2.0/UDP 192.0.2.1:5060",
                "Via: SIP/2.0/TLS 192.0.2.1:5060"));  // we have no such listener
  CHECK(f.h.core.counters().dropped_stray == 7);
  f.h.receive("SIP/2.0 200 OK\r\nTo: <sip:x>\r\n\r\n", f.h.bob);
  f.h.receive("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=" + branch + "\r\n\r\n", f.h.bob);
  CHECK(f.h.take().empty());
  CHECK(f.h.core.counters().dropped_stray == 9);
}

TEST_CASE("without state, the user answers and refusals go back", "[proxy]") {
  fixture f;
  f.h.targets.reset();
  f.h.receive(invite().text());
  REQUIRE(f.h.respond(180));
  CHECK(f.h.take().empty());  // RFC 3261 8.2.7
  REQUIRE(f.h.respond(404));
  const auto out = f.h.take_one();
  CHECK(out.summary() == "192.0.2.1:5060 SIP/2.0 404 Not Found");
  f.h.receive(invite()
                  .with_method("ACK")
                  .with_to_tag(out.value("To").substr(out.value("To").find(";tag=") + 5))
                  .text());
  CHECK(f.h.take().empty());
  CHECK(f.h.events.empty());

  f.h.targets = std::vector<proxy::target>{};
  CHECK(f.send(invite()).start_line() == "SIP/2.0 404 Not Found");
  f.h.targets = {{{"tel:+1", {}, 1000}}};
  CHECK(f.send(invite()).start_line() == "SIP/2.0 416 Unsupported URI Scheme");
  f.h.targets = {{{"sips:x@192.0.2.2", {}, 1000}}};
  CHECK(f.send(invite()).start_line() == "SIP/2.0 500 Server Internal Error");
  std::string bad = invite().text();
  bad.replace(bad.find("Max-Forwards: 70"), 16, "Max-Forwards: 0");
  f.h.receive(bad);
  CHECK(f.h.take_one().start_line() == "SIP/2.0 483 Too Many Hops");
}

TEST_CASE("without state, routes are followed and recorded", "[proxy]") {
  fixture f;
  auto bye = invite().with_method("BYE").with_to_tag("t");
  bye.uri = "sip:bob@192.0.2.7";
  bye.lines = "Route: <sip:192.0.2.10;lr>\r\n";
  f.h.targets.reset();
  const auto out = f.send(bye);
  CHECK(out.summary() == "192.0.2.7:5060 BYE sip:bob@192.0.2.7 SIP/2.0");
  CHECK(f.h.events.empty());
  f.h.targets = {{{"sip:bob@192.0.2.2;transport=tcp", {}, 1000}}};
  CHECK(f.send(invite()).values("Record-Route").size() == 2);
}

TEST_CASE("without state, one target is used, and a name can be looked up", "[proxy]") {
  fixture f;
  f.h.targets = {{{"sip:bob@192.0.2.2", {}, 500}, {"sip:bob@192.0.2.3", {}, 1000}}};
  CHECK(f.send(invite()).to.remote.to_string() == "192.0.2.2:5060");
  f.h.targets = {{{"sip:bob@name.example", {}, 1000}}};
  f.h.receive(invite().text());
  REQUIRE(f.h.events.size() == 1);
  SECTION("a retransmission asks for the same choice (RFC 3263 4.4)") {
    f.h.receive(invite().text());
    f.h.receive(invite().with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKother").text());
    REQUIRE(f.h.events.size() == 3);
    CHECK(f.h.events[0].choice != 0);
    CHECK(f.h.events[1].choice == f.h.events[0].choice);
    CHECK(f.h.events[2].choice != f.h.events[0].choice);
    for (std::size_t i = 0; i < 3; ++i) f.h.resolve(f.h.events[i].lookup, {"192.0.2.5"});
    CHECK(f.h.take().size() == 3);
  }
  SECTION("found") {
    f.h.resolve(f.h.events[0].lookup, {"192.0.2.5"});
    CHECK(f.h.take_one().to.remote.to_string() == "192.0.2.5:5060");
  }
  SECTION("not found") {
    f.h.resolve(f.h.events[0].lookup, {});
    CHECK(f.h.take_one().start_line() == "SIP/2.0 500 Server Internal Error");
  }
  SECTION("never") {
    f.h.run_for(33'000);
    CHECK(f.h.take_one().start_line() == "SIP/2.0 500 Server Internal Error");
  }
}

TEST_CASE("shards that share a secret make the same stateless branches and see each other's loops",
          "[proxy]") {
  auto options = stateless();
  options.shared_secret = {1, 2};
  proxy_harness one(options);
  proxy_harness other(options);
  one.targets = other.targets = {{{"sip:bob@example.com", "sip:192.0.2.2", 1000}}};
  one.receive(invite().text());
  other.receive(invite().text());
  const auto first = one.take_one();
  CHECK(first.text == other.take_one().text);
  other.reply(first, 200);
  CHECK(other.take_one().summary() == "192.0.2.1:5060 SIP/2.0 200 Whatever");
  other.receive(first.text, peer_at("192.0.2.2:5060"));
  CHECK(other.take_one().start_line() == "SIP/2.0 482 Loop Detected");
}
