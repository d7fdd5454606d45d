#include <parley/base/time.hpp>

#include "support/catch.hpp"

#include <type_traits>

using namespace parley::base;
using namespace std::chrono_literals;

namespace {

template <class Clock>
concept tells_time = requires { Clock::now(); };

}  // namespace

TEST_CASE("the machines' clock does not tell the time") {
  CHECK_FALSE(tells_time<parley::base::clock>);
  CHECK(tells_time<std::chrono::steady_clock>);
}

TEST_CASE("calendar time and machine time do not mix") {
  CHECK_FALSE(std::is_convertible_v<wall_time, time_point>);
  CHECK_FALSE(std::is_convertible_v<time_point, wall_time>);
}

TEST_CASE("add_saturated stops at never") {
  const time_point at(10s);
  CHECK(add_saturated(at, 5s) == time_point(15s));
  CHECK(add_saturated(at, -5s) == at);
  CHECK(add_saturated(at, duration::max()) == never);
  CHECK(add_saturated(never, 1s) == never);
  CHECK(add_saturated(never - 1s, 1s) == never);
  CHECK(add_saturated(time_point::min(), duration::max()) == time_point::min() + duration::max());
  CHECK(at < never);
}
