#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>
#include <parley/rtp/delay_trend.hpp>

#include <cstdint>

namespace parley::rtp {

/// The rate controller of draft-ietf-rmcat-gcc-02 5.5: up slowly while the queue is calm, down below what
/// arrives when it grows. Rates in bits a second.
///
///  state \ signal  overuse    normal     underuse
///  hold            decrease   increase   hold
///  increase        decrease   increase   hold
///  decrease        decrease   hold       hold
///
/// Far from the last rate at which the queue grew it increases by 8 % a second, near it by half a packet in
/// a response time (a round trip and 100 ms).
class PARLEY_API delay_rate_control {
 public:
  enum class state : std::uint8_t { hold, increase, decrease };

  delay_rate_control(double start, double least, double most) noexcept
      : rate_(start), least_(least), most_(most) {}

  enum state state() const noexcept { return state_; }
  double rate() const noexcept { return rate_; }

  void set_round_trip(base::duration round_trip) noexcept { round_trip_ = round_trip; }

  /// Takes a lower rate that somebody else has found, so that the next increase starts there.
  void limit(double rate) noexcept;

  /// `arriving`: what has arrived lately, in bits a second; 0 where it is not known yet.
  void update(base::time_point now, enum delay_trend::signal signal, double arriving) noexcept;

 private:
  void increase(double seconds, double arriving) noexcept;
  void decrease(double arriving) noexcept;
  bool near_convergence(double arriving) const noexcept;

  double rate_;
  double least_;
  double most_;
  double average_max_ = 0;      // of the arriving rates at which the queue grew; 0 for none
  double relative_var_ = 0.16;  // their variance, over the average
  base::duration round_trip_ = std::chrono::milliseconds(200);
  base::time_point updated_{};
  enum state state_ = state::hold;
  bool updated_once_ = false;
};

/// The loss-based controller of draft-ietf-rmcat-gcc-02 6: below 2 % of loss up by 5 %, above 10 % down by
/// half of the loss, between the two it holds. It looks at a second at a time.
class PARLEY_API loss_rate_control {
 public:
  loss_rate_control(double start, double least, double most) noexcept
      : rate_(start), least_(least), most_(most) {}

  double rate() const noexcept { return rate_; }
  /// The share of lost packets in the last full period, from 0 to 1.
  double loss() const noexcept { return loss_; }

  /// So many packets arrived or were lost since the last call; `used` is the rate that was sent with.
  void update(base::time_point now, std::uint32_t arrived, std::uint32_t lost, double used) noexcept;

 private:
  double rate_;
  double least_;
  double most_;
  double loss_ = 0;
  base::time_point began_{};
  std::uint32_t arrived_ = 0;
  std::uint32_t lost_ = 0;
  bool begun_ = false;
};

}  // namespace parley::rtp
