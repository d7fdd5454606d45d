#include <parley/net/transport_set.hpp>

#include "net/detail/transport_core.hpp"
#include "support/catch.hpp"
#include "support/net_fixture.hpp"

#include <algorithm>
#include <set>
#include <string>

namespace asio = boost::asio;
using namespace parley;
using test::net_fixture;
using test::udp_peer;

namespace {

sip::hop udp_to(std::uint16_t listener, const base::socket_address& remote) {
  return {sip::transport::udp, listener, remote, 0};
}

void echo_at_batch_end(net_fixture& f) {
  f.owner.on_batch_end = [&f, done = std::size_t{0}]() mutable {
    for (; done < f.owner.messages.size(); ++done) {
      f.set->send({f.owner.messages[done].from, f.owner.messages[done].data, 0});
    }
  };
}

void many_both_ways(const base::ip_address& loopback) {
  net_fixture f;
  const auto index = f.listen(sip::transport::udp, loopback);
  REQUIRE(index == 0);
  REQUIRE(f.address(0).ip == loopback);
  REQUIRE(f.address(0).port != 0);
  echo_at_batch_end(f);

  udp_peer peer(f.io, loopback);
  constexpr std::size_t count = 100;
  for (std::size_t i = 0; i < count; ++i) peer.send(f.address(0), test::request(std::to_string(i), 300 + i));
  REQUIRE(f.until([&] { return peer.received().size() == count; }));

  REQUIRE(f.owner.messages.size() == count);
  std::set<std::string> sent;
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(f.owner.messages[i].from == udp_to(0, peer.address()));
    CHECK(peer.received()[i].first == f.address(0));
    CHECK(peer.received()[i].second == test::request(std::to_string(i), 300 + i));
  }
  CHECK_FALSE(f.owner.nested);
  CHECK(f.counters().datagrams_received == count);
  CHECK(f.counters().datagrams_sent == count);
#if defined(__linux__) && !defined(PARLEY_PORTABLE_DATAGRAMS)
  // They had all come before the first look: four batches of 32 at most, and as many to answer.
  CHECK(f.counters().datagram_receive_calls == 4);
  CHECK(f.counters().datagram_send_calls == 4);
#endif
}

}  // namespace

TEST_CASE("datagrams go both ways in batches over IPv4", "[net][udp]") {
  many_both_ways(base::ip_address::loopback_v4());
}

TEST_CASE("datagrams go both ways in batches over IPv6", "[net][udp]") {
  many_both_ways(base::ip_address::loopback_v6());
}

TEST_CASE("datagrams of every size arrive whole and in buffers of their size class", "[net][udp]") {
  net_fixture f;
  f.listen(sip::transport::udp);
  udp_peer peer(f.io);
  for (const std::size_t size :
       {std::size_t{5}, std::size_t{700}, std::size_t{2047}, std::size_t{2048}, std::size_t{2049},
        std::size_t{9000}, std::size_t{65000}, std::size_t{65507}}) {
    CAPTURE(size);
    std::string text(size, 'a');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
    const std::size_t before = f.owner.messages.size();
    peer.send(f.address(0), text);
    REQUIRE(f.until([&] { return f.owner.messages.size() > before; }));
    const base::packet_buffer& data = f.owner.messages.back().data;
    CHECK(data.text() == text);
    CHECK(data.size() + data.tailroom() <= std::max<std::size_t>(2 * size, 2048) + 512);

    f.set->send({udp_to(0, peer.address()), data, 0});
    f.set->flush();
    const std::size_t had = before;
    REQUIRE(f.until([&] { return peer.received().size() > had; }));
    CHECK(peer.received().back().second == text);
  }
}

TEST_CASE("a handed-over buffer is the owner's alone", "[net][udp]") {
  net_fixture f;
  f.listen(sip::transport::udp);
  udp_peer peer(f.io);
  int alone = 0;
  f.owner.on_message = [&](const sip::hop&, base::packet_buffer& data) { alone += data.unique() ? 1 : 0; };
  peer.send(f.address(0), "one");
  peer.send(f.address(0), std::string(5000, 'x'));
  REQUIRE(f.until([&] { return f.owner.messages.size() == 2; }));
  CHECK(alone == 2);
}

