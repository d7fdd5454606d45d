#include <parley/media/jitter_buffer.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace parley::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t max_codecs = 16;
constexpr base::duration longest_packet = milliseconds(200);
/// A packet whose delay differs that much from the fastest is of another line of time: the sender has begun
/// anew, or stood still.
constexpr base::duration jump = seconds(1);
/// How much is concealed before the stream is taken for silent, and how long a codec may then go on filling,
/// which is how one with DTX of its own makes its noise.
constexpr std::uint32_t frames_until_waiting = 10;
constexpr std::uint32_t frames_of_own_noise = 200;

constexpr std::size_t room_frames = 40;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
  const std::int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

}  // namespace

jitter_buffer::jitter_buffer(pcm_format format, const jitter_buffer_options& options)
    : format_(format),
      options_(options),
      frame_(format.rate / 100),
      delays_(options.delay),
      concealment_(format),
      noise_(options.noise_seed),
      pcm_((history_frames + room_frames) * frame_ * format.channels),
      pcm_begin_(history_frames * frame_ * format.channels),
      pcm_end_(pcm_begin_) {
  options_.max_packets = std::max<std::size_t>(options_.max_packets, 1);
  codecs_.reserve(max_codecs);
  packets_.reserve(options_.max_packets);
}

base::result<void> jitter_buffer::add_codec(std::uint8_t payload_type, std::uint32_t clock_rate,
                                            std::unique_ptr<audio_decoder> decoder) {
  if (clock_rate == 0 || (decoder && decoder->output() != format_)) return errc::unsupported_rate;
  if (payload_type > 126) return errc::limit_reached;
  auto at = std::ranges::find_if(codecs_, [&](const auto& c) { return c->payload_type == payload_type; });
  if (at == codecs_.end()) {
    if (codecs_.size() == max_codecs) return errc::limit_reached;
    at = codecs_.insert(at, std::make_unique<codec>());
  } else {
    // What waits was for the decoder that goes.
    drop_all();
    if (active_ == at->get()) active_ = nullptr;
  }
  (*at)->payload_type = payload_type;
  (*at)->clock_rate = clock_rate;
  (*at)->decoder = std::move(decoder);
  return {};
}

base::result<void> jitter_buffer::add_decoder(std::uint8_t payload_type, std::uint32_t clock_rate,
                                              std::unique_ptr<audio_decoder> decoder) {
  if (!decoder) return errc::unknown_codec;
  return add_codec(payload_type, clock_rate, std::move(decoder));
}

base::result<void> jitter_buffer::add_comfort_noise(std::uint8_t payload_type, std::uint32_t clock_rate) {
  return add_codec(payload_type, clock_rate, nullptr);
}

jitter_buffer_statistics jitter_buffer::statistics() const noexcept {
  jitter_buffer_statistics now = statistics_;
  now.current_delay = current_delay_;
  now.target_delay = delays_.target();
  return now;
}

// Media time counts instants since the stream's first packet; `origin_` is when that came, so that a packet's
// delay is what it took longer than that one.

std::int64_t jitter_buffer::instants_of(base::duration time) const noexcept {
  constexpr std::int64_t second = 1'000'000;
  return time.count() / second * format_.rate + time.count() % second * format_.rate / second;
}

base::duration jitter_buffer::time_of(std::int64_t instants) const noexcept {
  constexpr std::int64_t second = 1'000'000;
  const std::int64_t rate = format_.rate;
  return base::duration(instants / rate * second + instants % rate * second / rate);
}

base::duration jitter_buffer::delay_of(std::int64_t media, base::time_point now) const noexcept {
  return now - origin_ - time_of(media);
}

bool jitter_buffer::is_due(const waiting_packet& packet, base::time_point now) const noexcept {
  const base::duration age = delay_of(packet.begin, now) + time_of(static_cast<std::int64_t>(pending()));
  return age - delays_.fastest() >= delays_.target();
}

