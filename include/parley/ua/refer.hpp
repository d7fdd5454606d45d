#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/transaction/timers.hpp>
#include <parley/ua/dialog.hpp>
#include <parley/ua/error.hpp>
#include <parley/ua/notifier.hpp>
#include <parley/ua/replaces.hpp>
#include <parley/ua/sipfrag.hpp>
#include <parley/ua/subscription.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::ua {

/// What a REFER asks for (RFC 3515 2.1).
struct referral {
  std::string target;                  ///< the URI of Refer-To, without its headers and its method
  std::string method;                  ///< INVITE where none is said
  std::optional<call_reference> call;  ///< the call that an attended transfer takes over (RFC 5589 7)
  std::string referred_by;             ///< the value of Referred-By (RFC 3892); empty for none
  bool no_subscription = false;        ///< `Refer-Sub: false` (RFC 4488)

  /// *Errors:* `bad_message` for another method, for no Refer-To or two of them, for one whose URI or whose
  /// Replaces can't be read, and for two Referred-By: answer 400 (RFC 3515 2.4.2).
  PARLEY_API static base::result<referral> read(const sip::message_view& refer);

  /// The value of Refer-To: `<sip:carol@example.com?Replaces=…>`. *Errors:* `bad_message` where the target is
  /// no URI, or is none of SIP and is to have a method or headers.
  PARLEY_API base::result<std::string> refer_to() const;
  /// Adds what it asks for to a REFER. *Errors:* `bad_message`.
  PARLEY_API base::result<void> add_to(sip::message& refer) const;
  /// Adds Replaces or Join, and Referred-By (RFC 3892 2.2), to the request that the REFER brings about; its
  /// Request-URI is `target`. Other headers of the Refer-To URI are not honoured (RFC 3261 19.1.5). *Errors:*
  /// `bad_message`.
  PARLEY_API base::result<void> add_to_referred(sip::message& request) const;
};

/// The one who asks another to send a request (RFC 3515): a REFER in the caller's dialog, as for a transfer,
/// or outside dialogs; then the NOTIFYs that tell how it goes on.
///
///  state      input                                         next       event
///  idle       poll_request: REFER                           asking
///  asking     2xx                                           accepted   accepted
///  asking     2xx that has Refer-Sub: false                 ended      ended
///  asking     refusal, or failure, or timer N               ended      ended
///  asking,    NOTIFY with a status below 200                accepted   progress
///   accepted
///  asking,    NOTIFY with a final status                    accepted   finished
///   accepted
///  any        NOTIFY terminated, the end of the time, the   ended      ended
///             dialog gone
///  ended      anything                                      ended
///
/// The implied subscription is left to expire unless `refresh` asks for more. See `subscription` for how
/// requests and responses pass.
///
/// Events never pile up: `poll_event` gives the last one, and `ended` is the end. `last` has the status then.
///
/// *Ownership:* refers to the timers that it was given; these live longer.
class client_refer {
 public:
  enum class state : std::uint8_t { idle, asking, accepted, ended };
  enum class event : std::uint8_t { none, accepted, progress, finished, ended };

  /// Seconds that a subscription is thought to last where no NOTIFY says so.
  static constexpr std::uint32_t default_expires = 180;

  /// In a dialog of the caller's, or with `ends` outside dialogs.
  PARLEY_API client_refer(const transaction::timers& timers, referral what,
                          std::optional<outside_request> ends = {});

  enum state state() const noexcept { return state_; }
  /// What the last NOTIFY with a status told.
  const std::optional<status_fragment>& last() const noexcept { return last_; }
  /// The refusal of the REFER itself; 0 while there is none.
  int refused() const noexcept { return refused_; }
  const subscription& implied() const noexcept { return subscription_; }

  /// No more NOTIFYs are wanted.
  PARLEY_API void unsubscribe();
  void refresh() noexcept { subscription_.refresh(); }
  /// The caller's dialog is gone.
  PARLEY_API void abandon() noexcept;

  PARLEY_API bool poll_request(base::time_point now, sip::message& out);
  PARLEY_API bool poll_request(base::time_point now, dialog& in, sip::message& out);
  PARLEY_API void handle_response(base::time_point now, const sip::message_view& response);
  PARLEY_API void handle_failure(base::time_point now, int status);

