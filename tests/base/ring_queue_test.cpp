#include <parley/base/ring_queue.hpp>

#include "support/catch.hpp"

#include <deque>
#include <memory>
#include <string>
#include <type_traits>

using parley::base::ring_queue;

TEST_CASE("a ring_queue gives back in order and refuses what is too much") {
  ring_queue<std::string> queue(3);
  CHECK(queue.empty());
  CHECK(queue.capacity() == 3);
  CHECK_FALSE(queue.pop());
  CHECK(queue.push("a"));
  CHECK(queue.push("b"));
  CHECK(queue.push("c"));
  CHECK(queue.full());

  std::string refused = "a string that is too long for its own small buffer";
  // A refused push does not take its argument: that it is still whole is the point.
  CHECK_FALSE(queue.push(std::move(refused)));  // NOLINT(bugprone-use-after-move)
  CHECK_FALSE(refused.empty());                 // NOLINT(bugprone-use-after-move)

  CHECK(queue.front() == "a");
  CHECK(*queue.pop() == "a");
  CHECK(queue.push("d"));
  CHECK(*queue.pop() == "b");
  CHECK(*queue.pop() == "c");
  CHECK(*queue.pop() == "d");
  CHECK(queue.empty());
}

TEST_CASE("a ring_queue goes round any number of times") {
  ring_queue<int> queue(5);
  std::deque<int> model;
  for (int i = 0; i < 1000; ++i) {
    if (i % 7 < 4) {
      const bool pushed = queue.push(i);
      REQUIRE(pushed == (model.size() < 5));
      if (pushed) model.push_back(i);
    } else if (auto taken = queue.pop()) {
      REQUIRE(*taken == model.front());
      model.pop_front();
    }
    REQUIRE(queue.size() == model.size());
  }
}

TEST_CASE("a ring_queue destroys what is left, also after a move") {
  const auto counted = std::make_shared<int>(1);
  {
    ring_queue<std::shared_ptr<int>> queue(4);
    CHECK(queue.push(counted));
    CHECK(queue.push(counted));
    ring_queue<std::shared_ptr<int>> moved(std::move(queue));
    CHECK(moved.size() == 2);
    CHECK(counted.use_count() == 3);
    ring_queue<std::shared_ptr<int>> assigned(1);
    CHECK(assigned.push(counted));
    assigned = std::move(moved);
    CHECK(assigned.capacity() == 4);
    CHECK(counted.use_count() == 3);
    assigned.clear();
    CHECK(counted.use_count() == 1);
    CHECK(assigned.push(counted));
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("a ring_queue of no capacity is empty and full") {
  ring_queue<int> queue(0);
  CHECK(queue.empty());
  CHECK(queue.full());
  CHECK_FALSE(queue.push(1));
}

TEST_CASE("a ring_queue holds what can only be moved") {
  ring_queue<std::unique_ptr<int>> queue(1);
  CHECK(queue.push(std::make_unique<int>(5)));
  CHECK(**queue.pop() == 5);
  CHECK_FALSE(std::is_copy_constructible_v<ring_queue<int>>);
}
