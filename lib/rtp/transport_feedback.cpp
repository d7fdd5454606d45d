#include <parley/rtp/transport_feedback.hpp>

#include <algorithm>
#include <bit>
#include <limits>

namespace parley::rtp {
namespace {

constexpr base::duration tick = std::chrono::microseconds(250);
constexpr std::int64_t ticks_a_reference = 256;  // 64 ms

std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

transport_feedback::transport_feedback(const transport_feedback_options& options) : options_(options) {
  options_.max_packets = std::clamp<std::size_t>(options_.max_packets, 1, 8192);
  // Twice as many, so that late packets find those around them.
  arrivals_.resize(std::bit_ceil(2 * options_.max_packets));
  statuses_.reserve(options_.max_packets);
}

void transport_feedback::handle_packet(base::time_point now, std::uint16_t sequence) noexcept {
  std::int64_t at = sequence;
  if (started_) {
    at = highest_ + static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(highest_));
  } else {
    // Half of the range ahead, so that those before the first are not below zero.
    at += 0x10000;
    next_ = at;
    started_ = true;
  }
  const auto window = static_cast<std::int64_t>(arrivals_.size());
  if (at <= highest_ - window || at < 0) return;
  arrival& a = slot(at);
  if (a.sequence == at) return;
  a = {at, now};
  highest_ = std::max(highest_, at);
  // After a gap wider than the window, what lies before it is forgotten.
  next_ = std::max(std::min(next_, at), highest_ - window + 1);
  if (due_ == base::never) due_ = now + options_.interval;
}

void transport_feedback::postpone(base::time_point now) noexcept {
  if (due_ != base::never) due_ = now + options_.interval;
}

std::optional<transport_cc> transport_feedback::collect(base::time_point now) noexcept {
  due_ = base::never;
  statuses_.clear();
  transport_cc out;
  std::int64_t last_tick = 0;
  bool any = false;
  const std::int64_t begin = next_;
  for (; next_ <= highest_ && statuses_.size() < options_.max_packets; ++next_) {
    const arrival& a = slot(next_);
    if (a.sequence != next_) {
      statuses_.push_back({});
      continue;
    }
    const std::int64_t at = floor_div(a.at.time_since_epoch().count(), tick.count());
    if (!any) {
      const std::int64_t reference = floor_div(at, ticks_a_reference);
      // 24 bits with a sign.
      out.reference_time = static_cast<std::int32_t>((reference & 0xFFFFFF) ^ 0x800000) - 0x800000;
      last_tick = reference * ticks_a_reference;
      any = true;
    }
    const std::int64_t delta = at - last_tick;
    // What is too far apart for a delta goes with the next feedback.
    if (delta < std::numeric_limits<std::int16_t>::min() ||
        delta > std::numeric_limits<std::int16_t>::max()) {
      break;
    }
    statuses_.push_back({true, static_cast<std::int16_t>(delta)});
    last_tick = at;
  }
  if (next_ <= highest_) due_ = now;
  if (!any) return std::nullopt;
  out.base_sequence = static_cast<std::uint16_t>(begin);
  out.feedback_count = count_++;
  out.packets = packet_status_list(statuses_);
  return out;
}

}  // namespace parley::rtp
