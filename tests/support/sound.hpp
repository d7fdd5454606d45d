#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numbers>
#include <span>
#include <vector>

namespace parley::test {

/// Sines of one amplitude each, from the sample `first` on.
inline std::vector<std::int16_t> sines(std::size_t size, std::vector<double> frequencies,
                                       double amplitude = 8000, double rate = 8000, std::size_t first = 0) {
  std::vector<std::int16_t> out(size);
  for (std::size_t i = 0; i < size; ++i) {
    double value = 0;
    for (const double f : frequencies) {
      value += amplitude * std::sin(2 * std::numbers::pi * f * static_cast<double>(first + i) / rate);
    }
    out[i] = static_cast<std::int16_t>(std::lround(value));
  }
  return out;
}

/// White noise that is the same each time.
inline std::vector<std::int16_t> white_noise(std::size_t size, double amplitude, std::uint32_t seed = 1) {
  std::vector<std::int16_t> out(size);
  for (std::int16_t& sample : out) {
    seed = seed * 1664525U + 1013904223U;
    sample = static_cast<std::int16_t>(amplitude * static_cast<double>(static_cast<std::int32_t>(seed)) /
                                       2147483648.0);
  }
  return out;
}

/// The largest step from a sample to the next.
inline int largest_step(std::span<const std::int16_t> sound) {
  int largest = 0;
  for (std::size_t i = 1; i < sound.size(); ++i)
    largest = std::max(largest, std::abs(sound[i] - sound[i - 1]));
  return largest;
}

inline double root_mean_square(std::span<const std::int16_t> sound) {
  double sum = 0;
  for (const std::int16_t sample : sound) sum += static_cast<double>(sample) * sample;
  return sound.empty() ? 0 : std::sqrt(sum / static_cast<double>(sound.size()));
}

/// Something like a vowel: pulses of a voice whose pitch wanders, through three resonances. With `formants`
/// and pitch at random places it is what a detector of digits mustn't hear any in.
class vowels {
 public:
  explicit vowels(std::uint32_t seed) : seed_(seed) {}

  std::vector<std::int16_t> next(std::size_t size) {
    std::vector<std::int16_t> out(size);
    for (std::int16_t& sample : out) {
      if (left_ == 0) choose();
      --left_;
      phase_ += pitch_ / 8000;
      double value = 0;
      if (phase_ >= 1) {
        phase_ -= 1;
        value = 1;
      }
      for (resonance& r : resonances_) {
        const double next = value + r.a * r.last + r.b * r.before;
        r.before = r.last;
        r.last = next;
        value = next * r.gain;
      }
      sample = static_cast<std::int16_t>(std::clamp(value * 8e7, -20000.0, 20000.0));
    }
    return out;
  }

 private:
  struct resonance {
    double a = 0, b = 0, gain = 1, last = 0, before = 0;
  };

  double between(double low, double high) {
    seed_ = seed_ * 1664525U + 1013904223U;
    return low + (high - low) * (seed_ >> 8U) / 16777216.0;
  }
  void choose() {
    left_ = static_cast<std::size_t>(between(600, 2400));
    pitch_ = between(80, 300);
    const double centre[3] = {between(270, 900), between(850, 2300), between(2300, 3100)};
    for (std::size_t i = 0; i < 3; ++i) {
      const double radius = std::exp(-std::numbers::pi * between(40, 120) / 8000);
      resonances_[i].a = 2 * radius * std::cos(2 * std::numbers::pi * centre[i] / 8000);
      resonances_[i].b = -radius * radius;
      resonances_[i].gain = 1 - radius;
    }
  }

  std::uint32_t seed_;
  std::size_t left_ = 0;
  double pitch_ = 100;
  double phase_ = 0;
  resonance resonances_[3];
};

}  // namespace parley::test
