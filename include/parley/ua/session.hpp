#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/transaction/timers.hpp>
#include <parley/ua/dialog.hpp>
#include <parley/ua/error.hpp>
#include <parley/ua/offer_exchange.hpp>
#include <parley/ua/reliable_provisional.hpp>
#include <parley/ua/session_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::ua {

/// How sessions of one user agent behave.
struct session_options {
  session_timer_options timer;
  transaction::timers timers;  ///< T1 and T2 of the 2xx, T1 of reliable provisional responses
  bool reliable = true;        ///< offers 100rel in our INVITEs (RFC 3262)
};

/// Why a session has ended.
enum class session_end : std::uint8_t {
  local_bye,   ///< we hung up
  remote_bye,  ///< the peer did
  refused,     ///< a final response other than 2xx, ours or the peer's
  cancelled,   ///< the caller gave up before it was answered, or its Expires has passed
  no_ack,      ///< no ACK came for our 2xx (RFC 3261 13.3.1.4)
  no_prack,    ///< no PRACK came for our reliable provisional response (RFC 3262 3)
  expired,     ///< the session timer ran out (RFC 4028 10)
  lost,        ///< the peer does not know the dialog any more, or does not answer (RFC 3261 12.2.1.2)
  no_answer,   ///< the peer owed us an offer or an answer and sent none
  elsewhere,   ///< another branch of the forked call was answered; as a callee, where the CANCEL says so
};

/// What a session wants to be sent.
struct session_transmit {
  enum class kind : std::uint8_t {
    request,  ///< `message` in a transaction of its own; `handle_response` and `handle_failure` tell its fate
    ack,      ///< `message` without a transaction; keep it for `repeat_ack`
    response,  ///< `message` to the request `server`: its own headers and body, to be completed from the
               ///< request
    repeat_provisional,  ///< the last reliable provisional response to the INVITE `server` again
    repeat_success,      ///< the 2xx to the INVITE `server` again
    repeat_ack,          ///< the last ACK again
  };
  kind what = kind::request;
  std::uint64_t server = 0;
  std::optional<sip::message> message;
};

/// What has happened to a session.
struct session_event {
  enum class kind : std::uint8_t {
    none,
    progress,      ///< 101-199 has come, or what ends the call; `status`
    preview,       ///< `description` is the answer that will come: play early media by it
    offer,         ///< `description` is an offer: `answer`, `accept` or `refuse` it
    offer_wanted,  ///< the peer's INVITE asks us for an offer: give it by `accept`
    answer,        ///< `description` answers our offer
    offer_failed,  ///< our offer was refused, with `status`; the session is as it was
    offer_due,     ///< make an offer now: after a glare, or to refresh the session; as it is, or a new one
    accepted,      ///< the session is there: 2xx of the peer's, or the ACK for ours
    acknowledged,  ///< the ACK to our answer of a re-INVITE has come, or a PRACK: what had to wait may go now
    refreshed,     ///< the session was refreshed by an UPDATE without a description, ours or the peer's (RFC
                   ///< 4028 7.4)
    request,       ///< a request that the session does not know, `server`: answer it
    response,      ///< the final response to a request made by `request`, with that `cseq`; 408 and 503 also
                   ///< stand for none (RFC 3261 8.1.3.1)
    ended,  ///< the last event but those of other usages; `why`, and `status` where a response ended it
  };
  kind what = kind::none;
  int status = 0;
  session_end why = session_end::local_bye;
  std::uint32_t cseq = 0;
  std::uint64_t server = 0;
  std::string description;
};

