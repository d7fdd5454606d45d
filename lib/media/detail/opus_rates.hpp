#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace parley::media::detail {

/// What Opus can take and give, in Hz (RFC 6716 2), the least first.
inline constexpr std::array<std::uint32_t, 5> opus_rates{8000, 12000, 16000, 24000, 48000};

constexpr bool is_opus_rate(std::uint32_t rate) noexcept {
  return std::find(opus_rates.begin(), opus_rates.end(), rate) != opus_rates.end();
}

}  // namespace parley::media::detail
