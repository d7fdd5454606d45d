#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/endpoint/call_media.hpp>
#include <parley/endpoint/completion.hpp>
#include <parley/endpoint/error.hpp>
#include <parley/endpoint/options.hpp>
#include <parley/offer_answer/negotiated.hpp>
#include <parley/ua/caller_identity.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

namespace detail {
class call_state;
class endpoint_core;
}  // namespace detail

/// Why a call is over.
enum class call_end : std::uint8_t {
  hung_up,       ///< this end hung up
  peer_hung_up,  ///< the peer did
  refused,       ///< a final response, the peer's or ours, with its status
  cancelled,     ///< the caller gave up before it was answered
  no_answer,     ///< the callee did not answer in time, or the peer owed a description and sent none
  expired,       ///< the session timer ran out (RFC 4028 10)
  lost,          ///< the peer does not answer any more, or no ACK or PRACK came
  elsewhere,     ///< another branch of a forked call was answered
  closed,        ///< the endpoint was closed
};

/// `hung_up`, `peer_hung_up` and so on.
PARLEY_API std::string_view to_string(call_end why) noexcept;

/// How a call ended.
struct call_ending {
  call_end why = call_end::hung_up;
  int status = 0;      ///< of the response that ended it; 0 where none did
  std::string reason;  ///< its reason phrase, or the text of Reason, from the network; 128 bytes at most
};

/// What has happened to a call.
struct call_event {
  enum class kind : std::uint8_t {
    ringing,            ///< a provisional response, `status` 101 to 199, with its `reason`
    early_media,        ///< media may flow before the answer
    answered,           ///< the call is there
    held,               ///< `by_peer` or by us: nothing is to be sent, or is wanted
    resumed,            ///< the end of that
    refreshed,          ///< the session was negotiated anew, or its timer started again (RFC 4028)
    dtmf,               ///< the peer has pressed `key`, for `duration`
    info,               ///< INFO of the package `text` (RFC 6086); empty for one without
    transfer_progress,  ///< of a transfer that we have asked for: the target has answered with `status`
    transferred,        ///< the peer is another one now: `text` is its URI
    ended,              ///< the last one; `ending`
  };
  kind what = kind::ringing;
  bool by_peer = false;
  int status = 0;
  std::string reason;
  char key = 0;
  base::duration duration{};
  std::string text;
  std::string content_type;  ///< of `body`
  std::string body;
  call_ending ending;
};

/// A call, placed or taken: a handle. Copies mean the same call.
///
///  state        what is there                            commands
///  calling      it was placed, nobody has answered yet   hang_up
///  incoming     it has come in: see `incoming_call`      hang_up
///  established  both ends have said yes                  all
///  ended        it is over                               none
///
/// A call lasts as long as somebody holds it, or waits for its end or its next event: when the last handle
/// goes, it is hung up.
///
/// Operations take a completion token (a handler, `asio::use_awaitable`, `asio::use_future` …); handlers run
/// on their associated executor, never inside the function that began them. Cancelling an operation through
/// its slot completes it with `asio::error::operation_aborted`; what that does to the call is said at each.
/// One thread only, the endpoint's.
class call {
 public:
  enum class state : std::uint8_t { calling, incoming, established, ended };

  /// A handle to no call.
  call() = default;

  explicit operator bool() const noexcept { return state_ != nullptr; }
  friend bool operator==(const call&, const call&) = default;

  PARLEY_API enum state state() const noexcept;
  PARLEY_API bool is_caller() const noexcept;
  /// Who the peer is: whom we have called, or who says that he calls; after a transfer the new one.
  PARLEY_API const ua::caller_identity& peer() const noexcept;
  PARLEY_API bool is_held_by_us() const noexcept;
  PARLEY_API bool is_held_by_peer() const noexcept;
  /// Of its dialog; empty before the call is established.
  PARLEY_API std::string_view call_id() const noexcept;
  /// What is agreed on for each m= line. *Ownership:* valid until the next negotiation.
  PARLEY_API const std::vector<offer_answer::negotiated_medium>& negotiated() const noexcept;
  PARLEY_API const std::shared_ptr<call_media>& media() const noexcept;

  /// Has each event given to `handler`, those first that nobody has fetched by `next_event`, which brings
  /// none from then on; who waits in it gets `asio::error::operation_aborted`. An empty one ends that. The
  /// handler may drop the call.
  PARLEY_API void on_event(std::function<void(const call_event&)> handler) const;

  /// Waits for the next event: `void(error_code, call_event)`. Up to 64 events are kept for whoever does not
  /// wait; of more, the oldest are dropped. *Errors:* `errc::call_over` once `ended` was fetched;
  /// `errc::in_progress` while another waits.
  template <class Token = default_token>
  auto next_event(Token&& token = {}) const {
    return detail::initiate<call_event>(
        std::forward<Token>(token),
        [self = *this](detail::completion<call_event> done) { self.start_next_event(std::move(done)); });
  }

  /// Waits until the call is established: `void(error_code)`. Cancelling gives the call up. *Errors:* of
  /// `status_category` where it was refused; `errc::call_over` where it has ended otherwise.
  template <class Token = default_token>
  auto answered(Token&& token = {}) const {
    return detail::initiate<>(std::forward<Token>(token), [self = *this](detail::completion<> done) {
      self.start_answered(std::move(done));
    });
  }

