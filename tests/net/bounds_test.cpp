#include <parley/net/proxy_server.hpp>
#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/net_fixture.hpp"
#include "support/websocket_frames.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace parley;
using test::net_fixture;
using test::request;
using test::tcp_peer;

namespace {

/// A request of exactly that size, with a body of `body` bytes.
std::string sized_request(std::size_t size, std::size_t body = 0) {
  const std::size_t without = request("", body).size();
  return request(std::string(size - without, 'x'), body);
}

/// What becomes of a message on a connection of its own: taken, or the error that ends it.
base::error_code outcome(net_fixture& f, const std::string& bytes, bool websocket = false) {
  tcp_peer peer(f.io, f.address(0));
  if (websocket) {
    peer.send(test::websocket_handshake);
    REQUIRE(f.until([&] { return peer.received().find("\r\n\r\n") != std::string::npos; }));
  }
  const std::size_t messages = f.owner.messages.size();
  const std::size_t closed = f.owner.closed.size();
  const std::size_t broken = f.owner.framing_errors.size();
  peer.send(bytes);
  REQUIRE(f.until([&] {
    return f.owner.messages.size() > messages || f.owner.closed.size() > closed ||
           f.owner.framing_errors.size() > broken;
  }));
  base::error_code out;
  if (f.owner.framing_errors.size() > broken)
    out = sip::make_error_code(f.owner.framing_errors.back().error.code);
  if (f.owner.closed.size() > closed) out = f.owner.closed.back().why;
  peer.reset();
  REQUIRE(f.until([&] { return f.owner.closed.size() == closed + 1; }));
  return out;
}

}  // namespace

TEST_CASE("sizes of a stream's messages, up to each limit and one byte beyond it", "[net][bounds]") {
  net::transport_limits limits;
  SECTION("headers") {
    limits.message.header_bytes = 1000;
    net_fixture f(limits);
    f.listen(sip::transport::tcp);
    // The empty line behind them is not counted.
    CHECK_FALSE(outcome(f, sized_request(999 + 2)));
    CHECK_FALSE(outcome(f, sized_request(1000 + 2)));
    CHECK(outcome(f, sized_request(1001 + 2)) == sip::errc::headers_too_large);
    CHECK(f.counters().stream_messages_too_large == 1);
  }
  SECTION("a body") {
    limits.message.body_bytes = 500;
    net_fixture f(limits);
    f.listen(sip::transport::tcp);
    CHECK_FALSE(outcome(f, request("a", 499)));
    CHECK_FALSE(outcome(f, request("b", 500)));
    CHECK(outcome(f, request("c", 501)) == sip::errc::body_too_large);
    CHECK(f.counters().stream_messages_too_large == 1);
  }
  SECTION("a message") {
    limits.message.message_bytes = 2000;
    net_fixture f(limits);
    f.listen(sip::transport::tcp);
    CHECK_FALSE(outcome(f, sized_request(1999, 1500)));
    CHECK_FALSE(outcome(f, sized_request(2000, 1500)));
    CHECK(outcome(f, sized_request(2001, 1500)) == sip::errc::message_too_large);
    CHECK(f.counters().stream_messages_too_large == 1);
  }
  SECTION("a message over WebSocket") {
    limits.message.message_bytes = 2000;
    net_fixture f(limits);
    f.listen(sip::transport::ws);
    for (const std::size_t size : {1999U, 2000U})
      CHECK_FALSE(outcome(f, test::websocket_frame(0x81, sized_request(size)), true));
    CHECK(outcome(f, test::websocket_frame(0x81, sized_request(2001)), true) == sip::errc::message_too_large);
    CHECK(f.counters().stream_messages_too_large == 1);
  }
  SECTION("a message over WebSocket in several frames") {
    limits.message.message_bytes = 2000;
    net_fixture f(limits);
    f.listen(sip::transport::ws);
    const auto in_two = [](std::size_t size) {
      const std::string text = sized_request(size);
      return test::websocket_frame(0x01, text.substr(0, 1500)) +
             test::websocket_frame(0x80, text.substr(1500));
    };
    CHECK_FALSE(outcome(f, in_two(1999), true));
    CHECK_FALSE(outcome(f, in_two(2000), true));
    CHECK(outcome(f, in_two(2001), true) == sip::errc::message_too_large);
  }
}

