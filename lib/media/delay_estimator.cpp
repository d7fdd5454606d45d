#include <parley/media/delay_estimator.hpp>

#include <algorithm>

namespace parley::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::duration bin_width = milliseconds(5);
constexpr base::duration window_length = seconds(10);
/// Sound is taken 10 ms at a time: a packet may be needed that much before its first sample is heard.
constexpr base::duration granularity = milliseconds(10);
constexpr float growth = 1.0F / 0.998F;

}  // namespace

delay_estimator::delay_estimator(const delay_options& options) noexcept : options_(options) {
  options_.max = std::clamp<base::duration>(options_.max, milliseconds(10), bin_width * bins);
  options_.min = std::clamp<base::duration>(options_.min, base::duration::zero(), options_.max);
  options_.start = std::clamp(options_.start, options_.min, options_.max);
  options_.in_time = std::clamp<std::uint16_t>(options_.in_time, 500, 999);
  // The start counts as one packet's delay, so that it is believed until a hundred have come.
  const auto wait =
      std::max<base::duration>(options_.start - granularity - base::duration(1), base::duration::zero());
  histogram_[std::min<std::size_t>(static_cast<std::size_t>(wait / bin_width), bins - 1)] = 1;
  total_ = 1;
  target_ = options_.start;
}

base::duration delay_estimator::fastest() const noexcept {
  if (!current_) return base::duration::zero();
  return previous_ ? std::min(*current_, *previous_) : *current_;
}

void delay_estimator::restart() noexcept {
  current_.reset();
  previous_.reset();
}

void delay_estimator::add(base::time_point now, base::duration delay) noexcept {
  if (!current_ || now - window_ >= window_length) {
    if (current_ && now - window_ < 2 * window_length) {
      previous_ = current_;
    } else {
      previous_.reset();
    }
    current_ = delay;
    window_ = now;
  }
  current_ = std::min(*current_, delay);

  const auto bin = static_cast<std::size_t>((delay - fastest()) / bin_width);
  histogram_[std::min(bin, bins - 1)] += weight_;
  total_ += weight_;
  weight_ *= growth;
  if (weight_ > 1e6F) {
    for (float& part : histogram_) part /= weight_;
    total_ /= weight_;
    weight_ = 1;
  }
  find_target();
}

void delay_estimator::find_target() noexcept {
  const float late_allowed = total_ * static_cast<float>(1000 - options_.in_time) / 1000;
  float late = 0;
  std::size_t edge = bins;
  while (edge > 1 && late + histogram_[edge - 1] <= late_allowed) late += histogram_[--edge];
  const auto wanted = bin_width * static_cast<base::duration::rep>(edge) + granularity;
  target_ = std::clamp<base::duration>(wanted, options_.min, options_.max);
}

}  // namespace parley::media
