#include <parley/transaction/layer.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/transaction_harness.hpp"

#include <string>
#include <vector>

// Requests whose connection ends before their response.

namespace {

using namespace parley;
using namespace parley::transaction;
using parley::test::response_text;
using parley::test::transaction_harness;
using happened = event::kind;
using kinds = std::vector<event::kind>;

/// A layer whose requests go over TCP, and by flows that the test names.
struct over_flows : transaction_harness {
  explicit over_flows(const layer_options& options = {}) : transaction_harness(options) {
    peer.transport = sip::transport::tcp;
  }
  client_id send(std::string_view method, std::uint64_t flow) {
    const auto id = request(method);
    REQUIRE(id);
    ticket = sent.back().ticket;
    layer.handle_sent(ticket, flow);
    return *id;
  }
  void close(std::uint64_t flow) {
    layer.handle_flow_closed(now(), flow);
    collect();
  }
  std::uint64_t ticket = 0;
};

}  // namespace

TEST_CASE("a request fails at once when the flow that it went by has ended", "[transaction]") {
  over_flows h;
  const std::string method = GENERATE("INVITE", "OPTIONS");
  const client_id id = h.send(method, 5);
  h.run_for(10);
  SECTION("that flow") {
    h.close(5);
    CHECK(h.event_kinds() == kinds{happened::client_transport_failed, happened::client_ended});
    CHECK(h.events[0].at == 10);
    CHECK(h.events[0].what.client == id);
    CHECK(h.layer.client_count() == 0);
  }
  SECTION("not with another flow") {
    h.close(4);
    CHECK(h.events.empty());
    CHECK(h.layer.client_count() == 1);
  }
  SECTION("the last one that it went by") {
    h.layer.handle_sent(h.ticket, 6);
    h.close(5);
    CHECK(h.events.empty());
    h.close(6);
    CHECK(h.event_kinds() == kinds{happened::client_transport_failed, happened::client_ended});
  }
}

TEST_CASE("all requests of a flow fail with it, and those of others go on", "[transaction]") {
  over_flows h;
  for (int i = 0; i < 1000; ++i) h.send("OPTIONS", 5);
  for (int i = 0; i < 1000; ++i) h.send("OPTIONS", i % 2 == 0 ? 5 + 256 : 6);
  REQUIRE(h.layer.client_count() == 2000);
  h.close(5);
  CHECK(h.layer.client_count() == 1000);
  h.close(5 + 256);
  CHECK(h.layer.client_count() == 500);
  h.close(6);
  CHECK(h.layer.client_count() == 0);
}

TEST_CASE("what fails with its flow waits where the queues are full", "[transaction]") {
  layer_options options;
  options.max_queue = 8;
  over_flows h(options);
  for (int i = 0; i < 20; ++i) h.send("OPTIONS", 5);
  h.close(5);
  CHECK(h.layer.client_count() > 0);
  h.run_for(0);
  h.run_for(0);
  CHECK(h.layer.client_count() == 0);
  std::size_t failed = 0;
  for (const auto& e : h.events) failed += e.what.what == happened::client_transport_failed ? 1 : 0;
  CHECK(failed == 20);
}

// RFC 3261 18.2.2: the peer has the request, and opens a connection for its response.
TEST_CASE("an INVITE with a provisional response survives its flow", "[transaction]") {
  over_flows h;
  const client_id id = h.send("INVITE", 5);
  h.receive(response_text(h.last_request, 180));
  h.close(5);
  CHECK(h.events.empty());
  const auto got = h.receive(response_text(h.last_request, 200));
  CHECK(got.what == received::kind::response);
  CHECK(got.client == id);
}

TEST_CASE("a request that has its final response knows nothing of its flow any more", "[transaction]") {
  over_flows h;
  h.send("INVITE", 5);
  h.receive(response_text(h.last_request, GENERATE(200, 486)));
  h.close(5);
  for (const auto& e : h.events) CHECK(e.what.what != happened::client_transport_failed);
}

TEST_CASE("a ticket that means no client transaction has no flow", "[transaction]") {
  over_flows h;
  for (const std::uint64_t ticket : {0U, 1U, 2U, 99U}) h.layer.handle_sent(ticket, 5);
  h.close(5);
  h.close(0);
  CHECK(h.events.empty());
}
