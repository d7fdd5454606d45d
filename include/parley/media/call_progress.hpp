#pragma once

#include <parley/base/api.hpp>
#include <parley/media/tone_generator.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace parley::media {

/// What tones tell a caller (ITU-T E.180).
enum class call_progress : std::uint8_t { dial, ringback, busy, congestion, call_waiting };

/// The tone of a country, as supplement 2 to ITU-T E.180 lists it, at -13 dBm0 a sine or as near to it as
/// several allow. `country` is the code of ISO 3166 in two letters of either case. Nothing for a country that
/// isn't in the table: take another's, as many do with that of "US".
PARLEY_API std::optional<tone> call_progress_tone(std::string_view country, call_progress what) noexcept;

/// The countries of the table, sorted.
PARLEY_API std::span<const std::string_view> call_progress_countries() noexcept;

}  // namespace parley::media
