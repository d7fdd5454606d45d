#include <parley/media/sound_listener.hpp>
#include <parley/rtp/dtmf_event.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace parley::media {
namespace {

constexpr std::uint32_t until_stopped = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void sound_listener::begin(pcm_format format) noexcept {
  stop();
  format_ = format;
  detector_.emplace(format.rate);
}

void sound_listener::stop() noexcept {
  detector_.reset();
  begins_.reset();
  over_.reset();
  ending_ = owes_ = false;
  sender_ = rtp::dtmf_sender(1);
}

void sound_listener::add(std::span<const std::int16_t> sound) noexcept {
  if (!detector_) return;
  // One event at most comes of so much.
  std::array<std::int16_t, 160> part{};
  const std::size_t channels = std::max<std::size_t>(format_.channels, 1);
  while (sound.size() >= channels) {
    const std::size_t length = std::min(part.size(), sound.size() / channels);
    for (std::size_t i = 0; i < length; ++i) {
      std::int32_t sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += sound[i * channels + c];
      part[i] = static_cast<std::int16_t>(sum / static_cast<std::int32_t>(channels));
    }
    if (const auto event = detector_->add(std::span(part).first(length))) handle(*event);
    sound = sound.subspan(length * channels);
  }
}

void sound_listener::handle(const dtmf_event& event) noexcept {
  const auto code = rtp::event_of(event.digit);
  if (!code) return;
  if (!event.ended) {
    begins_ = *code;
    over_.reset();
    return;
  }
  const auto length = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(event.length * 1000 / format_.rate, std::numeric_limits<std::uint32_t>::max()));
  if (count_ < capacity) heard_[(first_ + count_++) % capacity] = {*code, length};
  if (begins_) {
    over_ = length;
  } else if (sender_.active() && !ending_) {
    sender_.stop();
    ending_ = owes_ = true;
  }
}

bool sound_listener::take_place(std::uint32_t timestamp, std::uint32_t length) noexcept {
  owes_ = ending_ && sender_.active();
  if (owes_) return false;
  if (begins_) {
    sender_ = rtp::dtmf_sender(static_cast<std::uint16_t>(std::clamp<std::uint32_t>(length, 1, 0xFFFF)));
    // What is over before a packet could tell of it is told of by the end alone.
    static_cast<void>(sender_.start(timestamp, *std::exchange(begins_, std::nullopt), until_stopped));
    ending_ = over_.has_value();
    if (ending_) sender_.stop();
    over_.reset();
    owes_ = ending_;
    return !ending_;
  }
  return sender_.active();
}

std::optional<rtp::dtmf_packet> sound_listener::next() noexcept {
  owes_ = false;
  return sender_.next();
}

std::optional<heard_digit> sound_listener::poll_digit() noexcept {
  if (count_ == 0) return std::nullopt;
  --count_;
  return heard_[std::exchange(first_, (first_ + 1) % capacity)];
}

}  // namespace parley::media