/// One INVITE session in one dialog (RFC 3261 13 to 15): offers and answers, re-INVITE, UPDATE (RFC 3311),
/// PRACK (RFC 3262), session timer (RFC 4028), BYE. A machine without transactions: whoever has these sends
/// what comes out and brings what comes in.
///
///  state      input                              action                                next
///  early      2xx received                       ACK, or with an offer in it await     confirmed
///                                                `answer` for that
///  early      accept                             2xx, repeat until ACK, 64 T1          answered
///  early      refuse, CANCEL, 3xx-6xx received   the response                          ended
///  early      the INVITE's Expires has passed    487                                   ended
///  early      a minute since the last 101-199    that again (RFC 3261 13.3.1.1)        early
///  answered   ACK                                -                                     confirmed
///  answered   no ACK in 64 T1                    BYE                                   ended
///  answered   bye                                BYE once the ACK or 64 T1 is there    answered
///  confirmed  bye                                BYE                                   ended
///  any        BYE received                       200, 487 to a pending INVITE          ended
///  confirmed  offer                              re-INVITE or UPDATE                   confirmed
///  confirmed  re-INVITE, UPDATE received         event offer or offer_wanted           confirmed
///  any        481, 408 to a request of ours      BYE but for 481                       ended
///  any        the session timer ends             BYE                                   ended
///
/// Requests in the dialog that are about something else, as INFO or REFER, pass through it by `request` and
/// `session_event::kind::request`, since the dialog numbers them. Where the dialog has another usage when the
/// session ends (`add_usage`), those go on: such requests of either end and their responses pass as before,
/// INVITE, UPDATE, PRACK, BYE and INFO of the peer's get 481.
///
/// `server` is the user's number of a request that came in.
///
/// *Ownership:* owns the dialog; refers to the options and the random source, which live longer. Events and
/// messages to be sent are bounded by what was done to it: poll them after each call.
class session {
 public:
  enum class state : std::uint8_t { early, answered, confirmed, ended };

  /// How an offer is sent.
  enum class offer_by : std::uint8_t {
    any,     ///< UPDATE before the call is answered, re-INVITE then
    invite,  ///< re-INVITE: the peer may ask its user
    update,  ///< UPDATE, which is answered at once
  };

  /// One more header of a response or request.
  using field = std::pair<sip::header_id, std::string_view>;

  /// The session of a dialog that a response has made at the caller (`dialog::from_response`). Hand it that
  /// response by `handle_response` at once. `exchange` and `timer` are what the INVITE began: they are copied
  /// for each fork.
  PARLEY_API session(const session_options& options, base::random_source& random, ua::dialog dialog,
                     std::uint32_t invite_cseq, const offer_exchange& exchange, const session_timer& timer);

  /// The session of a dialog that the INVITE `request` makes at the callee (`dialog::from_request`), with
  /// its local target set. The first event is `offer` or `offer_wanted`. It came at
  /// `now`: its Expires counts from then on (RFC 3261 13.3.1), and not where that is `never`.
  ///
  /// *Errors:* `interval_too_small`, `unsupported_body`, `bad_message`: refuse it with `status_for`;
  /// `write_refusal` adds what a 422 needs.
  PARLEY_API static base::result<session> from_request(const session_options& options,
                                                       base::random_source& random, ua::dialog dialog,
                                                       std::uint64_t server, const sip::message_view& request,
                                                       base::time_point now = base::never);

  enum state state() const noexcept { return state_; }
  bool is_caller() const noexcept { return dialog_.role() == dialog::role::uac; }
  const ua::dialog& dialog() const noexcept { return dialog_; }
  const offer_exchange& exchange() const noexcept { return exchange_; }
  const session_timer& timer() const noexcept { return timer_; }
  /// Whether the peer has said that it takes UPDATE (RFC 3311 5.1).
  bool allows_update() const noexcept { return peer_allows_update_; }
  /// Whether a request of either end waits for its final response or its ACK.
  bool has_pending_invite() const noexcept { return invite_in_.server != 0 || invite_out_ != 0; }

  /// Whether a 2xx of ours waits for its ACK, and is repeated until then.
  bool awaits_ack() const noexcept { return success_to_ != 0; }
  /// Whether a 2xx of the peer's was acknowledged.
  bool has_acknowledged() const noexcept { return acked_ != 0; }
  /// Whether the session has ended and another usage keeps its dialog (RFC 5057).
  bool is_outlived() const noexcept { return is_over() && dialog_.state() != dialog::state::terminated; }

  // Of the callee, before the call is answered.

  /// Sends 101 to 199. `reliable` makes it one that is acknowledged (RFC 3262); where the caller requires
  /// that, each has to be. A description in it is the answer to the INVITE's offer, or the offer that it asks
  /// for, which only a reliable response can make. While the INVITE waits for its answer the last one is
  /// repeated each minute, a reliable one every two and a half with a new number and no description (RFC
  /// 3261 13.3.1.1, RFC 3262 3).
  ///
  /// *Errors:* `not_now` where there is no INVITE to respond to; those of `server_reliable_provisional`;
  /// `not_reliable` for an offer in an unreliable one.
  PARLEY_API base::result<void> progress(base::time_point now, int status, std::string_view description = {},
                                         bool reliable = false);

