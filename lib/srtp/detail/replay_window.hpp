#pragma once

#include <parley/srtp/error.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::srtp::detail {

/// The ring of bits of a replay window (RFC 3711 3.3.2): bit `i % capacity` stands for index i, of the
/// `width` indices up to the highest. `words` has a power of two of them.
///
/// The owner keeps the words and the highest index.
class replay_window {
 public:
  replay_window(std::span<std::uint64_t> words, std::size_t width) noexcept : words_(words), width_(width) {}

  /// Words for a window of `width`.
  static std::size_t words_for(std::size_t width) noexcept { return std::bit_ceil((width + 63) / 64); }

  /// `errc{}` for an index that has not come yet.
  errc check(std::uint64_t highest, std::uint64_t index) const noexcept {
    if (index > highest) return errc{};
    if (highest - index >= width_) return errc::too_old;
    return (word(index) & bit(index)) != 0 ? errc::replayed : errc{};
  }

  /// Remembers that `index`, which `check` has let pass, has come. Returns the highest one.
  std::uint64_t accept(std::uint64_t highest, std::uint64_t index) noexcept {
    if (index > highest) {
      if (index - highest >= words_.size() * 64) {
        clear();
      } else {
        for (std::uint64_t i = highest + 1; i != index; ++i) word(i) &= ~bit(i);
      }
      highest = index;
    }
    word(index) |= bit(index);
    return highest;
  }

  void clear() noexcept {
    for (std::uint64_t& each : words_) each = 0;
  }

 private:
  static std::uint64_t bit(std::uint64_t index) noexcept { return std::uint64_t{1} << (index & 63U); }
  std::uint64_t& word(std::uint64_t index) const noexcept {
    return words_[static_cast<std::size_t>(index / 64) & (words_.size() - 1)];
  }

  std::span<std::uint64_t> words_;
  std::size_t width_;
};

}  // namespace parley::srtp::detail
