#include <parley/ua/core.hpp>
#include <parley/ua/refer.hpp>
#include <parley/ua/registration.hpp>
#include <parley/ua/replaces.hpp>

#include "support/catch.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"
#include "support/ua_network.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Usages over the core: what they want sent goes through it, and what it hears goes back to them.

namespace {

using namespace parley;
using parley::test::parsed_text;
using parley::test::ua_network;
using kind = ua::core_event::kind;
using happened = ua::session_event::kind;

constexpr std::size_t alice = 0;
constexpr std::size_t bob = 1;
constexpr std::size_t carol = 2;

parsed_text text_of(const ua::core_event& event) { return parsed_text(std::string(event.message.text())); }

/// A call from one agent to another that is answered.
std::pair<ua::call_id, ua::call_id> connect(ua_network& net, std::size_t from, std::size_t to,
                                            std::span<const ua::session::field> fields = {}) {
  const std::string uri = "sip:x@192.0.2." + std::to_string(to + 1);
  ua::invite_options options;
  options.uri = uri;
  options.from = "<sip:someone@example.com>";
  options.description = "offer";
  options.fields = fields;
  const auto caller = net[from].core.invite(net.now(), options).value();
  net.run_for(20);
  const auto callee = net.take(to, kind::incoming).call;
  REQUIRE(net[to].core.accept(net.now(), callee, "answer"));
  net.run_for(20);
  REQUIRE(net.take(from, happened::accepted).call == caller);
  REQUIRE(net.take(to, happened::accepted).call == callee);
  return {caller, callee};
}

/// Sends what a usage of the call's dialog wants sent.
template <class Usage>
bool send(ua_network& net, std::size_t agent, ua::call_id call, Usage& usage) {
  const auto now = net.now();
  return net[agent]
      .core
      .request(now, call, [&](ua::dialog& in, sip::message& out) { return usage.poll_request(now, in, out); })
      .has_value();
}

/// Bob asks Alice, within their call, to call Carol.
class blind_transfer {
 public:
  explicit blind_transfer(ua_network& net)
      : net_(net), calls_(connect(net, alice, bob)), asks_(timers_, to_carol()) {
    REQUIRE(net_[bob].core.add_usage(b()));
    REQUIRE(send(net_, bob, b(), asks_));
    net_.run_for(20);
    const auto refer = net_.take(alice, kind::request);
    REQUIRE(refer.call == a());
    does_ = ua::server_refer::accept(net_.now(), *text_of(refer)).value();
    CHECK(does_->what().target == "sip:c@192.0.2.3");
    REQUIRE(net_[alice].core.add_usage(a()));
    auto accepted = sip::message::response(202).value();
    does_->write_response(accepted);
    REQUIRE(net_[alice].core.respond(net_.now(), refer.request, accepted));
    net_.run_for(20);
    const auto response = net_.take(bob, happened::response);
    REQUIRE(response.session.status == 202);
    asks_.handle_response(net_.now(), *text_of(response));
  }

  ua::call_id a() const { return calls_.first; }
  ua::call_id b() const { return calls_.second; }
  const ua::client_refer& asks() const { return asks_; }
  const ua::server_refer& does() const { return *does_; }

  /// Sends the NOTIFY that waits, and lets Bob answer it.
  void notify(std::optional<int> refusal = {}) {
    REQUIRE(send(net_, alice, a(), *does_));
    net_.run_for(20);
    const auto event = net_.take(bob, kind::request);
    REQUIRE(event.call == b());
    const int status = refusal ? *refusal : asks_.handle_notify(net_.now(), *text_of(event));
    CHECK((refusal || status == 200));
    REQUIRE(net_[bob].core.respond(net_.now(), event.request, sip::message::response(status).value()));
    net_.run_for(20);
    const auto heard = net_.take(alice, happened::response);
    REQUIRE(heard.call == a());
    does_->handle_response(net_.now(), *text_of(heard));
  }
  void report(int status) { does_->report(net_.now(), status); }

  /// Each end lets its usage go where that has ended.
  void end_usages() {
    if (does_->poll_event() == ua::server_refer::event::ended) net_[alice].core.end_usage(a());
    if (asks_.poll_event() == ua::client_refer::event::ended) net_[bob].core.end_usage(b());
  }

 private:
  static ua::referral to_carol() {
    ua::referral out;
    out.target = "sip:c@192.0.2.3";
    out.method = "INVITE";
    return out;
  }

