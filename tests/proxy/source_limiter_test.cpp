#include <parley/proxy/source_limiter.hpp>

#include "support/catch.hpp"

#include <cstdint>

using namespace parley;
using namespace std::chrono_literals;

namespace {

const base::time_point start{1000s};

base::ip_address address(std::uint32_t number) { return base::ip_address::v4(0x0a000000U + number); }

int taken(proxy::source_limiter& limiter, base::time_point now, const base::ip_address& source, int tries) {
  int out = 0;
  for (int i = 0; i < tries; ++i) out += limiter.take(now, source) ? 1 : 0;
  return out;
}

}  // namespace

TEST_CASE("a source has its burst at once and its rate after that", "[proxy]") {
  proxy::source_limiter limiter({.rate = 10, .burst = 3, .sources = 64}, {1, 2});
  CHECK(taken(limiter, start, address(1), 5) == 3);
  CHECK(taken(limiter, start + 99ms, address(1), 5) == 0);
  CHECK(taken(limiter, start + 100ms, address(1), 5) == 1);
  CHECK(taken(limiter, start + 300ms, address(1), 5) == 2);
  // It never has more than its burst.
  CHECK(taken(limiter, start + 1h, address(1), 9) == 3);
}

TEST_CASE("one source does not take from another", "[proxy]") {
  proxy::source_limiter limiter({.rate = 1, .burst = 1, .sources = 64}, {1, 2});
  CHECK(taken(limiter, start, address(1), 2) == 1);
  CHECK(taken(limiter, start, address(2), 2) == 1);
  const auto v6 = [](const char* text) { return base::ip_address::from_string(text).value(); };
  CHECK(taken(limiter, start, v6("2001:db8::1"), 2) == 1);
  // One host may have a whole /64.
  CHECK(taken(limiter, start, v6("2001:db8::ffff:2"), 1) == 0);
  CHECK(taken(limiter, start, v6("2001:db8:0:1::1"), 2) == 1);
  CHECK(taken(limiter, start, v6("::ffff:10.0.0.1"), 1) == 0);
}

TEST_CASE("without a rate nothing is limited", "[proxy]") {
  proxy::source_limiter limiter({.rate = 0, .burst = 1, .sources = 64}, {1, 2});
  CHECK(taken(limiter, start, address(1), 1000) == 1000);
}

TEST_CASE("a source that is held back stays so while thousands of others come", "[proxy]") {
  proxy::source_limiter limiter({.rate = 1, .burst = 100, .sources = 64}, {1, 2});
  CHECK(taken(limiter, start, address(0), 200) == 100);
  for (std::uint32_t i = 1; i < 10'000; ++i) CHECK(limiter.take(start, address(i)));
  CHECK(taken(limiter, start, address(0), 5) == 0);
}
