#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/transaction/error.hpp>
#include <parley/transaction/timers.hpp>

#include <cstdint>

namespace parley::transaction {

/// The non-INVITE server transaction (RFC 3261 17.2.2 with RFC 4320): absorbs retransmissions, repeats
/// responses.
///
///  state               input                  action                        next
///  trying              start                  arm the wait of RFC 4320      trying
///  trying              request                -                             trying
///  trying              the wait is over       send 100                      proceeding
///  trying              100, datagrams         keep it for then              trying
///  trying              100, streams           send it                       proceeding
///  proceeding          100 from user          send it                       proceeding
///  proceeding          request                send the last provisional     proceeding
///  trying, proceeding  200-699 from user      send it, arm J                completed
///  trying, proceeding  the client's timer F   tell user: expired            terminated
///  completed           request                send the final response       completed
///  completed           timer J                -                             terminated
///  any but the last    transport error        tell user                     the same (RFC 6026 8.8)
///
/// RFC 4320 4: a provisional other than 100 and a 408 are refused; a 100 is sent by itself once the client's
/// timer E would have reached T2, and over datagrams not earlier; a final response that comes after the
/// client has given up (timer F) is not sent any more.
/// Over a reliable transport timer J is zero.
///
/// *Ownership:* refers to the timers that it was given; these live longer.
class server_non_invite {
 public:
  enum class state : std::uint8_t { trying, proceeding, completed, terminated };
  enum class transmit : std::uint8_t { nothing, trying, response };
  enum class event : std::uint8_t { none, expired, transport_failed };

  server_non_invite(const timers& timers, bool reliable) noexcept : timers_(&timers), reliable_(reliable) {}

  enum state state() const noexcept { return state_; }

  PARLEY_API void start(base::time_point now) noexcept;

  /// Sends a response of the user's. *Errors:* `errc::already_final` where one was sent: drop yours.
  /// `errc::not_for_non_invite` for what RFC 4320 forbids; drop it as well.
  PARLEY_API base::result<void> respond(base::time_point now, int status) noexcept;

  /// The request came again.
  PARLEY_API void handle_request() noexcept;
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
  base::time_point poll_timeout() const noexcept { return trying_at_ < end_at_ ? trying_at_ : end_at_; }

 private:
  void terminate() noexcept;

  const timers* timers_;
  base::time_point trying_at_ = base::never;  // when RFC 4320 lets the 100 go
  base::time_point end_at_ = base::never;     // the client's timer F, then timer J
  enum state state_ = state::trying;
  transmit transmit_ = transmit::nothing;
  event event_ = event::none;
  bool reliable_;
  bool user_provisional_ = false;
};

}  // namespace parley::transaction
