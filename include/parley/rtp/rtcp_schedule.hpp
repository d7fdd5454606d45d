#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/time.hpp>

#include <cstddef>
#include <cstdint>

namespace parley::rtp {

/// What a session may spend on RTCP, and by which profile.
struct rtcp_schedule_options {
  /// RTCP's share in bits a second: that of the senders, and that of the others (RS and RR of RFC 3556). By
  /// default a quarter and three quarters of 5 % of a session of 64 kbit/s. Zero for both turns RTCP off.
  double sender_bandwidth = 800;
  double receiver_bandwidth = 2400;
  /// Of the whole session in bits a second, for the reduced minimum.
  double session_bandwidth = 64000;
  /// A minimum of 360 s over the session's kbit/s in the place of 5 s (RFC 3550 6.2), where that is shorter.
  bool reduced_minimum = false;
  /// RTP/AVPF (RFC 4585): no minimum but `trr_interval`, and feedback ahead of time.
  bool feedback = false;
  /// RFC 4585 3.4: the least time between full reports (trr-int of SDP). Zero for none.
  base::duration trr_interval{};
  /// RFC 4585's T_max_fb_delay: feedback that could only go later than that is dropped.
  base::duration max_feedback_delay = std::chrono::milliseconds(500);
  /// Counted with each packet: IP and UDP (RFC 3550 6.2).
  std::size_t overhead = 28;
  /// The probable size of the first packet, before anything was sent or received.
  std::size_t first_size = 100;
};

/// Who is in the session: all members with ourselves, those of them who send RTP, and whether we do.
struct rtcp_membership {
  std::size_t members = 1;
  std::size_t senders = 0;
  bool we_sent = false;
};

/// When to send RTCP: the timing rules of RFC 3550 6.3 with those of RFC 4585 3.5. It counts; who the members
/// are, and what a packet holds, is its owner's.
///
///  state    input                                 action                                       next
///  idle     start                                 arm tn                                       joined
///  joined   tn, not after reconsideration         move tn (6.3.6)                              joined
///  joined   tn                                    due: regular                                 joined
///  joined   tn, AVPF, trr-int not over            due: feedback where some waits, else skip    joined
///  joined   te                                    due: feedback (4585 3.5.2)                   joined
///  joined   sent regular                          tp is now, arm tn                            joined
///  joined   sent early                            skip one tn, no early ones until the next    joined
///  joined   fewer members                         bring tn and tp nearer (6.3.4)               joined
///  joined   leave, nothing ever sent              -                                            left
///  joined   leave, up to 50 members               due: bye                                     leaving
///  joined   leave, more                           count anew, arm tn (6.3.7)                   leaving
///  leaving  BYE of another                        count it                                     leaving
///  leaving  tn, not after reconsideration         move tn                                      leaving
///  leaving  tn                                    due: bye                                     leaving
///  leaving  sent                                  -                                            left
///
/// What is due stays due until `handle_sent`: build the packet, send it, and say how long it was.
///
/// *Ownership:* refers to the random source, which lives longer.
class PARLEY_API rtcp_schedule {
 public:
  enum class state : std::uint8_t { idle, joined, leaving, left };

  /// What is to be sent now: nothing, a full report (with what feedback waits), feedback with as little
  /// around it as the profile allows, or a BYE.
  enum class due : std::uint8_t { nothing, regular, feedback, bye };

  /// What becomes of feedback: it goes early, it goes with a packet that is scheduled already, or it would
  /// come too late to be of use and is dropped.
  enum class feedback_fate : std::uint8_t { early, scheduled, dropped };

  rtcp_schedule(const rtcp_schedule_options& options, base::random_source& random) noexcept;

  enum state state() const noexcept { return state_; }
  const rtcp_membership& membership() const noexcept { return membership_; }

  /// The running average of the sizes of compound packets, in bytes with their overhead (6.3.3).
  double average_size() const noexcept { return average_size_; }

  /// The interval that was drawn last. A sender that sent no RTP for two of them is one no more (6.3.5).
  base::duration interval() const noexcept { return interval_; }

  /// A member who was silent for that long is gone: five times the interval that a receiver has, without
  /// randomness, and with a minimum of 5 s whatever the profile's is, so that those who use no shorter one
  /// are not taken for gone (6.2, 6.3.5); with trr-int where that is longer (RFC 4585 3.5.4).
  base::duration member_timeout() const noexcept;

  /// Joins the session.
  void start(base::time_point now) noexcept;

  /// Says who is there. Fewer members than before bring the next report nearer (6.3.4).
  void update(base::time_point now, const rtcp_membership& membership) noexcept;

  /// Asks to send feedback, and says what becomes of it (RFC 4585 3.5.2). Keep it until the next due packet
  /// unless it is dropped.
  feedback_fate request_feedback(base::time_point now) noexcept;

  /// The feedback that waits need not go: another member said the same (RFC 4585 3.5.2, 5a).
  void cancel_feedback() noexcept;

  /// Leaves the session with a BYE of `bye_size` bytes (6.3.7).
  void leave(base::time_point now, std::size_t bye_size) noexcept;

  /// A compound packet of `size` bytes came from another member.
  void handle_received(std::size_t size) noexcept;

  /// A packet with a BYE came. Where we are leaving, only these count (6.3.7).
  void handle_bye(std::size_t size) noexcept;

  due handle_timeout(base::time_point now) noexcept;

  /// What was due has been sent, in `size` bytes.
  void handle_sent(base::time_point now, std::size_t size) noexcept;

  base::time_point poll_timeout() const noexcept { return early_at_ < next_ ? early_at_ : next_; }

 private:
  double deterministic_seconds(bool we_sent, double minimum) const noexcept;
  double minimum_seconds() const noexcept;
  base::time_point draw(base::time_point from) noexcept;
  void average(std::size_t size) noexcept;

  rtcp_schedule_options options_;
  base::random_source* random_;
  rtcp_membership membership_;
  std::size_t previous_members_ = 1;  // pmembers
  double average_size_;
  base::duration interval_{};
  base::time_point last_{};                  // tp
  base::time_point next_ = base::never;      // tn
  base::time_point early_at_ = base::never;  // te
  base::time_point last_regular_{};          // t_rr_last
  enum state state_ = state::idle;
  due due_ = due::nothing;
  bool initial_ = true;
  bool allow_early_ = true;
  bool feedback_waits_ = false;
  bool regular_sent_ = false;
  bool anything_sent_ = false;
};

}  // namespace parley::rtp
