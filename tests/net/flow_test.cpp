// Flows that are kept alive, over real sockets. Times are short where a flow is to die, and long where it is
// to live, so that a slow machine does not kill it.
#include <parley/net/transport_set.hpp>
#include <parley/stun/writer.hpp>

#include "support/catch.hpp"
#include "support/net_fixture.hpp"
#include "support/websocket_client.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using test::net_fixture;
using test::raw_client;
using test::request;
using test::tcp_host;
using test::tcp_peer;
using test::udp_peer;
using test::websocket_frame;

namespace {

constexpr net::keep_alive_options quick{.interval = 20ms};

net::transport_limits short_pong() {
  net::transport_limits limits;
  limits.pong_timeout = 60ms;
  return limits;
}

/// A set with one TCP connection that it has accepted, and of which a message has come.
struct accepted_peer {
  explicit accepted_peer(net_fixture& f) : peer(f.io, f.address(0)) {
    const std::size_t had = f.owner.messages.size();
    peer.send(request("hello"));
    REQUIRE(f.until([&] { return f.owner.messages.size() == had + 1; }));
    flow = f.owner.messages.back().from;
  }
  tcp_peer peer;
  sip::hop flow;
};

std::size_t pings(tcp_peer& peer) {
  const std::string& all = peer.received();
  CHECK(all.find_first_not_of("\r\n") == std::string::npos);
  return all.size() / 4;
}

std::string binding_request(const stun::transaction_id& id = {}) {
  std::array<std::byte, 20> memory;
  stun::writer out(memory, stun::message_class::request, stun::method::binding, id);
  const auto bytes = out.finish().value();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string binding_answer(std::string_view asked, const base::socket_address& mapped) {
  std::array<std::byte, 64> memory;
  const auto view = stun::message_view::parse(std::as_bytes(std::span(asked))).value();
  stun::writer out(memory, stun::message_class::success, stun::method::binding, view.transaction());
  const auto bytes = out.add<stun::xor_mapped_address>(mapped).finish().value();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

sip::hop udp_to(const base::socket_address& remote) { return {sip::transport::udp, 0, remote, 0}; }

}  // namespace

TEST_CASE("a connection that answers keep-alives is kept", "[net][tcp]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  accepted_peer a(f);
  REQUIRE(f.set->keep_alive(a.flow, quick));
  CHECK(f.set->kept_flow_count() == 1);
  std::size_t answered = 0;
  REQUIRE(f.until([&] {
    for (const std::size_t asked = pings(a.peer); answered < asked; ++answered) a.peer.send("\r\n");
    return f.counters().keep_alive_pongs >= 5;
  }));
  CHECK(f.counters().keep_alives_sent >= 5);
  CHECK(f.counters().stream_messages_sent == 0);
  CHECK(f.owner.closed.empty());
  CHECK(f.owner.messages.size() == 1);

  f.set->stop_keep_alive(a.flow);
  CHECK(f.set->kept_flow_count() == 0);
  f.set->stop_keep_alive(a.flow);
  CHECK(f.set->kept_flow_count() == 0);
}

TEST_CASE("a connection that does not answer a keep-alive is dead", "[net][tcp]") {
  net_fixture f(short_pong());
  f.listen(sip::transport::tcp);
  tcp_host host(f.io);
  const sip::hop to{sip::transport::tcp, 0, host.address(), 0};
  SECTION("one that was opened, kept before it is open") {
    f.send(to, request("x"));
    REQUIRE(f.set->keep_alive(to, quick));
    REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
    CHECK(f.owner.closed[0].flow.remote == host.address());
  }
  SECTION("one that was accepted") {
    accepted_peer a(f);
    REQUIRE(f.set->keep_alive(a.flow, quick));
    REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
    CHECK(f.owner.closed[0].flow == a.flow);
    CHECK(pings(a.peer) == 1);
  }
  CHECK(f.owner.closed[0].why == net::errc::no_pong);
  CHECK(f.counters().flows_dead == 1);
  CHECK(f.counters().connections_timed_out == 0);
  CHECK(f.set->kept_flow_count() == 0);
  CHECK_FALSE(f.owner.nested);
}

TEST_CASE("RFC 5626 4.4.1: a message that is being received may come before the pong", "[net][tcp]") {
  net_fixture f(short_pong());
  f.listen(sip::transport::tcp);
  accepted_peer a(f);
  REQUIRE(f.set->keep_alive(a.flow, quick));
  REQUIRE(f.until([&] { return pings(a.peer) == 1; }));
  const std::string text = request("long", 100);
  a.peer.send(text.substr(0, 50));
  // Another that is asked later, and has nothing to say, dies later.
  accepted_peer b(f);
  REQUIRE(f.set->keep_alive(b.flow, quick));
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.closed[0].flow == b.flow);

  SECTION("the pong follows") {
    f.set->stop_keep_alive(b.flow);
    a.peer.send(text.substr(50) + "\r\n");
    REQUIRE(f.until([&] { return pings(a.peer) == 2; }));
    CHECK(f.owner.closed.size() == 1);
  }
  SECTION("none follows") {
    a.peer.send(text.substr(50));
    REQUIRE(f.until([&] { return f.owner.closed.size() == 2; }));
    CHECK(f.owner.closed[1].why == net::errc::no_pong);
  }
  CHECK(f.owner.messages.back().text() == text);
}

TEST_CASE("as many flows are kept as the limits allow", "[net][tcp][udp]") {
  net::transport_limits limits;
  limits.max_kept_flows = 2;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  f.listen(sip::transport::udp);
  accepted_peer a(f);
  accepted_peer b(f);
  const sip::hop pair{sip::transport::udp, 1, {base::ip_address::loopback_v4(), 9}, 0};
  CHECK(f.set->keep_alive(a.flow));
  CHECK(f.set->keep_alive(pair));
  CHECK(f.set->keep_alive(a.flow, quick));
  CHECK(f.set->keep_alive(pair, quick));
  CHECK(f.counters().keep_alives_refused == 0);
  CHECK(f.set->kept_flow_count() == 2);
  CHECK(f.set->keep_alive(b.flow).error() == net::errc::limit_reached);
  sip::hop other = pair;
  other.remote.port = 10;
  CHECK(f.set->keep_alive(other).error() == net::errc::limit_reached);
  CHECK(f.counters().keep_alives_refused == 2);

  f.set->stop_keep_alive(pair);
  CHECK(f.set->keep_alive(b.flow));
  f.set->close_flow(a.flow.flow);
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.set->kept_flow_count() == 1);
}