TEST_CASE("a datagram over the limit of a message is dropped and counted", "[net][udp]") {
  net::transport_limits limits;
  limits.message.message_bytes = 3000;
  net_fixture f(limits);
  f.listen(sip::transport::udp);
  udp_peer peer(f.io);
  peer.send(f.address(0), std::string(3001, 'x'));
  peer.send(f.address(0), std::string(3000, 'y'));
  REQUIRE(f.until([&] { return !f.owner.messages.empty(); }));
  CHECK(f.owner.messages.size() == 1);
  CHECK(f.owner.messages[0].text() == std::string(3000, 'y'));
  CHECK(f.counters().datagrams_too_large == 1);
}

TEST_CASE("keep-alives and STUN do not reach the owner", "[net][udp]") {
  net_fixture f;
  f.listen(sip::transport::udp);
  udp_peer peer(f.io);
  for (const std::string& nothing :
       {std::string("\r\n\r\n"), std::string("\r\n"), std::string(1, '\0'), std::string()}) {
    peer.send(f.address(0), nothing);
  }
  const std::string binding_request("\x00\x01\x00\x00\x21\x12\xA4\x42transaction!", 20);
  peer.send(f.address(0), binding_request);
  peer.send(f.address(0), "x\r\n\r\n");
  peer.send(f.address(0), "\r\n\r\nOPTIONS");
  REQUIRE(f.until([&] { return f.owner.messages.size() == 2; }));
  CHECK(f.counters().datagram_keep_alives == 4);
  CHECK(f.counters().stun_answers == 1);
}

TEST_CASE("many listeners, each with its own index and address", "[net][udp]") {
  net_fixture f;
  constexpr std::uint16_t count = 40;
  for (std::uint16_t i = 0; i < count; ++i) {
    REQUIRE(f.listen(sip::transport::udp,
                     i % 2 == 0 ? base::ip_address::loopback_v4() : base::ip_address::loopback_v6()) == i);
  }
  REQUIRE(f.set->listener_count() == count);
  echo_at_batch_end(f);
  udp_peer v4(f.io);
  udp_peer v6(f.io, base::ip_address::loopback_v6());
  for (std::uint16_t i = 0; i < count; ++i) {
    (i % 2 == 0 ? v4 : v6).send(f.address(i), "to " + std::to_string(i));
  }
  REQUIRE(f.until([&] { return v4.received().size() + v6.received().size() == count; }));
  for (const auto& m : f.owner.messages) CHECK(m.text() == "to " + std::to_string(m.from.listener));
  for (udp_peer* peer : {&v4, &v6}) {
    for (const auto& [from, text] : peer->received()) {
      const auto index = static_cast<std::uint16_t>(std::stoi(text.substr(3)));
      CHECK(from == f.address(index));
    }
  }
}

TEST_CASE("what is sent outside of a wake-up goes out without a call to flush", "[net][udp]") {
  net_fixture f;
  f.listen(sip::transport::udp);
  udp_peer peer(f.io);
  f.send(udp_to(0, peer.address()), "hello");
  CHECK(peer.received().empty());
  REQUIRE(f.until([&] { return !peer.received().empty(); }));
  CHECK(peer.received()[0].second == "hello");
}

