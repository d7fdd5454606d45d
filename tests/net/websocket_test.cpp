#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/net_fixture.hpp"
#include "support/websocket_client.hpp"

#include <string>

using namespace parley;
using test::net_fixture;
using test::raw_client;
using test::request;
using test::tcp_peer;
using test::websocket_frame;

namespace {

struct websocket_fixture {
  explicit websocket_fixture(const net::transport_limits& limits = {},
                             sip::transport over = sip::transport::ws,
                             const net::websocket_options& options = {})
      : server(limits), transport(over) {
    REQUIRE(listen(server, options) == 0);
    REQUIRE(listen(client, options) == 0);
  }

  std::uint16_t listen(net_fixture& f, const net::websocket_options& options) {
    net::listener_options wanted{.transport = transport, .bind = {base::ip_address::loopback_v4(), 0}};
    wanted.websocket = options;
    if (sip::is_secure(transport)) {
      net::tls_options tls;
      tls.certificates = {ca.issue({"x", "DNS:*.example.com"})};
      tls.authority_files = {ca.file()};
      wanted.tls = net::tls_context::make(tls).value();
    }
    const auto index = f.set->listen(wanted);
    return index ? *index : std::uint16_t{0xFFFF};
  }
  sip::hop to_server(std::string_view domain = "sip.example.com") {
    return {transport, 0, server.address(0), 0, client.set->domain(domain)};
  }
  bool until(const std::function<bool()>& done) {
    return test::run_until(client.io, [&] {
      test::run_ready(server.io);
      return done();
    });
  }

  test::authority ca;
  net_fixture server;
  net_fixture client;
  sip::transport transport;
};

}  // namespace

