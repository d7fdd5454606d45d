#include <parley/ua/core.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/ua_network.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

// Where the ACK for a 2xx goes (RFC 3261 13.2.2.4 and 8.1.2, RFC 3263).

namespace {

using namespace parley;
using parley::test::ua_network;
using kind = ua::core_event::kind;
using happened = ua::session_event::kind;

constexpr std::string_view named = "Contact: <sip:bob@example.com:5070;transport=udp>\r\n";

/// Alice's INVITE to 192.0.2.99, answered from there; example.com may be found at agent 1.
struct answered_call {
  explicit answered_call(std::string_view lines) : net(2) {
    ua::invite_options options;
    options.uri = "sip:bob@192.0.2.99";
    options.from = "<sip:alice@example.com>";
    options.description = "offer";
    call = net[0].core.invite(net.now(), options).value();
    net.collect();
    invite = net.last("INVITE");
    net.reply(invite, 200, "bob", lines, "answer");
  }
  std::ptrdiff_t acks_to(std::size_t to) const {
    return std::count_if(net.sent.begin(), net.sent.end(), [&](const test::network_message& one) {
      return one.to == to && one.text.starts_with("ACK");
    });
  }
  void found(const ua::core_event& question) {
    std::vector<sip::hop> hops(1);
    hops[0].remote = test::ua_address(1);
    net[0].core.handle_resolved(net.now(), question.lookup, hops);
    net.collect();
  }
  void end_of_all() {
    REQUIRE(net[0].core.hang_up(net.now(), call));
    net.run_for(400'000);
    CHECK(net[0].core.is_idle());
    CHECK(net[0].core.poll_timeout() == base::never);
    net[0].events.clear();
    CHECK(net[0].pool.stats().blocks_in_use == 0);
  }

  ua_network net;
  ua::call_id call{};
  test::network_message invite;
};

constexpr std::size_t where_it_is = 1;
constexpr std::size_t where_the_invite_went = 2;

TEST_CASE("the ACK to a name goes where that is found, and again for each copy of the 2xx") {
  answered_call it(named);
  const auto question = it.net.take(0, kind::resolve);
  CHECK(question.host == "example.com");
  CHECK(question.port == 5070);
  CHECK(question.transport == sip::transport::udp);
  CHECK(it.net[0].core.find(it.call)->state() == ua::session::state::confirmed);
  // A copy meanwhile asks nothing and sends nothing.
  it.net.reply(it.invite, 200, "bob", named, "answer");
  CHECK(it.net.last("ACK").text.empty());
  CHECK(it.net.take(0, kind::resolve).what == kind::none);
  it.found(question);
  CHECK(it.acks_to(where_it_is) == 1);
  CHECK(it.net.last("ACK").text.starts_with("ACK sip:bob@example.com:5070;transport=udp "));
  it.net.reply(it.invite, 200, "bob", named, "answer");
  CHECK(it.acks_to(where_it_is) == 2);
  CHECK(it.acks_to(where_the_invite_went) == 0);
  CHECK(it.net.take(0, kind::resolve).what == kind::none);
  it.end_of_all();
}

TEST_CASE("the ACK follows a route set that begins with a name") {
  answered_call it("Contact: <sip:bob@192.0.2.99>\r\nRecord-Route: <sip:proxy.example.com;lr>\r\n");
  const auto question = it.net.take(0, kind::resolve);
  CHECK(question.host == "proxy.example.com");
  it.found(question);
  CHECK(it.acks_to(where_it_is) == 1);
  CHECK(it.net.last("ACK").text.starts_with("ACK sip:bob@192.0.2.99 "));
  it.end_of_all();
}

TEST_CASE("where a name leads nowhere, or nobody says in time, the ACK goes where the INVITE went") {
  answered_call nowhere(named);
  nowhere.net[0].core.handle_resolved(nowhere.net.now(), nowhere.net.take(0, kind::resolve).lookup, {});
  nowhere.net.collect();
  CHECK(nowhere.acks_to(where_the_invite_went) == 1);
  nowhere.end_of_all();

  answered_call silent(named);
  silent.net.run_for(31'900);
  CHECK(silent.acks_to(where_the_invite_went) == 0);
  silent.net.run_for(200);
  CHECK(silent.acks_to(where_the_invite_went) == 1);
  silent.end_of_all();
}

TEST_CASE("an ACK that has to go over TLS goes nowhere else") {
  answered_call it("Contact: <sips:bob@example.com>\r\n");
  const auto question = it.net.take(0, kind::resolve);
  CHECK(question.secure);
  it.found(question);
  CHECK(it.net.last("ACK").text.empty());
  it.end_of_all();
}

TEST_CASE("a call that ends while the address of its ACK is looked up still sends it") {
  answered_call it(named);
  const auto question = it.net.take(0, kind::resolve);
  REQUIRE(it.net[0].core.hang_up(it.net.now(), it.call));
  it.net.collect();
  const auto for_bye = it.net.take(0, kind::resolve);
  it.found(for_bye);
  it.net.reply(it.net.last("BYE"), 200);
  CHECK(it.net.take(0, kind::ended).call == it.call);
  it.net.run_for(10'000);
  it.found(question);
  CHECK(it.acks_to(where_it_is) == 1);
  it.net.run_for(30'000);
  CHECK(it.net[0].core.is_idle());
  CHECK(it.net[0].core.poll_timeout() == base::never);
}

TEST_CASE("the ACK to a name with the answer to the offer of a 2xx") {
  ua_network net(2);
  ua::invite_options options;
  options.uri = "sip:bob@192.0.2.99";
  options.from = "<sip:alice@example.com>";
  const auto call = net[0].core.invite(net.now(), options).value();
  net.collect();
  net.reply(net.last("INVITE"), 200, "bob", named, "offer");
  REQUIRE(net.take(0, happened::offer).call == call);
  REQUIRE(net[0].core.answer(net.now(), call, "answer"));
  net.collect();
  std::vector<sip::hop> hops(1);
  hops[0].remote = test::ua_address(1);
  net[0].core.handle_resolved(net.now(), net.take(0, kind::resolve).lookup, hops);
  net.collect();
  CHECK(net.last("ACK").to == where_it_is);
  CHECK(net.last("ACK").text.ends_with("answer"));
}

TEST_CASE(
    "a peer that hangs up before its offer is answered has its ACK, and a copy of its 2xx begins nothing") {
  ua_network net(1);
  ua::invite_options options;
  options.uri = "sip:bob@192.0.2.99";
  options.from = "<sip:alice@example.com>";
  const auto call = net[0].core.invite(net.now(), options).value();
  net.collect();
  const auto invite = net.last("INVITE");
  constexpr std::string_view contact = "Contact: <sip:bob@192.0.2.99>\r\n";
  net.reply(invite, 200, "bob", contact, "offer");
  REQUIRE(net.take(0, happened::offer).call == call);
  const ua::dialog& dialog = net[0].core.find(call)->dialog();
  net.inject(0,
             "BYE sip:alice@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKbye\r\n"
             "Max-Forwards: 70\r\nFrom: <sip:bob@192.0.2.99>;tag=bob\r\nTo: <sip:alice@example.com>;tag=" +
                 dialog.local_tag() + "\r\nCall-ID: " + dialog.call_id() + "\r\nCSeq: 1 BYE\r\n\r\n");
  CHECK(net.take(0, kind::ended).session.why == ua::session_end::remote_bye);
  CHECK(!net.last("ACK").text.empty());
  net.reply(invite, 200, "bob", contact, "offer");
  CHECK(net.take(0).what == kind::none);
  net.run_for(60'000);
  CHECK(net[0].core.is_idle());
}

}  // namespace
