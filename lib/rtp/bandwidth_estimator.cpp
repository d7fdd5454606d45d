#include <parley/rtp/bandwidth_estimator.hpp>

#include <algorithm>
#include <bit>

namespace parley::rtp {
namespace {

constexpr base::duration slice_length = std::chrono::milliseconds(50);
constexpr base::duration quiet_after = std::chrono::milliseconds(1500);
constexpr base::duration quiet_again = std::chrono::milliseconds(500);
constexpr double quiet_factor = 0.8;
constexpr std::size_t most_history = 32768;

}  // namespace

bandwidth_estimator::bandwidth_estimator(const bandwidth_estimator_options& options)
    : history_(std::bit_ceil(std::clamp<std::size_t>(options.history, 1, most_history))),
      delay_control_(options.start, options.least, options.most),
      // The loss-based rate stays out of the way until there is loss.
      loss_control_(options.most, options.least, options.most) {}

double bandwidth_estimator::estimate() const noexcept {
  return std::min(delay_control_.rate(), loss_control_.rate());
}

double bandwidth_estimator::arriving() const noexcept {
  // The slice that is being filled is left out.
  const std::int64_t full = std::min<std::int64_t>(slice_ - first_slice_, slices - 1);
  if (full <= 0) return 0;
  std::uint64_t sum = 0;
  for (std::int64_t i = 1; i <= full; ++i) sum += bytes_[static_cast<std::uint64_t>(slice_ - i) % slices];
  return static_cast<double>(sum) * 8 / (static_cast<double>(full * slice_length.count()) / 1e6);
}

void bandwidth_estimator::count_arrival(base::time_point at, std::uint32_t size) noexcept {
  const std::int64_t slice = at.time_since_epoch() / slice_length;
  if (!any_arrival_ || slice > slice_ + static_cast<std::int64_t>(2 * slices) ||
      slice < slice_ - static_cast<std::int64_t>(slices)) {
    bytes_ = {};
    slice_ = first_slice_ = slice;
    any_arrival_ = true;
  }
  while (slice_ < slice) {
    ++slice_;
    bytes_[static_cast<std::uint64_t>(slice_) % slices] = 0;
  }
  if (slice_ - slice < static_cast<std::int64_t>(slices)) {
    bytes_[static_cast<std::uint64_t>(slice) % slices] += size;
  }
}

void bandwidth_estimator::handle_sent(base::time_point now, std::uint16_t sequence,
                                      std::size_t size) noexcept {
  history_[sequence & (history_.size() - 1)] = {
      now, static_cast<std::uint32_t>(std::min<std::size_t>(size, 65535)), sequence, fate::in_flight};
  if (quiet_at_ == base::never) quiet_at_ = now + quiet_after;
}

void bandwidth_estimator::handle_feedback(base::time_point now,
                                          std::span<const packet_arrival> arrivals) noexcept {
  std::uint32_t arrived = 0;
  std::uint32_t lost = 0;
  for (const packet_arrival& a : arrivals) {
    sent_packet& packet = history_[a.sequence & (history_.size() - 1)];
    if (packet.sequence != a.sequence) continue;
    if (!a.received) {
      if (packet.what != fate::in_flight) continue;
      packet.what = fate::lost;
      ++lost;
      continue;
    }
    if (packet.what != fate::in_flight && packet.what != fate::lost) continue;
    packet.what = fate::arrived;
    ++arrived;
    count_arrival(a.at, packet.size);
    trend_.handle_packet(packet.sent, a.at);
  }
  // Feedback that names nothing of ours says nothing about the path, nor that the other end lives.
  if (arrived + lost == 0) return;
  quiet_at_ = base::never;
  delay_control_.update(now, trend_.signal(), arriving());
  loss_control_.update(now, arrived, lost, estimate());
}

void bandwidth_estimator::handle_timeout(base::time_point now) noexcept {
  if (now < quiet_at_) return;
  delay_control_.limit(estimate() * quiet_factor);
  quiet_at_ = now + quiet_again;
}

}  // namespace parley::rtp
