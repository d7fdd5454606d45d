#include "net/detail/domain_table.hpp"

#include "support/catch.hpp"

using parley::net::detail::domain_table;

TEST_CASE("a name has one number, in any case", "[net]") {
  domain_table table({1, 2}, 8);
  const auto first = table.number_of("Example.com");
  CHECK(first != 0);
  CHECK(table.number_of("example.COM") == first);
  CHECK(table.number_of("example.net") != first);
  REQUIRE(table.find(first) != nullptr);
  CHECK(*table.find(first) == "example.com");
  CHECK(table.find(0) == nullptr);
  CHECK(table.find(99) == nullptr);
}

TEST_CASE("the names that were not used for the longest time are forgotten", "[net]") {
  domain_table table({1, 2}, 2);
  const auto a = table.number_of("a");
  const auto b = table.number_of("b");
  CHECK(table.number_of("a") == a);
  const auto c = table.number_of("c");
  CHECK(table.find(b) == nullptr);
  CHECK(table.find(a) != nullptr);
  CHECK(table.find(c) != nullptr);
  // A number is never given twice.
  const auto again = table.number_of("b");
  CHECK(again != b);
  CHECK(table.find(b) == nullptr);
}
