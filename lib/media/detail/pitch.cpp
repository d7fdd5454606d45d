#include "pitch.hpp"

#include <algorithm>
#include <cmath>

namespace parley::media::detail {
namespace {

/// Every `step`th instant of a window against one that stands `lag` instants before it. All channels count
/// as one signal.
double correlation(const std::int16_t* window, std::size_t size, std::size_t lag, std::size_t step,
                   std::size_t channels) noexcept {
  const std::int16_t* const earlier = window - lag * channels;
  std::int64_t product = 0;
  std::int64_t power = 0;
  for (std::size_t i = 0; i < size * channels; i += step * channels) {
    const std::int32_t a = window[i];
    const std::int32_t b = earlier[i];
    product += std::int64_t{a} * b;
    power += std::int64_t{b} * b;
  }
  if (product <= 0 || power == 0) return 0;
  return static_cast<double>(product) / std::sqrt(static_cast<double>(power));
}

double sum_of_squares(const std::int16_t* samples, std::size_t size, std::size_t step) noexcept {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < size; i += step) sum += std::int64_t{samples[i]} * samples[i];
  return static_cast<double>(sum);
}

}  // namespace

pitch find_pitch(std::span<const std::int16_t> sound, std::size_t at, std::size_t window, std::size_t longest,
                 pcm_format format) noexcept {
  pitch found;
  const std::size_t channels = format.channels;
  const std::size_t shortest = shortest_lag(format.rate);
  if (window == 0 || longest < shortest || at < longest || (at + window) * channels > sound.size())
    return found;
  const std::int16_t* const here = sound.data() + at * channels;
  // Coarse at 4000 lags and samples a second, as speech has its pitch well below; then fine around the best.
  const std::size_t step = std::max<std::size_t>(1, format.rate / 4000);
  double best = -1;
  for (std::size_t lag = shortest; lag <= longest; lag += step) {
    const double c = correlation(here, window, lag, step, channels);
    if (c > best) {
      best = c;
      found.lag = lag;
    }
  }
  const std::size_t first = std::max(shortest, found.lag - std::min(found.lag, step));
  const std::size_t last = std::min(longest, found.lag + step);
  const std::size_t fine = std::max<std::size_t>(1, format.rate / 16000);
  best = -1;
  for (std::size_t lag = first; lag <= last; ++lag) {
    const double c = correlation(here, window, lag, fine, channels);
    if (c > best) {
      best = c;
      found.lag = lag;
    }
  }
  const double own = sum_of_squares(here, window * channels, fine * channels);
  found.power = own * static_cast<double>(fine) / static_cast<double>(window);
  found.correlation = own > 0 ? best / std::sqrt(own) : 0;
  return found;
}

void cross_fade(std::span<const std::int16_t> from, std::span<const std::int16_t> to,
                std::span<std::int16_t> out, std::uint16_t channels) noexcept {
  const std::size_t length = out.size() / channels;
  for (std::size_t i = 0; i < length; ++i) {
    const auto to_weight = static_cast<std::int32_t>((i + 1) * 16384 / (length + 1));
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t at = i * channels + c;
      const std::int32_t mixed = from[at] * (16384 - to_weight) + to[at] * to_weight;
      out[at] = static_cast<std::int16_t>((mixed + 8192) >> 14);
    }
  }
}

}  // namespace parley::media::detail
