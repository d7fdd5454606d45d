#include <parley/net/transport_set.hpp>

#include "net/detail/tls_stream.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/memory_stream.hpp"
#include "support/net_fixture.hpp"
#include "support/tls_peer.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>

using namespace parley;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using test::net_fixture;
using test::request;
using test::tcp_peer;
using test::tls_peer;

namespace {

net::tls_context server_context(test::authority& ca) {
  net::tls_options tls;
  tls.certificates = {ca.issue({"x", "DNS:example.com"})};
  return net::tls_context::make(tls).value();
}

struct tls_listener : net_fixture {
  explicit tls_listener(const net::transport_limits& limits = {}) : net_fixture(limits) {
    REQUIRE(set->listen({.transport = sip::transport::tls,
                         .bind = {base::ip_address::loopback_v4(), 0},
                         .tls = server_context(ca)})
                .has_value());
  }
  bool open(tls_peer& peer) {
    return until([&] { return peer.pump(), peer.open(); });
  }
  test::authority ca;
};

/// The server's end of TLS in memory and a client of OpenSSL's own at the other end, stepped by hand.
class stepped_server {
 public:
  stepped_server() {
    auto ends = test::memory_stream::make_pair(io.get_executor());
    from_client = &ends.first->in();
    to_client = &ends.first->out();
    far_end_ = std::move(ends.second);
    stream = net::detail::tls_stream::accept(server_context(ca_), std::move(ends.first), io.get_executor());
    context_.reset(SSL_CTX_new(TLS_client_method()));
    client_.reset(SSL_new(context_.get()));
    SSL_set_bio(client(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client());
    const auto opening = std::make_shared<user>();
    stream->open(opening);
    for (int i = 0; i < 8; ++i) {
      SSL_do_handshake(client());
      send();
      if (const auto wake = std::exchange(from_client->wake_reader, nullptr)) wake();
      test::run_ready(io);
      take();
    }
    REQUIRE(opening->opened);
    REQUIRE(SSL_is_init_finished(client()) == 1);
  }

  SSL* client() noexcept { return client_.get(); }

  /// What the client wants to say waits for the server then; nothing reads it yet.
  void send() {
    std::array<char, 4096> block{};
    for (int n = 0; (n = BIO_read(SSL_get_wbio(client()), block.data(), block.size())) > 0;)
      from_client->bytes.append(block.data(), static_cast<std::size_t>(n));
  }
  void take() {
    BIO_write(SSL_get_rbio(client()), to_client->bytes.data(), static_cast<int>(to_client->bytes.size()));
    to_client->bytes.clear();
  }
  void ask_for_keys() {
    SSL_key_update(client(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(client());
    send();
  }
  base::error_code read() {
    std::array<char, 512> into{};
    const asio::mutable_buffer buffer(into.data(), into.size());
    base::error_code error;
    stream->read_some({&buffer, 1}, error);
    return error;
  }

  asio::io_context io;
  test::memory_pipe* from_client = nullptr;
  test::memory_pipe* to_client = nullptr;
  std::unique_ptr<net::detail::tls_stream> stream;

 private:
  struct user final : net::detail::stream_user {
    bool opened = false;
    void handle_open(const base::error_code& error) override { opened = !error; }
    void handle_readable(const base::error_code&) override {}
    void handle_writable(const base::error_code&) override {}
  };
  struct free_ssl {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };
  test::authority ca_;
  std::unique_ptr<test::memory_stream> far_end_;
  std::unique_ptr<SSL_CTX, free_ssl> context_;
  std::unique_ptr<SSL, free_ssl> client_;
};

}  // namespace

TEST_CASE("records without data keep nobody busy for longer than a bounded number of bytes",
          "[net][tls][attack]") {
  stepped_server s;
  while (s.from_client->bytes.size() < 300'000) s.ask_for_keys();
  const std::size_t before = s.from_client->bytes.size();
  CHECK(s.read() == asio::error::would_block);
  const std::size_t taken = before - s.from_client->bytes.size();
  CHECK(taken > 0);
  CHECK(taken <= (64U << 10U) + 512);
  // It goes on where it stopped.
  while (!s.from_client->bytes.empty()) {
    REQUIRE(s.read() == asio::error::would_block);
    s.to_client->bytes.clear();
  }
}

TEST_CASE("a peer that asks for answers and takes none is given up", "[net][tls][attack]") {
  stepped_server s;
  s.to_client->room = 100;
  base::error_code error = asio::error::would_block;
  std::size_t sent = 0;
  while (error == asio::error::would_block && sent < (8U << 20U)) {
    for (int i = 0; i < 100; ++i) s.ask_for_keys();
    sent += s.from_client->bytes.size();
    while (error == asio::error::would_block && !s.from_client->bytes.empty()) error = s.read();
  }
  CHECK(error == net::errc::queue_full);
  CHECK(s.read() == net::errc::queue_full);
}

TEST_CASE("a client of TLS 1.2 that asks for new keys again and again gets none", "[net][tls][attack]") {
  tls_listener f;
  tls_peer peer(f.io, f.address(0), TLS1_2_VERSION);
  REQUIRE(f.open(peer));
  peer.send(request("before"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
  REQUIRE(SSL_renegotiate(peer.native()) == 1);
  CHECK(SSL_do_handshake(peer.native()) != 1);
  const std::string hello = peer.take_records();
  REQUIRE_FALSE(hello.empty());
  peer.tcp.received().clear();
  peer.tcp.send(hello);
  // RFC 5246 7.2.2: the warning "no renegotiation", encrypted, and no server's hello.
  REQUIRE(f.until([&] { return !peer.tcp.received().empty(); }));
  test::run_ready(f.io);
  CHECK(peer.tcp.received().substr(0, 3) == "\x15\x03\x03");
  CHECK(peer.tcp.received().size() < 64);
  CHECK(f.set->connection_count() == 1);
}

TEST_CASE("what is no record ends the connection, after the handshake too", "[net][tls][attack]") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  tls_listener f;
  tls_peer peer(f.io, f.address(0), version);
  REQUIRE(f.open(peer));
  peer.send(request("good"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
  SSL_write(peer.native(), request("never").data(), static_cast<int>(request("never").size()));
  std::string records = peer.take_records();
  SECTION("bytes of another protocol") { peer.tcp.send("OPTIONS sip:example.com SIP/2.0\r\n\r\n"); }
  SECTION("a changed bit") {
    records.back() = static_cast<char>(records.back() ^ 1);
    peer.tcp.send(records);
  }
  SECTION("a record longer than any may be") {
    peer.tcp.send(std::string("\x17\x03\x03\xff\xff", 5) + std::string(20'000, 'x'));
  }
  SECTION("the end in the middle of a record") {
    peer.tcp.send(records.substr(0, records.size() / 2));
    peer.tcp.finish_writing();
  }
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.closed[0].why.failed());
  CHECK(f.owner.closed[0].why != net::errc::closed_by_peer);
  CHECK(f.owner.messages.size() == 1);
  CHECK(f.set->connection_count() == 0);
}

TEST_CASE("half a record and then nothing is given up in time", "[net][tls][attack]") {
  net::transport_limits limits;
  limits.first_message_timeout = 80ms;
  tls_listener f(limits);
  tls_peer peer(f.io, f.address(0));
  REQUIRE(f.open(peer));
  SSL_write(peer.native(), request("never").data(), static_cast<int>(request("never").size()));
  peer.tcp.send(peer.take_records().substr(0, 30));
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.closed[0].why == net::errc::too_slow);
  CHECK(f.counters().first_message_timeouts == 1);
}

TEST_CASE("a handshake with garbage, or cut short, fails", "[net][tls][attack]") {
  tls_listener f;
  tls_peer whole(f.io, f.address(0));
  tcp_peer attacker(f.io, f.address(0));
  SECTION("SIP in the clear") { attacker.send(request("plain")); }
  SECTION("HTTP in the clear") { attacker.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); }
  SECTION("SSLv2") { attacker.send(std::string("\x80\x2e\x01\x00\x02", 5) + std::string(43, '\0')); }
  SECTION("a record of 65,535 bytes") {
    attacker.send(std::string("\x16\x03\x01\xff\xff", 5) + std::string(65'535, 'x'));
  }
  SECTION("a hello of 16 MB, as its length says") {
    attacker.send(std::string("\x16\x03\x01\x40\x00\x01\xff\xff\xff", 9) + std::string(16'380, 'x'));
  }
  SECTION("an alert first") { attacker.send(std::string("\x15\x03\x01\x00\x02\x02\x28", 7)); }
  SECTION("the end after five bytes") {
    attacker.send(std::string("\x16\x03\x01\x02\x00", 5));
    attacker.finish_writing();
  }
  REQUIRE(f.until([&] { return attacker.ended(); }));
  CHECK(f.counters().handshakes_failed == 1);
  // The other one is served meanwhile.
  REQUIRE(f.open(whole));
  whole.send(request("whole"));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
}

TEST_CASE("TLS to a plain listener is a message that never ends", "[net][tls][attack]") {
  net::transport_limits limits;
  limits.message_timeout = 80ms;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  tls_peer peer(f.io, f.address(0));
  REQUIRE(f.until([&] { return f.owner.closed.size() + f.owner.framing_errors.size() == 1; }));
  REQUIRE(f.until([&] { return peer.tcp.ended(); }));
  CHECK(f.owner.messages.empty());
}