  /// Waits for the end: `void(error_code, call_ending)`. Cancelling only ends the wait.
  template <class Token = default_token>
  auto ended(Token&& token = {}) const {
    return detail::initiate<call_ending>(
        std::forward<Token>(token),
        [self = *this](detail::completion<call_ending> done) { self.start_ended(std::move(done)); });
  }

  /// Ends the call: gives it up, refuses it with 603, or hangs up. One that is over is no matter.
  PARLEY_API void hang_up() const;

  /// Holds the call: nothing of the peer's is wanted (RFC 3264 8.4): `void(error_code)`, when the peer has
  /// agreed. Where both ends ask at once, it is tried again as RFC 3261 14.1 has it. Cancelling only ends the
  /// wait. *Errors:* `errc::not_now` before the call is established; `errc::in_progress` while such an
  /// operation is under way; of `status_category` where the peer refuses: nothing has changed then.
  template <class Token = default_token>
  auto hold(Token&& token = {}) const {
    return renegotiate(change::hold, std::forward<Token>(token));
  }
  /// The end of `hold`.
  template <class Token = default_token>
  auto resume(Token&& token = {}) const {
    return renegotiate(change::resume, std::forward<Token>(token));
  }
  /// Offers anew what the media want, and refreshes the session. Otherwise as `hold`.
  template <class Token = default_token>
  auto refresh(Token&& token = {}) const {
    return renegotiate(change::none, std::forward<Token>(token));
  }

  /// Asks the peer to call `target` in our place (RFC 3515, RFC 5589 6): `void(error_code)`, when the peer
  /// has said how that went. The call goes on until somebody hangs up: we, once it has succeeded, as a rule.
  /// Cancelling ends the wait. *Errors:* `errc::bad_uri`, `errc::not_now`, `errc::in_progress`; of
  /// `status_category` where the peer or the target refuses, and 408 where the peer never says how it went.
  /// That may come after the end of the call (RFC 5057).
  template <class Token = default_token>
  auto transfer(std::string target, Token&& token = {}) const {
    return detail::initiate<>(std::forward<Token>(token),
                              [self = *this, target = std::move(target)](detail::completion<> done) {
                                self.start_transfer(target, nullptr, std::move(done));
                              });
  }
  /// Asks the peer to take our place in `other`, a call that is established (RFC 3891, RFC 5589 7). The same
  /// otherwise.
  template <class Token = default_token>
  auto transfer(const call& other, Token&& token = {}) const {
    return detail::initiate<>(std::forward<Token>(token), [self = *this, other](detail::completion<> done) {
      self.start_transfer({}, &other, std::move(done));
    });
  }

  /// Sends keys one after the other, within the media where they can (RFC 4733), else by INFO
  /// (application/dtmf-relay): `void(error_code)`, when the last was sent, or taken. Cancelling ends the
  /// wait; by INFO no further key is sent, within the media they go on. *Errors:* `errc::bad_key`,
  /// `errc::not_now`, `errc::in_progress`; of `status_category`.
  template <class Token = default_token>
  auto send_dtmf(std::string keys, Token&& token = {}) const {
    return detail::initiate<>(std::forward<Token>(token),
                              [self = *this, keys = std::move(keys)](detail::completion<> done) {
                                self.start_dtmf(keys, std::move(done));
                              });
  }

  /// Sends an INFO with a body (RFC 6086): `void(error_code)`. *Errors:* `errc::not_now`, those of
  /// `ua::core::request`, and of `status_category`.
  template <class Token = default_token>
  auto send_info(std::string package, std::string content_type, std::string body, Token&& token = {}) const {
    return detail::initiate<>(
        std::forward<Token>(token),
        [self = *this, package = std::move(package), content_type = std::move(content_type),
         body = std::move(body)](detail::completion<> done) {
          self.start_info(package, content_type, body, std::move(done));
        });
  }

 private:
  friend class detail::call_state;
  friend class detail::endpoint_core;
  friend class incoming_call;
  enum class change : std::uint8_t { none, hold, resume };

  explicit call(std::shared_ptr<detail::call_state> state) noexcept : state_(std::move(state)) {}

  template <class Token>
  auto renegotiate(change what, Token&& token) const {
    return detail::initiate<>(std::forward<Token>(token), [self = *this, what](detail::completion<> done) {
      self.start_renegotiate(what, std::move(done));
    });
  }

  PARLEY_API void start_next_event(detail::completion<call_event> done) const;
  PARLEY_API void start_answered(detail::completion<> done) const;
  PARLEY_API void start_ended(detail::completion<call_ending> done) const;
  PARLEY_API void start_renegotiate(change what, detail::completion<> done) const;
  PARLEY_API void start_transfer(const std::string& target, const call* other,
                                 detail::completion<> done) const;
  PARLEY_API void start_dtmf(const std::string& keys, detail::completion<> done) const;
  PARLEY_API void start_info(const std::string& package, const std::string& content_type,
                             const std::string& body, detail::completion<> done) const;

  std::shared_ptr<detail::call_state> state_;
};

}  // namespace parley
