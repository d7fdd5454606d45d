#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/net_fixture.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using test::net_fixture;
using test::request;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

/// What a server has to answer a key with (RFC 6455 4.2.2).
std::string accept_of(std::string key) {
  key += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  std::array<unsigned char, 64> text{};
  const int size = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

/// A frame of a server's, which masks nothing.
std::string server_frame(std::string_view payload) {
  std::string out = "\x81";
  if (payload.size() < 126) return out.append(1, static_cast<char>(payload.size())).append(payload);
  out += '\x7e';
  out += static_cast<char>(payload.size() >> 8U);
  out += static_cast<char>(payload.size() & 0xFFU);
  return out.append(payload);
}

/// A client of ours and a server of the test's, which answers what it likes.
struct scripted_server {
  explicit scripted_server(const net::websocket_options& options = {}) : host(client.io) {
    net::listener_options wanted{.transport = sip::transport::ws,
                                 .bind = {base::ip_address::loopback_v4(), 0}};
    wanted.websocket = options;
    REQUIRE(client.set->listen(wanted).has_value());
    client.send({sip::transport::ws, 0, host.address(), 0}, request("first"), 7);
    REQUIRE(client.until([&] { return !host.accepted().empty(); }));
    REQUIRE(client.until([&] { return peer().received().ends_with("\r\n\r\n"); }));
    const std::string asked = std::exchange(peer().received(), {});
    CHECK(asked.find("Sec-WebSocket-Protocol: sip\r\n") != std::string::npos);
    const std::size_t key = asked.find("Sec-WebSocket-Key: ");
    REQUIRE(key != std::string::npos);
    accept = accept_of(asked.substr(key + 19, 24));
  }

  test::tcp_peer& peer() { return host.accepted().at(0); }

  /// Answers; `$` in it stands for the right Sec-WebSocket-Accept.
  void answer(std::string text) {
    if (const std::size_t at = text.find('$'); at != std::string::npos) text.replace(at, 1, accept);
    peer().send(text);
  }
  /// Whether the client has opened the WebSocket and sends on it.
  bool taken() {
    REQUIRE(client.until([&] { return !client.owner.failures.empty() || !peer().received().empty(); }));
    return client.owner.failures.empty();
  }
  base::error_code refused() {
    REQUIRE_FALSE(taken());
    CHECK(client.owner.failures.size() == 1);
    CHECK(client.owner.failures[0].ticket == 7);
    CHECK(client.counters().connections_failed == 1);
    CHECK(client.set->connection_count() == 0);
    REQUIRE(client.until([&] { return peer().ended(); }));
    CHECK(peer().received().empty());
    return client.owner.failures[0].error;
  }

  net_fixture client;
  test::tcp_host host;
  std::string accept;
};

const std::string usual =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: $\r\n";

}  // namespace

TEST_CASE("a client takes answers that are odd and harmless", "[net][ws]") {
  const auto odd = GENERATE_COPY(values<std::string>({
      usual + "Sec-WebSocket-Protocol: sip\r\n\r\n",
      // No subprotocol, or in other letters, as reSIProcate has it.
      usual + "\r\n",
      usual + "Sec-WebSocket-Protocol: SIP\r\n\r\n",
      usual + "Sec-WebSocket-Protocol:\r\nSec-WebSocket-Extensions: \r\n\r\n",
      // Reasons.
      "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept:$ \r\n\r\n",
      "HTTP/1.1 101\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: $\r\n\r\n",
      "HTTP/1.1 101 \r\nUPGRADE: WEBSOCKET\r\nCONNECTION: UPGRADE\r\nSEC-WEBSOCKET-ACCEPT: $\r\n\r\n",
      "HTTP/1.1 101 \xC3\x84nderung\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: $\r\n\r\n",
      // Lists.
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
      "Sec-WebSocket-Accept: $\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\nSec-WebSocket-Accept: $\r\n\r\n",
      // What stands beside it.
      usual + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\nSia: SIP/2.0/TCP 192.0.2.1:5060\r\n" +
          "Server: x\r\nDate: yesterday\r\nSet-Cookie: a=b\r\nX-Empty:\r\nX-Text: \xFF\xFE\r\n\r\n",
      usual + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Location: ws://example.com/\r\n\r\n",
      // How lines end, and fold.
      "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n"
      "Sec-WebSocket-Accept: $\n\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade:\r\n websocket\r\nConnection: keep-alive,\r\n\tUpgrade\r\n"
      "Sec-WebSocket-Accept: $\r\nX: a\r\n b\r\n\r\n",
  }));
  INFO(odd);
  scripted_server s;
  s.answer(odd);
  CHECK(s.taken());
  s.peer().send(server_frame(request("back")));
  REQUIRE(s.client.until([&] { return s.client.owner.messages.size() == 1; }));
  CHECK(s.client.owner.messages[0].text() == request("back"));
  CHECK(s.client.counters().connections_opened == 1);
}