TEST_CASE("what can't be kept", "[net]") {
  net_fixture f;
  f.listen(sip::transport::tcp);
  f.listen(sip::transport::udp);
  const base::socket_address nobody{base::ip_address::loopback_v4(), 9};
  CHECK(f.set->keep_alive({sip::transport::tcp, 0, nobody, 77}).error() == net::errc::flow_gone);
  CHECK(f.set->keep_alive({sip::transport::tcp, 1, nobody, 0}).error() == net::errc::unknown_listener);
  CHECK(f.set->keep_alive({sip::transport::tcp, 2, nobody, 0}).error() == net::errc::unknown_listener);
  CHECK(f.set->keep_alive({sip::transport::udp, 1, {base::ip_address::loopback_v6(), 9}, 0}).error() ==
        net::errc::wrong_family);
  CHECK(f.set->expect_keep_alive(77, 1s).error() == net::errc::flow_gone);
  f.set->stop_keep_alive({sip::transport::tcp, 0, nobody, 77});
  CHECK(f.set->connection_count() == 0);
  f.set->close();
  CHECK(f.set->keep_alive({sip::transport::udp, 1, nobody, 0}).error() == net::errc::unknown_listener);
}

TEST_CASE("connections that were opened are kept where the limits say so", "[net][tcp]") {
  net::transport_limits limits = short_pong();
  limits.opened_keep_alive = 20ms;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  tcp_host host(f.io);
  accepted_peer other_way(f);
  f.send({sip::transport::tcp, 0, host.address(), 0}, "");
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(f.owner.closed[0].why == net::errc::no_pong);
  CHECK(f.owner.closed[0].flow.remote == host.address());
  CHECK(other_way.peer.received().empty());
}

TEST_CASE("RFC 5626 5.4: a peer that has promised keep-alives is held to it", "[net][tcp]") {
  net::transport_limits limits;
  limits.keep_alive_grace = 30ms;
  net_fixture f(limits);
  f.listen(sip::transport::tcp);
  accepted_peer silent(f);
  accepted_peer talks(f);
  accepted_peer free(f);
  REQUIRE(f.set->expect_keep_alive(silent.flow.flow, 60ms));
  REQUIRE(f.set->expect_keep_alive(free.flow.flow, 60ms));
  REQUIRE(f.set->expect_keep_alive(free.flow.flow, 0ms));
  REQUIRE(f.set->expect_keep_alive(talks.flow.flow, 1h));
  const auto began = std::chrono::steady_clock::now();
  REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
  CHECK(std::chrono::steady_clock::now() - began >= 80ms);
  CHECK(f.owner.closed[0].flow == silent.flow);
  CHECK(f.owner.closed[0].why == net::errc::no_keep_alive);
  CHECK(f.counters().flows_dead == 1);
  CHECK(f.counters().connections_timed_out == 0);

  // Whatever comes puts it off.
  REQUIRE(f.set->expect_keep_alive(talks.flow.flow, 60ms));
  int sent = 0;
  REQUIRE(f.until([&] {
    if (++sent < 200) talks.peer.send("\r\n\r\n");
    return f.owner.closed.size() == 2;
  }));
  CHECK(sent >= 200);
  CHECK_FALSE(free.peer.ended());
}

