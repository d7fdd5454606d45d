#pragma once

#include <parley/media/pcm.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::media::detail {

/// How many instants of that rate a tenth of a millisecond times `tenths` lasts.
constexpr std::size_t instants(std::uint32_t rate, std::uint32_t tenths) noexcept {
  return static_cast<std::size_t>(std::uint64_t{rate} * tenths / 10000);
}

/// A period of sound: 2.5 to 15 ms, so that voices from 66 to 400 Hz are found.
constexpr std::size_t shortest_lag(std::uint32_t rate) noexcept { return instants(rate, 25); }
constexpr std::size_t longest_lag(std::uint32_t rate) noexcept { return instants(rate, 150); }

/// How well sound repeats itself.
struct pitch {
  std::size_t lag = 0;     ///< in instants; 0: there was not enough sound to tell
  double correlation = 0;  ///< normalized, 1 where it repeats itself exactly
  double power = 0;        ///< mean square of the window
};

/// The lag, from the shortest to `longest` instants, at which the `window` instants at `at` resemble most
/// those that stand as far before them. There must be `longest` instants before `at` and `window` after it.
pitch find_pitch(std::span<const std::int16_t> sound, std::size_t at, std::size_t window, std::size_t longest,
                 pcm_format format) noexcept;

/// Sound that fades from `from` to `to`, all of one size, into `out`, which may be either of them.
void cross_fade(std::span<const std::int16_t> from, std::span<const std::int16_t> to,
                std::span<std::int16_t> out, std::uint16_t channels) noexcept;

}  // namespace parley::media::detail