TEST_CASE("as many handshakes at once as the limits allow, and none more", "[net][bounds]") {
  constexpr std::size_t limit = 3;
  net::transport_limits limits;
  limits.max_handshakes = limit;
  net_fixture f(limits);
  f.listen(sip::transport::ws);
  std::vector<std::unique_ptr<tcp_peer>> peers;
  for (std::size_t i = 1; i <= limit; ++i) {
    peers.push_back(std::make_unique<tcp_peer>(f.io, f.address(0)));
    REQUIRE(f.until([&] { return f.counters().connections_accepted == i; }));
    CHECK(f.counters().handshakes_refused == 0);
  }
  tcp_peer refused(f.io, f.address(0));
  REQUIRE(f.until([&] { return refused.ended(); }));
  CHECK(f.counters().handshakes_refused == 1);
  // One gets through, and another may begin.
  peers[0]->send(test::websocket_handshake);
  REQUIRE(f.until([&] { return peers[0]->received().find("\r\n\r\n") != std::string::npos; }));
  tcp_peer next(f.io, f.address(0));
  REQUIRE(f.until([&] { return f.counters().connections_accepted == limit + 1; }));
  // One is given up by its peer, and another may begin.
  peers[1]->reset();
  REQUIRE(f.until([&] { return f.counters().handshakes_failed == 1; }));
  tcp_peer last(f.io, f.address(0));
  REQUIRE(f.until([&] { return f.counters().connections_accepted == limit + 2; }));
  CHECK(f.counters().handshakes_refused == 1);
}

TEST_CASE("as many bytes wait for a connection as the limits allow", "[net][bounds]") {
  // While it is being opened nothing goes out.
  const std::string text(1000, 'x');
  const auto failures_with = [&](std::size_t bytes) {
    net::transport_limits limits;
    limits.queued_bytes_per_connection = bytes;
    net_fixture f(limits);
    f.listen(sip::transport::tcp);
    test::tcp_host host(f.io);
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket)
      f.send({sip::transport::tcp, 0, host.address(), 0}, text, ticket);
    REQUIRE(f.until([&] { return f.owner.failures.size() + f.counters().stream_messages_sent == 3; }));
    CHECK(f.counters().stream_queue_full == f.owner.failures.size());
    return f.owner.failures.size();
  };
  const std::size_t three = 3 * (text.size() + sizeof(sip::outgoing));
  CHECK(failures_with(three + 1) == 0);
  CHECK(failures_with(three) == 0);
  CHECK(failures_with(three - 1) == 1);
}

TEST_CASE("as many bytes wait on all connections as the limits allow", "[net][bounds]") {
  // While they are being opened nothing goes out.
  const std::string text(1000, 'x');
  base::buffer_pool sample;
  const base::packet_buffer block = sample.copy(text).value();
  const std::size_t three = 3 * (block.size() + block.headroom() + block.tailroom());
  net::transport_limits limits;
  const auto send_three = [&](net_fixture& f, const base::socket_address& first,
                              const base::socket_address& last) {
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket)
      f.send({sip::transport::tcp, 0, ticket == 3 ? last : first, 0}, text, ticket);
    REQUIRE(f.until([&] { return f.owner.failures.size() + f.counters().stream_messages_sent == 3; }));
  };
  SECTION("up to that, and one more") {
    limits.queued_bytes = three + GENERATE(0U, 1U);
    net_fixture f(limits);
    f.listen(sip::transport::tcp);
    test::tcp_host host(f.io);
    send_three(f, host.address(), host.address());
    CHECK(f.owner.failures.empty());
    CHECK(f.counters().stream_budget_full == 0);
    // What has gone out leaves room for others.
    send_three(f, host.address(), host.address());
    CHECK(f.owner.failures.empty());
  }
  SECTION("one byte less, and whoever has been blocked for longest makes room") {
    limits.queued_bytes = three - 1;
    net_fixture f(limits);
    f.listen(sip::transport::tcp);
    test::tcp_host first(f.io);
    test::tcp_host last(f.io);
    send_three(f, first.address(), last.address());
    REQUIRE(f.owner.failures.size() == 2);
    for (const auto& lost : f.owner.failures) {
      CHECK(lost.ticket < 3);
      CHECK(lost.error == net::errc::too_slow);
    }
    CHECK(f.counters().stream_budget_full == 1);
    CHECK(f.counters().connections_shed == 1);
    CHECK(f.counters().stream_queue_full == 0);
    REQUIRE(f.until([&] { return !last.accepted().empty() && last.accepted()[0].received() == text; }));
  }
  SECTION("one byte less for a single connection") {
    limits.queued_bytes = three - 1;
    net_fixture f(limits);
    f.listen(sip::transport::tcp);
    test::tcp_host host(f.io);
    send_three(f, host.address(), host.address());
    REQUIRE(f.owner.failures.size() == 3);
    CHECK(f.owner.failures.back().error == net::errc::queue_full);
    CHECK(f.counters().stream_queue_full == 1);
    CHECK(f.set->connection_count() == 0);
  }
}

