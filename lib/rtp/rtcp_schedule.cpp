#include <parley/rtp/rtcp_schedule.hpp>

#include <algorithm>
#include <cmath>

namespace parley::rtp {
namespace {

// RFC 3550 6.3.1: reconsideration makes intervals shorter on average; e - 3/2 makes up for it.
constexpr double compensation = 2.71828182845904523536 - 1.5;

constexpr double regular_minimum = 5;

// RFC 3550 6.3.7: with fewer members than that a BYE needs no back-off.
constexpr std::size_t bye_backoff_members = 50;

constexpr double longest_seconds = 1e9;

base::duration from_seconds(double seconds) noexcept {
  return base::duration(static_cast<base::duration::rep>(std::min(seconds, longest_seconds) * 1e6));
}

double to_seconds(base::duration length) noexcept { return static_cast<double>(length.count()) / 1e6; }

/// Evenly distributed from 0 to below 1.
double unit(base::random_source& random) noexcept { return static_cast<double>(random.u32()) / 4294967296.0; }

}  // namespace

rtcp_schedule::rtcp_schedule(const rtcp_schedule_options& options, base::random_source& random) noexcept
    : options_(options),
      random_(&random),
      average_size_(static_cast<double>(options.first_size + options.overhead)) {}

double rtcp_schedule::deterministic_seconds(bool we_sent, double minimum) const noexcept {
  const double total = options_.sender_bandwidth + options_.receiver_bandwidth;
  double bandwidth = total;
  auto count = static_cast<double>(membership_.members);
  const auto senders = static_cast<double>(membership_.senders);
  // RFC 3550 6.3.1 1: while the senders are few they have a share of their own (a quarter, or as RFC 3556
  // sets it).
  if (total > 0 && senders <= count * options_.sender_bandwidth / total) {
    bandwidth = we_sent ? options_.sender_bandwidth : options_.receiver_bandwidth;
    count = we_sent ? senders : count - senders;
  }
  if (bandwidth <= 0) return longest_seconds;
  return std::max(average_size_ * 8 * count / bandwidth, minimum);
}

double rtcp_schedule::minimum_seconds() const noexcept {
  if (options_.feedback) {
    // RFC 4585 3.5.1 and 3.5.3: only the first report has one, and only among more than two.
    return initial_ && membership_.members > 2 ? 1 : 0;
  }
  double minimum = regular_minimum;
  if (options_.reduced_minimum && options_.session_bandwidth > 0) {
    minimum = std::min(minimum, 360 / (options_.session_bandwidth / 1000));
  }
  // RFC 3550 6.2: half before the first report, so that newcomers are known sooner.
  return initial_ ? minimum / 2 : minimum;
}

base::time_point rtcp_schedule::draw(base::time_point from) noexcept {
  const double seconds = deterministic_seconds(membership_.we_sent, minimum_seconds());
  if (seconds >= longest_seconds) {
    interval_ = from_seconds(longest_seconds);
    return base::never;
  }
  interval_ = from_seconds(seconds * (0.5 + unit(*random_)) / compensation);
  return base::add_saturated(from, interval_);
}

base::duration rtcp_schedule::member_timeout() const noexcept {
  const double minimum =
      options_.feedback ? std::max(regular_minimum, to_seconds(options_.trr_interval)) : regular_minimum;
  return 5 * from_seconds(deterministic_seconds(false, minimum));
}

void rtcp_schedule::average(std::size_t size) noexcept {
  // RFC 3550 6.3.3.
  average_size_ += (static_cast<double>(size + options_.overhead) - average_size_) / 16;
}

void rtcp_schedule::start(base::time_point now) noexcept {
  if (state_ != state::idle) return;
  state_ = state::joined;
  last_ = now;
  next_ = draw(now);
}

void rtcp_schedule::update(base::time_point now, const rtcp_membership& membership) noexcept {
  if (state_ == state::leaving || state_ == state::left) return;
  membership_ = membership;
  membership_.members = std::max<std::size_t>(membership_.members, 1);
  membership_.senders = std::min(membership_.senders, membership_.members);
  anything_sent_ |= membership.we_sent;
  if (state_ != state::joined || membership_.members >= previous_members_) return;
  // RFC 3550 6.3.4: tn and tp move towards now as the group has shrunk.
  const double ratio = static_cast<double>(membership_.members) / static_cast<double>(previous_members_);
  if (next_ != base::never && next_ > now) next_ = now + from_seconds(to_seconds(next_ - now) * ratio);
  if (last_ < now) last_ = now - from_seconds(to_seconds(now - last_) * ratio);
  previous_members_ = membership_.members;
}

rtcp_schedule::feedback_fate rtcp_schedule::request_feedback(base::time_point now) noexcept {
  if (state_ != state::joined || !options_.feedback || next_ == base::never) return feedback_fate::dropped;
  if (feedback_waits_) return feedback_fate::scheduled;
  // RFC 4585 3.5.2: two who talk to each other need not wait for a third who might say the same.
  const base::duration dither =
      membership_.members <= 2 ? base::duration::zero() : std::max(next_ - last_, base::duration::zero()) / 2;
  if (now + dither > next_) {
    feedback_waits_ = true;
    return feedback_fate::scheduled;
  }
  if (!allow_early_) {
    if (next_ - now >= options_.max_feedback_delay) return feedback_fate::dropped;
    feedback_waits_ = true;
    return feedback_fate::scheduled;
  }
  feedback_waits_ = true;
  early_at_ = now + from_seconds(to_seconds(dither) * unit(*random_));
  return feedback_fate::early;
}

void rtcp_schedule::cancel_feedback() noexcept {
  feedback_waits_ = false;
  early_at_ = base::never;
  if (due_ == due::feedback) due_ = due::nothing;
}

void rtcp_schedule::leave(base::time_point now, std::size_t bye_size) noexcept {
  if (state_ == state::leaving || state_ == state::left) return;
  cancel_feedback();
  due_ = due::nothing;
  // RFC 3550 6.3.7: who never sent anything leaves without a word.
  if (state_ == state::idle || !anything_sent_) {
    state_ = state::left;
    next_ = base::never;
    return;
  }
  state_ = state::leaving;
  if (membership_.members <= bye_backoff_members) {
    due_ = due::bye;
    next_ = now;
    return;
  }
  membership_ = {};
  previous_members_ = 1;
  initial_ = true;
  average_size_ = static_cast<double>(bye_size + options_.overhead);
  last_ = now;
  next_ = draw(now);
}

void rtcp_schedule::handle_received(std::size_t size) noexcept {
  if (state_ == state::idle || state_ == state::joined) average(size);
}

void rtcp_schedule::handle_bye(std::size_t size) noexcept {
  if (state_ != state::leaving) return handle_received(size);
  ++membership_.members;
  average(size);
}

rtcp_schedule::due rtcp_schedule::handle_timeout(base::time_point now) noexcept {
  switch (state_) {
    case state::idle:
    case state::left: return due::nothing;
    case state::leaving:
      if (now < next_) return due::nothing;
      if (due_ != due::bye) {
        next_ = draw(last_);
        if (next_ > now) return due::nothing;
        due_ = due::bye;
      }
      return due_;
    case state::joined: break;
  }
  if (due_ != due::nothing) return due_;
  if (now >= next_) {
    // RFC 3550 6.3.6: the group may have grown since the interval was drawn; draw again.
    next_ = draw(last_);
    previous_members_ = membership_.members;
    if (next_ <= now) {
      due_ = due::regular;
      if (options_.feedback && regular_sent_ && options_.trr_interval > base::duration::zero()) {
        // RFC 4585 3.5.3 2.
        const auto current = from_seconds(to_seconds(options_.trr_interval) * (0.5 + unit(*random_)));
        if (last_regular_ + current > now) due_ = feedback_waits_ ? due::feedback : due::nothing;
      }
      early_at_ = base::never;
      if (due_ == due::nothing) {
        allow_early_ = true;
        last_ = now;
        next_ = draw(now);
      } else {
        next_ = now;
      }
      return due_;
    }
  }
  if (now >= early_at_) due_ = due::feedback;
  return due_;
}

void rtcp_schedule::handle_sent(base::time_point now, std::size_t size) noexcept {
  const due sent = due_;
  due_ = due::nothing;
  if (sent == due::nothing) return;
  anything_sent_ = true;
  average(size);
  feedback_waits_ = false;
  if (sent == due::bye) {
    state_ = state::left;
    next_ = base::never;
    return;
  }
  if (early_at_ != base::never) {
    // RFC 4585 3.5.2 6: an early packet is paid for with the next regular one.
    early_at_ = base::never;
    allow_early_ = false;
    const base::time_point scheduled = next_;
    next_ = base::add_saturated(next_, next_ - last_);
    last_ = scheduled;
    return;
  }
  allow_early_ = true;
  if (sent == due::regular) {
    regular_sent_ = true;
    last_regular_ = now;
    initial_ = false;
  }
  last_ = now;
  previous_members_ = membership_.members;
  next_ = draw(now);
}

}  // namespace parley::rtp
