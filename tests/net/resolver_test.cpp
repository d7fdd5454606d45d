#include <parley/net/error.hpp>
#include <parley/net/resolver.hpp>

#include "support/catch.hpp"
#include "support/net_peers.hpp"

#include <optional>

namespace parley::test {
namespace {

TEST_CASE("a name of the hosts file is found, and shared by those who ask at once") {
  asio::io_context io;
  net::resolver resolver(io.get_executor());
  int answers = 0;
  bool inside = true;
  for (int i = 0; i < 3; ++i) {
    resolver.resolve("localhost", [&](base::error_code error, const std::vector<base::ip_address>& found) {
      CHECK(!inside);
      CHECK(!error);
      REQUIRE(!found.empty());
      CHECK(found.front().is_loopback());
      ++answers;
    });
  }
  inside = false;
  CHECK(run_until(io, [&] { return answers == 3; }));
  resolver.resolve("localhost", [&](base::error_code, const auto&) { ++answers; });
  CHECK(answers == 3);
  CHECK(run_until(io, [&] { return answers == 4; }));
}

TEST_CASE("a name that nobody has is an error, and remembered as one") {
  asio::io_context io;
  net::resolver resolver(io.get_executor());
  std::optional<base::error_code> first;
  std::optional<base::error_code> second;
  resolver.resolve("no-such-host.invalid", [&](base::error_code error, const auto& found) {
    CHECK(found.empty());
    first = error;
  });
  REQUIRE(run_until(io, [&] { return first.has_value(); }));
  CHECK(*first);
  resolver.resolve("no-such-host.invalid", [&](base::error_code error, const auto&) { second = error; });
  REQUIRE(run_until(io, [&] { return second.has_value(); }));
  CHECK(*second == *first);
}

TEST_CASE("the number of names asked for at once is bounded") {
  asio::io_context io;
  net::resolver resolver(io.get_executor(), {.max_pending = 1});
  std::optional<base::error_code> refused;
  bool found = false;
  resolver.resolve("localhost", [&](base::error_code, const auto&) { found = true; });
  resolver.resolve("other-host.invalid", [&](base::error_code error, const auto&) { refused = error; });
  REQUIRE(run_until(io, [&] { return refused && found; }));
  CHECK(*refused == net::errc::limit_reached);
}

TEST_CASE("the number of names remembered is bounded") {
  asio::io_context io;
  net::resolver resolver(io.get_executor(), {.max_names = 1});
  std::optional<base::error_code> refused;
  bool found = false;
  resolver.resolve("localhost", [&](base::error_code, const auto&) { found = true; });
  REQUIRE(run_until(io, [&] { return found; }));
  resolver.resolve("other-host.invalid", [&](base::error_code error, const auto&) { refused = error; });
  REQUIRE(run_until(io, [&] { return refused.has_value(); }));
  CHECK(*refused == net::errc::limit_reached);
}

TEST_CASE("a resolver may be destroyed while it is asked") {
  asio::io_context io;
  bool called = false;
  {
    net::resolver resolver(io.get_executor());
    resolver.resolve("localhost", [&](base::error_code, const auto&) { called = true; });
  }
  run_ready(io);
  CHECK(!called);
}

}  // namespace
}  // namespace parley::test