TEST_CASE("a message that the system refuses fails by itself", "[net][udp]") {
  net_fixture f;
  f.listen(sip::transport::udp);
  f.listen(sip::transport::tcp);
  udp_peer peer(f.io);
  const sip::hop good = udp_to(0, peer.address());
  f.send(good, "first", 1);
  f.send(good, std::string(65535, 'x'), 2);  // no IPv4 datagram is so long
  f.send(good, "second", 3);
  f.send(udp_to(0, {base::ip_address::loopback_v6(), 5060}), "x", 4);
  f.send(udp_to(1, peer.address()), "x", 5);
  f.send(udp_to(7, peer.address()), "x", 6);
  f.send(udp_to(7, peer.address()), "x", 0);
  CHECK(f.owner.failures.empty());  // never from inside send
  f.set->flush();
  CHECK(f.owner.failures.empty());  // nor from inside flush
  REQUIRE(f.until([&] { return f.owner.failures.size() == 4 && peer.received().size() == 2; }));
  test::run_ready(f.io);
  REQUIRE(f.owner.failures.size() == 4);
  CHECK(f.owner.failures[0].ticket == 4);
  CHECK(f.owner.failures[0].error == net::errc::wrong_family);
  CHECK(f.owner.failures[1].ticket == 5);
  CHECK(f.owner.failures[1].error == net::errc::unknown_listener);
  CHECK(f.owner.failures[2].ticket == 6);
  CHECK(f.owner.failures[3].ticket == 2);
  CHECK(f.owner.failures[3].error == boost::system::errc::message_size);
  CHECK(f.owner.failures[3].to == good);
  CHECK(f.counters().datagrams_sent == 2);
  CHECK(f.owner.batches > 0);
}

namespace {

/// A network that takes nothing for a while.
class stuck_sender final : public net::detail::datagram_sender {
 public:
  explicit stuck_sender(const bool& stuck) : datagram_sender(32), stuck_(stuck) {}
  std::size_t send(asio::ip::udp::socket& socket, std::span<const sip::outgoing> messages,
                   base::error_code& error) noexcept override {
    if (!stuck_) return datagram_sender::send(socket, messages, error);
    error = asio::error::would_block;
    return 0;
  }

 private:
  const bool& stuck_;
};

}  // namespace

TEST_CASE("a blocked socket answers no STUN, so that SIP has its queue", "[net][udp][stun]") {
  asio::io_context io;
  base::buffer_pool pool;
  test::recording_handler owner;
  bool stuck = true;
  const auto core = std::make_shared<net::detail::transport_core>(
      io.get_executor(), pool, owner, net::transport_limits{}, base::null_sink(), std::uint16_t{0},
      std::make_unique<stuck_sender>(stuck));
  REQUIRE(core->listen({.transport = sip::transport::udp, .bind = {base::ip_address::loopback_v4(), 0}}));
  const base::socket_address address = core->listeners()[0].local;
  udp_peer peer(io);
  core->send({udp_to(0, peer.address()), *pool.copy(std::string_view("waits")), 0});
  core->flush();
  const std::string binding_request("\x00\x01\x00\x00\x21\x12\xA4\x42transaction!", 20);
  peer.send(address, binding_request);
  peer.send(address, test::request("behind"));
  REQUIRE(test::run_until(io, [&] { return owner.messages.size() == 1; }));
  CHECK(core->counters().datagrams_stun == 1);
  CHECK(core->counters().stun_answers == 0);
  stuck = false;
  REQUIRE(test::run_until(io, [&] { return peer.received().size() == 1; }));
  CHECK(peer.received()[0].second == "waits");
  core->close();
}

TEST_CASE("the queue of a blocked socket is bounded and drops its oldest", "[net][udp]") {
  net::transport_limits limits;
  limits.udp_queue_messages = 200;
  asio::io_context io;
  base::buffer_pool pool;
  test::recording_handler owner;
  bool stuck = true;
  const auto core =
      std::make_shared<net::detail::transport_core>(io.get_executor(), pool, owner, limits, base::null_sink(),
                                                    std::uint16_t{0}, std::make_unique<stuck_sender>(stuck));
  REQUIRE(core->listen({.transport = sip::transport::udp, .bind = {base::ip_address::loopback_v4(), 0}}));
  udp_peer peer(io);
  for (std::uint64_t ticket = 1; ticket <= 1000; ++ticket) {
    core->send({udp_to(0, peer.address()), *pool.copy(std::to_string(ticket)), ticket});
    if (ticket % 7 == 0) core->flush();
  }
  CHECK(core->counters().datagram_queue_drops == 800);
  REQUIRE(test::run_until(io, [&] { return owner.failures.size() == 800; }));
  for (std::size_t i = 0; i < 800; ++i) {
    REQUIRE(owner.failures[i].ticket == i + 1);
    REQUIRE(owner.failures[i].error == net::errc::queue_full);
  }
  CHECK(core->counters().datagrams_sent == 0);
  // Only what waits holds a buffer, and what the receiver has ready.
  CHECK(pool.stats().blocks_in_use <= std::size_t{200} + limits.udp_batch);

  stuck = false;
  REQUIRE(test::run_until(io, [&] { return peer.received().size() == 200; }));
  for (std::size_t i = 0; i < 200; ++i) CHECK(peer.received()[i].second == std::to_string(801 + i));
  core->send({udp_to(0, peer.address()), *pool.copy(std::string_view("after")), 0});
  REQUIRE(test::run_until(io, [&] { return peer.received().size() == 201; }));
  CHECK(owner.failures.size() == 800);
  core->close();
}

