#include <parley/net/transport_set.hpp>

#include "support/catch.hpp"
#include "support/net_fixture.hpp"
#include "support/result.hpp"

#include <boost/asio/error.hpp>

#include <chrono>
#include <optional>

namespace parley::test {
namespace {

using namespace std::chrono_literals;
using outcome = std::optional<base::result<sip::hop>>;

net::transport_limits limits(base::duration delay) {
  net::transport_limits out;
  out.attempt_delay = delay;
  return out;
}

/// A set that opens WebSocket connections, another that accepts them, and a host that takes connections and
/// then says nothing: what it gets never opens.
struct racing {
  explicit racing(const net::transport_limits& l = limits(10ms)) : client(l) {
    client.listen(sip::transport::ws);
    client.listen(sip::transport::tcp);
    server = std::make_unique<net::transport_set>(client.io.get_executor(), pool, owner);
    const auto index =
        server->listen({.transport = sip::transport::ws, .bind = {base::ip_address::loopback_v4(), 0}});
    REQUIRE(index);
    good = {sip::transport::ws, 0, server->local_address(*index)};
    silent = {sip::transport::ws, 0, host.address()};
    {
      const tcp_host gone(client.io);
      refusing = {sip::transport::ws, 0, gone.address()};
    }
  }

  net::transport_set::race_handler into(outcome& out) {
    return [this, &out](const base::result<sip::hop>& winner) {
      CHECK(!inside);
      out = winner;
    };
  }
  void start(std::vector<sip::hop> hops, outcome& out) {
    inside = true;
    client.set->race(std::move(hops), into(out));
    inside = false;
  }
  base::result<sip::hop> run(std::vector<sip::hop> hops) {
    outcome out;
    start(std::move(hops), out);
    REQUIRE(client.until([&] { return out.has_value(); }));
    return *out;
  }

  net_fixture client;
  base::buffer_pool pool;
  recording_handler owner;
  std::unique_ptr<net::transport_set> server;
  tcp_host host{client.io};
  sip::hop good;
  sip::hop silent;
  sip::hop refusing;
  bool inside = false;
};

TEST_CASE("the first address is taken where it works", "[race]") {
  racing r(limits(1h));
  const auto won = r.run({r.good, r.silent});
  REQUIRE(won);
  CHECK(won->remote == r.good.remote);
  CHECK(won->flow != 0);
  CHECK(r.client.set->connection_count() == 1);
  CHECK(r.host.accepted().empty());
  SECTION("and its connection wins the next race at once, wherever it stands") {
    const auto again = r.run({r.silent, r.good});
    REQUIRE(again);
    CHECK(again->flow == won->flow);
    CHECK(r.host.accepted().empty());
    CHECK(r.client.counters().races == 1);
  }
}

TEST_CASE("the next address is tried when one has failed", "[race]") {
  racing r(limits(1h));
  const auto won = r.run({r.refusing, r.good});
  REQUIRE(won);
  CHECK(won->remote == r.good.remote);
}

TEST_CASE("the next address is tried beside one that takes its time, and the late one is closed", "[race]") {
  racing r;
  const auto won = r.run({r.silent, r.good});
  REQUIRE(won);
  CHECK(won->remote == r.good.remote);
  CHECK(r.client.set->connection_count() == 1);
  REQUIRE(r.client.until([&] { return r.host.accepted().size() == 1 && r.host.accepted()[0].ended(); }));
  CHECK(r.client.counters().connections_failed == 0);
}

TEST_CASE("a race without a winner ends with the last error", "[race]") {
  racing r;
  const auto lost = r.run({r.refusing, r.refusing});
  REQUIRE(!lost);
  CHECK(lost.error() == asio::error::connection_refused);
  sip::hop nowhere = r.good;
  nowhere.listener = 9;
  CHECK(r.run({nowhere}).error() == net::errc::unknown_listener);
  nowhere.listener = 1;  // of TCP
  CHECK(r.run({nowhere}).error() == net::errc::unknown_listener);
  CHECK(r.run({}).error() == net::errc::unknown_listener);
}

TEST_CASE("what is late is kept where somebody else waits for it", "[race]") {
  racing r;
  outcome out;
  SECTION("a message") {
    r.start({r.silent, r.good}, out);
    r.client.send(r.silent, request("1"));
    REQUIRE(r.client.until([&] { return out.has_value(); }));
    REQUIRE(*out);
    CHECK(r.client.set->connection_count() == 2);
  }
  SECTION("another race") {
    outcome other;
    r.start({r.silent, r.good}, out);
    r.start({r.silent}, other);
    REQUIRE(r.client.until([&] { return out.has_value(); }));
    CHECK(r.client.set->connection_count() == 2);
    CHECK(!other);
    // They share the attempt.
    REQUIRE(r.client.until([&] { return !r.host.accepted().empty(); }));
    CHECK(r.host.accepted().size() == 1);
  }
}

TEST_CASE("races for the same addresses end together", "[race]") {
  racing r;
  outcome one;
  outcome two;
  r.start({r.silent, r.good}, one);
  r.start({r.silent, r.good}, two);
  REQUIRE(r.client.until([&] { return one && two; }));
  REQUIRE(*one);
  REQUIRE(*two);
  CHECK((*one)->flow == (*two)->flow);
  CHECK(r.client.set->connection_count() == 1);
}

TEST_CASE("a race takes what opened while it waited for another address", "[race]") {
  racing r;
  outcome one;
  outcome two;
  r.start({r.silent, r.good}, one);
  // The good one is being opened, so that the second race begins with the silent one, too.
  REQUIRE(r.client.until([&] { return r.client.set->connection_count() == 2; }));
  REQUIRE(!one);
  r.start({r.silent, r.good}, two);
  REQUIRE(r.client.until([&] { return one && two; }));
  REQUIRE(*one);
  REQUIRE(*two);
  CHECK((*one)->flow == (*two)->flow);
  CHECK((*two)->remote == r.good.remote);
  CHECK(r.client.set->connection_count() == 1);
  CHECK(r.client.counters().connections_opened == 1);
}

TEST_CASE("the number of races is bounded", "[race]") {
  net::transport_limits bounded = limits(1h);
  bounded.max_races = 2;
  racing r(bounded);
  outcome outs[3];
  for (outcome& out : outs) r.start({r.silent, r.good}, out);
  REQUIRE(r.client.until([&] { return outs[2].has_value(); }));
  CHECK(outs[2]->error() == net::errc::limit_reached);
  CHECK(r.client.counters().races_refused == 1);
  run_ready(r.client.io);
  CHECK(!outs[0]);
  CHECK(!outs[1]);
}

TEST_CASE("a set that is destroyed calls no handler of a race", "[race]") {
  racing r;
  outcome out;
  SECTION("under way") { r.start({r.silent, r.good}, out); }
  SECTION("ended") { r.start({}, out); }
  r.client.set.reset();
  run_ready(r.client.io);
  CHECK(!out);
}

}  // namespace
}  // namespace parley::test
