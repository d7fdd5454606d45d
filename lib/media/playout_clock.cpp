#include <parley/media/playout_clock.hpp>

#include <algorithm>

namespace parley::media {

playout_clock::playout_clock(base::duration length, std::uint32_t max_catch_up) noexcept
    : length_(std::max(length, base::duration(1))), max_catch_up_(std::max(max_catch_up, 1U)) {}

void playout_clock::start(base::time_point now) noexcept {
  running_ = true;
  next_ = now;
  frames_ = 0;
  skipped_ = 0;
}

std::uint32_t playout_clock::handle_timeout(base::time_point now) noexcept {
  if (!running_ || now < next_) return 0;
  const auto due = static_cast<std::uint64_t>((now - next_) / length_) + 1;
  const auto given = static_cast<std::uint32_t>(std::min<std::uint64_t>(due, max_catch_up_));
  // The lengths of whole frames are added, never `now`: a late call is no reason to be late again.
  next_ += length_ * static_cast<base::duration::rep>(due);
  frames_ += given;
  skipped_ += due - given;
  return given;
}

}  // namespace parley::media
