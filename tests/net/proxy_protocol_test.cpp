#include "support/proxy_protocol.hpp"

#include <parley/net/transport_set.hpp>

#include "net/detail/proxy_stream.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/memory_stream.hpp"
#include "support/net_fixture.hpp"
#include "support/tls_peer.hpp"
#include "support/websocket_frames.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using test::net_fixture;
using test::proxy_header_for;
using test::request;
using test::tcp_host;
using test::tcp_peer;

namespace {

const base::socket_address client = base::socket_address::from_string("192.0.2.7:40001").value();

/// A listener behind a load balancer.
struct proxied_fixture {
  explicit proxied_fixture(const net::transport_limits& limits = {},
                           sip::transport transport = sip::transport::tcp,
                           std::vector<base::ip_network> from = {})
      : net(limits) {
    net::listener_options options{.transport = transport, .bind = {base::ip_address::loopback_v4(), 0}};
    options.proxy_protocol = true;
    options.proxy_protocol_from = std::move(from);
    if (sip::is_secure(transport)) {
      net::tls_options tls;
      tls.certificates = {ca.issue({"x", "DNS:example.com"})};
      options.tls = net::tls_context::make(tls).value();
    }
    REQUIRE(net.set->listen(options).has_value());
  }
  std::unique_ptr<tcp_peer> connect(std::string_view header) {
    auto peer = std::make_unique<tcp_peer>(net.io, net.address(0));
    peer->send(header);
    return peer;
  }
  bool until(const std::function<bool()>& done) { return net.until(done); }

  test::authority ca;
  net_fixture net;
};

}  // namespace

TEST_CASE("a source over IPv6 is a /64", "[net][proxy_protocol][bounds]") {
  net::transport_limits limits;
  const auto at = [](std::string_view text) {
    return proxy_header_for(base::socket_address::from_string(text).value());
  };
  SECTION("for connections") {
    limits.max_connections_per_source = 2;
    proxied_fixture f(limits);
    const auto one = f.connect(at("[2001:db8::1]:5060"));
    const auto two = f.connect(at("[2001:db8::ffff:2]:5060"));
    for (const auto& peer : {one.get(), two.get()}) peer->send(request("a"));
    REQUIRE(f.until([&] { return f.net.owner.messages.size() == 2; }));
    const auto three = f.connect(at("[2001:db8::3]:5060"));
    REQUIRE(f.until([&] { return three->ended(); }));
    CHECK(f.net.counters().sources_refused == 1);
    const auto neighbour = f.connect(at("[2001:db8:0:1::1]:5060"));
    neighbour->send(request("b"));
    REQUIRE(f.until([&] { return f.net.owner.messages.size() == 3; }));
    CHECK(f.net.counters().sources_refused == 1);
  }
  SECTION("for handshakes") {
    limits.max_handshakes_per_source = 2;
    proxied_fixture f(limits, sip::transport::ws);
    const auto one = f.connect(at("[2001:db8::1]:5060"));
    const auto two = f.connect(at("[2001:db8::ffff:2]:5060"));
    test::run_ready(f.net.io);
    REQUIRE(f.until([&] { return f.net.counters().connections_accepted == 2; }));
    test::run_ready(f.net.io);
    const auto three = f.connect(at("[2001:db8::3]:5060"));
    REQUIRE(f.until([&] { return one->ended() || two->ended() || three->ended(); }));
    CHECK(f.net.counters().source_handshakes_refused == 1);
    const auto neighbour = f.connect(at("[2001:db8:0:1::1]:5060"));
    neighbour->send(test::websocket_handshake);
    REQUIRE(f.until([&] { return neighbour->received().find("\r\n\r\n") != std::string::npos; }));
    CHECK(f.net.counters().source_handshakes_refused == 1);
  }
}

