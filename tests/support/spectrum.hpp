#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

// What sound is made of, for tests: slow and simple.

namespace parley::test {

/// A sine of `amplitude` (32767 is full scale), `length` samples of it.
inline std::vector<std::int16_t> tone(double frequency, std::uint32_t rate, std::size_t length,
                                      double amplitude = 10000) {
  std::vector<std::int16_t> out(length);
  for (std::size_t i = 0; i < length; ++i) {
    const double phase = 2 * std::numbers::pi * frequency * static_cast<double>(i) / rate;
    out[i] = static_cast<std::int16_t>(std::lround(amplitude * std::sin(phase)));
  }
  return out;
}

/// A tone that moves from one frequency to another, its loudness up and down four times a second as that of
/// syllables.
inline std::vector<std::int16_t> sweep(double from, double to, std::uint32_t rate, std::size_t length,
                                       double amplitude = 10000) {
  std::vector<std::int16_t> out(length);
  double phase = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const double at = static_cast<double>(i) / static_cast<double>(length);
    phase += 2 * std::numbers::pi * (from + (to - from) * at) / rate;
    const double loudness = 0.6 + 0.4 * std::sin(2 * std::numbers::pi * 4 * static_cast<double>(i) / rate);
    out[i] = static_cast<std::int16_t>(std::lround(amplitude * loudness * std::sin(phase)));
  }
  return out;
}

/// The amplitude of one frequency in `samples`, through a Hann window.
inline double amplitude_at(std::span<const std::int16_t> samples, double frequency, std::uint32_t rate) {
  double re = 0;
  double im = 0;
  double weight = 0;
  const auto n = static_cast<double>(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto at = static_cast<double>(i);
    const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (at + 0.5) / n);
    const double phase = 2 * std::numbers::pi * frequency * at / rate;
    re += window * samples[i] * std::cos(phase);
    im += window * samples[i] * std::sin(phase);
    weight += window;
  }
  return 2 * std::hypot(re, im) / weight;
}

inline double decibels(double ratio) { return 20 * std::log10(std::max(ratio, 1e-9)); }

inline double energy(std::span<const std::int16_t> samples) {
  double sum = 0;
  for (const std::int16_t s : samples) sum += static_cast<double>(s) * s;
  return sum;
}

/// How far `decoded` is above its difference from `original`, in dB, where it is `delay` samples late.
inline double signal_to_noise(std::span<const std::int16_t> original, std::span<const std::int16_t> decoded,
                              std::size_t delay = 0) {
  double signal = 0;
  double noise = 0;
  for (std::size_t i = 0; i < original.size() && i + delay < decoded.size(); ++i) {
    const double difference = static_cast<double>(original[i]) - decoded[i + delay];
    signal += static_cast<double>(original[i]) * original[i];
    noise += difference * difference;
  }
  return 10 * std::log10(signal / std::max(noise, 1e-9));
}

/// The delay, up to `most` samples, at which `late` is likest to `original`.
inline std::size_t delay_between(std::span<const std::int16_t> original, std::span<const std::int16_t> late,
                                 std::size_t most) {
  std::size_t best = 0;
  double likest = -std::numeric_limits<double>::infinity();
  for (std::size_t delay = 0; delay <= most && delay < late.size(); ++delay) {
    double product = 0;
    for (std::size_t i = 0; i < original.size() && i + delay < late.size(); ++i) {
      product += static_cast<double>(original[i]) * late[i + delay];
    }
    if (product > likest) {
      likest = product;
      best = delay;
    }
  }
  return best;
}

/// Powers in `bands` equal bands up to half the rate, of a Hann window over `frame`.
inline std::vector<double> band_powers(std::span<const std::int16_t> frame, std::size_t bands) {
  const std::size_t bins = frame.size() / 2;
  std::vector<double> powers(bands, 0.0);
  for (std::size_t bin = 1; bin < bins; ++bin) {
    double re = 0;
    double im = 0;
    for (std::size_t i = 0; i < frame.size(); ++i) {
      const double at = static_cast<double>(i) / static_cast<double>(frame.size());
      const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * at);
      re += window * frame[i] * std::cos(2 * std::numbers::pi * static_cast<double>(bin) * at);
      im += window * frame[i] * std::sin(2 * std::numbers::pi * static_cast<double>(bin) * at);
    }
    powers[bin * bands / bins] += re * re + im * im;
  }
  return powers;
}

/// How different two sounds of the same rate and timing are to the ear, in dB: the root mean square of the
/// differences of the levels in `bands` bands, averaged over frames of 256 samples in which either is loud
/// enough to be heard. A band counts down to 40 dB below the loudest of its frame.
inline double log_spectral_distance(std::span<const std::int16_t> a, std::span<const std::int16_t> b,
                                    std::size_t bands = 16) {
  constexpr std::size_t frame = 256;
  constexpr double audible = 100.0 * 100 * frame;  // 50 dB below full scale
  double sum = 0;
  std::size_t frames = 0;
  for (std::size_t at = 0; at + frame <= std::min(a.size(), b.size()); at += frame) {
    if (energy(a.subspan(at, frame)) < audible && energy(b.subspan(at, frame)) < audible) continue;
    const auto x = band_powers(a.subspan(at, frame), bands);
    const auto y = band_powers(b.subspan(at, frame), bands);
    const double floor =
        std::max(*std::max_element(x.begin(), x.end()), *std::max_element(y.begin(), y.end())) * 1e-4;
    double squares = 0;
    for (std::size_t i = 0; i < bands; ++i) {
      const double difference = 10 * std::log10(std::max(x[i], floor) / std::max(y[i], floor));
      squares += difference * difference;
    }
    sum += std::sqrt(squares / static_cast<double>(bands));
    ++frames;
  }
  return frames == 0 ? std::numeric_limits<double>::infinity() : sum / static_cast<double>(frames);
}

}  // namespace parley::test
