#include <parley/sip/framing.hpp>

#include "support/catch.hpp"
#include "support/proxy_harness.hpp"
#include "support/result.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace parley;
using namespace parley::test;

namespace {

request_text request(std::string_view method = "INVITE") {
  request_text out;
  out.method = method;
  out.uri = "sip:bob@example.com";
  return out;
}

std::string changed(std::string_view old, std::string_view replacement, std::string_view method = "INVITE") {
  std::string text = request(method).text();
  const auto at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), replacement);
}

/// The ACK for a refusal of `invite`.
std::string ack_for(const std::string& invite, const proxy_message& refused) {
  std::string text = invite;
  text.replace(0, 6, "ACK");
  text.replace(text.find("1 INVITE"), 8, "1 ACK");
  const auto to = text.find("To: ");
  return text.replace(to, text.find("\r\n", to) - to, "To: " + refused.value("To"));
}

}  // namespace

TEST_CASE("a request that can't be forwarded is told why, and costs nothing", "[proxy]") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {changed("CSeq: 1", "CSeq: x"), "400 Bad CSeq"},
      {changed("Call-ID: call-1@192.0.2.1\r\n", ""), "400 Missing Call-ID"},
      {changed("sip:bob@example.com", "sip:bob@@example.com"), "400 Bad Request-URI"},
      {changed("sip:bob@example.com", "news:alt.sip"), "416 Unsupported URI Scheme"},
      {changed("Call-ID", "Proxy-Require: a, b\r\nProxy-Require: c\r\nCall-ID"), "420 Bad Extension"},
      {changed("Max-Forwards: 70", "Max-Forwards: 0"), "483 Too Many Hops"},
      {changed("SIP/2.0\r\n", "SIP/7.0\r\n"), "505 Version Not Supported"},
      {changed("Call-ID", "Subject: " + std::string(33'000, 'x') + "\r\nCall-ID"), "513 Message Too Large"},
      {changed("Content-Length: 0", "Content-Length: 10"), "400 Bad Content-Length"},
  };
  for (const auto& [text, expected] : table) {
    CAPTURE(expected);
    proxy_harness h;
    h.receive(text);
    const auto out = h.take_one();
    REQUIRE(out.start_line() == "SIP/2.0 " + expected);
    CHECK(out.to == h.alice);
    CHECK(h.core.counters().refused == 1);
    CHECK(h.core.counters().received == 1);
    CHECK(h.core.requests_under_way() == 0);
    CHECK(h.core.transactions().server_count() == 0);
    CHECK(h.events.empty());
    CHECK(out.values("Unsupported") == (expected.starts_with("420") ? strings{"a, b, c"} : strings{}));

    // It comes again: the same answer, since nothing is remembered.
    h.receive(text);
    CHECK(h.take_one().text == out.text);

    // Its ACK ends here.
    if (expected.find("CSeq") == std::string::npos && expected.find("Call-ID") == std::string::npos) {
      h.receive(ack_for(text, out));
      CHECK(h.take().empty());
      CHECK(h.events.empty());
    }
  }
}

TEST_CASE("an ACK for a refusal is known by its tag, another goes on", "[proxy]") {
  proxy_harness h;
  const std::string invite = changed("Max-Forwards: 70", "Max-Forwards: 0");
  h.receive(invite);
  const auto refused = h.take_one();
  std::string ack = ack_for(invite, refused);
  ack.replace(ack.find("Max-Forwards: 0"), 15, "Max-Forwards: 9");
  h.receive(ack);
  CHECK(h.events.empty());
  CHECK(h.core.counters().dropped_malformed == 0);
  ack.replace(ack.find(";tag=", ack.find("To: ")) + 5, 4, "beef");
  h.receive(ack);
  CHECK(h.events.size() == 1);
}

TEST_CASE("an ACK is never answered", "[proxy]") {
  proxy_harness h;
  const std::string good = request("ACK").with_to_tag("t").text();
  for (const auto& [old, bad] : std::vector<std::pair<std::string, std::string>>{
           {"CSeq: 1 ACK", "CSeq: x"},
           {"sip:bob@example.com", "news:x"},
           {"Max-Forwards: 70", "Max-Forwards: 0"},
           {"Max-Forwards: 70", "Max-Forwards: 70\r\nMax-Forwards: 70"},
           {"SIP/2.0\r\n", "SIP/9.0\r\n"},
           {"Call-ID", "Proxy-Require: x\r\nCall-ID"},
           {"From: ", "From: <"}}) {
    CAPTURE(bad);
    std::string text = good;
    h.receive(text.replace(text.find(old), old.size(), bad));
    CHECK(h.take().empty());
  }
  CHECK(h.core.counters().dropped_malformed == 6);  // Proxy-Require does not stop an ACK
  CHECK(h.core.counters().refused == 0);
  REQUIRE(h.events.size() == 1);
  SECTION("not by the user either") {
    REQUIRE(h.respond(404));
    CHECK(h.take().empty());
    CHECK(h.core.requests_under_way() == 0);
  }
  SECTION("and not where it can't be forwarded") {
    REQUIRE(h.forward({{"tel:+1", {}, 1000}}));
    CHECK(h.take().empty());
    CHECK(h.core.requests_under_way() == 0);
  }
}

TEST_CASE("what can't be answered is dropped and counted", "[proxy]") {
  proxy_harness h;
  std::uint64_t dropped = 0;
  for (const std::string& text :
       {std::string("\r\n"), std::string("hello"), std::string("INVITE sip:a@b SIP/2.0\r\n\r\n"),
        changed("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1\r\n", ""),
        changed("Via: SIP/2.0", "Via: SOAP"), std::string("SIP/2.0 200 OK\r\nVia: x\r\n\r\n"),
        std::string("SIP/2.0 200 OK\r\n\r\n"),
        std::string("SIP/2.0 099 No\r\nVia: SIP/2.0/UDP 192.0.2.10:5060\r\n\r\n"), std::string(300, '\0')}) {
    CAPTURE(text);
    h.receive(text);
    CHECK(h.take().empty());
    CHECK(h.core.counters().dropped_malformed == ++dropped);
  }
  CHECK(h.core.counters().refused == 0);
  CHECK(h.core.requests_under_way() == 0);
}

TEST_CASE("a stream that can't be framed is told why", "[proxy]") {
  proxy_harness h;
  const auto peer = peer_at("192.0.2.1:41000", 1, sip::transport::tcp, 5);
  const std::string text = changed("Content-Length: 0\r\n", "");
  h.core.handle_framing_error(h.now(), peer, {sip::errc::missing_header, 0}, h.pool.copy(text).value());
  h.collect();
  const auto out = h.take_one();
  CHECK(out.start_line() == "SIP/2.0 400 Missing Content-Length");
  CHECK(out.to.flow == 5);
  h.core.handle_framing_error(h.now(), peer, {sip::errc::message_too_large, 0}, h.pool.copy(text).value());
  h.collect();
  CHECK(h.take_one().start_line() == "SIP/2.0 513 Message Too Large");
  h.core.handle_framing_error(h.now(), peer, {sip::errc::headers_too_large, 0},
                              h.pool.copy("garbage").value());
  h.core.handle_framing_error(h.now(), peer, {sip::errc::headers_too_large, 0}, {});
  h.collect();
  CHECK(h.take().empty());
  CHECK(h.core.counters().dropped_malformed == 2);
}

TEST_CASE("an OPTIONS that has used up its hops here may be answered, but goes no farther", "[proxy]") {
  proxy_harness h;
  std::string text = changed("Max-Forwards: 70", "Max-Forwards: 0", "OPTIONS");
  SECTION("ours") {
    text.replace(text.find("bob@"), 4, "");
    h.receive(text);
    REQUIRE(h.respond(200, {{}, {}, {{sip::header_id::accept, "*/*"}}}));
    const auto out = h.take_one();
    CHECK(out.start_line() == "SIP/2.0 200 OK");
    CHECK(out.value("Accept") == "*/*");
    CHECK(out.value("To").find(";tag=") != std::string::npos);
  }
  SECTION("ours, but the user would forward it") {
    h.receive(text);
    REQUIRE(h.forward({{"sip:bob@192.0.2.2", {}, 1000}}));
    CHECK(h.take_one().start_line() == "SIP/2.0 483 Too Many Hops");
  }
  SECTION("another's") {
    text.replace(text.find("example.com"), 11, "example.org");
    h.receive(text);
    CHECK(h.take_one().start_line() == "SIP/2.0 483 Too Many Hops");
  }
}

TEST_CASE("a request of RFC 2543 is refused and its ACK known, without a branch", "[proxy]") {
  proxy_harness h;
  std::string invite = changed(";branch=z9hG4bK-1", "");
  invite.replace(invite.find("Max-Forwards: 70"), 16, "Max-Forwards: 0");
  h.receive(invite);
  const auto refused = h.take_one();
  CHECK(refused.start_line() == "SIP/2.0 483 Too Many Hops");
  h.receive(ack_for(invite, refused));
  CHECK(h.take().empty());
  CHECK(h.events.empty());
}

TEST_CASE("responses of the user's go back as he gives them", "[proxy]") {
  proxy_harness h;
  h.receive(request().text());
  REQUIRE(h.respond(407, {"Who Are You", {}, {{sip::header_id::proxy_authenticate, "Digest realm=\"x\""}}}));
  const auto out = h.take_one();
  CHECK(out.start_line() == "SIP/2.0 407 Who Are You");
  CHECK(out.value("Proxy-Authenticate") == "Digest realm=\"x\"");
  h.receive(ack_for(request().text(), out));
  h.run_for(100'000);
  CHECK(h.take().empty());
  CHECK(h.core.transactions().server_count() == 0);
}
