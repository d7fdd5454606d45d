#include <parley/rtp/ntp_time.hpp>
#include <parley/rtp/round_trip.hpp>

#include <algorithm>

namespace parley::rtp {
namespace {

// Both ends round down to 1/65536 s; on a short way the sum may come out a few units below zero.
constexpr base::duration rounding = std::chrono::microseconds(100);

}  // namespace

std::optional<base::duration> round_trip(std::uint32_t arrived, std::uint32_t last,
                                         std::uint32_t delay) noexcept {
  if (last == 0) return std::nullopt;
  const std::uint32_t trip = arrived - last - delay;
  if (trip > 0x80000000U) return std::nullopt;
  return from_ntp_length(trip);
}

void sent_reports::handle_sent(base::time_point now, std::uint64_t ntp) noexcept {
  reports_[next_] = {now, ntp_middle(ntp)};
  next_ = (next_ + 1) % reports_.size();
}

std::optional<base::duration> sent_reports::round_trip(base::time_point now, std::uint32_t last,
                                                       std::uint32_t delay) const noexcept {
  if (last == 0) return std::nullopt;
  const auto found =
      std::find_if(reports_.begin(), reports_.end(), [&](const report& r) { return r.ntp == last; });
  if (found == reports_.end()) return std::nullopt;
  const base::duration trip = now - found->at - from_ntp_length(delay);
  if (trip < -rounding) return std::nullopt;
  return std::max(trip, base::duration::zero());
}

}  // namespace parley::rtp
