#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;
using namespace parley::test;

namespace {

request_text invite() {
  request_text out;
  out.method = "INVITE";
  out.uri = "sip:bob@example.com";
  return out;
}

std::string cancel() { return invite().with_method("CANCEL").text(); }

struct call {
  proxy_harness h;
  proxy_message forwarded;

  call() {
    h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
    h.receive(invite().text());
    forwarded = h.take_one();
    REQUIRE(forwarded.at == 0);
  }
  ~call() {
    h.run_for(400'000);
    CHECK(h.core.transactions().client_count() == 0);
    CHECK(h.core.transactions().server_count() == 0);
    CHECK(h.core.requests_under_way() == 0);
  }
};

const strings ok_to_cancel{"192.0.2.1:5060 SIP/2.0 200 OK"};

}  // namespace

TEST_CASE("a CANCEL behind a provisional response goes on at once", "[proxy]") {
  call c;
  c.h.reply(c.forwarded, 180);
  c.h.take();
  c.h.receive(cancel());
  const auto out = c.h.take();
  REQUIRE(summaries(out) ==
          strings{"192.0.2.1:5060 SIP/2.0 200 OK", "192.0.2.2:5060 CANCEL sip:bob@192.0.2.2 SIP/2.0"});
  CHECK(out[0].value("CSeq") == "1 CANCEL");
  CHECK(out[1].value("Via") == c.forwarded.value("Via"));
  CHECK(out[1].values("Via").size() == 1);
  c.h.receive(cancel());  // again, as over a lossy network
  CHECK(summaries(c.h.take()) == ok_to_cancel);
  c.h.reply(c.forwarded, 487);
  const auto end = c.h.take();
  CHECK(summaries(end) ==
        strings{"192.0.2.2:5060 ACK sip:bob@192.0.2.2 SIP/2.0", "192.0.2.1:5060 SIP/2.0 487 Whatever"});
  c.h.receive(cancel());
  CHECK(summaries(c.h.take()) == ok_to_cancel);
}

TEST_CASE("a CANCEL before any response waits for one", "[proxy]") {
  call c;
  c.h.receive(cancel());
  CHECK(summaries(c.h.take()) == ok_to_cancel);
  SECTION("100") {
    c.h.reply(c.forwarded, 100, "");
    CHECK(summaries(c.h.take()) == strings{"192.0.2.2:5060 CANCEL sip:bob@192.0.2.2 SIP/2.0"});
    c.h.reply(c.forwarded, 487);
    CHECK(c.h.take().back().summary() == "192.0.2.1:5060 SIP/2.0 487 Whatever");
  }
  SECTION("a final one") {
    c.h.reply(c.forwarded, 486);
    CHECK(c.h.take().back().summary() == "192.0.2.1:5060 SIP/2.0 486 Whatever");
  }
  SECTION("none at all") {
    c.h.run_until(32'100);
    const auto out = c.h.take();
    CHECK(out.back().summary() == "192.0.2.1:5060 SIP/2.0 487 Request Terminated");
    CHECK(out.back().at == 32'000);
  }
}

TEST_CASE("a CANCEL that crosses the 200 changes nothing", "[proxy]") {
  call c;
  c.h.reply(c.forwarded, 180);
  c.h.reply(c.forwarded, 200);
  c.h.take();
  c.h.receive(cancel());
  CHECK(summaries(c.h.take()) == ok_to_cancel);
}

TEST_CASE("a 200 that crosses the CANCEL goes upstream", "[proxy]") {
  call c;
  c.h.reply(c.forwarded, 180);
  c.h.take();
  c.h.receive(cancel());
  c.h.take();
  c.h.reply(c.forwarded, 200);
  CHECK(summaries(c.h.take()) == strings{"192.0.2.1:5060 SIP/2.0 200 Whatever"});
  CHECK(c.h.core.calls() == 1);
}

TEST_CASE("a callee that never ends its INVITE after the CANCEL is not waited for", "[proxy]") {
  call c;
  c.h.reply(c.forwarded, 180);
  c.h.take();
  c.h.receive(cancel());
  c.h.run_until(32'100);
  const auto out = c.h.take();
  CHECK(out.back().summary() == "192.0.2.1:5060 SIP/2.0 487 Request Terminated");
  SECTION("and its late 2xx is a stray") {
    c.h.reply(c.forwarded, 200);
    CHECK(c.h.take().empty());
    CHECK(c.h.core.counters().dropped_stray == 1);
  }
}

TEST_CASE("a CANCEL for an undecided INVITE ends it with 487", "[proxy]") {
  proxy_harness h;
  h.receive(invite().text());
  const auto id = h.waiting();
  h.receive(cancel());
  const auto out = h.take();
  REQUIRE(summaries(out) ==
          strings{"192.0.2.1:5060 SIP/2.0 200 OK", "192.0.2.1:5060 SIP/2.0 487 Request Terminated"});
  // RFC 3261 9.2: one tag for both.
  CHECK(out[1].value("To").find(";tag=") != std::string::npos);
  CHECK(out[0].value("To") == out[1].value("To"));
  CHECK(h.core.forward(h.now(), id, std::vector<proxy::target>(1)).error() == proxy::errc::unknown_request);
  CHECK(h.core.view(id).request_uri().empty());
  CHECK(h.core.requests_under_way() == 0);
}

TEST_CASE("a CANCEL for an INVITE that waits for an address ends it with 487", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@name.example", {}, 1000}}};
  h.receive(invite().text());
  REQUIRE(h.events.size() == 1);
  h.receive(cancel());
  CHECK(summaries(h.take()) ==
        strings{"192.0.2.1:5060 SIP/2.0 200 OK", "192.0.2.1:5060 SIP/2.0 487 Request Terminated"});
  h.resolve(h.events[0].lookup, {"192.0.2.2"});
  CHECK(h.take().empty());
}

TEST_CASE("a CANCEL for nothing is 481", "[proxy]") {
  proxy_harness h;
  h.receive(cancel());
  const auto out = h.take_one();
  CHECK(out.summary() == "192.0.2.1:5060 SIP/2.0 481 Call/Transaction Does Not Exist");
  CHECK(h.core.transactions().server_count() == 0);
  SECTION("and has the same tag when it comes again") {
    h.receive(cancel());
    CHECK(h.take_one().text == out.text);
  }
  SECTION("also where only another request has that branch") {
    h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
    h.receive(invite().with_method("MESSAGE").text());
    h.take();
    h.receive(cancel());
    CHECK(h.take_one().start_line() == "SIP/2.0 481 Call/Transaction Does Not Exist");
  }
}

TEST_CASE("a CANCEL between two groups ends the search", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:a@192.0.2.2", {}, 900}, {"sip:b@192.0.2.3", {}, 900}, {"sip:c@192.0.2.4", {}, 500}}};
  h.receive(invite().text());
  const auto forks = h.take();
  REQUIRE(forks.size() == 2);
  h.reply(forks[0], 180, "a");
  h.reply(forks[1], 486, "b");
  h.take();
  h.receive(cancel());
  CHECK(summaries(h.take()) ==
        strings{"192.0.2.1:5060 SIP/2.0 200 OK", "192.0.2.2:5060 CANCEL sip:a@192.0.2.2 SIP/2.0"});
  h.reply(forks[0], 487, "a");
  const auto out = h.take();
  CHECK(out.back().start_line() == "SIP/2.0 487 Whatever");
  for (const auto& m : out) CHECK(m.to.remote.to_string() != "192.0.2.4:5060");
}

TEST_CASE("a CANCEL for which there is no buffer is tried again", "[proxy]") {
  call c;
  c.h.reply(c.forwarded, 180);
  c.h.take();
  const auto text = cancel();
  base::packet_buffer data = c.h.pool.copy(text).value();
  // Whatever the pool has left is taken, so that nothing can be made.
  std::vector<base::packet_buffer> hoard;
  for (std::size_t size = 65536; size >= 256; size /= 2) {
    while (auto more = c.h.pool.allocate(size)) hoard.push_back(std::move(*more));
  }
  c.h.core.handle_message(c.h.now(), c.h.alice, std::move(data));
  c.h.collect();
  CHECK(c.h.take().empty());
  hoard.clear();
  c.h.run_for(200);
  CHECK(summaries(c.h.take()) == strings{"192.0.2.2:5060 CANCEL sip:bob@192.0.2.2 SIP/2.0"});
  c.h.reply(c.forwarded, 487);
  CHECK(c.h.take().back().start_line() == "SIP/2.0 487 Whatever");
}
