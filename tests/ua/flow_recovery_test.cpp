#include <parley/ua/flow_recovery.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

using namespace parley;
using namespace std::chrono_literals;

TEST_CASE("recovery delays are drawn over the whole of their range") {
  test::seeded_random random;
  base::duration least = base::duration::max();
  base::duration most{};
  for (int i = 0; i < 1000; ++i) {
    const auto drawn = ua::recovery_delay({}, 1, false, random);
    least = std::min(least, drawn);
    most = std::max(most, drawn);
  }
  CHECK(least >= 30s);
  CHECK(least < 31s);
  CHECK(most <= 60s);
  CHECK(most > 59s);
}

TEST_CASE("RFC 5626 4.5: no failure, no delay; many failures, the longest one") {
  test::seeded_random random;
  CHECK(ua::recovery_delay({}, 0, true, random) == 0s);
  for (const std::uint32_t failures : {7U, 64U, std::numeric_limits<std::uint32_t>::max()}) {
    const auto drawn = ua::recovery_delay({}, failures, failures == 64, random);
    CHECK(drawn >= 900s);
    CHECK(drawn <= 1800s);
  }
  // Times that make no sense still give some delay, and an end.
  CHECK(ua::recovery_delay({.all_failed = 0s, .some_failed = -5s, .longest = -1s}, 9, false, random) <= 1s);
  CHECK(ua::recovery_delay({.all_failed = 50s, .some_failed = 50s, .longest = 10s}, 1, false, random) <= 10s);
}

TEST_CASE("RFC 5626 4.4: how far apart keep-alives are") {
  using range = ua::keep_alive_range;
  CHECK((ua::keep_alive_range_of({}, true) == range{95s, 120s}));
  CHECK((ua::keep_alive_range_of({}, false) == range{24s, 29s}));
  CHECK((ua::keep_alive_range_of(600, true) == range{480s, 600s}));
  // A NAT forgets UDP whatever the server says.
  CHECK((ua::keep_alive_range_of(600, false) == range{24s, 29s}));
  CHECK((ua::keep_alive_range_of(20, false) == range{16s, 20s}));
  CHECK((ua::keep_alive_range_of(0, true) == range{8s, 10s}));
}
