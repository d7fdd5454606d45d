#pragma once

#include <parley/base/time.hpp>

#include <algorithm>
#include <cstdint>

namespace parley::rtp {

/// From 1900, where NTP begins, to 1970, in seconds.
inline constexpr std::int64_t ntp_epoch_seconds = 2208988800;

/// NTP's time of a moment: the seconds since 1900 (modulo 2^32, which ends in 2036) in the upper 32 bits,
/// their fraction in the lower (RFC 3550 4).
constexpr std::uint64_t to_ntp(base::wall_time at) noexcept {
  const std::int64_t us = at.time_since_epoch().count();
  std::int64_t seconds = us / 1000000;
  std::int64_t rest = us % 1000000;
  if (rest < 0) {
    rest += 1000000;
    --seconds;
  }
  // Rounded up, so that `from_ntp` gives the same microsecond.
  const std::uint64_t fraction = ((static_cast<std::uint64_t>(rest) << 32U) + 999999) / 1000000;
  return static_cast<std::uint64_t>(seconds + ntp_epoch_seconds) << 32U | fraction;
}

/// The moment of an NTP time. The years 1968 to 2104 can be told apart; others are taken for one of these.
constexpr base::wall_time from_ntp(std::uint64_t ntp) noexcept {
  const auto seconds = static_cast<std::int64_t>(ntp >> 32U);
  const auto us = static_cast<std::int64_t>(((ntp & 0xFFFFFFFFU) * 1000000) >> 32U);
  const std::int64_t era = seconds < 0x80000000LL ? 0x100000000LL : 0;
  return base::wall_time(std::chrono::microseconds((seconds + era - ntp_epoch_seconds) * 1000000 + us));
}

/// The middle 32 bits, as report blocks carry them (LSR): units of 1/65536 s, modulo 18 hours.
constexpr std::uint32_t ntp_middle(std::uint64_t ntp) noexcept {
  return static_cast<std::uint32_t>(ntp >> 16U);
}

/// A length in units of 1/65536 s (DLSR). Below zero counts as zero, above 18 hours as that.
constexpr std::uint32_t to_ntp_length(base::duration length) noexcept {
  constexpr std::int64_t longest = 65536LL * 1000000 - 1;
  const std::int64_t us = std::clamp<std::int64_t>(length.count(), 0, longest);
  return static_cast<std::uint32_t>(us * 65536 / 1000000);
}

/// The other way round.
constexpr base::duration from_ntp_length(std::uint32_t units) noexcept {
  return base::duration(std::int64_t{units} * 1000000 / 65536);
}

}  // namespace parley::rtp
