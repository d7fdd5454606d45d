#include <parley/rtp/ntp_time.hpp>
#include <parley/rtp/reception.hpp>

#include <algorithm>

namespace parley::rtp {
namespace {

/// A moment in units of a clock, modulo 2^32.
std::uint32_t in_ticks(base::time_point at, std::uint32_t rate) noexcept {
  const std::int64_t us = at.time_since_epoch().count();
  const std::uint64_t whole = static_cast<std::uint64_t>(us / 1000000) * rate;
  const std::int64_t part = us % 1000000 * std::int64_t{rate} / 1000000;
  return static_cast<std::uint32_t>(whole + static_cast<std::uint64_t>(part));
}

}  // namespace

base::duration reception::jitter_time() const noexcept {
  if (clock_.rate() == 0) return {};
  return base::duration(std::int64_t{jitter()} * 1000000 / clock_.rate());
}

void reception::set_clock_rate(std::uint32_t rate) noexcept {
  if (rate == clock_.rate()) return;
  clock_ = media_clock(rate);
  has_transit_ = false;
  jitter_ = 0;
}

sequence_tracker::sighting reception::handle_packet(base::time_point now, std::uint16_t sequence,
                                                    std::uint32_t timestamp, std::size_t bytes,
                                                    bool timed) noexcept {
  const sequence_tracker::sighting seen = sequence_.handle_packet(sequence);
  if (!seen.usable()) return seen;
  heard_since_report_ = true;
  bytes_ += bytes;
  if (seen.verdict == sequence_tracker::verdict::restarted) {
    // RFC 3550 A.1: all counting begins again; so does the sender's clock.
    expected_prior_ = received_prior_ = 0;
    has_transit_ = false;
  }
  losses_.handle_packet(seen.extended);
  if (timed && clock_.rate() != 0) {
    // RFC 3550 A.8, in integers.
    const std::uint32_t transit = in_ticks(now, clock_.rate()) - timestamp;
    if (has_transit_) {
      const auto difference = static_cast<std::int32_t>(transit - transit_);
      const std::uint32_t d = difference < 0 ? 0U - static_cast<std::uint32_t>(difference)
                                             : static_cast<std::uint32_t>(difference);
      // A jump of the sender's timestamps is no jitter; more than ten seconds never are.
      if (d / 10 < clock_.rate()) jitter_ += d - ((jitter_ + 8) >> 4U);
    }
    transit_ = transit;
    has_transit_ = true;
  }
  return seen;
}

void reception::handle_sender_report(base::time_point now, std::uint64_t ntp,
                                     std::uint32_t timestamp) noexcept {
  last_sr_ = ntp_middle(ntp);
  last_sr_at_ = now;
  clock_.handle_sender_report(ntp, timestamp);
}

report_block reception::report(base::time_point now) noexcept {
  heard_since_report_ = false;
  report_block out;
  out.ssrc = ssrc_;
  // RFC 3550 A.3.
  const std::uint64_t expected = sequence_.expected() - std::min(expected_prior_, sequence_.expected());
  const std::uint64_t received = sequence_.received() - std::min(received_prior_, sequence_.received());
  expected_prior_ = sequence_.expected();
  received_prior_ = sequence_.received();
  if (expected > received) {
    out.fraction_lost =
        static_cast<std::uint8_t>(std::min<std::uint64_t>(((expected - received) << 8U) / expected, 255));
  }
  // RFC 3550 A.3: what 24 bits do not hold is clamped, not wrapped.
  out.cumulative_lost =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(sequence_.lost(), -0x800000, 0x7FFFFF));
  out.highest_sequence = sequence_.highest();
  out.jitter = jitter();
  out.last_sr = last_sr_;
  if (last_sr_ != 0) out.delay_since_last_sr = to_ntp_length(now - last_sr_at_);
  return out;
}

}  // namespace parley::rtp
