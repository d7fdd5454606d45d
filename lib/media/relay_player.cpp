#include <parley/media/relay_player.hpp>
#include <parley/media/relay_stream.hpp>
#include <parley/rtp/dtmf_event.hpp>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace parley::media {
namespace {

constexpr std::uint32_t beats_a_second = 50;
constexpr std::chrono::milliseconds most_behind(200);
constexpr std::int64_t longest_key = 3'600'000;  // ms

}  // namespace

base::result<played_sound> played_sound::create(std::shared_ptr<const sound_clip> clip,
                                                const audio_format& format, std::uint8_t payload_type,
                                                unsigned repeat) {
  if (clip->format != clip_format(format, clip->stored_rate)) return errc::unsupported_rate;
  auto made = encoding(format, clip->format, payload_type);
  if (!made) return made;
  made->clip_ = std::move(clip);
  made->left_ = made->clip_->samples.empty() ? 0 : repeat;
  return made;
}

base::result<played_sound> played_sound::create(const tone& what, const audio_format& format,
                                                std::uint8_t payload_type) {
  const auto segments =
      std::span(what.segments).first(std::min(what.segments.size(), std::size_t{what.count}));
  const auto endless = [](const tone_segment& s) { return s.length_ms == 0; };
  if (what.repeats || std::ranges::any_of(segments, endless)) return errc::bad_tone;
  // No tone of a telephone needs more of Opus.
  const pcm_format pcm = clip_format(format, 8000);
  auto made = encoding(format, pcm, payload_type);
  if (!made) return made;
  made->tone_ = std::make_unique<tone_generator>(pcm.rate);
  if (auto playing = made->tone_->play(what); !playing) return playing.error();
  return made;
}

base::result<played_sound> played_sound::encoding(audio_format encoded, const pcm_format& pcm,
                                                  std::uint8_t payload_type) {
  encoded.sample_rate = pcm.rate;
  encoded.channels = pcm.channels;
  if (encoded.sample_rate % beats_a_second != 0 || encoded.clock_rate % beats_a_second != 0)
    return errc::unsupported_rate;
  auto encoder = make_encoder(encoded);
  if (!encoder) return encoder.error();
  played_sound made;
  const std::size_t beat = encoded.sample_rate / beats_a_second;
  for (const unsigned parts : std::array<unsigned, 4>{1, 2, 3, 6}) {
    const std::size_t length = beat / parts;
    if (beat % parts != 0 || !(*encoder)->accepts(length)) continue;
    if ((*encoder)->max_payload(length) > relay_stream::max_payload) continue;
    made.parts_ = parts;
    made.frame_.resize(length * encoded.channels);
    break;
  }
  if (made.frame_.empty()) return errc::bad_frame_length;
  made.encoder_ = *std::move(encoder);
  made.payload_type_ = payload_type & 0x7FU;
  made.clock_rate_ = encoded.clock_rate;
  made.channels_ = encoded.channels;
  return made;
}

void played_sound::take(std::span<std::int16_t> out) noexcept {
  if (tone_) {
    const std::size_t count = out.size() / channels_;
    tone_->generate(out.first(count));
    for (std::size_t i = out.size(); channels_ != 1 && i-- != 0;) out[i] = out[i / channels_];
    return;
  }
  while (!out.empty() && left_ != 0) {
    const auto rest = std::span(clip_->samples).subspan(at_);
    const std::size_t part = std::min(rest.size(), out.size());
    std::ranges::copy(rest.first(part), out.begin());
    out = out.subspan(part);
    at_ += part;
    if (at_ == clip_->samples.size()) {
      at_ = 0;
      --left_;
    }
  }
  std::ranges::fill(out, std::int16_t{0});
}

std::size_t played_sound::next(std::span<std::byte> out) {
  take(frame_);
  const auto size = encoder_->encode(frame_, out);
  if (size) return *size;
  encoder_->reset();
  return 0;
}

void played_sound::skip() noexcept { take(frame_); }

void relay_player::begin(base::time_point now, std::uint32_t timestamp, std::uint32_t clock_rate) noexcept {
  active_ = marker_ = true;
  due_ = now;
  timestamp_ = timestamp;
  clock_rate_ = clock_rate;
  part_ = pause_ = 0;
}

void relay_player::play(played_sound sound) noexcept {
  if (std::exchange(part_, 0) != 0) end_beat();
  clock_rate_ = sound.clock_rate();
  sound_ = std::move(sound);
  marker_ = true;
}

