#include <parley/sip/patch.hpp>
#include <parley/transaction/response.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/transaction_harness.hpp"

#include <string>
#include <vector>

namespace {

using namespace parley;
using parley::test::hop_to;
using parley::test::request_text;

sip::message_view view_of(const std::string& text) {
  sip::message_view view;
  REQUIRE(view.parse(text).has_value());
  return view;
}

std::string via_of(std::string_view text) {
  sip::message_view view;
  REQUIRE(view.parse(text).has_value());
  return std::string(view.value_of(sip::header_id::via));
}

/// The topmost Via line of the response, and of the request as a proxy forwards it: both must say the same.
std::string stamped(const std::string& via, const base::socket_address& source) {
  const std::string text = request_text{}.with_via(via).text();
  const auto view = view_of(text);
  base::buffer_pool pool;
  const auto response = transaction::make_response(pool, view, source, 200);
  REQUIRE(response.has_value());

  sip::patch edit(view);
  const auto parsed = view.get<sip::via_header>();
  REQUIRE(parsed.has_value());
  transaction::stamp_via(edit, *parsed, source);
  REQUIRE(edit.status().has_value());
  std::string patched(edit.size(), ' ');
  REQUIRE(edit.write(std::as_writable_bytes(std::span(patched))) == patched.size());
  CHECK(via_of(patched) == via_of(response->text()));
  return via_of(response->text());
}

std::string stamped(const std::string& via, std::string_view source) {
  return stamped(via, hop_to(source).remote);
}

sip::hop hop_for(const std::string& via, const sip::hop& from) {
  const std::string text = request_text{}.with_via(via).text();
  const auto view = view_of(text);
  const auto parsed = view.get<sip::via_header>();
  REQUIRE(parsed.has_value());
  return transaction::response_hop(from, *parsed);
}

std::optional<sip::hop> stateless_hop(const std::string& via) {
  const std::string text = request_text{}.with_via(via).text();
  const auto view = view_of(text);
  return transaction::response_hop(*view.get<sip::via_header>(), 3);
}

TEST_CASE("a response has the headers and the body that are its own") {
  const std::string text = request_text{}.text();
  const auto view = view_of(text);
  auto own = sip::message::response(200).value();
  REQUIRE(own.add("X-Own", "yes"));
  REQUIRE(own.set_body("v=0\r\n", "application/sdp"));
  base::buffer_pool pool;
  transaction::response_options options;
  options.own = &own;
  const auto response = transaction::make_response(pool, view, hop_to("192.0.2.1:5060").remote, 200, options);
  REQUIRE(response.has_value());
  const std::string written(response->text());
  const auto made = view_of(written);
  CHECK(made.value_of(sip::header_id::call_id) == view.value_of(sip::header_id::call_id));
  CHECK(made.value(made.find("X-Own")) == "yes");
  CHECK(made.value_of(sip::header_id::content_type) == "application/sdp");
  CHECK(made.value_of(sip::header_id::content_length) == "5");
  CHECK(made.body() == "v=0\r\n");
}

}  // namespace

