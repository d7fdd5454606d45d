#pragma once

#include <parley/base/api.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::rtp {

/// What a payload type stands for where nothing was negotiated (RFC 3551 6).
struct static_payload {
  std::string_view encoding;
  std::uint32_t clock_rate = 0;  ///< Hz
  std::uint8_t channels = 0;     ///< 0 for video
};

/// None for a payload type that is dynamic, reserved or unassigned. For MPA (14) and MPV (32), MP2T (33) the
/// clock is 90 kHz; G722 (9) has a clock of 8 kHz though it samples at 16 (RFC 3551 4.5.2).
PARLEY_API std::optional<static_payload> static_payload_of(std::uint8_t payload_type) noexcept;

/// The static payload type of an encoding, whose name is compared without regard to case; none where it has
/// none with this clock and as many channels.
PARLEY_API std::optional<std::uint8_t> static_payload_type(std::string_view encoding,
                                                           std::uint32_t clock_rate,
                                                           std::uint8_t channels) noexcept;

}  // namespace parley::rtp
