#include <parley/rtp/dtmf_sender.hpp>

#include <algorithm>

namespace parley::rtp {
namespace {

constexpr std::uint32_t longest_segment = 0xFFFF;

}  // namespace

bool dtmf_sender::start(std::uint32_t timestamp, std::uint8_t event, std::uint32_t duration,
                        std::uint8_t volume) noexcept {
  if (active() || volume > 63) return false;
  state_ = state::sounding;
  first_ = true;
  event_ = event;
  volume_ = volume;
  segment_ = timestamp;
  sounded_ = 0;
  left_ = duration;
  return true;
}

void dtmf_sender::stop() noexcept {
  if (state_ == state::sounding) left_ = first_ ? std::min(left_, interval_) : 0;
}

std::optional<dtmf_packet> dtmf_sender::next() noexcept {
  if (state_ == state::idle) return std::nullopt;
  dtmf_packet out{first_, segment_, {event_, false, volume_, 0}};
  first_ = false;
  if (state_ == state::sounding) {
    const std::uint32_t more = std::min(interval_, left_);
    sounded_ += more;
    left_ -= more;
    if (sounded_ > longest_segment) {
      // RFC 4733 2.5.1.3: the segment is reported full, without the end; the next packet begins another one.
      out.event.duration = longest_segment;
      segment_ += longest_segment;
      sounded_ -= longest_segment;
      return out;
    }
    if (left_ == 0) {
      state_ = state::ending;
      ends_left_ = end_packets;
    }
  }
  out.event.duration = static_cast<std::uint16_t>(sounded_);
  if (state_ == state::ending) {
    out.event.end = true;
    if (--ends_left_ == 0) state_ = state::idle;
  }
  return out;
}

}  // namespace parley::rtp