TEST_CASE("a message is from the client that the header names, over every stream", "[net][proxy_protocol]") {
  const auto transport =
      GENERATE(sip::transport::tcp, sip::transport::tls, sip::transport::ws, sip::transport::wss);
  const std::string source = GENERATE("192.0.2.7:40001", "[2001:db8::7]:40001");
  const auto named = base::socket_address::from_string(source).value();
  const bool websocket = transport == sip::transport::ws || transport == sip::transport::wss;
  proxied_fixture f({}, transport);
  const std::string header = proxy_header_for(named, test::tlv(0x05, "unique"));
  const std::string text = request("named");
  const std::string message = websocket ? test::websocket_frame(0x81, text) : text;
  if (sip::is_secure(transport)) {
    test::tls_peer peer(f.net.io, f.net.address(0), TLS1_3_VERSION, header);
    REQUIRE(f.until([&] { return peer.pump(), peer.open(); }));
    if (websocket) {
      peer.send(test::websocket_handshake);
      REQUIRE(f.until([&] { return peer.pump().find("\r\n\r\n") != std::string::npos; }));
    }
    peer.send(message);
    REQUIRE(f.until([&] { return f.net.owner.messages.size() == 1; }));
  } else {
    // All of it in one segment, where the transport allows that.
    const auto peer =
        f.connect(websocket ? header + std::string(test::websocket_handshake) : header + message);
    if (websocket) {
      REQUIRE(f.until([&] { return peer->received().find("\r\n\r\n") != std::string::npos; }));
      peer->send(message);
    }
    REQUIRE(f.until([&] { return f.net.owner.messages.size() == 1; }));
  }
  CHECK(f.net.owner.messages[0].text() == text);
  CHECK(f.net.owner.messages[0].from.remote == named);
  CHECK(f.net.counters().proxy_headers_refused == 0);
}

TEST_CASE("a header may come byte by byte, and answers go back on the flow", "[net][proxy_protocol]") {
  proxied_fixture f;
  const auto peer = f.connect("");
  for (const char c : proxy_header_for(client)) {
    peer->send(std::string(1, c));
    test::run_ready(f.net.io);
  }
  peer->send(request("a"));
  REQUIRE(f.until([&] { return f.net.owner.messages.size() == 1; }));
  f.net.send(f.net.owner.messages[0].from, "200");
  REQUIRE(f.until([&] { return peer->received() == "200"; }));
}

TEST_CASE("who speaks for himself keeps his own address", "[net][proxy_protocol]") {
  proxied_fixture f;
  const auto peer = f.connect(test::proxy_header_local() + request("check"));
  REQUIRE(f.until([&] { return f.net.owner.messages.size() == 1; }));
  CHECK(f.net.owner.messages[0].from.remote == peer->address());
}

TEST_CASE("a connection without the header is closed", "[net][proxy_protocol]") {
  net::transport_limits limits;
  limits.handshake_timeout = 80ms;
  proxied_fixture f(limits);
  SECTION("another protocol") {
    const auto peer = f.connect(request("no header"));
    REQUIRE(f.until([&] { return peer->ended(); }));
    CHECK(f.net.counters().proxy_headers_refused == 1);
  }
  SECTION("version 1") {
    const auto peer = f.connect("PROXY TCP4 192.0.2.7 192.0.2.1 40001 5060\r\n" + request("x"));
    REQUIRE(f.until([&] { return peer->ended(); }));
    CHECK(f.net.counters().proxy_headers_refused == 1);
  }
  SECTION("a wrong checksum") {
    const auto peer = f.connect(proxy_header_for(client, test::tlv(0x03, "abcd")) + request("x"));
    REQUIRE(f.until([&] { return peer->ended(); }));
    CHECK(f.net.counters().proxy_headers_refused == 1);
  }
  SECTION("nothing, or too slowly") {
    const auto nothing = f.connect("");
    const auto half = f.connect(proxy_header_for(client).substr(0, 20));
    REQUIRE(f.until([&] { return nothing->ended() && half->ended(); }));
    CHECK(f.net.counters().connections_timed_out == 2);
  }
  SECTION("half of one, and the end") {
    const auto peer = f.connect(proxy_header_for(client).substr(0, 20));
    peer->finish_writing();
    REQUIRE(f.until([&] { return peer->ended(); }));
  }
  CHECK(f.net.counters().handshakes_failed == f.net.counters().connections_accepted);
  CHECK(f.net.owner.messages.empty());
  CHECK(f.net.owner.closed.empty());
  CHECK(f.net.set->connection_count() == 0);
}

