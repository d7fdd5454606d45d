#include <parley/rtp/rate_control.hpp>

#include <algorithm>
#include <cmath>

namespace parley::rtp {
namespace {

// draft-ietf-rmcat-gcc-02 5.5.
constexpr double beta = 0.85;
constexpr double growth_a_second = 1.08;
constexpr double most_over_arriving = 1.5;
constexpr double average_weight = 0.05;
constexpr base::duration response_margin = std::chrono::milliseconds(100);
constexpr double frames_a_second = 30;
constexpr double packet_bits = 1200 * 8;
constexpr double least_step = 1000;

// draft-ietf-rmcat-gcc-02 6.
constexpr double low_loss = 0.02;
constexpr double high_loss = 0.10;
constexpr base::duration loss_period = std::chrono::seconds(1);
constexpr std::uint32_t fewest_packets = 20;

double seconds_of(base::duration d) noexcept { return static_cast<double>(d.count()) / 1e6; }

}  // namespace

void delay_rate_control::limit(double rate) noexcept {
  rate_ = std::clamp(std::min(rate_, rate), least_, most_);
}

void delay_rate_control::update(base::time_point now, enum delay_trend::signal signal,
                                double arriving) noexcept {
  const double seconds = updated_once_ ? std::clamp(seconds_of(now - updated_), 0.0, 1.0) : 0;
  updated_ = now;
  updated_once_ = true;
  switch (signal) {
    case delay_trend::signal::overuse: state_ = state::decrease; break;
    case delay_trend::signal::underuse: state_ = state::hold; break;
    case delay_trend::signal::normal:
      state_ = state_ == state::decrease ? state::hold : state::increase;
      break;
  }
  switch (state_) {
    case state::hold: break;
    case state::increase: increase(seconds, arriving); break;
    case state::decrease: decrease(arriving); break;
  }
}

bool delay_rate_control::near_convergence(double arriving) const noexcept {
  if (average_max_ <= 0) return false;
  const double deviation = std::sqrt(relative_var_ * average_max_);
  return arriving >= average_max_ - 3 * deviation;
}

void delay_rate_control::increase(double seconds, double arriving) noexcept {
  // In kbit/s, as the draft's variance is.
  const double kbits = arriving / 1000;
  if (average_max_ > 0 && kbits > average_max_ + 3 * std::sqrt(relative_var_ * average_max_)) {
    average_max_ = 0;  // the path has more than it had
  }
  double raised = rate_;
  if (near_convergence(kbits)) {
    const double response = seconds_of(response_margin + round_trip_);
    const double frame = rate_ / frames_a_second;
    const double expected_packet = frame / std::max(1.0, std::ceil(frame / packet_bits));
    raised += std::max(least_step * seconds, 0.5 * std::min(seconds / response, 1.0) * expected_packet);
  } else {
    raised *= std::pow(growth_a_second, seconds);
  }
  // What is not sent tells nothing about the path: the rate does not run away from what arrives.
  if (arriving > 0) raised = std::min(raised, std::max(most_over_arriving * arriving, rate_));
  rate_ = std::clamp(raised, least_, most_);
}

void delay_rate_control::decrease(double arriving) noexcept {
  const double base = arriving > 0 ? arriving : rate_;
  rate_ = std::clamp(std::min(beta * base, rate_), least_, most_);
  if (arriving <= 0) return;
  const double kbits = arriving / 1000;
  if (average_max_ > 0 && kbits < average_max_ - 3 * std::sqrt(relative_var_ * average_max_)) {
    average_max_ = 0;  // another path, by now
  }
  if (average_max_ <= 0) {
    average_max_ = kbits;
    return;
  }
  const double error = kbits - average_max_;
  average_max_ += average_weight * error;
  relative_var_ = std::clamp(
      (1 - average_weight) * relative_var_ + average_weight * error * error / std::max(average_max_, 1.0),
      0.4, 2.5);
}

void loss_rate_control::update(base::time_point now, std::uint32_t arrived, std::uint32_t lost,
                               double used) noexcept {
  if (!begun_) {
    began_ = now;
    begun_ = true;
  }
  arrived_ += arrived;
  lost_ += lost;
  if (now - began_ < loss_period || arrived_ + lost_ < fewest_packets) return;
  loss_ = static_cast<double>(lost_) / static_cast<double>(arrived_ + lost_);
  began_ = now;
  arrived_ = lost_ = 0;
  if (loss_ > high_loss) {
    rate_ = std::min(rate_, used) * (1 - loss_ / 2);
  } else if (loss_ < low_loss) {
    rate_ *= 1.05;
  }
  rate_ = std::clamp(rate_, least_, most_);
}

}  // namespace parley::rtp
