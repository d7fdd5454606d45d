#include <parley/rtp/delay_trend.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace parley::rtp {
namespace {

// draft-ietf-rmcat-gcc-02 5.2: packets sent, or come, within 5 ms of each other are one group.
constexpr base::duration burst = std::chrono::milliseconds(5);
constexpr base::duration longest_burst = std::chrono::milliseconds(100);

// A silence that long, or clocks that jumped, make older delays meaningless.
constexpr base::duration discontinuity = std::chrono::seconds(3);

constexpr double smoothing = 0.9;
constexpr double gain = 4;
constexpr std::uint32_t most_variations = 60;

// draft-ietf-rmcat-gcc-02 5.4, in milliseconds; the two gains are those that browsers use, for the draft's go
// with its Kalman filter.
constexpr double overuse_time = 10;
constexpr double k_up = 0.0087;
constexpr double k_down = 0.039;
constexpr double threshold_least = 6;
constexpr double threshold_most = 600;
constexpr double outlier = 15;
constexpr double longest_step = 100;

double ms(base::duration d) noexcept { return static_cast<double>(d.count()) / 1000; }

}  // namespace

bool delay_trend::belongs_to_current(base::time_point sent, base::time_point arrived) const noexcept {
  if (sent - current_.first_sent <= burst) return true;
  // 5.2: what left the queue together although it was not sent together has waited for the same thing (a
  // wireless link, a scheduler), and says nothing about the bottleneck.
  const base::duration variation = (arrived - current_.last_arrived) - (sent - current_.last_sent);
  return variation < base::duration::zero() && arrived - current_.last_arrived <= burst &&
         arrived - current_.first_arrived < longest_burst;
}

void delay_trend::handle_packet(base::time_point sent, base::time_point arrived) noexcept {
  if (has_current_ && (sent - current_.last_sent > discontinuity ||
                       std::abs((arrived - current_.last_arrived).count()) > discontinuity.count())) {
    has_current_ = has_previous_ = false;
    sample_count_ = next_sample_ = 0;
    variations_ = 0;
    accumulated_ = smoothed_ = trend_ = previous_trend_ = 0;
    overusing_for_ = -1;
    signal_ = signal::normal;
  }
  if (!has_current_) {
    current_ = {sent, sent, arrived, arrived};
    has_current_ = true;
    return;
  }
  if (sent < current_.first_sent) return;  // reordered on its way out
  if (belongs_to_current(sent, arrived)) {
    current_.last_sent = std::max(current_.last_sent, sent);
    current_.last_arrived = std::max(current_.last_arrived, arrived);
    return;
  }
  if (has_previous_) {
    // 5.1: d(i) = t(i) - t(i-1) - (T(i) - T(i-1)).
    const base::duration spacing = current_.last_sent - previous_.last_sent;
    const base::duration variation = (current_.last_arrived - previous_.last_arrived) - spacing;
    add_variation(ms(variation), current_.last_arrived, spacing);
  }
  previous_ = current_;
  has_previous_ = true;
  current_ = {sent, sent, arrived, arrived};
}

void delay_trend::add_variation(double variation, base::time_point arrived, base::duration spacing) noexcept {
  if (variations_ == 0) origin_ = arrived;
  variations_ = std::min(variations_ + 1, 1000U);
  accumulated_ += variation;
  smoothed_ = smoothing * smoothed_ + (1 - smoothing) * accumulated_;
  samples_[next_sample_] = {ms(arrived - origin_), smoothed_};
  next_sample_ = (next_sample_ + 1) % window;
  sample_count_ = std::min(sample_count_ + 1, window);
  if (sample_count_ == window) {
    trend_ = std::min(variations_, most_variations) * slope() * gain;
  }
  detect(ms(spacing), arrived);
}

double delay_trend::slope() const noexcept {
  double mean_at = 0;
  double mean_delay = 0;
  for (const sample& s : samples_) {
    mean_at += s.at / window;
    mean_delay += s.delay / window;
  }
  double covariance = 0;
  double variance = 0;
  for (const sample& s : samples_) {
    covariance += (s.at - mean_at) * (s.delay - mean_delay);
    variance += (s.at - mean_at) * (s.at - mean_at);
  }
  return variance > 0 ? covariance / variance : 0;
}

void delay_trend::detect(double spacing, base::time_point arrived) noexcept {
  if (trend_ > threshold_) {
    // 5.4: only over-use that lasts, and that is not on the decline, is signalled.
    overusing_for_ = overusing_for_ < 0 ? spacing / 2 : overusing_for_ + spacing;
    if (overusing_for_ > overuse_time && trend_ >= previous_trend_) {
      overusing_for_ = 0;
      signal_ = signal::overuse;
    }
  } else {
    overusing_for_ = -1;
    signal_ = trend_ < -threshold_ ? signal::underuse : signal::normal;
  }
  previous_trend_ = trend_;

  // 5.4: the threshold follows the trend, so that flows of other kinds in the same queue do not starve us;
  // it leaves sudden peaks alone.
  const double step = adapted_once_ ? std::clamp(ms(arrived - adapted_), 0.0, longest_step) : 0;
  adapted_ = arrived;
  adapted_once_ = true;
  const double magnitude = std::abs(trend_);
  if (magnitude > threshold_ + outlier) return;
  const double k = magnitude < threshold_ ? k_down : k_up;
  threshold_ = std::clamp(threshold_ + k * (magnitude - threshold_) * step, threshold_least, threshold_most);
}

}  // namespace parley::rtp
