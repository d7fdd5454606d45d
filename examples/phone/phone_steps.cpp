#include <parley/ua/pidf.hpp>

#include "phone.hpp"

#include <chrono>
#include <tuple>
#include <utility>

namespace parley_phone {
namespace {

// Exit codes of steps that fail; see --help.
constexpr int not_registered = 2;
constexpr int call_failed = 3;
constexpr int step_failed = 5;

outcome outcome_of(int exit_code, const parley::base::error_code& error) {
  if (!error) return {};
  return {exit_code, parley::status_of(error), error.message()};
}

outcome no_call() { return {step_failed, 0, "there is no call"}; }

}  // namespace

asio::awaitable<outcome> phone::do_step(const step& one) {
  switch (one.what) {
    case action::enroll: return enroll();
    case action::unregister: return unregister();
    case action::call:
    case action::dial: return call(one);
    case action::await: return await_call();
    case action::ring: return ring(one);
    case action::answer: return answer();
    case action::refuse: return refuse(one);
    case action::hold:
    case action::resume:
    case action::refresh: return renegotiate(one);
    case action::transfer: return transfer(one);
    case action::attended: return transfer_attended(one);
    case action::tone:
    case action::play:
    case action::record: return sound(one);
    case action::dtmf:
    case action::info: return send_within(one);
    case action::message: return send_message(one);
    case action::subscribe: return subscribe(one);
    case action::unsubscribe: return unsubscribe();
    case action::publish: return publish(one);
    case action::options: return query(one);
    case action::wait: return wait(one);
    case action::expect: return expect(one);
    case action::cancel:
    case action::hangup: return hang_up();
    case action::over: return over();
  }
  return over();
}

asio::awaitable<outcome> phone::enroll() {
  const auto made = endpoint_.register_address(settings_.registration);
  if (!made) co_return outcome_of(not_registered, made.error());
  registration_ = *made;
  registration_told_ = false;
  registration_.on_event([this](const parley::registration_event& event) { tell_registration(event); });
  const auto [error] = co_await registration_.registered(as_values);
  // The event is told before the next step's.
  while (!registration_told_) co_await change();
  co_return outcome_of(not_registered, error);
}

asio::awaitable<outcome> phone::unregister() {
  if (!registration_) co_return outcome{step_failed, 0, "there is no registration"};
  const auto [error] = co_await registration_.unregister(as_values);
  registration_ = {};
  co_return outcome_of(step_failed, error);
}

/// Places a call that the following steps are about.
parley::base::result<parley::call> phone::dial(const std::string& uri) {
  auto made = endpoint_.dial(uri);
  if (made) {
    current_ = add_line(*made);
    tell("calling", {{"call", current_}, {"to", uri}});
  }
  return made;
}

asio::awaitable<outcome> phone::call(const step& one) {
  const auto made = dial(one.uri);
  if (!made) co_return outcome_of(call_failed, made.error());
  if (one.what == action::dial) co_return outcome{};
  const auto [error] = co_await made->answered(as_values);
  co_return outcome_of(call_failed, error);
}

/// Waits until there is a call to be answered or refused, unless an earlier step has done so.
asio::awaitable<void> phone::pick() {
  if (picked_) co_return;
  while (arrivals_.empty()) co_await change();
  picked_ = arrivals_.front();
  arrivals_.pop_front();
}

asio::awaitable<outcome> phone::await_call() {
  if (picked_ && picked_->call.handle().state() == parley::call::state::ended) picked_.reset();
  co_await pick();
  co_return outcome{};
}

asio::awaitable<outcome> phone::ring(const step& one) {
  co_await pick();
  const int status = one.number == 0 ? 180 : one.number;
  const auto rung = picked_->call.ring(status, status == 183);
  co_return outcome_of(call_failed, rung ? parley::base::error_code() : rung.error());
}

asio::awaitable<outcome> phone::answer() {
  co_await pick();
  const arrival taken = *std::exchange(picked_, std::nullopt);
  current_ = taken.number;
  const auto [error, call] = co_await taken.call.answer(as_values);
  co_return outcome_of(call_failed, error);
}

asio::awaitable<outcome> phone::refuse(const step& one) {
  co_await pick();
  const arrival refused = *std::exchange(picked_, std::nullopt);
  if (const auto sent = refused.call.refuse(one.number); !sent)
    co_return outcome_of(call_failed, sent.error());
  co_await refused.call.handle().ended(as_values);
  co_return outcome{};
}

asio::awaitable<outcome> phone::renegotiate(const step& one) {
  const parley::call call = current();
  if (!call) co_return no_call();
  parley::base::error_code error;
  if (one.what == action::hold) {
    std::tie(error) = co_await call.hold(as_values);
  } else if (one.what == action::resume) {
    std::tie(error) = co_await call.resume(as_values);
  } else {
    std::tie(error) = co_await call.refresh(as_values);
  }
  co_return outcome_of(step_failed, error);
}

asio::awaitable<outcome> phone::transfer(const step& one) {
  const parley::call call = current();
  if (!call) co_return no_call();
  const auto [error] = co_await call.transfer(one.uri, as_values);
  co_return outcome_of(step_failed, error);
}

/// RFC 5589 7: the peer gets a URI that has it take our place in the second call, whose end the target sees
/// to.
asio::awaitable<outcome> phone::transfer_attended(const step& one) {
  const parley::call first = current();
  if (!first) co_return no_call();
  const int number = current_;
  const auto second = dial(one.uri);
  if (!second) co_return outcome_of(step_failed, second.error());
  if (const auto [error] = co_await second->answered(as_values); error)
    co_return outcome_of(step_failed, error);
  current_ = number;
  const auto [error] = co_await first.transfer(*second, as_values);
  co_return outcome_of(step_failed, error);
}

asio::awaitable<outcome> phone::sound(const step& one) {
  const parley::call call = current();
  if (!call) co_return no_call();
  const std::shared_ptr<parley::audio> sound = sound_of(call);
  if (!sound) co_return outcome{step_failed, 0, "the call has no sound"};
  if (one.what == action::tone) {
    sound->set_source(
        one.number == 0 ? nullptr
                        : std::make_shared<parley::media::tone_source>(
                              parley::media::continuous_tone(static_cast<float>(one.number)), sound->rate()));
    co_return outcome{};
  }
  parley::base::error_code error;
  if (one.what == action::play) {
    std::tie(error) = co_await sound->play(one.text, as_values);
    // A call that ends while something is played is no failure; the next steps see to it.
    if (error == asio::error::operation_aborted) error = {};
  } else {
    const auto done = one.text == "-" ? sound->stop_recording() : sound->record(one.text);
    if (!done) error = done.error();
  }
  co_return error ? outcome{step_failed, 0, one.text + ": " + error.message()} : outcome{};
}

asio::awaitable<outcome> phone::send_within(const step& one) {
  const parley::call call = current();
  if (!call) co_return no_call();
  parley::base::error_code error;
  if (one.what == action::dtmf) {
    std::tie(error) = co_await call.send_dtmf(one.text, as_values);
  } else {
    std::tie(error) = co_await call.send_info(one.word, "text/plain", one.text, as_values);
  }
  co_return outcome_of(step_failed, error);
}

asio::awaitable<outcome> phone::send_message(const step& one) {
  const auto [error, status] = co_await endpoint_.send_message(one.uri, parley::message(one.text), as_values);
  if (status != 0) tell("message_sent", {{"status", status}});
  co_return outcome_of(step_failed, error);
}

asio::awaitable<outcome> phone::subscribe(const step& one) {
  const auto made = endpoint_.subscribe({.target = one.uri, .event = one.word});
  if (!made) co_return outcome_of(step_failed, made.error());
  subscription_ = *made;
  const auto [error, first] = co_await subscription_.next(as_values);
  if (error) co_return outcome_of(step_failed, error);
  tell("subscribed", {{"package", one.word}});
  tell_notification(one.word, first);
  subscribed_ = true;
  asio::co_spawn(endpoint_.get_executor(), watch(subscription_, one.word), asio::detached);
  co_return outcome{};
}

asio::awaitable<outcome> phone::unsubscribe() {
  if (!subscription_) co_return outcome{step_failed, 0, "there is no subscription"};
  subscription_.unsubscribe();
  while (subscribed_) co_await change();
  co_return outcome{};
}

asio::awaitable<outcome> phone::publish(const step& one) {
  namespace ua = parley::ua;
  const std::string& address = settings_.registration.address;
  if (!publication_) {
    const auto made = endpoint_.publication_of(address, std::string(ua::pidf::package));
    if (!made) co_return outcome_of(step_failed, made.error());
    publication_ = *made;
  }
  ua::pidf state;
  state.entity = address;
  state.tuples.push_back({.id = "phone",
                          .basic = one.word == "open" ? ua::basic_status::open : ua::basic_status::closed,
                          .contact = {},
                          .priority = {},
                          .notes = {},
                          .timestamp = {}});
  const auto [error] =
      co_await publication_.publish(std::string(ua::pidf::content_type), state.write(), as_values);
  if (error) {
    tell("publish_failed", {{"status", parley::status_of(error)}});
  } else {
    tell("published");
  }
  co_return outcome_of(step_failed, error);
}

asio::awaitable<outcome> phone::query(const step& one) {
  const auto [error, status] = co_await endpoint_.query(one.uri, as_values);
  if (!error) tell("options", {{"status", status}});
  co_return outcome_of(step_failed, error);
}

asio::awaitable<outcome> phone::wait(const step& one) {
  asio::steady_timer timer(endpoint_.get_executor(), std::chrono::milliseconds(one.number));
  co_await timer.async_wait(as_values);
  co_return outcome{};
}

asio::awaitable<outcome> phone::expect(const step& one) {
  while (!events_.find(one.expected)) co_await change();
  co_return outcome{};
}

/// A call that is over already is no matter.
asio::awaitable<outcome> phone::hang_up() {
  const parley::call call = current();
  if (!call) co_return outcome{};
  call.hang_up();
  while (number_of(call) != 0) co_await change();
  co_return outcome{};
}

asio::awaitable<outcome> phone::over() {
  while (!lines_.empty()) co_await change();
  co_return outcome{};
}

}  // namespace parley_phone
