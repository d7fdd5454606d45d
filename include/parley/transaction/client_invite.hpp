#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>
#include <parley/transaction/timers.hpp>

#include <cstdint>

namespace parley::transaction {

/// The INVITE client transaction (RFC 3261 17.1.1 with RFC 6026 7.2): when to send what, and what concerns
/// the user.
///
///  state       input             action                                   next
///  calling     start             send request, arm A (datagrams), arm B   calling
///  calling     timer A           send request, double A                   calling
///  calling     timer B           tell user: timed out                     terminated
///  calling     1xx               pass to user                             proceeding
///  calling     2xx               pass to user, arm M                      accepted
///  calling     300-699           pass to user, send ACK, arm D            completed
///  proceeding  1xx               pass to user                             proceeding
///  proceeding  2xx               pass to user, arm M                      accepted
///  proceeding  300-699           pass to user, send ACK, arm D            completed
///  accepted    2xx               pass to user                             accepted
///  accepted    timer M           -                                        terminated
///  completed   300-699           send ACK                                 completed
///  completed   timer D           -                                        terminated
///  calling, completed  transport error: tell user                         terminated
///
/// A transport error in `proceeding` speaks of an earlier copy of a request that has arrived by now; it
/// changes nothing.
///
/// It decides; the texts are its owner's. `poll_transmit` says which to send: the request, or the ACK that
/// `make_ack` builds. Over a reliable transport timer A is not used and timer D is zero.
///
/// *Ownership:* refers to the timers that it was given; these live longer.
class client_invite {
 public:
  enum class state : std::uint8_t { calling, proceeding, accepted, completed, terminated };
  enum class transmit : std::uint8_t { nothing, request, ack };
  enum class event : std::uint8_t { none, timed_out, transport_failed };

  client_invite(const timers& timers, bool reliable) noexcept : timers_(&timers), reliable_(reliable) {}

  enum state state() const noexcept { return state_; }

  PARLEY_API void start(base::time_point now) noexcept;

  /// Returns true where the response goes to the user, false where it was absorbed.
  PARLEY_API bool handle_response(base::time_point now, int status) noexcept;
  PARLEY_API void handle_timeout(base::time_point now) noexcept;
  PARLEY_API void handle_transport_error() noexcept;

  transmit poll_transmit() noexcept {
    const transmit out = transmit_;
    transmit_ = transmit::nothing;
    return out;
  }
  event poll_event() noexcept {
    const event out = event_;
    event_ = event::none;
    return out;
  }
  base::time_point poll_timeout() const noexcept {
    return retransmit_at_ < end_at_ ? retransmit_at_ : end_at_;
  }

 private:
  void terminate() noexcept;

  const timers* timers_;
  base::time_point retransmit_at_ = base::never;  // timer A
  base::time_point end_at_ = base::never;         // timer B, then M or D
  base::duration interval_{};
  enum state state_ = state::calling;
  transmit transmit_ = transmit::nothing;
  event event_ = event::none;
  bool reliable_;
};

}  // namespace parley::transaction
