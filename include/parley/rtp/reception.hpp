#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>
#include <parley/rtp/loss_pattern.hpp>
#include <parley/rtp/media_clock.hpp>
#include <parley/rtp/rtcp_report.hpp>
#include <parley/rtp/sequence_tracker.hpp>

#include <cstdint>

namespace parley::rtp {

/// What a receiver knows of one source, for its report blocks (RFC 3550 6.4.1, A.3, A.8) and for the quality
/// of a call.
class reception {
 public:
  /// `clock_rate` is that of the timestamps in Hz; with 0, jitter stays 0 until `set_clock_rate`.
  reception(std::uint32_t ssrc, std::uint32_t clock_rate,
            std::uint8_t probation = sequence_tracker::default_probation) noexcept
      : ssrc_(ssrc), sequence_(probation), clock_(clock_rate) {}

  std::uint32_t ssrc() const noexcept { return ssrc_; }
  const sequence_tracker& sequence() const noexcept { return sequence_; }
  const loss_pattern& losses() const noexcept { return losses_; }
  /// For lip sync: `convert_timestamp`.
  const media_clock& clock() const noexcept { return clock_; }
  /// The payload bytes of all packets that counted.
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// The interarrival jitter, in units of the timestamp and as a time.
  std::uint32_t jitter() const noexcept { return jitter_ >> 4U; }
  PARLEY_API base::duration jitter_time() const noexcept;

  /// True where a packet came since the last `report`: only such sources get a report block (RFC 3550 6.4).
  bool heard_since_report() const noexcept { return heard_since_report_; }

  /// For a payload type of another rate: jitter and lip sync begin anew (RFC 7160 4).
  PARLEY_API void set_clock_rate(std::uint32_t rate) noexcept;

  /// A packet came. `bytes` is the length of the payload, without padding. It is not `timed` where its
  /// timestamp is not of when it was sent, as in telephone-events (RFC 4733 2.1): jitter is not counted then.
  PARLEY_API sequence_tracker::sighting handle_packet(base::time_point now, std::uint16_t sequence,
                                                      std::uint32_t timestamp, std::size_t bytes,
                                                      bool timed = true) noexcept;

  /// A sender report of this source came.
  PARLEY_API void handle_sender_report(base::time_point now, std::uint64_t ntp,
                                       std::uint32_t timestamp) noexcept;

  /// The block for the next report; the fraction lost is that since the last call.
  PARLEY_API report_block report(base::time_point now) noexcept;

 private:
  std::uint32_t ssrc_;
  sequence_tracker sequence_;
  loss_pattern losses_;
  media_clock clock_;
  std::uint64_t bytes_ = 0;
  std::uint64_t expected_prior_ = 0;
  std::uint64_t received_prior_ = 0;
  base::time_point last_sr_at_{};
  std::uint32_t last_sr_ = 0;
  std::uint32_t transit_ = 0;
  std::uint32_t jitter_ = 0;  // sixteen times as much
  bool has_transit_ = false;
  bool heard_since_report_ = false;
};

}  // namespace parley::rtp
