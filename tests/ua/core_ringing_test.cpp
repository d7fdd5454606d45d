#include <parley/ua/core.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/ua_network.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

// How long an INVITE may wait for its answer, and what keeps it alive (RFC 3261 13.2.1, 13.3.1 and 13.3.1.1).

namespace {

using namespace parley;
using parley::test::ua_network;
using kind = ua::core_event::kind;
using happened = ua::session_event::kind;

std::ptrdiff_t count(const ua_network& net, std::string_view start) {
  return std::count_if(net.sent.begin(), net.sent.end(),
                       [&](const auto& one) { return one.text.starts_with(start); });
}

/// A stranger's INVITE.
std::string invite(std::string_view lines, std::string_view to_tag = {}, int cseq = 1) {
  return "INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK" +
         std::to_string(cseq) +
         "\r\nMax-Forwards: 70\r\nFrom: <sip:s@example.com>;tag=s\r\nTo: <sip:a@example.com>" +
         (to_tag.empty() ? "" : ";tag=" + std::string(to_tag)) +
         "\r\nCall-ID: strange\r\nCSeq: " + std::to_string(cseq) +
         " INVITE\r\nContact: <sip:s@192.0.2.99>\r\nContent-Type: application/sdp\r\n" + std::string(lines) +
         "\r\noffer";
}

void end_of_all(ua_network& net, ua::call_id call) {
  std::ignore = net[0].core.hang_up(net.now(), call);
  net.run_for(400'000);
  CHECK(net[0].core.is_idle());
  CHECK(net[0].core.poll_timeout() == base::never);
}

TEST_CASE("an INVITE that is not answered in the time of its Expires gets 487") {
  ua_network net(1);
  net.inject(0, invite("Expires: 30\r\n"));
  const auto call = net.take(0, kind::incoming).call;
  REQUIRE(net[0].core.progress(net.now(), call, 180));
  net.run_for(29'900);
  CHECK(count(net, "SIP/2.0 487") == 0);
  net.run_for(200);
  CHECK(count(net, "SIP/2.0 487") != 0);
  const auto ended = net.take(0, kind::ended);
  CHECK(ended.call == call);
  CHECK(ended.session.why == ua::session_end::cancelled);
  CHECK(ended.session.status == 487);
  CHECK(net[0].core.accept(net.now(), call, "answer").error() == make_error_code(ua::errc::not_now));
  end_of_all(net, call);
}

TEST_CASE("an Expires says nothing of a call that is answered, and one that can't be read says nothing") {
  ua_network net(1);
  net.inject(0, invite("Expires: 30\r\n"));
  const auto call = net.take(0, kind::incoming).call;
  REQUIRE(net[0].core.accept(net.now(), call, "answer"));
  net.run_for(31'000);
  CHECK(net[0].core.find(call)->state() == ua::session::state::answered);
  end_of_all(net, call);

  for (const char* const expires : {"soon", "99999999999", "4294967295"}) {
    ua_network other(1);
    other.inject(0, invite("Expires: " + std::string(expires) + "\r\n"));
    const auto waits = other.take(0, kind::incoming).call;
    other.run_for(600'000);
    CHECK(count(other, "SIP/2.0 487") == 0);
    REQUIRE(other[0].core.refuse(other.now(), waits, 486));
    end_of_all(other, waits);
  }
}

TEST_CASE("a re-INVITE whose Expires has passed leaves the session as it was") {
  ua_network net(1);
  net.inject(0, invite({}));
  const auto call = net.take(0, kind::incoming).call;
  REQUIRE(net[0].core.accept(net.now(), call, "answer"));
  net.collect();
  net.inject(0, invite("Expires: 5\r\n", net[0].core.find(call)->dialog().local_tag(), 2));
  REQUIRE(net[0].core.find(call)->has_pending_invite());
  net.run_for(5'100);
  CHECK(count(net, "SIP/2.0 487") != 0);
  const ua::session* const session = net[0].core.find(call);
  REQUIRE(session != nullptr);
  CHECK(session->state() == ua::session::state::confirmed);
  CHECK_FALSE(session->has_pending_invite());
  CHECK(session->exchange().is_idle());
  end_of_all(net, call);
}

TEST_CASE("a caller's Expires is in the INVITE, and a CANCEL follows when it has passed") {
  ua_network net(1);
  ua::invite_options options;
  options.uri = "sip:bob@192.0.2.99";
  options.from = "<sip:alice@example.com>";
  options.description = "offer";
  options.expires = std::chrono::seconds(20);
  const auto call = net[0].core.invite(net.now(), options).value();
  net.collect();
  const auto sent = net.last("INVITE");
  CHECK(sent.text.find("\r\nExpires: 20\r\n") != std::string::npos);
  net.reply(sent, 180, "bob", "Contact: <sip:bob@192.0.2.99>\r\n");
  net.run_for(19'900);
  CHECK(count(net, "CANCEL") == 0);
  net.run_for(200);
  CHECK(count(net, "CANCEL") == 1);
  net.reply(net.last("CANCEL"), 200);
  net.reply(sent, 487, "bob");
  const auto ended = net.take(0, kind::ended);
  CHECK(ended.call == call);
  CHECK(ended.session.why == ua::session_end::cancelled);
  end_of_all(net, call);
}

TEST_CASE("no CANCEL follows where the call is answered or refused before its Expires") {
  for (const int status : {200, 486}) {
    ua_network net(1);
    ua::invite_options options;
    options.uri = "sip:bob@192.0.2.99";
    options.from = "<sip:alice@example.com>";
    options.description = "offer";
    options.expires = std::chrono::seconds(20);
    const auto call = net[0].core.invite(net.now(), options).value();
    net.collect();
    net.reply(net.last("INVITE"), status, "bob", "Contact: <sip:bob@192.0.2.99>\r\n", "answer");
    net.run_for(60'000);
    CHECK(count(net, "CANCEL") == 0);
    CHECK(net[0].core.calls() == (status == 200 ? 1U : 0U));
    end_of_all(net, call);
  }
}

TEST_CASE("a call whose address is not found in the time of its Expires is not placed") {
  ua_network net(1);
  ua::invite_options options;
  options.uri = "sip:bob@example.com";
  options.from = "<sip:alice@example.com>";
  options.expires = std::chrono::seconds(5);
  const auto call = net[0].core.invite(net.now(), options).value();
  net.run_for(6'000);
  sip::hop found;
  found.remote = base::socket_address::from_string("192.0.2.99:5060").value();
  net[0].core.handle_resolved(net.now(), net.take(0, kind::resolve).lookup, {&found, 1});
  net.collect();
  CHECK(net.sent.empty());
  CHECK(net.take(0, kind::ended).session.why == ua::session_end::cancelled);
  end_of_all(net, call);
  options.expires = std::chrono::seconds(0x1'0000'0000);
  CHECK(net[0].core.invite(net.now(), options).error() == make_error_code(ua::errc::bad_message));
}

TEST_CASE("both ends count the same Expires") {
  ua_network net(2);
  ua::invite_options options;
  options.uri = "sip:b@192.0.2.2";
  options.from = "<sip:alice@example.com>";
  options.description = "offer";
  options.expires = std::chrono::seconds(20);
  const auto call = net[0].core.invite(net.now(), options).value();
  net.run_for(20);
  const auto incoming = net.take(1, kind::incoming).call;
  REQUIRE(net[1].core.progress(net.now(), incoming, 180));
  net.run_for(20'100);
  CHECK(net.take(0, kind::ended).session.why == ua::session_end::cancelled);
  CHECK(net.take(1, kind::ended).session.why == ua::session_end::cancelled);
  net.run_for(100'000);
  CHECK(net[1].core.is_idle());
  end_of_all(net, call);
}

TEST_CASE("a provisional response is repeated each minute until the INVITE is answered") {
  ua_network net(1);
  net.inject(0, invite({}));
  const auto call = net.take(0, kind::incoming).call;
  // None is made up where the user has sent none.
  net.run_for(70'000);
  CHECK(count(net, "SIP/2.0 1") == 1);
  REQUIRE(net[0].core.progress(net.now(), call, 180));
  net.run_for(30'000);
  REQUIRE(net[0].core.progress(net.now(), call, 183, "early answer"));
  net.run_for(59'900);
  CHECK(count(net, "SIP/2.0 183") == 1);
  net.run_for(200);
  CHECK(count(net, "SIP/2.0 183") == 2);
  CHECK(net.last("SIP/2.0 183").text.ends_with("early answer"));
  net.run_for(60'000);
  CHECK(count(net, "SIP/2.0 183") == 3);
  CHECK(count(net, "SIP/2.0 180") == 1);
  REQUIRE(net[0].core.accept(net.now(), call, "answer"));
  net.run_for(20'000);
  net.sent.clear();
  net.run_for(100'000);
  CHECK(count(net, "SIP/2.0 1") == 0);
  end_of_all(net, call);
}

TEST_CASE("a reliable provisional response is followed by another one after two and a half minutes") {
  ua_network net(2);
  ua::invite_options options;
  options.uri = "sip:b@192.0.2.2";
  options.from = "<sip:alice@example.com>";
  options.description = "offer";
  const auto call = net[0].core.invite(net.now(), options).value();
  net.run_for(20);
  const auto incoming = net.take(1, kind::incoming).call;
  REQUIRE(net[1].core.progress(net.now(), incoming, 183, "answer", true));
  net.run_for(149'900);
  CHECK(count(net, "SIP/2.0 183") == 1);
  const auto number_in = [](const std::string& text) {
    return std::stoul(text.substr(text.find("RSeq: ") + 6));
  };
  const unsigned long number = number_in(net.last("SIP/2.0 183").text);
  net.run_for(200);
  CHECK(count(net, "SIP/2.0 183") == 2);
  CHECK(number_in(net.last("SIP/2.0 183").text) == number + 1);
  CHECK_FALSE(net.last("SIP/2.0 183").text.ends_with("answer"));
  CHECK(count(net, "PRACK") == 2);
  REQUIRE(net[1].core.accept(net.now(), incoming, {}));
  net.run_for(20);
  CHECK(net.take(0, happened::accepted).call == call);
  REQUIRE(net[0].core.hang_up(net.now(), call));
  net.run_for(100'000);
  CHECK(net[1].core.is_idle());
  end_of_all(net, call);
}

}  // namespace
