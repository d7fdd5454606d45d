#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>
#include <parley/transaction/timers.hpp>

#include <cstdint>

namespace parley::transaction {

/// The non-INVITE client transaction (RFC 3261 17.1.2): when to send the request again, and what concerns the
/// user.
///
///  state       input             action                                   next
///  trying      start             send request, arm E (datagrams), arm F   trying
///  trying      timer E           send request, double E up to T2          trying
///  trying      1xx               pass to user                             proceeding
///  trying      200-699           pass to user, arm K                      completed
///  proceeding  timer E           send request, E again after T2           proceeding
///  proceeding  1xx               pass to user                             proceeding
///  proceeding  200-699           pass to user, arm K                      completed
///  trying, proceeding  timer F   tell user: timed out                     terminated
///  trying, proceeding  transport error: tell user                         terminated
///  completed   any response      -                                        completed
///  completed   timer K           -                                        terminated
///
/// Over a reliable transport timer E is not used and timer K is zero.
///
/// *Ownership:* refers to the timers that it was given; these live longer.
class client_non_invite {
 public:
  enum class state : std::uint8_t { trying, proceeding, completed, terminated };
  enum class transmit : std::uint8_t { nothing, request };
  enum class event : std::uint8_t { none, timed_out, transport_failed };

  client_non_invite(const timers& timers, bool reliable) noexcept : timers_(&timers), reliable_(reliable) {}

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
  base::time_point retransmit_at_ = base::never;  // timer E
  base::time_point end_at_ = base::never;         // timer F, then K
  base::duration interval_{};
  enum state state_ = state::trying;
  transmit transmit_ = transmit::nothing;
  event event_ = event::none;
  bool reliable_;
};

}  // namespace parley::transaction
