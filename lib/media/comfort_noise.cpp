#include <parley/media/comfort_noise.hpp>

#include <algorithm>
#include <cmath>

namespace parley::media {
namespace {

constexpr double full_scale = 32767;       // 0 dBov (RFC 3389 3.1: the overload point)
constexpr std::size_t approach_step = 40;  // samples

/// RFC 3389 3.2: k = 258 (N - 127) / 32768, for N from 0 to 254.
float dequantized(std::uint8_t index) noexcept {
  const int n = std::min<int>(index, 254) - 127;
  return 258.0F * static_cast<float>(n) / 32768.0F;
}

std::uint8_t quantized(double k) noexcept {
  return static_cast<std::uint8_t>(std::clamp(std::lround(k * 32768 / 258) + 127, 0L, 254L));
}

}  // namespace

base::result<noise_description> read_comfort_noise(std::span<const std::byte> payload) noexcept {
  if (payload.empty()) return errc::bad_payload;
  noise_description read;
  // RFC 3389 3.1: the first bit is unused; who sets it means the rest.
  read.level = std::to_integer<std::uint8_t>(payload[0] & std::byte{0x7F});
  read.order = static_cast<std::uint8_t>(std::min(payload.size() - 1, noise_description::max_order));
  for (std::size_t i = 0; i < read.order; ++i)
    read.coefficients[i] = std::to_integer<std::uint8_t>(payload[1 + i]);
  return read;
}

base::result<std::size_t> write_comfort_noise(const noise_description& description,
                                              std::span<std::byte> out) noexcept {
  if (description.order > noise_description::max_order || description.level > 127)
    return errc::bad_parameters;
  const std::size_t size = std::size_t{1} + description.order;
  if (out.size() < size) return errc::no_space;
  out[0] = std::byte{description.level};
  for (std::size_t i = 0; i < description.order; ++i) out[1 + i] = std::byte{description.coefficients[i]};
  return size;
}

noise_analyser::noise_analyser(std::size_t order) noexcept
    : order_(std::min(order, noise_description::max_order)) {}

void noise_analyser::reset() noexcept {
  correlation_.fill(0);
  heard_ = false;
}

void noise_analyser::add(std::span<const std::int16_t> frame) noexcept {
  if (frame.size() <= order_) return;
  const double weight = heard_ ? 0.1 : 1;
  for (std::size_t lag = 0; lag <= order_; ++lag) {
    std::int64_t sum = 0;
    for (std::size_t i = lag; i < frame.size(); ++i) sum += std::int64_t{frame[i]} * frame[i - lag];
    const double mean = static_cast<double>(sum) / static_cast<double>(frame.size());
    correlation_[lag] += weight * (mean - correlation_[lag]);
  }
  heard_ = true;
}

noise_description noise_analyser::description() const noexcept {
  noise_description described;
  const double power = correlation_[0];
  if (!heard_ || power < 1) return described;
  const double level = -10 * std::log10(power / (full_scale * full_scale));
  described.level = static_cast<std::uint8_t>(std::clamp(std::lround(level), 0L, 127L));

  // Levinson and Durbin's recursion: the reflection coefficients of A(z) = 1 + a1/z + …, which whitens the
  // noise. A little white noise is added, so that the filter stays away from the edge of stability.
  std::array<double, noise_description::max_order + 1> a{1};
  double error = power * 1.0001;
  for (std::size_t i = 1; i <= order_; ++i) {
    double sum = correlation_[i];
    for (std::size_t j = 1; j < i; ++j) sum += a[j] * correlation_[i - j];
    const double k = std::clamp(-sum / error, -0.99, 0.99);
    auto next = a;
    for (std::size_t j = 1; j < i; ++j) next[j] = a[j] + k * a[i - j];
    next[i] = k;
    a = next;
    error *= 1 - k * k;
    described.coefficients[i - 1] = quantized(k);
  }
  described.order = static_cast<std::uint8_t>(order_);
  return described;
}

noise_generator::noise_generator(std::uint32_t seed) noexcept : random_(seed) {}

void noise_generator::reset() noexcept {
  described_ = false;
  wanted_level_ = 0;
  level_ = 0;
  order_ = 0;
  wanted_.fill(0);
  coefficients_.fill(0);
  state_.fill(0);
  gain_ = 0;
  until_next_ = 0;
}

void noise_generator::describe(const noise_description& description) noexcept {
  const int level = std::min<int>(description.level, 127);
  wanted_level_ = level == 127 ? 0 : static_cast<float>(full_scale * std::pow(10.0, -level / 20.0));
  wanted_.fill(0);
  const std::size_t order = std::min<std::size_t>(description.order, max_order);
  for (std::size_t i = 0; i < order; ++i) wanted_[i] = dequantized(description.coefficients[i]);
  order_ = std::max(order_, order);
  if (described_) return;
  described_ = true;
  level_ = wanted_level_;
  coefficients_ = wanted_;
  until_next_ = 0;
}

/// A tenth of the way to what was described. A lattice between two stable ones is stable.
void noise_generator::approach() noexcept {
  level_ += 0.1F * (wanted_level_ - level_);
  float power = 1;  // of what the filter makes of noise of power 1, inverted
  for (std::size_t i = 0; i < order_; ++i) {
    coefficients_[i] += 0.1F * (wanted_[i] - coefficients_[i]);
    power *= 1 - coefficients_[i] * coefficients_[i];
  }
  gain_ = level_ * std::sqrt(std::max(power, 0.0F));
}

/// Noise of power 1: the sum of four numbers that are equally distributed is near enough to a normal one.
float noise_generator::excitation() noexcept {
  float sum = 0;
  for (int i = 0; i < 4; ++i) {
    random_ = random_ * 1664525U + 1013904223U;
    sum += static_cast<float>(static_cast<std::int32_t>(random_));
  }
  // Each has the power 1/3 of full scale.
  return sum * (0.8660254F / 2147483648.0F);
}

void noise_generator::generate(std::span<std::int16_t> out, std::uint16_t channels) noexcept {
  const std::size_t wide = std::max<std::size_t>(channels, 1);
  for (std::size_t at = 0; at + wide <= out.size(); at += wide) {
    if (until_next_ == 0) {
      approach();
      until_next_ = approach_step;
    }
    --until_next_;
    float forward = excitation() * gain_;
    for (std::size_t i = order_; i > 0; --i) {
      forward -= coefficients_[i - 1] * state_[i - 1];
      state_[i] = state_[i - 1] + coefficients_[i - 1] * forward;
    }
    state_[0] = forward;
    const auto sample = static_cast<std::int16_t>(std::lround(std::clamp(forward, -32768.0F, 32767.0F)));
    for (std::size_t c = 0; c < wide; ++c) out[at + c] = sample;
  }
}

}  // namespace parley::media