  ua_network& net_;
  std::pair<ua::call_id, ua::call_id> calls_;
  transaction::timers timers_;
  ua::client_refer asks_;
  std::optional<ua::server_refer> does_;
};

void check_all_over(ua_network& net) {
  net.run_for(400'000);
  for (std::size_t i = 0; i < net.size(); ++i) {
    CHECK(net[i].core.is_idle());
    net[i].events.clear();
    CHECK(net[i].pool.stats().blocks_in_use == 0);
  }
}

TEST_CASE("a blind transfer: the one who is asked calls, and reports how that went") {
  ua_network net(3);
  blind_transfer transfer(net);
  transfer.notify();
  REQUIRE(transfer.asks().last());
  CHECK(transfer.asks().last()->status == 100);
  const auto [a2, c] = connect(net, alice, carol);
  transfer.report(200);
  transfer.notify();
  CHECK(transfer.asks().last()->status == 200);
  CHECK(transfer.asks().state() == ua::client_refer::state::ended);
  transfer.end_usages();
  REQUIRE(net[bob].core.hang_up(net.now(), transfer.b()));
  net.run_for(20);
  CHECK(net.take(alice, kind::ended).call == transfer.a());
  CHECK(net[alice].core.find(a2)->state() == ua::session::state::confirmed);
  CHECK(net[carol].core.find(c)->state() == ua::session::state::confirmed);
  net.run_for(400'000);
  CHECK(net[bob].core.is_idle());
}

TEST_CASE("RFC 5057: either end hangs up after the 202, and the reports of the transfer still come") {
  const std::size_t who = GENERATE(alice, bob);
  ua_network net(3);
  blind_transfer transfer(net);
  REQUIRE(net[who].core.hang_up(net.now(), who == alice ? transfer.a() : transfer.b()));
  net.run_for(20);
  CHECK(net.take(alice, kind::ended).call == transfer.a());
  CHECK(net.take(bob, kind::ended).call == transfer.b());
  CHECK(net[alice].core.calls() == 0);
  CHECK(net[bob].core.calls() == 0);
  // Longer than any transaction of the call.
  net.run_for(60'000);
  CHECK_FALSE(net[alice].core.is_idle());
  transfer.notify();
  CHECK(transfer.asks().last()->status == 100);
  const auto [a2, c] = connect(net, alice, carol);
  transfer.report(200);
  transfer.notify();
  CHECK(transfer.asks().last()->status == 200);
  transfer.end_usages();
  CHECK(net.take(alice, kind::ended).what == kind::none);
  CHECK(net.take(bob, kind::ended).what == kind::none);
  net.run_for(60'000);
  CHECK(net[bob].core.is_idle());
  CHECK(net[alice].core.find(transfer.a()) == nullptr);
  CHECK(net[alice].core.request(net.now(), transfer.a(), "NOTIFY").error() ==
        make_error_code(ua::errc::not_now));
  REQUIRE(net[alice].core.hang_up(net.now(), a2));
  check_all_over(net);
}

TEST_CASE("RFC 5057: what belongs to a session that has ended gets 481, other requests pass") {
  ua_network net(3);
  blind_transfer transfer(net);
  const auto [a, b] = std::pair(transfer.a(), transfer.b());
  const auto& dialog = net[alice].core.find(a)->dialog();
  const std::string local = dialog.local_tag();
  const std::string remote = dialog.remote_tag();
  const std::string call_id = dialog.call_id();
  REQUIRE(net[bob].core.hang_up(net.now(), b));
  net.run_for(20);
  REQUIRE(net.take(alice, kind::ended).call == a);
  CHECK(net[alice].core.find(ua::dialog_id{call_id, local, remote}) == ua::call_id::none);

  std::uint32_t cseq = 100;
  const auto ask = [&](const std::string& method, std::string_view lines = {}) {
    net.sent.clear();
    const std::string number = std::to_string(++cseq);
    net.inject(alice, method + " sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK" +
                          number + "\r\nMax-Forwards: 70\r\nFrom: <sip:x@example.com>;tag=" + remote +
                          "\r\nTo: <sip:y@example.com>;tag=" + local + "\r\nCall-ID: " + call_id +
                          "\r\nCSeq: " + number + ' ' + method + "\r\n" + std::string(lines) + "\r\n");
    return net.sent.empty() ? std::string() : net.sent[0].text.substr(8, 3);
  };
  constexpr std::string_view contact = "Contact: <sip:x@192.0.2.99>\r\n";
  CHECK(ask("BYE") == "481");
  CHECK(ask("INVITE", contact) == "481");
  CHECK(ask("UPDATE", contact) == "481");
  CHECK(ask("PRACK", "RAck: 1 1 INVITE\r\n") == "481");
  CHECK(ask("INFO") == "481");
  for (const char* const method : {"SUBSCRIBE", "NOTIFY", "REFER", "MESSAGE", "OPTIONS"}) {
    CHECK(ask(method, contact).empty());
    const auto event = net.take(alice, kind::request);
    CHECK(event.call == a);
    REQUIRE(net[alice].core.respond(net.now(), event.request, sip::message::response(403).value()));
    net.collect();
  }
  // Nor does the session do anything more.
  const auto not_now = make_error_code(ua::errc::not_now);
  CHECK(net[alice].core.hang_up(net.now(), a).error() == not_now);
  CHECK(net[alice].core.offer(net.now(), a, "offer").error() == not_now);
  CHECK(net[alice].core.request(net.now(), a, "INFO").error() == not_now);
  CHECK(net[alice].core.request(net.now(), a, "MESSAGE"));
  net[alice].core.end_usage(a);
  net[alice].core.end_usage(a);
  net[bob].core.end_usage(b);
  // Its MESSAGE is under way, but the dialog is gone.
  CHECK(net[alice].core.add_usage(a).error() == make_error_code(ua::errc::terminated));
  check_all_over(net);
}

TEST_CASE("RFC 5057: BYEs that cross are both well, whatever else uses the dialog") {
  ua_network net(3);
  blind_transfer transfer(net);
  REQUIRE(net[alice].core.hang_up(net.now(), transfer.a()));
  REQUIRE(net[bob].core.hang_up(net.now(), transfer.b()));
  net.sent.clear();
  net.run_for(20);
  std::size_t answered = 0;
  for (const auto& one : net.sent) answered += one.text.starts_with("SIP/2.0 200") ? 1U : 0U;
  CHECK(answered == 2);
  transfer.notify();
  transfer.report(603);
  transfer.notify();
  CHECK(transfer.asks().last()->status == 603);
  transfer.end_usages();
  check_all_over(net);
}

TEST_CASE("a BYE that a request of another usage has overtaken goes again behind that") {
  ua_network net(3);
  blind_transfer transfer(net);
  net.conditions = {.least_delay = 40, .most_delay = 40};
  REQUIRE(net[alice].core.hang_up(net.now(), transfer.a()));
  net.collect();
  net.conditions = {};
  transfer.report(200);
  transfer.notify();
  CHECK(transfer.asks().last()->status == 200);
  transfer.end_usages();
  // The NOTIFY came first: the BYE is out of order (RFC 3261 12.2.2), the peer has its session still.
  CHECK(net[bob].core.calls() == 1);
  const auto first = net.last("BYE");
  net.run_for(40);
  CHECK(net.last("BYE").text != first.text);
  CHECK(net.take(bob, kind::ended).call == transfer.b());
  check_all_over(net);
}

TEST_CASE("a re-INVITE that nobody answers is no matter of usages that outlive its session") {
  ua_network net(3);
  blind_transfer transfer(net);
  const auto a = transfer.a();
  net.drop = [](const test::network_message& one) { return one.text.starts_with("INVITE"); };
  REQUIRE(net[alice].core.offer(net.now(), a, "another offer", ua::session::offer_by::invite));
  REQUIRE(net[alice].core.hang_up(net.now(), a));
  net.run_for(20);
  CHECK(net.take(alice, kind::ended).call == a);
  net.run_for(60'000);
  CHECK(net.take(alice).what == kind::none);
  net.drop = {};
  transfer.report(200);
  transfer.notify();
  CHECK(transfer.asks().last()->status == 200);
  transfer.end_usages();
  check_all_over(net);
}

TEST_CASE("RFC 5057: a refusal that ends the dialog ends each usage, others only theirs") {
  ua_network net(3);
  blind_transfer transfer(net);
  const auto a = transfer.a();
  REQUIRE(net[alice].core.add_usage(a));
  REQUIRE(net[bob].core.hang_up(net.now(), transfer.b()));
  net.run_for(20);
  transfer.notify(481);
  CHECK_FALSE(transfer.does().is_reporting());
  transfer.end_usages();
  CHECK(net[alice].core.add_usage(a));
  REQUIRE(net[alice].core.request(net.now(), a, "MESSAGE"));
  net.run_for(20);
  const auto message = net.take(bob, kind::request).request;
  REQUIRE(net[bob].core.respond(net.now(), message, sip::message::response(404).value()));
  net.run_for(20);
  CHECK(net.take(alice, happened::response).session.status == 404);
  // Nothing of it is left.
  CHECK(net[alice].core.add_usage(a).error() == make_error_code(ua::errc::not_now));
  net[bob].core.end_usage(transfer.b());
  check_all_over(net);
}

TEST_CASE(
    "a call that other usages keep counts for the number of calls, and has none before it is answered") {
  ua::core_options options;
  options.max_calls = 1;
  ua_network net(2, 1, {}, options);
  ua::invite_options invite;
  invite.uri = "sip:b@192.0.2.2";
  invite.from = "<sip:alice@example.com>";
  invite.description = "offer";
  const auto a = net[alice].core.invite(net.now(), invite).value();
  net.run_for(20);
  const auto b = net.take(bob, kind::incoming).call;
  const auto not_now = make_error_code(ua::errc::not_now);
  CHECK(net[alice].core.add_usage(a).error() == not_now);
  CHECK(net[bob].core.add_usage(b).error() == not_now);
  REQUIRE(net[bob].core.accept(net.now(), b, "answer"));
  net.run_for(20);
  REQUIRE(net[alice].core.add_usage(a));
  REQUIRE(net[alice].core.hang_up(net.now(), a));
  net.run_for(60'000);
  CHECK(net[bob].core.is_idle());
  CHECK(net[alice].core.calls() == 0);
  CHECK_FALSE(net[alice].core.invite(net.now(), invite));
  net[alice].core.end_usage(a);
  CHECK(net[alice].core.invite(net.now(), invite));
}

TEST_CASE("an attended transfer: a call takes the place of another one") {
  ua_network net(3);
  const auto [a, b] = connect(net, alice, bob);
  const auto [b2, c] = connect(net, bob, carol);
  // Alice has heard of Bob's call to Carol by a REFER.
  const auto reference = ua::call_reference::of(net[bob].core.find(b2)->dialog());
  const std::string value = reference.value();
  const ua::session::field replaces[] = {{sip::header_id::replaces, value}};
  ua::invite_options options;
  options.uri = "sip:x@192.0.2.3";
  options.from = "<sip:alice@example.com>";
  options.description = "offer";
  options.fields = replaces;
  REQUIRE(net[alice].core.invite(net.now(), options));
  net.run_for(20);
  const auto incoming = net.take(carol, kind::incoming);
  const parsed_text invite = text_of(incoming);
  const auto named = ua::call_reference::of_request(*invite);
  REQUIRE(named);
  REQUIRE(*named);
  const ua::call_id replaced =
      net[carol].core.find({(*named)->call_id, (*named)->to_tag, (*named)->from_tag});
  REQUIRE(replaced == c);
  CHECK((*named)->refusal_for(net[carol].core.find(replaced)->dialog()) == 0);
  REQUIRE(net[carol].core.accept(net.now(), incoming.call, "answer"));
  REQUIRE(net[carol].core.hang_up(net.now(), replaced));
  net.run_for(40);
  CHECK(net.take(bob, kind::ended).call == b2);
  CHECK(net.take(alice, happened::accepted).what == kind::session);
  CHECK(net[carol].core.calls() == 1);
  CHECK(net[bob].core.find(b)->state() == ua::session::state::confirmed);
  CHECK(net[alice].core.find(a)->state() == ua::session::state::confirmed);
}

TEST_CASE("a registration goes over the core, which answers the challenge") {
  ua_network net(1);
  REQUIRE(net[0].core.accounts().set_account(
      {.realm = "example.com", .username = "alice", .password = "secret", .ha1 = {}}));
  ua::registration_options options;
  options.aor = "sip:alice@example.com";
  options.registrar = "sip:192.0.2.99";
  options.contact.uri = "sip:a@192.0.2.1:5060";
  test::seeded_random random;
  ua::registration registration(options, random);
  REQUIRE(registration.start());
  auto request = sip::message::request("NONE", "sip:none").value();
  REQUIRE(registration.poll_request(net.now(), request));
  const auto id = net[0].core.request(net.now(), std::move(request));
  REQUIRE(id);
  net.collect();
  net.reply(net.last("REGISTER"), 401, "r",
            "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n\", qop=\"auth\"\r\n");
  const auto again = net.last("REGISTER");
  CHECK(again.text.find("CSeq: 2 REGISTER") != std::string::npos);
  CHECK(again.text.find("response=\"") != std::string::npos);
  net.reply(again, 200, "r", "Contact: <sip:a@192.0.2.1:5060>;expires=600\r\n");
  const auto response = net.take(0, kind::response);
  REQUIRE(response.request == *id);
  registration.handle_response(net.now(), *text_of(response));
  CHECK(registration.state() == ua::registration::state::registered);
  // The refresh has the next number.
  net.run_for(300'000);
  registration.handle_timeout(net.now());
  REQUIRE(registration.poll_request(net.now(), request));
  CHECK(request.value_of(sip::header_id::cseq) == "3 REGISTER");
}

}  // namespace
