#include <parley/media/transcoder.hpp>

#include "media/detail/opus_rates.hpp"

#include <algorithm>
#include <array>

namespace parley::media {
namespace {

constexpr std::uint16_t longest_payload = 120;  // ms: RFC 6716 3.2.5 has none longer
constexpr std::uint16_t longest_gap = 1000;     // ms

constexpr std::size_t length_of(std::uint32_t rate, std::uint32_t milliseconds) noexcept {
  return static_cast<std::size_t>(std::uint64_t{rate} * milliseconds / 1000);
}

/// Gives Opus the other's sound, where it can have it.
void adapt(audio_format& opus, const audio_format& other) noexcept {
  if (!opus.is("opus") || other.is("opus")) return;
  if (detail::is_opus_rate(other.sample_rate)) opus.sample_rate = other.sample_rate;
  opus.channels = other.channels;
}

}  // namespace

struct transcoder::parts {
  audio_format from;
  audio_format to;
  transcoder_options options;
  std::unique_ptr<audio_decoder> decoder;
  std::unique_ptr<audio_encoder> encoder;
  std::optional<resampler> converter;
};

transcoder::transcoder(parts&& made)
    : from_(std::move(made.from)),
      to_(std::move(made.to)),
      options_(made.options),
      decoder_(std::move(made.decoder)),
      encoder_(std::move(made.encoder)),
      resampler_(std::move(made.converter)),
      concealment_(from_.pcm()),
      frame_length_(length_of(to_.sample_rate, options_.packet_time)),
      sound_(length_of(from_.sample_rate, longest_payload) * from_.channels),
      // A gap, the payload behind it, a frame in work and the silence that ends it; an instant for rounding.
      waiting_((length_of(to_.sample_rate, std::uint32_t{options_.max_gap} + longest_payload) +
                2 * frame_length_ + 2) *
               to_.channels) {}

base::result<transcoder> transcoder::create(const audio_format& from, const audio_format& to,
                                            const transcoder_options& options) {
  parts made{from, to, options, nullptr, nullptr, std::nullopt};
  adapt(made.from, to);
  adapt(made.to, from);
  made.options.packet_time = std::min(options.packet_time, longest_payload);
  made.options.max_gap = std::min(options.max_gap, longest_gap);

  auto decoder = make_decoder(made.from);
  if (!decoder) return decoder.error();
  auto encoder = make_encoder(made.to, options.encoder);
  if (!encoder) return encoder.error();
  made.decoder = std::move(*decoder);
  made.encoder = std::move(*encoder);
  if (!made.encoder->accepts(length_of(made.to.sample_rate, made.options.packet_time))) {
    return errc::bad_frame_length;
  }
  if (made.from.pcm() != made.to.pcm()) {
    auto converter = resampler::create(made.from.pcm(), made.to.pcm());
    if (!converter) return converter.error();
    made.converter.emplace(std::move(*converter));
  }
  return transcoder(std::move(made));
}

base::result<void> transcoder::place(std::size_t length, std::uint32_t timestamp,
                                     std::span<const std::byte> next_payload) {
  if (!started_) expected_ = timestamp;
  const auto ahead = static_cast<std::int32_t>(timestamp - expected_);
  const auto second = static_cast<std::int32_t>(from_.clock_rate);
  if (ahead < 0 && ahead >= -second) {
    ++counters_.late;
    return errc::late;
  }
  const auto fillable = static_cast<std::int32_t>(std::uint64_t{from_.clock_rate} * options_.max_gap / 1000);
  const bool jumps = ahead < 0 || ahead > fillable;
  const std::size_t gap = jumps ? 0 : from_.samples(static_cast<std::uint32_t>(ahead));

  // All of it has room, or nothing is done.
  std::size_t needed = gap + length;
  if (resampler_)
    needed = static_cast<std::size_t>(std::uint64_t{needed} * to_.sample_rate / from_.sample_rate) + 1;
  needed *= to_.channels;
  if (jumps) needed += frame_length_ * to_.channels;
  if (waiting() + needed > waiting_.size() || (jumps && before_jump_ != 0)) return errc::no_space;

  if (jumps) {
    jump(ahead < 0 ? 0 : static_cast<std::uint32_t>(ahead));
  } else {
    if (gap != 0) fill(gap, next_payload);
    ticks_in_ += static_cast<std::uint32_t>(ahead);
  }
  return {};
}

/// Behind that many samples, a channel, which were taken for that timestamp.
void transcoder::go_on(std::size_t length, std::uint32_t timestamp) noexcept {
  const std::uint32_t ticks = from_.ticks(length);
  ticks_in_ += ticks;
  expected_ = timestamp + ticks;
  last_length_ = length;
  started_ = true;
}

base::result<void> transcoder::handle_payload(std::span<const std::byte> payload, std::uint32_t timestamp,
                                              bool marker) {
  const auto length = decoder_->samples_of(payload);
  if (!length || *length == 0) {
    ++counters_.refused;
    return errc::bad_payload;
  }
  if (*length * from_.channels > sound_.size()) return errc::no_space;
  if (auto placed = place(*length, timestamp, payload); !placed) return placed;
  // Behind a jump the first frame has a marker in any case.
  if (marker && before_jump_ == 0) marker_ = true;

  const auto decoded = decoder_->decode(payload, sound_);
  if (decoded) {
    ++counters_.decoded;
    sound_size_ = decoded->size();
    concealment_.join(*decoded);
    append(*decoded);
  } else {
    // Its beginning looked right. It lasts as long as it said.
    ++counters_.refused;
    const auto lost = std::span(sound_).first(*length * from_.channels);
    conceal(lost);
    append(lost);
  }
  go_on(*length, timestamp);
  return {};
}

base::result<void> transcoder::handle_sound(std::span<std::int16_t> sound, std::uint32_t timestamp) {
  if (sound.size() > sound_.size()) return errc::no_space;
  const std::size_t length = sound.size() / from_.channels;
  if (auto placed = place(length, timestamp, {}); !placed) return placed;
  concealment_.join(sound);
  append(sound);
  go_on(length, timestamp);
  // What is missing behind it is not made of it, nor of what was before, and no packet holds it again.
  sound_size_ = last_length_ = 0;
  return {};
}

std::optional<transcoded> transcoder::poll_transmit(std::span<std::byte> out) {
  const std::size_t frame = frame_length_ * to_.channels;
  if (out.size() < max_payload()) return std::nullopt;
  while (waiting() >= frame) {
    const auto size = encoder_->encode(std::span(waiting_).subspan(begin_, frame), out);
    const auto timestamp = static_cast<std::uint32_t>(options_.first_timestamp + ticks_out_);
    begin_ += frame;
    if (begin_ == end_) begin_ = end_ = 0;
    ticks_out_ += to_.ticks(frame_length_);
    const bool first = marker_;
    const bool sent = size && *size != 0;
    // What isn't sent is silence to the receiver; sound begins anew behind it.
    marker_ = !sent;
    if (!size) encoder_->reset();
    if (before_jump_ != 0) {
      before_jump_ -= frame;
      if (before_jump_ == 0) {
        ticks_out_ = std::max(ticks_out_, jump_to_);
        marker_ = true;
      }
    }
    if (sent) return transcoded{*size, timestamp, first};
  }
  return std::nullopt;
}

void transcoder::reset() noexcept {
  decoder_->reset();
  encoder_->reset();
  if (resampler_) resampler_->reset();
  concealment_.reset();
  sound_size_ = last_length_ = 0;
  begin_ = end_ = before_jump_ = 0;
  ticks_in_ = ticks_out_ = jump_to_ = 0;
  started_ = false;
  marker_ = true;
}

std::span<std::int16_t> transcoder::space_for(std::size_t count) noexcept {
  if (waiting_.size() - end_ < count) {
    std::copy(waiting_.begin() + static_cast<std::ptrdiff_t>(begin_),
              waiting_.begin() + static_cast<std::ptrdiff_t>(end_), waiting_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  return std::span(waiting_).subspan(end_);
}

void transcoder::append(std::span<const std::int16_t> sound) noexcept {
  if (resampler_) {
    const std::size_t count = resampler_->output_length(sound.size() / from_.channels) * to_.channels;
    if (const auto done = resampler_->process(sound, space_for(count))) end_ += done->size();
    return;
  }
  std::copy(sound.begin(), sound.end(), space_for(sound.size()).begin());
  end_ += sound.size();
}

void transcoder::fill(std::size_t length, std::span<const std::byte> next_payload) {
  // The packet right before this one may stand in it once more.
  const std::size_t last = std::min(last_length_, length);
  std::size_t unknown = length - last;
  while (unknown != 0) {
    const std::size_t part = std::min(unknown, sound_.size() / from_.channels);
    const auto lost = std::span(sound_).first(part * from_.channels);
    conceal(lost);
    append(lost);
    unknown -= part;
  }
  const auto lost = std::span(sound_).first(last * from_.channels);
  if (lost.empty()) return;
  if (!next_payload.empty() && decoder_->recover(next_payload, lost)) {
    ++counters_.recovered;
    sound_size_ = lost.size();
  } else {
    conceal(lost);
  }
  append(lost);
}

void transcoder::conceal(std::span<std::int16_t> out) {
  if (!decoder_->conceal(out)) concealment_.conceal(std::span(sound_).first(sound_size_), out);
  counters_.concealed += out.size() / from_.channels;
}

void transcoder::jump(std::uint32_t ticks) {
  ++counters_.jumps;
  if (ticks == 0) decoder_->reset();
  if (resampler_) resampler_->reset();
  concealment_.reset();
  sound_size_ = 0;
  ticks_in_ += ticks;
  // A new timeline goes on where the old one ends.
  jump_to_ = ticks == 0 ? 0 : ticks_in_ * to_.clock_rate / from_.clock_rate;
  const std::size_t frame = frame_length_ * to_.channels;
  const std::size_t begun = waiting() % frame;
  if (begun != 0) {
    const auto silence = space_for(frame - begun).first(frame - begun);
    std::fill(silence.begin(), silence.end(), std::int16_t{0});
    end_ += silence.size();
  }
  before_jump_ = waiting();
  if (before_jump_ == 0) {
    ticks_out_ = std::max(ticks_out_, jump_to_);
    marker_ = true;
  }
}

}  // namespace parley::media
