#include <parley/transaction/layer.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/transaction_harness.hpp"

#include <cstdint>
#include <string>
#include <vector>

// The layer's client side: requests, their responses, ACK and CANCEL.

namespace {

using namespace parley;
using namespace parley::transaction;
using parley::test::hop_to;
using parley::test::response_text;
using parley::test::transaction_harness;
using kind = received::kind;
using happened = event::kind;
using kinds = std::vector<event::kind>;
using times = std::vector<std::int64_t>;

std::vector<std::string> methods_of(const transaction_harness& h) {
  std::vector<std::string> out;
  for (const auto& m : h.sent) out.emplace_back(m.start_line().substr(0, m.start_line().find(' ')));
  return out;
}

using methods = std::vector<std::string>;

}  // namespace

TEST_CASE("a request is repeated until its response comes, whose copies are absorbed") {
  transaction_harness h;
  const auto id = h.request("OPTIONS", 9);
  REQUIRE(id.has_value());
  CHECK(h.layer.client_count() == 1);
  h.run_until(600);
  CHECK(h.send_times() == times{0, 500});
  CHECK(h.sent[0].text == h.last_request);
  CHECK(h.sent[1].text == h.last_request);
  CHECK(h.sent[0].to == h.peer);
  CHECK(h.layer.counters().retransmitted == 1);

  const auto trying = h.receive(response_text(h.last_request, 100));
  CHECK(trying.what == kind::response);
  const auto got = h.receive(response_text(h.last_request, 200));
  CHECK(got.what == kind::response);
  CHECK(got.client == *id);
  CHECK(got.user == 9);
  CHECK(h.receive(response_text(h.last_request, 200)).what == kind::absorbed);
  h.run_until(5599);
  CHECK(h.events.empty());
  h.run_until(5600);
  CHECK(h.event_kinds() == kinds{happened::client_ended});
  CHECK(h.events[0].what.client == *id);
  CHECK(h.events[0].what.user == 9);
  CHECK(h.layer.client_count() == 0);
  CHECK(h.receive(response_text(h.last_request, 200)).what == kind::stray_response);
  CHECK(h.layer.counters().stray_responses == 1);
}

