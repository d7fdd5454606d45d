#pragma once

#include <parley/endpoint/call.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

/// A call that has come in and waits for an answer: a handle. When the last one goes, and nobody has
/// answered, the caller gets 480.
class incoming_call {
 public:
  /// Who calls, by From (RFC 3261 8.1.1.3), and not proven by anything.
  const ua::caller_identity& caller() const noexcept { return call_.peer(); }
  /// The Request-URI: which of our addresses was called.
  PARLEY_API const std::string& target() const noexcept;
  /// The first header of that name of the INVITE, empty where there is none.
  PARLEY_API std::string header(std::string_view name) const;
  /// The call itself, for its events and to wait for its end before it is answered.
  const parley::call& handle() const noexcept { return call_; }

  /// Tells the caller that it rings: 180, or another status from 101 to 199. `with_media` sends the answer to
  /// the offer along, so that media may flow before the call is answered. *Errors:* `errc::not_now` where it
  /// was answered; `errc::call_over`; those of `ua::session::progress`.
  PARLEY_API base::result<void> ring(int status = 180, bool with_media = false) const;

  /// Answers it: `void(error_code, call)`, when the caller has acknowledged that. `media` are the call's;
  /// those of the endpoint's factory where there are none. Cancelling hangs up. *Errors:* `errc::call_over`,
  /// `errc::not_now`; of `status_category` where no answer to the offer can be made, which the caller is
  /// told by that status.
  template <class Token = default_token>
  auto answer(std::shared_ptr<call_media> media, Token&& token = {}) const {
    return detail::initiate<parley::call>(
        std::forward<Token>(token),
        [self = *this, media = std::move(media)](detail::completion<parley::call> done) mutable {
          self.start_answer(std::move(media), std::move(done));
        });
  }
  template <class Token = default_token>
    requires(!std::convertible_to<Token, std::shared_ptr<call_media>>)
  auto answer(Token&& token = {}) const {
    return answer(std::shared_ptr<call_media>{}, std::forward<Token>(token));
  }

  /// Refuses it with a status from 300 to 699. *Errors:* `errc::call_over`, `errc::not_now`.
  PARLEY_API base::result<void> refuse(int status = 486) const;
  /// Sends the caller to another URI (302). *Errors:* also `errc::bad_uri`.
  PARLEY_API base::result<void> redirect(std::string_view uri) const;

 private:
  friend class detail::endpoint_core;

  explicit incoming_call(parley::call call) noexcept : call_(std::move(call)) {}
  PARLEY_API void start_answer(std::shared_ptr<call_media> media,
                               detail::completion<parley::call> done) const;

  parley::call call_;
};

/// A peer asks us to call somebody else in its place (RFC 3515): a handle. When the last one goes, and nobody
/// has said anything, the peer gets 603.
class incoming_transfer {
 public:
  /// The call that is to be transferred.
  PARLEY_API const parley::call& transferred() const noexcept;
  /// Whom to call.
  PARLEY_API const std::string& target() const noexcept;
  /// The value of Referred-By (RFC 3892), empty where there is none; not proven by anything.
  PARLEY_API const std::string& referred_by() const noexcept;

  /// Takes it: calls the target, and has the peer told how that goes on. Returns the new call at once, see
  /// `endpoint::dial`; the other one goes on until somebody hangs up. *Errors:* `errc::call_over`,
  /// `errc::not_now`, and as `endpoint::dial`: the peer is told then.
  PARLEY_API base::result<parley::call> accept(call_options options = {}) const;
  /// Refuses it with a status from 400 to 699. *Errors:* `errc::not_now`.
  PARLEY_API base::result<void> refuse(int status = 603) const;

  struct state;

 private:
  friend class detail::call_state;
  explicit incoming_transfer(std::shared_ptr<state> s) noexcept : state_(std::move(s)) {}

  std::shared_ptr<state> state_;
};

}  // namespace parley