TEST_CASE("Via gets received where the source differs from sent-by") {
  CHECK(stamped("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1", "192.0.2.1:9999") ==
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1");
  CHECK(stamped("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1", "198.51.100.7:5060") ==
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1;received=198.51.100.7");
  CHECK(stamped("SIP/2.0/UDP pc.example.com;branch=z9hG4bK-1", "192.0.2.1:5060") ==
        "SIP/2.0/UDP pc.example.com;branch=z9hG4bK-1;received=192.0.2.1");
  // What follows in the same line stays behind it.
  CHECK(stamped("SIP/2.0/UDP pc.example.com;branch=z9hG4bK-1 , SIP/2.0/UDP 192.0.2.0", "192.0.2.1:5060") ==
        "SIP/2.0/UDP pc.example.com;branch=z9hG4bK-1;received=192.0.2.1 , SIP/2.0/UDP 192.0.2.0");
}

TEST_CASE("Via gets rport and received where rport is asked for") {
  CHECK(stamped("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1;rport", "192.0.2.1:50612") ==
        "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1;rport=50612;received=192.0.2.1");
  CHECK(stamped("SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK-1", "198.51.100.7:1") ==
        "SIP/2.0/UDP 192.0.2.1;rport=1;branch=z9hG4bK-1;received=198.51.100.7");
  CHECK(stamped("SIP/2.0/UDP 192.0.2.1 ; RPORT ; branch=z9hG4bK-1", "198.51.100.7:65535") ==
        "SIP/2.0/UDP 192.0.2.1 ; RPORT=65535 ; branch=z9hG4bK-1;received=198.51.100.7");
}

TEST_CASE("what the sender says about its source is not believed") {
  CHECK(stamped("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1;received=203.0.113.1", "192.0.2.1:5060") ==
        "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1;received=192.0.2.1");
  CHECK(stamped("SIP/2.0/UDP pc.example.com;received=203.0.113.1;rport=99;branch=z9hG4bK-1",
                "192.0.2.1:5062") ==
        "SIP/2.0/UDP pc.example.com;received=192.0.2.1;rport=5062;branch=z9hG4bK-1");
  CHECK(stamped("SIP/2.0/UDP pc.example.com;rport=99;received=203.0.113.1", "192.0.2.1:5062") ==
        "SIP/2.0/UDP pc.example.com;rport=5062;received=192.0.2.1");
}

TEST_CASE("Via is stamped with IPv6 addresses") {
  CHECK(stamped("SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bK-1", "[2001:db8::9:1]:5060") ==
        "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bK-1");
  CHECK(stamped("SIP/2.0/UDP [2001:db8:0:0::9:1]:5061;branch=z9hG4bK-1", "[2001:db8::9:1]:5060") ==
        "SIP/2.0/UDP [2001:db8:0:0::9:1]:5061;branch=z9hG4bK-1");
  CHECK(stamped("SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bK-1", "[2001:db8::9:255]:5060") ==
        "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bK-1;received=2001:db8::9:255");
  // An IPv4 peer on a dual-stack socket is an IPv4 peer.
  CHECK(stamped("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1", "[::ffff:192.0.2.1]:5060") ==
        "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1");
  CHECK(stamped("SIP/2.0/UDP 192.0.2.1;rport", "[::ffff:192.0.2.1]:5060") ==
        "SIP/2.0/UDP 192.0.2.1;rport=5060;received=192.0.2.1");
  // A zone means nothing outside this host.
  const base::socket_address zoned{base::ip_address::from_string("fe80::1%2").value(), 5060};
  CHECK(stamped("SIP/2.0/UDP [fe80::1];branch=z9hG4bK-1", zoned) == "SIP/2.0/UDP [fe80::1];branch=z9hG4bK-1");
  CHECK(stamped("SIP/2.0/UDP [fe80::2];rport", zoned) == "SIP/2.0/UDP [fe80::2];rport=5060;received=fe80::1");
}

TEST_CASE("a response over datagrams goes to the source, at the port of sent-by or of the source") {
  const auto from = hop_to("198.51.100.7:50612");
  CHECK(hop_for("SIP/2.0/UDP 192.0.2.1:5080;branch=z9hG4bK-1", from) == hop_to("198.51.100.7:5080"));
  CHECK(hop_for("SIP/2.0/UDP pc.example.com;branch=z9hG4bK-1", from) == hop_to("198.51.100.7:5060"));
  CHECK(hop_for("SIP/2.0/UDP 192.0.2.1:5080;rport", from) == from);
  CHECK(hop_for("SIP/2.0/UDP 192.0.2.1:5080;rport=1;received=203.0.113.9", from) == from);
  CHECK(hop_for("SIP/2.0/UDP [2001:db8::1]:5080", hop_to("[2001:db8::2]:7")) == hop_to("[2001:db8::2]:5080"));
  auto on_second = from;
  on_second.listener = 2;
  CHECK(hop_for("SIP/2.0/UDP 192.0.2.1:5080", on_second).listener == 2);
}

TEST_CASE("a response over a stream goes back over its connection") {
  const auto from = hop_to("198.51.100.7:50612", sip::transport::tcp, 42);
  const auto to = hop_for("SIP/2.0/TCP 192.0.2.1:5080;branch=z9hG4bK-1", from);
  CHECK(to == hop_to("198.51.100.7:5080", sip::transport::tcp, 42));
  CHECK(hop_for("SIP/2.0/TLS pc.example.com", hop_to("198.51.100.7:50612", sip::transport::tls, 43)) ==
        hop_to("198.51.100.7:5061", sip::transport::tls, 43));
  CHECK(hop_for("SIP/2.0/TCP 192.0.2.1:5080;maddr=224.0.1.75", from) == to);
}

TEST_CASE("maddr is followed to multicast groups only") {
  const auto from = hop_to("198.51.100.7:50612");
  CHECK(hop_for("SIP/2.0/UDP 192.0.2.1:5080;maddr=224.0.1.75", from) == hop_to("224.0.1.75:5080"));
  CHECK(hop_for("SIP/2.0/UDP 192.0.2.1;maddr=ff0e::1", from).remote == hop_to("[ff0e::1]:5060").remote);
  for (const char* const maddr : {"203.0.113.1", "2001:db8::5", "victim.example.com", "255.255.255.255"}) {
    INFO(maddr);
    CHECK(hop_for(std::string("SIP/2.0/UDP 192.0.2.1:5080;maddr=") + maddr, from) ==
          hop_to("198.51.100.7:5080"));
  }
}

TEST_CASE("a response that is forwarded without a transaction goes where the Via says") {
  const auto to = stateless_hop("SIP/2.0/UDP 192.0.2.1:5080;received=198.51.100.7;rport=50612");
  REQUIRE(to.has_value());
  CHECK(to->remote == hop_to("198.51.100.7:50612").remote);
  CHECK(to->listener == 3);
  CHECK(stateless_hop("SIP/2.0/UDP pc.example.com:5080;received=198.51.100.7")->remote ==
        hop_to("198.51.100.7:5080").remote);
  CHECK(stateless_hop("SIP/2.0/TLS 192.0.2.1")->remote == hop_to("192.0.2.1:5061").remote);
  CHECK(stateless_hop("SIP/2.0/TLS 192.0.2.1")->transport == sip::transport::tls);
  CHECK(stateless_hop("SIP/2.0/UDP [2001:db8::1]:7")->remote == hop_to("[2001:db8::1]:7").remote);
  CHECK(stateless_hop("SIP/2.0/UDP h;received=2001:db8::1")->remote == hop_to("[2001:db8::1]:5060").remote);
  CHECK(stateless_hop("SIP/2.0/UDP h;received=[2001:db8::1]")->remote == hop_to("[2001:db8::1]:5060").remote);
  CHECK_FALSE(stateless_hop("SIP/2.0/UDP pc.example.com").has_value());
  CHECK_FALSE(stateless_hop("SIP/2.0/UDP 192.0.2.1;received=pc.example.com").has_value());
}

TEST_CASE("a response has the headers of its request") {
  request_text request = request_text{}.with_method("INVITE").with_via(
      "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1;rport, SIP/2.0/UDP 192.0.2.0;branch=z9hG4bK-0");
  request.lines =
      "Via: SIP/2.0/UDP 192.0.2.100\r\nRecord-Route: <sip:p2;lr>\r\nRecord-Route: <sip:p1;lr>\r\nTimestamp: "
      "54\r\n"
      "Contact: <sip:alice@192.0.2.1>\r\n";
  request.body = "hello";
  const std::string text = request.text();
  const auto source = hop_to("198.51.100.7:5062").remote;
  base::buffer_pool pool;
  const auto response = transaction::make_response(
      pool, view_of(text), source, 200,
      {"Fine", "bob", {{sip::header_id::server, "parley"}, {sip::header_id::allow, "INVITE, ACK"}}});
  REQUIRE(response.has_value());
  CHECK(response->text() ==
        "SIP/2.0 200 Fine\r\n"
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1;rport=5062;received=198.51.100.7, SIP/2.0/UDP "
        "192.0.2.0;branch=z9hG4bK-0\r\n"
        "Via: SIP/2.0/UDP 192.0.2.100\r\n"
        "Record-Route: <sip:p2;lr>\r\n"
        "Record-Route: <sip:p1;lr>\r\n"
        "From: <sip:alice@192.0.2.1>;tag=alice\r\n"
        "To: <sip:bob@192.0.2.2>;tag=bob\r\n"
        "Call-ID: call-1@192.0.2.1\r\n"
        "CSeq: 1 INVITE\r\n"
        "Server: parley\r\n"
        "Allow: INVITE, ACK\r\n"
        "Content-Length: 0\r\n"
        "\r\n");
}

TEST_CASE("Record-Route and Timestamp are in those responses that need them") {
  request_text request = request_text{}.with_method("INVITE");
  request.lines = "Record-Route: <sip:p1;lr>\r\nTimestamp: 54\r\n";
  const std::string text = request.text();
  base::buffer_pool pool;
  for (const int status : {100, 101, 180, 200, 299, 300, 404, 600}) {
    const auto response =
        transaction::make_response(pool, view_of(text), hop_to("192.0.2.1:5060").remote, status);
    REQUIRE(response.has_value());
    const auto view = view_of(std::string(response->text()));
    CHECK(view.status() == status);
    CHECK(view.has(sip::header_id::record_route) == (status > 100 && status < 300));
    CHECK(view.has(sip::header_id::timestamp) == (status == 100));
    CHECK(view.reason_phrase() != "");
  }
}

TEST_CASE("a tag is added to To only where it has none") {
  base::buffer_pool pool;
  const auto to_of = [&pool](const request_text& request, std::string_view tag) {
    const std::string text = request.text();
    const auto response =
        transaction::make_response(pool, view_of(text), hop_to("192.0.2.1:5060").remote, 404, {{}, tag, {}});
    return std::string(view_of(std::string(response->text())).value_of(sip::header_id::to));
  };
  CHECK(to_of({}, "new") == "<sip:bob@192.0.2.2>;tag=new");
  CHECK(to_of({}, "") == "<sip:bob@192.0.2.2>");
  CHECK(to_of(request_text{}.with_to_tag("old"), "new") == "<sip:bob@192.0.2.2>;tag=old");
}

TEST_CASE("a request with an error in it is answered with what it has") {
  base::buffer_pool pool;
  const std::string broken =
      "OPTIONS sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1\r\nFrom: "
      "<sip:a@b>;tag=1\r\n"
      "To: \"open <sip:b@b>\r\nBad Header: x\r\nCSeq: x\r\nContent-Length: 9\r\n\r\n";
  sip::message_view view;
  CHECK_FALSE(view.parse(broken).has_value());
  const auto response =
      transaction::make_response(pool, view, hop_to("192.0.2.1:5060").remote, 400, {"Bad", "tag", {}});
  REQUIRE(response.has_value());
  CHECK(response->text() ==
        "SIP/2.0 400 Bad\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1\r\nFrom: <sip:a@b>;tag=1\r\nTo: "
        "\"open <sip:b@b>\r\n"
        "CSeq: x\r\nContent-Length: 0\r\n\r\n");

  const std::string nowhere = "OPTIONS sip:b@b SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n";
  CHECK(transaction::make_response(pool, view_of(nowhere), hop_to("192.0.2.1:5060").remote, 400).error() ==
        transaction::errc::bad_message);
  base::buffer_pool_limits limits;
  limits.max_bytes = 0;
  base::buffer_pool empty(limits);
  const std::string text = request_text{}.text();
  CHECK(transaction::make_response(empty, view_of(text), hop_to("192.0.2.1:5060").remote, 400).error() ==
        transaction::errc::no_buffer);
}

TEST_CASE("a response to many long headers has room") {
  base::buffer_pool pool;
  request_text request;
  for (int i = 0; i < 60; ++i)
    request.lines += "Via: SIP/2.0/UDP h" + std::to_string(i) + ";branch=" + std::string(300, 'x') + "\r\n";
  for (int i = 0; i < 50; ++i) request.lines += "Record-Route: <sip:" + std::string(50, 'r') + ";lr>\r\n";
  request.via = "SIP/2.0/UDP h;rport;branch=z9hG4bK1";
  const std::string text = request.text();
  const auto source = hop_to("[2001:db8:1111:2222:3333:4444:5555:6666]:65535").remote;
  const auto response =
      transaction::make_response(pool, view_of(text), source, 200, {{}, std::string(100, 't'), {}});
  REQUIRE(response.has_value());
  CHECK(view_of(std::string(response->text())).header_count() == 1 + 60 + 50 + 5);
}
