#include <parley/net/clock.hpp>
#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/net_fixture.hpp"
#include "support/tls_peer.hpp"
#include "support/websocket_frames.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

using namespace parley;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using test::net_fixture;
using test::request;
using test::tcp_peer;
using test::websocket_frame;

namespace {

bool is_websocket(sip::transport over) { return over == sip::transport::ws || over == sip::transport::wss; }

/// A listener of any transport for streams.
struct door : net_fixture {
  door(sip::transport over, const net::transport_limits& limits) : net_fixture(limits), transport(over) {
    net::listener_options options{.transport = over, .bind = {base::ip_address::loopback_v4(), 0}};
    if (sip::is_secure(over)) {
      net::tls_options tls;
      tls.certificates = {ca.issue({"x", "DNS:example.com"})};
      options.tls = net::tls_context::make(tls).value();
    }
    REQUIRE(set->listen(options).has_value());
  }
  test::authority ca;
  sip::transport transport;
};

/// A peer on any of them that writes what it likes, behind its handshakes.
class attacker {
 public:
  explicit attacker(door& at) : websocket_(is_websocket(at.transport)) {
    if (sip::is_secure(at.transport)) {
      secure_ = std::make_unique<test::tls_peer>(at.io, at.address(0));
      REQUIRE(at.until([&] { return secure_->pump(), secure_->open(); }));
    } else {
      plain_ = std::make_unique<tcp_peer>(at.io, at.address(0));
    }
    if (!websocket_) return;
    send(test::websocket_handshake);
    REQUIRE(at.until([&] { return received().find("\r\n\r\n") != std::string::npos; }));
  }

