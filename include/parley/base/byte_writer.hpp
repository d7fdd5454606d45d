#pragma once

#include <parley/base/error.hpp>
#include <parley/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace parley::base {

/// Writes big-endian fields into a span, one after the other, and never past its end.
///
/// The first write that fails makes all later ones fail with the same error, so a run of writes may be
/// checked once at its end with `status()`; what was written before it stays as it is.
///
/// *Ownership:* refers to the span it was given; `written()` is a view of it.
/// *Errors:* `errc::no_space` past the end: start again with a larger span. `errc::out_of_range` for a value
/// or a position that does not fit.
class byte_writer {
 public:
  explicit byte_writer(std::span<std::byte> output) noexcept : output_(output) {}

  std::size_t position() const noexcept { return position_; }
  std::size_t remaining() const noexcept { return output_.size() - position_; }
  std::span<std::byte> written() const noexcept { return output_.first(position_); }

  /// The first error, or success when every write so far has succeeded.
  [[nodiscard]] result<void> status() const noexcept {
    if (failed_ != errc{}) return failed_;
    return {};
  }

  result<void> u8(std::uint8_t value) noexcept { return integer<1>(value); }
  result<void> u16(std::uint16_t value) noexcept { return integer<2>(value); }
  result<void> u24(std::uint32_t value) noexcept {
    if (value > 0xFFFFFFU) return fail(errc::out_of_range);
    return integer<3>(value);
  }
  result<void> u32(std::uint32_t value) noexcept { return integer<4>(value); }
  result<void> u64(std::uint64_t value) noexcept { return integer<8>(value); }

  result<void> bytes(std::span<const std::byte> value) noexcept {
    if (!fits(value.size())) return failed_;
    if (!value.empty()) std::memcpy(output_.data() + position_, value.data(), value.size());
    position_ += value.size();
    return {};
  }
  result<void> text(std::string_view value) noexcept { return bytes(std::as_bytes(std::span(value))); }

  /// Writes `n` bytes of `value`: padding.
  result<void> fill(std::size_t n, std::byte value = std::byte{0}) noexcept {
    if (!fits(n)) return failed_;
    if (n != 0) std::memset(output_.data() + position_, std::to_integer<int>(value), n);
    position_ += n;
    return {};
  }

  /// Overwrites two bytes at `at`, which have been written before: a length known only afterwards.
  result<void> patch_u16(std::size_t at, std::uint16_t value) noexcept {
    if (failed_ != errc{}) return failed_;
    if (at > position_ || position_ - at < 2) return fail(errc::out_of_range);
    store<2>(at, value);
    return {};
  }

 private:
  result<void> fail(errc reason) noexcept {
    if (failed_ == errc{}) failed_ = reason;
    return failed_;
  }

  bool fits(std::size_t n) noexcept {
    if (failed_ == errc{} && n > remaining()) failed_ = errc::no_space;
    return failed_ == errc{};
  }

  template <std::size_t Width>
  void store(std::size_t at, std::uint64_t value) noexcept {
    for (std::size_t i = 0; i < Width; ++i) {
      output_[at + i] = static_cast<std::byte>(value >> (8U * (Width - 1 - i)) & 0xFFU);
    }
  }

  template <std::size_t Width>
  result<void> integer(std::uint64_t value) noexcept {
    if (!fits(Width)) return failed_;
    store<Width>(position_, value);
    position_ += Width;
    return {};
  }

  std::span<std::byte> output_;
  std::size_t position_ = 0;
  errc failed_{};
};

}  // namespace parley::base
