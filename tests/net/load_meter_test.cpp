#include "net/detail/load_meter.hpp"

#include "support/catch.hpp"

#include <ctime>

using namespace parley;
using namespace std::chrono_literals;
using net::detail::load_meter;

namespace {

// Only the thread's own time is real: what passes otherwise is what the test says.
void work_for(std::chrono::nanoseconds time) {
  const auto worked = [] {
    std::timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  const auto end = worked() + time;
  while (worked() < end) {
  }
}

const base::time_point measured_from{1000s};

}  // namespace

TEST_CASE("the load of a thread is the share of the time that it has worked", "[net]") {
  load_meter meter;
  meter.start(measured_from);
  work_for(10ms);
  CHECK(meter.measure(measured_from + 20ms, 0) >= 0.5);
  // What it does meanwhile is next to nothing of an hour, which begins anew with each measurement.
  CHECK(meter.measure(measured_from + 1h, 0) < 0.01);
  work_for(10ms);
  CHECK(meter.measure(measured_from + 1h + 5ms, 0) == 1.0);
}

TEST_CASE("what a thread waits for its turn is not its time", "[net]") {
  CHECK(load_meter::share(100ms, 0ms, 0ms) == 0.0);
  CHECK(load_meter::share(100ms, 25ms, 0ms) == 0.25);
  // One that shares a processor with four others, and does a quarter of what its turns allow.
  CHECK(load_meter::share(100ms, 5ms, 80ms) == 0.25);
  CHECK(load_meter::share(100ms, 20ms, 80ms) == 1.0);
  CHECK(load_meter::share(100ms, 20ms, 90ms) == 1.0);
  CHECK(load_meter::share(100ms, 0ms, 100ms) == 0.0);
}

TEST_CASE("receive buffers that are fuller than the thread is busy are the load", "[net]") {
  load_meter meter;
  meter.start(measured_from);
  CHECK(meter.measure(measured_from + 1h, 0.7) == 0.7);
  CHECK(meter.measure(measured_from + 2h, 1.2) == 1.0);
}
