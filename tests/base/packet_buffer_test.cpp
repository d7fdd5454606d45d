#include <parley/base/packet_buffer.hpp>

#include "support/catch.hpp"
#include "support/packet_buffer_model.hpp"
#include "support/seeded_random.hpp"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace parley::base;
using parley::test::packet_buffer_model;
using parley::test::seeded_random;

namespace {

packet_buffer take(buffer_pool& pool, std::size_t capacity, std::size_t headroom = 0) {
  auto made = pool.allocate(capacity, headroom);
  REQUIRE(made.has_value());
  return *std::move(made);
}

void append_text(packet_buffer& buffer, std::string_view text) {
  const auto room = buffer.append(text.size());
  REQUIRE(room.has_value());
  std::memcpy(room->data(), text.data(), text.size());
}

}  // namespace

TEST_CASE("an empty handle has nothing") {
  packet_buffer none;
  CHECK_FALSE(none);
  CHECK(none.data() == nullptr);
  CHECK(none.mutable_data() == nullptr);
  CHECK(none.size() == 0);
  CHECK(none.empty());
  CHECK(none.text().empty());
  CHECK(none.headroom() == 0);
  CHECK(none.tailroom() == 0);
  CHECK_FALSE(none.unique());
  CHECK(none.append(0).has_value());
  CHECK(none.append(1).error() == errc::no_space);
  CHECK(none.prepend(1).error() == errc::no_space);
  CHECK(none.resize(1).error() == errc::no_space);
  CHECK_FALSE(none.slice(0, 5));
  none.trim_front(3);
  none.reset();
}

TEST_CASE("a buffer grows into its head- and tailroom") {
  buffer_pool pool;
  packet_buffer buffer = take(pool, 200, 20);
  CHECK(buffer);
  CHECK(buffer.empty());
  CHECK(buffer.headroom() == 20);
  CHECK(buffer.tailroom() == 236);
  append_text(buffer, "payload");
  const auto front = buffer.prepend(3);
  REQUIRE(front.has_value());
  std::memcpy(front->data(), "hd:", 3);
  CHECK(buffer.text() == "hd:payload");
  CHECK(buffer.headroom() == 17);
  CHECK(buffer.prepend(18).error() == errc::no_space);
  CHECK(buffer.append(buffer.tailroom() + 1).error() == errc::no_space);
  CHECK(buffer.append(buffer.tailroom()).has_value());
  CHECK(buffer.tailroom() == 0);
  CHECK(buffer.resize(10).has_value());
  CHECK(buffer.text() == "hd:payload");
  buffer.trim_front(3);
  CHECK(buffer.headroom() == 20);
  buffer.trim_back(4);
  CHECK(buffer.text() == "pay");
  buffer.trim_back(100);
  CHECK(buffer.empty());
  CHECK(buffer);
}

TEST_CASE("copies and slices share the bytes") {
  buffer_pool pool;
  packet_buffer whole = *pool.copy("0123456789", 16, 16);
  CHECK(whole.unique());
  packet_buffer copy = whole;
  packet_buffer part = whole.slice(2, 3);
  CHECK(part.text() == "234");
  CHECK(part.headroom() == 18);
  CHECK(part.data() == whole.data() + 2);
  CHECK(whole.slice(8, 100).text() == "89");
  CHECK(whole.slice(4).text() == "456789");
  CHECK(whole.slice(11, 1).empty());
  CHECK_FALSE(whole.unique());
  CHECK(pool.stats().blocks_in_use == 1);

  // Growing would run over what the others show.
  CHECK(part.append(1).error() == errc::buffer_shared);
  CHECK(part.prepend(1).error() == errc::buffer_shared);
  CHECK(part.resize(4).error() == errc::buffer_shared);
  CHECK(part.resize(2).has_value());
  CHECK(part.append(0).has_value());

  whole.mutable_data()[2] = std::byte{'x'};
  CHECK(part.text() == "x3");
  CHECK(copy.text() == "01x3456789");

  whole.reset();
  CHECK_FALSE(whole);
  copy = packet_buffer();
  CHECK(part.unique());
  CHECK(part.append(1).has_value());
}

TEST_CASE("moving leaves nothing behind, and assigning to oneself is harmless") {
  buffer_pool pool;
  packet_buffer a = *pool.copy("abc");
  packet_buffer b = std::move(a);
  CHECK_FALSE(a);
  CHECK(a.size() == 0);
  CHECK(a.headroom() == 0);
  CHECK(b.unique());
  packet_buffer& same = b;
  b = same;
  CHECK(b.unique());
  CHECK(b.text() == "abc");
  b = b.slice(1);
  CHECK(b.text() == "bc");
  CHECK(b.unique());
  b = *pool.copy("def");
  CHECK(pool.stats().blocks_in_use == 1);
}