  subscription::match match_notify(const sip::message_view& notify) const {
    return subscription_.match_notify(notify);
  }
  /// As `subscription::handle_notify`. A body that is no message/sipfrag with a status tells nothing.
  PARLEY_API int handle_notify(base::time_point now, const sip::message_view& notify);

  PARLEY_API void handle_timeout(base::time_point now) noexcept;
  base::time_point poll_timeout() const noexcept { return subscription_.poll_timeout(); }
  event poll_event() noexcept {
    const event out = event_;
    event_ = event::none;
    return out;
  }

 private:
  bool complete(sip::message& out);
  void follow() noexcept;

  referral what_;
  subscription subscription_;
  std::optional<status_fragment> last_;
  int refused_ = 0;
  enum state state_ = state::idle;
  event event_ = event::none;
};

/// The one who is asked (RFC 3515 2.4.2-2.4.6): says 202, sends the request by itself, and reports what comes
/// of it. To refuse, answer the REFER and make none of these.
///
///  state      input                                   action                              next
///  -          accept                                  NOTIFY 100 Trying                   reporting
///  -          accept with no subscription wanted      -                                   silent
///  reporting  report of a status below 200            NOTIFY, the last one where several  reporting
///                                                     wait
///  reporting  report of a final status                NOTIFY, terminated;reason=          ended
///                                                     noresource
///  reporting  the end of the time, SUBSCRIBE with     NOTIFY, terminated;reason=timeout   ended
///             Expires 0
///  reporting  NOTIFY fails, abandon                   -                                   ended
///  silent     report of a final status                -                                   ended
///
/// What happens to the referred request is not its business: it may go on when nobody wants to hear of it.
class server_refer {
 public:
  enum class event : std::uint8_t {
    none,
    ended,  ///< no more reports go out
  };

  /// How long reports go on, in seconds, unless the subscription is refreshed.
  static constexpr std::uint32_t default_expires = 180;

  /// Takes a REFER: outside dialogs with `own`, a dialog made from it by `dialog::from_request`; else in a
  /// dialog of the caller's. Answer 202 and `write_response`, then send what `poll_request` has.
  /// *Errors:* as `referral::read`.
  PARLEY_API static base::result<server_refer> accept(base::time_point now, const sip::message_view& refer,
                                                      std::optional<dialog> own = {});

  const referral& what() const noexcept { return what_; }
  bool is_reporting() const noexcept {
    return notifier_ && notifier_->state() != notifier::state::terminated;
  }
  const dialog* own_dialog() const noexcept { return notifier_ ? notifier_->own_dialog() : nullptr; }

  /// Adds Refer-Sub: false where there are no reports (RFC 4488 4), Contact where the dialog is its own.
  PARLEY_API void write_response(sip::message& response) const;

  /// The response that the referred request has got. After a final one nothing is reported.
  PARLEY_API void report(base::time_point now, int status, std::string_view reason_phrase = {});
  PARLEY_API void abandon() noexcept;

  bool matches(const sip::message_view& subscribe) const {
    return notifier_ && notifier_->matches(subscribe);
  }
  /// As `notifier::handle_subscribe`, and so is what to answer.
  PARLEY_API base::result<void> handle_subscribe(base::time_point now, const sip::message_view& request);
  PARLEY_API void write_subscribe_response(base::time_point now, sip::message& response) const;

  bool poll_request(base::time_point now, sip::message& out) {
    return notifier_ && notifier_->poll_request(now, out);
  }
  bool poll_request(base::time_point now, dialog& in, sip::message& out) {
    return notifier_ && notifier_->poll_request(now, in, out);
  }
  PARLEY_API void handle_response(base::time_point now, const sip::message_view& response);
  PARLEY_API void handle_failure(base::time_point now, int status);
  PARLEY_API void handle_timeout(base::time_point now);
  base::time_point poll_timeout() const noexcept {
    return notifier_ ? notifier_->poll_timeout() : base::never;
  }
  PARLEY_API event poll_event() noexcept;

 private:
  server_refer() = default;

  referral what_;
  std::optional<notifier> notifier_;
  std::string contact_;  // of a dialog of its own
  event event_ = event::none;
  bool final_ = false;
};

}  // namespace parley::ua
