#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::media::detail {

/// Reads bits, the highest of a byte first. Past the end they are zeros, and `fine` is false.
class bit_reader {
 public:
  explicit bit_reader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  bool fine() const noexcept { return fine_; }

  bool flag() noexcept { return bits(1) != 0; }

  /// Up to 32 of them.
  std::uint32_t bits(unsigned count) noexcept {
    std::uint32_t value = 0;
    for (; count != 0; --count, ++position_) {
      value <<= 1U;
      if (position_ / 8 >= bytes_.size()) {
        fine_ = false;
        continue;
      }
      value |= std::to_integer<std::uint32_t>(bytes_[position_ / 8]) >> (7U - position_ % 8U) & 1U;
    }
    return value;
  }

  void skip(unsigned count) noexcept {
    for (; count > 32; count -= 32) bits(32);
    bits(count);
  }

  /// ue(v) of H.264 9.1, which is uvlc() of AV1 4.10.3, too, but for values that nobody needs.
  std::uint32_t exp_golomb() noexcept {
    unsigned zeros = 0;
    while (fine_ && !flag()) ++zeros;
    if (zeros > 31) fine_ = false;
    if (!fine_) return 0;
    return (std::uint32_t{1} << zeros) - 1 + bits(zeros);
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  bool fine_ = true;
};

}  // namespace parley::media::detail