TEST_CASE("a client takes an answer in pieces, and with what comes behind it", "[net][ws]") {
  scripted_server s;
  const std::string small = request("small", 10);
  const std::string large = request("large", 30'000);
  SECTION("byte by byte") {
    std::string text = usual + "\r\n";
    text.replace(text.find('$'), 1, s.accept);
    for (const char c : text + server_frame(small) + server_frame(large)) {
      s.peer().send(std::string(1, c));
      if (s.client.owner.messages.empty()) test::run_ready(s.client.io);
    }
  }
  SECTION("in one piece with the first frames") {
    s.answer(usual + "\r\n" + server_frame(small) + server_frame(large));
  }
  SECTION("in one piece with the first frames, behind a head that fills a buffer") {
    s.answer(usual + "X: " + std::string(5000, 'x') + "\r\n\r\n" + server_frame(small) + server_frame(large));
  }
  SECTION("in one piece with the first frames, behind a field that fills a buffer") {
    std::string head = usual;
    head.insert(head.find("Upgrade\r\n"), std::string(5000, 'x') + ", ");
    s.answer(head + "\r\n" + server_frame(small) + server_frame(large));
  }
  REQUIRE(s.taken());
  REQUIRE(s.client.until([&] { return s.client.owner.messages.size() == 2; }));
  CHECK(s.client.owner.messages[0].text() == small);
  CHECK(s.client.owner.messages[1].text() == large);
}

TEST_CASE("a client refuses answers that mean something else", "[net][ws]") {
  const std::string rest = usual.substr(usual.find("\r\n"));
  const std::string without_accept = usual.substr(0, usual.find("Sec-"));
  struct row {
    std::string answer;
    base::error_code error;
  };
  const auto& [answer, error] = GENERATE_COPY(values<row>({
      {"HTTP/1.1 200 OK" + rest + "\r\n", websocket::error::upgrade_declined},
      {"HTTP/1.1 100 Continue\r\n\r\n" + usual + "\r\n", websocket::error::upgrade_declined},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n", websocket::error::upgrade_declined},
      {"HTTP/1.0 101 Switching Protocols" + rest + "\r\n", websocket::error::bad_http_version},
      {"HTTP/1.1 1011" + rest + "\r\n", http::error::bad_status},
      {"SIP/2.0 200 OK\r\n\r\n", http::error::bad_version},
      {usual.substr(0, usual.find("Upgrade:")) + "Connection: Upgrade\r\nSec-WebSocket-Accept: $\r\n\r\n",
       websocket::error::no_upgrade},
      {"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: $\r\n\r\n",
       websocket::error::no_upgrade_websocket},
      {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: $\r\n\r\n",
       websocket::error::no_connection},
      {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Accept: $\r\n\r\n",
       websocket::error::no_connection_upgrade},
      {without_accept + "\r\n", websocket::error::no_sec_accept},
      {without_accept + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
       websocket::error::bad_sec_accept},
      {usual + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
       websocket::error::bad_sec_accept},
      {usual + "Sec-WebSocket-Protocol: chat\r\n\r\n", net::errc::not_asked_for},
      {usual + "Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
       net::errc::not_asked_for},
      {usual + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", net::errc::not_asked_for},
      {usual + "Sec-WebSocket-Extensions: ; nameless\r\n\r\n", net::errc::not_asked_for},
      {usual + "no field\r\n\r\n", http::error::bad_field},
      {usual + ": nothing\r\n\r\n", http::error::bad_field},
      {"HTTP/1.1 101 x\r\n folded" + rest + "\r\n", http::error::bad_field},
      {usual + "X: " + std::string(1, '\0') + "\r\n\r\n", http::error::bad_value},
  }));
  INFO(answer);
  scripted_server s;
  s.answer(answer);
  CHECK(s.refused() == error);
}

TEST_CASE("a client that offers compression takes that extension and no other", "[net][ws]") {
  net::websocket_options options;
  options.compression = true;
  scripted_server s(options);
  SECTION("what was offered") {
    s.answer(usual + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n");
    CHECK(s.taken());
  }
  SECTION("nothing") {
    s.answer(usual + "\r\n");
    CHECK(s.taken());
  }
  SECTION("another one beside it") {
    s.answer(usual + "Sec-WebSocket-Extensions: permessage-deflate, x-other\r\n\r\n");
    CHECK(s.refused() == net::errc::not_asked_for);
  }
}

TEST_CASE("the head of an answer is bounded in bytes", "[net][ws][attack]") {
  net::websocket_options options;
  options.request_bytes = 1000;
  scripted_server s(options);
  std::string head = usual;
  head.replace(head.find('$'), 1, s.accept);
  const auto of_size = [&](std::size_t size) {
    return head + "X: " + std::string(size - head.size() - 7, 'x') + "\r\n\r\n";
  };
  SECTION("as large as it may be") {
    s.answer(of_size(1000));
    CHECK(s.taken());
  }
  SECTION("one byte more") {
    s.answer(of_size(1001));
    CHECK(s.refused() == http::error::header_limit);
  }
  SECTION("without an end") {
    s.answer(of_size(1003).substr(0, 1000));
    CHECK(s.refused() == http::error::header_limit);
  }
}