TEST_CASE("a silent browser is asked for a sign of life", "[net][ws]") {
  net::transport_limits limits;
  limits.websocket_ping_interval = 20ms;
  SECTION("it answers") {
    net_fixture f(limits);
    f.listen(sip::transport::ws);
    raw_client c(f);
    std::size_t answered = 0;
    REQUIRE(f.until([&] {
      // Pings of a server are two bytes.
      for (const std::size_t asked = c.peer.received().size() / 2; answered < asked; ++answered) {
        c.peer.send(websocket_frame(0x8A, ""));
      }
      return f.counters().keep_alive_pongs >= 4;
    }));
    CHECK(c.peer.received().starts_with("\x89\x00\x89"));
    CHECK(f.owner.closed.empty());
    CHECK(f.set->kept_flow_count() == 0);
  }
  SECTION("it does not") {
    limits.pong_timeout = 60ms;
    net_fixture f(limits);
    f.listen(sip::transport::ws);
    raw_client c(f);
    REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
    CHECK(f.owner.closed[0].why == net::errc::no_pong);
    CHECK(f.counters().keep_alives_sent == 1);
    REQUIRE(f.until([&] { return c.peer.ended(); }));
  }
  SECTION("it is not asked where the setting is zero") {
    limits.websocket_ping_interval = 0ms;
    limits.first_message_timeout = 150ms;
    net_fixture f(limits);
    f.listen(sip::transport::ws);
    raw_client c(f);
    REQUIRE(f.until([&] { return f.owner.closed.size() == 1; }));
    CHECK(f.owner.closed[0].why == net::errc::too_slow);
    CHECK(f.counters().keep_alives_sent == 0);
  }
  SECTION("one that asks itself is there") {
    limits.websocket_ping_interval = 1h;
    limits.keep_alive_grace = 20ms;
    net_fixture f(limits);
    f.listen(sip::transport::ws);
    raw_client c(f);
    c.peer.send(websocket_frame(0x81, request("x")));
    REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
    REQUIRE(f.set->expect_keep_alive(f.owner.messages[0].from.flow, 60ms));
    int sent = 0;
    REQUIRE(f.until([&] {
      if (++sent < 100) c.peer.send(websocket_frame(0x89, ""));
      return f.owner.closed.size() == 1;
    }));
    CHECK(sent >= 100);
    CHECK(f.counters().keep_alive_pings == 99);
    CHECK(f.owner.closed[0].why == net::errc::no_keep_alive);
  }
}

TEST_CASE("over WebSocket a flow of ours is kept by pings", "[net][ws]") {
  net_fixture server;
  net_fixture client;
  REQUIRE(server.listen(sip::transport::ws) == 0);
  REQUIRE(client.listen(sip::transport::ws) == 0);
  const sip::hop to{sip::transport::ws, 0, server.address(0), 0};
  client.send(to, request("x"));
  REQUIRE(client.set->keep_alive(to, quick));
  REQUIRE(client.until([&] {
    test::run_ready(server.io);
    return client.counters().keep_alive_pongs >= 3;
  }));
  CHECK(server.counters().keep_alive_pings >= 3);
  CHECK(client.owner.closed.empty());
  CHECK(server.owner.messages.size() == 1);
}

