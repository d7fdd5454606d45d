#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::test {

/// Choices for a sequence of operations, taken from a fuzzer's or a random source's bytes. Zeros when they
/// run out.
class operation_bytes {
 public:
  explicit operation_bytes(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

  bool empty() const noexcept { return bytes_.empty(); }

  std::uint8_t u8() noexcept {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::uint16_t u16() noexcept {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8U | u8());
  }

  /// Of any magnitude below 2^`bits`, small ones as often as large ones.
  std::uint64_t scaled(unsigned bits) noexcept {
    const std::uint64_t mantissa = u16();
    const unsigned shift = u8() % bits;
    return (mantissa << 48U) >> (64U - bits) >> shift;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace parley::test
