#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/transaction/timers.hpp>
#include <parley/ua/error.hpp>

#include <cstdint>

namespace parley::ua {

/// What a client says about reliable provisional responses in its INVITE (RFC 3262 3 and 4).
enum class reliability : std::uint8_t {
  unsupported,  ///< none may be sent
  supported,    ///< each may be
  required,     ///< each must be; refuse with 420 and `Unsupported: 100rel` where you can't
};

/// Reads Supported and Require. Requests other than INVITE have no reliable responses (RFC 3262 3).
PARLEY_API reliability reliability_of(const sip::message_view& request);

/// The server's side of reliable provisional responses to one INVITE (RFC 3262 3): numbers them, repeats them
/// until their PRACK comes, and says when a 2xx has to wait.
///
///  state           input                   action                          next
///  ready           write_response          number it, send, arm T1, 64 T1  unacknowledged
///  unacknowledged  T1, doubling            send it again                   unacknowledged
///  unacknowledged  PRACK that matches      -                               ready
///  unacknowledged  64 T1                   tell user: refuse with 5xx      timed_out
///  unacknowledged  respond 200-699         no more copies                  ended
///  any             PRACK of no match       refused, 481                    the same
///  ended           PRACK for the last one  taken, once                     ended
///  timed_out       PRACK that matches      taken, once                     timed_out
///  any             respond 200-699         -                               ended
///
/// One response waits at a time. The RFC lets a server send more once the first is acknowledged, but asks for
/// order; whoever waits for each PRACK keeps it. A 2xx waits where a session description does (RFC 3262 5).
///
/// Copies go out over reliable transports, too: the PRACK is end to end. It decides; the text is its owner's,
/// who sends the last reliable response again when `poll_transmit` asks for it.
///
/// *Ownership:* refers to the timers that it was given; these live longer.
class server_reliable_provisional {
 public:
  enum class state : std::uint8_t { ready, unacknowledged, timed_out, ended };
  enum class transmit : std::uint8_t { nothing, response };
  enum class event : std::uint8_t { none, acknowledged, timed_out };

  /// For the INVITE with that CSeq. Numbers begin at random below 2^31 (RFC 3262 3).
  PARLEY_API server_reliable_provisional(const transaction::timers& timers, reliability asked,
                                         std::uint32_t invite_cseq, base::random_source& random) noexcept;

  enum state state() const noexcept { return state_; }
  reliability asked() const noexcept { return asked_; }
  /// Of the last reliable response; before the first one, one less than that will have.
  std::uint32_t rseq() const noexcept { return rseq_; }

  /// Makes `response`, 101 to 199, a reliable one: adds Require and RSeq. Send it now and keep it for
  /// `poll_transmit`. It has a tag in To, and Contact and Record-Route as a 2xx has, so that a dialog is
  /// there for the PRACK. `has_description`: it carries an offer or answer.
  ///
  /// *Errors:* `not_reliable`; `unacknowledged`; `already_final`, also after a time-out; `numbers_used_up`;
  /// `wrong_method` for a status that is none of these. Nothing has changed then.
  PARLEY_API base::result<void> write_response(base::time_point now, sip::message& response,
                                               bool has_description);
  /// A final response, or an unreliable provisional one, is about to be sent. *Errors:* `unacknowledged` for
  /// a 2xx while a response with a session description waits: send it after `event::acknowledged`.
  /// `reliable_required` for 101 to 199 where the client wants reliable ones only. `already_final`.
  PARLEY_API base::result<void> respond(int status) noexcept;

  /// Takes a PRACK of the dialog. Answer 2xx where it is taken. *Errors:* `no_such_response`: 481;
  /// `bad_message`: 400.
  PARLEY_API base::result<void> handle_prack(const sip::message_view& prack) noexcept;
  PARLEY_API void handle_timeout(base::time_point now) noexcept;

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
  void disarm() noexcept;

  const transaction::timers* timers_;
  base::time_point send_at_ = base::never;
  base::time_point end_at_ = base::never;
  base::duration interval_{};
  std::uint32_t invite_cseq_;
  std::uint32_t rseq_;
  reliability asked_;
  enum state state_ = state::ready;
  transmit transmit_ = transmit::nothing;
  event event_ = event::none;
  bool waits_ = false;  // the last one has had no PRACK
  bool has_description_ = false;
};

/// The client's side of reliable provisional responses in one early dialog (RFC 3262 4): says which are to be
/// acknowledged. Each dialog of a forked INVITE has one of its own, since servers number on their own.
///
///  state    input                            verdict         next
///  ready    100, or without Require: 100rel  unreliable      ready
///  ready    the first, or the next number    acknowledge     ready
///  ready    a number that was acknowledged   duplicate       ready
///  ready    a number beyond the next         out_of_order    ready
///  ready    200-699                          unreliable      ended
///  ended    101-199                          too_late        ended
///
/// It has no timers: the transaction of the PRACK repeats that, and the server its response.
class client_reliable_provisional {
 public:
  enum class state : std::uint8_t { ready, ended };
  enum class verdict : std::uint8_t {
    unreliable,    ///< use it, no PRACK
    acknowledge,   ///< use it, and send a PRACK with `write_prack`
    duplicate,     ///< drop it: its PRACK is on its way
    out_of_order,  ///< drop it: one before it is missing, the server repeats both
    too_late,      ///< drop it: the final response was there first
  };

  /// For the INVITE with that CSeq, which offered 100rel or not.
  client_reliable_provisional(std::uint32_t invite_cseq, bool offered) noexcept
      : invite_cseq_(invite_cseq), offered_(offered) {}

  enum state state() const noexcept { return state_; }

  /// Takes a response to the INVITE. A response of another request is `unreliable`; so is one that wants to
  /// be reliable though it was not asked to, or without RSeq, since there is no PRACK for it.
  PARLEY_API verdict handle_response(const sip::message_view& response);

  /// Adds RAck for the response that was to be acknowledged last to a PRACK made by `dialog::write_request`.
  /// *Errors:* `no_such_response` where there was none.
  PARLEY_API base::result<void> write_prack(sip::message& prack) const;

 private:
  std::uint32_t invite_cseq_;
  std::uint32_t rseq_ = 0;  // the last one in order
  enum state state_ = state::ready;
  bool offered_;
  bool has_rseq_ = false;
};

}  // namespace parley::ua
