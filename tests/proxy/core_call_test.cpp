#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>

using namespace parley;
using namespace parley::test;

namespace {

const std::string invite =
    "INVITE sip:bob@example.com SIP/2.0\r\n"
    "v:  SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKalice1\r\n"
    "Max-Forwards:  70\r\n"
    "From: \"Alice \\\" A\" <sip:alice@example.com>;tag=a1\r\n"
    "To:  <sip:bob@example.com>\r\n"
    "i: call-1@192.0.2.1\r\n"
    "CSeq: 1  INVITE\r\n"
    "m: <sip:alice@192.0.2.1>\r\n"
    "X-Odd :  kept\tas it is \r\n"
    "Subject: folded\r\n"
    " line\r\n"
    "c: application/sdp\r\n"
    "l: 4\r\n"
    "\r\n"
    "v=0\n";

/// The branch that the core put on top of a request.
std::string own_branch(const proxy_message& m) {
  const std::string via = m.value("Via");
  return via.substr(via.find("branch=") + 7);
}

}  // namespace

TEST_CASE("a call goes through, and nothing but what has to is changed", "[proxy]") {
  proxy_harness h;
  h.receive(invite);
  REQUIRE(h.sent.empty());
  REQUIRE(h.waiting() != proxy::request_id::none);
  CHECK(h.core.view(h.waiting()).request_uri() == "sip:bob@example.com");
  CHECK(h.core.source(h.waiting()) == h.alice);
  REQUIRE(h.forward({{"sip:bob@192.0.2.2;x=y", {}, 1000}}));
  const proxy_message forwarded = h.take_one();
  CHECK(forwarded.to == h.bob);
  CHECK(own_branch(forwarded).starts_with("z9hG4bK-0-"));
  const std::string expected =
      "INVITE sip:bob@192.0.2.2;x=y SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=" +
      own_branch(forwarded) +
      "\r\n"
      "Record-Route: " +
      forwarded.value("Record-Route") +
      "\r\n"
      "Max-Breadth: 60\r\n"
      "v:  SIP/2.0/UDP 192.0.2.1:5060;rport=5060;branch=z9hG4bKalice1;received=192.0.2.1\r\n"
      "Max-Forwards:  69\r\n" +
      invite.substr(invite.find("From"));
  CHECK(forwarded.text == expected);
  CHECK(recorded(forwarded) == strings{"<sip:192.0.2.10:5060;lr>"});

  SECTION("its responses lose our Via and nothing else") {
    const std::string ringing =
        "SIP/2.0 180 Ringing it is\r\n"
        "Via: SIP/2.0/UDP 192.0.2.10:5060;rport=5060;received=192.0.2.10;branch=" +
        own_branch(forwarded) + "\r\n";
    const std::string rest =
        "Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;branch=z9hG4bKalice1;received=192.0.2.1\r\n"
        "Record-Route: <sip:192.0.2.10:5060;lr>\r\n"
        "f: <sip:alice@example.com>;tag=a1\r\n"
        "t: <sip:bob@example.com>;tag=b1\r\n"
        "Call-ID: call-1@192.0.2.1\r\n"
        "CSeq: 1 INVITE\r\n"
        "X-Odd:kept\r\n"
        "\r\n";
    h.receive(ringing + rest, h.bob);
    const proxy_message back = h.take_one();
    CHECK(back.to == h.alice);
    CHECK(back.text == "SIP/2.0 180 Ringing it is\r\n" + rest);
  }
  SECTION("a 100 ends here, a 200 ends the transaction, the ACK and the BYE follow the route") {
    h.reply(forwarded, 100, "");
    CHECK(h.take().empty());
    h.reply(forwarded, 200);
    CHECK(summaries(h.take()) == strings{"192.0.2.1:5060 SIP/2.0 200 Whatever"});
    CHECK(h.core.requests_under_way() == 0);
    CHECK(h.core.calls() == 1);
    h.reply(forwarded, 200);
    CHECK(h.take().size() == 1);  // RFC 6026: each 2xx is passed on

    request_text ack;
    ack.method = "ACK";
    ack.to_tag = "bob";
    ack.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKalice2";
    ack.lines = caller_routes(forwarded);
    h.receive(ack.text());
    const proxy_message acked = h.take_one();
    CHECK(acked.summary() == "192.0.2.2:5060 ACK sip:bob@192.0.2.2 SIP/2.0");
    CHECK(acked.values("Route").empty());
    CHECK(acked.values("Record-Route").empty());
    CHECK(acked.value("Max-Forwards") == "69");
    CHECK(acked.ticket == 0);

    // The callee hangs up: its routes are in the order in which they were recorded.
    request_text bye;
    bye.method = "BYE";
    bye.uri = "sip:alice@192.0.2.1";
    bye.to_tag = "a1";
    bye.from_tag = "bob";
    bye.via = "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKbob1";
    bye.call_id = "call-1@192.0.2.1";
    bye.lines = "Route: " + forwarded.value("Record-Route") + "\r\n";
    h.receive(bye.text(), h.bob);
    const proxy_message ended = h.take_one();
    CHECK(ended.summary() == "192.0.2.1:5060 BYE sip:alice@192.0.2.1 SIP/2.0");
    CHECK(ended.values("Via").size() == 2);
    CHECK(h.events.empty());
    h.reply(ended, 200);
    CHECK(h.take_one().summary() == "192.0.2.2:5060 SIP/2.0 200 Whatever");
    CHECK(h.core.calls() == 0);
    // A 200 to the INVITE that was on its way begins no call anew.
    h.reply(forwarded, 200);
    CHECK(h.core.calls() == 0);
  }
  h.run_for(400'000);
  CHECK(h.core.transactions().server_count() == 0);
  CHECK(h.core.transactions().client_count() == 0);
  CHECK(h.core.requests_under_way() == 0);
  CHECK(h.core.poll_timeout() == base::never);
}

TEST_CASE("a refused call is acknowledged hop by hop", "[proxy]") {
  proxy_harness h;
  h.receive(invite);
  REQUIRE(h.forward({{"sip:bob@192.0.2.2", {}, 1000}}));
  const proxy_message forwarded = h.take_one();
  h.reply(forwarded, 486);
  const auto out = h.take();
  REQUIRE(summaries(out) ==
          strings{"192.0.2.2:5060 ACK sip:bob@192.0.2.2 SIP/2.0", "192.0.2.1:5060 SIP/2.0 486 Whatever"});
  CHECK(own_branch(out[0]) == own_branch(forwarded));
  CHECK(out[0].value("To") == "<sip:bob@example.com>;tag=bob");
  CHECK(out[1].values("Via").empty());  // it is written `v` by alice
  CHECK(h.core.calls() == 0);

  request_text ack;
  ack.method = "ACK";
  ack.uri = "sip:bob@example.com";
  ack.to_tag = "bob";
  ack.via = "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKalice1";
  h.receive(ack.text());
  h.run_for(60'000);
  CHECK(h.take().empty());
  CHECK(h.events.empty());
  CHECK(h.core.transactions().server_count() == 0);
}

TEST_CASE("a retransmitted request is not forwarded again", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
  h.receive(invite);
  h.receive(invite);
  const auto out = h.take();
  CHECK(summaries(out) ==
        strings{"192.0.2.2:5060 INVITE sip:bob@192.0.2.2 SIP/2.0", "192.0.2.1:5060 SIP/2.0 100 Trying"});
  CHECK(h.core.counters().requests_forwarded == 1);
  h.reply(out[0], 180);
  h.take();
  h.receive(invite);
  CHECK(summaries(h.take()) == strings{"192.0.2.1:5060 SIP/2.0 180 Whatever"});
}

TEST_CASE("a request without Max-Forwards, or without Content-Length on a stream, gets one", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@192.0.2.2;transport=tcp", {}, 1000}}};
  h.receive(
      "MESSAGE sip:bob@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
      "From: <sip:a@b>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n\r\nhello");
  const proxy_message out = h.take_one();
  CHECK(out.summary() == "TCP 192.0.2.2:5060 MESSAGE sip:bob@192.0.2.2;transport=tcp SIP/2.0");
  CHECK(out.to.listener == 1);
  CHECK(out.value("Max-Forwards") == "70");
  CHECK(out.value("Content-Length") == "5");
  CHECK(out.values("Record-Route").empty());  // it opens no dialog
  CHECK(out.values("Via")[0].starts_with("SIP/2.0/TCP 192.0.2.10:5060;rport;branch="));
  CHECK(out.text.ends_with("\r\n\r\nhello"));
}

TEST_CASE("what the sender claims about its own address is not passed on", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
  request_text options;
  options.uri = "sip:bob@example.com";
  options.via = "SIP/2.0/UDP 10.0.0.1:5070;received=198.51.100.66;rport=99;branch=z9hG4bK7";
  h.receive(options.text(), peer_at("192.0.2.1:40000"));
  const proxy_message out = h.take_one();
  CHECK(out.values("Via")[1] == "SIP/2.0/UDP 10.0.0.1:5070;received=192.0.2.1;rport=40000;branch=z9hG4bK7");
  h.reply(out, 200);
  CHECK(h.take_one().summary() == "192.0.2.1:40000 SIP/2.0 200 Whatever");
}

TEST_CASE("a response that names nobody behind the proxy is not forwarded", "[proxy]") {
  proxy_harness h;
  h.targets = {{{"sip:bob@192.0.2.2", {}, 1000}}};
  h.receive(invite);
  const proxy_message out = h.take_one();
  const std::string branch = own_branch(out);
  const std::string ok =
      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=" + branch +
      "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n";
  h.receive(ok, h.bob);
  CHECK(summaries(h.take()) == strings{"192.0.2.1:5060 SIP/2.0 500 Server Internal Error"});
  CHECK(h.core.counters().dropped_malformed == 1);
  CHECK(h.core.counters().responses_forwarded == 0);
}

TEST_CASE("stray responses end here", "[proxy]") {
  proxy_harness h;
  h.receive(
      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-0-0123456789abcdef-01234567\r\n"
      "Via: SIP/2.0/UDP 198.51.100.1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=2\r\nCall-ID: x\r\n"
      "CSeq: 1 INVITE\r\n\r\n",
      h.bob);
  CHECK(h.take().empty());
  CHECK(h.core.counters().dropped_stray == 1);
}
