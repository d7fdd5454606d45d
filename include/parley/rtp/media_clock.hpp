#pragma once

#include <parley/base/api.hpp>

#include <cstdint>
#include <optional>

namespace parley::rtp {

/// The clock of one source against the time of day, from its sender reports (RFC 3550 6.4.1), so that what
/// was captured at the same moment can be played at the same moment.
class media_clock {
 public:
  /// `rate` in Hz; with 0 it is never synchronized.
  explicit media_clock(std::uint32_t rate = 0) noexcept : rate_(rate) {}

  std::uint32_t rate() const noexcept { return rate_; }
  bool synchronized() const noexcept { return known_ && rate_ != 0; }

  /// The NTP time of a moment on the source's clock, and the other way round; none before `synchronized()`.
  /// For moments within half of the timestamp's range of the last report: 6 hours at 90 kHz.
  PARLEY_API std::optional<std::uint64_t> to_ntp(std::uint32_t timestamp) const noexcept;
  PARLEY_API std::optional<std::uint32_t> from_ntp(std::uint64_t ntp) const noexcept;

  void handle_sender_report(std::uint64_t ntp, std::uint32_t timestamp) noexcept {
    // RFC 3550 6.4.1: a sender without a clock says zero.
    if (ntp == 0) return;
    ntp_ = ntp;
    timestamp_ = timestamp;
    known_ = true;
  }

 private:
  std::uint64_t ntp_ = 0;
  std::uint32_t timestamp_ = 0;
  std::uint32_t rate_;
  bool known_ = false;
};

/// The timestamp on the clock `to` of what was captured together with `timestamp` on the clock `from`; both
/// are sources of one CNAME. None where a report of one is missing.
PARLEY_API std::optional<std::uint32_t> convert_timestamp(const media_clock& from, std::uint32_t timestamp,
                                                          const media_clock& to) noexcept;

}  // namespace parley::rtp
