#include "net/detail/mailbox.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

using parley::net::detail::mailbox;

TEST_CASE("a mailbox holds as many as it has room for, in order", "[net][shards]") {
  for (const std::size_t capacity : {std::size_t{2}, std::size_t{4}, std::size_t{64}}) {
    mailbox<std::unique_ptr<std::size_t>> box(capacity);
    std::size_t in = 0;
    std::size_t out = 0;
    // Many times round, at every fill.
    for (std::size_t round = 0; round < 3 * capacity; ++round) {
      while (box.push(std::make_unique<std::size_t>(in))) ++in;
      REQUIRE(in - out == capacity);
      for (std::size_t take = 0; take < 1 + round % capacity; ++take) {
        const auto value = box.pop();
        REQUIRE(value);
        REQUIRE(**value == out++);
      }
    }
    while (const auto value = box.pop()) REQUIRE(**value == out++);
    CHECK(in == out);
    CHECK_FALSE(box.pop());
  }
}

TEST_CASE("a value that a full mailbox refuses stays with its owner", "[net][shards]") {
  mailbox<std::unique_ptr<int>> box(1);  // has room for two
  CHECK(box.push(std::make_unique<int>(1)));
  CHECK(box.push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  CHECK_FALSE(box.push(std::move(third)));
  REQUIRE(third);
  CHECK(box.pop());
  CHECK(box.push(std::move(third)));
}

TEST_CASE("many threads put in, one takes out, nothing is lost or doubled", "[net][shards]") {
  constexpr std::uint64_t writers = 3;
  constexpr std::uint64_t each = 20000;
  mailbox<std::uint64_t> box(16);
  std::vector<std::thread> threads;
  for (std::uint64_t w = 0; w < writers; ++w) {
    threads.emplace_back([&box, w] {
      for (std::uint64_t n = 1; n <= each; ++n) {
        while (!box.push(w << 32U | n)) std::this_thread::yield();
      }
    });
  }
  std::vector<std::uint64_t> last(writers, 0);
  std::uint64_t wrong = 0;
  for (std::uint64_t taken = 0; taken < writers * each;) {
    const auto value = box.pop();
    if (!value) {
      std::this_thread::yield();
      continue;
    }
    ++taken;
    std::uint64_t& previous = last[*value >> 32U];
    if ((*value & 0xFFFFFFFFU) != previous + 1) ++wrong;
    previous = *value & 0xFFFFFFFFU;
  }
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK_FALSE(box.pop());
}