  /// Answers the INVITE or re-INVITE with 200: with the answer to its offer, or the offer that it asks for.
  /// The description is left out where a reliable provisional response has carried it.
  ///
  /// *Errors:* `not_now`; `missing_description`; `unacknowledged`: wait for the PRACK, which is reported by
  /// `offer`, `answer` or nothing, and accept again.
  PARLEY_API base::result<void> accept(base::time_point now, std::string_view description);

  /// Refuses (300 to 699) the offer of an UPDATE or PRACK where one waits, else the INVITE or re-INVITE. A
  /// refused INVITE ends the session, all others leave it as it was. *Errors:* `not_now`.
  PARLEY_API base::result<void> refuse(base::time_point now, int status, std::span<const field> fields = {});
  /// Refuses the INVITE or re-INVITE, whatever else waits. *Errors:* `not_now`.
  PARLEY_API base::result<void> refuse_invite(base::time_point now, int status,
                                              std::span<const field> fields = {});

  // Of both ends.

  /// Makes an offer. *Errors:* `not_now` where neither method may be used yet, or the session has ended;
  /// `offer_pending`; `glare`: answer the peer's first; those of `dialog::write_request`.
  PARLEY_API base::result<void> offer(base::time_point now, std::string_view description,
                                      offer_by how = offer_by::any);

  /// Answers the offer that `session_event::kind::offer` has brought, in whatever message is to carry it.
  /// Before the call is answered, an INVITE's offer is answered by `progress` or `accept`. *Errors:*
  /// `no_offer`; `missing_description`.
  PARLEY_API base::result<void> answer(base::time_point now, std::string_view description);

  /// Hangs up: BYE, as soon as the rules of RFC 3261 15 allow. *Errors:* `not_now` for a caller's early
  /// session, which ends by the CANCEL of its INVITE, and for a callee's, which ends by `refuse`.
  PARLEY_API base::result<void> bye(base::time_point now, std::span<const field> fields = {});

  /// Sends another request in the dialog; returns its CSeq. `body` may be empty. *Errors:* `wrong_method` for
  /// INVITE, UPDATE, PRACK and BYE, which have commands of their own; `not_now` once the session has ended
  /// and no other usage is there, for INFO whatever is there (RFC 6086 4.1); those of
  /// `dialog::write_request`.
  PARLEY_API base::result<std::uint32_t> request(std::string_view method, std::span<const field> fields = {},
                                                 std::string_view body = {},
                                                 std::string_view content_type = {});

  /// Sends the request that `write` makes in the dialog, as the `poll_request` of a usage does that shares it
  /// (RFC 5057); returns its CSeq. *Errors:* `not_now` where the session has ended and no other usage is
  /// there, or `write` has nothing to be sent.
  PARLEY_API base::result<std::uint32_t> request(
      const std::function<bool(ua::dialog&, sip::message&)>& write);

  /// Another usage of the dialog (RFC 5057): see `dialog::add_usage`. Its requests go through this session,
  /// also when that has ended: whoever adds a usage ends it. An early dialog that is not answered ends with
  /// all that uses it (RFC 3261 12.3), and so does one in which a response has
  /// `response_effect::dialog_ended`.
  base::result<void> add_usage() noexcept { return dialog_.add_usage(); }
  /// Nothing happens where there is no other usage.
  PARLEY_API void end_usage() noexcept;

  /// A request of ours is sent again as a new one, with credentials: returns its new CSeq. *Errors:*
  /// `numbers_used_up`, `terminated`: give up, and report the failure.
  PARLEY_API base::result<std::uint32_t> renumber(std::uint32_t cseq);

  /// Takes a request in the dialog, but CANCEL. Nothing is to be done with it by the caller, answers to it
  /// come out.
  PARLEY_API void handle_request(base::time_point now, std::uint64_t server,
                                 const sip::message_view& request);
  /// A request that was reported by `session_event::kind::request` is answered with `status`.
  PARLEY_API void note_response(const sip::message_view& request, int status);
  /// The CANCEL of the INVITE `server` has come, which the caller has answered with 200.
  PARLEY_API void handle_cancel(base::time_point now, std::uint64_t server);

  /// Takes a response to a request of ours in this dialog, the INVITE that made it included, and each copy of
  /// a 2xx to it.
  PARLEY_API void handle_response(base::time_point now, const sip::message_view& response);
  /// The request with that CSeq has no response: 408 for a time-out, 503 for a transport error (RFC
  /// 3261 8.1.3.1).
  PARLEY_API void handle_failure(base::time_point now, std::uint32_t cseq, int status);

  /// The session ends without a message: another fork has won, or the transaction is gone.
  PARLEY_API void end(session_end why, int status = 0);

