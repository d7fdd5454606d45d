#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace parley::rtp {

/// The round trip that an answer to a report tells of (RFC 3550 6.4.1, RFC 3611 4.5): `arrived` is when the
/// answer came, by the clock that wrote the report, `last` the report's time as the answer quotes it, `delay`
/// how long it took to answer; all as `ntp_middle` has them. None where `last` is 0, for no report, or the
/// answer would be older than the report.
PARLEY_API std::optional<base::duration> round_trip(std::uint32_t arrived, std::uint32_t last,
                                                    std::uint32_t delay) noexcept;

/// The reports that were sent last, to measure round trips by the monotonic clock: a wall clock that is set
/// in between changes nothing, and an answer to a report that was never sent is not believed.
class sent_reports {
 public:
  /// A report with that NTP time left.
  PARLEY_API void handle_sent(base::time_point now, std::uint64_t ntp) noexcept;

  /// The round trip by an answer that quotes `last` and took `delay`; none where that report was not sent, or
  /// long ago, or the time does not add up.
  PARLEY_API std::optional<base::duration> round_trip(base::time_point now, std::uint32_t last,
                                                      std::uint32_t delay) const noexcept;

 private:
  struct report {
    base::time_point at;
    std::uint32_t ntp = 0;
  };
  // At the shortest interval of WebRTC, some seconds.
  std::array<report, 16> reports_{};
  std::size_t next_ = 0;
};

}  // namespace parley::rtp
