#include <parley/net/clock.hpp>
#include <parley/net/deadline_timer.hpp>

#include "support/catch.hpp"
#include "support/net_peers.hpp"

#include <memory>

namespace asio = boost::asio;
using namespace parley;
using namespace std::chrono_literals;
using net::steady_clock_source;

TEST_CASE("the handler is called at the deadline, not before", "[net][timer]") {
  asio::io_context io;
  int calls = 0;
  base::time_point at;
  const base::time_point deadline = steady_clock_source::now() + 20ms;
  net::deadline_timer timer(io.get_executor(), [&](base::time_point now) {
    ++calls;
    at = now;
    return base::never;
  });
  timer.update(base::never);
  timer.update(deadline);
  REQUIRE(test::run_until(io, [&] { return calls == 1; }));
  CHECK(at >= deadline);
  test::run_ready(io);
  CHECK(calls == 1);
}

TEST_CASE("an earlier deadline replaces a later one, a later one does not", "[net][timer]") {
  asio::io_context io;
  std::vector<base::time_point> calls;
  const base::time_point armed_from = steady_clock_source::now();
  base::time_point next = armed_from + 60ms;
  net::deadline_timer timer(io.get_executor(), [&](base::time_point now) {
    calls.push_back(now);
    return now < next ? next : base::never;
  });
  timer.update(armed_from + 1h);
  timer.update(armed_from + 30ms);
  timer.update(next);  // the machine's deadline has moved back
  REQUIRE(test::run_until(io, [&] { return !calls.empty() && calls.back() >= next; }));
  // Woken once for nothing, and then in time.
  CHECK(calls.size() <= 2);
  CHECK(calls[0] >= armed_from + 30ms);
}

TEST_CASE("a deadline that has passed is due at once", "[net][timer]") {
  asio::io_context io;
  int left = 3;
  net::deadline_timer timer(io.get_executor(),
                            [&](base::time_point now) { return --left > 0 ? now : base::never; });
  timer.update(steady_clock_source::now() - 1s);
  CHECK(left == 3);  // not from inside update
  REQUIRE(test::run_until(io, [&] { return left == 0; }));
}

TEST_CASE("a timer may be destroyed in its own handler", "[net][timer]") {
  asio::io_context io;
  std::unique_ptr<net::deadline_timer> timer;
  timer = std::make_unique<net::deadline_timer>(io.get_executor(), [&](base::time_point now) {
    timer.reset();
    return now;
  });
  timer->update(steady_clock_source::now());
  REQUIRE(test::run_until(io, [&] { return timer == nullptr; }));
  test::run_ready(io);
}

TEST_CASE("a destroyed timer does not call", "[net][timer]") {
  asio::io_context io;
  bool called = false;
  {
    net::deadline_timer timer(io.get_executor(), [&](base::time_point) {
      called = true;
      return base::never;
    });
    timer.update(steady_clock_source::now());
  }
  test::run_ready(io);
  CHECK_FALSE(called);
}
