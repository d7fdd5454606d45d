#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/subscription.hpp>
#include <parley/ua/dialog.hpp>
#include <parley/ua/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::ua {

/// How an event package is served (RFC 6665 5.4).
struct notifier_options {
  std::string package;                   ///< as Event has it: `presence`
  std::uint32_t min_expires = 60;        ///< seconds; less gets 423
  std::uint32_t default_expires = 3600;  ///< seconds, for a SUBSCRIBE without Expires
  std::uint32_t max_expires = 3600;      ///< seconds that are granted at most
  base::duration min_interval{};  ///< between two NOTIFYs that no SUBSCRIBE asked for (RFC 6665 5.4.10)
};

/// What a SUBSCRIBE asks of a notifier.
///
/// *Ownership:* views into the message.
struct subscribe_request {
  std::string_view event_id;  ///< empty where there is none
  std::uint32_t expires = 0;  ///< seconds that are granted; 0 asks for the end, or for the state once

  /// *Errors:* `bad_message`; `unknown_event` for another package; `interval_too_brief`. Answer with
  /// `status_for` and `write_refusal`.
  PARLEY_API static base::result<subscribe_request> read(const sip::message_view& request,
                                                         const notifier_options& options);
};

/// Adds what the refusal of a SUBSCRIBE needs: Min-Expires to a 423, Allow-Events to a 489 (RFC 6665 4.2.1.1
/// and 8.3.2). Whoever serves several packages adds the others.
PARLEY_API void write_refusal(const notifier_options& options, sip::message& response);

/// One subscription at the notifier (RFC 6665 4.2), with a dialog of its own or in one of the caller's. A
/// SUBSCRIBE that is refused makes none: answer it and forget it.
///
///  state     input                                  action                             next
///  -         accept                                 NOTIFY                             active, or pending
///  -         accept of Expires 0                    last NOTIFY                        ending
///  pending   activate                               NOTIFY with the state              active
///  active    set_state                              NOTIFY, as the rate allows         active
///  pending   set_state                              kept until active                  pending
///  pending,  SUBSCRIBE                              NOTIFY at once                     the same
///   active
///  pending,  SUBSCRIBE with Expires 0; the end of   last NOTIFY, with a reason         ending
///   active   the granted time; terminate
///  pending,  NOTIFY: 404, 408, 481 and what else    tell user                          terminated
///   active   has an effect (RFC 5057 5.1)
///  pending,  NOTIFY: another refusal with           the same state again then, or      the same
///   active   Retry-After                            a newer one
///  ending    any response to the last NOTIFY        tell user                          terminated
///  any       abandon                                tell user                          terminated
///
/// At most one NOTIFY is under way. A state that is set while one is, or before the rate allows the next,
/// takes the place of the one that waits: the body must be the full state. A NOTIFY that fails otherwise is
/// not repeated; the next state or refresh brings what it had.
///
/// It has no transactions: see `subscription` for how requests and responses pass, and what the owner of a
/// dialog does. Ask `poll_request` after each call. Events never pile up: `poll_event` gives the last one,
/// `terminated` is the end.
///
/// *Ownership:* owns its texts: the state that was set last, of `max_body` bytes at most.
class notifier {
 public:
  enum class state : std::uint8_t { pending, active, ending, terminated };
  enum class event : std::uint8_t {
    none,
    refreshed,
    unsubscribed,  ///< the last NOTIFY is to go out
    terminated,
  };
  /// Whether the subscriber may see the state.
  enum class decision : std::uint8_t { active, pending };

  static constexpr std::size_t max_body = 32768;

  /// Takes the SUBSCRIBE that makes a subscription, outside dialogs with `own`, a dialog made from it by
  /// `dialog::from_request`; without, in a dialog of the caller's. Answer 200 and `write_response`, then send
  /// what `poll_request` has; a state that is set before that is in it.
  ///
  /// *Errors:* as `subscribe_request::read`.
  PARLEY_API static base::result<notifier> accept(base::time_point now, const notifier_options& options,
                                                  const sip::message_view& request, decision decided,
                                                  std::optional<dialog> own = {});
  /// The subscription that a REFER implies (RFC 3515 2.4.4), for as many seconds. `event_id` may be empty.
  PARLEY_API static notifier implied(base::time_point now, const notifier_options& options,
                                     std::string_view event_id, std::uint32_t expires,
                                     std::optional<dialog> own = {});

