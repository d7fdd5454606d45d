#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::rtp {

/// Whether the queue of a path's bottleneck grows, from when packets were sent and when they arrived: the
/// arrival-time filter and the over-use detector of draft-ietf-rmcat-gcc-02 (5.2 to 5.4), with a line through
/// the last delays in the place of its Kalman filter, as browsers have it.
///
///  signal    trend                                            next
///  any       above the threshold, for 10 ms, not falling      overuse
///  any       below the negative threshold                     underuse
///  any       between the two                                  normal
///
/// The clocks of the two ends need not agree: only differences are used.
class PARLEY_API delay_trend {
 public:
  enum class signal : std::uint8_t { normal, overuse, underuse };

  enum signal signal() const noexcept { return signal_; }

  /// The slope of the queueing delay, scaled to be compared with `threshold()`, in ms.
  double trend() const noexcept { return trend_; }
  double threshold() const noexcept { return threshold_; }

  /// One packet that arrived; in the order in which they were sent.
  void handle_packet(base::time_point sent, base::time_point arrived) noexcept;

 private:
  struct group {
    base::time_point first_sent;
    base::time_point last_sent;
    base::time_point first_arrived;
    base::time_point last_arrived;
  };
  struct sample {
    double at;     // ms since the first
    double delay;  // ms, smoothed
  };

  bool belongs_to_current(base::time_point sent, base::time_point arrived) const noexcept;
  void add_variation(double variation, base::time_point arrived, base::duration spacing) noexcept;
  double slope() const noexcept;
  void detect(double spacing, base::time_point arrived) noexcept;

  static constexpr std::size_t window = 20;

  group current_{};
  group previous_{};
  std::array<sample, window> samples_{};
  std::size_t sample_count_ = 0;
  std::size_t next_sample_ = 0;
  std::uint32_t variations_ = 0;
  base::time_point origin_{};
  double accumulated_ = 0;  // ms
  double smoothed_ = 0;     // ms
  double trend_ = 0;
  double previous_trend_ = 0;
  double threshold_ = 12.5;
  double overusing_for_ = -1;  // ms; below zero while it does not
  base::time_point adapted_{};
  enum signal signal_ = signal::normal;
  bool has_current_ = false;
  bool has_previous_ = false;
  bool adapted_once_ = false;
};

}  // namespace parley::rtp
