#include <parley/media/level.hpp>

#include <algorithm>
#include <cmath>

namespace parley::media {

double mean_square(std::span<const std::int16_t> frame) noexcept {
  if (frame.empty()) return 0;
  std::int64_t sum = 0;
  for (const std::int32_t sample : frame) sum += sample * sample;
  return static_cast<double>(sum) / static_cast<double>(frame.size());
}

std::uint8_t audio_level(std::span<const std::int16_t> frame) noexcept {
  const double power = mean_square(frame);
  if (power <= 0) return 127;
  const double below = -10 * std::log10(power / (32767.0 * 32767.0));
  return static_cast<std::uint8_t>(std::clamp(std::lround(below), 0L, 127L));
}

double sine_amplitude(double dbm0) noexcept { return 32767 * std::pow(10.0, (dbm0 - 3.14) / 20); }

}  // namespace parley::media
