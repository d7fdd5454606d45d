#include <parley/net/clock.hpp>
#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/net_fixture.hpp"

#include <memory>
#include <string>
#include <vector>

#if defined(__unix__)
#include <sys/resource.h>
#endif

namespace asio = boost::asio;
using namespace parley;
using namespace std::chrono_literals;
using test::net_fixture;
using test::request;
using test::tcp_host;
using test::tcp_peer;

namespace {

sip::hop tcp_to(const base::socket_address& remote) { return {sip::transport::tcp, 0, remote, 0}; }

std::vector<std::unique_ptr<tcp_peer>> connect(net_fixture& f, std::size_t count) {
  std::vector<std::unique_ptr<tcp_peer>> peers;
  for (std::size_t i = 0; i < count; ++i) peers.push_back(std::make_unique<tcp_peer>(f.io, f.address(0)));
  return peers;
}

bool settled(net_fixture& f, std::size_t count) {
  return f.until(
      [&] { return f.counters().connections_accepted + f.counters().connections_refused == count; });
}

}  // namespace

TEST_CASE("as many connections as the limits allow, and none more", "[net][tcp]") {
  constexpr std::size_t limit = 4;
  net::transport_limits limits;
  SECTION("in all") { limits.max_connections = limit; }
  SECTION("of one source") { limits.max_connections_per_source = limit; }
  net_fixture f(limits);
  f.listen(sip::transport::tcp);

  auto peers = connect(f, limit - 1);
  REQUIRE(settled(f, limit - 1));
  CHECK(f.set->connection_count() == limit - 1);
  peers.push_back(std::make_unique<tcp_peer>(f.io, f.address(0)));
  REQUIRE(settled(f, limit));
  CHECK(f.set->connection_count() == limit);
  CHECK(f.counters().connections_refused == 0);

  tcp_peer refused(f.io, f.address(0));
  REQUIRE(settled(f, limit + 1));
  CHECK(f.counters().connections_refused == 1);
  CHECK(f.counters().sources_refused == (limits.max_connections_per_source == limit ? 1 : 0));
  CHECK(f.set->connection_count() == limit);
  REQUIRE(f.until([&] { return refused.ended(); }));

  // One leaves, and another may come.
  peers.back()->reset();
  REQUIRE(f.until([&] { return f.set->connection_count() == limit - 1; }));
  tcp_peer again(f.io, f.address(0));
  REQUIRE(settled(f, limit + 2));
  CHECK(f.set->connection_count() == limit);
  again.send(request("x"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
}

TEST_CASE("as many connections are opened as the limits allow", "[net][tcp]") {
  net::transport_limits limits;
  limits.max_client_connections = 2;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  tcp_host a(f.io), b(f.io), c(f.io);
  f.send(tcp_to(a.address()), "a", 1);
  f.send(tcp_to(b.address()), "b", 2);
  f.send(tcp_to(c.address()), "c", 3);
  REQUIRE(f.until([&] { return f.owner.failures.size() == 1; }));
  CHECK(f.owner.failures[0].ticket == 3);
  CHECK(f.owner.failures[0].error == net::errc::limit_reached);
  REQUIRE(f.until([&] { return !a.accepted().empty() && !b.accepted().empty(); }));
  CHECK(c.accepted().empty());
}

TEST_CASE("an idle connection is closed, a busy one is not", "[net][tcp]") {
  net::transport_limits limits;
  limits.idle_timeout = 200ms;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  tcp_peer idle(f.io, f.address(0));
  tcp_peer busy(f.io, f.address(0));
  const base::time_point begun = net::steady_clock_source::now();
  idle.send(request("idle"));
  busy.send(request("busy"));
  int pings = 0;
  REQUIRE(f.until([&] {
    // As often as the loop comes round, which is at least every few milliseconds.
    if (!idle.ended() && ++pings < 100000) busy.send("\r\n\r\n");
    return idle.ended();
  }));
  CHECK_FALSE(busy.ended());
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(net::steady_clock_source::now() - begun >= limits.idle_timeout);
  CHECK(f.owner.closed[0].why == net::errc::idle);
  CHECK(f.owner.closed[0].flow.remote == idle.address());
  CHECK(f.counters().connections_timed_out == 1);
  CHECK(f.counters().idle_timeouts == 1);
  REQUIRE(f.until([&] { return busy.ended(); }));
}

TEST_CASE("a peer has so much time for a message, however busy it looks", "[net][tcp]") {
  net::transport_limits limits;
  net_fixture* fixture = nullptr;
  std::string first;
  SECTION("its first") {
    limits.first_message_timeout = 150ms;
    first = "\r\n";
  }
  SECTION("each") {
    limits.message_timeout = 150ms;
    first = request("quick") + "OPTIONS sip:b SIP/2.0\r\nX: ";
  }
  net_fixture f(limits);
  fixture = &f;
  f.listen(sip::transport::tcp);
  const base::time_point begun = net::steady_clock_source::now();
  tcp_peer peer(f.io, f.address(0));
  peer.send(first);
  const std::string more = first == "\r\n" ? first : "y";
  std::size_t sent = 0;
  REQUIRE(fixture->until([&] {
    if (!f.owner.closed.empty()) return true;
    if (sent++ < 5000) {
      boost::system::error_code ignored;
      peer.socket().write_some(asio::buffer(more), ignored);
    }
    return false;
  }));
  CHECK(net::steady_clock_source::now() - begun >= 150ms);
  CHECK(f.owner.closed[0].why == net::errc::too_slow);
  CHECK(f.counters().first_message_timeouts + f.counters().message_timeouts == 1);
}

TEST_CASE("a peer that takes nothing is given up", "[net][tcp]") {
  net::transport_limits limits;
  limits.write_timeout = 150ms;
  limits.queued_bytes_per_connection = limits.queued_bytes = 64 << 20;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  tcp_host host(f.io);
  const std::string block(60000, 'x');
  const base::time_point begun = net::steady_clock_source::now();
  for (std::uint64_t i = 1; i <= 400; ++i) f.send(tcp_to(host.address()), block, i);
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(net::steady_clock_source::now() - begun >= limits.write_timeout);
  CHECK(f.owner.closed[0].why == net::errc::too_slow);
  CHECK(f.owner.failures.size() + f.counters().stream_messages_sent == 400);
  CHECK(f.counters().write_timeouts == 1);
  CHECK(f.counters().connections_timed_out == 1);
}

TEST_CASE("a peer that takes a little now and then is given up", "[net][tcp]") {
  net::transport_limits limits;
  limits.write_timeout = 500ms;
  limits.queued_bytes_per_connection = limits.queued_bytes = 64 << 20;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  tcp_host host(f.io);
  const std::string block(60000, 'x');
  const base::time_point begun = net::steady_clock_source::now();
  for (std::uint64_t i = 1; i <= 400; ++i) f.send(tcp_to(host.address()), block, i);
  // At this pace the queue always moves and would be empty in the end, long after its time.
  std::vector<char> some(100000);
  std::size_t taken = 0;
  base::time_point next = begun;
  REQUIRE(f.until([&] {
    const base::time_point now = net::steady_clock_source::now();
    if (now >= next && !host.accepted().empty()) {
      next = now + 10ms;
      boost::system::error_code ignored;
      taken += host.accepted()[0].socket().read_some(asio::buffer(some), ignored);
    }
    return f.owner.closed.size() == 1;
  }));
  CHECK(taken > some.size());
  CHECK(net::steady_clock_source::now() - begun >= limits.write_timeout);
  CHECK(f.owner.closed[0].why == net::errc::too_slow);
  CHECK(f.counters().write_timeouts == 1);
  CHECK(f.owner.failures.size() + f.counters().stream_messages_sent == 400);
}

TEST_CASE("a message for which there is no memory ends its connection", "[net][tcp]") {
  net_fixture f({}, 0, {.max_bytes = 1 << 20});
  f.listen(sip::transport::tcp);
  tcp_peer peer(f.io, f.address(0));
  REQUIRE(settled(f, 1));
  std::vector<base::packet_buffer> hoard;
  for (std::size_t size = 65536; size >= 256; size /= 2) {
    while (auto more = f.pool.allocate(size)) hoard.push_back(std::move(*more));
  }
  peer.send(request("one") + request("two"));
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.closed[0].why == net::errc::no_buffer);
  CHECK(f.counters().stream_no_buffer == 1);
  // With memory all is well again.
  hoard.clear();
  tcp_peer next(f.io, f.address(0));
  next.send(request("three"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
  CHECK(f.counters().stream_no_buffer == 1);
}

#if defined(__linux__)
TEST_CASE("a connection that does not come about fails in time", "[net][tcp]") {
  net::transport_limits limits;
  limits.connect_timeout = 150ms;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  // A listener that accepts nothing and whose queue is full drops what else comes.
  asio::ip::tcp::acceptor deaf(f.io);
  deaf.open(asio::ip::tcp::v4());
  deaf.bind({asio::ip::address_v4::loopback(), 0});
  deaf.listen(0);
  const base::socket_address address = test::udp_peer::from_asio(deaf.local_endpoint());
  std::vector<asio::ip::tcp::socket> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(f.io);
    waiting.back().async_connect({asio::ip::address_v4::loopback(), address.port},
                                 [](const boost::system::error_code&) {});
  }
  const base::time_point begun = net::steady_clock_source::now();
  f.send(tcp_to(address), "x", 7);
  REQUIRE(f.until([&] { return f.owner.failures.size() == 1; }));
  CHECK(f.owner.failures[0].ticket == 7);
  CHECK(net::steady_clock_source::now() - begun >= limits.connect_timeout);
  CHECK(f.owner.failures[0].error == net::errc::connect_timed_out);
  CHECK(f.counters().connect_timeouts == 1);
  CHECK(f.owner.closed.empty());
  CHECK(f.set->connection_count() == 0);
}

TEST_CASE("accepting pauses while the system has no descriptors", "[net][tcp]") {
  net::transport_limits limits;
  limits.accept_back_off = 50ms;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  tcp_peer first(f.io, f.address(0));
  REQUIRE(settled(f, 1));
  tcp_peer second(f.io, f.address(0));

  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 3;  // fewer than are open
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const bool paused = f.until([&] { return f.counters().accept_back_offs >= 2; });
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(paused);
  CHECK(f.set->connection_count() == 1);
  REQUIRE(settled(f, 2));
  CHECK(f.set->connection_count() == 2);
}
#endif
