#include <parley/rtp/retransmission_cache.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>

using namespace parley;
using namespace std::chrono_literals;
using rtp::retransmission_cache;

namespace {

const base::time_point stored_at = base::time_point{} + 1h;

struct fixture {
  base::buffer_pool pool;
  base::packet_buffer packet(std::uint16_t sequence, std::size_t size = 100) {
    std::string text = std::to_string(sequence);
    text.resize(size, '.');
    return *pool.copy(text);
  }
  static bool is(const base::packet_buffer* found, std::uint16_t sequence) {
    return found != nullptr && found->text().substr(0, found->text().find('.')) == std::to_string(sequence);
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a packet is found by its number", "[rtp]") {
  retransmission_cache cache;
  CHECK(cache.find(stored_at, 0, 0ms) == nullptr);
  for (int i = 65500; i < 65600; ++i)
    cache.store(stored_at, static_cast<std::uint16_t>(i), packet(static_cast<std::uint16_t>(i)));
  CHECK(cache.packets() == 100);
  CHECK(is(cache.find(stored_at, 65500, 0ms), 65500));
  CHECK(is(cache.find(stored_at, 63, 0ms), 63));
  CHECK(cache.find(stored_at, 64, 0ms) == nullptr);
  CHECK(cache.find(stored_at, 65499, 0ms) == nullptr);
}

TEST_CASE_METHOD(fixture, "the bytes are those that were stored, not a copy", "[rtp]") {
  retransmission_cache cache;
  const auto original = packet(1);
  cache.store(stored_at, 1, original);
  CHECK(cache.find(stored_at, 1, 0ms)->data() == original.data());
  CHECK(pool.stats().blocks_in_use == 1);
}

TEST_CASE_METHOD(fixture, "of too many packets the oldest goes", "[rtp]") {
  rtp::retransmission_cache_options o;
  o.max_packets = 8;
  retransmission_cache cache(o);
  for (std::uint16_t i = 0; i < 20; ++i) cache.store(stored_at, i, packet(i));
  CHECK(cache.packets() == 8);
  CHECK(pool.stats().blocks_in_use == 8);
  CHECK(cache.find(stored_at, 11, 0ms) == nullptr);
  CHECK(is(cache.find(stored_at, 12, 0ms), 12));
  // One from before the window has no place any more; a jump clears all that is out of reach.
  cache.store(stored_at, 11, packet(11));
  CHECK(cache.find(stored_at, 11, 0ms) == nullptr);
  cache.store(stored_at, 1000, packet(1000));
  CHECK(cache.packets() == 1);
  CHECK(is(cache.find(stored_at, 1000, 0ms), 1000));
}

TEST_CASE_METHOD(fixture, "of too many bytes the oldest go", "[rtp]") {
  rtp::retransmission_cache_options o;
  o.max_bytes = 1000;
  retransmission_cache cache(o);
  for (std::uint16_t i = 0; i < 20; ++i) cache.store(stored_at, i, packet(i, 300));
  CHECK(cache.packets() == 3);
  CHECK(cache.bytes() == 900);
  CHECK(is(cache.find(stored_at, 17, 0ms), 17));
  cache.store(stored_at, 20, packet(20, 1000));
  CHECK(cache.packets() == 1);
  cache.store(stored_at, 21, packet(21, 1001));
  CHECK(cache.packets() == 1);
  CHECK(is(cache.find(stored_at, 20, 0ms), 20));
}

TEST_CASE_METHOD(fixture, "packets may be stored out of order", "[rtp]") {
  retransmission_cache cache;
  for (const std::uint16_t i : {std::uint16_t{5}, std::uint16_t{3}, std::uint16_t{4}})
    cache.store(stored_at, i, packet(i));
  CHECK(is(cache.find(stored_at, 3, 0ms), 3));
  CHECK(is(cache.find(stored_at, 4, 0ms), 4));
  cache.store(stored_at, 4, packet(4, 50));
  CHECK(cache.packets() == 3);
  CHECK(cache.bytes() == 250);
}

TEST_CASE_METHOD(fixture, "a late packet does not displace later ones", "[rtp]") {
  rtp::retransmission_cache_options o;
  o.max_bytes = 1000;
  retransmission_cache cache(o);
  cache.store(stored_at, 10, packet(10, 500));
  cache.store(stored_at, 11, packet(11, 400));
  cache.store(stored_at, 9, packet(9, 800));
  CHECK(cache.find(stored_at, 9, 0ms) == nullptr);
  CHECK(cache.packets() == 2);
  cache.store(stored_at, 8, packet(8, 100));
  CHECK(cache.packets() == 3);
  cache.store(stored_at, 12, packet(12, 900));
  CHECK(cache.packets() == 1);
  CHECK(cache.find(stored_at, 12, 0ms) != nullptr);
}

TEST_CASE_METHOD(fixture, "two requests in one round trip get one answer", "[rtp]") {
  retransmission_cache cache;
  cache.store(stored_at, 1, packet(1));
  CHECK(cache.find(stored_at, 1, 50ms) != nullptr);
  CHECK(cache.find(stored_at + 49ms, 1, 50ms) == nullptr);
  CHECK(cache.find(stored_at + 50ms, 1, 50ms) != nullptr);
  CHECK(cache.find(stored_at + 2001ms, 1, 50ms) == nullptr);
  cache.clear();
  CHECK(cache.packets() == 0);
  CHECK(cache.bytes() == 0);
  CHECK(pool.stats().blocks_in_use == 0);
}
