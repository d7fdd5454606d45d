#include <parley/sip/writer.hpp>
#include <parley/transaction/layer.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/transaction_harness.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <vector>

// The layer's bounds: transactions, pending INVITEs, queues, memory.

namespace {

using namespace parley;
using namespace parley::transaction;
using parley::test::request_text;
using parley::test::response_text;
using parley::test::transaction_harness;
using kind = received::kind;
using happened = event::kind;
using kinds = std::vector<event::kind>;

request_text numbered(const char* method, int n) {
  return request_text{}.with_method(method).with_via("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-n" +
                                                     std::to_string(n));
}

/// Fills the queue of outgoing messages of a harness that does not collect.
void fill_transmits(transaction_harness& h) {
  h.collecting = false;
  while (h.layer.send(h.peer, h.buffer("filler"))) {
  }
}

/// Collects again, and forgets what filled the queue.
void drain(transaction_harness& h) {
  h.collecting = true;
  h.collect();
  std::erase_if(h.sent, [](const auto& m) { return m.text == "filler"; });
  h.run_for(0);
}

layer_options with_queue(std::size_t size) {
  layer_options out;
  out.max_queue = size;
  return out;
}

}  // namespace

TEST_CASE("server transactions are limited") {
  layer_options limited;
  limited.max_server_transactions = 3;
  transaction_harness h(limited);
  for (int i = 0; i < 2; ++i) REQUIRE(h.accept(h.receive(numbered("OPTIONS", i).text())).has_value());
  CHECK(h.layer.counters().refused == 0);
  const auto third = h.accept(h.receive(numbered("OPTIONS", 3).text()));
  REQUIRE(third.has_value());
  const auto fourth = h.receive(numbered("OPTIONS", 4).text());
  CHECK(fourth.what == kind::request);
  CHECK(h.accept(fourth).error() == errc::too_many_transactions);
  CHECK(h.layer.counters().refused == 1);
  CHECK(h.layer.server_count() == 3);
  // A completed one counts until it has ended.
  REQUIRE(h.answer(*third, 200).has_value());
  CHECK(h.accept(h.receive(numbered("OPTIONS", 4).text())).error() == errc::too_many_transactions);
  h.run_until(40'000);
  CHECK(h.layer.server_count() == 0);
  CHECK(h.accept(h.receive(numbered("OPTIONS", 4).text())).has_value());
}

TEST_CASE("pending INVITEs are limited by themselves") {
  layer_options limited;
  limited.max_pending_invites = 3;
  transaction_harness h(limited);
  std::vector<server_id> ids;
  for (int i = 0; i < 3; ++i) {
    const auto id = h.accept(h.receive(numbered("INVITE", i).text()));
    REQUIRE(id.has_value());
    ids.push_back(*id);
    CHECK(h.layer.pending_invites() == static_cast<std::size_t>(i) + 1);
  }
  CHECK(h.accept(h.receive(numbered("INVITE", 3).text())).error() == errc::too_many_transactions);
  CHECK(h.accept(h.receive(numbered("OPTIONS", 4).text())).has_value());
  REQUIRE(h.answer(ids[0], 180).has_value());
  CHECK(h.layer.pending_invites() == 3);
  REQUIRE(h.answer(ids[1], 200).has_value());
  CHECK(h.layer.pending_invites() == 2);
  CHECK(h.accept(h.receive(numbered("INVITE", 3).text())).has_value());
  CHECK(h.accept(h.receive(numbered("INVITE", 5).text())).error() == errc::too_many_transactions);
}

TEST_CASE("client transactions are limited, the layer's own CANCELs are not") {
  layer_options limited;
  limited.max_client_transactions = 2;
  transaction_harness h(limited);
  REQUIRE(h.request("OPTIONS").has_value());
  const auto id = h.request("INVITE");
  REQUIRE(id.has_value());
  const std::string invite = h.last_request;
  CHECK(h.request("OPTIONS").error() == errc::too_many_transactions);
  CHECK(h.layer.counters().refused == 1);
  h.receive(response_text(invite, 180));
  h.clear();
  REQUIRE(h.cancel(*id).has_value());
  REQUIRE(h.sent.size() == 1);
  CHECK(h.sent[0].start_line().substr(0, 6) == "CANCEL");
  CHECK(h.layer.client_count() == 3);
  CHECK(h.request("OPTIONS").error() == errc::too_many_transactions);
  h.run_until(100'000);
  CHECK(h.layer.client_count() == 0);
  CHECK(h.request("OPTIONS").has_value());
}

TEST_CASE("the table of transactions grows with them") {
  transaction_harness h;
  for (int i = 0; i < 3000; ++i)
    REQUIRE(
        h.accept(h.receive(numbered("OPTIONS", i).text()), 1 + static_cast<std::uint64_t>(i)).has_value());
  bool found = true;
  for (int i = 0; i < 3000; ++i) {
    found = found && h.receive(numbered("OPTIONS", i).text()).user == 1 + static_cast<std::uint64_t>(i);
  }
  CHECK(found);
  h.run_until(40'000);
  CHECK(h.layer.server_count() == 0);
}

TEST_CASE("a full queue refuses what the user wants to send") {
  transaction_harness h(with_queue(16));
  const auto id = h.serve(numbered("OPTIONS", 1));
  fill_transmits(h);
  CHECK(h.layer.send(h.peer, h.buffer("more")).error() == errc::queue_full);
  CHECK(h.request("OPTIONS").error() == errc::queue_full);
  CHECK(h.answer(id, 200).error() == errc::queue_full);
  CHECK(h.respond(id, 200, "x").error() == errc::queue_full);
  CHECK(h.layer.client_count() == 0);
  drain(h);
  CHECK(h.sent.empty());
  CHECK(h.answer(id, 200).has_value());
  CHECK(h.request("OPTIONS").has_value());
  CHECK(h.sent.size() == 2);
}

TEST_CASE("a queue has room for one transaction at least") {
  transaction_harness h(with_queue(0));
  CHECK(h.answer(h.serve(numbered("OPTIONS", 1)), 200).has_value());
  CHECK(h.sent.size() == 1);
}

TEST_CASE("timers wait for a full queue and lose nothing") {
  transaction_harness h(with_queue(16));
  for (int i = 0; i < 20; ++i) h.serve(numbered("OPTIONS", i), 1 + static_cast<std::uint64_t>(i));
  h.collecting = false;
  h.run_until(40'000);
  CHECK(h.layer.poll_timeout() <= h.now());
  h.collecting = true;
  for (int i = 0; i < 100 && h.layer.poll_timeout() <= h.now(); ++i) {
    h.collect();
    h.layer.handle_timeout(h.now());
  }
  h.collect();
  std::vector<int> expired(21);
  std::vector<int> ended(21);
  for (const auto& e : h.events) ++(e.what.what == happened::server_ended ? ended : expired)[e.what.user];
  for (std::size_t i = 1; i <= 20; ++i) {
    CHECK(expired[i] == 1);
    CHECK(ended[i] == 1);
  }
  CHECK(h.layer.server_count() == 0);
}

TEST_CASE("what comes in while the queue is full has its effect later") {
  transaction_harness h(with_queue(16));
  // A copy of a request that was answered, a refused INVITE, one that rings and is cancelled, and one whose
  // ACK comes.
  const auto answered = h.serve(numbered("OPTIONS", 1));
  REQUIRE(h.answer(answered, 200).has_value());
  h.request("INVITE", 21).value();
  const std::string refused = h.last_request;
  const auto ringing_id = h.request("INVITE", 22).value();
  const std::string ringing = h.last_request;
  const auto waiting_id = h.request("INVITE", 23).value();
  const std::string waiting = h.last_request;
  REQUIRE(h.cancel(waiting_id).has_value());
  h.receive(response_text(ringing, 180));
  h.clear();

  fill_transmits(h);
  CHECK(h.receive(numbered("OPTIONS", 1).text()).what == kind::absorbed);
  CHECK(h.receive(response_text(refused, 486)).what == kind::response);
  CHECK(h.cancel(ringing_id).has_value());
  CHECK(h.receive(response_text(waiting, 180)).what == kind::response);
  CHECK(h.layer.poll_timeout() <= h.now() + std::chrono::milliseconds(1));
  CHECK(h.layer.counters().deferred == 4);
  drain(h);
  std::vector<std::string> what;
  for (const auto& m : h.sent) what.emplace_back(m.start_line().substr(0, 7));
  CHECK(what == std::vector<std::string>{"SIP/2.0", "ACK sip", "CANCEL ", "CANCEL "});
  CHECK(h.send_times() == std::vector<std::int64_t>(4, 0));
}

TEST_CASE("the end of a transaction waits for a full queue") {
  transaction_harness h(with_queue(16));
  h.peer.transport = sip::transport::tcp;
  h.request("OPTIONS", 31).value();
  const std::string request = h.last_request;
  h.request("OPTIONS", 32).value();
  const auto ticket = h.sent.back().ticket;
  const auto invite_id = h.serve(numbered("INVITE", 3), 33);
  REQUIRE(h.answer(invite_id, 404).has_value());
  h.clear();
  fill_transmits(h);
  CHECK(h.receive(response_text(request, 200)).what == kind::response);
  // It is over, and matched still.
  CHECK(h.receive(response_text(request, 200)).what == kind::absorbed);
  h.fail(ticket);
  h.fail(ticket);
  CHECK(h.receive(numbered("INVITE", 3).with_method("ACK").text()).what == kind::absorbed);
  CHECK(h.layer.client_count() == 2);
  drain(h);
  CHECK(h.layer.client_count() == 0);
  CHECK(h.layer.server_count() == 0);
  CHECK(h.event_kinds() == kinds{happened::client_ended, happened::client_transport_failed,
                                 happened::client_ended, happened::server_ended});
  CHECK(h.events[0].what.user == 31);
  CHECK(h.events[1].what.user == 32);
  CHECK(h.events[3].what.user == 33);
}

TEST_CASE("events that nobody polls hold back timers, not each other") {
  transaction_harness h(with_queue(8));
  for (int i = 0; i < 12; ++i) h.request("OPTIONS", 1 + static_cast<std::uint64_t>(i)).value();
  h.collecting = false;
  for (int i = 0; i < 100; ++i) {
    h.run_until(1000 * i);
    sip::outgoing out;
    while (h.layer.poll_transmit(out)) {
    }
  }
  CHECK(h.layer.client_count() > 0);
  h.collecting = true;
  h.collect();
  h.run_for(10);
  CHECK(h.events.size() == 24);
  CHECK(h.layer.client_count() == 0);
}

TEST_CASE("a layer that goes takes its transactions along") {
  transaction_harness h;
  for (int i = 0; i < 100; ++i) {
    h.serve(numbered(i % 2 == 0 ? "OPTIONS" : "INVITE", i));
    h.request(i % 2 == 0 ? "OPTIONS" : "INVITE").value();
  }
  CHECK(h.layer.server_count() + h.layer.client_count() == 200);
}

TEST_CASE("an exchange leaves no buffer behind") {
  transaction_harness h;
  const auto before = h.pool.stats().blocks_in_use;
  h.answer(h.serve(numbered("OPTIONS", 1)), 200).value();
  h.answer(h.serve(numbered("INVITE", 2)), 486).value();
  h.answer(h.serve(numbered("INVITE", 3)), 200).value();
  h.request("INVITE").value();
  h.receive(response_text(h.last_request, 404));
  h.request("OPTIONS").value();
  h.run_until(100'000);
  CHECK(h.layer.server_count() + h.layer.client_count() == 0);
  h.view = {};
  h.data.reset();
  CHECK(h.pool.stats().blocks_in_use == before);
}

TEST_CASE("once warm, exchanges do not allocate") {
  base::buffer_pool pool;
  test::seeded_random random;
  base::time_point now{std::chrono::seconds(1000)};
  layer_options merging;
  merging.detect_merged = true;
  layer both(merging, pool, random, now);
  const sip::hop peer = test::hop_to("192.0.2.1:5060");
  std::size_t done = 0;

  // The client's request goes to the server half of the same layer, its response comes back, and all timers
  // run out.
  const auto exchange = [&](std::string_view method, int status) {
    const auto branch = both.make_branch();
    std::array<std::byte, 512> text{};
    sip::writer out(text);
    out.request_line(method, "sip:bob@192.0.2.1");
    out.header(sip::header_id::via, "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=", branch.text());
    out.header(sip::header_id::from, "<sip:alice@192.0.2.1>;tag=1");
    out.header(sip::header_id::to, "<sip:bob@192.0.2.1>");
    out.header(sip::header_id::call_id, branch.text());
    out.header(sip::header_id::cseq, "1 ", method);
    out.finish();
    auto data = pool.copy(std::span<const std::byte>(text).first(*out.size()));
    if (!data || !both.request(now, peer, std::move(*data), method, branch.text(), 1)) return;
    sip::outgoing sent;
    event e;
    sip::message_view view;
    while (both.client_count() + both.server_count() > 0) {
      while (both.poll_transmit(sent)) {
        if (!view.parse(sent.data.text())) return;
        const auto got = both.handle_message(now, view);
        if (got.what == kind::response) ++done;
        if (got.what != kind::request) continue;
        const auto tag = both.make_tag(got, view);
        const auto id = both.accept(now, peer, view, sent.data, got, 2);
        if (!id || !both.answer(now, *id, status, {{}, tag.text(), {}})) return;
      }
      while (both.poll_event(e)) {
      }
      if (const auto next = both.poll_timeout(); next > now && next != base::never) now = next;
      both.handle_timeout(now);
    }
    while (both.poll_event(e)) {
    }
  };

  for (int i = 0; i < 10; ++i) {
    exchange("OPTIONS", 200);
    exchange("INVITE", 486);
  }
  CHECK(done == 20);
  const test::allocation_counter counter;
  for (int i = 0; i < 100; ++i) {
    exchange("OPTIONS", 200);
    exchange("INVITE", 486);
  }
  CHECK(counter.count() == 0);
  CHECK(done == 220);
}

TEST_CASE("the allocation counter counts") {
  const test::allocation_counter counter;
  // Calls, because a compiler may leave out the new of an expression.
  void* const one = ::operator new(16);
  void* const many = ::operator new[](16, std::align_val_t{64}, std::nothrow);
  CHECK(counter.count() == 2);
  ::operator delete(one);
  ::operator delete[](many, std::align_val_t{64});
}
