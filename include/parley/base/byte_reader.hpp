#pragma once

#include <parley/base/error.hpp>
#include <parley/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley::base {

/// Reads big-endian fields from a span, one after the other, and never past its end.
///
/// *Ownership:* refers to the bytes it was given; what `bytes` and `text` return are views of them.
/// *Errors:* every read that would pass the end returns `errc::truncated` and leaves the position where it
/// was.
class byte_reader {
 public:
  byte_reader() noexcept = default;
  explicit byte_reader(std::span<const std::byte> input) noexcept : input_(input) {}
  explicit byte_reader(std::string_view input) noexcept : input_(std::as_bytes(std::span(input))) {}

  std::size_t position() const noexcept { return position_; }
  std::size_t remaining() const noexcept { return input_.size() - position_; }
  bool empty() const noexcept { return remaining() == 0; }

  /// What has not been read yet.
  std::span<const std::byte> rest() const noexcept { return input_.subspan(position_); }

  [[nodiscard]] result<std::uint8_t> u8() noexcept { return integer<std::uint8_t, 1>(); }
  [[nodiscard]] result<std::uint16_t> u16() noexcept { return integer<std::uint16_t, 2>(); }
  [[nodiscard]] result<std::uint32_t> u24() noexcept { return integer<std::uint32_t, 3>(); }
  [[nodiscard]] result<std::uint32_t> u32() noexcept { return integer<std::uint32_t, 4>(); }
  [[nodiscard]] result<std::uint64_t> u64() noexcept { return integer<std::uint64_t, 8>(); }

  [[nodiscard]] result<std::span<const std::byte>> bytes(std::size_t n) noexcept {
    if (n > remaining()) return errc::truncated;
    const auto taken = input_.subspan(position_, n);
    position_ += n;
    return taken;
  }

  [[nodiscard]] result<std::string_view> text(std::size_t n) noexcept {
    if (n > remaining()) return errc::truncated;
    const auto taken = input_.subspan(position_, n);
    position_ += n;
    return std::string_view(reinterpret_cast<const char*>(taken.data()), n);
  }

  [[nodiscard]] result<void> skip(std::size_t n) noexcept {
    if (n > remaining()) return errc::truncated;
    position_ += n;
    return {};
  }

 private:
  template <class Integer, std::size_t Width>
  result<Integer> integer() noexcept {
    if (Width > remaining()) return errc::truncated;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < Width; ++i) {
      value = value << 8U | std::to_integer<std::uint64_t>(input_[position_ + i]);
    }
    position_ += Width;
    return static_cast<Integer>(value);
  }

  std::span<const std::byte> input_;
  std::size_t position_ = 0;
};

}  // namespace parley::base
