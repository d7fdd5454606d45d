#include "net/detail/dns_cache.hpp"

#include <parley/net/error.hpp>

#include "support/catch.hpp"
#include "support/scripted_names.hpp"

namespace parley::test {
namespace {

using net::record_type;
using net::detail::dns_cache;
using net::detail::dns_key;
using std::chrono::seconds;

constexpr base::time_point asked_at{std::chrono::hours(1)};

net::detail::dns_result result(std::string_view ip) {
  return {{}, std::make_shared<const net::name_records>(net::name_records{address_record(ip)})};
}

TEST_CASE("an answer is remembered for as long as it holds, and no longer", "[dns]") {
  dns_cache cache({1, 2}, 8);
  const std::string key = dns_key("example.com", record_type::a);
  CHECK(cache.find(asked_at, key) == nullptr);
  cache.put(asked_at, key, result("192.0.2.1"), seconds(60));
  REQUIRE(cache.find(asked_at + seconds(60) - base::duration(1), key) != nullptr);
  CHECK(cache.find(asked_at, dns_key("example.com", record_type::aaaa)) == nullptr);
  CHECK(cache.find(asked_at + seconds(60), key) == nullptr);
  CHECK(cache.size() == 0);
  SECTION("the newest counts") {
    cache.put(asked_at, key, result("192.0.2.1"), seconds(60));
    cache.put(asked_at, key, result("192.0.2.2"), seconds(90));
    REQUIRE(cache.find(asked_at + seconds(80), key) != nullptr);
    CHECK(cache.size() == 1);
    CHECK(cache.find(asked_at, key)->records->front() == address_record("192.0.2.2"));
  }
  SECTION("what does not hold is not kept") {
    cache.put(asked_at, key, result("192.0.2.1"), seconds(60));
    cache.put(asked_at, key, result("192.0.2.1"), seconds(0));
    CHECK(cache.size() == 0);
  }
}

TEST_CASE("an answer that holds no longer is kept for when there is no other", "[dns]") {
  dns_cache cache({1, 2}, 8, seconds(100));
  const std::string key = dns_key("example.com", record_type::a);
  cache.put(asked_at, key, result("192.0.2.1"), seconds(60));
  CHECK(cache.find_stale(asked_at, key) != nullptr);
  CHECK(cache.find(asked_at + seconds(60), key) == nullptr);
  CHECK(cache.find_stale(asked_at + seconds(160) - base::duration(1), key) != nullptr);
  CHECK(cache.find(asked_at + seconds(160) - base::duration(1), key) == nullptr);
  CHECK(cache.size() == 1);
  CHECK(cache.find_stale(asked_at + seconds(160), key) == nullptr);
  CHECK(cache.size() == 0);
}

TEST_CASE("a full cache forgets what was not asked for the longest time", "[dns]") {
  for (const std::size_t size : {0U, 1U, 3U}) {
    dns_cache cache({1, 2}, size);
    const auto key = [](std::size_t i) { return dns_key("n" + std::to_string(i), record_type::a); };
    for (std::size_t i = 0; i < 4; ++i) {
      cache.put(asked_at, key(i), result("192.0.2.1"), seconds(60));
      CHECK(cache.size() <= size);
      if (size == 3) CHECK(cache.find(asked_at, key(0)) != nullptr);
    }
    if (size == 3) {
      CHECK(cache.find(asked_at, key(1)) == nullptr);
      CHECK(cache.find(asked_at, key(2)) != nullptr);
      CHECK(cache.find(asked_at, key(3)) != nullptr);
    }
  }
}

}  // namespace
}  // namespace parley::test