TEST_CASE("blocks come in size classes") {
  buffer_pool pool;
  for (const auto& [wanted, given] : std::vector<std::pair<std::size_t, std::size_t>>{{0, 256},
                                                                                      {1, 256},
                                                                                      {256, 256},
                                                                                      {257, 512},
                                                                                      {512, 512},
                                                                                      {1500, 2048},
                                                                                      {2049, 4096},
                                                                                      {8192, 8192},
                                                                                      {9000, 16384},
                                                                                      {32768, 32768},
                                                                                      {32769, 66048},
                                                                                      {65535, 66048},
                                                                                      {66048, 66048},
                                                                                      {66049, 66064},
                                                                                      {100000, 100000}}) {
    CAPTURE(wanted);
    CHECK(take(pool, wanted).tailroom() == given);
    if (wanted >= 2) CHECK(take(pool, wanted - 2, 2).tailroom() == given - 2);
  }
  CHECK(pool.stats().blocks_in_use == 0);
  CHECK(pool.stats().bytes_in_use == 0);
}

TEST_CASE("in the steady state the pool reserves nothing more") {
  buffer_pool pool;
  std::vector<packet_buffer> in_flight;
  for (int i = 0; i < 100; ++i) in_flight.push_back(take(pool, 1500));
  const auto reserved = pool.stats().bytes_reserved;
  const auto* const first = in_flight[0].data();
  for (int round = 0; round < 50; ++round) {
    in_flight.clear();
    for (int i = 0; i < 100; ++i) in_flight.push_back(take(pool, 1500));
  }
  CHECK(pool.stats().bytes_reserved == reserved);
  CHECK(pool.stats().blocks_in_use == 100);
  CHECK(pool.stats().bytes_in_use == 100 * 2048);
  in_flight.clear();
  CHECK(pool.stats().bytes_reserved == reserved);
  CHECK(first != nullptr);
  pool.trim();
  CHECK(pool.stats().bytes_reserved == 0);
}

TEST_CASE("a large block is given back at once") {
  buffer_pool pool;
  {
    const auto large = take(pool, 500'000);
    CHECK(pool.stats().bytes_reserved >= 500'000);
  }
  CHECK(pool.stats().bytes_reserved == 0);
}

TEST_CASE("a pool keeps within its limits") {
  buffer_pool pool({.max_bytes = 32768, .max_block = 8192, .slab_bytes = 4096});
  CHECK(pool.allocate(8193).error() == errc::limit_reached);
  CHECK(pool.allocate(8192, 1).error() == errc::limit_reached);
  CHECK(pool.allocate(static_cast<std::size_t>(-1), 2).error() == errc::limit_reached);
  CHECK(pool.allocate(2, static_cast<std::size_t>(-1)).error() == errc::limit_reached);
  CHECK(pool.copy(std::string(8193, 'x')).error() == errc::limit_reached);
  CHECK(pool.copy("x", 0, static_cast<std::size_t>(-1)).error() == errc::limit_reached);

  std::vector<packet_buffer> held;
  for (;;) {
    auto made = pool.allocate(256);
    if (!made) {
      CHECK(made.error() == errc::limit_reached);
      break;
    }
    held.push_back(*std::move(made));
  }
  CHECK(held.size() > 100);
  CHECK(pool.stats().bytes_reserved <= 32768);
  CHECK(pool.allocate(1).error() == errc::limit_reached);

  SECTION("what is released can be had again") {
    held.pop_back();
    CHECK(pool.allocate(256).has_value());
  }
  SECTION("unused slabs of one class serve another") {
    CHECK(pool.allocate(4096).error() == errc::limit_reached);
    held.clear();
    CHECK(pool.allocate(8192).has_value());
    CHECK(pool.stats().bytes_reserved <= 32768);
  }
}

TEST_CASE("a larger block serves where memory for the right size is used up") {
  // Room for one slab of one block of 4096 bytes.
  buffer_pool pool({.max_bytes = 4300, .max_block = 4096, .slab_bytes = 4096});
  std::optional<packet_buffer> large = take(pool, 4096);
  CHECK(pool.allocate(100).error() == errc::limit_reached);
  large.reset();

  buffer_pool roomy({.max_bytes = 4400, .max_block = 4096, .slab_bytes = 4600});
  std::vector<packet_buffer> held;
  held.push_back(take(roomy, 2048));
  const auto small = take(roomy, 100);
  CHECK(small.tailroom() == 2048);
}

TEST_CASE("buffers outlive their pool") {
  auto pool = std::make_unique<buffer_pool>();
  packet_buffer kept = *pool->copy("still here");
  packet_buffer large = take(*pool, 300'000);
  packet_buffer part = kept.slice(6);
  pool.reset();
  CHECK(kept.text() == "still here");
  kept.reset();
  CHECK(part.text() == "here");
  CHECK(part.append(1).has_value());
  large.reset();
  part.reset();
}

TEST_CASE("packet buffers do what strings do") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    seeded_random random(seed);
    std::vector<std::uint8_t> operations(2000);
    random.fill(std::as_writable_bytes(std::span(operations)));
    const char* const difference = packet_buffer_model::run(operations);
    CAPTURE(seed);
    REQUIRE(difference == nullptr);
  }
}
