#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace parley::base {

/// Where machines get their randomness from. `net` has one on the system's generator; tests have one with a
/// seed. What it gives ends up in tags, branches, keys and nonces: a production source is unpredictable.
class random_source {
 public:
  random_source() = default;
  random_source(const random_source&) = delete;
  random_source& operator=(const random_source&) = delete;
  virtual ~random_source() = default;

  /// Fills `out` with random bytes.
  virtual void fill(std::span<std::byte> out) noexcept = 0;

  std::uint64_t u64() noexcept { return integer<std::uint64_t>(); }
  std::uint32_t u32() noexcept { return integer<std::uint32_t>(); }

  /// A number below `bound`, each as likely as the other; 0 for a bound of 0.
  std::uint64_t uniform(std::uint64_t bound) noexcept {
    if (bound < 2) return 0;
    // The numbers from 0 to 2^64 - 1 do not divide evenly by most bounds; draws among the surplus are
    // repeated.
    const std::uint64_t surplus = (0 - bound) % bound;
    std::uint64_t drawn = u64();
    while (drawn < surplus) drawn = u64();
    return drawn % bound;
  }

 private:
  template <class Integer>
  Integer integer() noexcept {
    std::array<std::byte, sizeof(Integer)> raw{};
    fill(raw);
    Integer value = 0;
    std::memcpy(&value, raw.data(), raw.size());
    return value;
  }
};

}  // namespace parley::base
