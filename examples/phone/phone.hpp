#pragma once

#include <parley/parley.hpp>

#include "events.hpp"
#include "settings.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley_phone {

namespace asio = boost::asio;

using parley::as_values;

/// How a step went, and with it the run.
struct outcome {
  int exit_code = 0;   ///< 0 where all is well
  int status = 0;      ///< with which a peer has refused; 0 where that is not what went wrong
  std::string reason;  ///< a sentence
};

/// Does the steps of a script with an endpoint, and tells what happens.
///
/// The steps are one coroutine. Beside it each call has one that tells its events, from its first to its
/// last. All run on the endpoint's executor, one at a time.
class phone {
 public:
  phone(parley::endpoint& endpoint, const settings& settings, journal& events);

  /// Does the steps one after the other, until one fails.
  asio::awaitable<outcome> do_steps();

  /// Tells that the run has failed, in the step that is under way.
  void tell_failure(const outcome& why);

  /// Hangs up, unregisters, and waits until the peers have agreed and all is told.
  asio::awaitable<void> leave();

 private:
  /// A call that is not over.
  struct line {
    int number = 0;
    parley::call call;
    bool follows_transfer = false;  ///< placed since a peer has asked for it
  };
  /// A call that came in and waits for a step.
  struct arrival {
    int number = 0;
    parley::incoming_call call;
  };

  // phone.cpp
  void tell(std::string_view event, const json& fields = json::object());
  asio::awaitable<void> change();
  int add_line(const parley::call& call, bool follows_transfer = false);
  void drop_line(int number);
  int number_of(const parley::call& call) const;
  parley::call current() const;
  static std::shared_ptr<parley::audio> sound_of(const parley::call& call);
  bool takes_more_calls() const;

  // phone_events.cpp: what the endpoint tells
  void take_in(const parley::incoming_call& in);
  void consider(const parley::incoming_transfer& request);
  void tell_message(const parley::incoming_message& message);
  asio::awaitable<void> watch(int number, parley::call call);
  asio::awaitable<void> watch(parley::subscription subscription, std::string package);
  void tell_call(int number, const parley::call_event& event);
  void tell_quality(int number, parley::audio& sound);
  void tell_registration(const parley::registration_event& event);
  void tell_notification(const std::string& package, const parley::notification& notification);

  // phone_steps.cpp: what a script asks for
  asio::awaitable<outcome> do_step(const step& one);
  asio::awaitable<outcome> enroll();
  asio::awaitable<outcome> unregister();
  asio::awaitable<outcome> call(const step& one);
  asio::awaitable<void> pick();
  asio::awaitable<outcome> await_call();
  asio::awaitable<outcome> ring(const step& one);
  asio::awaitable<outcome> answer();
  asio::awaitable<outcome> refuse(const step& one);
  asio::awaitable<outcome> renegotiate(const step& one);
  asio::awaitable<outcome> transfer(const step& one);
  asio::awaitable<outcome> transfer_attended(const step& one);
  asio::awaitable<outcome> sound(const step& one);
  asio::awaitable<outcome> send_within(const step& one);
  asio::awaitable<outcome> send_message(const step& one);
  asio::awaitable<outcome> subscribe(const step& one);
  asio::awaitable<outcome> unsubscribe();
  asio::awaitable<outcome> publish(const step& one);
  asio::awaitable<outcome> query(const step& one);
  asio::awaitable<outcome> wait(const step& one);
  asio::awaitable<outcome> expect(const step& one);
  asio::awaitable<outcome> hang_up();
  asio::awaitable<outcome> over();
  parley::base::result<parley::call> dial(const std::string& uri);

  parley::endpoint& endpoint_;
  const settings& settings_;
  journal& events_;
  asio::steady_timer changed_;
  std::size_t place_ = 0;  ///< of the step under way
  int last_number_ = 0;
  int current_ = 0;  ///< the call that steps are about; 0 for none
  std::vector<line> lines_;
  std::deque<arrival> arrivals_;
  std::optional<arrival> picked_;  ///< the one that a step has waited for
  parley::registration registration_;
  bool registration_told_ = false;  ///< its first event
  parley::subscription subscription_;
  bool subscribed_ = false;
  parley::publication publication_;
};

}  // namespace parley_phone
