#pragma once

#include <parley/base/time.hpp>
#include <parley/rtp/ntp_time.hpp>
#include <parley/rtp/rtcp_report.hpp>

#include <cstddef>
#include <cstdint>

namespace parley::rtp {

/// What a source of our own has sent, for its sender reports (RFC 3550 6.4.1).
class sender_statistics {
 public:
  /// `clock_rate` is that of the timestamps in Hz.
  sender_statistics(std::uint32_t ssrc, std::uint32_t clock_rate) noexcept
      : ssrc_(ssrc), clock_rate_(clock_rate) {}

  std::uint32_t ssrc() const noexcept { return ssrc_; }
  std::uint64_t packets() const noexcept { return packets_; }
  /// Of payload.
  std::uint64_t bytes() const noexcept { return bytes_; }
  base::time_point last_sent() const noexcept { return last_sent_; }

  /// A packet left. `captured` is the moment of its timestamp: where capture and packetization take their
  /// time, before `now`.
  void handle_sent(base::time_point now, std::uint32_t timestamp, std::size_t bytes,
                   base::time_point captured) noexcept {
    ++packets_;
    bytes_ += bytes;
    last_sent_ = now;
    // Of a frame in several packets the first one is nearest to the truth.
    if (packets_ == 1 || timestamp != timestamp_) {
      timestamp_ = timestamp;
      captured_ = captured;
    }
  }
  void handle_sent(base::time_point now, std::uint32_t timestamp, std::size_t bytes) noexcept {
    handle_sent(now, timestamp, bytes, now);
  }

  /// A report without blocks. Its timestamp is that of the moment itself, not that of the last packet.
  sender_report report(base::time_point now, base::wall_time wall) const noexcept {
    sender_report out;
    out.ssrc = ssrc_;
    out.ntp_time = to_ntp(wall);
    // Modulo 2^32; whole seconds apart, so that nothing overflows.
    const std::int64_t us = (now - captured_).count();
    out.rtp_time =
        timestamp_ + static_cast<std::uint32_t>(us / 1000000 * std::int64_t{clock_rate_} +
                                                us % 1000000 * std::int64_t{clock_rate_} / 1000000);
    out.packet_count = static_cast<std::uint32_t>(packets_);
    out.octet_count = static_cast<std::uint32_t>(bytes_);
    return out;
  }

 private:
  std::uint32_t ssrc_;
  std::uint32_t clock_rate_;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  base::time_point last_sent_{};
  base::time_point captured_{};
  std::uint32_t timestamp_ = 0;
};

}  // namespace parley::rtp
