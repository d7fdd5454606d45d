#include <parley/media/concealment.hpp>

#include "detail/pitch.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace parley::media {
namespace {

using detail::instants;

constexpr std::uint32_t window = 200;      // tenths of a millisecond that are compared
constexpr std::uint32_t step_tenths = 20;  // over which a step at the beginning is taken back

std::size_t history_length(pcm_format format) noexcept {
  // Three periods and the quarter before them have to be there, or a window and the longest lag.
  return detail::longest_lag(format.rate) * 13 / 4 + 1;
}

}  // namespace

concealment::concealment(pcm_format format)
    : format_(format),
      history_(history_length(format) * format.channels),
      cycle_(detail::longest_lag(format.rate) * 3 * format.channels) {}

bool concealment::faded() const noexcept { return active_ && done_ >= instants(format_.rate, 600); }

void concealment::begin(std::span<const std::int16_t> before) noexcept {
  const std::size_t kept = std::min(before.size(), history_.size());
  std::fill(history_.begin(), history_.end() - static_cast<std::ptrdiff_t>(kept), std::int16_t{0});
  std::copy(before.end() - static_cast<std::ptrdiff_t>(kept), before.end(),
            history_.end() - static_cast<std::ptrdiff_t>(kept));
  const std::size_t length = history_.size() / format_.channels;
  const std::size_t longest = detail::longest_lag(format_.rate);
  const std::size_t compared = instants(format_.rate, window);
  lag_ = detail::find_pitch(history_, length - compared, compared, longest, format_).lag;
  // Periods below 5 ms are repeated two at a time: less of a beep where the sound was noise.
  if (lag_ < instants(format_.rate, 50)) lag_ *= 2;
  active_ = true;
  done_ = 0;
  position_ = 0;
  length_ = 0;
  const std::span<const std::int16_t> history(history_);
  lay_out(1, history.last(format_.channels));
}

/// Makes the last `periods` of the history a cycle whose end runs into its beginning: its last quarter of a
/// period fades into what stood before the cycle. `last` is the instant that was played last.
void concealment::lay_out(std::size_t periods, std::span<const std::int16_t> last) noexcept {
  const std::size_t channels = format_.channels;
  const std::size_t size = lag_ * periods * channels;
  const std::size_t quarter = lag_ / 4 * channels;
  const std::span<std::int16_t> cycle(cycle_.data(), size);
  const std::span<const std::int16_t> history(history_);
  // Where sound repeats itself, what stood before the cycle is the last instant; else there would be a click.
  for (std::size_t c = 0; c < channels; ++c)
    step_[c] = last[c] - history[history.size() - size - channels + c];
  stepped_ = 0;
  std::ranges::copy(history.last(size), cycle.begin());
  detail::cross_fade(cycle.last(quarter), history.subspan(history.size() - size - quarter, quarter),
                     cycle.last(quarter), format_.channels);
  length_ = lag_ * periods;
}

void concealment::next(std::int16_t* out) noexcept {
  const std::size_t fade_begin = instants(format_.rate, 100);
  const std::size_t fade_end = instants(format_.rate, 600);
  const std::size_t step_length = instants(format_.rate, step_tenths);
  std::int32_t gain = 16384;
  if (done_ >= fade_end) {
    gain = 0;
  } else if (done_ > fade_begin) {
    gain = static_cast<std::int32_t>((fade_end - done_) * 16384 / (fade_end - fade_begin));
  }
  for (std::size_t c = 0; c < format_.channels; ++c) {
    std::int32_t value = cycle_[position_ * format_.channels + c];
    if (stepped_ < step_length) {
      value += step_[c] * static_cast<std::int32_t>(step_length - stepped_) /
               static_cast<std::int32_t>(step_length);
      value = std::clamp(value, -32768, 32767);
    }
    out[c] = static_cast<std::int16_t>((value * gain) >> 14);
  }
  ++done_;
  if (stepped_ < step_length) ++stepped_;
  if (++position_ < length_) return;
  position_ = 0;
  // From 10 ms on two periods are repeated, from 20 ms on three.
  const std::size_t periods = std::min<std::size_t>(done_ / instants(format_.rate, 100) + 1, 3);
  if (length_ == lag_ * periods) return;
  std::array<std::int16_t, 2> last{};
  std::copy_n(cycle_.data() + (length_ - 1) * format_.channels, format_.channels, last.begin());
  lay_out(periods, last);
}

void concealment::conceal(std::span<const std::int16_t> before, std::span<std::int16_t> out) noexcept {
  if (!active_) begin(before);
  for (std::size_t i = 0; i + format_.channels <= out.size(); i += format_.channels) next(out.data() + i);
}

void concealment::join(std::span<std::int16_t> sound) noexcept {
  if (!active_) return;
  const bool short_gap = done_ <= instants(format_.rate, 200);
  const std::size_t length =
      std::min(instants(format_.rate, short_gap ? 50 : 100), sound.size() / format_.channels);
  for (std::size_t i = 0; i < length; ++i) {
    std::array<std::int16_t, 2> filled{};
    next(filled.data());
    const auto weight = static_cast<std::int32_t>((i + 1) * 16384 / (length + 1));
    for (std::size_t c = 0; c < format_.channels; ++c) {
      std::int16_t& sample = sound[i * format_.channels + c];
      const std::int32_t mixed = filled[c] * (16384 - weight) + sample * weight;
      sample = static_cast<std::int16_t>((mixed + 8192) >> 14);
    }
  }
  active_ = false;
}

}  // namespace parley::media
