#include <parley/ua/core.hpp>
#include <parley/ua/refer.hpp>
#include <parley/ua/registration.hpp>
#include <parley/ua/replaces.hpp>

#include "support/catch.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"
#include "support/ua_network.hpp"

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

TEST_CASE("a blind transfer: the one who is asked calls, and reports how that went") {
  ua_network net(3);
  const auto [a, b] = connect(net, alice, bob);
  const transaction::timers timers;
  ua::referral to_carol;
  to_carol.target = "sip:c@192.0.2.3";
  to_carol.method = "INVITE";
  ua::client_refer asks(timers, to_carol);
  REQUIRE(send(net, bob, b, asks));
  net.run_for(20);

  const auto refer = net.take(alice, kind::request);
  REQUIRE(refer.call == a);
  auto does = ua::server_refer::accept(net.now(), *text_of(refer));
  REQUIRE(does);
  CHECK(does->what().target == "sip:c@192.0.2.3");
  auto accepted = sip::message::response(202).value();
  does->write_response(accepted);
  REQUIRE(net[alice].core.respond(net.now(), refer.request, accepted));
  REQUIRE(send(net, alice, a, *does));
  net.run_for(20);

  // The 202 and the first NOTIFY, in whatever order.
  const auto take_notify = [&] {
    for (auto event = net.take(bob); event.what != kind::none; event = net.take(bob)) {
      if (event.session.what == happened::response) asks.handle_response(net.now(), *text_of(event));
      if (event.what != kind::request) continue;
      const int status = asks.handle_notify(net.now(), *text_of(event));
      CHECK(status == 200);
      REQUIRE(net[bob].core.respond(net.now(), event.request, sip::message::response(status).value()));
    }
  };
  take_notify();
  REQUIRE(asks.last());
  CHECK(asks.last()->status == 100);
  net.run_for(20);
  const auto heard = net.take(alice, happened::response);
  does->handle_response(net.now(), *text_of(heard));

  const auto [a2, c] = connect(net, alice, carol);
  does->report(net.now(), 200, "OK");
  REQUIRE(send(net, alice, a, *does));
  net.run_for(20);
  take_notify();
  CHECK(asks.last()->status == 200);
  CHECK(asks.state() == ua::client_refer::state::ended);
  REQUIRE(net[bob].core.hang_up(net.now(), b));
  net.run_for(20);
  CHECK(net.take(alice, kind::ended).call == a);
  CHECK(net[alice].core.find(a2)->state() == ua::session::state::confirmed);
  CHECK(net[carol].core.find(c)->state() == ua::session::state::confirmed);
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