TEST_CASE("a pool without buffers costs datagrams, not the listener", "[net][udp]") {
  asio::io_context io;
  base::buffer_pool pool({.max_bytes = 64 << 10, .slab_bytes = 8 << 10});
  test::recording_handler owner;
  net::transport_set set(io.get_executor(), pool, owner);
  REQUIRE(set.listen({.transport = sip::transport::udp, .bind = {base::ip_address::loopback_v4(), 0}}));
  udp_peer peer(io);
  for (int i = 0; i < 200; ++i) peer.send(set.local_address(0), std::string(1000, 'x'));
  REQUIRE(test::run_until(
      io, [&] { return set.counters().datagrams_received + set.counters().datagrams_no_buffer == 200; }));
  CHECK(set.counters().datagrams_no_buffer > 0);
  CHECK(set.counters().datagrams_received > 0);
  owner.messages.clear();
  peer.send(set.local_address(0), "again");
  REQUIRE(test::run_until(io, [&] { return !owner.messages.empty(); }));
  CHECK(owner.messages[0].text() == "again");
}

TEST_CASE("a busy socket lets the others have their turn", "[net][udp]") {
  net::transport_limits limits;
  limits.udp_batch = 4;
  limits.udp_rounds = 2;
  net_fixture f(limits);
  f.listen(sip::transport::udp);
  f.listen(sip::transport::udp);
  udp_peer peer(f.io);
  for (int i = 0; i < 40; ++i) peer.send(f.address(0), "busy");
  peer.send(f.address(1), "other");
  REQUIRE(f.until([&] { return f.owner.messages.size() == 41; }));
  const auto other = std::find_if(f.owner.messages.begin(), f.owner.messages.end(),
                                  [](const auto& m) { return m.from.listener == 1; });
  CHECK(other - f.owner.messages.begin() <= 16);
}

TEST_CASE("the set may be destroyed in its owner's functions", "[net][udp]") {
  net_fixture f;
  f.listen(sip::transport::udp);
  udp_peer peer(f.io);
  peer.send(f.address(0), "one");
  peer.send(f.address(0), "two");
  SECTION("for a message") {
    f.owner.on_message = [&](const sip::hop&, base::packet_buffer&) { f.set.reset(); };
    REQUIRE(f.until([&] { return f.set == nullptr; }));
    test::run_ready(f.io);
    CHECK(f.owner.messages.size() == 1);
    CHECK(f.owner.batches == 0);
  }
  SECTION("for the end of a batch") {
    f.owner.on_batch_end = [&] {
      f.send(udp_to(0, peer.address()), "lost");
      f.set.reset();
    };
    REQUIRE(f.until([&] { return f.set == nullptr; }));
    test::run_ready(f.io);
    CHECK(f.owner.messages.size() == 2);
    CHECK(f.owner.batches == 1);
  }
  SECTION("for a failure") {
    f.send(udp_to(9, peer.address()), "x", 1);
    f.send(udp_to(9, peer.address()), "x", 2);
    f.owner.on_failure = [&] { f.set.reset(); };
    REQUIRE(f.until([&] { return f.set == nullptr; }));
    test::run_ready(f.io);
    CHECK(f.owner.failures.size() == 1);
  }
}
