#include <parley/sip/nonce_table.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"

#include <cstdint>
#include <map>
#include <set>

using namespace parley;
using parley::sip::nonce_table;
using use = parley::sip::nonce_table::use;

TEST_CASE("each count of a nonce is taken once", "[sip][nonce_table]") {
  nonce_table table(4);
  CHECK(table.take(10, 1) == use::fresh);
  CHECK(table.take(10, 1) == use::repeated);
  CHECK(table.take(10, 2) == use::fresh);
  CHECK(table.take(10, 5) == use::fresh);
  CHECK(table.take(10, 3) == use::fresh);
  CHECK(table.take(10, 3) == use::repeated);
  CHECK(table.take(10, 4) == use::fresh);
  CHECK(table.look(10, 5) == use::repeated);
  CHECK(table.look(10, 6) == use::fresh);
  CHECK(table.look(10, 6) == use::fresh);
  CHECK(table.look(11, 1) == use::fresh);
  CHECK(table.size() == 1);
}

TEST_CASE("the window is 64 counts wide", "[sip][nonce_table]") {
  nonce_table table(4);
  CHECK(table.take(1, 100) == use::fresh);
  CHECK(table.take(1, 36) == use::repeated);
  CHECK(table.take(1, 37) == use::fresh);
  CHECK(table.take(1, 37) == use::repeated);
  CHECK(table.take(1, 163) == use::fresh);
  CHECK(table.look(1, 100) == use::repeated);
  CHECK(table.look(1, 99) == use::repeated);
  CHECK(table.take(1, 101) == use::fresh);
  CHECK(table.take(1, 227) == use::fresh);
  CHECK(table.look(1, 163) == use::repeated);
  CHECK(table.look(1, 164) == use::fresh);
  CHECK(table.take(1, 0xffffffffU) == use::fresh);
  CHECK(table.take(1, 0xffffffffU) == use::repeated);
  CHECK(table.take(1, 228) == use::repeated);
  CHECK(table.take(1, 0xffffffffU - 63) == use::fresh);
  CHECK(table.take(1, 0xffffffffU - 64) == use::repeated);
}

TEST_CASE("a full table forgets its oldest nonce and takes it no more", "[sip][nonce_table]") {
  constexpr std::size_t capacity = 8;
  nonce_table table(capacity);
  CHECK(table.capacity() == capacity);
  for (std::uint64_t n = 1; n < capacity; ++n) CHECK(table.take(10 * n, 1) == use::fresh);
  CHECK(table.size() == capacity - 1);
  CHECK(table.take(10 * capacity, 1) == use::fresh);
  CHECK(table.size() == capacity);
  CHECK(table.take(10, 2) == use::fresh);
  CHECK(table.take(10 * capacity + 10, 1) == use::fresh);
  CHECK(table.size() == capacity);
  CHECK(table.take(10, 3) == use::forgotten);
  CHECK(table.take(9, 1) == use::forgotten);
  CHECK(table.look(10, 1) == use::forgotten);
  CHECK(table.take(20, 1) == use::repeated);
  CHECK(table.take(20, 2) == use::fresh);
  // Between the forgotten one and the oldest: fresh, once.
  CHECK(table.take(15, 1) == use::fresh);
  CHECK(table.take(15, 1) == use::forgotten);
  CHECK(table.take(15, 2) == use::forgotten);
  CHECK(table.take(20, 3) == use::fresh);
  CHECK(table.size() == capacity);
}

TEST_CASE("a table of no capacity holds one", "[sip][nonce_table]") {
  nonce_table table(0);
  CHECK(table.capacity() == 1);
  CHECK(table.take(2, 1) == use::fresh);
  CHECK(table.take(2, 1) == use::repeated);
  CHECK(table.take(3, 1) == use::fresh);
  CHECK(table.take(2, 2) == use::forgotten);
  CHECK(table.take(3, 1) == use::repeated);
}

TEST_CASE("what has expired is dropped and refused", "[sip][nonce_table]") {
  nonce_table table(8);
  for (std::uint64_t n = 1; n <= 5; ++n) CHECK(table.take(n, 1) == use::fresh);
  table.drop_before(0);
  CHECK(table.size() == 5);
  table.drop_before(4);
  CHECK(table.size() == 2);
  CHECK(table.take(3, 2) == use::forgotten);
  CHECK(table.take(4, 1) == use::repeated);
  CHECK(table.take(4, 2) == use::fresh);
  table.drop_before(2);
  CHECK(table.take(3, 2) == use::forgotten);
  table.drop_before(100);
  CHECK(table.size() == 0);
  CHECK(table.take(99, 1) == use::forgotten);
  CHECK(table.take(100, 1) == use::fresh);
}

TEST_CASE("no sequence of uses gets a replay through", "[sip][nonce_table]") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    test::seeded_random random(seed);
    nonce_table table(1 + random.uniform(6));
    std::map<std::uint64_t, std::set<std::uint32_t>> taken;
    std::uint64_t newest = 10;
    for (int step = 0; step < 4000; ++step) {
      if (random.uniform(4) == 0) newest += 1 + random.uniform(3);
      if (random.uniform(97) == 0) table.drop_before(newest - random.uniform(10));
      const std::uint64_t nonce = newest - random.uniform(12);
      const auto count = static_cast<std::uint32_t>(1 + random.uniform(random.uniform(20) == 0 ? 500 : 40));
      const use foretold = table.look(nonce, count);
      const use result = table.take(nonce, count);
      REQUIRE(result == foretold);
      REQUIRE(table.size() <= table.capacity());
      if (result == use::fresh) REQUIRE(taken[nonce].insert(count).second);
    }
  }
}
