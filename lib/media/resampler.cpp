#include <parley/media/resampler.hpp>

#include <algorithm>
#include <array>

#ifdef PARLEY_WITH_SPEEXDSP
#include "media/detail/rate_converter.hpp"
#else
namespace parley::media::detail {
/// Without speexdsp rates stay as they are, and nobody makes one of these.
class rate_converter {
 public:
  std::size_t delay() const noexcept { return 0; }
  void process(std::span<const std::int16_t>, std::span<std::int16_t>) noexcept {}
  void reset() noexcept {}
};
}  // namespace parley::media::detail
#endif

namespace parley::media {
namespace {

constexpr bool known(pcm_format f) noexcept {
  return f.rate >= 8000 && f.rate <= 96000 && (f.channels == 1 || f.channels == 2);
}

void to_mono(std::span<const std::int16_t> stereo, std::span<std::int16_t> mono) noexcept {
  for (std::size_t i = 0; i < mono.size(); ++i) {
    mono[i] = static_cast<std::int16_t>((stereo[2 * i] + stereo[2 * i + 1]) / 2);
  }
}

/// `mono` may be the second half of `stereo`: no sample is written over before it has been read.
void to_stereo(std::span<const std::int16_t> mono, std::span<std::int16_t> stereo) noexcept {
  for (std::size_t i = 0; i < mono.size(); ++i) {
    const std::int16_t sample = mono[i];
    stereo[2 * i] = sample;
    stereo[2 * i + 1] = sample;
  }
}

}  // namespace

resampler::resampler(pcm_format from, pcm_format to,
                     std::unique_ptr<detail::rate_converter> converter) noexcept
    : from_(from), to_(to), converter_(std::move(converter)) {}
resampler::resampler(resampler&&) noexcept = default;
resampler& resampler::operator=(resampler&&) noexcept = default;
resampler::~resampler() = default;

base::result<resampler> resampler::create(pcm_format from, pcm_format to) {
  if (!known(from) || !known(to)) return errc::unsupported_rate;
  std::unique_ptr<detail::rate_converter> converter;
  if (from.rate != to.rate) {
#ifdef PARLEY_WITH_SPEEXDSP
    converter = detail::rate_converter::create(from.rate, to.rate, std::min(from.channels, to.channels));
    if (!converter) return errc::codec_failed;
#else
    return errc::unsupported_rate;
#endif
  }
  return resampler(from, to, std::move(converter));
}

std::size_t resampler::delay() const noexcept { return converter_ ? converter_->delay() : 0; }

std::size_t resampler::output_length(std::size_t input_length) const noexcept {
  if (!converter_) return input_length;
  const auto given_by = [this](std::uint64_t n) { return (n * to_.rate + from_.rate - 1) / from_.rate; };
  return static_cast<std::size_t>(given_by(taken_ + input_length) - given_by(taken_));
}

base::result<std::span<std::int16_t>> resampler::process(std::span<const std::int16_t> in,
                                                         std::span<std::int16_t> out) noexcept {
  if (in.size() % from_.channels != 0) return errc::bad_frame_length;
  const std::size_t count = output_length(in.size() / from_.channels) * to_.channels;
  if (out.size() < count) return errc::no_space;
  // In blocks: a filter's work space stands on the stack.
  constexpr std::size_t block = 960;
  std::size_t written = 0;
  while (!in.empty()) {
    const auto part = in.first(std::min(in.size(), block * from_.channels));
    written += convert(part, out.subspan(written));
    in = in.subspan(part.size());
  }
  return out.first(count);
}

std::size_t resampler::convert(std::span<const std::int16_t> in, std::span<std::int16_t> out) noexcept {
  const std::size_t length = in.size() / from_.channels;
  const std::size_t given = output_length(length);
  const std::size_t count = given * to_.channels;

  std::array<std::int16_t, 960> mixed;
  if (from_.channels > to_.channels) {
    to_mono(in, std::span(mixed).first(length));
    in = std::span(mixed).first(length);
  }
  const bool spread = to_.channels > from_.channels;
  // Mono waits in the second half of its space for being spread over all of it.
  const auto target = spread ? out.subspan(given, given) : out.first(count);
  if (converter_) {
    converter_->process(in, target);
    // Whole seconds leave nothing to remember, as both rates are whole numbers.
    taken_ = (taken_ + length) % from_.rate;
  } else {
    std::copy(in.begin(), in.end(), target.begin());
  }
  if (spread) to_stereo(target, out.first(count));
  return count;
}

void resampler::reset() noexcept {
  if (converter_) converter_->reset();
  taken_ = 0;
}

}  // namespace parley::media
