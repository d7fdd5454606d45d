#include <parley/proxy/validation.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace parley;

namespace {

const std::string good =
    "INVITE sip:bob@example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:a@b>;tag=1\r\n"
    "To: <sip:bob@example.com>\r\n"
    "Call-ID: 1\r\n"
    "CSeq: 1 INVITE\r\n"
    "Route: <sip:p;lr>\r\n"
    "\r\n";

std::string with(std::string_view old, std::string_view replacement) {
  std::string text = good;
  const auto at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), replacement);
}

std::string verdict_on(const std::string& text) {
  sip::message_view view;
  const auto indexed = view.parse(text);
  const proxy::refusal why = indexed ? proxy::validate(view) : proxy::refusal_for(indexed.error(), view);
  return why ? std::to_string(why.status) + ' ' + why.reason_phrase() : "fine";
}

}  // namespace

TEST_CASE("each fault has the status and the phrase that names it", "[proxy]") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {good, "fine"},
      {with("sip:bob@example.com SIP", "tel:+1-201-555-0123 SIP"), "fine"},
      {with("sip:bob@example.com SIP", "urn:service:sos SIP"), "fine"},
      {with("sip:bob@example.com SIP", "URN:Service:sos.fire SIP"), "fine"},
      {with("sip:bob@example.com SIP", "urn:service: SIP"), "416 "},
      {with("sip:bob@example.com SIP", "urn:nena:service SIP"), "416 "},
      {with("sip:bob@example.com SIP", "http://example.com SIP"), "416 "},
      {with("sip:bob@example.com SIP", "sip:bob@example.com?Subject=x SIP"), "400 Headers In Request-URI"},
      {with("sip:bob@example.com SIP", "sip:bob@ SIP"), "400 Bad Request-URI"},
      {with("sip:bob@example.com SIP", "<sip:bob@example.com> SIP"), "400 Bad Request-URI"},
      {with("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"), "505 "},
      {with("SIP/2.0\r\nVia", "HTTP/1.1\r\nVia"), "400 Bad Request Line"},
      {with("INVITE sip", "INV@ITE sip"), "400 Bad Request Line"},
      {with("Max-Forwards: 70", "Max-Forwards: 0"), "483 "},
      {with("Max-Forwards: 70", "Max-Forwards: 256"), "400 Bad Max-Forwards"},
      {with("Max-Forwards: 70", "Max-Forwards: x"), "400 Bad Max-Forwards"},
      {with("Max-Forwards: 70", "Max-Forwards: 70\r\nMax-Forwards: 70"), "400 Repeated Max-Forwards"},
      {with("Max-Forwards: 70\r\n", ""), "fine"},
      {with("Route", "Max-Breadth: 0\r\nRoute"), "fine"},
      {with("Route", "Max-Breadth: few\r\nRoute"), "400 Bad Max-Breadth"},
      {with("Route", "Max-Breadth: 4294967296\r\nRoute"), "400 Bad Max-Breadth"},
      {with("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n", ""), "400 Missing Via"},
      {with("Via: SIP/2.0/UDP 192.0.2.1", "Via: SIP/2.0/UDP"), "400 Bad Via"},
      {with("From: <sip:a@b>;tag=1\r\n", ""), "400 Missing From"},
      {with("From: <sip:a@b>;tag=1", "From: <sip:a@b;tag=1"), "400 Bad From"},
      {with("From: <sip:a@b>", "From: <sip:a@b>\r\nf: <sip:a@b>"), "400 Repeated From"},
      {with("To: <sip:bob@example.com>\r\n", ""), "400 Missing To"},
      {with("To: <sip:bob@example.com>", "To: \"<sip:bob@example.com>"), "400 Bad To"},
      {with("To: <sip:bob@example.com>", "To: <sip:b>\r\nTo: <sip:b>"), "400 Repeated To"},
      {with("Call-ID: 1\r\n", ""), "400 Missing Call-ID"},
      {with("Call-ID: 1\r\n", "Call-ID: 1 2\r\n"), "400 Bad Call-ID"},
      {with("Call-ID: 1\r\n", "Call-ID: 1\r\ni: 1\r\n"), "400 Repeated Call-ID"},
      {with("CSeq: 1 INVITE\r\n", ""), "400 Missing CSeq"},
      {with("CSeq: 1 INVITE", "CSeq: x INVITE"), "400 Bad CSeq"},
      {with("CSeq: 1 INVITE", "CSeq: 2147483648 INVITE"), "400 Bad CSeq"},
      {with("CSeq: 1 INVITE", "CSeq: 1 BYE"), "400 CSeq Method Mismatch"},
      {with("CSeq: 1 INVITE", "CSeq: 1 INVITE\r\nCSeq: 1 INVITE"), "400 Repeated CSeq"},
      {with("Route: <sip:p;lr>", "Route: sip:p;lr"), "400 Bad Route"},
      {with("Route: <sip:p;lr>", "Route: <sip:p;lr>,,<sip:q>"), "400 Bad Route"},
      {with("Route", "Proxy-Require: privacy\r\nRoute"), "420 "},
      {with("Route", "Proxy-Require: a,,b\r\nRoute"), "400 Bad Proxy-Require"},
      {with("Route", "Subject: 1\r\nSubject: 2\r\nRoute"), "400 Repeated Subject"},
      {with("Route", "Content-Length: -1\r\nRoute"), "400 Bad Content-Length"},
      {with("Route", "Content-Length: 9\r\nRoute"), "400 Bad Content-Length"},
      {with("Route", "Content-Length: 0\r\nl: 1\r\nRoute"), "400 Conflicting Content-Length"},
      {with("Route: <sip:p;lr>", "No colon here"), "400 Bad Header Line"},
      {with("Call-ID: 1", std::string("Call-ID: 1\0", 11)), "400 Control Character In Header"},
      {good.substr(0, good.size() - 2), "400 Missing Empty Line"},
      {with("Route: <sip:p;lr>", "X: " + std::string(40'000, 'x')), "513 "},
      {good + std::string(70'000, 'x'), "513 "},
      // What only the ends read is theirs to judge.
      {with("Route", "Contact: <<\r\nRoute"), "fine"},
      {with("Route", "Require: nobody-knows\r\nRoute"), "fine"},
      {with("Route", "Expires: never\r\nRoute"), "fine"},
  };
  for (const auto& [text, expected] : table) {
    CAPTURE(text.substr(0, 300));
    CHECK(verdict_on(text) == expected);
  }
}

TEST_CASE("an ACK and a CANCEL are not refused for Proxy-Require", "[proxy]") {
  for (const std::string method : {"ACK", "CANCEL"}) {
    std::string text = with("Route", "Proxy-Require: privacy\r\nRoute");
    text.replace(0, 6, method);
    text.replace(text.find("1 INVITE"), 8, "1 " + method);
    CHECK(verdict_on(text) == "fine");
  }
}

TEST_CASE("a stream message that could not be framed is told what is missing", "[proxy]") {
  sip::message_view view;
  CHECK(proxy::refusal_for({sip::errc::missing_header, 0}, view).reason_phrase() == "Missing Content-Length");
  CHECK(proxy::refusal_for({sip::errc::message_too_large, 0}, view).status == 513);
}