  void send(std::string_view bytes) {
    if (secure_) return secure_->send(bytes);
    send_some(bytes);
  }
  /// Writes what the system takes, in the clear, and returns how much that was.
  std::size_t send_some(std::string_view bytes) {
    boost::system::error_code ignored;
    return plain_->socket().write_some(asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  /// A whole message.
  void send_message(std::string_view text) {
    send(websocket_ ? websocket_frame(0x81, text) : std::string(text));
  }
  /// A piece of one, not the last.
  void send_piece(std::string_view text) {
    send(websocket_ ? websocket_frame(begun_ ? 0x00 : 0x01, text) : std::string(text));
    begun_ = true;
  }
  std::string& received() { return secure_ ? secure_->pump() : plain_->received(); }
  bool ended() { return secure_ ? secure_->tcp.ended() : plain_->ended(); }

 private:
  bool websocket_;
  bool begun_ = false;
  std::unique_ptr<tcp_peer> plain_;
  std::unique_ptr<test::tls_peer> secure_;
};

sip::transport any_stream() {
  return GENERATE(sip::transport::tcp, sip::transport::tls, sip::transport::ws, sip::transport::wss);
}

}  // namespace

TEST_CASE("a header that trickles in has so much time, and a body too", "[net][attack]") {
  net::transport_limits limits;
  limits.message_timeout = 120ms;
  door d(any_stream(), limits);
  const bool body = GENERATE(false, true);
  attacker slow(d);
  slow.send_message(request("quick"));
  REQUIRE(d.until([&] { return d.owner.messages.size() == 1; }));
  const std::string text =
      body ? "OPTIONS sip:b SIP/2.0\r\nContent-Length: 60000\r\n\r\n" : "OPTIONS sip:b SIP/2.0\r\nX: ";
  const base::time_point begun = net::steady_clock_source::now();
  slow.send_piece(text);
  int sent = 0;
  REQUIRE(d.until([&] {
    if (d.owner.closed.empty() && ++sent < 20'000) slow.send_piece("y");
    return !d.owner.closed.empty();
  }));
  CHECK(net::steady_clock_source::now() - begun >= limits.message_timeout);
  CHECK(d.owner.closed[0].why == net::errc::too_slow);
  CHECK(d.counters().message_timeouts == 1);
  CHECK(d.counters().connections_timed_out == 1);
  CHECK(sent > 1);
  CHECK(d.owner.messages.size() == 1);
}

TEST_CASE("whoever says nothing, or never a whole message, has so much time", "[net][attack]") {
  net::transport_limits limits;
  limits.first_message_timeout = 120ms;
  door d(any_stream(), limits);
  const base::time_point begun = net::steady_clock_source::now();
  attacker slow(d);
  int pieces = GENERATE(0, 5000);
  REQUIRE(d.until([&] {
    if (pieces-- > 0 && d.owner.closed.empty()) slow.send_piece("A");
    return !d.owner.closed.empty();
  }));
  CHECK(net::steady_clock_source::now() - begun >= limits.first_message_timeout);
  CHECK(d.owner.closed[0].why == net::errc::too_slow);
  CHECK(d.counters().first_message_timeouts == 1);
}

TEST_CASE("handshakes left hanging are given up in time", "[net][attack]") {
  net::transport_limits limits;
  limits.handshake_timeout = 120ms;
  const auto transport = GENERATE(sip::transport::tls, sip::transport::ws, sip::transport::wss);
  door d(transport, limits);
  const base::time_point begun_at = net::steady_clock_source::now();
  tcp_peer silent(d.io, d.address(0));
  tcp_peer begun(d.io, d.address(0));
  begun.send(sip::is_secure(transport) ? std::string_view("\x16\x03\x01\x02")
                                       : test::websocket_handshake.substr(0, 40));
  REQUIRE(d.until([&] { return silent.ended() && begun.ended(); }));
  CHECK(net::steady_clock_source::now() - begun_at >= limits.handshake_timeout);
  CHECK(d.counters().handshake_timeouts == 2);
  CHECK(d.counters().handshakes_failed == 2);
  CHECK(d.set->connection_count() == 0);
  CHECK(d.owner.closed.empty());
  if (transport != sip::transport::wss) return;
  // TLS is open, and no whole upgrade follows.
  test::tls_peer late(d.io, d.address(0));
  REQUIRE(d.until([&] { return late.pump(), late.open(); }));
  late.send("GET / HTTP/1.1\r\nHost: a\r\n");
  REQUIRE(d.until([&] { return late.tcp.ended(); }));
  CHECK(d.counters().handshakes_failed == 3);
}

TEST_CASE("an upgrade that is too large is refused before it is whole", "[net][ws][attack]") {
  net::listener_options options{.transport = sip::transport::ws,
                                .bind = {base::ip_address::loopback_v4(), 0}};
  options.websocket.request_bytes = 1000;
  net_fixture f;
  REQUIRE(f.set->listen(options).has_value());
  const std::string head(test::websocket_handshake.substr(0, test::websocket_handshake.size() - 2));
  const auto upgrade_of = [&](std::size_t size) {
    return head + "X: " + std::string(size - head.size() - 7, 'x') + "\r\n\r\n";
  };
  const auto answer_to = [&](const std::string& bytes) {
    tcp_peer peer(f.io, f.address(0));
    peer.send(bytes);
    REQUIRE(f.until([&] { return !peer.received().empty() || peer.ended(); }));
    return peer.received().substr(0, 12);
  };
  REQUIRE(upgrade_of(999).size() == 999);
  CHECK(answer_to(upgrade_of(999)) == "HTTP/1.1 101");
  CHECK(answer_to(upgrade_of(1000)) == "HTTP/1.1 101");
  CHECK(answer_to(upgrade_of(1001)) == "HTTP/1.1 431");
  CHECK(answer_to(head + "X: " + std::string(5000, 'x')) == "HTTP/1.1 431");
}

TEST_CASE("empty frames without end are bounded", "[net][ws][attack]") {
  door d(sip::transport::ws, {});
  attacker a(d);
  const std::string good = request("good");
  a.send_message(good);
  REQUIRE(d.until([&] { return d.owner.messages.size() == 1; }));
  const auto send_empty = [&](std::size_t bytes) {
    const std::string frame = websocket_frame(0x00, "");
    std::string run = websocket_frame(0x01, "");
    while (run.size() < bytes) run += frame;
    std::string_view rest = run;
    REQUIRE(d.until([&] {
      rest.remove_prefix(a.send_some(rest));
      return rest.empty() || !d.owner.closed.empty();
    }));
  };
  // What Beast reads at once may be behind it.
  constexpr std::size_t limit = std::size_t{1} << 20U;
  constexpr std::size_t block = 4096;
  SECTION("just below the limit a message may still come") {
    send_empty(limit - block);
    a.send(websocket_frame(0x80, good));
    REQUIRE(d.until([&] { return d.owner.messages.size() == 2; }));
    CHECK(d.owner.messages[1].text() == good);
    // It begins anew then.
    send_empty(limit - block);
    a.send(websocket_frame(0x80, good));
    REQUIRE(d.until([&] { return d.owner.messages.size() == 3; }));
    CHECK(d.counters().framing_errors == 0);
    CHECK(d.owner.closed.empty());
  }
  SECTION("beyond it is the end") {
    send_empty(limit + block);
    REQUIRE(d.until([&] { return !d.owner.closed.empty(); }));
    CHECK(d.counters().framing_errors == 1);
    CHECK(d.owner.messages.size() == 1);
  }
}

TEST_CASE("a message may still have empty frames in it", "[net][ws][attack]") {
  door d(sip::transport::ws, {});
  attacker a(d);
  const std::string text = request("x");
  std::string frames = websocket_frame(0x01, "");
  for (const char c : text) frames += websocket_frame(0x00, "") + websocket_frame(0x00, std::string(1, c));
  a.send(frames + websocket_frame(0x80, ""));
  REQUIRE(d.until([&] { return d.owner.messages.size() == 1; }));
  CHECK(d.owner.messages[0].text() == text);
}

TEST_CASE("a little that unpacks to a lot is refused", "[net][ws][attack]") {
  net::transport_limits limits;
  limits.message.message_bytes = 20'000;
  net::listener_options options{.transport = sip::transport::ws,
                                .bind = {base::ip_address::loopback_v4(), 0}};
  options.websocket.compression = true;
  net_fixture server(limits);
  net_fixture client;
  REQUIRE(server.set->listen(options).has_value());
  REQUIRE(client.set->listen(options).has_value());
  client.send({sip::transport::ws, 0, server.address(0), 0}, request("bomb", 60'000));
  REQUIRE(test::run_until(client.io, [&] {
    test::run_ready(server.io);
    return server.owner.closed.size() == 1;
  }));
  CHECK(server.owner.messages.empty());
  CHECK(server.counters().stream_messages_too_large == 1);
}