TEST_CASE("only who may speak for others is let in", "[net][proxy_protocol]") {
  const bool allowed = GENERATE(true, false);
  const auto far = base::ip_network::from_string("203.0.113.0/24").value();
  const auto near = base::ip_network::from_string("127.0.0.0/8").value();
  proxied_fixture f({}, sip::transport::tcp,
                    allowed ? std::vector{far, near} : std::vector<base::ip_network>{far});
  const auto peer = f.connect("");
  REQUIRE(f.until(
      [&] { return f.net.counters().connections_accepted + f.net.counters().proxy_senders_refused == 1; }));
  CHECK(f.net.counters().connections_accepted == (allowed ? 1 : 0));
  if (!allowed) REQUIRE(f.until([&] { return peer->ended(); }));
}

TEST_CASE("limits for a source go by the address that the header names", "[net][proxy_protocol]") {
  constexpr std::size_t limit = 3;
  net::transport_limits limits;
  limits.max_connections_per_source = limit;
  proxied_fixture f(limits);
  std::vector<std::unique_ptr<tcp_peer>> peers;
  const auto come = [&](std::uint16_t port) {
    peers.push_back(f.connect(proxy_header_for({client.ip, port}) + request("x")));
    const std::size_t before = f.net.owner.messages.size();
    return f.until([&] { return f.net.owner.messages.size() > before || peers.back()->ended(); }) &&
           !peers.back()->ended();
  };
  for (std::uint16_t i = 0; i < limit; ++i) REQUIRE(come(i));
  CHECK_FALSE(come(limit));
  CHECK(f.net.counters().connections_refused == 1);
  CHECK(f.net.set->connection_count() == limit);

  // The load balancer itself has no such limit, and another client has one of his own.
  for (std::size_t i = 0; i < 2 * limit; ++i) {
    peers.push_back(f.connect(test::proxy_header_local()));
    REQUIRE(f.until([&] { return f.net.set->connection_count() == limit + i + 1; }));
  }
  peers.push_back(f.connect(proxy_header_for({base::ip_address::v4(0xC0000208U), 1}) + request("y")));
  REQUIRE(f.until([&] { return f.net.owner.messages.size() == limit + 1; }));

  // One leaves, and another may come.
  peers[0]->reset();
  REQUIRE(f.until([&] { return f.net.owner.closed.size() == 1; }));
  CHECK(come(99));
}

TEST_CASE("who claims an address gets nothing that is sent there", "[net][proxy_protocol]") {
  proxied_fixture f;
  tcp_host real(f.net.io);
  const auto liar = f.connect(proxy_header_for(real.address()) + request("x"));
  REQUIRE(f.until([&] { return f.net.owner.messages.size() == 1; }));
  CHECK(f.net.owner.messages[0].from.remote == real.address());
  f.net.send({sip::transport::tcp, 0, real.address(), 0}, "for the real one");
  REQUIRE(f.until(
      [&] { return !real.accepted().empty() && real.accepted()[0].received() == "for the real one"; }));
  CHECK(liar->received().empty());
}

TEST_CASE("datagrams have no such header", "[net][proxy_protocol]") {
  net_fixture f;
  net::listener_options options{.bind = {base::ip_address::loopback_v4(), 0}};
  options.proxy_protocol = true;
  CHECK(f.set->listen(options).error() == net::errc::unsupported_transport);
}

TEST_CASE("whichever operation below a header's reader fails, its user hears of it",
          "[net][proxy_protocol]") {
  struct user final : net::detail::stream_user {
    std::optional<base::error_code> opened;
    void handle_open(const base::error_code& error) override { opened = error; }
    void handle_readable(const base::error_code&) override {}
    void handle_writable(const base::error_code&) override {}
  };
  std::size_t n = 0;
  for (bool reached = true; reached; ++n) {
    INFO("operation " << n);
    test::asio::io_context io;
    auto counter = std::make_shared<test::failing_counter>();
    counter->fail_at = n;
    auto ends = test::memory_stream::make_pair(io.get_executor(), counter);
    test::memory_pipe& in = ends.first->in();
    net::detail::proxy_stream stream(std::move(ends.first), [](const auto& header) {
      CHECK(header.source == client);
      return base::error_code();
    });
    const auto opening = std::make_shared<user>();
    stream.open(opening);
    for (const char c : proxy_header_for(client)) {
      test::run_ready(io);
      in.bytes += c;
      if (const auto wake = std::exchange(in.wake_reader, nullptr)) wake();
    }
    test::run_ready(io);
    REQUIRE(opening->opened);
    reached = counter->count > n;
    CHECK(reached == opening->opened->failed());
    stream.close();
    test::run_ready(io);
  }
  CHECK(n > 28 * 2);
}
