// Digits on their way through a stream that is transcoded: from events into sound, and back.
#include <parley/media/relay_stream.hpp>
#include <parley/rtp/dtmf_event.hpp>

#include <algorithm>

namespace parley::media {

/// The sound of another transcoder begins.
void relay_stream::enter(const fate& as) noexcept {
  sounding_ = as;
  if (sounder_) {
    sounder_->reset();
    sounder_->set_rate(as.sound->pcm().rate);
  }
  if (as.listens && !heard_event_) {
    listener_.begin(as.sound->pcm());
  } else {
    listener_.stop();
  }
}

/// No sound is transcoded any more.
void relay_stream::leave() noexcept {
  sounding_ = {};
  if (sounder_) sounder_->reset();
  listener_.stop();
}

/// Who sends events needs nobody to listen to his sound: each digit would be there twice.
void relay_stream::heed_event() noexcept {
  heard_event_ = true;
  listener_.stop();
}

bool relay_stream::sound_events(const fate& as, base::packet_buffer& packet, const rtp::packet_view& view) {
  if (!sounder_) return false;
  if (sounding_.sound == nullptr) {
    if (first_sound_.sound == nullptr || first_sound_.clock_rate != as.clock_rate) return false;
    rebase(view.timestamp(), first_sound_.clock_rate, first_sound_.sent_clock_rate);
    moved_ = true;
    passing_ = false;
    enter(first_sound_);
  }
  in_event_ = false;
  sounder_->handle_event(as.clock_rate, view.marker(), view.timestamp(), view.payload());
  packet.trim_back(packet.size());
  return poll_transmit(packet);
}

/// Sound of the source comes. True where a key sounds in its place.
bool relay_stream::hold_key(const fate& as, const rtp::packet_view& view) noexcept {
  if (!sounder_) return false;
  const std::size_t length = as.sound->samples_of(view.payload());
  if (!sounder_->sounds()) {
    sounder_->pass(length);
    return false;
  }
  const std::uint32_t passed = view.timestamp() - as.sound->expected().value_or(view.timestamp());
  const auto ahead = static_cast<std::int32_t>(passed);
  // Part of it may lie behind what has been generated.
  const std::size_t before = ahead < 0 ? as.sound->samples(0U - passed) : 0;
  const std::size_t behind = ahead > 0 ? as.sound->samples(passed) : 0;
  sounder_->hold(length, length + behind - std::min(before, length + behind));
  return true;
}

/// Has the key that sounds go on by up to 20 ms. False where nothing of it is due.
bool relay_stream::sound_key() {
  if (!sounder_) return false;
  transcoder& to = *sounding_.sound;
  const pcm_format format = to.pcm();
  const std::size_t length = std::min(sounder_->available(), tone_.size() / format.channels);
  if (length == 0) return false;
  std::uint32_t timestamp = to.expected().value_or(base_in_);
  const auto begins = sounder_->begins_at();
  if (begins && sounder_->clock_rate() == sounding_.clock_rate) {
    const auto ahead = static_cast<std::int32_t>(*begins - timestamp);
    if (ahead > 0) {
      timestamp = *begins;
      sounder_->pass(to.samples(static_cast<std::uint32_t>(ahead)));
    }
  }
  const std::span<std::int16_t> all = std::span(tone_).first(length * format.channels);
  sounder_->generate(all.first(length));
  // From the last one on, so that none is written over before it is read.
  for (std::size_t i = length; format.channels > 1 && i-- != 0;) {
    for (std::size_t c = format.channels; c-- != 0;) all[i * format.channels + c] = all[i];
  }
  if (to.handle_sound(all, timestamp)) return true;
  sounder_->reset();
  return false;
}

void relay_stream::listen() noexcept { listener_.add(sounding_.sound->last_sound()); }

/// Writes a packet of the event that was heard. `last_timestamp` is that of the sound which is sent so far.
/// False where there is nothing to send.
bool relay_stream::write_digit(base::packet_buffer& out, std::uint32_t last_timestamp) {
  const auto packet = listener_.next();
  if (!packet || !sounding_.digits || digits_blocked_) return false;
  out.trim_back(out.size() - rtp::header_bytes - rtp::telephone_event::wire_bytes);
  base::byte_writer payload(out.mutable_bytes().subspan(rtp::header_bytes));
  static_cast<void>(packet->event.write(payload));
  write_own(out, sounding_.digits->payload_type & 0x7FU, packet->marker, packet->timestamp);
  // The next event of the relay's own goes on from the sound.
  last_timestamp_ = last_timestamp;
  return true;
}

}  // namespace parley::media
