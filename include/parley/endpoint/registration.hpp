#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/endpoint/completion.hpp>
#include <parley/endpoint/error.hpp>
#include <parley/ua/binding.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace parley {

namespace detail {
class endpoint_core;
class registration_state;
}  // namespace detail

/// What is registered, and how (RFC 3261 10.2).
struct registration_options {
  std::string address = {};      ///< whose calls shall come here: `sip:alice@example.com`
  std::string registrar = {};    ///< the Request-URI; where it is empty, the domain of `address`
  std::uint32_t expires = 3600;  ///< seconds that are asked for
  std::string contact = {};      ///< a URI; where it is empty, one by the endpoint's listener
  /// Keeps the flow open and has calls come by it (RFC 5626): for clients behind NATs, and for connections
  /// that nobody could open to us. `instance` names this user agent, `urn:uuid:…`; one is drawn where it is
  /// empty.
  bool outbound = false;
  std::string instance = {};
  bool gruu = false;  ///< asks for globally routable URIs (RFC 5627); needs `instance` or `outbound`
};

/// What has become of a registration.
struct registration_event {
  enum class kind : std::uint8_t {
    registered,    ///< there is a binding
    refreshed,     ///< and it goes on
    failed,        ///< by `status`; tried again after `retry_after`, unless that is zero
    expired,       ///< the registrar has dropped the binding; tried again
    unregistered,  ///< it was removed
  };
  kind what = kind::registered;
  int status = 0;      ///< 408 and 503 also stand for no answer (RFC 3261 8.1.3.1)
  std::string reason;  ///< from the network, 128 bytes at most
  base::duration retry_after{};
};

/// A registration that is kept alive, tried again after failures, and removed when its last handle goes.
class registration {
 public:
  registration() = default;

  explicit operator bool() const noexcept { return state_ != nullptr; }

  PARLEY_API bool is_registered() const noexcept;
  PARLEY_API const std::string& address() const noexcept;
  /// The Contact that was registered.
  PARLEY_API const std::string& contact() const noexcept;
  /// All bindings of the address, as the registrar named them last.
  PARLEY_API const std::vector<ua::binding>& bindings() const noexcept;
  /// Seconds that were granted last.
  PARLEY_API std::uint32_t granted() const noexcept;

  PARLEY_API void on_event(std::function<void(const registration_event&)> handler) const;

  /// Waits for the registrar's answer, where none is there yet: `void(error_code)`. Cancelling ends the wait.
  /// *Errors:* of `status_category`; `errc::closed`.
  template <class Token = default_token>
  auto registered(Token&& token = {}) const {
    return detail::initiate<>(std::forward<Token>(token), [self = *this](detail::completion<> done) {
      self.start_registered(std::move(done));
    });
  }

  /// Removes it: `void(error_code)`, when the registrar has answered, whatever it said.
  template <class Token = default_token>
  auto unregister(Token&& token = {}) const {
    return detail::initiate<>(std::forward<Token>(token), [self = *this](detail::completion<> done) {
      self.start_unregister(std::move(done));
    });
  }

 private:
  friend class detail::endpoint_core;
  explicit registration(std::shared_ptr<detail::registration_state> state) noexcept
      : state_(std::move(state)) {}

  PARLEY_API void start_registered(detail::completion<> done) const;
  PARLEY_API void start_unregister(detail::completion<> done) const;

  std::shared_ptr<detail::registration_state> state_;
};

}  // namespace parley
