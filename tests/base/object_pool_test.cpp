#include <parley/base/object_pool.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <set>
#include <stdexcept>
#include <vector>

using parley::base::object_pool;

namespace {

struct counted {
  explicit counted(int& counter, int n = 0) : alive(&counter), value(n) { ++counter; }
  ~counted() { --*alive; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

  int* alive;
  int value;
};

struct throwing {
  explicit throwing(bool fail) {
    if (fail) throw std::runtime_error("no");
  }
};

struct alignas(64) aligned {
  char byte = 0;
};

// Destroys another object of its pool when it goes.
struct chained {
  object_pool<chained>* pool = nullptr;
  chained* other = nullptr;
  int* alive = nullptr;
  ~chained() {
    --*alive;
    pool->destroy(other);
  }
};

}  // namespace

TEST_CASE("an object_pool creates up to its maximum") {
  int alive = 0;
  object_pool<counted> pool(5, 2);
  std::vector<counted*> objects;
  for (int i = 0; i < 5; ++i) {
    objects.push_back(pool.create(alive, i));
    REQUIRE(objects.back() != nullptr);
  }
  CHECK(pool.create(alive) == nullptr);
  CHECK(pool.size() == 5);
  CHECK(pool.reserved() == 5);
  CHECK(alive == 5);
  for (int i = 0; i < 5; ++i) CHECK(objects[static_cast<std::size_t>(i)]->value == i);
  CHECK(std::set<counted*>(objects.begin(), objects.end()).size() == 5);

  pool.destroy(objects[2]);
  pool.destroy(nullptr);
  CHECK(alive == 4);
  CHECK(pool.create(alive, 9) == objects[2]);
  CHECK(pool.create(alive) == nullptr);
}

TEST_CASE("an object_pool grows by slabs and keeps them") {
  int alive = 0;
  object_pool<counted> pool(1000, 64);
  CHECK(pool.reserved() == 0);
  auto* first = pool.create(alive);
  CHECK(pool.reserved() == 64);
  for (int i = 0; i < 500; ++i) {
    auto* next = pool.create(alive);
    pool.destroy(next);
  }
  CHECK(pool.reserved() == 64);
  pool.destroy(first);
  CHECK(pool.size() == 0);
  CHECK(pool.reserved() == 64);
}

TEST_CASE("an object_pool destroys what is left") {
  int alive = 0;
  {
    object_pool<counted> pool(100, 8);
    std::vector<counted*> objects;
    objects.reserve(20);
    for (int i = 0; i < 20; ++i) objects.push_back(pool.create(alive));
    for (std::size_t i = 0; i < 20; i += 3) pool.destroy(objects[i]);
    CHECK(alive == 13);
  }
  CHECK(alive == 0);
}

TEST_CASE("objects may destroy each other while their pool goes") {
  int alive = 2;
  {
    object_pool<chained> pool(2);
    chained* const a = pool.create();
    chained* const b = pool.create();
    a->pool = b->pool = &pool;
    a->alive = b->alive = &alive;
    a->other = b;
    CHECK(pool.size() == 2);
  }
  CHECK(alive == 0);
}

TEST_CASE("a constructor that throws leaves the pool as it was") {
  object_pool<throwing> pool(1);
  CHECK_THROWS(pool.create(true));
  CHECK(pool.size() == 0);
  CHECK(pool.create(false) != nullptr);
}

TEST_CASE("an object_pool keeps the alignment of its type") {
  object_pool<aligned> pool(10, 3);
  for (int i = 0; i < 10; ++i) {
    CHECK(reinterpret_cast<std::uintptr_t>(pool.create()) % 64 == 0);
  }
}