TEST_CASE("peers that read nothing leave the pool to the others", "[net][bounds]") {
  net_fixture f({}, 0, {.max_bytes = 3 << 20});
  f.listen(sip::transport::tcp);
  std::vector<std::unique_ptr<tcp_peer>> deaf;
  std::vector<sip::hop> flows;
  for (std::size_t i = 0; i < 12; ++i) {
    deaf.push_back(std::make_unique<tcp_peer>(f.io, f.address(0)));
    deaf.back()->send(request("deaf"));
    REQUIRE(f.until([&] { return f.owner.messages.size() == i + 1; }));
    flows.push_back(f.owner.messages.back().from);
  }
  f.owner.messages.clear();
  tcp_peer reader(f.io, f.address(0));
  f.owner.on_message = [&](const sip::hop& from, base::packet_buffer&) {
    f.send(from, std::string(50000, 'a'));
    f.owner.messages.clear();
  };
  const std::string block(60000, 'x');
  std::size_t answers = 0;
  while (f.counters().connections_shed < 6 && answers < 1000) {
    for (const sip::hop& flow : flows) f.send({flow.transport, 0, flow.remote, flow.flow, 0, true}, block);
    reader.send(request("reader"));
    ++answers;
    REQUIRE(f.until([&] { return reader.received().size() == answers * 50000; }));
    CHECK(f.pool.stats().bytes_in_use < f.pool.max_bytes() / 2);
  }
  CHECK(f.counters().connections_shed >= 6);
  CHECK(f.counters().stream_budget_full >= 6);
  CHECK_FALSE(reader.ended());
}

#if defined(__linux__)
TEST_CASE("as many handshakes of one source as the limits allow, and others get in meanwhile",
          "[net][bounds]") {
  constexpr std::size_t limit = 3;
  net::transport_limits limits;
  limits.max_handshakes_per_source = limit;
  net_fixture f(limits);
  f.listen(sip::transport::ws);
  std::vector<std::unique_ptr<tcp_peer>> peers;
  for (std::size_t i = 1; i <= limit; ++i) {
    peers.push_back(std::make_unique<tcp_peer>(f.io, f.address(0)));
    REQUIRE(f.until([&] { return f.counters().connections_accepted == i; }));
    CHECK(f.counters().handshakes_refused == 0);
  }
  tcp_peer refused(f.io, f.address(0));
  REQUIRE(f.until([&] { return refused.ended(); }));
  CHECK(f.counters().handshakes_refused == 1);
  CHECK(f.counters().source_handshakes_refused == 1);
  // Linux has the whole of 127/8 for itself.
  test::asio::ip::tcp::socket elsewhere(f.io, {test::asio::ip::make_address("127.0.0.2"), 0});
  elsewhere.connect({test::udp_peer::to_asio(f.address(0).ip), f.address(0).port});
  tcp_peer other(std::move(elsewhere));
  other.send(test::websocket_handshake);
  REQUIRE(f.until([&] { return other.received().find("\r\n\r\n") != std::string::npos; }));
  // One gets through, one gives up, and two may begin.
  peers[0]->send(test::websocket_handshake);
  REQUIRE(f.until([&] { return peers[0]->received().find("\r\n\r\n") != std::string::npos; }));
  peers[1]->reset();
  REQUIRE(f.until([&] { return f.counters().handshakes_failed == 1; }));
  const std::uint64_t before = f.counters().connections_accepted;
  for (std::size_t i = 1; i <= 2; ++i) {
    peers.push_back(std::make_unique<tcp_peer>(f.io, f.address(0)));
    REQUIRE(f.until([&] { return f.counters().connections_accepted == before + i; }));
  }
  CHECK(f.counters().source_handshakes_refused == 1);
}
#endif

TEST_CASE("handshakes are no matter to plain TCP", "[net][bounds]") {
  net::transport_limits limits;
  limits.max_handshakes = 1;
  net_fixture f(limits);
  f.listen(sip::transport::ws);
  f.listen(sip::transport::tcp);
  tcp_peer hanging(f.io, f.address(0));
  REQUIRE(f.until([&] { return f.counters().connections_accepted == 1; }));
  tcp_peer peer(f.io, f.address(1));
  peer.send(request("plain"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
  CHECK(f.counters().handshakes_refused == 0);
}

TEST_CASE("a proxy_server adds up what all its shards have counted", "[net][bounds]") {
  net::proxy_server_options options;
  options.workers = 2;
  options.listeners.push_back(
      {.transport = sip::transport::tcp, .bind = {base::ip_address::loopback_v4(), 0}});
  options.listeners[0].proxy_protocol = true;
  net::proxy_server server(std::move(options));
  std::size_t failed = 0;
  REQUIRE(server.open(failed).has_value());
  server.start();
  test::asio::io_context io;
  std::vector<std::unique_ptr<tcp_peer>> peers;
  constexpr std::size_t count = 16;
  for (std::size_t i = 0; i < count; ++i) {
    peers.push_back(std::make_unique<tcp_peer>(io, server.local_address(0)));
    peers.back()->send(request("no header"));
  }
  for (const auto& peer : peers) REQUIRE(test::run_until(io, [&] { return peer->ended(); }));
  const net::transport_counters counters = server.status().transport;
  CHECK(counters.connections_accepted == count);
  CHECK(counters.handshakes_failed == count);
  CHECK(counters.proxy_headers_refused == count);
}
