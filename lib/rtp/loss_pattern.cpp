#include <parley/rtp/loss_pattern.hpp>
#include <parley/rtp/sequence_tracker.hpp>

namespace parley::rtp {
namespace {

constexpr std::uint64_t oldest = std::uint64_t{1} << 63U;

}  // namespace

double loss_pattern::loss() const noexcept {
  return settled_ == 0 ? 0 : static_cast<double>(lost_) / static_cast<double>(settled_);
}

double loss_pattern::burst_ratio() const noexcept {
  if (runs_ == 0) return 1;
  // Independent losses of probability p come in runs of 1 / (1 - p) on average.
  return static_cast<double>(lost_) / static_cast<double>(runs_) * (1 - loss());
}

void loss_pattern::settle(bool came) noexcept {
  ++settled_;
  if (came) {
    in_run_ = false;
    return;
  }
  ++lost_;
  if (!in_run_) ++runs_;
  in_run_ = true;
}

void loss_pattern::handle_packet(std::int64_t extended) noexcept {
  const std::int64_t ahead = extended - highest_;
  if (known_ == 0 || ahead > sequence_tracker::max_dropout || ahead < -sequence_tracker::max_dropout) {
    highest_ = extended;
    window_ = known_ = 1;
    in_run_ = false;
    return;
  }
  if (ahead <= 0) {
    if (ahead > -64) window_ |= known_ & std::uint64_t{1} << static_cast<unsigned>(-ahead);
    return;
  }
  for (std::int64_t i = 0; i < ahead; ++i) {
    if ((known_ & oldest) != 0) settle((window_ & oldest) != 0);
    window_ <<= 1U;
    known_ = known_ << 1U | 1U;
  }
  window_ |= 1U;
  highest_ = extended;
}

}  // namespace parley::rtp
