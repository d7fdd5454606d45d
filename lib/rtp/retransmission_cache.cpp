#include <parley/rtp/retransmission_cache.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace parley::rtp {
namespace {

// The numbers of more packets than that could not be told apart.
constexpr std::size_t most_packets = 32768;

}  // namespace

retransmission_cache::retransmission_cache(const retransmission_cache_options& options)
    : options_(options),
      entries_(std::bit_ceil(std::clamp<std::size_t>(options.max_packets, 1, most_packets))) {}

std::int64_t retransmission_cache::extend(std::uint16_t sequence) const noexcept {
  const auto ahead = static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(newest_));
  return newest_ + ahead;
}

void retransmission_cache::drop(entry& e) noexcept {
  if (!e.packet) return;
  bytes_ -= e.packet.size();
  --packets_;
  e.packet.reset();
}

void retransmission_cache::store(base::time_point now, std::uint16_t sequence,
                                 base::packet_buffer packet) noexcept {
  if (!packet || packet.size() > options_.max_bytes) return;
  if (packets_ == 0) {
    // Numbering may begin anywhere.
    newest_ = sequence;
    oldest_ = sequence;
  }
  const std::int64_t at = extend(sequence);
  const auto capacity = static_cast<std::int64_t>(entries_.size());
  if (at <= newest_ - capacity) return;
  newest_ = std::max(newest_, at);
  entry& e = slot(at);
  drop(e);
  while (packets_ != 0 && (bytes_ + packet.size() > options_.max_bytes || oldest_ <= newest_ - capacity)) {
    if (oldest_ >= at && bytes_ + packet.size() > options_.max_bytes) return;  // later ones are worth more
    entry& old = slot(oldest_);
    if (old.packet && old.sequence == oldest_) drop(old);
    ++oldest_;
  }
  oldest_ = packets_ == 0 ? at : std::min(oldest_, at);
  bytes_ += packet.size();
  ++packets_;
  e = {std::move(packet), now, {}, at, false};
}

const base::packet_buffer* retransmission_cache::find(base::time_point now, std::uint16_t sequence,
                                                      base::duration min_interval) noexcept {
  if (packets_ == 0) return nullptr;
  const std::int64_t at = extend(sequence);
  entry& e = slot(at);
  if (!e.packet || e.sequence != at || now - e.stored > options_.max_age) return nullptr;
  if (e.was_found && now - e.found < min_interval) return nullptr;
  e.was_found = true;
  e.found = now;
  return &e.packet;
}

void retransmission_cache::clear() noexcept {
  for (entry& e : entries_) drop(e);
}

}  // namespace parley::rtp
