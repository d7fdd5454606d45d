#include <parley/media/event_sounder.hpp>
#include <parley/rtp/dtmf_event.hpp>

#include <algorithm>

namespace parley::media {
namespace {

// ms
constexpr std::size_t least_tone = 40;  // ITU-T Q.24, of the pause likewise
constexpr std::size_t least_pause = 40;
constexpr std::size_t most_unsaid = 100;  // RFC 4733 2.5.1.2: events are said every 50 ms
constexpr std::size_t most_at_once = 120;

constexpr float both_sines = 3;  // dB more than each

}  // namespace

event_sounder::event_sounder() { since_ = milliseconds(least_pause); }

void event_sounder::set_rate(std::uint32_t rate) noexcept {
  if (rate == rate_) return;
  rate_ = std::max(rate, 1U);
  down_ = false;
  since_ = milliseconds(least_pause);
}

std::size_t event_sounder::scaled(std::uint32_t duration) const noexcept {
  return static_cast<std::size_t>(std::uint64_t{duration} * rate_ / clock_rate_);
}

void event_sounder::handle_event(std::uint32_t clock_rate, bool marker, std::uint32_t timestamp,
                                 std::span<const std::byte> payload) noexcept {
  if (clock_rate != clock_rate_) {
    reset();
    clock_rate_ = std::max(clock_rate, 1U);
  }
  // Where presses have no room there are more of them than anybody presses.
  static_cast<void>(events_.handle_packet(marker, timestamp, payload));
  allowed_ = milliseconds(most_at_once);
  unsaid_ = 0;
  look();
}

void event_sounder::begin(const rtp::dtmf_press& press) noexcept {
  any_ = true;
  timestamp_ = press.timestamp;
  down_ = ended_ = false;
  const auto digit = rtp::digit_of(press.event);
  if (!digit) return;
  const auto tone =
      dtmf_tone(*digit, {.on_ms = 0, .off_ms = 0, .level = -both_sines - press.volume, .twist = 0});
  generator_ = tone_generator(rate_);
  if (!tone || !generator_.play(*tone)) return;
  down_ = true;
  made_ = due_ = unsaid_ = 0;
}

/// Takes over what is known of the event that sounds, or the next one where none does.
void event_sounder::look() noexcept {
  for (;;) {
    if (down_ && ended_) {
      if (made_ < due_) return;
      down_ = false;
    }
    if (const auto press = events_.poll_event()) {
      const bool is_it = any_ && press->timestamp == timestamp_;
      if (is_it && !down_) continue;
      if (!is_it) begin(*press);
      if (!down_) continue;
      due_ = std::max({made_, scaled(press->duration), milliseconds(least_tone)});
      ended_ = true;
      continue;
    }
    const auto now = events_.sounding();
    if (!now) return;
    const bool is_it = any_ && now->timestamp == timestamp_;
    if (!is_it) begin(*now);
    if (down_) due_ = std::max(due_, scaled(now->duration));
    return;
  }
}

void event_sounder::hold(std::size_t length, std::size_t ahead) noexcept {
  allowed_ = milliseconds(most_at_once);
  if (!down_ || ended_) return;
  unsaid_ += std::max(length, ahead);
  if (unsaid_ > milliseconds(most_unsaid)) {
    due_ = std::max(made_, milliseconds(least_tone));
    ended_ = true;
    return;
  }
  due_ = std::max(due_, made_ + std::min(ahead, milliseconds(most_at_once)));
}

void event_sounder::pass(std::size_t length) noexcept {
  since_ = std::min(milliseconds(least_pause), since_ + std::min(length, milliseconds(least_pause)));
}

std::size_t event_sounder::available() noexcept {
  look();
  if (!sounds() || made_ >= due_) return 0;
  const std::size_t pause = made_ == 0 ? milliseconds(least_pause) - since_ : 0;
  return std::min(pause != 0 ? pause : due_ - made_, allowed_);
}

std::optional<std::uint32_t> event_sounder::begins_at() const noexcept {
  return down_ && made_ == 0 ? std::optional(timestamp_) : std::nullopt;
}

void event_sounder::generate(std::span<std::int16_t> out) noexcept {
  allowed_ -= std::min(allowed_, out.size());
  if (made_ == 0 && since_ < milliseconds(least_pause)) {
    std::ranges::fill(out, std::int16_t{0});
    pass(out.size());
    return;
  }
  generator_.generate(out);
  made_ += out.size();
  since_ = 0;
}

void event_sounder::reset() noexcept {
  events_.reset();
  while (events_.poll_event()) {
  }
  down_ = any_ = false;
  since_ = milliseconds(least_pause);
}

}  // namespace parley::media