TEST_CASE("a request that nobody answers times out") {
  transaction_harness h;
  h.request("OPTIONS").value();
  h.run_until(40'000);
  CHECK(h.sent.size() == 11);
  CHECK(h.event_kinds() == kinds{happened::client_timed_out, happened::client_ended});
  CHECK(h.events[0].at == 32'000);
  CHECK(h.layer.client_count() == 0);
}

TEST_CASE("over a stream a request is sent once and ends with its response") {
  transaction_harness h;
  h.peer = hop_to("192.0.2.1:5060", sip::transport::tcp, 3);
  h.request("OPTIONS").value();
  h.run_until(10'000);
  CHECK(h.sent.size() == 1);
  CHECK(h.receive(response_text(h.last_request, 404)).what == kind::response);
  CHECK(h.event_kinds() == kinds{happened::client_ended});
}

TEST_CASE("a response is matched by branch and method") {
  transaction_harness h;
  h.request("OPTIONS").value();
  const std::string options = h.last_request;
  std::string other = response_text(options, 200);
  other.replace(other.find("OPTIONS"), 7, "INVITE");
  CHECK(h.receive(other).what == kind::stray_response);
  other = response_text(options, 200);
  other.insert(other.find(h.last_branch) + h.last_branch.size(), "x");
  CHECK(h.receive(other).what == kind::stray_response);
  CHECK(h.receive(response_text(options, 200)).what == kind::response);
}

TEST_CASE("what has no transaction, or has one already, is refused") {
  transaction_harness h;
  h.request("OPTIONS").value();
  const auto branch = h.last_branch;
  CHECK(h.layer.request(h.now(), h.peer, h.buffer("x"), "OPTIONS", branch, 1).error() ==
        errc::duplicate_branch);
  CHECK(h.layer.request(h.now(), h.peer, h.buffer("x"), "ACK", "z9hG4bK-ack", 1).error() ==
        errc::bad_message);
  CHECK(h.layer.request(h.now(), h.peer, {}, "OPTIONS", "z9hG4bK-empty", 1).error() == errc::bad_message);
  CHECK(h.layer.request(h.now(), h.peer, h.buffer("x"), "MESSAGE", branch, 1).has_value());
  CHECK(h.layer.client_count() == 2);
}

TEST_CASE("a refused INVITE is acknowledged, and each copy of the refusal again") {
  transaction_harness h;
  const auto id = h.request("INVITE");
  h.run_until(100);
  CHECK(h.receive(response_text(h.last_request, 180)).what == kind::response);
  const auto got = h.receive(response_text(h.last_request, 486, "bob"));
  CHECK(got.what == kind::response);
  CHECK(got.client == *id);
  CHECK(methods_of(h) == methods{"INVITE", "ACK"});
  CHECK(h.sent[1].text.find("To: <sip:bob@192.0.2.2>;tag=bob\r\n") != std::string::npos);
  CHECK(h.sent[1].text.find(h.last_branch) != std::string::npos);
  h.run_until(600);
  CHECK(h.receive(response_text(h.last_request, 486, "bob")).what == kind::absorbed);
  CHECK(methods_of(h) == methods{"INVITE", "ACK", "ACK"});
  CHECK(h.sent[2].text == h.sent[1].text);
  h.run_until(60'000);
  CHECK(h.event_kinds() == kinds{happened::client_ended});
  CHECK(h.events[0].at == 32'100);
}

TEST_CASE("an accepted INVITE gives its user each 2xx until timer M") {
  transaction_harness h;
  h.request("INVITE").value();
  CHECK(h.receive(response_text(h.last_request, 200, "bob")).what == kind::response);
  h.run_until(500);
  CHECK(h.receive(response_text(h.last_request, 200, "bob")).what == kind::response);
  CHECK(h.receive(response_text(h.last_request, 200, "fork")).what == kind::response);
  CHECK(h.receive(response_text(h.last_request, 180, "fork")).what == kind::absorbed);
  CHECK(h.receive(response_text(h.last_request, 486, "fork")).what == kind::absorbed);
  CHECK(h.sent.size() == 1);
  h.run_until(60'000);
  CHECK(h.event_kinds() == kinds{happened::client_ended});
  CHECK(h.events[0].at == 32'000);
}

TEST_CASE("a request that can't be sent ends") {
  transaction_harness h;
  for (const char* const method : {"OPTIONS", "INVITE"}) {
    const auto id = h.request(method);
    const auto ticket = h.sent.back().ticket;
    h.clear();
    h.fail(ticket);
    CHECK(h.event_kinds() == kinds{happened::client_transport_failed, happened::client_ended});
    CHECK(h.events[0].what.client == *id);
    CHECK(h.layer.client_count() == 0);
    h.fail(ticket);
    CHECK(h.events.size() == 2);
  }
}

TEST_CASE("an INVITE that rings outlives a late report about its first copy") {
  transaction_harness h;
  h.request("INVITE").value();
  CHECK(h.receive(response_text(h.last_request, 180)).what == kind::response);
  h.fail(h.sent[0].ticket);
  CHECK(h.events.empty());
  CHECK(h.receive(response_text(h.last_request, 200)).what == kind::response);
}

TEST_CASE("a user's deadline comes once and the transaction goes on") {
  transaction_harness h;
  const auto id = *h.request("INVITE");
  h.receive(response_text(h.last_request, 180));
  const auto at = [&h](std::int64_t ms) { return h.now() + std::chrono::milliseconds(ms); };
  h.layer.set_deadline(id, at(180'000));
  h.run_until(100'000);
  h.layer.set_deadline(id, at(180'000));
  h.run_until(279'999);
  CHECK(h.events.empty());
  h.run_until(400'000);
  CHECK(h.event_kinds() == kinds{happened::client_deadline});
  CHECK(h.events[0].at == 280'000);
  CHECK(h.events[0].what.client == id);
  CHECK(h.layer.client_count() == 1);

  // An earlier one, then none.
  h.layer.set_deadline(id, at(5000));
  h.layer.set_deadline(id, at(1000));
  h.run_for(1000);
  CHECK(h.events.size() == 2);
  h.layer.set_deadline(id, at(1000));
  h.layer.set_deadline(id, base::never);
  h.run_for(10'000);
  CHECK(h.events.size() == 2);

  // With the final response it is over.
  h.layer.set_deadline(id, at(1000));
  h.receive(response_text(h.last_request, 486));
  h.layer.set_deadline(id, at(1000));
  h.run_for(60'000);
  CHECK(h.event_kinds() ==
        kinds{happened::client_deadline, happened::client_deadline, happened::client_ended});
  h.layer.set_deadline(id, at(1));
  h.layer.set_deadline(client_id::none, at(1));
  CHECK(h.layer.poll_timeout() == base::never);
}

TEST_CASE("a user's deadline does not move a transaction's own timers") {
  transaction_harness h;
  const auto id = *h.request("OPTIONS");
  h.layer.set_deadline(id, h.now() + std::chrono::milliseconds(700));
  h.run_until(40'000);
  CHECK(h.send_times() == times{0, 500, 1500, 3500, 7500, 11'500, 15'500, 19'500, 23'500, 27'500, 31'500});
  CHECK(h.event_kinds() ==
        kinds{happened::client_deadline, happened::client_timed_out, happened::client_ended});
  CHECK(h.events[0].at == 700);
  CHECK(h.events[1].at == 32'000);
}

TEST_CASE("an INVITE that rings is cancelled at once") {
  transaction_harness h;
  const auto id = *h.request("INVITE");
  const std::string invite = h.last_request;
  h.run_until(100);
  h.receive(response_text(invite, 180));
  REQUIRE(h.cancel(id).has_value());
  REQUIRE(h.cancel(id).has_value());
  REQUIRE(methods_of(h) == methods{"INVITE", "CANCEL"});
  const std::string cancel = h.sent[1].text;
  CHECK(cancel.find(h.last_branch) != std::string::npos);
  CHECK(cancel.find("CSeq: 1 CANCEL\r\n") != std::string::npos);
  CHECK(h.layer.client_count() == 2);

  // The CANCEL is a transaction: it is repeated, and its end is nobody's business.
  h.run_until(600);
  CHECK(methods_of(h) == methods{"INVITE", "CANCEL", "CANCEL"});
  const auto ok = h.receive(response_text(cancel, 200));
  CHECK(ok.what == kind::absorbed);
  CHECK(h.receive(response_text(invite, 487)).what == kind::response);
  CHECK(h.cancel(id).error() == errc::unknown_transaction);
  CHECK(methods_of(h).back() == "ACK");
  h.run_until(60'000);
  CHECK(h.event_kinds() == kinds{happened::client_ended});
  CHECK(h.events[0].what.client == id);
  CHECK(h.layer.client_count() == 0);
}

TEST_CASE("a CANCEL waits for the first provisional response") {
  transaction_harness h;
  const auto id = *h.request("INVITE");
  const std::string invite = h.last_request;
  REQUIRE(h.cancel(id).has_value());
  REQUIRE(h.cancel(id).has_value());
  CHECK(methods_of(h) == methods{"INVITE"});
  SECTION("which is a 100") {
    h.run_until(400);
    CHECK(h.receive(response_text(invite, 100)).what == kind::response);
    CHECK(methods_of(h) == methods{"INVITE", "CANCEL"});
    h.receive(response_text(invite, 180));
    CHECK(h.sent.size() == 2);
  }
  SECTION("and is not sent where the final response wins") {
    CHECK(h.receive(response_text(invite, 486)).what == kind::response);
    CHECK(methods_of(h) == methods{"INVITE", "ACK"});
  }
  SECTION("not even to a 2xx") {
    CHECK(h.receive(response_text(invite, 200)).what == kind::response);
    h.receive(response_text(invite, 180));
    CHECK(methods_of(h) == methods{"INVITE"});
  }
  SECTION("or never comes") {
    h.run_until(31'999);
    for (const auto& method : methods_of(h)) CHECK(method == "INVITE");
  }
  h.run_for(100'000);
  CHECK(h.layer.client_count() == 0);
}

TEST_CASE("64 T1 after its CANCEL an INVITE is given up") {
  transaction_harness h;
  const auto id = *h.request("INVITE");
  h.receive(response_text(h.last_request, 180));
  h.run_until(10'000);
  REQUIRE(h.cancel(id).has_value());
  h.run_until(20'000);
  // Another provisional response does not prolong it.
  CHECK(h.receive(response_text(h.last_request, 180)).what == kind::response);
  h.run_until(41'999);
  CHECK(h.events.empty());
  h.run_until(42'000);
  CHECK(h.event_kinds() == kinds{happened::client_timed_out, happened::client_ended});
  CHECK(h.events[0].what.client == id);
  CHECK(h.layer.client_count() == 0);
  CHECK(h.receive(response_text(h.last_request, 200)).what == kind::stray_response);
}

TEST_CASE("a CANCEL that can't be sent leaves its INVITE alone") {
  transaction_harness h;
  const auto id = *h.request("INVITE");
  h.receive(response_text(h.last_request, 180));
  REQUIRE(h.cancel(id).has_value());
  h.fail(h.sent.back().ticket);
  CHECK(h.events.empty());
  CHECK(h.layer.client_count() == 1);
  h.run_until(40'000);
  CHECK(h.event_kinds() == kinds{happened::client_timed_out, happened::client_ended});
}

TEST_CASE("only an INVITE is cancelled") {
  transaction_harness h;
  const auto id = *h.request("OPTIONS");
  CHECK(h.cancel(id).error() == errc::unknown_transaction);
  CHECK(h.cancel(client_id::none).error() == errc::unknown_transaction);
  CHECK(h.cancel(client_id{12345}).error() == errc::unknown_transaction);
}

TEST_CASE("an exhausted pool delays a CANCEL and an ACK") {
  // Blocks of 512 bytes that all are taken after the INVITE.
  base::buffer_pool_limits limits;
  limits.max_bytes = std::size_t{64} << 10U;
  limits.slab_bytes = std::size_t{4} << 10U;
  transaction_harness h({}, limits);
  const auto id = *h.request("INVITE");
  const std::string ringing = response_text(h.last_request, 180);
  const std::string refusal = response_text(h.last_request, 486);
  const auto receive = [&h](const std::string& text) {
    // From outside the pool.
    base::buffer_pool other;
    const auto data = other.copy(text).value();
    sip::message_view view;
    REQUIRE(view.parse(data.text()).has_value());
    const auto got = h.layer.handle_message(h.now(), view);
    h.collect();
    return got.what;
  };
  CHECK(receive(ringing) == kind::response);
  std::vector<base::packet_buffer> hoard;
  while (auto taken = h.pool.allocate(256)) hoard.push_back(std::move(*taken));
  while (auto taken = h.pool.allocate(512)) hoard.push_back(std::move(*taken));

  CHECK(h.cancel(id).error() == errc::no_buffer);
  CHECK(h.sent.size() == 1);
  CHECK(receive(refusal) == kind::response);
  CHECK(h.sent.size() == 1);
  hoard.clear();
  CHECK(receive(refusal) == kind::absorbed);
  CHECK(methods_of(h) == methods{"INVITE", "ACK"});
}
