#include "sim/call_simulation.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using parley::test::call_simulation;

constexpr std::size_t calls_a_seed = 10;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// PARLEY_SIM_SEED=n runs that seed alone; PARLEY_SIM_CALLS=n says how many calls there are in all.
TEST_CASE("calls over a bad network end, and until then both ends agree on them") {
  const std::uint64_t seed = number_from("PARLEY_SIM_SEED", 0);
  const std::uint64_t seeds = number_from("PARLEY_SIM_CALLS", 2000) / calls_a_seed;
  const std::uint64_t first = seed != 0 ? seed : 1;
  const std::uint64_t last = seed != 0 ? seed : seeds;
  std::size_t answered = 0;
  std::size_t exchanges = 0;
  std::size_t told = 0;
  std::size_t told_late = 0;
  for (std::uint64_t i = first; i <= last; ++i) {
    CAPTURE(i);
    call_simulation simulation(i, calls_a_seed);
    const auto complaints = simulation.run();
    CHECK(complaints == std::vector<std::string>());
    answered += simulation.answered();
    exchanges += simulation.exchanges();
    told += simulation.transfers_told();
    told_late += simulation.transfers_told_late();
  }
  // What nobody has done was not tested.
  CHECK(answered >= (last - first + 1) * calls_a_seed);
  CHECK(exchanges >= (last - first + 1) * calls_a_seed);
  if (seed != 0) return;
  CHECK(told >= last - first + 1);
  CHECK(told_late >= (last - first + 1) / 2);
}

}  // namespace
