#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/subscription.hpp>
#include <parley/transaction/timers.hpp>
#include <parley/ua/dialog.hpp>
#include <parley/ua/error.hpp>
#include <parley/ua/outside_request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::ua {

/// What a subscriber asks for (RFC 6665 4.1).
struct subscription_options {
  std::string package;           ///< as Event has it: `presence`, `presence.winfo`
  std::string event_id;          ///< the parameter `id` of Event; empty for none
  std::string accept;            ///< the value of Accept; empty for what the package has as its default
  std::uint32_t expires = 3600;  ///< seconds; 0 asks for the state once (RFC 6665 4.4.3)
  /// A 423 that names more than these seconds is not met.
  std::uint32_t max_expires = 86400;
  /// False: the subscription is left to expire.
  bool refresh = true;
  /// True where the package allows several subscriptions by one request (RFC 6665 4.1.4).
  bool allow_forking = false;
};

/// What a subscriber whose subscription was terminated may do (RFC 6665 4.1.3).
enum class resubscription : std::uint8_t {
  now,    ///< at once, by a new subscription
  later,  ///< after `retry_after`, or a while
  never,
};

/// What the reason in `Subscription-State: terminated` leaves to do. Where none is given: later.
PARLEY_API resubscription resubscription_after(sip::subscription_reason reason) noexcept;

/// One subscription at the subscriber (RFC 6665 4.1): outside dialogs, with a dialog of its own that the
/// first NOTIFY makes; or in a dialog of the caller's; by SUBSCRIBE, or implied by a REFER.
///
///  state        input                                     next         event
///  init         poll_request: the first request           notify_wait
///  init         poll_request: Expires 0                   ending
///  init         unsubscribe                               terminated   terminated
///  notify_wait  2xx to the first request                  notify_wait
///  notify_wait  423 that can be met                       init
///  notify_wait  another refusal, or failure               terminated   terminated
///  notify_wait  timer N: 64 T1 from the request           terminated   terminated
///  notify_wait, NOTIFY pending, or of an unknown state    pending      pending
///   active
///  notify_wait, NOTIFY active                             active       active
///   pending
///  pending,     refresh: 2xx, or a refusal without        the same
///   active       effect (RFC 5057 5.1)
///  pending,     refresh: 408, 481 and what has an effect  terminated   terminated
///   active
///  pending,     timer N: no NOTIFY behind a refresh;      terminated   terminated
///   active       the end of the granted time
///  notify_wait, unsubscribe                               ending
///   pending,
///   active
///  ending       timer N from the last request; a refusal  terminated   terminated
///  any          NOTIFY terminated                         terminated   terminated
///  terminated   anything                                  terminated
///
/// It has no transactions. Requests that `poll_request` gives go out one at a time; the final response or the
/// failure of each comes back. A response to a challenge is the caller's to send, and it says nothing of the
/// 401 or 407.
///
/// In a dialog of the caller's, the caller tells that dialog of each request and response (`handle_request`,
/// `respond`, `handle_response`) and of each number that a request sent again has used (`note_local_cseq`),
/// calls `add_usage` before and `end_usage` at `event::terminated`. A dialog of the subscription's own needs
/// none of that.
///
/// Bodies are not kept: where `handle_notify` returns 200, the NOTIFY's is the state.
///
/// Events never pile up: `poll_event` gives the last one, and `terminated` is the end.
///
/// *Ownership:* refers to the timers that it was given; these live longer.
class subscription {
 public:
  enum class state : std::uint8_t { init, notify_wait, pending, active, ending, terminated };
  enum class event : std::uint8_t { none, pending, active, terminated };
  enum class cause : std::uint8_t {
    none,          ///< it has not ended
    notify,        ///< a NOTIFY said so, with a reason perhaps
    refused,       ///< a response, or a failed request, did: see the status
    no_notify,     ///< timer N
    expired,       ///< the granted time is over
    unsubscribed,  ///< no NOTIFY was waited for, or none came
  };

  /// How it ended.
  struct outcome {
    cause why = cause::none;
    sip::subscription_reason reason = sip::subscription_reason::none;
    int status = 0;
    std::optional<std::uint32_t> retry_after = std::nullopt;  ///< seconds
  };

  /// Whether a NOTIFY is this subscription's.
  enum class match : std::uint8_t {
    no,
    yes,
    fork,  ///< of another notifier that the first request reached: take it by `fork`
  };

  /// A NOTIFY may shorten the time, but less than these seconds are never refreshed.
  static constexpr std::uint32_t least_refreshed = 10;
  /// A notifier may answer this many requests in a row with 423.
  static constexpr int max_retries = 4;

