#pragma once

#include <parley/base/api.hpp>
#include <parley/media/pcm.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::media {

// Time-stretching by whole periods of the sound (waveform-similarity overlap-add): pitch and timbre stay, and
// where a period is taken out or put in, the two that resemble each other most are faded into one another.
// Sound that does not repeat itself is left alone, unless it is quiet. Nothing is allocated.

/// How much sound `shorten` needs, in samples a channel: two of the longest periods, 30 ms.
constexpr std::size_t shorten_needs(pcm_format format) noexcept { return format.rate * 30 / 1000; }

/// Takes one period, 2.5 to 15 ms, out of `sound`, at its beginning; what follows moves up. Returns how many
/// samples a channel were taken out: 0 where there is too little sound or none that repeats itself.
PARLEY_API std::size_t shorten(std::span<std::int16_t> sound, pcm_format format) noexcept;

/// Puts one period, 2.5 to 15 ms, into `sound`, directly behind the first `past` samples a channel, which
/// stay as they are (they may have been played) and must be at least 15 ms. `length` samples a channel of
/// `room` are the sound, 5 ms or more of them behind `past`; the rest is room for 15 ms. Returns how many
/// were put in: 0 where there is too little sound or room, or no sound that repeats itself.
PARLEY_API std::size_t lengthen(std::span<std::int16_t> room, std::size_t past, std::size_t length,
                                pcm_format format) noexcept;

}  // namespace parley::media