TEST_CASE("Binding requests are answered on SIP's port", "[net][udp][stun]") {
  net::transport_limits limits;
  SECTION("by default") {
    net_fixture f(limits);
    f.listen(sip::transport::udp);
    udp_peer peer(f.io);
    peer.send(f.address(0), binding_request());
    REQUIRE(f.until([&] { return peer.received().size() == 1; }));
    CHECK(peer.received()[0].second == binding_answer(binding_request(), peer.address()));
    CHECK(f.counters().stun_requests == 1);
    CHECK(f.counters().stun_answers == 1);
    CHECK(f.counters().stun_refusals == 0);
    CHECK(f.counters().datagrams_stun == 0);

    std::array<std::byte, 64> memory;
    stun::writer out(memory, stun::message_class::request, stun::method::binding, {});
    const auto unknown = out.add<stun::priority>(1).finish().value();
    peer.send(f.address(0), {reinterpret_cast<const char*>(unknown.data()), unknown.size()});
    REQUIRE(f.until([&] { return peer.received().size() == 2; }));
    CHECK(peer.received()[1].second.substr(0, 2) == std::string("\x01\x11", 2));
    CHECK(f.counters().stun_refusals == 1);
  }
  SECTION("not where the setting is off") {
    limits.answer_stun = false;
    net_fixture f(limits);
    f.listen(sip::transport::udp);
    udp_peer peer(f.io);
    peer.send(f.address(0), binding_request());
    peer.send(f.address(0), request("behind"));
    REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
    CHECK(f.counters().datagrams_stun == 1);
    CHECK(f.counters().stun_requests == 0);
    CHECK(peer.received().empty());
  }
  SECTION("and nothing that is no Binding request") {
    net_fixture f(limits);
    f.listen(sip::transport::udp);
    udp_peer peer(f.io);
    const std::string good = binding_request();
    for (const unsigned type : {0x0011U, 0x0101U, 0x0111U, 0x0003U}) {
      std::string other = good;
      other[0] = static_cast<char>(type >> 8U);
      other[1] = static_cast<char>(type & 0xFFU);
      peer.send(f.address(0), other);
    }
    std::string cut = good;
    cut[3] = 4;
    peer.send(f.address(0), cut);
    // Longer than what the listener looks at.
    std::string large = good + std::string("\x80\x22\x0F\xA0", 4) + std::string(4000, 'x');
    large[2] = '\x0F';
    large[3] = '\xA4';
    peer.send(f.address(0), large);
    peer.send(f.address(0), request("behind"));
    REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
    CHECK(f.counters().datagrams_stun == 6);
    CHECK(f.counters().stun_answers == 0);
    CHECK(peer.received().empty());
  }
}

TEST_CASE("a UDP pair is kept by STUN", "[net][udp][stun]") {
  net_fixture f;
  f.listen(sip::transport::udp);
  udp_peer peer(f.io);
  REQUIRE(f.set->keep_alive(udp_to(peer.address()), quick));
  base::socket_address mapped{base::ip_address::v4(0xC0000201U), 5060};
  std::size_t answered = 0;
  const auto answer = [&] {
    for (auto& asked = peer.received(); answered < asked.size(); ++answered) {
      peer.send(f.address(0), binding_answer(asked[answered].second, mapped));
    }
  };
  REQUIRE(f.until([&] {
    answer();
    return answered >= 4;
  }));
  CHECK(f.owner.failed_flows.empty());
  CHECK(f.owner.messages.empty());
  CHECK(f.counters().datagrams_stun == 0);

  SECTION("until it is stopped") {
    f.set->stop_keep_alive(udp_to(peer.address()));
    CHECK(f.set->kept_flow_count() == 0);
    peer.send(f.address(0), binding_answer(binding_request(), mapped));
    peer.send(f.address(0), request("x"));
    REQUIRE(f.until([&] { return f.owner.messages.size() == 1; }));
    CHECK(f.counters().datagrams_stun >= 1);
  }
  SECTION("until the peer sees us elsewhere") {
    mapped.port = 5061;
    REQUIRE(f.until([&] {
      answer();
      return f.owner.failed_flows.size() == 1;
    }));
    CHECK(f.owner.failed_flows[0].why == net::errc::mapping_changed);
    CHECK(f.owner.failed_flows[0].flow == udp_to(peer.address()));
    CHECK(f.counters().flows_dead == 1);
    CHECK(f.set->kept_flow_count() == 0);
  }
}

TEST_CASE("a UDP pair that does not answer has failed", "[net][udp][stun]") {
  net::transport_limits limits;
  limits.stun_rto = 1ms;
  net_fixture f(limits);
  f.listen(sip::transport::udp);
  udp_peer deaf(f.io);
  bool destroyed = false;
  f.owner.on_flow_failed = [&] {
    // The owner may destroy the set from in here.
    f.set.reset();
    destroyed = true;
  };
  REQUIRE(f.set->keep_alive(udp_to(deaf.address()), quick));
  REQUIRE(f.until([&] { return destroyed; }));
  CHECK(f.owner.failed_flows[0].why == net::errc::no_pong);
  auto& asked = deaf.received();
  REQUIRE(asked.size() == 7);
  for (const auto& [from, text] : asked) CHECK(text == asked[0].second);
}

TEST_CASE("two sets keep each other's UDP pairs", "[net][udp][stun]") {
  net_fixture a;
  net_fixture b;
  a.listen(sip::transport::udp);
  b.listen(sip::transport::udp);
  REQUIRE(a.set->keep_alive(udp_to(b.address(0)), quick));
  REQUIRE(a.until([&] {
    test::run_ready(b.io);
    return b.counters().stun_answers >= 3;
  }));
  CHECK(a.owner.failed_flows.empty());
}
