#include <parley/base/random_source.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"

#include <array>
#include <cstring>
#include <vector>

using namespace parley::base;
using parley::test::seeded_random;

namespace {

// Gives the listed numbers, one a call.
class scripted_random final : public random_source {
 public:
  explicit scripted_random(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}

  void fill(std::span<std::byte> out) noexcept override {
    const std::uint64_t number = numbers_[used_++ % numbers_.size()];
    std::memcpy(out.data(), &number, std::min(out.size(), sizeof number));
  }
  std::size_t used() const { return used_; }

 private:
  std::vector<std::uint64_t> numbers_;
  std::size_t used_ = 0;
};

}  // namespace

TEST_CASE("a seeded source repeats itself and differs by its seed") {
  seeded_random a(7);
  seeded_random b(7);
  seeded_random c(8);
  const auto first = a.u64();
  CHECK(first == b.u64());
  CHECK(first != c.u64());
  CHECK(a.u32() == b.u32());
}

TEST_CASE("the seeded source gives the published SplitMix64 sequence") {
  seeded_random random(1234567);
  std::array<std::byte, 8> raw{};
  random.fill(raw);
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = value << 8U | std::to_integer<std::uint64_t>(raw[i]);
  CHECK(value == 6457827717110365317U);
}

TEST_CASE("uniform stays below its bound and reaches everything under it") {
  seeded_random random(3);
  CHECK(random.uniform(0) == 0);
  CHECK(random.uniform(1) == 0);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6000; ++i) {
    const auto n = random.uniform(6);
    REQUIRE(n < 6);
    ++seen[n];
  }
  for (const int count : seen) {
    CHECK(count > 850);
    CHECK(count < 1150);
  }
}

TEST_CASE("uniform draws again where the remainder would favour small numbers") {
  const std::uint64_t bound = (std::uint64_t{1} << 63U) + 1;
  // 2^64 mod bound is 2^63 - 1: lower draws are refused.
  scripted_random random({0, (std::uint64_t{1} << 63U) - 2, (std::uint64_t{1} << 63U) - 1});
  CHECK(random.uniform(bound) == (std::uint64_t{1} << 63U) - 1);
  CHECK(random.used() == 3);
}