void jitter_buffer::start_stream(base::time_point now, const sound_packet& packet,
                                 std::uint32_t clock_rate) noexcept {
  drop_all();
  if (ssrc_) ++statistics_.restarts;
  ssrc_ = packet.ssrc;
  clock_rate_ = clock_rate;
  origin_ = now;
  newest_ticks_ = 0;
  newest_timestamp_ = packet.timestamp;
  newest_sequence_ = packet.sequence;
  sequences_ = 0;
  odd_.reset();
  delays_.restart();
  noise_.reset();
  state_ = state::waiting;
  active_ = nullptr;  // what is decoded next resets its decoder
  has_played_ = false;
  seam_ = true;
  held_ = 0;
}

/// Whether two packets in a row agree that the line of time has moved.
bool jitter_buffer::jumps(base::duration delay) noexcept {
  const bool agrees = odd_ && delay - *odd_ < jump && *odd_ - delay < jump;
  odd_ = delay;
  return agrees;
}

bool jitter_buffer::seen_before(std::uint16_t sequence) noexcept {
  const auto ahead = static_cast<std::int16_t>(static_cast<std::uint16_t>(sequence - newest_sequence_));
  if (ahead > 0) {
    sequences_ = ahead < 64 ? sequences_ << static_cast<unsigned>(ahead) : 0;
    sequences_ |= 1;
    newest_sequence_ = sequence;
    return false;
  }
  if (ahead <= -64) return false;
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(-ahead);
  const bool seen = (sequences_ & bit) != 0;
  sequences_ |= bit;
  return seen;
}

base::result<void> jitter_buffer::insert(base::time_point now, sound_packet packet) {
  const auto with =
      std::ranges::find_if(codecs_, [&](const auto& c) { return c->payload_type == packet.payload_type; });
  if (with == codecs_.end()) return errc::unknown_payload_type;
  waiting_packet taken;
  taken.with = with->get();
  std::size_t length = 0;
  if (taken.with->decoder) {
    const auto samples = taken.with->decoder->samples_of(packet.payload.bytes());
    if (!samples) return samples.error();
    length = *samples;
    if (length == 0 || length > static_cast<std::size_t>(instants_of(longest_packet)))
      return errc::bad_payload;
  } else if (packet.payload.empty()) {
    return errc::bad_payload;
  }
  ++statistics_.received;
  const std::uint32_t clock_rate = taken.with->clock_rate;
  if (!ssrc_ || *ssrc_ != packet.ssrc || clock_rate_ != clock_rate) start_stream(now, packet, clock_rate);

  const auto ahead = static_cast<std::int32_t>(packet.timestamp - newest_timestamp_);
  std::int64_t ticks = newest_ticks_ + ahead;
  taken.begin = floor_divide(ticks * format_.rate, clock_rate);
  base::duration delay = delay_of(taken.begin, now);
  const base::duration unusual = delay - delays_.fastest();
  if (unusual > jump || unusual < -jump) {
    if (!jumps(delay)) {
      ++statistics_.discarded;
      return {};
    }
    start_stream(now, packet, clock_rate);
    ticks = 0;
    taken.begin = 0;
    delay = base::duration::zero();
  } else {
    odd_.reset();
  }
  if (seen_before(packet.sequence)) {
    ++statistics_.duplicates;
    return {};
  }
  if (ticks > newest_ticks_) {
    newest_ticks_ = ticks;
    newest_timestamp_ = packet.timestamp;
  }
  delays_.add(now, delay);
  taken.end = taken.begin + static_cast<std::int64_t>(length);
  taken.payload = std::move(packet.payload);
  if (has_played_ && (taken.end < next_ || (taken.end == next_ && length != 0))) {
    ++statistics_.late;
    return {};
  }
  keep(std::move(taken));
  return {};
}

void jitter_buffer::keep(waiting_packet packet) {
  const std::size_t size = packet.payload.size();
  if (size > options_.max_bytes) {
    ++statistics_.discarded;
    return;
  }
  if (packets_.size() >= options_.max_packets || bytes_ + size > options_.max_bytes) {
    // Far more than should be waiting: what is newest is heard next.
    drop_all();
    state_ = state::waiting;
    seam_ = true;
  }
  const auto at = std::ranges::upper_bound(packets_, packet.begin, {}, &waiting_packet::begin);
  bytes_ += size;
  packets_.insert(at, std::move(packet));
}

