#include <parley/media/source_latch.hpp>

#include "support/catch.hpp"

#include <chrono>

using namespace parley;
using namespace std::chrono_literals;
using media::source_latch;

namespace {

base::socket_address socket_at(std::string_view text) { return *base::socket_address::from_string(text); }

const auto peer = socket_at("198.51.100.7:4000");
const auto peers_nat = socket_at("198.51.100.7:62001");
const auto outsider = socket_at("203.0.113.66:9999");
const auto other_outsider = socket_at("203.0.113.67:9999");

struct latch_test {
  explicit latch_test(const media::expected_source& expected) { latch.expect(expected); }

  bool packet(const base::socket_address& from, std::uint16_t sequence = 1, std::uint32_t stream = 1) {
    return latch.handle_packet(now, from, stream, sequence);
  }

  source_latch latch;
  base::time_point now{1h};
};

}  // namespace

TEST_CASE("the source that signalling names is taken at once, and answered there before it speaks",
          "[media][source_latch]") {
  latch_test t({.signalled = peer});
  CHECK(t.latch.destination() == peer);
  CHECK(t.latch.source().port == 0);
  CHECK(t.packet(peer));
  CHECK(t.latch.source() == peer);
}

TEST_CASE("a peer behind a NAT is known by its address, and answered at the port that it sends from",
          "[media][source_latch]") {
  latch_test t({.signalled = peer});
  CHECK(t.packet(peers_nat));
  CHECK(t.latch.destination() == peers_nat);

  latch_test by_signalling({.signalled = socket_at("192.168.0.2:4000"), .seen = peer.ip});
  CHECK(by_signalling.packet(peers_nat));
  CHECK(by_signalling.latch.destination() == peers_nat);
}

TEST_CASE("a stranger is not heard before, during or after", "[media][source_latch]") {
  latch_test t({.signalled = peer});
  for (std::uint16_t i = 0; i < 100; ++i) CHECK(!t.packet(outsider, i));
  CHECK(t.latch.destination() == peer);
  CHECK(t.packet(peers_nat));
  for (std::uint16_t i = 100; i < 200; ++i) CHECK(!t.packet(outsider, i));
  t.now += 1h;
  CHECK(!t.packet(outsider, 200));
  CHECK(t.latch.destination() == peers_nat);
}

TEST_CASE("another port of the peer's address does not take over, but the one that signalling names does",
          "[media][source_latch]") {
  latch_test t({.signalled = peer});
  CHECK(t.packet(peers_nat));
  CHECK(!t.packet(socket_at("198.51.100.7:62002")));
  CHECK(t.packet(peer));
  CHECK(t.latch.source() == peer);
  CHECK(!t.packet(peers_nat));
}

TEST_CASE("where a private address is all that is known, a stranger has to send five packets in a row",
          "[media][source_latch]") {
  latch_test t({.signalled = socket_at("192.168.0.2:4000")});
  for (std::uint16_t i = 1; i < 5; ++i) CHECK(!t.packet(outsider, i));
  CHECK(t.latch.source().port == 0);
  CHECK(t.packet(outsider, 5));
  CHECK(t.latch.destination() == outsider);
  for (std::uint16_t i = 1; i < 20; ++i) CHECK(!t.packet(other_outsider, i));

  SECTION("and gives way to the address that was named") {
    CHECK(t.packet(socket_at("192.168.0.2:4000")));
    CHECK(!t.packet(outsider, 6));
  }
}

TEST_CASE("what does not follow on begins the row anew", "[media][source_latch]") {
  latch_test t({.signalled = socket_at("10.0.0.1:4000")});
  for (std::uint16_t i = 1; i < 5; ++i) CHECK(!t.packet(outsider, i));
  CHECK(!t.packet(outsider, 7));
  for (std::uint16_t i = 8; i < 11; ++i) CHECK(!t.packet(outsider, i));
  CHECK(!t.packet(outsider, 11, 2));  // another stream
  for (std::uint16_t i = 12; i < 15; ++i) CHECK(!t.packet(outsider, i, 2));
  CHECK(t.packet(outsider, 15, 2));
}

