#pragma once

#include <parley/base/random_source.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::test {

/// A random source that gives the same bytes for the same seed, on every machine (SplitMix64). For tests
/// only.
class seeded_random final : public base::random_source {
 public:
  explicit seeded_random(std::uint64_t seed = 1) noexcept : state_(seed) {}

  void fill(std::span<std::byte> out) noexcept override {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i % 8 == 0) word = next();
      out[i] = static_cast<std::byte>(word & 0xFFU);
      word >>= 8U;
    }
  }

 private:
  std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27U) * 0x94D049BB133111EBU;
    return z ^ z >> 31U;
  }

  std::uint64_t state_;
};

}  // namespace parley::test
