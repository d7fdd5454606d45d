#include <parley/base/slot_map.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

using parley::base::slot_map;

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

// Destroys another object of its map when it goes, and looks itself up.
struct chained {
  chained(slot_map<chained>& owner, int& living, int& dying)
      : map(&owner), alive(&living), seen_dying(&dying) {}
  chained(const chained&) = delete;
  chained& operator=(const chained&) = delete;

  slot_map<chained>* map;
  std::uint64_t self = 0;
  std::uint64_t other = 0;
  int* alive;
  int* seen_dying;
  ~chained() {
    --*alive;
    if (map->get(self) != nullptr) ++*seen_dying;
    map->destroy(self);
    map->destroy(other);
  }
};

}  // namespace

TEST_CASE("a slot_map holds up to its maximum") {
  int alive = 0;
  slot_map<counted> map(5);
  CHECK(map.max_count() == 5);
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(map.full());
    const auto [id, object] = map.create(alive, i);
    REQUIRE(object != nullptr);
    CHECK(id != 0);
    CHECK(id < std::uint64_t{1} << 63U);
    CHECK(map.get(id) == object);
    CHECK(object->value == i);
    ids.push_back(id);
  }
  CHECK(map.full());
  CHECK(map.size() == 5);
  CHECK(std::set<std::uint64_t>(ids.begin(), ids.end()).size() == 5);

  const auto none = map.create(alive);
  CHECK(none.object == nullptr);
  CHECK(none.id == 0);
  CHECK(alive == 5);

  map.destroy(ids[2]);
  CHECK(alive == 4);
  CHECK_FALSE(map.full());
  CHECK(map.create(alive, 9).object != nullptr);
  CHECK(map.create(alive).object == nullptr);
}

TEST_CASE("a slot_map of nothing takes nothing") {
  int alive = 0;
  slot_map<counted> map(0);
  CHECK(map.full());
  CHECK(map.create(alive).object == nullptr);
  CHECK(map.get(0) == nullptr);
}

TEST_CASE("a stale id finds nothing") {
  int alive = 0;
  slot_map<counted> map(1);
  const auto first = map.create(alive, 1);
  map.destroy(first.id);
  CHECK(map.get(first.id) == nullptr);
  const auto second = map.create(alive, 2);
  CHECK(second.object == first.object);
  CHECK(second.id != first.id);
  CHECK(map.get(first.id) == nullptr);
  map.destroy(first.id);
  CHECK(alive == 1);
  CHECK(map.get(second.id) == second.object);

  for (const std::uint64_t id : {std::uint64_t{0}, second.id + 1, second.id + (std::uint64_t{1} << 32U),
                                 std::numeric_limits<std::uint64_t>::max()}) {
    CHECK(map.get(id) == nullptr);
    map.destroy(id);
  }
  CHECK(map.size() == 1);
}

TEST_CASE("an object of a slot_map stays where it is while the map grows") {
  int alive = 0;
  slot_map<counted> map(1000);
  std::map<std::uint64_t, counted*> objects;
  for (int i = 0; i < 1000; ++i) {
    const auto [id, object] = map.create(alive, i);
    objects.emplace(id, object);
  }
  CHECK(objects.size() == 1000);
  bool same = true;
  for (const auto& [id, object] : objects) same = same && map.get(id) == object;
  CHECK(same);
  int third = 0;
  for (const auto& [id, object] : objects) {
    if (++third % 3 == 0) map.destroy(id);
  }
  CHECK(map.size() == 667);
  CHECK(alive == 667);
}

TEST_CASE("a slot_map destroys what is left") {
  int alive = 0;
  {
    slot_map<counted> map(200);
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 150; ++i) ids.push_back(map.create(alive).id);
    for (std::size_t i = 0; i < ids.size(); i += 3) map.destroy(ids[i]);
    CHECK(alive == 100);
  }
  CHECK(alive == 0);
}

TEST_CASE("objects of a slot_map may destroy each other, each once") {
  int alive = 2;
  int seen_dying = 0;
  {
    slot_map<chained> map(4);
    const auto a = map.create(map, alive, seen_dying);
    const auto b = map.create(map, alive, seen_dying);
    a.object->self = b.object->other = a.id;
    b.object->self = a.object->other = b.id;
    SECTION("one by one") {
      map.destroy(b.id);
      CHECK(map.size() == 0);
      CHECK(alive == 0);
    }
    SECTION("with the map") {}
  }
  CHECK(alive == 0);
  CHECK(seen_dying == 0);
}

TEST_CASE("a constructor that throws leaves a slot_map as it was") {
  slot_map<throwing> map(1);
  CHECK_THROWS(map.create(true));
  CHECK(map.size() == 0);
  CHECK(map.create(false).object != nullptr);
}

TEST_CASE("a slot_map keeps the alignment of its type") {
  slot_map<aligned> map(100);
  bool fine = true;
  for (int i = 0; i < 100; ++i)
    fine = fine && reinterpret_cast<std::uintptr_t>(map.create().object) % 64 == 0;
  CHECK(fine);
}
