#include <parley/rtp/dtmf_receiver.hpp>

#include <algorithm>

namespace parley::rtp {
namespace {

constexpr std::uint32_t segment_duration = 0xFFFF;

/// Behind a reported event by less than this, a timestamp is that of a packet which was overtaken; by more,
/// the source has begun to count anew. 87 s of 48 kHz.
constexpr std::uint32_t overtaken = 1U << 22U;

/// True where `a` is later than `b`, by the arithmetic of timestamps.
bool later(std::uint32_t a, std::uint32_t b) noexcept { return a != b && a - b < 0x80000000U; }

}  // namespace

dtmf_receiver::dtmf_receiver(std::uint32_t timeout, std::size_t capacity)
    : timeout_(timeout), presses_(std::max(capacity, max_events_in_packet + 1)) {}

bool dtmf_receiver::reported(std::uint32_t timestamp) const noexcept {
  return newest_ && *newest_ - timestamp < overtaken;
}

void dtmf_receiver::finish(bool end_seen) noexcept {
  current_->end_seen = end_seen;
  newest_ = segment_;
  // Room was asked for before the packet was looked at, and `handle_time` waits for it.
  static_cast<void>(presses_.push(*current_));
  current_.reset();
}

void dtmf_receiver::handle_event(bool marker, std::uint32_t timestamp,
                                 const telephone_event& event) noexcept {
  if (reported(timestamp)) return;
  if (current_ && timestamp != segment_) {
    const std::uint32_t ahead = timestamp - segment_;
    if (segment_ - timestamp < overtaken) return;
    // RFC 4733 2.5.1.3: a segment begins where a full one has ended, whether or not that one's last packet
    // came, and has no marker.
    if (!marker && event.event == current_->event && later(timestamp, segment_) &&
        ahead % segment_duration == 0) {
      before_ += ahead;
      segment_ = timestamp;
    } else {
      finish(false);
    }
  }
  if (!current_) {
    current_ = dtmf_press{event.event, event.volume, timestamp, 0, false};
    segment_ = timestamp;
    before_ = 0;
  }
  // What has the same timestamp and is another event contradicts what was there first.
  if (event.event != current_->event) return;
  current_->duration = std::max(current_->duration, before_ + event.duration);
  if (event.end) finish(true);
}

parsed<void> dtmf_receiver::handle_packet(bool marker, std::uint32_t timestamp,
                                          std::span<const std::byte> payload) noexcept {
  const parsed<field_list<telephone_event>> events = parse_events(payload);
  if (!events) return events.error();
  if (presses_.capacity() - presses_.size() < events->size() + 1) return parse_error{errc::no_space, 0};
  for (std::size_t i = 0; i < events->size(); ++i) {
    telephone_event event = (*events)[i];
    // RFC 4733 2.5.1.5: only the last event of a packet may go on.
    if (i + 1 != events->size()) event.end = true;
    handle_event(marker && i == 0, timestamp, event);
    timestamp += event.duration;
  }
  return {};
}

void dtmf_receiver::handle_time(std::uint32_t timestamp) noexcept {
  if (!current_ || presses_.full()) return;
  const std::uint32_t reached = segment_ + (current_->duration - before_);
  if (later(timestamp, reached) && timestamp - reached > timeout_) finish(false);
}

void dtmf_receiver::reset() noexcept {
  if (current_ && !presses_.full()) finish(false);
  current_.reset();
  newest_.reset();
}

std::optional<dtmf_press> dtmf_receiver::poll_event() noexcept { return presses_.pop(); }

}  // namespace parley::rtp
