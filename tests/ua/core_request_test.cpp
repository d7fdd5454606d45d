#include <parley/ua/core.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/ua_network.hpp"

#include <string>
#include <string_view>
#include <vector>

// Requests outside calls, challenges, addresses, and what is refused.

namespace {

using namespace parley;
using parley::test::ua_network;
using kind = ua::core_event::kind;
using happened = ua::session_event::kind;

sip::message message_to(std::string_view uri, std::string_view method = "MESSAGE") {
  auto made = sip::message::request(method, uri).value();
  REQUIRE(made.add(sip::header_id::from, "<sip:alice@example.com>"));
  REQUIRE(made.add(sip::header_id::to, '<' + std::string(uri) + '>'));
  return made;
}

constexpr std::string_view challenge =
    "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\n";

/// A request of a stranger's, at 192.0.2.99.
std::string strange(std::string_view method, std::string_view lines = {}, std::string_view to_tag = {},
                    std::string_view body = {}, std::string_view branch = "z9hG4bKstrange") {
  return std::string(method) +
         " sip:alice@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=" + std::string(branch) +
         "\r\nMax-Forwards: 70\r\nFrom: <sip:s@example.com>;tag=s\r\nTo: <sip:alice@example.com>" +
         (to_tag.empty() ? "" : ";tag=" + std::string(to_tag)) + "\r\nCall-ID: strange\r\nCSeq: 7 " +
         std::string(method) + "\r\n" + std::string(lines) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

constexpr std::string_view contact = "Contact: <sip:s@192.0.2.99>\r\n";

TEST_CASE("a request outside calls is answered by the other side's application") {
  ua_network net;
  const auto id = net[0].core.request(net.now(), message_to("sip:bob@192.0.2.2"));
  REQUIRE(id);
  net.run_for(20);
  auto got = net.take(1, kind::request);
  REQUIRE(got.what == kind::request);
  got.message.reset();
  REQUIRE(net[1].core.respond(net.now(), got.request, sip::message::response(202).value(), "tag"));
  CHECK(net[1].core.respond(net.now(), got.request, sip::message::response(202).value()).error() ==
        make_error_code(ua::errc::not_now));
  net.run_for(20);
  const auto response = net.take(0, kind::response);
  CHECK(response.request == *id);
  CHECK(response.status == 202);
}

TEST_CASE("what is no request to be sent so is refused") {
  ua_network net;
  const auto error = [&](sip::message message) {
    return net[0].core.request(net.now(), std::move(message)).error();
  };
  CHECK(error(message_to("sip:bob@192.0.2.2", "INVITE")) == make_error_code(ua::errc::wrong_method));
  CHECK(error(message_to("sip:bob@192.0.2.2", "CANCEL")) == make_error_code(ua::errc::wrong_method));
  CHECK(error(sip::message::response(200).value()) == make_error_code(ua::errc::wrong_method));
  CHECK(error(sip::message::request("MESSAGE", "sip:bob@192.0.2.2").value()) ==
        make_error_code(ua::errc::bad_message));
}

TEST_CASE("a challenge of a realm that is configured is answered, with the next CSeq") {
  ua_network net(1);
  REQUIRE(net[0].core.accounts().set_account(
      {.realm = "example.com", .username = "alice", .password = "secret", .ha1 = {}}));
  REQUIRE(net[0].core.request(net.now(), message_to("sip:bob@192.0.2.99")));
  net.collect();
  net.reply(net.last("MESSAGE"), 401, "x", challenge);
  const auto again = net.last("MESSAGE");
  CHECK(again.text.find("CSeq: 2 MESSAGE") != std::string::npos);
  CHECK(again.text.find("Authorization: Digest username=\"alice\", realm=\"example.com\"") !=
        std::string::npos);
  CHECK(net[0].core.counters().challenged == 1);
  net.reply(again, 200, "x");
  CHECK(net.take(0, kind::response).status == 200);
}

TEST_CASE("a wrong password, or a realm that is not configured, is the application's to know") {
  ua_network net(1);
  REQUIRE(net[0].core.accounts().set_account(
      {.realm = "example.com", .username = "alice", .password = "wrong", .ha1 = {}}));
  REQUIRE(net[0].core.request(net.now(), message_to("sip:bob@192.0.2.99")));
  net.collect();
  net.reply(net.last("MESSAGE"), 401, "x", challenge);
  net.reply(net.last("MESSAGE"), 401, "x", challenge);
  CHECK(net.take(0, kind::response).status == 401);

  REQUIRE(net[0].core.request(net.now(), message_to("sip:bob@192.0.2.99")));
  net.collect();
  net.reply(net.last("MESSAGE"), 407, "x",
            "Proxy-Authenticate: Digest realm=\"evil.example\", nonce=\"n\", qop=\"auth\"\r\n");
  CHECK(net.last("MESSAGE").text.find("evil.example") == std::string::npos);
  CHECK(net.take(0, kind::response).status == 407);
}

/// A call of Alice's, challenged and sent again with credentials.
ua::call_id challenged_call(ua_network& net) {
  REQUIRE(net[0].core.accounts().set_account(
      {.realm = "example.com", .username = "alice", .password = "secret", .ha1 = {}}));
  ua::invite_options options;
  options.uri = "sip:bob@192.0.2.99";
  options.from = "<sip:alice@example.com>";
  options.description = "offer";
  const auto call = net[0].core.invite(net.now(), options);
  REQUIRE(call);
  net.collect();
  net.reply(net.last("INVITE"), 401, "x", challenge);
  return *call;
}

TEST_CASE("an INVITE that is challenged has its credentials in the ACK and in the BYE") {
  ua_network net(1);
  const ua::call_id call = challenged_call(net);
  const auto invite = net.last("INVITE");
  REQUIRE(invite.text.find("CSeq: 2 INVITE") != std::string::npos);
  net.reply(invite, 200, "x", contact, "answer");
  const auto ack = net.last("ACK sip:s@");
  CHECK(ack.text.find("CSeq: 2 ACK") != std::string::npos);
  CHECK(ack.text.find("Authorization: Digest") != std::string::npos);
  REQUIRE(net[0].core.hang_up(net.now(), call));
  net.collect();
  const auto bye = net.last("BYE");
  CHECK(bye.text.find("CSeq: 3 BYE") != std::string::npos);
  CHECK(bye.text.find("Authorization: Digest") != std::string::npos);
  // RFC 3261 22.2: another nonce has it sent once more, although the call has ended here.
  net.reply(bye, 401, "x",
            "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n2\", qop=\"auth\", stale=true\r\n");
  const auto again = net.last("BYE");
  CHECK(again.text.find("CSeq: 4 BYE") != std::string::npos);
  CHECK(again.text.find("nonce=\"n2\"") != std::string::npos);
}

TEST_CASE("the ACK of an INVITE that was challenged goes along a route that fills it") {
  ua_network net(1);
  challenged_call(net);
  const auto invite = net.last("INVITE");
  for (std::size_t length = 10; length < 400; length += 50) {
    const std::string tag = "x" + std::to_string(length);
    const std::string route = "<sip:192.0.2.99;lr;own=" + std::string(length, 'a') + ">";
    net.reply(invite, 200, tag, std::string(contact) + "Record-Route: " + route + "\r\n", "answer");
    const auto ack = net.last("ACK sip:s@");
    CHECK(ack.text.find("Route: " + route) != std::string::npos);
    CHECK(ack.text.find("Authorization: Digest") != std::string::npos);
  }
}

TEST_CASE("a stranger who calls is told no credentials, and one who can't be reached ends all the same") {
  ua_network net(1);
  REQUIRE(net[0].core.accounts().set_account(
      {.realm = "example.com", .username = "alice", .password = "secret", .ha1 = {}}));
  const std::string offer = "Content-Type: application/sdp\r\n";
  net.inject(0, strange("INVITE", std::string(contact) + offer, {}, "offer"));
  const auto call = net.take(0, kind::incoming).call;
  REQUIRE(net[0].core.accept(net.now(), call, "answer"));
  net.collect();
  const std::string tag = net[0].core.find(call)->dialog().local_tag();
  net.inject(0, strange("ACK", {}, tag, {}, "z9hG4bKack"));
  REQUIRE(net[0].core.hang_up(net.now(), call));
  net.collect();
  net.reply(net.last("BYE"), 401, "s", challenge);
  CHECK(net.last("BYE").text.find("Authorization") == std::string::npos);
  CHECK(net[0].core.counters().challenged == 0);

  std::string second = strange("INVITE", "Contact: <sip:s@192.0.2.99;transport=tcp>\r\n" + offer, {}, "offer",
                               "z9hG4bKsecond");
  second.replace(second.find("Call-ID: strange"), 16, "Call-ID: another");
  net.sent.clear();
  net.inject(0, second);
  const auto other = net.take(0, kind::incoming).call;
  REQUIRE(net[0].core.accept(net.now(), other, "answer"));
  net.run_for(60'000);
  CHECK(net.last("BYE").text.empty());
  CHECK(net[0].core.calls() == 0);
  net.run_for(400'000);
  CHECK(net[0].core.is_idle());
}

TEST_CASE("a late CANCEL is not for the INVITE that waits now") {
  ua_network net(1);
  const std::string offer = std::string(contact) + "Content-Type: application/sdp\r\n";
  net.inject(0, strange("INVITE", offer, {}, "offer"));
  const auto call = net.take(0, kind::incoming).call;
  REQUIRE(net[0].core.accept(net.now(), call, "answer"));
  net.collect();
  const std::string tag = net[0].core.find(call)->dialog().local_tag();
  net.inject(0, strange("ACK", {}, tag, {}, "z9hG4bKack"));
  std::string again = strange("INVITE", offer, tag, "offer", "z9hG4bKagain");
  again.replace(again.find("CSeq: 7"), 7, "CSeq: 8");
  net.inject(0, again);
  net.inject(0, strange("CANCEL"));
  CHECK(net.last("SIP/2.0").text.starts_with("SIP/2.0 200"));
  REQUIRE(net[0].core.answer(net.now(), call, "answer again"));
  net.collect();
  CHECK(net.last("SIP/2.0").text.ends_with("answer again"));
}

TEST_CASE("what could not be sent for want of a buffer goes when there is one") {
  base::buffer_pool_limits limits;
  limits.max_bytes = 600'000;
  base::buffer_pool pool(limits);
  test::seeded_random random;
  ua::core_options options;
  sip::listener udp;
  udp.local = test::ua_address(0);
  options.listeners = {udp};
  const base::time_point now{std::chrono::seconds(1000)};
  ua::core core(options, pool, random, now);
  sip::hop from;
  from.remote = base::socket_address::from_string("192.0.2.99:5060").value();
  core.handle_message(now, from, pool.copy(strange("INVITE", contact)).value());
  ua::core_event event;
  REQUIRE(core.poll_event(event));
  const auto call = event.call;
  std::vector<base::packet_buffer> hoard;
  for (std::size_t size = 32'768; size != 0; size /= 2) {
    while (true) {
      auto more = pool.allocate(size);
      if (!more) break;
      hoard.push_back(std::move(*more));
    }
  }
  REQUIRE(core.refuse(now, call, 486));
  sip::outgoing out;
  CHECK_FALSE(core.poll_transmit(out));
  hoard.clear();
  const auto later = core.poll_timeout();
  REQUIRE(later <= now + std::chrono::milliseconds(100));
  core.handle_timeout(later);
  REQUIRE(core.poll_transmit(out));
  CHECK(out.data.text().starts_with("SIP/2.0 486"));
}

TEST_CASE("a name is looked up, and the next address is tried where one is silent or says 503") {
  ua_network net(1);
  REQUIRE(net[0].core.request(net.now(), message_to("sip:bob@example.com")));
  net.collect();
  const auto question = net.take(0, kind::resolve);
  REQUIRE(question.host == "example.com");
  CHECK(net.sent.empty());
  std::vector<sip::hop> hops(3);
  hops[0].remote = base::socket_address::from_string("192.0.2.97:5060").value();
  hops[1].remote = base::socket_address::from_string("192.0.2.98:5060").value();
  hops[2].remote = base::socket_address::from_string("192.0.2.99:5060").value();
  net[0].core.handle_resolved(net.now(), question.lookup, hops);
  net.collect();
  REQUIRE(net.sent.size() == 1);
  net.reply(net.last("MESSAGE"), 503, "x");
  REQUIRE(net.sent.size() == 2);
  net.run_for(32'000);
  CHECK(net[0].core.counters().failed_over == 2);
  net.reply(net.last("MESSAGE"), 200, "x");
  CHECK(net.take(0, kind::response).status == 200);
}

TEST_CASE("a name that leads nowhere is 503, and so is one that nobody finds in time") {
  ua_network net(1);
  REQUIRE(net[0].core.request(net.now(), message_to("sip:bob@example.com")));
  net.collect();
  net[0].core.handle_resolved(net.now(), net.take(0, kind::resolve).lookup, {});
  net.collect();
  CHECK(net.take(0, kind::response).status == 503);
  REQUIRE(net[0].core.request(net.now(), message_to("sip:bob@example.com")));
  net.run_for(31'900);
  CHECK(net.take(0, kind::response).what == kind::none);
  net.run_for(200);
  CHECK(net.take(0, kind::response).status == 503);
  CHECK(net[0].core.poll_timeout() == base::never);
}

TEST_CASE("a call that is given up while its address is looked up sends nothing") {
  ua_network net(1);
  ua::invite_options options;
  options.uri = "sip:bob@example.com";
  options.from = "<sip:alice@example.com>";
  const auto call = net[0].core.invite(net.now(), options);
  net.collect();
  const auto question = net.take(0, kind::resolve);
  REQUIRE(net[0].core.hang_up(net.now(), *call));
  std::vector<sip::hop> hops(1);
  hops[0].remote = base::socket_address::from_string("192.0.2.99:5060").value();
  net[0].core.handle_resolved(net.now(), question.lookup, hops);
  net.collect();
  CHECK(net.sent.empty());
  CHECK(net.take(0, kind::ended).session.why == ua::session_end::cancelled);
}

TEST_CASE("a request too large for a datagram goes by TCP, and by UDP where that fails") {
  ua_network net(1);
  ua::core_options options;
  sip::listener udp;
  udp.local = test::ua_address(0);
  sip::listener tcp = udp;
  tcp.transport = sip::transport::tcp;
  options.listeners = {udp, tcp};
  base::buffer_pool pool;
  test::seeded_random random;
  ua::core core(options, pool, random, net.now());
  auto large = message_to("sip:bob@192.0.2.99");
  REQUIRE(large.set_body(std::string(2000, 'x'), "text/plain"));
  REQUIRE(core.request(net.now(), std::move(large)));
  sip::outgoing out;
  REQUIRE(core.poll_transmit(out));
  CHECK(out.to.transport == sip::transport::tcp);
  core.handle_send_failure(net.now(), out.ticket);
  REQUIRE(core.poll_transmit(out));
  CHECK(out.to.transport == sip::transport::udp);
  CHECK(out.data.text().find("Via: SIP/2.0/UDP") != std::string_view::npos);
}

TEST_CASE("requests that can't be taken are refused with what the RFC says") {
  struct refusal {
    std::string text;
    std::string status;
    std::string_view line;
  };
  const refusal all[] = {
      {strange("BYE", {}, "nobody"), "481", ""},
      {strange("BYE"), "481", ""},
      {strange("INFO", {}, "nobody"), "481", ""},
      {strange("PUBLISH"), "405", "Allow: INVITE, ACK, CANCEL, BYE, UPDATE, PRACK, OPTIONS"},
      {strange("FLY"), "501", "Allow: INVITE"},
      {strange("OPTIONS", "Require: 100rel, wings\r\n"), "420", "Unsupported: wings\r\n"},
      {strange("INVITE"), "400", ""},
      {strange("INVITE", std::string(contact) + "Content-Type: text/plain\r\n", {}, "hello"), "415",
       "Accept: application/sdp\r\n"},
      {strange("INVITE", contact, {}, "v=0"), "400", ""},
      {strange("INVITE", std::string(contact) + "Supported: timer\r\nSession-Expires: 5\r\n"), "422",
       "Min-SE: 90\r\n"},
      {"OPTIONS tel:+1 SIP/2.0\r\n" + strange("OPTIONS").substr(strange("OPTIONS").find('\n') + 1), "416",
       ""},
  };
  for (const refusal& one : all) {
    CAPTURE(one.text);
    ua_network net(1);
    net.inject(0, one.text);
    REQUIRE(net.sent.size() == 1);
    CHECK(net.sent[0].text.substr(8, 3) == one.status);
    CHECK(net.sent[0].text.find(one.line) != std::string::npos);
    CHECK(net[0].core.calls() == 0);
    CHECK(net[0].core.counters().refused == 1);
  }
}

TEST_CASE("a request that comes by two ways is refused once with 482") {
  ua_network net(1);
  net.inject(0, strange("MESSAGE"));
  net.inject(0, strange("MESSAGE", {}, {}, {}, "z9hG4bKother"));
  CHECK(net.take(0, kind::request).what == kind::request);
  CHECK(net.take(0, kind::request).what == kind::none);
  CHECK(net.last("SIP/2.0").text.starts_with("SIP/2.0 482"));
}

TEST_CASE("a CSeq out of order gets 500, and the call goes on") {
  ua_network net(1);
  net.inject(0, strange("INVITE", std::string(contact) + "Content-Type: application/sdp\r\n", {}, "offer"));
  const auto call = net.take(0, kind::incoming).call;
  REQUIRE(net[0].core.accept(net.now(), call, "answer"));
  net.collect();
  const std::string tag = net[0].core.find(call)->dialog().local_tag();
  net.inject(0, strange("INFO", {}, tag, {}, "z9hG4bKinfo"));
  CHECK(net.last("SIP/2.0").text.starts_with("SIP/2.0 500"));
  CHECK(net[0].core.calls() == 1);
}

TEST_CASE("what breaks the grammar gets 400 where it can be answered") {
  ua_network net(1);
  net.inject(0,
             "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK1\r\nbroken line\r\n\r\n");
  REQUIRE(net.sent.size() == 1);
  CHECK(net.sent[0].text.starts_with("SIP/2.0 400"));
  net.inject(0, "nonsense");
  CHECK(net.sent.size() == 1);
  CHECK(net[0].core.counters().dropped_malformed == 2);
}

TEST_CASE("where no more calls may be, the next one gets 503") {
  ua::core_options options;
  options.max_calls = 1;
  ua_network net(1, 1, {}, options);
  net.inject(0, strange("INVITE", contact));
  CHECK(net[0].core.calls() == 1);
  std::string second = strange("INVITE", contact, {}, {}, "z9hG4bKsecond");
  second.replace(second.find("Call-ID: strange"), 16, "Call-ID: another");
  net.inject(0, second);
  CHECK(net.last("SIP/2.0").text.starts_with("SIP/2.0 503"));
  CHECK(net[0].core.calls() == 1);
}

}  // namespace
