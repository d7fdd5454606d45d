#include "net/detail/keep_alive.hpp"

#include "support/catch.hpp"
#include "support/seeded_random.hpp"

using namespace parley;
using namespace std::chrono_literals;
using net::detail::keep_alive;
using action = keep_alive::action;
using mode = keep_alive::mode;

namespace {

constexpr base::time_point idle_from{1'000'000us};

struct driver {
  explicit driver(mode when, base::duration interval = 100s) {
    machine.begin(idle_from, when, interval, 10s, random);
  }

  /// Goes on to the next time, asks, and returns when that was.
  base::time_point ask() {
    const base::time_point at = machine.poll_timeout();
    CHECK(machine.handle_timeout(at - 1us) == action::none);
    CHECK(machine.handle_timeout(at) == action::ask);
    CHECK(machine.poll_timeout() == base::never);
    machine.handle_asked(at);
    return at;
  }

  keep_alive machine;
  test::seeded_random random;
};

}  // namespace

TEST_CASE("intervals are drawn between 80% and 100%", "[net]") {
  test::seeded_random random;
  base::duration least = 10us;
  base::duration most = 0us;
  for (int i = 0; i < 200; ++i) {
    const base::duration drawn = net::detail::draw_interval(10us, random);
    least = std::min(least, drawn);
    most = std::max(most, drawn);
  }
  CHECK(least == 8us);
  CHECK(most == 10us);
  CHECK(net::detail::draw_interval(1us, random) == 1us);
}

TEST_CASE("a flow that answers is asked again and again", "[net]") {
  driver d(mode::always);
  base::time_point last = idle_from;
  for (int i = 0; i < 20; ++i) {
    const base::time_point at = d.ask();
    CHECK(at - last >= 80s);
    CHECK(at - last <= 100s);
    last = at + 3s;
    d.machine.handle_received(at + 2s, d.random);  // no pong, so it says nothing
    CHECK(d.machine.awaiting());
    d.machine.handle_pong(last, d.random);
    CHECK_FALSE(d.machine.awaiting());
  }
}

TEST_CASE("a flow that does not answer in time is given up", "[net]") {
  driver d(GENERATE(mode::always, mode::when_silent));
  const base::time_point at = d.ask();
  CHECK(d.machine.poll_timeout() == at + 10s);
  CHECK(d.machine.handle_timeout(at + 10s - 1us) == action::none);
  SECTION("too late") {
    CHECK(d.machine.handle_timeout(at + 10s) == action::give_up);
    CHECK_FALSE(d.machine.on());
    d.machine.handle_pong(at + 10s + 1us, d.random);
    CHECK(d.machine.poll_timeout() == base::never);
  }
  SECTION("in the last moment") {
    d.machine.handle_pong(at + 10s - 1us, d.random);
    CHECK(d.machine.handle_timeout(at + 10s) == action::none);
    CHECK(d.machine.on());
  }
}

TEST_CASE("the time to answer begins when the ping has gone out", "[net]") {
  driver d(mode::always);
  const base::time_point at = d.machine.poll_timeout();
  CHECK(d.machine.handle_timeout(at) == action::ask);
  CHECK(d.machine.handle_timeout(at + 1h) == action::none);
  d.machine.handle_asked(at + 1h);
  CHECK(d.machine.poll_timeout() == at + 1h + 10s);
  d.machine.handle_asked(at + 2h);
  CHECK(d.machine.poll_timeout() == at + 1h + 10s);
}

TEST_CASE("who is asked when silent is not asked while he talks", "[net]") {
  driver d(mode::when_silent);
  for (base::time_point now = idle_from; now < idle_from + 1000s; now += 79s) {
    CHECK(d.machine.handle_timeout(now) == action::none);
    d.machine.handle_received(now, d.random);
  }
  const base::time_point at = d.ask();
  CHECK(at >= idle_from + 1000s);
  d.machine.handle_received(at + 1s, d.random);
  CHECK_FALSE(d.machine.awaiting());
}

TEST_CASE("no interval, no keep-alives", "[net]") {
  driver d(mode::always, 0s);
  CHECK_FALSE(d.machine.on());
  CHECK(d.machine.poll_timeout() == base::never);
  d.machine.begin(idle_from, mode::always, 10s, 1s, d.random);
  CHECK(d.machine.on());
  d.machine.end();
  CHECK(d.machine.handle_timeout(idle_from + 1h) == action::none);
}