void jitter_buffer::drop_all() noexcept {
  statistics_.discarded += packets_.size();
  packets_.clear();
  bytes_ = 0;
}

void jitter_buffer::drop_front() noexcept {
  bytes_ -= packets_.front().payload.size();
  packets_.erase(packets_.begin());
}

base::result<frame_kind> jitter_buffer::pull(base::time_point now, std::span<std::int16_t> out) {
  if (out.size() != frame_size()) return errc::bad_frame_length;
  if (state_ == state::playing) adapt(now);
  while (pending() < frame_) fill(now);
  const std::span<const std::int16_t> next(pcm_.data() + pcm_begin_, frame_size());
  std::ranges::copy(next, out.begin());
  pcm_begin_ += frame_size();
  statistics_.pulled += frame_;
  return kind_;
}

/// Room for that many instants behind what has been decoded. Moves everything to the front when the end is
/// reached; there is room for a packet of the longest kind beside what may be pending.
std::span<std::int16_t> jitter_buffer::room(std::size_t instants) noexcept {
  const std::size_t size = instants * format_.channels;
  if (pcm_end_ + size > pcm_.size()) {
    const std::size_t from = pcm_begin_ - history_frames * frame_size();
    std::copy(pcm_.begin() + static_cast<std::ptrdiff_t>(from),
              pcm_.begin() + static_cast<std::ptrdiff_t>(pcm_end_), pcm_.begin());
    pcm_begin_ -= from;
    pcm_end_ -= from;
  }
  return {pcm_.data() + pcm_end_, size};
}

/// What has been written into `room` follows what was there, without a click where it does not by itself.
void jitter_buffer::append(std::size_t instants) noexcept {
  const std::span<std::int16_t> added(pcm_.data() + pcm_end_, instants * format_.channels);
  if (seam_) concealment_.conceal({pcm_.data(), pcm_end_}, {});
  concealment_.join(added);
  seam_ = false;
  pcm_end_ += added.size();
}

void jitter_buffer::fill(base::time_point now) {
  if (state_ == state::playing) {
    fill_playing(now);
    return;
  }
  if (packets_.empty() || !is_due(packets_.front(), now)) {
    fill_background();
    return;
  }
  const waiting_packet& front = packets_.front();
  next_ = has_played_ ? std::max(next_, front.begin) : front.begin;
  has_played_ = true;
  if (state_ == state::noise && front.with->decoder) seam_ = true;
  if (filled_ > 0) seam_ = true;
  held_ = 0;
  above_ = below_ = 0;
  play_front();
}

void jitter_buffer::fill_playing(base::time_point now) {
  while (!packets_.empty() && packets_.front().with->decoder && packets_.front().end <= next_) {
    ++statistics_.discarded;
    drop_front();
  }
  if (!packets_.empty()) {
    cross_gap(now);
    return;
  }
  // It may only be late: media time stands still, and the delay grows.
  conceal(frame_);
  held_ += frame_;
}

void jitter_buffer::cross_gap(base::time_point now) {
  const waiting_packet& front = packets_.front();
  if (front.begin > next_ && held_ > 0) {
    // What was concealed while nothing had come was the beginning of this gap.
    const std::int64_t filled = std::min(front.begin - next_, static_cast<std::int64_t>(held_));
    next_ += filled;
    held_ -= static_cast<std::size_t>(filled);
  }
  if (front.begin > next_ && delay_of(front.begin, now) - delays_.fastest() > delays_.target() + band) {
    // Even the packet behind the gap has waited too long.
    next_ = front.begin;
    seam_ = true;
  }
  if (front.begin <= next_) {
    play_front();
    return;
  }
  const auto gap = static_cast<std::size_t>(front.begin - next_);
  const auto length = static_cast<std::size_t>(front.end - front.begin);
  if (gap == length && recover(front, length)) return;
  const std::size_t step = std::min(frame_, gap > length ? gap - length : gap);
  conceal(step);
  next_ += static_cast<std::int64_t>(step);
}