  enum state state() const noexcept { return state_; }
  const std::string& event_id() const noexcept { return event_id_; }
  /// Null where the dialog is the caller's.
  const dialog* own_dialog() const noexcept { return dialog_ ? &*dialog_ : nullptr; }
  /// Seconds that are left, 0 when it has ended.
  PARLEY_API std::uint32_t expires(base::time_point now) const noexcept;

  /// Adds Expires, and Contact where the dialog is its own, to the 2xx for a SUBSCRIBE.
  PARLEY_API void write_response(base::time_point now, sip::message& response) const;

  /// The full state from now on. *Errors:* `bad_message` where `content_type` is none; `too_large`;
  /// `terminated`, also while the last NOTIFY is under way.
  PARLEY_API base::result<void> set_state(base::time_point now, std::string_view content_type,
                                          std::string body);
  /// The subscriber may see the state now.
  PARLEY_API void activate(base::time_point now);
  /// Ends it by a last NOTIFY. `retry_after`, in seconds, is for `probation` and `giveup`.
  PARLEY_API void terminate(base::time_point now, sip::subscription_reason reason,
                            std::optional<std::uint32_t> retry_after = {});
  /// Ends it without a NOTIFY, as where the caller's dialog is gone.
  PARLEY_API void abandon() noexcept;

  /// Whether the request is in this subscription's dialog, if that is its own, and names its event.
  PARLEY_API bool matches(const sip::message_view& subscribe) const;
  /// Takes a SUBSCRIBE in the dialog: a refresh, or with Expires 0 the end. Answer 200 and `write_response`.
  /// *Errors:* as `subscribe_request::read` and `dialog::handle_request`; `terminated`.
  PARLEY_API base::result<void> handle_subscribe(base::time_point now, const sip::message_view& request);

  /// Whether a NOTIFY is to be sent now; `out` is complete but for Via.
  bool poll_request(base::time_point now, sip::message& out) { return dialog_ && poll(now, *dialog_, out); }
  /// The same in the caller's dialog.
  bool poll_request(base::time_point now, dialog& in, sip::message& out) { return poll(now, in, out); }
  /// Takes the final response to the NOTIFY.
  PARLEY_API void handle_response(base::time_point now, const sip::message_view& response);
  /// The NOTIFY got no response: 408 for a time-out, 503 for a transport error (RFC 3261 8.1.3.1).
  PARLEY_API void handle_failure(base::time_point now, int status);

  PARLEY_API void handle_timeout(base::time_point now);
  /// A time that has passed means that a NOTIFY waits for `poll_request`.
  base::time_point poll_timeout() const noexcept {
    const base::time_point next = due_ && !under_way_ ? not_before_ : base::never;
    return next < end_at_ ? next : end_at_;
  }
  event poll_event() noexcept {
    const event out = event_;
    event_ = event::none;
    return out;
  }

 private:
  notifier(const notifier_options& options, std::string_view event_id, std::optional<dialog> own);

  PARLEY_API bool poll(base::time_point now, dialog& in, sip::message& out);
  std::string state_header(base::time_point now) const;
  void notify_at_once(base::time_point now) noexcept;
  void end(base::time_point now, sip::subscription_reason reason, std::optional<std::uint32_t> retry_after);
  void refuse(base::time_point now, int status, std::optional<std::uint32_t> retry_after);
  void finish() noexcept;

  notifier_options options_;
  std::string event_id_;
  std::optional<dialog> dialog_;
  std::string content_type_;
  std::string body_;
  base::time_point end_at_ = base::never;
  base::time_point not_before_{};
  sip::subscription_reason reason_ = sip::subscription_reason::none;
  std::optional<std::uint32_t> retry_after_;
  enum state state_ = state::active;
  event event_ = event::none;
  bool seen_ = true;  // the subscriber may see the state, or might before the end
  bool due_ = false;
  bool under_way_ = false;
  bool last_under_way_ = false;
};

}  // namespace parley::ua
