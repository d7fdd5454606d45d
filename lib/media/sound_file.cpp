#include <parley/media/resampler.hpp>
#include <parley/media/sound_file.hpp>

#include "media/detail/opus_rates.hpp"
#include "media/detail/sndfile.hpp"
#include "media/detail/sound_header.hpp"

#include <algorithm>
#include <vector>

namespace parley::media {

#ifndef PARLEY_WITH_SNDFILE
namespace detail {
base::result<std::unique_ptr<sound_source>> open_sndfile(byte_store&, sound_encoding) {
  return errc::unknown_file;
}
base::result<std::unique_ptr<sound_sink>> create_sndfile(byte_store&, sound_encoding, pcm_format) {
  return errc::unknown_file;
}
}  // namespace detail
#endif

namespace {

/// Samples a channel that are read at once.
constexpr std::size_t file_block = 960;

/// Makes the channels of `in` one, their mean. `out` may be the beginning of `in`.
void mix_down(std::span<const std::int16_t> in, std::size_t channels, std::span<std::int16_t> out) noexcept {
  for (std::size_t i = 0; i < in.size() / channels; ++i) {
    int sum = 0;
    for (const auto sample : in.subspan(i * channels, channels)) sum += sample;
    out[i] = static_cast<std::int16_t>(sum / static_cast<int>(channels));
  }
}

/// How long `length` samples at one rate are at another, without an overflow.
std::uint64_t length_at(std::uint64_t length, std::uint32_t from, std::uint32_t to) noexcept {
  return length / from * to + (length % from * to + from - 1) / from;
}

/// Bytes that a sample takes in a WAV file.
std::uint64_t stored_bytes(sound_encoding encoding) noexcept {
  switch (encoding) {
    case sound_encoding::wav_s16: return 2;
    case sound_encoding::wav_s24: return 3;
    case sound_encoding::wav_s32:
    case sound_encoding::wav_float: return 4;
    default: return 1;
  }
}

}  // namespace

struct sound_file_reader::state {
  sound_encoding encoding{};
  std::unique_ptr<detail::sound_source> source;
  pcm_format inner;  ///< what the file's channels become before they are resampled
  pcm_format outer;
  std::optional<resampler> converter;
  std::uint64_t max_length = 0;
  std::uint64_t taken = 0;           ///< samples a channel read from the file
  std::uint64_t given = 0;           ///< samples a channel that came out, delay left out
  std::size_t delay = 0;             ///< samples a channel still to be dropped
  bool ended = false;                ///< the file has no more
  std::vector<std::int16_t> stored;  ///< a block of the file
  std::vector<std::int16_t> converted;
  std::span<const std::int16_t> pending{};  ///< what of a block has not been given yet

