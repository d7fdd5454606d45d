#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/log.hpp>
#include <parley/base/result.hpp>
#include <parley/endpoint/call.hpp>
#include <parley/endpoint/completion.hpp>
#include <parley/endpoint/error.hpp>
#include <parley/endpoint/incoming_call.hpp>
#include <parley/endpoint/message.hpp>
#include <parley/endpoint/options.hpp>
#include <parley/endpoint/registration.hpp>
#include <parley/endpoint/subscription.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace parley {

/// A SIP user agent for applications: makes and takes calls, registers, subscribes, sends messages.
///
/// ```cpp
/// asio::io_context io;
/// parley::endpoint ep{io, {.listen = {"udp:0.0.0.0:5060"}}};
/// ep.on_call([](parley::incoming_call in) -> asio::awaitable<void> {
///   auto call = co_await in.answer();
///   co_await call.ended();
/// });
/// io.run();
/// ```
///
/// Handlers of events and the ends of operations are posted to the executor, and never called from inside a
/// function of the endpoint; in them everything may be done, its destruction included. All is done on one
/// executor, one thing at a time: the endpoint has no lock.
///
/// Requests that nobody has a handler for are refused: calls with 480, messages with 405, transfers with 603.
/// OPTIONS is answered with what the endpoint can do (RFC 3261 11).
///
/// *Ownership:* the context and the log outlive it. Its destructor ends all at once and without a word to the
/// peers; operations that wait complete with `asio::error::operation_aborted`. `close` takes its leave first.
class endpoint {
 public:
  /// Opens the listeners. *Errors:* throws `boost::system::system_error`, whose text names the listener or
  /// option: those of the system, `errc::bad_listener`, `errc::bad_uri`, `net::errc::no_certificate`. See
  /// `make` for these as values.
  PARLEY_API endpoint(asio::any_io_executor executor, endpoint_options options,
                      base::log_sink& log = base::null_sink());
  template <class Context>
    requires requires(Context& c) { asio::any_io_executor(c.get_executor()); }
  explicit endpoint(Context& context, endpoint_options options = {}, base::log_sink& log = base::null_sink())
      : endpoint(asio::any_io_executor(context.get_executor()), std::move(options), log) {}

  /// The same without exceptions; `what` then has the listener or option that is the matter.
  PARLEY_API static base::result<endpoint> make(asio::any_io_executor executor, endpoint_options options,
                                                std::string& what, base::log_sink& log = base::null_sink());

  PARLEY_API ~endpoint();
  endpoint(endpoint&&) noexcept = default;
  PARLEY_API endpoint& operator=(endpoint&&) noexcept;

  PARLEY_API asio::any_io_executor get_executor() const noexcept;
  PARLEY_API std::size_t listener_count() const noexcept;
  /// The address of a listener, with the port that the system chose.
  PARLEY_API base::socket_address local_address(std::size_t listener = 0) const noexcept;
  /// Calls that are not over.
  PARLEY_API std::size_t calls() const noexcept;

  /// Adds an account, or replaces the one of the same realm. *Errors:* false for a user name with control
  /// characters.
  [[nodiscard]] PARLEY_API bool set_account(const account& a);

  /// What is done with calls that come in: a function of `incoming_call`, or a coroutine, which is started
  /// for each of them. An exception that leaves the coroutine ends it, and is logged.
  template <std::invocable<incoming_call> Handler>
  void on_call(Handler handler) {
    set_call_handler(detached<incoming_call>(std::move(handler)));
  }
  /// The same for MESSAGE, within calls and outside (RFC 3428).
  template <std::invocable<incoming_message> Handler>
  void on_message(Handler handler) {
    set_message_handler(detached<incoming_message>(std::move(handler)));
  }
  /// The same for transfers that peers ask for. Who accepts them lets a peer place calls.
  template <std::invocable<incoming_transfer> Handler>
  void on_transfer(Handler handler) {
    set_transfer_handler(detached<incoming_transfer>(std::move(handler)));
  }

  /// Places a call, and returns it at once, for its events, or to give it up. *Errors:* `errc::bad_uri`;
  /// `errc::no_media`; `errc::closed`; `ua::errc::too_large` for more than `max_calls`.
  PARLEY_API base::result<parley::call> dial(const std::string& target, const call_options& options = {});

