#include <parley/media/dtmf_detector.hpp>
#include <parley/media/level.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

namespace parley::media {
namespace {

constexpr std::array<double, 8> frequencies{697, 770, 852, 941, 1209, 1336, 1477, 1633};
constexpr std::string_view digits = "123A456B789C*0#D";

// Ratios of power.
constexpr float higher_may_exceed = 4;  // 6 dB
constexpr float lower_may_exceed = 10;  // 10 dB
constexpr float above_others = 6.3F;    // 8 dB, in one group
constexpr float part_of_all = 0.72F;    // of the block's energy is in the two
constexpr float part_of_all_single = 0.7F;

}  // namespace

goertzel::goertzel(double frequency, std::uint32_t rate) noexcept
    : coefficient(static_cast<float>(2 * std::cos(2 * std::numbers::pi * frequency / rate))) {}

dtmf_detector::dtmf_detector(std::uint32_t rate) noexcept : block_(std::size_t{rate} * 102 / 8000) {
  for (std::size_t i = 0; i < filters_.size(); ++i) filters_[i] = goertzel(frequencies[i], rate);
  const double least = sine_amplitude(-30) * static_cast<double>(block_) / 2;
  least_power_ = static_cast<float>(least * least);
}

std::optional<char> dtmf_detector::digit() const noexcept {
  if (down_ == 0) return std::nullopt;
  return down_;
}

char dtmf_detector::block_digit() const noexcept {
  std::array<float, 8> power{};
  for (std::size_t i = 0; i < 8; ++i) power[i] = filters_[i].power();
  const auto row =
      static_cast<std::size_t>(std::max_element(power.begin(), power.begin() + 4) - power.begin());
  const auto column =
      static_cast<std::size_t>(std::max_element(power.begin() + 4, power.end()) - power.begin());
  if (power[row] < least_power_ || power[column] < least_power_) return 0;
  if (power[column] > power[row] * higher_may_exceed || power[row] > power[column] * lower_may_exceed)
    return 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t peak = i < 4 ? row : column;
    if (i != peak && power[i] * above_others > power[peak]) return 0;
  }
  // A sine of amplitude A has the energy n A^2 / 2: its power here is that times n / 2.
  const float all = energy_ * static_cast<float>(block_) / 2;
  if (power[row] + power[column] < part_of_all * all) return 0;
  return digits[row * 4 + column - 4];
}

void dtmf_detector::end_block(std::optional<dtmf_event>& event) noexcept {
  const char heard = block_digit();
  const std::uint64_t begin = position_ - block_;
  for (goertzel& filter : filters_) filter.reset();
  energy_ = 0;
  in_block_ = 0;
  if (down_ == 0) {
    if (heard != 0 && heard == last_) {
      down_ = heard;
      begin_ = begin - block_;
      misses_ = 0;
      event = dtmf_event{down_, false, begin_, 0};
    }
  } else if (heard == down_) {
    misses_ = 0;
  } else if (++misses_ == 2) {
    event = dtmf_event{down_, true, begin_, begin - block_ - begin_};
    down_ = 0;
  }
  last_ = heard;
}

std::optional<dtmf_event> dtmf_detector::add(std::span<const std::int16_t> samples) noexcept {
  std::optional<dtmf_event> event;
  for (const std::int16_t sample : samples) {
    const auto value = static_cast<float>(sample);
    for (goertzel& filter : filters_) filter.add(value);
    energy_ += value * value;
    ++position_;
    if (++in_block_ == block_) end_block(event);
  }
  return event;
}

tone_detector::tone_detector(std::uint32_t rate, double frequency, std::uint32_t min_ms, double bandwidth,
                             double min_dbm0) noexcept
    : filter_(frequency, rate),
      block_(std::max<std::size_t>(static_cast<std::size_t>(rate / std::max(bandwidth, 1.0)), 16)) {
  const double least = sine_amplitude(min_dbm0);
  least_energy_ = static_cast<float>(least * least / 2 * static_cast<double>(block_));
  needed_ = std::max<std::size_t>(std::size_t{rate} * min_ms / 1000 / block_, 1);
}

bool tone_detector::add(std::span<const std::int16_t> samples) noexcept {
  for (const std::int16_t sample : samples) {
    const auto value = static_cast<float>(sample);
    filter_.add(value);
    energy_ += value * value;
    if (++in_block_ < block_) continue;
    const float wanted = part_of_all_single * energy_ * static_cast<float>(block_) / 2;
    const bool hit = energy_ >= least_energy_ && filter_.power() >= wanted;
    heard_ = hit ? std::min(heard_ + 1, needed_) : 0;
    filter_.reset();
    energy_ = 0;
    in_block_ = 0;
  }
  return present();
}

}  // namespace parley::media