  base::result<void> fill();
  base::result<void> convert(std::span<const std::int16_t> block);
};

/// Makes the next block of sound pending; nothing is pending afterwards at the end.
base::result<void> sound_file_reader::state::fill() {
  while (pending.empty()) {
    if (ended) {
      // What is still in the filter comes out behind silence.
      const auto whole = converter ? length_at(taken, inner.rate, outer.rate) : taken;
      if (!converter || given >= whole) return {};
      std::fill(stored.begin(), stored.end(), std::int16_t{0});
      if (auto done = convert(std::span(stored).first(file_block * inner.channels)); !done) return done;
      const std::uint64_t over = given > whole ? given - whole : 0;
      pending = pending.first(pending.size() - static_cast<std::size_t>(over) * outer.channels);
      given -= over;
      continue;
    }
    const auto read = source->read(stored);
    if (!read) return read.error();
    if (*read == 0) {
      ended = true;
      continue;
    }
    taken += *read;
    if (taken > max_length) return errc::limit_reached;
    auto block = std::span(stored).first(*read * source->channels());
    if (source->channels() != inner.channels) {
      mix_down(block, source->channels(), stored);
      block = std::span(stored).first(*read);
    }
    if (auto done = convert(block); !done) return done;
  }
  return {};
}

/// Makes pending what a block of the inner format becomes.
base::result<void> sound_file_reader::state::convert(std::span<const std::int16_t> block) {
  if (!converter) {
    pending = block;
  } else {
    const auto done = converter->process(block, converted);
    if (!done) return done.error();
    const std::size_t dropped = std::min(delay, done->size() / outer.channels);
    delay -= dropped;
    pending = done->subspan(dropped * outer.channels);
  }
  given += pending.size() / outer.channels;
  return {};
}

sound_file_reader::sound_file_reader(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}
sound_file_reader::sound_file_reader(sound_file_reader&&) noexcept = default;
sound_file_reader& sound_file_reader::operator=(sound_file_reader&&) noexcept = default;
sound_file_reader::~sound_file_reader() = default;

base::result<sound_file_reader> sound_file_reader::open(byte_store& store, std::optional<pcm_format> as,
                                                        const sound_file_limits& limits) {
  const auto encoding = detail::sound_encoding_of(store);
  if (!encoding) return encoding.error();
  auto source = detail::open_sndfile(store, *encoding);
  if (!source) return source.error();
  const auto& file = **source;
  if (file.channels() > limits.max_channels || file.rate() > limits.max_rate ||
      file.length() > limits.max_length) {
    return errc::limit_reached;
  }

  auto s = std::make_unique<state>();
  s->encoding = *encoding;
  s->max_length = limits.max_length;
  const std::uint16_t channels = file.channels();
  s->inner = {file.rate(), channels > 2 ? std::uint16_t{1} : channels};
  s->outer = as.value_or(s->inner);
  s->stored.resize(file_block * channels);
  if (s->outer != s->inner) {
    auto converter = resampler::create(s->inner, s->outer);
    if (!converter) return converter.error();
    s->delay = converter->delay();
    s->converter.emplace(std::move(*converter));
    const auto longest = length_at(file_block, s->inner.rate, s->outer.rate) + 1;
    s->converted.resize(static_cast<std::size_t>(longest) * s->outer.channels);
  }
  s->source = std::move(*source);
  return sound_file_reader(std::move(s));
}

sound_encoding sound_file_reader::encoding() const noexcept { return state_->encoding; }
std::uint16_t sound_file_reader::stored_channels() const noexcept { return state_->source->channels(); }
std::uint32_t sound_file_reader::stored_rate() const noexcept { return state_->source->rate(); }
pcm_format sound_file_reader::format() const noexcept { return state_->outer; }

std::uint64_t sound_file_reader::expected_length() const noexcept {
  return length_at(state_->source->length(), state_->inner.rate, state_->outer.rate);
}

base::result<std::span<std::int16_t>> sound_file_reader::read(std::span<std::int16_t> out) {
  auto& s = *state_;
  if (out.size() % s.outer.channels != 0) return errc::bad_frame_length;
  std::size_t done = 0;
  while (done < out.size()) {
    if (const auto filled = s.fill(); !filled) return filled.error();
    if (s.pending.empty()) break;
    const auto part = s.pending.first(std::min(s.pending.size(), out.size() - done));
    std::copy(part.begin(), part.end(), out.begin() + static_cast<std::ptrdiff_t>(done));
    done += part.size();
    s.pending = s.pending.subspan(part.size());
  }
  return out.first(done);
}

struct sound_file_writer::state {
  std::unique_ptr<detail::sound_sink> sink;
  pcm_format format;
  std::uint64_t room = 0;  ///< samples of all channels that still fit
  bool finished = false;
};

sound_file_writer::sound_file_writer(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}
sound_file_writer::sound_file_writer(sound_file_writer&&) noexcept = default;
sound_file_writer& sound_file_writer::operator=(sound_file_writer&&) noexcept = default;
sound_file_writer::~sound_file_writer() = default;

base::result<sound_file_writer> sound_file_writer::create(byte_store& store, sound_encoding encoding,
                                                          pcm_format format) {
  const bool opus = encoding == sound_encoding::ogg_opus;
  if (format.channels < 1 || format.channels > 2 || format.rate < 8000 || format.rate > 192000 ||
      (opus && !detail::is_opus_rate(format.rate))) {
    return errc::unsupported_rate;
  }
  if (store.size() != 0) return errc::unknown_file;
  auto sink = detail::create_sndfile(store, encoding, format);
  if (!sink) return sink.error();
  auto s = std::make_unique<state>();
  s->sink = std::move(*sink);
  s->format = format;
  // The header's 32 bits count all behind it; a kilobyte is more than the other chunks take.
  constexpr std::uint64_t most = 0xffffffffU - 1024;
  s->room = opus ? ~std::uint64_t{0} : most / stored_bytes(encoding);
  return sound_file_writer(std::move(s));
}

pcm_format sound_file_writer::format() const noexcept { return state_->format; }

base::result<void> sound_file_writer::write(std::span<const std::int16_t> samples) {
  auto& s = *state_;
  if (s.finished) return errc::late;
  if (samples.size() % s.format.channels != 0) return errc::bad_frame_length;
  if (samples.size() > s.room) return errc::limit_reached;
  s.room -= samples.size();
  return s.sink->write(samples);
}

base::result<void> sound_file_writer::finish() {
  if (state_->finished) return {};
  state_->finished = true;
  return state_->sink->finish();
}

}  // namespace parley::media
