#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/net_fixture.hpp"

#include <boost/asio/strand.hpp>

namespace asio = boost::asio;
using namespace parley;
using test::net_fixture;

TEST_CASE("listeners are numbered in the order of their opening, over all transports", "[net]") {
  net_fixture f;
  CHECK(f.listen(sip::transport::udp) == 0);
  CHECK(f.listen(sip::transport::tcp) == 1);
  CHECK(f.listen(sip::transport::udp, base::ip_address::loopback_v6()) == 2);
  CHECK(f.set->listener_count() == 3);
  CHECK(f.set->options(1).transport == sip::transport::tcp);
  CHECK(f.address(2).ip == base::ip_address::loopback_v6());
}

TEST_CASE("a listener that can't be opened changes nothing", "[net]") {
  net_fixture f;
  const auto first =
      f.set->listen({.transport = sip::transport::udp, .bind = {base::ip_address::loopback_v4(), 0}});
  REQUIRE(first);
  const auto taken = f.set->listen({.transport = sip::transport::udp, .bind = f.address(0)});
  REQUIRE_FALSE(taken);
  CHECK(taken.error() == boost::system::errc::address_in_use);
  const auto sctp =
      f.set->listen({.transport = sip::transport::sctp, .bind = {base::ip_address::loopback_v4(), 0}});
  REQUIRE_FALSE(sctp);
  CHECK(sctp.error() == net::errc::unsupported_transport);
  CHECK(f.set->listener_count() == 1);
  CHECK(f.listen(sip::transport::tcp) == 1);
}

TEST_CASE("sockets of several shards share an address", "[net]") {
  net_fixture f;
  net_fixture g;
  const auto first = f.set->listen(
      {.transport = sip::transport::udp, .bind = {base::ip_address::loopback_v4(), 0}, .reuse_port = true});
  REQUIRE(first);
  REQUIRE(g.set->listen({.transport = sip::transport::udp, .bind = f.address(0), .reuse_port = true}));
  std::vector<std::unique_ptr<test::udp_peer>> peers;
  for (int i = 0; i < 32; ++i) {
    peers.push_back(std::make_unique<test::udp_peer>(f.io));
    peers.back()->send(f.address(0), "hello");
  }
  REQUIRE(test::run_until(f.io, [&] {
    test::run_ready(g.io);
    return f.owner.messages.size() + g.owner.messages.size() == 32;
  }));
}

TEST_CASE("a closed set does nothing any more", "[net]") {
  net_fixture f;
  f.listen(sip::transport::udp);
  f.listen(sip::transport::tcp);
  const base::socket_address udp = f.address(0);
  test::tcp_peer peer(f.io, f.address(1));
  REQUIRE(f.until([&] { return f.set->connection_count() == 1; }));
  f.send({sip::transport::udp, 9, udp, 0}, "x", 1);
  f.set->close();
  f.set->close();
  f.send({sip::transport::udp, 0, udp, 0}, "x", 2);
  f.set->flush();
  CHECK_FALSE(
      f.set->listen({.transport = sip::transport::udp, .bind = {base::ip_address::loopback_v4(), 0}}));
  CHECK(f.set->connection_count() == 0);
  CHECK(f.address(0) == udp);
  test::run_ready(f.io);
  CHECK(peer.ended());
  CHECK(f.owner.failures.empty());
  CHECK(f.owner.closed.empty());
  CHECK(f.owner.batches == 0);
}

TEST_CASE("the executor may be a strand", "[net]") {
  asio::io_context io;
  base::buffer_pool pool;
  test::recording_handler owner;
  net::transport_set set(asio::make_strand(io), pool, owner);
  REQUIRE(set.listen({.transport = sip::transport::udp, .bind = {base::ip_address::loopback_v4(), 0}}));
  owner.on_message = [&](const sip::hop& from, base::packet_buffer& data) { set.send({from, data, 0}); };
  test::udp_peer peer(io);
  peer.send(set.local_address(0), "hello");
  REQUIRE(test::run_until(io, [&] { return peer.received().size() == 1; }));
}

TEST_CASE("errors have names and words", "[net]") {
  CHECK(std::string(net::category().name()) == "parley.net");
  for (int i = 1; i <= static_cast<int>(net::errc::closed); ++i) {
    CHECK(net::category().message(i) != net::category().message(0));
  }
}