base::result<played_sound> relay_player::tone_of(const key& what, const audio_format& format,
                                                 std::uint8_t payload_type) {
  const auto digit = rtp::digit_of(what.event);
  const auto ms = [](base::duration length) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(length).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, longest_key));
  };
  // RFC 4733 2.3: the volume is the power of both sines together.
  const auto made = dtmf_tone(digit.value_or('\0'), {.on_ms = std::max(ms(what.length), 1U),
                                                     .off_ms = ms(what.pause),
                                                     .level = -3.0F - what.volume,
                                                     .twist = 0});
  if (!made) return errc::bad_tone;
  return played_sound::create(*made, format, payload_type);
}

base::result<void> relay_player::press(key next) noexcept {
  if (!waiting_.push(std::move(next))) return errc::limit_reached;
  return {};
}

void relay_player::end_beat() noexcept {
  part_ = 0;
  due_ += beat;
  timestamp_ += clock_rate_ / beats_a_second;
}

void relay_player::begin_key() noexcept {
  auto next = waiting_.pop();
  if (!next) return;
  if (next->tone) {
    tone_ = std::move(next->tone);
    return;
  }
  const std::uint32_t interval = next->clock_rate / beats_a_second;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(next->length).count();
  const auto length = static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0)) * next->clock_rate / 1000;
  keys_ = rtp::dtmf_sender(static_cast<std::uint16_t>(std::min<std::uint32_t>(interval, 0xFFFF)));
  key_type_ = next->payload_type & 0x7FU;
  std::ignore = keys_.start(
      timestamp_, next->event,
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(length, std::max(interval, 1U), 0xFFFFFFFF)),
      std::min<std::uint8_t>(next->volume, 63));
  // The packets that say the end once more are part of it.
  const auto beats = std::clamp<std::int64_t>((next->pause + beat - base::duration(1)) / beat, 0, 0xFFFF);
  key_pause_ = static_cast<unsigned>(std::max<std::int64_t>(beats - (rtp::dtmf_sender::end_packets - 1), 0));
}

std::optional<played_packet> relay_player::send_key(std::span<std::byte> out) noexcept {
  const auto packet = keys_.next();
  if (!packet) return std::nullopt;
  base::byte_writer bytes(out);
  std::ignore = packet->event.write(bytes);
  if (!keys_.active()) {
    pause_ = key_pause_;
    // The last segment of a long event may lie ahead of the sound's slower clock.
    if (static_cast<std::int32_t>(packet->timestamp - timestamp_) > 0) timestamp_ = packet->timestamp;
  }
  return played_packet{key_type_, packet->marker, packet->timestamp, rtp::telephone_event::wire_bytes};
}

std::optional<played_packet> relay_player::handle_timeout(base::time_point now, std::span<std::byte> out) {
  if (!active_ || now < due_) return std::nullopt;
  if (part_ == 0) {
    if (now - due_ > most_behind) {
      const auto missed = (now - due_) / base::duration(beat);
      due_ += missed * base::duration(beat);
      timestamp_ += static_cast<std::uint32_t>(missed) * (clock_rate_ / beats_a_second);
      marker_ = true;
    }
    if (sound_ && sound_->ended()) sound_.reset();
    if (tone_ && tone_->ended()) tone_.reset();
    if (!keys_.active() && !tone_ && pause_ == 0) begin_key();
    if (!keys_.active() && !tone_ && !sound_ && waiting_.empty()) {
      active_ = false;
      return std::nullopt;
    }
    if (sound_ && (keys_.active() || tone_)) {
      for (unsigned i = 0; i < sound_->parts(); ++i) sound_->skip();
    }
    if (keys_.active()) {
      const auto packet = send_key(out);
      marker_ = true;
      end_beat();
      return packet;
    }
    if (pause_ != 0) --pause_;
  }
  if (!tone_ && !sound_) {
    marker_ = true;
    end_beat();
    return std::nullopt;
  }
  const auto packet = send_part(tone_ ? *tone_ : *sound_, out);
  if (packet.size == 0) return std::nullopt;
  return packet;
}

/// The next payload of a beat. No sound changes in the middle of one.
played_packet relay_player::send_part(played_sound& sound, std::span<std::byte> out) {
  clock_rate_ = sound.clock_rate();
  played_packet packet{sound.payload_type(), marker_, timestamp_, sound.next(out)};
  packet.timestamp += part_ * (clock_rate_ / beats_a_second) / sound.parts();
  marker_ = packet.size == 0;
  if (++part_ >= sound.parts()) end_beat();
  return packet;
}

}  // namespace parley::media
