#include <parley/base/timer_wheel.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/timer_wheel_model.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

using namespace parley::base;
using namespace std::chrono_literals;
using parley::test::seeded_random;
using parley::test::timer_wheel_model;

namespace {

constexpr time_point start(1h);

// The tags of all timers that are due, in order.
std::vector<std::uint32_t> expire(timer_wheel& wheel, time_point now) {
  std::vector<std::uint32_t> tags;
  while (timer* due = wheel.poll_expired(now)) tags.push_back(due->tag());
  return tags;
}

using tags = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("a timer expires at its deadline and never before") {
  timer_wheel wheel(start);
  timer t(&wheel, 5);
  CHECK_FALSE(t.armed());
  CHECK(t.deadline() == never);
  CHECK(wheel.poll_timeout() == never);

  wheel.arm(t, start + 500ms);
  CHECK(t.armed());
  CHECK(t.deadline() == start + 500ms);
  CHECK(wheel.size() == 1);
  CHECK(wheel.poll_expired(start + 500ms - 1us) == nullptr);
  timer* const due = wheel.poll_expired(start + 500ms);
  REQUIRE(due == &t);
  CHECK(due->context() == &wheel);
  CHECK(due->tag() == 5);
  CHECK_FALSE(t.armed());
  CHECK(t.deadline() == start + 500ms);
  CHECK(wheel.empty());
  CHECK(wheel.poll_expired(start + 1h) == nullptr);
}

TEST_CASE("a deadline is rounded up to the tick") {
  timer_wheel wheel(start, 10ms);
  timer t;
  wheel.arm(t, start + 11ms);
  CHECK(wheel.poll_timeout() == start + 20ms);
  CHECK(wheel.poll_expired(start + 19999us) == nullptr);
  CHECK(wheel.poll_expired(start + 20ms) == &t);
}

TEST_CASE("a deadline in the past is due at the next poll") {
  timer_wheel wheel(start);
  timer a(nullptr, 1);
  timer b(nullptr, 2);
  timer c(nullptr, 3);
  CHECK(wheel.poll_expired(start + 10s) == nullptr);
  wheel.arm(a, start + 3s);
  wheel.arm(b, start - 1h);
  wheel.arm(c, time_point::min());
  CHECK(wheel.poll_timeout() <= start + 10s);
  CHECK(expire(wheel, start + 10s) == tags{1, 2, 3});
}

TEST_CASE("timers of one tick come in the order in which they were armed") {
  timer_wheel wheel(start);
  std::deque<timer> timers;
  for (std::uint32_t i = 0; i < 10; ++i) wheel.arm(timers.emplace_back(nullptr, i), start + 1h);
  wheel.arm(timers[3], start + 1h);
  CHECK(expire(wheel, start + 2h) == tags{0, 1, 2, 4, 5, 6, 7, 8, 9, 3});
}

TEST_CASE("arming again replaces the deadline, cancelling forgets it") {
  timer_wheel wheel(start);
  timer a(nullptr, 1);
  timer b(nullptr, 2);
  wheel.arm(a, start + 1s);
  wheel.arm(b, start + 2s);
  wheel.arm(a, start + 3s);
  CHECK(wheel.size() == 2);
  CHECK(expire(wheel, start + 1s).empty());
  wheel.cancel(b);
  wheel.cancel(b);
  CHECK_FALSE(b.armed());
  CHECK(b.deadline() == never);
  CHECK(expire(wheel, start + 5s) == tags{1});
}

TEST_CASE("never disarms") {
  timer_wheel wheel(start);
  timer t;
  wheel.arm(t, start + 1s);
  wheel.arm(t, never);
  CHECK_FALSE(t.armed());
  CHECK(wheel.empty());
  CHECK(wheel.poll_timeout() == never);
}

TEST_CASE("a timer moves between wheels") {
  timer_wheel one(start);
  timer_wheel two(start);
  timer t;
  one.arm(t, start + 1s);
  two.arm(t, start + 2s);
  CHECK(one.empty());
  CHECK(two.size() == 1);
  one.cancel(t);
  CHECK(two.empty());
}

TEST_CASE("timers and wheels may go in any order") {
  auto wheel = std::make_unique<timer_wheel>(start);
  auto short_lived = std::make_unique<timer>();
  timer long_lived;
  wheel->arm(*short_lived, start + 1s);
  wheel->arm(long_lived, start + 1000h);
  short_lived.reset();
  CHECK(wheel->size() == 1);
  wheel.reset();
  CHECK_FALSE(long_lived.armed());
  long_lived.disarm();
}

TEST_CASE("an owner may change any timer between two polls") {
  timer_wheel wheel(start);
  std::vector<std::unique_ptr<timer>> timers;
  for (std::uint32_t i = 0; i < 6; ++i) {
    timers.push_back(std::make_unique<timer>(nullptr, i));
    wheel.arm(*timers.back(), start + 1s);
  }
  const time_point now = start + 5s;
  CHECK(wheel.poll_expired(now)->tag() == 0);
  timers[1].reset();                // destroyed while due
  wheel.cancel(*timers[2]);         // cancelled while due
  wheel.arm(*timers[3], now + 1s);  // moved away while due
  wheel.arm(*timers[0], start);     // again, for the past
  CHECK(expire(wheel, now) == tags{4, 5, 0});
  CHECK(expire(wheel, now + 1s) == tags{3});
}

TEST_CASE("a timer armed while others are due takes its place among them") {
  timer_wheel wheel(start);
  timer first(nullptr, 1);
  timer late(nullptr, 3);
  timer between(nullptr, 2);
  wheel.arm(first, start + 1s);
  wheel.arm(late, start + 1h);
  CHECK(wheel.poll_expired(start + 2h) == &first);
  wheel.arm(between, start + 2s);
  CHECK(expire(wheel, start + 2h) == tags{2, 3});
}

TEST_CASE("time that goes back makes nothing due") {
  timer_wheel wheel(start);
  timer t;
  CHECK(wheel.poll_expired(start + 10s) == nullptr);
  wheel.arm(t, start + 12s);
  CHECK(wheel.poll_expired(start + 5s) == nullptr);
  CHECK(wheel.poll_expired(start - 5s) == nullptr);
  CHECK(wheel.poll_expired(time_point::min()) == nullptr);
  CHECK(wheel.poll_expired(start + 12s) == &t);
}

TEST_CASE("poll_timeout is exact near by and leads to every timer") {
  timer_wheel wheel(start);
  timer near_one;
  wheel.arm(near_one, start + 40ms);
  CHECK(wheel.poll_timeout() == start + 40ms);
  wheel.cancel(near_one);

  time_point began = start;
  for (const duration after : std::array<duration, 6>{63ms, 64ms, 500ms, 32s, 1h, 24h * 400}) {
    timer t;
    wheel.arm(t, began + after);
    int wakes = 0;
    time_point now = began;
    while (wheel.size() != 0) {
      now = wheel.poll_timeout();
      REQUIRE(now <= began + after);
      REQUIRE(++wakes <= 12);
      static_cast<void>(wheel.poll_expired(now));
    }
    CHECK(now == began + after);
    began = now;
  }
}

TEST_CASE("time may jump by years in one poll") {
  timer_wheel wheel(start);
  std::deque<timer> timers;
  const std::array<duration, 8> after = {
      1ms, 100ms, 10s, 24h, 24h * 365, 24h * 365 * 9, 24h * 365 * 99, 24h * 365 * 1000};
  for (std::uint32_t i = 8; i-- > 0;) wheel.arm(timers.emplace_back(nullptr, i), start + after[i]);
  CHECK(expire(wheel, start + 24h * 365 * 100) == tags{0, 1, 2, 3, 4, 5, 6});
  CHECK(wheel.size() == 1);
  CHECK(expire(wheel, start + 24h * 365 * 1000) == tags{7});
  // An empty wheel jumps just as far, and is exact afterwards.
  const time_point later = start + 24h * 365 * 5000;
  CHECK(wheel.poll_expired(later) == nullptr);
  wheel.arm(timers[0], later + 5ms);
  CHECK(wheel.poll_expired(later + 4ms) == nullptr);
  CHECK(wheel.poll_expired(later + 5ms) == &timers[0]);
}

TEST_CASE("the ends of the time line are deadlines like others") {
  timer_wheel wheel(time_point::min(), 1us);
  timer last(nullptr, 2);
  timer middle(nullptr, 1);
  wheel.arm(last, never - 1us);
  wheel.arm(middle, time_point{});
  CHECK(expire(wheel, time_point{}) == tags{1});
  CHECK(wheel.poll_expired(never - 2us) == nullptr);
  CHECK(wheel.poll_timeout() == never - 1us);
  CHECK(wheel.poll_expired(never - 1us) == &last);

  // Rounded up to a tick beyond the end, it never comes, and nobody is told to wait for it.
  timer_wheel coarse(time_point{}, 1h);
  coarse.arm(last, never - 1us);
  CHECK(coarse.poll_expired(never - 1us) == nullptr);
  CHECK(coarse.poll_timeout() == never);
}

TEST_CASE("a tick of nothing counts as a microsecond") {
  timer_wheel wheel(start, 0us);
  timer t;
  wheel.arm(t, start + 3us);
  CHECK(wheel.poll_timeout() == start + 3us);
  CHECK(wheel.poll_expired(start + 3us) == &t);
}

TEST_CASE("a million timers expire in order after half of them were cancelled") {
  constexpr std::size_t count = 1'000'000;
  seeded_random random(11);
  timer_wheel wheel(start);
  const auto timers = std::make_unique<std::array<timer, count>>();
  for (timer& t : *timers)
    wheel.arm(t, start + duration(static_cast<std::int64_t>(random.uniform(600'000'000))));
  CHECK(wheel.size() == count);
  for (std::size_t i = 0; i < count; i += 2) wheel.cancel((*timers)[i]);
  CHECK(wheel.size() == count / 2);

  std::size_t expired = 0;
  bool in_order = true;
  bool early = false;
  time_point last = start;
  for (time_point now = start; wheel.size() != 0; now += 250ms) {
    while (const timer* due = wheel.poll_expired(now)) {
      // Deadlines of one tick may come in any order; ticks are in order.
      in_order = in_order && due->deadline() > last - 1ms;
      early = early || due->deadline() > now;
      last = std::max(last, due->deadline());
      ++expired;
    }
  }
  CHECK(expired == count / 2);
  CHECK(in_order);
  CHECK_FALSE(early);
  CHECK(std::none_of(timers->begin(), timers->end(), [](const timer& t) { return t.armed(); }));
}

TEST_CASE("a timer wheel does what a sorted list does") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    seeded_random random(seed);
    std::vector<std::uint8_t> operations(2000);
    random.fill(std::as_writable_bytes(std::span(operations)));
    const char* const difference = timer_wheel_model::run(operations);
    CAPTURE(seed);
    REQUIRE(difference == nullptr);
  }
}
