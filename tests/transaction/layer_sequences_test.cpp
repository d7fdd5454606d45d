#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/transaction_model.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

TEST_CASE("random sequences of operations keep the layer's promises") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    parley::test::seeded_random random(seed);
    std::array<std::uint8_t, 1500> bytes{};
    random.fill(std::as_writable_bytes(std::span(bytes)));
    const char* const broken = parley::test::transaction_model::run(bytes);
    INFO("seed " << seed << ": " << (broken == nullptr ? "" : broken));
    CHECK(broken == nullptr);
  }
}