TEST_CASE("who is on probation is not pushed out while it sends, and is forgotten when it stops",
          "[media][source_latch]") {
  latch_test t({.signalled = socket_at("10.0.0.1:4000")});
  CHECK(!t.packet(outsider, 65534));
  for (std::uint16_t i = 0; i < 10; ++i) CHECK(!t.packet(other_outsider, i));
  CHECK(!t.packet(outsider, 65535));
  CHECK(!t.packet(outsider, 0));
  CHECK(!t.packet(outsider, 1));
  t.now += 501ms;
  for (std::uint16_t i = 0; i < 4; ++i) CHECK(!t.packet(other_outsider, i));
  CHECK(t.packet(other_outsider, 4));
}

TEST_CASE("immediate learning takes the first packet of whom nothing better is known",
          "[media][source_latch]") {
  latch_test t({.signalled = socket_at("10.0.0.1:4000"), .learning = media::source_learning::immediate});
  CHECK(t.packet(outsider));
  CHECK(!t.packet(other_outsider));

  latch_test named({.signalled = peer, .learning = media::source_learning::immediate});
  CHECK(!named.packet(outsider));
}

TEST_CASE("an asymmetric peer is heard from elsewhere and answered where it says", "[media][source_latch]") {
  latch_test t({.signalled = peer, .learning = media::source_learning::signalled});
  for (std::uint16_t i = 1; i < 5; ++i) CHECK(!t.packet(outsider, i));
  CHECK(t.packet(outsider, 5));
  CHECK(t.latch.destination() == peer);
}

TEST_CASE("authentication is the best proof, and then the only one", "[media][source_latch]") {
  latch_test t({.signalled = peer, .authenticated = true});
  CHECK(t.latch.may_accept(t.now, outsider));
  CHECK(t.packet(outsider));  // the caller has seen to its tag
  CHECK(t.latch.destination() == outsider);
  CHECK(!t.latch.may_accept(t.now, peer));
  CHECK(!t.packet(peer));

  SECTION("a NAT that gives it another port is followed when the old one is silent") {
    t.now += 499ms;
    CHECK(!t.latch.may_accept(t.now, peers_nat));
    t.now += 1ms;
    CHECK(t.latch.may_accept(t.now, peers_nat));
    CHECK(t.packet(peers_nat));
    CHECK(!t.packet(outsider));
  }
}

TEST_CASE("signalling that names another address begins anew, and the same signalling does not",
          "[media][source_latch]") {
  latch_test t({.signalled = peer});
  CHECK(t.packet(peers_nat));
  t.latch.expect({.signalled = peer});
  CHECK(t.latch.destination() == peers_nat);
  t.latch.expect({.signalled = other_outsider});
  CHECK(t.latch.destination() == other_outsider);
  CHECK(!t.packet(peers_nat));
  CHECK(t.packet(other_outsider));
  t.latch.forget();
  CHECK(t.latch.source().port == 0);
}

TEST_CASE("with handover any source that sends five in a row takes over", "[media][source_latch]") {
  latch_test t({.signalled = peer, .handover = true});
  CHECK(t.packet(peer));
  for (std::uint16_t i = 1; i < 5; ++i) CHECK(!t.packet(outsider, i));
  CHECK(t.packet(outsider, 5));
  CHECK(t.packet(peer));
}

TEST_CASE("where signalling can't say where, who sends five in a row is believed", "[media][source_latch]") {
  latch_test t({.anywhere = true});
  for (std::uint16_t i = 0; i < 4; ++i) CHECK_FALSE(t.packet(outsider, i));
  CHECK(t.packet(outsider, 4));
  CHECK(t.latch.destination() == outsider);
}

TEST_CASE("before signalling has named anything nobody is answered", "[media][source_latch]") {
  latch_test t({});
  CHECK(t.latch.destination().port == 0);
  CHECK(!t.packet(socket_at("198.51.100.7:0")));
  for (std::uint16_t i = 1; i < 9; ++i) CHECK(!t.packet(outsider, i));
  latch_test held({.signalled = socket_at("0.0.0.0:4000")});
  for (std::uint16_t i = 1; i < 9; ++i) CHECK(!held.packet(outsider, i));
}
