#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>
#include <parley/rtp/delay_trend.hpp>
#include <parley/rtp/rate_control.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::rtp {

/// Bounds of a `bandwidth_estimator`, in bits a second.
struct bandwidth_estimator_options {
  double start = 300000;
  double least = 30000;
  double most = 10000000;
  /// How many sent packets are remembered until feedback on them comes; rounded up to a power of two, at most
  /// 32768. Of more packets in flight the oldest count for nothing.
  std::size_t history = 2048;
};

/// What the other end said of one packet: whether it came, and when, by a clock of its own.
struct packet_arrival {
  std::uint16_t sequence = 0;  ///< transport-wide
  bool received = false;
  base::time_point at{};
};

/// How much the path bears, by the one who sends: Google's congestion control (draft-ietf-rmcat-gcc-02) over
/// transport-wide feedback. The estimate is the lower of the delay-based rate and the loss-based one.
///
///  input                                  action
///  sent                                   remember when and how much; arm the timer where it is not
///  feedback                               trend of the delay, loss; both controllers; the timer anew
///  timer: 1.5 s without any feedback      less by a fifth, and again after each half second
///
/// The memory is taken at construction.
class PARLEY_API bandwidth_estimator {
 public:
  explicit bandwidth_estimator(const bandwidth_estimator_options& options = {});

  /// How fast to send now, in bits a second.
  double estimate() const noexcept;
  /// What arrived over the last half second, in bits a second; 0 where that is not known yet.
  double arriving() const noexcept;
  double loss() const noexcept { return loss_control_.loss(); }
  const delay_trend& trend() const noexcept { return trend_; }

  void set_round_trip(base::duration round_trip) noexcept { delay_control_.set_round_trip(round_trip); }

  /// A packet of `size` bytes left with that transport-wide number.
  void handle_sent(base::time_point now, std::uint16_t sequence, std::size_t size) noexcept;

  /// Feedback came; `arrivals` by ascending number. Packets that are not known, or were spoken of before, are
  /// passed over, except that a packet which was called lost may turn out to have come.
  void handle_feedback(base::time_point now, std::span<const packet_arrival> arrivals) noexcept;

  void handle_timeout(base::time_point now) noexcept;
  base::time_point poll_timeout() const noexcept { return quiet_at_; }

 private:
  enum class fate : std::uint8_t { unknown, in_flight, lost, arrived };
  struct sent_packet {
    base::time_point sent;
    std::uint32_t size = 0;
    std::uint16_t sequence = 0;
    fate what = fate::unknown;
  };

  // Half a second in slices of 50 ms of the receiver's clock.
  static constexpr std::size_t slices = 10;

  void count_arrival(base::time_point at, std::uint32_t size) noexcept;

  std::vector<sent_packet> history_;
  delay_trend trend_;
  delay_rate_control delay_control_;
  loss_rate_control loss_control_;
  std::array<std::uint64_t, slices> bytes_{};
  std::int64_t slice_ = 0;
  std::int64_t first_slice_ = 0;
  base::time_point quiet_at_ = base::never;
  bool any_arrival_ = false;
};

}  // namespace parley::rtp
