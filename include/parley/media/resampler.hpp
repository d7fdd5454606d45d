#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>
#include <parley/media/pcm.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace parley::media {

namespace detail {
class rate_converter;
}

/// Makes sound of one rate and number of channels into sound of another, band-limited. The sound comes out
/// `delay()` later; lengths never drift: after `n` samples a channel have gone in, n * to / from, rounded up,
/// have come out. Stereo becomes mono as the mean of both, mono becomes stereo as twice the same.
///
/// Allocates nothing once it has been made.
class PARLEY_API resampler {
 public:
  /// Rates from 8000 to 96000 Hz. *Errors:* `errc::unsupported_rate` for other ones, for more than two
  /// channels, and for different rates in a build without speexdsp.
  static base::result<resampler> create(pcm_format from, pcm_format to);

  resampler(resampler&&) noexcept;
  resampler& operator=(resampler&&) noexcept;
  ~resampler();

  pcm_format from() const noexcept { return from_; }
  pcm_format to() const noexcept { return to_; }

  /// How much later the sound comes out, in samples a channel of what comes out.
  std::size_t delay() const noexcept;

  /// How many samples a channel the next `process` gives for so many.
  std::size_t output_length(std::size_t input_length) const noexcept;

  /// Writes what `in` becomes to the beginning of `out` and returns that part of it. *Errors:*
  /// `errc::no_space` where `output_length` is more than `out` has, `errc::bad_frame_length` for half an
  /// instant; nothing has gone in then.
  base::result<std::span<std::int16_t>> process(std::span<const std::int16_t> in,
                                                std::span<std::int16_t> out) noexcept;

  /// Forgets the sound so far, as after a jump.
  void reset() noexcept;

 private:
  resampler(pcm_format from, pcm_format to, std::unique_ptr<detail::rate_converter> converter) noexcept;

  std::size_t convert(std::span<const std::int16_t> in, std::span<std::int16_t> out) noexcept;

  pcm_format from_;
  pcm_format to_;
  std::unique_ptr<detail::rate_converter> converter_;  ///< none where the rates are the same
  std::uint64_t taken_ = 0;                            ///< samples a channel of the current second
};

}  // namespace parley::media
