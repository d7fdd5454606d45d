#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/transaction/error.hpp>
#include <parley/transaction/timers.hpp>

#include <cstdint>

namespace parley::transaction {

/// The INVITE server transaction (RFC 3261 17.2.1 with RFC 6026 7.1): absorbs retransmissions, repeats
/// responses.
///
///  state       input              action                                   next
///  proceeding  start              arm the 200 ms of 17.2.1                 proceeding
///  proceeding  200 ms             send 100                                 proceeding
///  proceeding  INVITE             send the last provisional, or 100        proceeding
///  proceeding  1xx from user      send it                                  proceeding
///  proceeding  2xx from user      send it, arm L                           accepted
///  proceeding  300-699 from user  send it, arm G (datagrams), arm H        completed
///  accepted    INVITE             -                                        accepted
///  accepted    2xx from user      send it                                  accepted
///  accepted    ACK                pass to user                             accepted
///  accepted    timer L            -                                        terminated
///  completed   INVITE             send the final response                  completed
///  completed   timer G            send the final response, double G to T2  completed
///  completed   ACK                arm I                                    confirmed
///  completed   timer H            tell user: no ACK                        terminated
///  confirmed   INVITE, ACK        -                                        confirmed
///  confirmed   timer I            -                                        terminated
///  any but the last two           transport error: tell user               the same
///
/// After a transport error the transaction goes on, as RFC 6026 8.8 has it, so that it still absorbs what the
/// client repeats: in `proceeding` the user owes it a final response still.
///
/// It decides; the texts are its owner's: `poll_transmit` asks for the 100 or for the last response that
/// `respond` announced. Over a reliable transport timer G is not used and timer I is zero.
///
/// *Ownership:* refers to the timers that it was given; these live longer.
class server_invite {
 public:
  enum class state : std::uint8_t { proceeding, accepted, completed, confirmed, terminated };
  enum class transmit : std::uint8_t { nothing, trying, response };
  enum class event : std::uint8_t { none, no_ack, transport_failed };

  server_invite(const timers& timers, bool reliable) noexcept : timers_(&timers), reliable_(reliable) {}

  enum state state() const noexcept { return state_; }

  PARLEY_API void start(base::time_point now) noexcept;

  /// Sends a response of the user's. *Errors:* `errc::already_final` where a final response was sent that
  /// this one can't follow: drop yours.
  PARLEY_API base::result<void> respond(base::time_point now, int status) noexcept;

  /// An INVITE of this transaction came again.
  PARLEY_API void handle_request() noexcept;
  /// Returns true where the ACK goes to the user: it acknowledges a 2xx.
  PARLEY_API bool handle_ack(base::time_point now) noexcept;
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
  base::time_point poll_timeout() const noexcept { return send_at_ < end_at_ ? send_at_ : end_at_; }

 private:
  void terminate() noexcept;

  const timers* timers_;
  base::time_point send_at_ = base::never;  // the 200 ms, then timer G
  base::time_point end_at_ = base::never;   // timer H, L or I
  base::duration interval_{};
  enum state state_ = state::proceeding;
  transmit transmit_ = transmit::nothing;
  event event_ = event::none;
  bool reliable_;
  bool has_provisional_ = false;
};

}  // namespace parley::transaction