TEST_CASE("messages go over WebSocket, one in each, and come back on the flow", "[net][ws]") {
  const auto transport = GENERATE(sip::transport::ws, sip::transport::wss);
  net::websocket_options options;
  options.compression = GENERATE(false, true);
  websocket_fixture f({}, transport, options);
  f.server.owner.on_message = [&](const sip::hop& from, base::packet_buffer& data) {
    f.server.set->send({from, data, 0});
  };
  std::vector<std::string> sent;
  for (const std::size_t size : {0U, 10U, 2000U, 60'000U})
    sent.push_back(request(std::to_string(size), size));
  sent.push_back(request("\xff\xfe", 5));  // no UTF-8
  for (const std::string& text : sent) f.client.send(f.to_server(), text);
  REQUIRE(f.until([&] { return f.client.owner.messages.size() == sent.size(); }));
  for (std::size_t i = 0; i < sent.size(); ++i) CHECK(f.client.owner.messages[i].text() == sent[i]);
  CHECK(f.server.owner.messages[0].from.transport == transport);
  CHECK(f.client.set->connection_count() == 1);
  CHECK(f.server.counters().stream_messages_received == sent.size());
  CHECK_FALSE(f.server.owner.nested);

  f.client.set->close_flow(f.client.owner.messages[0].from.flow);
  REQUIRE(f.until([&] { return f.server.owner.closed.size() == 1; }));
  f.server.owner.messages.clear();
  CHECK(f.server.pool.stats().blocks_in_use <= 1);
}

TEST_CASE("the handshake has the subprotocol, and what else comes is answered", "[net][ws]") {
  websocket_fixture f;
  const raw_client good(f.server);
  CHECK(good.answer.starts_with("HTTP/1.1 101 "));
  CHECK(good.answer.find("Sec-WebSocket-Protocol: sip\r\n") != std::string::npos);
  CHECK(good.answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);

  const raw_client health(f.server, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(health.answer.starts_with("HTTP/1.1 200 "));
  CHECK(health.answer.ends_with("\r\n\r\nok\n"));
  const raw_client head(f.server, "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(head.answer.ends_with("Content-Length: 3\r\n\r\n"));
  const raw_client wrong(f.server,
                         "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  CHECK(wrong.answer.starts_with("HTTP/1.1 400 "));
  const raw_client body(f.server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(body.answer.starts_with("HTTP/1.1 413 "));
  const raw_client large(f.server,
                         "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  CHECK(large.answer.starts_with("HTTP/1.1 431 "));
  const raw_client sip(f.server, request("plain SIP", 0));
  CHECK(sip.answer.starts_with("HTTP/1.1 400 "));
}

TEST_CASE("a client may cut its messages into frames, and keeps the connection alive", "[net][ws]") {
  websocket_fixture f;
  raw_client c(f.server);
  const std::string text = request("fragments", 300);
  c.peer.send(websocket_frame(0x01, text.substr(0, 100)) + websocket_frame(0x89, "ping") +
              websocket_frame(0x00, text.substr(100, 100)));
  REQUIRE(f.server.until([&] { return !c.peer.received().empty(); }));
  CHECK(c.peer.received() == std::string("\x8a\x04ping", 6));
  CHECK(f.server.owner.messages.empty());
  c.peer.send(websocket_frame(0x00, text.substr(200)) + websocket_frame(0x80, ""));
  REQUIRE(f.server.until([&] { return f.server.owner.messages.size() == 1; }));
  CHECK(f.server.owner.messages[0].text() == text);

  SECTION("binary") {
    c.peer.received().clear();
    c.peer.send(websocket_frame(0x82, text));
    REQUIRE(f.server.until([&] { return f.server.owner.messages.size() == 2; }));
  }
}

TEST_CASE("CRLF keep-alives are answered over WebSocket, too", "[net][ws]") {
  websocket_fixture f;
  raw_client c(f.server);
  c.peer.send(websocket_frame(0x81, "\r\n\r\n"));
  REQUIRE(f.server.until([&] { return !c.peer.received().empty(); }));
  CHECK(c.peer.received() == std::string("\x81\x02\r\n", 4));
  CHECK(f.server.counters().keep_alive_pings == 1);
  CHECK(f.server.owner.messages.empty());
}

TEST_CASE("frames that break RFC 6455 end the connection", "[net][ws]") {
  net::transport_limits limits;
  limits.message.message_bytes = 4096;
  websocket_fixture f(limits);
  const std::string huge("\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0", 14);
  const auto bad = GENERATE_COPY(values<std::string>(
      {websocket_frame(0x81, request("unmasked", 0), false), websocket_frame(0x89, std::string(126, 'x')),
       websocket_frame(0x00, "continuation of nothing"), websocket_frame(0x83, "reserved opcode"),
       websocket_frame(0xC1, "reserved bit"), websocket_frame(0x81, "\xff\xff not UTF-8"), huge,
       websocket_frame(0x82, std::string(4097, 'x')), websocket_frame(0x09, "fragmented ping")}));
  raw_client c(f.server);
  c.peer.send(bad);
  REQUIRE(f.server.until([&] { return c.peer.ended(); }));
  REQUIRE(f.server.until([&] { return f.server.owner.closed.size() == 1; }));
  CHECK(f.server.counters().framing_errors == 1);
  CHECK(f.server.owner.messages.empty());
  CHECK(f.server.set->connection_count() == 0);
}

TEST_CASE("a slow handshake is given up, over WebSocket too", "[net][ws]") {
  net::transport_limits limits;
  limits.handshake_timeout = std::chrono::milliseconds(80);
  websocket_fixture f(limits);
  tcp_peer slow(f.server.io, f.server.address(0));
  slow.send("GET / HTTP/1.1\r\nHost: a\r\n");
  REQUIRE(f.server.until([&] { return slow.ended(); }));
  CHECK(f.server.counters().handshakes_failed == 1);
  CHECK(f.server.counters().connections_timed_out == 1);
}

TEST_CASE("a peer on a secure connection that calls itself ws is reached by it", "[net][ws]") {
  websocket_fixture f({}, sip::transport::wss);
  net::listener_options plain{.transport = sip::transport::ws, .bind = {base::ip_address::loopback_v4(), 0}};
  REQUIRE(f.client.set->listen(plain));
  f.client.send(f.to_server(), request("first"));
  REQUIRE(f.until([&] { return f.server.owner.messages.size() == 1; }));
  sip::hop to = f.to_server();
  to.transport = sip::transport::ws;
  to.listener = 1;
  f.client.send(to, request("second"));
  REQUIRE(f.until([&] { return f.server.owner.messages.size() == 2; }));
  CHECK(f.client.set->connection_count() == 1);
  CHECK(f.server.owner.messages[1].from.transport == sip::transport::wss);
}

TEST_CASE("what only a connection leads to fails with it", "[net][ws]") {
  websocket_fixture f;
  sip::hop gone = f.to_server();
  gone.flow = 99;
  gone.only_flow = true;
  f.client.send(gone, request("lost"), 5);
  REQUIRE(f.until([&] { return f.client.owner.failures.size() == 1; }));
  CHECK(f.client.owner.failures[0].error == net::errc::flow_gone);
  CHECK(f.client.counters().connections_opened == 0);
}
