#pragma once

#include <parley/base/api.hpp>

#include <cstdint>
#include <span>

namespace parley::media {

/// How loud a frame is, in -dBov as RFC 6464 3 has it: 0 is the loudest there can be (a square wave of full
/// scale), 127 silence.
PARLEY_API std::uint8_t audio_level(std::span<const std::int16_t> frame) noexcept;

/// The mean of the squares of the samples; 0 of none.
PARLEY_API double mean_square(std::span<const std::int16_t> frame) noexcept;

/// The amplitude of a sine of that many dBm0: 3.14 dB below full scale is 0 dBm0 (ITU-T G.711, A-law).
PARLEY_API double sine_amplitude(double dbm0) noexcept;

}  // namespace parley::media
