#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/endpoint/completion.hpp>
#include <parley/endpoint/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace parley {

namespace detail {
class endpoint_core;
class subscription_state;
class publication_state;
}  // namespace detail

/// What is subscribed to (RFC 6665).
struct subscription_options {
  std::string target = {};  ///< whose events: a SIP URI
  std::string event = {};   ///< the package: `presence`, `dialog`, `message-summary`, `reg` …
  std::string accept = {};  ///< types of bodies; empty for what the package has as its default
  std::uint32_t expires = 3600;
};

/// The state that a notifier has told.
struct notification {
  enum class kind : std::uint8_t { pending, active, terminated };
  kind what = kind::active;
  std::string reason;        ///< of `terminated`: `timeout`, `rejected`, `noresource` … (RFC 6665 4.1.3)
  std::string content_type;  ///< of `body`; empty where that is
  std::string body;
};

/// A subscription: refreshed until its last handle goes, and ended then.
class subscription {
 public:
  subscription() = default;

  explicit operator bool() const noexcept { return state_ != nullptr; }

  /// Has each NOTIFY given to `handler`, those first that nobody has fetched by `next`, which brings none
  /// from then on; who waits in it gets `asio::error::operation_aborted`. The end comes as a notification
  /// that is `terminated`, also where no NOTIFY said so.
  PARLEY_API void on_notification(std::function<void(const notification&)> handler) const;

  /// Waits for the next NOTIFY: `void(error_code, notification)`. Up to 16 are kept, the newest ones.
  /// *Errors:* of `status_category` where the subscription was refused; `errc::call_over` after its end;
  /// `errc::in_progress` while another waits.
  template <class Token = default_token>
  auto next(Token&& token = {}) const {
    return detail::initiate<notification>(
        std::forward<Token>(token),
        [self = *this](detail::completion<notification> done) { self.start_next(std::move(done)); });
  }

  /// Ends it; its last notification still comes.
  PARLEY_API void unsubscribe() const;

 private:
  friend class detail::endpoint_core;
  explicit subscription(std::shared_ptr<detail::subscription_state> state) noexcept
      : state_(std::move(state)) {}

  PARLEY_API void start_next(detail::completion<notification> done) const;

  std::shared_ptr<detail::subscription_state> state_;
};

/// A state that a server shows to subscribers for us (RFC 3903): refreshed until its last handle goes, and
/// removed then.
class publication {
 public:
  publication() = default;

  explicit operator bool() const noexcept { return state_ != nullptr; }

  /// Publishes a state, or another one in its place: `void(error_code)`, when the server has it. *Errors:*
  /// those of `ua::publication::publish`; of `status_category` where the server refuses.
  template <class Token = default_token>
  auto publish(std::string content_type, std::string body, Token&& token = {}) const {
    return detail::initiate<>(std::forward<Token>(token),
                              [self = *this, content_type = std::move(content_type),
                               body = std::move(body)](detail::completion<> done) mutable {
                                self.start_publish(std::move(content_type), std::move(body), std::move(done));
                              });
  }

 private:
  friend class detail::endpoint_core;
  explicit publication(std::shared_ptr<detail::publication_state> state) noexcept
      : state_(std::move(state)) {}

  PARLEY_API void start_publish(std::string content_type, std::string body, detail::completion<> done) const;

  std::shared_ptr<detail::publication_state> state_;
};

}  // namespace parley