  PARLEY_API void handle_timeout(base::time_point now);
  PARLEY_API base::time_point poll_timeout() const noexcept;
  PARLEY_API bool poll_transmit(session_transmit& out);
  PARLEY_API bool poll_event(session_event& out);

 private:
  /// A request of the peer's that waits for its answer.
  struct pending_request {
    std::uint64_t server = 0;  // 0 for none
    dialog_request request;
    session_timer::question timer;                           // what it says of that
    base::time_point expires = base::never;                  // as its Expires says
    std::optional<sip::message> provisional = std::nullopt;  // the last one
    bool reliable = false;                                   // that was
    base::time_point repeat_at = base::never;                // when it goes again
  };
  enum class sent_for : std::uint8_t { offer, refresh, prack, bye, other };
  /// A request of ours that waits for its final response.
  struct sent_request {
    std::uint32_t cseq = 0;
    sip::method method = sip::method::unknown;
    sent_for purpose = sent_for::other;
    std::uint32_t asked = 0;  // its CSeq before it was sent again with credentials
  };

  // session.cpp
  bool is_over() const noexcept { return state_ == state::ended; }
  bool has_dialog() const noexcept { return !is_over() || is_outlived(); }
  session_event& report(session_event::kind what);
  void send(sip::message&& request, sent_for purpose);
  base::result<void> refuse(pending_request& pending, int status, std::span<const field> fields);
  void respond(const pending_request& to, sip::message&& response);
  void respond_plainly(std::uint64_t server, const sip::message_view& request, int status,
                       std::span<const field> fields = {});
  void send_bye(session_end why, std::span<const field> fields = {});
  void finish(session_end why, int status = 0);
  void repeat_provisional(base::time_point now);
  void refresh(base::time_point now);
  void note_allowed(const sip::message_view& message);

  // session_receive.cpp
  void handle_outside_session(std::uint64_t server, const sip::message_view& request);
  void handle_ack(base::time_point now, const sip::message_view& ack);
  void handle_bye(std::uint64_t server, const sip::message_view& request);
  void handle_reinvite(base::time_point now, std::uint64_t server, const sip::message_view& request);
  void handle_update(base::time_point now, std::uint64_t server, const sip::message_view& request);
  void handle_prack(base::time_point now, std::uint64_t server, const sip::message_view& request);
  void refuse_with(std::uint64_t server, const sip::message_view& request, const base::error_code& why);

  // session_responses.cpp
  void handle_invite_response(base::time_point now, const sip::message_view& response);
  void handle_success(base::time_point now, const sip::message_view& response);
  void handle_provisional(base::time_point now, const sip::message_view& response);
  void handle_refusal(base::time_point now, const sent_request& sent, int status);
  void take_description(const sip::message_view& message, carrier in);
  void send_ack(std::string_view description);
  void send_prack(std::string_view description);
  void await_retry(base::time_point now);

  const session_options* options_;
  base::random_source* random_;
  ua::dialog dialog_;
  session_timer timer_;
  offer_exchange exchange_;
  std::optional<server_reliable_provisional> reliable_server_;
  std::optional<client_reliable_provisional> reliable_client_;
  pending_request invite_in_;  // until its final response is sent
  pending_request offer_in_;   // UPDATE or PRACK whose offer waits for its answer
  std::vector<sent_request> sent_;
  std::vector<session_transmit> transmits_;
  std::vector<session_event> events_;
  std::uint32_t invite_out_ =
      0;                     // CSeq of our INVITE without a final response, or 2xx without ACK; 0 for none
  std::uint32_t acked_ = 0;  // CSeq of our last INVITE that was acknowledged
  std::uint64_t success_to_ = 0;    // the INVITE whose 2xx waits for its ACK; 0 for none
  std::uint32_t success_cseq_ = 0;  // and the CSeq of that
  base::duration repeat_interval_{};
  base::time_point repeat_at_ = base::never;
  base::time_point give_up_at_ = base::never;
  base::time_point retry_at_ = base::never;  // after a glare
  enum state state_ = state::early;
  bool peer_allows_update_ = false;
  bool bye_wanted_ = false;
  bool bye_may_cross_ = false;  // our BYE has ended the session: one of the peer's may be under way
  bool previewed_ = false;      // an unreliable response to our INVITE had a description
  bool ack_waits_ = false;      // the 2xx has an offer: the ACK waits for its answer
  bool prack_waits_ = false;    // so has the reliable provisional response
};

}  // namespace parley::ua
