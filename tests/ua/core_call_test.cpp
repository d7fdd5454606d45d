#include <parley/ua/core.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/ua_network.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace parley;
using parley::test::ua_network;
using kind = ua::core_event::kind;
using happened = ua::session_event::kind;
using state = enum ua::session::state;

constexpr std::size_t alice = 0;
constexpr std::size_t bob = 1;

ua::invite_options to_bob(std::string_view description = "offer") {
  ua::invite_options options;
  options.uri = "sip:bob@192.0.2.2";
  options.from = "\"Alice\" <sip:alice@192.0.2.1>";
  options.description = description;
  return options;
}

/// A call of Alice's that has reached Bob: her name for it and his.
std::pair<ua::call_id, ua::call_id> call_bob(ua_network& net, std::string_view description = "offer") {
  const auto a = net[alice].core.invite(net.now(), to_bob(description));
  REQUIRE(a);
  net.run_for(20);
  return {*a, net.take(bob, kind::incoming).call};
}

/// A call that Bob has answered.
struct answered_call {
  explicit answered_call(const ua::core_options& options = {}) : net(2, 1, {}, options) {
    a = net[alice].core.invite(net.now(), to_bob()).value();
    net.run_for(20);
    b = net.take(bob, kind::incoming).call;
    REQUIRE(net.take(bob, happened::offer).session.description == "offer");
    REQUIRE(net[bob].core.accept(net.now(), b, "answer"));
    net.run_for(20);
    REQUIRE(net.take(alice, happened::answer).session.description == "answer");
    REQUIRE(net.take(bob, happened::accepted).call == b);
    net.sent.clear();
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& one : net.sent) {
      out.push_back((one.from == alice ? "A " : "B ") + std::string(one.start_line()));
    }
    return out;
  }

  ua_network net;
  ua::call_id a{};
  ua::call_id b{};
};

