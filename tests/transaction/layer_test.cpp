#include <parley/transaction/layer.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/transaction_harness.hpp"

#include <cstdint>
#include <string>
#include <vector>

// How the layer finds transactions, and its server side.

namespace {

using namespace parley;
using namespace parley::transaction;
using parley::test::hop_to;
using parley::test::request_text;
using parley::test::response_text;
using parley::test::transaction_harness;
using kind = received::kind;
using happened = event::kind;
using kinds = std::vector<event::kind>;
using times = std::vector<std::int64_t>;

const request_text options;
const request_text invite = request_text{}.with_method("INVITE");

}  // namespace

TEST_CASE("a new request is accepted, answered and forgotten after timer J") {
  transaction_harness h;
  const auto got = h.receive(options.text());
  CHECK(got.what == kind::request);
  CHECK(got.server == server_id::none);
  CHECK(got.via.branch == "z9hG4bK-1");
  CHECK(got.cseq.number == 1);
  const auto id = h.accept(got, 77);
  REQUIRE(id.has_value());
  CHECK(*id != server_id::none);
  CHECK(h.layer.user_of(*id) == 77);
  CHECK(h.layer.source_of(*id) == h.peer);
  CHECK(h.layer.request_of(*id).text() == options.text());
  CHECK(h.layer.server_count() == 1);

  h.run_until(100);
  REQUIRE(h.answer(*id, 200).has_value());
  REQUIRE(h.sent.size() == 1);
  CHECK(h.sent[0].start_line() == "SIP/2.0 200 OK");
  CHECK(h.sent[0].to == h.peer);
  CHECK(h.sent[0].ticket != 0);
  CHECK_FALSE(h.layer.request_of(*id));

  // A copy gets the response again, from wherever it comes.
  h.run_until(600);
  const auto again = h.receive(options.text());
  CHECK(again.what == kind::absorbed);
  CHECK(again.server == *id);
  CHECK(again.user == 77);
  REQUIRE(h.sent.size() == 2);
  CHECK(h.sent[1].text == h.sent[0].text);
  CHECK(h.layer.counters().absorbed == 1);
  CHECK(h.layer.counters().retransmitted == 1);
  CHECK(h.answer(*id, 404).error() == errc::already_final);

  h.run_until(32'099);
  CHECK(h.events.empty());
  h.run_until(32'100);
  CHECK(h.event_kinds() == kinds{happened::server_ended});
  CHECK(h.events[0].what.server == *id);
  CHECK(h.events[0].what.user == 77);
  CHECK(h.layer.server_count() == 0);
  CHECK(h.layer.poll_timeout() == base::never);

  CHECK(h.answer(*id, 200).error() == errc::unknown_transaction);
  CHECK(h.layer.user_of(*id) == 0);
  CHECK(h.layer.source_of(*id) == sip::hop{});
  CHECK_FALSE(h.layer.request_of(*id));
  CHECK(h.receive(options.text()).what == kind::request);
}

TEST_CASE("a response over a stream ends its transaction at once") {
  transaction_harness h;
  const auto from = hop_to("192.0.2.1:40000", sip::transport::tcp, 5);
  const auto id =
      h.accept(h.receive(options.with_via("SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK-1").text(), from));
  REQUIRE(id.has_value());
  REQUIRE(h.answer(*id, 200).has_value());
  CHECK(h.sent.size() == 1);
  CHECK(h.sent[0].to == hop_to("192.0.2.1:5060", sip::transport::tcp, 5));
  CHECK(h.event_kinds() == kinds{happened::server_ended});
  CHECK(h.layer.server_count() == 0);
  CHECK(h.layer.poll_timeout() == base::never);
}

TEST_CASE("a request that nobody answers gets 100 after 3.5 s and expires") {
  transaction_harness h;
  const auto id = h.serve(options);
  h.run_until(40'000);
  CHECK(h.send_times() == times{3500});
  CHECK(h.sent[0].start_line() == "SIP/2.0 100 Trying");
  CHECK(h.sent[0].text.find("To: <sip:bob@192.0.2.2>\r\n") != std::string::npos);
  CHECK(h.event_kinds() == kinds{happened::server_expired, happened::server_ended});
  CHECK(h.events[0].at == 32'000);
  CHECK(h.events[0].what.server == id);
  CHECK(h.layer.server_count() == 0);
}

TEST_CASE("RFC 4320's rules reach the user") {
  transaction_harness h;
  const auto id = h.serve(options);
  CHECK(h.answer(id, 180).error() == errc::not_for_non_invite);
  CHECK(h.answer(id, 408).error() == errc::not_for_non_invite);
  CHECK(h.sent.empty());
  // The user's own 100 goes out when its time has come.
  const std::string trying = response_text(options.text(), 100, "");
  CHECK(h.respond(id, 100, trying).has_value());
  CHECK(h.sent.empty());
  h.run_until(3500);
  REQUIRE(h.sent.size() == 1);
  CHECK(h.sent[0].text == trying);
}

TEST_CASE("what no response can be is refused") {
  transaction_harness h;
  const auto id = h.serve(options);
  CHECK(h.respond(id, 99, "x").error() == errc::bad_message);
  CHECK(h.respond(id, 700, "x").error() == errc::bad_message);
  CHECK(h.layer.respond(h.now(), id, 200, {}).error() == errc::bad_message);
  CHECK(h.answer(id, 200).has_value());
}

TEST_CASE("an INVITE gets 100 after 200 ms, without a tag, and its copies get it again") {
  transaction_harness h;
  const auto id = h.serve(invite);
  CHECK(h.layer.pending_invites() == 1);
  h.run_until(500);
  CHECK(h.send_times() == times{200});
  CHECK(h.sent[0].start_line() == "SIP/2.0 100 Trying");
  CHECK(h.sent[0].text.find(";tag=bob") == std::string::npos);
  CHECK(h.receive(invite.text()).what == kind::absorbed);
  CHECK(h.sent.size() == 2);
  CHECK(h.sent[1].text == h.sent[0].text);
  REQUIRE(h.answer(id, 180).has_value());
  CHECK(h.receive(invite.text()).what == kind::absorbed);
  CHECK(h.sent[3].text == h.sent[2].text);
  CHECK(h.sent[3].start_line() == "SIP/2.0 180 Ringing");
}

TEST_CASE("a refused INVITE is repeated until its ACK comes") {
  transaction_harness h;
  const auto id = h.serve(invite);
  REQUIRE(h.answer(id, 486).has_value());
  CHECK(h.layer.pending_invites() == 0);
  h.run_until(1700);
  CHECK(h.send_times() == times{0, 500, 1500});
  CHECK(h.layer.counters().retransmitted == 2);
  const auto ack = invite.with_method("ACK").with_to_tag("bob").text();
  const auto got = h.receive(ack);
  CHECK(got.what == kind::absorbed);
  CHECK(got.server == id);
  CHECK(h.receive(ack).what == kind::absorbed);
  CHECK(h.receive(invite.text()).what == kind::absorbed);
  h.run_until(60'000);
  CHECK(h.sent.size() == 3);
  CHECK(h.event_kinds() == kinds{happened::server_ended});
  CHECK(h.events[0].at == 6700);
}

TEST_CASE("a refused INVITE without an ACK ends with timer H") {
  transaction_harness h;
  h.answer(h.serve(invite), 603).value();
  h.run_until(60'000);
  CHECK(h.event_kinds() == kinds{happened::server_no_ack, happened::server_ended});
  CHECK(h.events[0].at == 32'000);
  CHECK(h.sent.size() == 11);
}

TEST_CASE("an accepted INVITE absorbs copies and gives its user the ACK until timer L") {
  transaction_harness h;
  const auto id = h.serve(invite);
  REQUIRE(h.answer(id, 200).has_value());
  const std::string ok = h.sent[0].text;
  h.run_until(600);
  CHECK(h.receive(invite.text()).what == kind::absorbed);
  CHECK(h.sent.size() == 1);
  // The user repeats the 2xx (RFC 3261 13.3.1.4).
  REQUIRE(h.respond(id, 200, ok).has_value());
  CHECK(h.sent.size() == 2);
  CHECK(h.answer(id, 200).error() == errc::already_final);
  CHECK(h.respond(id, 486, ok).error() == errc::already_final);

  // An ACK for a 2xx is a transaction of its own; a peer of RFC 2543 gives it the branch of the INVITE.
  const auto foreign =
      h.receive(invite.with_method("ACK").with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-2").text());
  CHECK(foreign.what == kind::ack);
  CHECK(foreign.server == server_id::none);
  const auto same = h.receive(invite.with_method("ACK").with_to_tag("bob").text());
  CHECK(same.what == kind::ack);
  CHECK(same.server == id);
  CHECK(same.user == 7);
  h.run_until(60'000);
  CHECK(h.event_kinds() == kinds{happened::server_ended});
  CHECK(h.events[0].at == 32'000);
}

TEST_CASE("an ACK before the final response is absorbed") {
  transaction_harness h;
  h.serve(invite);
  CHECK(h.receive(invite.with_method("ACK").text()).what == kind::absorbed);
  CHECK(h.layer.server_count() == 1);
}

TEST_CASE("an ACK is never accepted as a transaction") {
  transaction_harness h;
  const auto got = h.receive(invite.with_method("ACK").text());
  CHECK(got.what == kind::ack);
  CHECK(h.accept(got).error() == errc::bad_message);
}

TEST_CASE("peers of RFC 2543 are matched by what their messages share") {
  for (const char* const via : {"SIP/2.0/UDP 192.0.2.1:5060", "SIP/2.0/UDP 192.0.2.1:5060;branch=17",
                                "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK"}) {
    INFO(via);
    transaction_harness h;
    const request_text old = invite.with_via(via);
    const auto id = h.serve(old);
    CHECK(h.receive(old.text()).server == id);

    request_text other = old;
    other.cseq = 2;
    CHECK(h.receive(other.text()).what == kind::request);
    other = old;
    other.call_id = "another";
    CHECK(h.receive(other.text()).what == kind::request);

    const auto cancel = h.receive(old.with_method("CANCEL").text());
    CHECK(cancel.what == kind::cancel);
    CHECK(cancel.server == id);
    CHECK(h.receive(other.with_method("CANCEL").text()).server == server_id::none);

    REQUIRE(h.answer(id, 487).has_value());
    CHECK(h.receive(other.with_method("ACK").with_to_tag("bob").text()).what == kind::ack);
    const auto ack = h.receive(old.with_method("ACK").with_to_tag("bob").text());
    CHECK(ack.what == kind::absorbed);
    CHECK(ack.server == id);
    h.run_for(5000);
    CHECK(h.layer.server_count() == 0);
  }
}

TEST_CASE("a CANCEL finds its INVITE and is a transaction of its own") {
  transaction_harness h;
  const auto id = h.serve(invite, 5);
  const auto cancel = invite.with_method("CANCEL");
  const auto got = h.receive(cancel.text());
  CHECK(got.what == kind::cancel);
  CHECK(got.server == id);
  CHECK(got.user == 5);
  const auto cancel_id = h.accept(got, 6);
  REQUIRE(cancel_id.has_value());
  REQUIRE(h.answer(*cancel_id, 200).has_value());
  REQUIRE(h.answer(id, 487).has_value());
  CHECK(h.receive(cancel.text()).what == kind::absorbed);
  REQUIRE(h.sent.size() == 3);
  CHECK(h.sent[2].text == h.sent[0].text);
  CHECK(h.layer.server_count() == 2);

  // Other branch, other sender: other transaction.
  CHECK(h.receive(cancel.with_via("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-2").text()).server ==
        server_id::none);
  CHECK(h.receive(cancel.with_via("SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK-1").text()).server ==
        server_id::none);
  // It does not mean a request that is no INVITE (RFC 3261 9.2).
  transaction_harness other;
  other.serve(options);
  CHECK(other.receive(options.with_method("CANCEL").text()).server == server_id::none);
}

TEST_CASE("accept takes each received request once and in any order") {
  transaction_harness h;
  const auto first = h.receive(options.text());
  const auto first_data = h.data;
  const auto first_view = h.view;
  const auto second = h.receive(options.with_via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-2").text());
  const auto second_id = h.accept(second, 2);
  REQUIRE(second_id.has_value());
  const auto first_id = h.layer.accept(h.now(), h.peer, first_view, first_data, first, 1);
  REQUIRE(first_id.has_value());
  CHECK(h.layer.accept(h.now(), h.peer, first_view, first_data, first, 1).error() == errc::duplicate_branch);
  CHECK(h.receive(options.text()).user == 1);
  CHECK(h.layer.server_count() == 2);
}

TEST_CASE("a request that came over two paths is a twin of the first") {
  layer_options with_merging;
  with_merging.detect_merged = true;
  transaction_harness h(with_merging);
  const auto id = h.serve(invite, 3);
  const auto twin = invite.with_via("SIP/2.0/UDP 192.0.2.50;branch=z9hG4bK-fork2");
  const auto got = h.receive(twin.text());
  CHECK(got.what == kind::merged);
  CHECK(got.server == id);
  CHECK(got.user == 3);
  const auto twin_id = h.accept(got, 4);
  REQUIRE(twin_id.has_value());
  REQUIRE(h.answer(*twin_id, 482).has_value());
  CHECK(h.receive(twin.text()).what == kind::absorbed);
  CHECK(h.receive(twin.with_method("ACK").with_to_tag("bob").text()).what == kind::absorbed);

  // Within a dialog a request has a To tag and no twin; neither has another CSeq.
  CHECK(h.receive(twin.with_via("SIP/2.0/UDP 192.0.2.51;branch=z9hG4bK-3").with_to_tag("bob").text()).what ==
        kind::request);
  request_text next = twin.with_via("SIP/2.0/UDP 192.0.2.51;branch=z9hG4bK-4");
  next.cseq = 2;
  CHECK(h.receive(next.text()).what == kind::request);

  REQUIRE(h.answer(id, 200).has_value());
  h.run_for(40'000);
  CHECK(h.layer.server_count() == 0);
  CHECK(h.receive(twin.text()).what == kind::request);

  transaction_harness plain;
  plain.serve(invite);
  CHECK(plain.receive(twin.text()).what == kind::request);
}

TEST_CASE("a message without Via or CSeq is malformed") {
  transaction_harness h;
  std::string text = options.text();
  const auto no_cseq = h.receive(text.substr(0, text.find("CSeq")) + "\r\n");
  CHECK(no_cseq.what == kind::malformed);
  CHECK(no_cseq.via.branch == "z9hG4bK-1");
  CHECK(h.receive("OPTIONS sip:b SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n").what == kind::malformed);
  CHECK(h.receive("SIP/2.0 200 OK\r\nVia: nonsense\r\nCSeq: 1 OPTIONS\r\n\r\n").what == kind::malformed);
  CHECK(h.layer.counters().malformed == 3);
}

TEST_CASE("a response that can't be sent is reported and its transaction goes on") {
  transaction_harness h;
  const auto id = h.serve(invite);
  h.run_until(200);
  h.fail(h.sent[0].ticket);
  CHECK(h.event_kinds() == kinds{happened::server_transport_failed});
  CHECK(h.events[0].what.server == id);
  CHECK(h.receive(invite.text()).what == kind::absorbed);
  REQUIRE(h.answer(id, 487).has_value());
  CHECK(h.layer.pending_invites() == 0);
  h.fail(h.sent.back().ticket);
  h.run_until(40'000);
  CHECK(h.event_kinds() == kinds{happened::server_transport_failed, happened::server_transport_failed,
                                 happened::server_no_ack, happened::server_ended});
  // A report about what is gone is harmless.
  const auto before = h.events.size();
  for (const auto& m : h.sent) h.fail(m.ticket);
  for (const std::uint64_t ticket :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{12345}, ~std::uint64_t{0}})
    h.fail(ticket);
  CHECK(h.events.size() == before);
}

TEST_CASE("tags are the same for each response of a transaction and for its ACK") {
  transaction_harness h;
  const auto tag_of = [&h](const request_text& request) {
    const auto got = h.receive(request.text());
    return std::string(h.layer.make_tag(got, h.view).text());
  };
  const auto tag = tag_of(invite);
  CHECK(tag.size() == 16);
  CHECK(tag == tag_of(invite));
  CHECK(tag == tag_of(invite.with_method("ACK").with_to_tag(tag)));
  CHECK(tag != tag_of(invite.with_method("CANCEL")));
  CHECK(tag != tag_of(invite.with_via("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-2")));
  CHECK(tag_of(invite.with_via("SIP/2.0/UDP old")) ==
        tag_of(invite.with_via("SIP/2.0/UDP old").with_method("ACK").with_to_tag("x")));
}

TEST_CASE("branches are the layer's own and no two are alike") {
  layer_options second;
  second.shard = 2;
  transaction_harness h(second);
  const auto a = h.layer.make_branch(0xabcd);
  const auto b = h.layer.make_branch(0xabcd);
  CHECK(a.text() != b.text());
  const auto read = branch_format::read(a.text());
  REQUIRE(read.has_value());
  CHECK(read->shard == 2);
  CHECK(read->mark == 0xabcd);
}

TEST_CASE("the response goes where RFC 3581 and the Via say") {
  transaction_harness h;
  const auto from = hop_to("198.51.100.7:50612");
  const auto id =
      h.accept(h.receive(options.with_via("SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bK-1;rport").text(), from));
  REQUIRE(h.answer(*id, 200).has_value());
  CHECK(h.sent[0].to == from);
  CHECK(h.sent[0].text.find("branch=z9hG4bK-1;rport=50612;received=198.51.100.7\r\n") != std::string::npos);
  const auto plain =
      h.accept(h.receive(options.with_via("SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bK-2").text(), from));
  REQUIRE(h.answer(*plain, 200).has_value());
  CHECK(h.sent[1].to == hop_to("198.51.100.7:5080"));
}
