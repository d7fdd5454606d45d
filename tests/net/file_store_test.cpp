#include <parley/net/file_store.hpp>

#include "support/catch.hpp"
#include "support/temporary_file.hpp"

#include <array>
#include <cstddef>
#include <utility>

using namespace parley;

TEST_CASE("a file is read and written at any place, a gap is zeros", "[net][file_store]") {
  const test::temporary_file file("what there was");
  auto made = net::file_store::create(file.path());
  REQUIRE(made.has_value());
  net::file_store store = *std::move(made);
  CHECK(store.size() == 0);
  const std::array bytes{std::byte{1}, std::byte{2}};
  REQUIRE(store.write_at(3, bytes).has_value());
  CHECK(store.size() == 5);
  REQUIRE(store.write_at(0, bytes).has_value());
  CHECK(store.size() == 5);
  auto again = net::file_store::open(file.path());
  REQUIRE(again.has_value());
  CHECK(again->size() == 5);
  std::array<std::byte, 8> out{};
  const auto got = again->read_at(1, out);
  REQUIRE(got.has_value());
  CHECK(*got == 4);
  CHECK(out[0] == std::byte{2});
  CHECK(out[1] == std::byte{0});
  CHECK(out[2] == std::byte{1});
  // Opened for reading.
  CHECK_FALSE(again->write_at(0, bytes).has_value());
}

TEST_CASE("what is not there, or full, says so", "[net][file_store]") {
  CHECK_FALSE(net::file_store::open("/nowhere/at/all").has_value());
  CHECK_FALSE(net::file_store::create("/nowhere/at/all").has_value());
  auto full = net::file_store::create("/dev/full");
  if (!full) return;
  const std::array<std::byte, 4> bytes{};
  CHECK_FALSE(full->write_at(0, bytes).has_value());
}