/// Nothing is left of any call, request or timer.
void check_all_over(ua_network& net) {
  net.run_for(400'000);
  for (std::size_t i = 0; i < net.size(); ++i) {
    CHECK(net[i].core.calls() == 0);
    CHECK(net[i].core.transactions().client_count() == 0);
    CHECK(net[i].core.transactions().server_count() == 0);
    CHECK(net[i].core.poll_timeout() == base::never);
    CHECK(net[i].core.is_idle());
    net[i].events.clear();
    CHECK(net[i].pool.stats().blocks_in_use == 0);
  }
}

TEST_CASE("a call is placed, rings, is answered and ends") {
  ua_network net;
  const auto [a, b] = call_bob(net);
  CHECK(net.take(bob, happened::offer).session.description == "offer");
  REQUIRE(net[bob].core.progress(net.now(), b, 180));
  net.run_for(20);
  CHECK(net.take(alice, happened::progress).session.status == 180);
  REQUIRE(net[bob].core.accept(net.now(), b, "answer"));
  net.run_for(20);
  CHECK(net.take(alice, happened::answer).session.description == "answer");
  CHECK(net.take(alice, happened::accepted).call == a);
  CHECK(net.take(bob, happened::accepted).call == b);
  REQUIRE(net[alice].core.hang_up(net.now(), a));
  net.run_for(20);
  CHECK(net.take(alice, kind::ended).session.why == ua::session_end::local_bye);
  CHECK(net.take(bob, kind::ended).session.why == ua::session_end::remote_bye);
  check_all_over(net);
}

TEST_CASE("RFC 6086 4.2: both ends say which Info Packages they take") {
  ua::core_options options;
  options.info_packages = {"mine", "yours"};
  ua_network net(2, 1, {}, options);
  const auto [a, b] = call_bob(net);
  REQUIRE(net[bob].core.progress(net.now(), b, 180));
  REQUIRE(net[bob].core.progress(net.now(), b, 183, "answer", true));
  net.run_for(20);
  REQUIRE(net[bob].core.accept(net.now(), b, "answer"));
  net.run_for(20);
  const auto says = [&net](std::string_view start) {
    return net.last(start).text.find("\r\nRecv-Info: mine, yours\r\n") != std::string::npos;
  };
  CHECK(says("INVITE"));
  CHECK_FALSE(says("SIP/2.0 180"));
  CHECK(says("SIP/2.0 183"));
  CHECK(says("SIP/2.0 200"));
  CHECK_FALSE(says("ACK"));
  net.sent.clear();
  REQUIRE(net[alice].core.offer(net.now(), a, "again", ua::session::offer_by::invite));
  net.run_for(20);
  CHECK(says("INVITE"));
}

TEST_CASE("an INVITE without an offer is answered with one, which the ACK answers") {
  ua_network net;
  const auto [a, b] = call_bob(net, {});
  CHECK(net.take(bob, happened::offer_wanted).call == b);
  CHECK(net[bob].core.accept(net.now(), b, "").error() == make_error_code(ua::errc::missing_description));
  REQUIRE(net[bob].core.accept(net.now(), b, "bob's offer"));
  net.run_for(20);
  CHECK(net.take(alice, happened::offer).session.description == "bob's offer");
  REQUIRE(net[alice].core.answer(net.now(), a, "alice's answer"));
  net.run_for(20);
  CHECK(net.take(bob, happened::answer).session.description == "alice's answer");
  CHECK(net.take(bob, happened::accepted).call == b);
  REQUIRE(net[bob].core.hang_up(net.now(), b));
  check_all_over(net);
}

TEST_CASE("a call that is refused ends with the status") {
  ua_network net;
  const ua::call_id b = call_bob(net).second;
  REQUIRE(net[bob].core.refuse(net.now(), b, 486));
  CHECK(net[bob].core.refuse(net.now(), b, 486).error() == make_error_code(ua::errc::not_now));
  net.run_for(20);
  const auto ended = net.take(alice, kind::ended);
  CHECK(ended.session.why == ua::session_end::refused);
  CHECK(ended.session.status == 486);
  check_all_over(net);
}

TEST_CASE("a call that is cancelled while it rings ends on both sides") {
  ua_network net;
  const auto [a, b] = call_bob(net);
  REQUIRE(net[bob].core.progress(net.now(), b, 180));
  net.run_for(20);
  REQUIRE(net[alice].core.hang_up(net.now(), a));
  net.run_for(20);
  CHECK(net.take(bob, kind::ended).session.why == ua::session_end::cancelled);
  const auto ended = net.take(alice, kind::ended);
  CHECK(ended.session.why == ua::session_end::cancelled);
  CHECK(ended.session.status == 487);
  check_all_over(net);
}

TEST_CASE("a CANCEL says that another phone has answered") {
  ua_network net;
  net.inject(
      bob,
      "INVITE sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKf1\r\n"
      "From: <sip:x@example.com>;tag=x\r\nTo: <sip:bob@example.com>\r\nCall-ID: forked\r\n"
      "CSeq: 1 INVITE\r\nContact: <sip:x@192.0.2.99>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(net.take(bob, kind::incoming).what == kind::incoming);
  net.inject(bob,
             "CANCEL sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKf1\r\n"
             "From: <sip:x@example.com>;tag=x\r\nTo: <sip:bob@example.com>\r\nCall-ID: forked\r\n"
             "CSeq: 1 CANCEL\r\nMax-Forwards: 70\r\n"
             "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\nContent-Length: 0\r\n\r\n");
  CHECK(net.take(bob, kind::ended).session.why == ua::session_end::elsewhere);
}

TEST_CASE("a CANCEL that crosses the 2xx makes a BYE of it") {
  ua_network net;
  const auto [a, b] = call_bob(net);
  REQUIRE(net[bob].core.progress(net.now(), b, 180));
  net.run_for(20);
  REQUIRE(net[bob].core.accept(net.now(), b, "answer"));
  REQUIRE(net[alice].core.hang_up(net.now(), a));
  net.run_for(50);
  CHECK(net.take(alice, kind::ended).session.why == ua::session_end::local_bye);
  CHECK(net.take(bob, kind::ended).session.why == ua::session_end::remote_bye);
  check_all_over(net);
}

TEST_CASE("nobody answers: the call ends with 408") {
  ua_network net;
  net.drop = [](const auto&) { return true; };
  REQUIRE(net[alice].core.invite(net.now(), to_bob()));
  net.run_for(33'000);
  const auto ended = net.take(alice, kind::ended);
  CHECK(ended.session.status == 408);
  check_all_over(net);
}

TEST_CASE("the 2xx is repeated until its ACK comes, and each copy gets the ACK") {
  ua_network net;
  int acks = 0;
  net.drop = [&acks](const auto& message) { return message.start_line().starts_with("ACK") && ++acks < 3; };
  const ua::call_id b = call_bob(net).second;
  REQUIRE(net[bob].core.accept(net.now(), b, "answer"));
  net.run_for(1400);
  CHECK(net[bob].core.find(b)->state() == state::answered);
  net.run_for(200);
  CHECK(acks == 3);
  CHECK(net[bob].core.find(b)->state() == state::confirmed);
  REQUIRE(net[bob].core.hang_up(net.now(), b));
  check_all_over(net);
}

TEST_CASE("without an ACK the callee hangs up after 64 T1") {
  ua_network net;
  net.drop = [](const auto& message) { return message.start_line().starts_with("ACK"); };
  const ua::call_id b = call_bob(net).second;
  REQUIRE(net[bob].core.accept(net.now(), b, "answer"));
  // RFC 3261 15: not before.
  REQUIRE(net[bob].core.hang_up(net.now(), b));
  net.run_for(31'900);
  CHECK(net[bob].core.calls() == 1);
  net.run_for(200);
  CHECK(net.take(bob, kind::ended).session.why == ua::session_end::no_ack);
  CHECK(net.take(alice, kind::ended).session.why == ua::session_end::remote_bye);
  check_all_over(net);
}

TEST_CASE("a re-INVITE brings an offer and its answer") {
  answered_call call;
  REQUIRE(call.net[bob].core.offer(call.net.now(), call.b, "hold"));
  CHECK(call.net[bob].core.offer(call.net.now(), call.b, "again").error() ==
        make_error_code(ua::errc::offer_pending));
  call.net.run_for(20);
  CHECK(call.net.take(alice, happened::offer).session.description == "hold");
  REQUIRE(call.net[alice].core.answer(call.net.now(), call.a, "held"));
  call.net.run_for(20);
  CHECK(call.net.take(bob, happened::answer).session.description == "held");
  CHECK(call.lines() == std::vector<std::string>{"B INVITE sip:a@192.0.2.1:5060 SIP/2.0", "A SIP/2.0 200 OK",
                                                 "B ACK sip:a@192.0.2.1:5060 SIP/2.0"});
  REQUIRE(call.net[alice].core.hang_up(call.net.now(), call.a));
  check_all_over(call.net);
}

TEST_CASE("a re-INVITE that is refused leaves the call as it was") {
  answered_call call;
  REQUIRE(call.net[alice].core.offer(call.net.now(), call.a, "video"));
  call.net.run_for(20);
  REQUIRE(call.net[bob].core.refuse(call.net.now(), call.b, 488));
  call.net.run_for(20);
  CHECK(call.net.take(alice, happened::offer_failed).session.status == 488);
  CHECK(call.net[alice].core.find(call.a)->state() == state::confirmed);
  CHECK(call.net[bob].core.find(call.b)->state() == state::confirmed);
  CHECK(call.net[alice].core.find(call.a)->exchange().is_idle());
  CHECK(call.net[bob].core.find(call.b)->exchange().is_idle());
  REQUIRE(call.net[alice].core.hang_up(call.net.now(), call.a));
  check_all_over(call.net);
}

TEST_CASE("an UPDATE brings an offer and its answer") {
  answered_call call;
  REQUIRE(call.net[alice].core.offer(call.net.now(), call.a, "new", ua::session::offer_by::update));
  call.net.run_for(20);
  CHECK(call.net.take(bob, happened::offer).session.description == "new");
  REQUIRE(call.net[bob].core.answer(call.net.now(), call.b, "fine"));
  call.net.run_for(20);
  CHECK(call.net.take(alice, happened::answer).session.description == "fine");
  REQUIRE(call.net[alice].core.hang_up(call.net.now(), call.a));
  check_all_over(call.net);
}

TEST_CASE("offers of both ends cross: each gets 491, and both are told to try again at different times") {
  answered_call call;
  REQUIRE(call.net[alice].core.offer(call.net.now(), call.a, "from alice"));
  REQUIRE(call.net[bob].core.offer(call.net.now(), call.b, "from bob"));
  call.net.run_for(30);
  int refusals = 0;
  for (const auto& one : call.net.sent) refusals += one.start_line().starts_with("SIP/2.0 491") ? 1 : 0;
  CHECK(refusals == 2);
  const auto before = call.net.at();
  // RFC 3261 14.1: whoever made the Call-ID waits for 2.1 to 4 s, the other one for up to 2 s.
  call.net.run_until(before + 2050);
  CHECK(call.net.take(bob, happened::offer_due).call == call.b);
  CHECK(call.net.take(alice, happened::offer_due).what == kind::none);
  call.net.run_until(before + 4050);
  CHECK(call.net.take(alice, happened::offer_due).call == call.a);
  REQUIRE(call.net[alice].core.hang_up(call.net.now(), call.a));
  check_all_over(call.net);
}

TEST_CASE(
    "a reliable provisional response with the answer is acknowledged, then an UPDATE changes the session") {
  ua_network net;
  const auto [a, b] = call_bob(net);
  CHECK(net.take(bob, happened::offer).session.description == "offer");
  REQUIRE(net[bob].core.progress(net.now(), b, 183, "early answer", true));
  CHECK(net[bob].core.accept(net.now(), b, "").error() == make_error_code(ua::errc::unacknowledged));
  net.run_for(20);
  CHECK(net.take(alice, happened::answer).session.description == "early answer");
  REQUIRE(net[alice].core.offer(net.now(), a, "changed"));
  net.run_for(20);
  CHECK(net.take(bob, happened::offer).session.description == "changed");
  REQUIRE(net[bob].core.answer(net.now(), b, "agreed"));
  REQUIRE(net[bob].core.accept(net.now(), b, ""));
  net.run_for(20);
  CHECK(net.take(alice, happened::answer).session.description == "agreed");
  CHECK(net.take(alice, happened::accepted).call == a);
  REQUIRE(net[bob].core.hang_up(net.now(), b));
  check_all_over(net);
}

TEST_CASE("a reliable provisional response with an offer is answered by its PRACK") {
  ua_network net;
  const auto [a, b] = call_bob(net, {});
  CHECK(net[bob].core.progress(net.now(), b, 183, "offer of bob").error() ==
        make_error_code(ua::errc::not_reliable));
  REQUIRE(net[bob].core.progress(net.now(), b, 183, "offer of bob", true));
  net.run_for(20);
  CHECK(net.take(alice, happened::offer).session.description == "offer of bob");
  REQUIRE(net[alice].core.answer(net.now(), a, "answer of alice"));
  net.run_for(20);
  CHECK(net.take(bob, happened::answer).session.description == "answer of alice");
  REQUIRE(net[bob].core.accept(net.now(), b, ""));
  net.run_for(20);
  CHECK(net.take(bob, happened::accepted).call == b);
  REQUIRE(net[alice].core.hang_up(net.now(), a));
  check_all_over(net);
}

TEST_CASE("without a PRACK the INVITE is refused after 64 T1") {
  ua_network net;
  net.drop = [](const auto& message) { return message.start_line().starts_with("PRACK"); };
  const ua::call_id b = call_bob(net).second;
  REQUIRE(net[bob].core.progress(net.now(), b, 180, {}, true));
  net.run_for(32'100);
  CHECK(net.take(bob, kind::ended).session.why == ua::session_end::no_prack);
  CHECK(net.take(alice, kind::ended).session.status == 504);
  check_all_over(net);
}

TEST_CASE("a call is refused whatever else waits for an answer") {
  ua_network net;
  const auto [a, b] = call_bob(net);
  REQUIRE(net[bob].core.progress(net.now(), b, 183, "early answer", true));
  net.run_for(20);
  REQUIRE(net[alice].core.offer(net.now(), a, "changed"));
  net.run_for(20);
  REQUIRE(net[bob].core.hang_up(net.now(), b, 486));
  net.run_for(20);
  CHECK(net.take(bob, kind::ended).session.status == 486);
  CHECK(net.take(alice, kind::ended).session.status == 486);
  check_all_over(net);
}

TEST_CASE("a BYE that waits for the ACK goes when the peer goes on without one") {
  ua_network net;
  net.drop = [](const auto& message) { return message.start_line().starts_with("ACK"); };
  const auto [a, b] = call_bob(net);
  REQUIRE(net[bob].core.accept(net.now(), b, "answer"));
  REQUIRE(net[bob].core.hang_up(net.now(), b));
  net.run_for(20);
  REQUIRE(net[alice].core.offer(net.now(), a, "again"));
  net.run_for(20);
  CHECK(net.take(bob, kind::ended).session.why == ua::session_end::local_bye);
  CHECK(net.take(alice, kind::ended).session.why == ua::session_end::remote_bye);
  check_all_over(net);
}

TEST_CASE("an answer in a provisional response of an earlier INVITE answers no later one") {
  ua_network net(1);
  ua::invite_options options = to_bob();
  options.uri = "sip:bob@192.0.2.99";
  const auto call = net[alice].core.invite(net.now(), options);
  net.collect();
  constexpr std::string_view contact = "Contact: <sip:bob@192.0.2.99>\r\n";
  net.reply(net.last("INVITE"), 183, "b", contact, "answer");
  net.reply(net.last("INVITE"), 200, "b", contact, "answer");
  REQUIRE(net[alice].core.offer(net.now(), *call, "again", ua::session::offer_by::invite));
  net.collect();
  net.reply(net.last("INVITE"), 200, "b", contact);
  CHECK(net.take(alice, happened::offer_failed).session.status == 200);
  CHECK(net[alice].core.find(*call)->exchange().is_idle());
}

TEST_CASE("a session that nobody refreshes ends, one that is refreshed goes on") {
  ua::core_options options;
  options.session.timer.session_expires = 90;
  answered_call call(options);
  call.net.run_for(3'600'000);
  CHECK(call.net[alice].core.calls() == 1);
  CHECK(call.net[bob].core.calls() == 1);
  call.net.drop = [](const auto&) { return true; };
  call.net.run_for(120'000);
  CHECK(call.net[alice].core.calls() == 0);
  CHECK(call.net[bob].core.calls() == 0);
  check_all_over(call.net);
}

TEST_CASE("a request in the call reaches the other end, and its response comes back") {
  answered_call call;
  const auto cseq =
      call.net[bob].core.request(call.net.now(), call.b, "INFO", {}, "Signal=5", "application/dtmf-relay");
  REQUIRE(cseq);
  call.net.run_for(20);
  auto got = call.net.take(alice, kind::request);
  CHECK(got.call == call.a);
  CHECK(got.message.text().ends_with("Signal=5"));
  got.message.reset();
  REQUIRE(call.net[alice].core.respond(call.net.now(), got.request, sip::message::response(200).value()));
  call.net.run_for(20);
  auto response = call.net.take(bob, happened::response);
  CHECK(response.message.text().starts_with("SIP/2.0 200"));
  response.message.reset();
  CHECK(response.session.cseq == *cseq);
  CHECK(response.session.status == 200);
  REQUIRE(call.net[bob].core.hang_up(call.net.now(), call.b));
  check_all_over(call.net);
}

}  // namespace