  /// A subscription outside dialogs.
  PARLEY_API subscription(const transaction::timers& timers, subscription_options options,
                          outside_request ends);
  /// A subscription in a dialog of the caller's.
  PARLEY_API subscription(const transaction::timers& timers, subscription_options options);
  /// A subscription that a REFER implies (RFC 3515 2.4.4): the first request is a REFER, to which the caller
  /// adds what it refers to. Outside dialogs with `ends`, else in a dialog of the caller's.
  PARLEY_API static subscription by_refer(const transaction::timers& timers, subscription_options options,
                                          std::optional<outside_request> ends);

  enum state state() const noexcept { return state_; }
  const outcome& ended() const noexcept { return ended_; }
  const subscription_options& options() const noexcept { return options_; }
  /// The dialog of its own; null before the first NOTIFY, and where it is the caller's.
  const dialog* own_dialog() const noexcept { return dialog_ ? &*dialog_ : nullptr; }
  /// The CSeq of the first request: what the id of the event is for a REFER (RFC 3515 2.4.6).
  std::uint32_t first_cseq() const noexcept { return first_cseq_; }

  /// Asks for the end. Where no dialog is there yet, that is when the first NOTIFY has come.
  PARLEY_API void unsubscribe();
  /// Asks for a refresh now, as after the body of a NOTIFY was lost. Not before the first NOTIFY.
  PARLEY_API void refresh() noexcept;
  /// The 2xx to the REFER says that there is no subscription (RFC 4488 4), or the caller's dialog is gone.
  PARLEY_API void abandon() noexcept;

  /// Whether a request is to be sent now; `out` is complete but for Via.
  bool poll_request(base::time_point now, sip::message& out) {
    return poll(now, dialog_ ? &*dialog_ : nullptr, out);
  }
  /// The same in the caller's dialog.
  bool poll_request(base::time_point now, dialog& in, sip::message& out) { return poll(now, &in, out); }
  /// Takes the final response to the request.
  PARLEY_API void handle_response(base::time_point now, const sip::message_view& response);
  /// The request got no response: 408 for a time-out, 503 for a transport error (RFC 3261 8.1.3.1).
  PARLEY_API void handle_failure(base::time_point now, int status);

  /// Compares names and event. In the caller's dialog only the event, since the dialog was found by its name.
  PARLEY_API match match_notify(const sip::message_view& notify) const;
  /// Takes a NOTIFY, once, and returns what to answer: 200; 400 where Event or Subscription-State is missing;
  /// 481 for no subscription; 489 for another package; 500 for one out of order; 513.
  PARLEY_API int handle_notify(base::time_point now, const sip::message_view& notify);
  /// The subscription at a further notifier, which has taken this NOTIFY: one more beside this (RFC 6665
  /// 4.1.4). First ask those that are there whether the NOTIFY is theirs. Until timer N after the first
  /// request. *Errors:* answer with `status_for`; 481 where forking is
  /// not allowed.
  PARLEY_API base::result<subscription> fork(base::time_point now, const sip::message_view& notify) const;

  PARLEY_API void handle_timeout(base::time_point now) noexcept;
  base::time_point poll_timeout() const noexcept {
    const base::time_point first = refresh_at_ < end_at_ ? refresh_at_ : end_at_;
    return first < timer_n_at_ ? first : timer_n_at_;
  }
  event poll_event() noexcept {
    const event out = event_;
    event_ = event::none;
    return out;
  }

 private:
  enum class request : std::uint8_t { none, first, refresh, end };

  std::string_view first_method() const noexcept { return by_refer_ ? "REFER" : "SUBSCRIBE"; }
  PARLEY_API bool poll(base::time_point now, dialog* in, sip::message& out);
  bool write_fields(request kind, sip::message& out) const;
  bool names_event(const sip::message_view& notify) const;
  void note_sent_cseq(const sip::message_view& response);
  void refuse(base::time_point now, request kind, int status, std::optional<std::uint32_t> retry_after);
  bool ask_longer(const sip::message_view& response, request kind);
  base::result<void> take(const sip::message_view& notify);
  void apply(base::time_point now, const sip::subscription_state_header& said);
  void grant(base::time_point now, std::uint32_t seconds) noexcept;
  void finish(const outcome& how) noexcept;

  const transaction::timers* timers_;
  subscription_options options_;
  std::optional<outside_request> ends_;  // outside dialogs
  std::optional<sip::message> first_;    // as it was sent, until it made a dialog and for its forks
  std::optional<dialog> dialog_;
  base::time_point timer_n_at_ = base::never;
  base::time_point refresh_at_ = base::never;
  base::time_point end_at_ = base::never;
  base::time_point forks_until_{};
  std::uint32_t asked_;  // seconds; grows by 423
  std::uint32_t cseq_ = 0;
  std::uint32_t first_cseq_ = 0;
  int retries_ = 0;
  outcome ended_;
  enum state state_ = state::init;
  event event_ = event::none;
  request under_way_ = request::none;
  bool by_refer_ = false;
  bool wants_refresh_ = false;
  bool wants_end_ = false;
};

}  // namespace parley::ua
