#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/net_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <array>
#include <chrono>
#include <fstream>
#include <string>

using namespace parley;
using namespace std::chrono_literals;
using test::net_fixture;
using test::tcp_peer;

namespace {

/// More than the system's buffers take.
constexpr std::size_t huge = std::size_t{16} << 20U;

/// A WebSocket listener that serves one file.
struct file_server : net_fixture {
  explicit file_server(const net::transport_limits& limits, std::size_t size) : net_fixture(limits) {
    content.resize(size);
    for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>('a' + i % 23);
    std::ofstream(folder.path() + "/file.txt") << content;
    net::listener_options options{.transport = sip::transport::ws,
                                  .bind = {base::ip_address::loopback_v4(), 0}};
    options.websocket.static_folder = folder.path();
    REQUIRE(set->listen(options).has_value());
  }

  test::temporary_folder folder;
  std::string content;
};

/// A client that has asked for the file and takes only what it is told to.
struct reader {
  explicit reader(file_server& from) : peer(from.io, from.address(0)) {
    peer.socket().set_option(test::asio::socket_base::receive_buffer_size(4096));
    peer.send("GET /file.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(from.until([&] { return from.counters().http_answers == 1; }));
  }
  tcp_peer peer;
};

}  // namespace

TEST_CASE("a slow reader gets all of a file, and holds no place of a handshake", "[net][ws]") {
  net::transport_limits limits;
  limits.handshake_timeout = 150ms;
  limits.max_handshakes = 1;
  file_server f(limits, std::size_t{1} << 20U);
  reader slow(f);
  // Who begins later has room for a handshake, and fails in time, long before the file has gone out.
  tcp_peer silent(f.io, f.address(0));
  REQUIRE(f.until([&] { return silent.ended(); }));
  CHECK(f.counters().handshakes_refused == 0);
  CHECK(f.counters().handshake_timeouts == 1);
  CHECK(f.set->connection_count() == 1);

  slow.peer.socket().set_option(test::asio::socket_base::receive_buffer_size(1 << 20));
  REQUIRE(f.until([&] { return slow.peer.ended(); }));
  const std::string& received = slow.peer.received();
  CHECK(received.starts_with("HTTP/1.1 200 "));
  CHECK(received.substr(received.find("\r\n\r\n") + 4) == f.content);
  slow.peer.close();
  REQUIRE(f.until([&] { return f.set->connection_count() == 0; }));
  CHECK(f.counters().http_answers == 1);
  CHECK(f.counters().handshakes_failed == 1);
  CHECK(f.counters().connections_timed_out == 1);
  CHECK(f.counters().connections_closed == 0);
  CHECK(f.owner.closed.empty());
}

TEST_CASE("a file that nobody takes is given up", "[net][ws][attack]") {
  net::transport_limits limits;
  limits.write_timeout = 100ms;
  file_server f(limits, huge);
  const reader idle(f);
  REQUIRE(f.until([&] { return f.set->connection_count() == 0; }));
  CHECK(f.counters().write_timeouts == 1);
  CHECK(f.counters().connections_timed_out == 1);
  CHECK(f.counters().handshakes_failed == 0);
  CHECK(f.owner.closed.empty());
}

TEST_CASE("an answer has so much time, whatever is still taken", "[net][ws][attack]") {
  net::transport_limits limits;
  limits.http_timeout = 150ms;
  file_server f(limits, huge);
  reader slow(f);
  REQUIRE(f.until([&] {
    std::array<char, 1> one{};
    boost::system::error_code ignored;
    slow.peer.socket().read_some(test::asio::buffer(one), ignored);
    return f.set->connection_count() == 0;
  }));
  CHECK(f.counters().http_timeouts == 1);
  CHECK(f.counters().connections_timed_out == 1);
  CHECK(f.counters().handshakes_failed == 0);
}

TEST_CASE("who has had his answer and stays is let go", "[net][ws]") {
  net::transport_limits limits;
  limits.linger_timeout = 50ms;
  file_server f(limits, 100);
  reader done(f);
  REQUIRE(f.until([&] { return f.set->connection_count() == 0; }));
  CHECK(done.peer.received().ends_with(f.content));
  CHECK(f.counters().connections_timed_out == 0);
  CHECK(f.counters().handshakes_failed == 0);
}

TEST_CASE("nothing is sent to who wanted a page", "[net][ws]") {
  file_server f({}, huge);
  reader page(f);
  f.send({sip::transport::ws, 0, page.peer.address(), 0}, test::request("lost"), 5);
  REQUIRE(f.until([&] { return f.owner.failures.size() == 1; }));
  CHECK(f.owner.failures[0].error == boost::system::errc::connection_refused);
  page.peer.close();
  REQUIRE(f.until([&] { return f.set->connection_count() == 0; }));
}
