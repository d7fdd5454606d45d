#include <parley/rtp/nack_requester.hpp>

#include <algorithm>

namespace parley::rtp {

nack_requester::nack_requester(const nack_requester_options& options) : options_(options) {
  options_.max_missing = std::max<std::size_t>(options_.max_missing, 1);
  missing_.reserve(options_.max_missing);
}

void nack_requester::handle_packet(base::time_point now, std::int64_t extended) noexcept {
  if (!started_) {
    started_ = true;
    highest_ = extended;
    return;
  }
  if (extended <= highest_) {
    const auto at = std::lower_bound(missing_.begin(), missing_.end(), extended,
                                     [](const entry& e, std::int64_t s) { return e.sequence < s; });
    if (at != missing_.end() && at->sequence == extended) missing_.erase(at);
    if (missing_.empty()) next_ = base::never;
    return;
  }
  const auto gap = static_cast<std::uint64_t>(extended - highest_ - 1);
  // Of a gap wider than the table only the end finds a place.
  const std::uint64_t added = std::min<std::uint64_t>(gap, options_.max_missing);
  const std::uint64_t displaced =
      missing_.size() + added - std::min<std::uint64_t>(missing_.size() + added, options_.max_missing);
  given_up_ += gap - added + displaced;
  missing_.erase(missing_.begin(), missing_.begin() + static_cast<std::ptrdiff_t>(displaced));
  const base::time_point ask_at = now + options_.reorder;
  for (std::int64_t s = extended - static_cast<std::int64_t>(added); s < extended; ++s) {
    missing_.push_back({s, now, ask_at, 0});
  }
  if (added != 0) next_ = std::min(next_, ask_at);
  highest_ = extended;
}

void nack_requester::clear() noexcept {
  missing_.clear();
  next_ = base::never;
  started_ = false;
}

std::size_t nack_requester::collect(base::time_point now, std::span<std::uint16_t> out) noexcept {
  std::size_t count = 0;
  next_ = base::never;
  const base::duration interval = std::max(round_trip_, options_.min_interval);
  auto kept = missing_.begin();
  for (const entry& e : missing_) {
    entry changed = e;
    if (now >= e.ask_at) {
      if (e.requests >= options_.max_requests || now - e.found >= options_.max_age) {
        ++given_up_;
        continue;
      }
      if (count < out.size()) {
        out[count++] = static_cast<std::uint16_t>(e.sequence);
        ++changed.requests;
        changed.ask_at = now + interval;
      }
    }
    next_ = std::min(next_, changed.ask_at);
    *kept++ = changed;
  }
  missing_.erase(kept, missing_.end());
  return count;
}

}  // namespace parley::rtp