  /// Places a call and waits until it is answered: `void(error_code, call)`. Cancelling gives it up. g++ 12
  /// destroys temporaries like `{.display_name = "Alice"}` twice where they stand beside a co_await: give
  /// such options a name there. *Errors:* as `dial` and `call::answered`.
  template <class Token = default_token>
  auto call(std::string target, call_options options, Token&& token = {}) {
    return detail::initiate<parley::call>(
        std::forward<Token>(token),
        [core = core_, target = std::move(target), options = std::move(options)](
            detail::completion<parley::call> done) { start_call(core, target, options, std::move(done)); });
  }
  template <class Token = default_token>
    requires(!std::convertible_to<Token, call_options>)
  auto call(std::string target, Token&& token = {}) {
    return call(std::move(target), call_options{}, std::forward<Token>(token));
  }

  /// Registers, and keeps on doing so; see `registration::registered`. *Errors:* those of
  /// `ua::registration::start`; `errc::closed`.
  PARLEY_API base::result<registration> register_address(const registration_options& options);

  /// Subscribes to events. *Errors:* `errc::bad_uri`; `errc::closed`.
  PARLEY_API base::result<subscription> subscribe(const subscription_options& options);

  /// A state of `address` to be published, `event` being its package, as `presence`. *Errors:*
  /// `errc::bad_uri`; `errc::closed`.
  PARLEY_API base::result<publication> publication_of(const std::string& address, const std::string& event);

  /// Sends an instant message outside calls: `void(error_code, int status)`, when it was taken; 202 says that
  /// it is delivered later, if at all (RFC 3428 7). *Errors:* `errc::bad_uri`; `errc::closed`; those of
  /// `ua::pager::send`; of `status_category`.
  template <class Token = default_token>
  auto send_message(std::string target, message what, Token&& token = {}) {
    return detail::initiate<int>(
        std::forward<Token>(token),
        [core = core_, target = std::move(target), what = std::move(what)](detail::completion<int> done) {
          start_message(core, target, what, std::move(done));
        });
  }

  /// Asks what a peer can do, or whether it is there, by OPTIONS: `void(error_code, int status)`. *Errors:*
  /// `errc::bad_uri`; `errc::closed`. A refusal is a status, and none: it was answered.
  template <class Token = default_token>
  auto query(std::string target, Token&& token = {}) {
    return detail::initiate<int>(std::forward<Token>(token),
                                 [core = core_, target = std::move(target)](detail::completion<int> done) {
                                   start_query(core, target, std::move(done));
                                 });
  }

  /// Takes its leave: hangs up, ends registrations, subscriptions and publications, and refuses what comes:
  /// `void(error_code)`, when the peers have answered. Cancelling ends the wait.
  template <class Token = default_token>
  auto close(Token&& token = {}) {
    return detail::initiate<>(std::forward<Token>(token), [core = core_](detail::completion<> done) {
      start_close(core, std::move(done));
    });
  }

 private:
  explicit endpoint(std::shared_ptr<detail::endpoint_core> core) noexcept;

  /// Makes one function of a function or a coroutine.
  template <class Argument, class Handler>
  std::function<void(Argument)> detached(Handler handler) {
    auto kept = std::make_shared<Handler>(std::move(handler));
    if constexpr (std::is_void_v<std::invoke_result_t<Handler&, Argument>>) {
      return [kept](Argument argument) { (*kept)(std::move(argument)); };
    } else {
      // The coroutine refers to its handler, which the endpoint may have dropped meanwhile.
      return [kept, executor = get_executor(), failed = coroutine_logger()](Argument argument) {
        asio::co_spawn(
            executor,
            [kept, argument = std::move(argument)]() mutable -> asio::awaitable<void> {
              co_await (*kept)(std::move(argument));
            },
            failed);
      };
    }
  }

  PARLEY_API std::function<void(std::exception_ptr)> coroutine_logger() const;
  PARLEY_API void set_call_handler(std::function<void(incoming_call)> handler);
  PARLEY_API void set_message_handler(std::function<void(incoming_message)> handler);
  PARLEY_API void set_transfer_handler(std::function<void(incoming_transfer)> handler);

  using core_pointer = std::shared_ptr<detail::endpoint_core>;
  PARLEY_API static void start_call(const core_pointer& core, const std::string& target,
                                    const call_options& options, detail::completion<parley::call> done);
  PARLEY_API static void start_message(const core_pointer& core, const std::string& target,
                                       const message& what, detail::completion<int> done);
  PARLEY_API static void start_query(const core_pointer& core, const std::string& target,
                                     detail::completion<int> done);
  PARLEY_API static void start_close(const core_pointer& core, detail::completion<> done);

  core_pointer core_;
};

}  // namespace parley
