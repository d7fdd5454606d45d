#include <parley/net/error.hpp>
#include <parley/net/rtp_port.hpp>

#include "support/catch.hpp"
#include "support/own_address.hpp"
#include "support/seeded_random.hpp"

#include <set>
#include <vector>

using namespace parley;

TEST_CASE("a pair is an even port and the next", "[net][rtp]") {
  test::seeded_random random;
  const std::uint16_t low = 20000;
  net::rtp_port_range range(test::own_address(), low, static_cast<std::uint16_t>(low + 63), random);
  CHECK(range.size() == 32);
  const auto pair = range.open();
  REQUIRE(pair.has_value());
  CHECK(pair->rtp.local().port % 2 == 0);
  CHECK(pair->rtcp.local().port == pair->rtp.local().port + 1);
  CHECK(pair->rtp.local().port >= low);
}

TEST_CASE("bounds that are odd leave the halves of pairs out", "[net][rtp]") {
  test::seeded_random random;
  const auto pairs = [&random](std::uint16_t low, std::uint16_t high) {
    return net::rtp_port_range(test::own_address(), low, high, random).size();
  };
  CHECK(pairs(20000, 20001) == 1);
  CHECK(pairs(20001, 20002) == 0);
  CHECK(pairs(20001, 20003) == 1);
  CHECK(pairs(20000, 20004) == 2);
  CHECK(pairs(65534, 65535) == 1);
  CHECK(pairs(0, 3) == 1);
  CHECK(pairs(20003, 20001) == 0);
}

TEST_CASE("when all pairs are taken the next is refused, and one that came back is given out again",
          "[net][rtp]") {
  test::seeded_random random;
  const std::uint16_t low = 20000;
  net::rtp_port_range range(test::own_address(), low, static_cast<std::uint16_t>(low + 7), random);
  std::vector<net::rtp_port_pair> taken;
  std::set<std::uint16_t> ports;
  while (auto pair = range.open()) {
    CHECK(ports.insert(pair->rtp.local().port).second);
    taken.push_back(std::move(*pair));
  }
  REQUIRE(!taken.empty());
  CHECK(taken.size() == 4);
  CHECK(range.open().error() == net::errc::limit_reached);

  const std::uint16_t back = taken.front().rtp.local().port;
  range.give_back(std::move(taken.front()));
  const auto again = range.open();
  REQUIRE(again.has_value());
  CHECK(again->rtp.local().port == back);
}

TEST_CASE("ports come in an order of the random source, and one that was given back comes last",
          "[net][rtp]") {
  const auto first_ports = [](std::uint64_t seed, std::uint16_t low) {
    test::seeded_random random(seed);
    net::rtp_port_range range(test::own_address(), low, static_cast<std::uint16_t>(low + 199), random);
    std::vector<std::uint16_t> got;
    for (int i = 0; i < 20; ++i) {
      auto pair = range.open();
      REQUIRE(pair.has_value());
      got.push_back(pair->rtp.local().port);
      range.give_back(std::move(*pair));
    }
    return got;
  };
  const std::uint16_t low = 20000;
  const auto a = first_ports(1, low);
  CHECK(std::set<std::uint16_t>(a.begin(), a.end()).size() == a.size());
  CHECK(a != first_ports(2, low));
}

TEST_CASE("a port that someone else has is passed over", "[net][rtp]") {
  test::seeded_random random;
  auto other = net::rtp_port::open({test::own_address(), 0});
  REQUIRE(other.has_value());
  const auto low = static_cast<std::uint16_t>(other->local().port & ~1U);
  net::rtp_port_range one(test::own_address(), low, static_cast<std::uint16_t>(low + 1), random);
  CHECK(one.open().error() == net::errc::limit_reached);
  *other = {};
  CHECK(one.open().has_value());
}

TEST_CASE("an address that is not this machine's is the system's error, not a search through all ports",
          "[net][rtp]") {
  test::seeded_random random;
  net::rtp_port_range range(*base::ip_address::from_string("192.0.2.1"), 20000, 39999, random);
  CHECK(range.open().error() == boost::system::errc::address_not_available);
  CHECK(range.available() == range.size());
}

TEST_CASE("a port marks what it sends", "[net][rtp]") {
  for (const base::ip_address& ip : {test::own_address(), base::ip_address::loopback_v6()}) {
    auto port = net::rtp_port::open({ip, 0});
    REQUIRE(port.has_value());
    CHECK(port->mark(46).has_value());
  }
}
