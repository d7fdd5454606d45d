#include <parley/rtp/source_table.hpp>

#include <algorithm>
#include <tuple>

namespace parley::rtp {

std::size_t source_table::members() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(sources_.begin(), sources_.end(), [](const auto& s) { return s->member && !s->left; }));
}

std::size_t source_table::senders() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      sources_.begin(), sources_.end(), [](const auto& s) { return s->member && s->sends && !s->left; }));
}

std::size_t source_table::place(std::uint32_t ssrc) const noexcept {
  const auto at =
      std::lower_bound(sources_.begin(), sources_.end(), ssrc,
                       [](const auto& s, std::uint32_t wanted) { return s->received.ssrc() < wanted; });
  return static_cast<std::size_t>(at - sources_.begin());
}

remote_source* source_table::find(std::uint32_t ssrc) const noexcept {
  const std::size_t at = place(ssrc);
  return at < sources_.size() && sources_[at]->received.ssrc() == ssrc ? sources_[at].get() : nullptr;
}

bool source_table::make_room() noexcept {
  const auto worth = [](const remote_source& s) {
    const bool member = s.member && !s.left;
    return std::tuple(member, member && s.sends, s.heard);
  };
  const auto least = std::min_element(sources_.begin(), sources_.end(),
                                      [&](const auto& a, const auto& b) { return worth(*a) < worth(*b); });
  if (least == sources_.end() || std::get<1>(worth(**least))) return false;
  sources_.erase(least);
  return true;
}

remote_source* source_table::find_or_add(base::time_point now, std::uint32_t ssrc, std::uint32_t clock_rate,
                                         std::uint8_t probation) {
  if (remote_source* const known = find(ssrc)) return known;
  if (sources_.size() >= max_sources_ && !make_room()) return nullptr;
  auto made = std::make_unique<remote_source>(reception(ssrc, clock_rate, probation));
  made->heard = now;
  const auto at = sources_.begin() + static_cast<std::ptrdiff_t>(place(ssrc));
  return sources_.insert(at, std::move(made))->get();
}

}  // namespace parley::rtp