void jitter_buffer::play_front() {
  const waiting_packet packet = std::move(packets_.front());
  packets_.erase(packets_.begin());
  bytes_ -= packet.payload.size();
  if (packet.with->decoder) {
    if (decode(packet)) return;
    // Not what its codec makes: as if it were lost.
    const auto length = static_cast<std::size_t>(packet.end - next_);
    conceal(std::min(length, frame_));
    next_ += static_cast<std::int64_t>(std::min(length, frame_));
    return;
  }
  const auto description = read_comfort_noise(packet.payload.bytes());
  if (!description) return;
  if (state_ != state::noise) {
    noise_.reset();
    state_ = state::noise;
    seam_ = true;
  }
  noise_.describe(*description);
  make_noise();
}

bool jitter_buffer::decode(const waiting_packet& packet) {
  if (packet.with != active_) {
    packet.with->decoder->reset();
    seam_ = true;
    active_ = packet.with;
  }
  state_ = state::playing;
  const auto length = static_cast<std::size_t>(packet.end - packet.begin);
  const std::span<std::int16_t> out = room(length);
  const auto decoded = packet.with->decoder->decode(packet.payload.bytes(), out);
  if (!decoded || decoded->size() != out.size()) return false;
  // A part of it may have been concealed already.
  const auto over =
      static_cast<std::size_t>(std::clamp<std::int64_t>(next_ - packet.begin, 0, packet.end - packet.begin));
  if (over != 0) {
    const auto skipped = static_cast<std::ptrdiff_t>(over * format_.channels);
    std::copy(out.begin() + skipped, out.end(), out.begin());
    seam_ = true;
  }
  // Silence before all sound needs no fading.
  if (std::exchange(fresh_, false)) seam_ = false;
  append(length - over);
  next_ = packet.end;
  kind_ = frame_kind::sound;
  held_ = 0;
  filled_ = 0;
  return true;
}

bool jitter_buffer::recover(const waiting_packet& packet, std::size_t length) {
  if (packet.with != active_ || seam_ || concealment_.active()) return false;
  if (!packet.with->decoder->recover(packet.payload.bytes(), room(length))) return false;
  append(length);
  next_ += static_cast<std::int64_t>(length);
  statistics_.recovered += length;
  kind_ = frame_kind::sound;
  filled_ = 0;
  return true;
}

/// Fills with what the codec, or the sound before, suggests.
void jitter_buffer::conceal(std::size_t length) {
  const std::span<std::int16_t> out = room(length);
  const bool by_codec =
      active_ != nullptr && !seam_ && !concealment_.active() && active_->decoder->conceal(out).has_value();
  if (!by_codec) {
    concealment_.conceal({pcm_.data(), pcm_end_}, out);
    seam_ = false;  // the concealment goes on and is joined by what follows
  }
  pcm_end_ += out.size();
  filled_ += length;
  statistics_.concealed += length;
  kind_ = frame_kind::concealed;
  if (filled_ > frames_until_waiting * frame_) state_ = state::waiting;
}

void jitter_buffer::make_noise() {
  fresh_ = false;
  noise_.generate(room(frame_), format_.channels);
  append(frame_);
  statistics_.noise += frame_;
  kind_ = frame_kind::noise;
  filled_ = 0;
}

/// While nothing is due: noise that was described, the codec's own, or a fade to silence.
void jitter_buffer::fill_background() {
  if (state_ == state::noise) {
    make_noise();
    return;
  }
  const std::span<std::int16_t> out = room(frame_);
  if (fresh_) {
    std::ranges::fill(out, std::int16_t{0});
    pcm_end_ += out.size();
    kind_ = frame_kind::silence;
    return;
  }
  const bool by_codec = active_ != nullptr && !seam_ && !concealment_.active() &&
                        filled_ < frames_of_own_noise * frame_ && active_->decoder->conceal(out).has_value();
  if (!by_codec) {
    concealment_.conceal({pcm_.data(), pcm_end_}, out);
    seam_ = false;
  }
  pcm_end_ += out.size();
  filled_ += frame_;
  kind_ = by_codec ? frame_kind::noise : frame_kind::silence;
}

}  // namespace parley::media
