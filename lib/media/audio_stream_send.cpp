#include <parley/media/audio_stream.hpp>
#include <parley/media/level.hpp>
#include <parley/rtp/packet.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <tuple>
#include <utility>

namespace parley::media {
namespace {

using std::chrono::milliseconds;

constexpr unsigned quiet_before_noise = 10;  // packets
constexpr unsigned packets_of_a_description = 20;

std::int64_t milliseconds_of(base::duration time) noexcept {
  return std::chrono::duration_cast<milliseconds>(time).count();
}

}  // namespace

base::result<audio_stream::sender> audio_stream::make_sender(const audio_stream_settings& settings) const {
  std::int64_t ms = milliseconds_of(settings.packet_time);
  if (ms < 10 || ms > 60 || ms % 10 != 0) return errc::bad_frame_length;
  sender made;
  made.payload = *settings.send;
  audio_format format = made.payload.format;
  format.channels = 1;
  if (format.is("opus")) format.sample_rate = options_.rate;
  if (made.payload.payload_type > 127 || format.clock_rate % 100 != 0 || format.sample_rate == 0 ||
      options_.rate % format.sample_rate != 0) {
    return errc::unsupported_rate;
  }
  auto encoder = make_encoder(format, options_.encoder);
  if (!encoder) return encoder.error();
  made.encoder = *std::move(encoder);
  const auto length_of = [&format](std::int64_t time) {
    return static_cast<std::size_t>(time) * (format.sample_rate / 100) / 10;
  };
  if (!made.encoder->accepts(length_of(ms))) ms = 20;
  if (!made.encoder->accepts(length_of(ms))) return errc::bad_frame_length;
  if (format.sample_rate != options_.rate) {
    auto before = resampler::create({options_.rate, 1}, format.pcm());
    if (!before) return before.error();
    made.before.emplace(*std::move(before));
  }
  made.length = static_cast<std::size_t>(ms) * (options_.rate / 1000);
  made.ticks = static_cast<std::uint32_t>(ms) * (format.clock_rate / 100) / 10;
  made.keys = rtp::dtmf_sender(static_cast<std::uint16_t>(std::min(made.ticks, 0xFFFFU)));
  return made;
}

base::result<void> audio_stream::set_sender(sender made) {
  const std::uint32_t clock_rate = made.payload.format.clock_rate;
  const bool other_clock = sender_ && sender_->payload.format.clock_rate != clock_rate;
  if (ssrc_ == 0 || other_clock) {
    const auto source = session_.add_source(clock_rate);
    if (!source) return source.error();
    // RFC 7160 4.1: one clock rate an SSRC.
    if (ssrc_ != 0) session_.remove_source(std::exchange(ssrc_, *source));
    ssrc_ = *source;
    marker_ = true;
  }
  // A key that is being pressed goes on where the packets are as before, else it is cut short.
  if (sender_ && !other_clock && sender_->ticks == made.ticks) {
    made.keys = sender_->keys;
  } else if (std::exchange(key_sounds_, false) && keys_.empty()) {
    report(audio_event::keys_sent{false});
  }
  sender_ = std::move(made);
  // What was collected for the codec before is the beginning of the next packet, unless that is shorter.
  frame_.resize(sender_->length);
  filled_ = std::min(filled_, sender_->length - options_.rate / 100);
  const std::size_t of_codec = sender_->before ? sender_->before->output_length(sender_->length) : 0;
  converted_.resize(of_codec);
  payload_.resize(sender_->encoder->max_payload(sender_->before ? of_codec : sender_->length));
  analyser_ = noise_analyser(options_.rate == clock_rate ? 10 : 0);
  quiet_ = 0;
  return {};
}

base::result<void> audio_stream::send_keys(std::string_view keys) {
  for (const char key : keys) {
    if (key != '!' && !rtp::event_of(key)) return errc::bad_tone;
  }
  if (!can_send_keys() || over_) return errc::unknown_payload_type;
  if (keys.size() + keys_.size() > max_keys) return errc::limit_reached;
  keys_ += keys;
  return {};
}

void audio_stream::drop_keys() {
  if (keys_.empty() && !key_sounds_) return;
  keys_.clear();
  key_sounds_ = false;
  report(audio_event::keys_sent{false});
}

/// The 10 ms that are due: what is heard, and what is said.
void audio_stream::tick(base::time_point now) {
  const std::span<std::int16_t> heard(heard_);
  if (!settings_.receives || !buffer_.pull(now, heard))
    std::fill(heard.begin(), heard.end(), std::int16_t{0});
  if (sink_ != nullptr) sink_->write(heard);
  if (!sender_) return;
  const std::span<std::int16_t> said = std::span(frame_).subspan(filled_, options_.rate / 100);
  const std::size_t got = source_ == nullptr ? 0 : std::min(source_->read(said), said.size());
  std::fill(said.begin() + static_cast<std::ptrdiff_t>(got), said.end(), std::int16_t{0});
  filled_ += said.size();
  if (filled_ < sender_->length) return;
  filled_ = 0;
  if (settings_.sends) {
    if (!send_key(now) && !send_noise(now)) send_sound(now);
  }
  timestamp_ += sender_->ticks;
}

bool audio_stream::send_key(base::time_point now) {
  rtp::dtmf_sender& pressed = sender_->keys;
  if (!event_type_) return false;
  const std::uint32_t clock_rate = sender_->payload.format.clock_rate;
  if (!pressed.active()) {
    if (pause_ > 0) {
      --pause_;
      return false;
    }
    if (keys_.empty()) return false;
    const char key = keys_.front();
    keys_.erase(0, 1);
    const std::uint8_t number = key == '!' ? rtp::flash_event : rtp::event_of(key).value_or(0);
    const std::uint32_t duration = options_.key_ms * (clock_rate / 100) / 10;
    if (!pressed.start(timestamp_, number, std::max(duration, sender_->ticks))) return false;
    key_sounds_ = true;
  }
  const auto packet = pressed.next();
  if (!packet) return false;
  std::array<std::byte, rtp::telephone_event::wire_bytes> bytes{};
  base::byte_writer out(bytes);
  std::ignore = packet->event.write(out);
  send(now, *event_type_, packet->marker, packet->timestamp, bytes);
  if (!pressed.active()) {
    key_sounds_ = false;
    pause_ = static_cast<unsigned>(options_.pause_ms * (clock_rate / 100) / 10 / sender_->ticks);
    if (keys_.empty()) report(audio_event::keys_sent{true});
  }
  return true;
}

/// RFC 3389: silence is described, now and then, and not sent.
bool audio_stream::send_noise(base::time_point now) {
  if (!noise_type_) return false;
  if (audio_level(frame_) < options_.silence_level) {
    if (quiet_ >= quiet_before_noise) marker_ = true;
    quiet_ = 0;
    return false;
  }
  analyser_.add(frame_);
  ++quiet_;
  if (quiet_ < quiet_before_noise) return false;
  if ((quiet_ - quiet_before_noise) % packets_of_a_description != 0) return true;
  std::array<std::byte, noise_description::max_order + 1> bytes{};
  const auto size = write_comfort_noise(analyser_.description(), bytes);
  if (size) send(now, *noise_type_, false, timestamp_, std::span(bytes).first(*size));
  return true;
}

void audio_stream::send_sound(base::time_point now) {
  std::span<const std::int16_t> sound = frame_;
  if (sender_->before) {
    const auto converted = sender_->before->process(sound, converted_);
    if (!converted) return;
    sound = *converted;
  }
  const auto size = sender_->encoder->encode(sound, payload_);
  if (!size) {
    sender_->encoder->reset();
    return;
  }
  if (*size == 0) {
    marker_ = true;
    return;
  }
  send(now, sender_->payload.payload_type, std::exchange(marker_, false), timestamp_,
       std::span(payload_).first(*size));
}

void audio_stream::send(base::time_point now, std::uint8_t payload_type, bool marker, std::uint32_t timestamp,
                        std::span<const std::byte> payload) {
  const std::size_t overhead = protecting_ ? protecting_->rtp_overhead() : 0;
  auto packet = pool_.allocate(rtp::header_bytes + payload.size() + overhead);
  // A number that nothing goes with looks like a loss, which it is.
  const std::uint16_t number = sequence_++;
  if (!packet) return;
  const auto room = packet->append(rtp::header_bytes + payload.size());
  if (!room) return;
  base::byte_writer out(*room);
  rtp::packet_header header;
  header.payload_type = payload_type;
  header.marker = marker;
  header.sequence_number = number;
  header.timestamp = timestamp;
  header.ssrc = ssrc_;
  if (!rtp::write_header(out, header)) return;
  out.bytes(payload);
  if (protecting_ && !protecting_->protect_rtp(*packet)) return;
  if (!datagrams_.push({*std::move(packet), false})) return;
  ++sent_;
  sent_bytes_ += payload.size();
  session_.handle_sent(now, ssrc_, timestamp, payload.size());
}

}  // namespace parley::media
