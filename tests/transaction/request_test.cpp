#include <parley/transaction/request.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/transaction_texts.hpp"

#include <string>

namespace {

using namespace parley;
using parley::test::request_text;
using parley::test::response_text;

const std::string invite =
    "INVITE sip:bob@192.0.2.2;x=y SIP/2.0\r\n"
    "v: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-top;rport, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-below\r\n"
    "Via: SIP/2.0/UDP 192.0.2.0;branch=z9hG4bK-bottom\r\n"
    "Route: <sip:p1.example.com;lr>,\r\n <sip:p2.example.com;lr>\r\n"
    "Max-Forwards: 12\r\n"
    "f: \"Alice\" <sip:alice@192.0.2.1>;tag=alice\r\n"
    "t: <sip:bob@192.0.2.2>\r\n"
    "i: call-1@192.0.2.1\r\n"
    "CSeq: 4711 INVITE\r\n"
    "Route: <sip:p3.example.com;lr>\r\n"
    "Contact: <sip:alice@192.0.2.1>\r\n"
    "Content-Type: application/sdp\r\n"
    "l: 4\r\n"
    "\r\n"
    "v=0\n";

sip::message_view view_of(const std::string& text) {
  sip::message_view view;
  REQUIRE(view.parse(text).has_value());
  return view;
}

}  // namespace

TEST_CASE("the ACK for a refusal is made of its INVITE and the To of the response") {
  base::buffer_pool pool;
  const std::string refusal = response_text(invite, 486, "bob");
  const auto ack = transaction::make_ack(pool, view_of(invite), view_of(refusal));
  REQUIRE(ack.has_value());
  CHECK(ack->text() ==
        "ACK sip:bob@192.0.2.2;x=y SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-top;rport\r\n"
        "Route: <sip:p1.example.com;lr>,\r\n <sip:p2.example.com;lr>\r\n"
        "Route: <sip:p3.example.com;lr>\r\n"
        "Max-Forwards: 70\r\n"
        "From: \"Alice\" <sip:alice@192.0.2.1>;tag=alice\r\n"
        "To: <sip:bob@192.0.2.2>;tag=bob\r\n"
        "Call-ID: call-1@192.0.2.1\r\n"
        "CSeq: 4711 ACK\r\n"
        "Content-Length: 0\r\n"
        "\r\n");
}

TEST_CASE("a CANCEL is made of the request that it cancels") {
  base::buffer_pool pool;
  const auto cancel = transaction::make_cancel(pool, view_of(invite));
  REQUIRE(cancel.has_value());
  CHECK(cancel->text() ==
        "CANCEL sip:bob@192.0.2.2;x=y SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK-top;rport\r\n"
        "Route: <sip:p1.example.com;lr>,\r\n <sip:p2.example.com;lr>\r\n"
        "Route: <sip:p3.example.com;lr>\r\n"
        "Max-Forwards: 70\r\n"
        "From: \"Alice\" <sip:alice@192.0.2.1>;tag=alice\r\n"
        "To: <sip:bob@192.0.2.2>\r\n"
        "Call-ID: call-1@192.0.2.1\r\n"
        "CSeq: 4711 CANCEL\r\n"
        "Content-Length: 0\r\n"
        "\r\n");
}

TEST_CASE("the shortest request gives room enough") {
  base::buffer_pool pool;
  const std::string tiny =
      "A s SIP/2.0\r\nv: SIP/2.0/UDP h\r\nf: <s:a>\r\nt: <s:b>\r\ni: 1\r\nCSeq: 1 A\r\nRoute: "
      "<s:p>\r\nRoute: <s:q>\r\n\r\n";
  const auto cancel = transaction::make_cancel(pool, view_of(tiny));
  REQUIRE(cancel.has_value());
  CHECK(view_of(std::string(cancel->text())).header_count() == 9);
}

TEST_CASE("a request without what its ACK needs gives none") {
  base::buffer_pool pool;
  for (const char* const missing : {"v: ", "f: ", "i: ", "CSeq: "}) {
    std::string text = invite;
    const auto at = text.find(missing);
    text.erase(at, text.find("\r\n", at) + 2 - at);
    if (*missing == 'v') text.erase(text.find("Via: "), text.find("Route: ") - text.find("Via: "));
    CHECK(transaction::make_ack(pool, view_of(text), view_of(invite)).error() ==
          transaction::errc::bad_message);
  }
  std::string no_to = response_text(invite, 486);
  no_to.erase(no_to.find("t: "), no_to.find("i: ") - no_to.find("t: "));
  CHECK(transaction::make_ack(pool, view_of(invite), view_of(no_to)).error() ==
        transaction::errc::bad_message);
}

TEST_CASE("an empty pool gives no ACK") {
  base::buffer_pool_limits limits;
  limits.max_bytes = 0;
  base::buffer_pool pool(limits);
  CHECK(transaction::make_cancel(pool, view_of(invite)).error() == transaction::errc::no_buffer);
}
