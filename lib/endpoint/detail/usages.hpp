#pragma once

#include <parley/base/timer_wheel.hpp>
#include <parley/endpoint/registration.hpp>
#include <parley/endpoint/subscription.hpp>
#include <parley/sip/hop.hpp>
#include <parley/sip/message.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/ua/pager.hpp>
#include <parley/ua/publication.hpp>
#include <parley/ua/registration.hpp>
#include <parley/ua/subscription.hpp>

#include "endpoint/detail/waiters.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley::detail {

class endpoint_core;
class usage;

/// The last handle of `one` has gone.
void release(const std::shared_ptr<usage>& one);

/// Something that lives by requests outside calls: one of ua's machines, with who waits for it. The endpoint
/// keeps it until it is over.
class usage : public std::enable_shared_from_this<usage> {
 public:
  explicit usage(std::shared_ptr<endpoint_core> its_core);
  virtual ~usage();
  usage(const usage&) = delete;
  usage& operator=(const usage&) = delete;

  virtual bool poll_request(base::time_point now, sip::message& out) = 0;
  virtual void handle_response(base::time_point now, const sip::message_view& response) = 0;
  virtual void handle_failure(base::time_point now, int status) = 0;
  virtual void handle_timeout(base::time_point now) = 0;
  virtual base::time_point poll_timeout() const = 0;
  /// A connection is gone, or a UDP pair is dead.
  virtual void handle_flow_failed(base::time_point, const sip::hop&) {}
  /// Tells whoever waits what has happened.
  virtual void report_events(base::time_point now) = 0;
  /// True where nothing is to be done any more, and nobody need keep it.
  virtual bool is_over() const = 0;
  /// The last handle has gone: it takes its leave.
  virtual void release(base::time_point now) = 0;
  /// The endpoint is gone.
  virtual void abort() = 0;

  std::shared_ptr<endpoint_core> core;  // null once the endpoint is gone
  asio::any_io_executor executor;
  sip::hop by;  // how the last request that was answered went
  base::timer timer;
};

class registration_state final : public usage {
 public:
  registration_state(std::shared_ptr<endpoint_core> its_core, ua::registration_options options);

  bool poll_request(base::time_point now, sip::message& out) override {
    return machine.poll_request(now, out);
  }
  void handle_response(base::time_point now, const sip::message_view& response) override;
  void handle_failure(base::time_point now, int status) override { machine.handle_failure(now, status); }
  void handle_timeout(base::time_point now) override { machine.handle_timeout(now); }
  void handle_flow_failed(base::time_point now, const sip::hop& flow) override;
  base::time_point poll_timeout() const override { return machine.poll_timeout(); }
  void report_events(base::time_point now) override;
  bool is_over() const override;
  void release(base::time_point now) override;
  void abort() override;

  void start_registered(completion<> done);
  void start_unregister(completion<> done);
  void cancel_registered(std::uint64_t id);
  void cancel_unregister(std::uint64_t id);

  ua::registration machine;
  std::function<void(const registration_event&)> on_event;
  waiters<> registered_waiters;
  waiters<> unregister_waiters;
  std::uint32_t granted = 0;
  base::error_code failed;  // the last time
};

class subscription_state final : public usage {
 public:
  subscription_state(std::shared_ptr<endpoint_core> its_core, const ua::subscription_options& options,
                     const ua::outside_request& ends);
  ~subscription_state() override;

  bool poll_request(base::time_point now, sip::message& out) override {
    return machine.poll_request(now, out);
  }
  void handle_response(base::time_point now, const sip::message_view& response) override {
    machine.handle_response(now, response);
  }
  void handle_failure(base::time_point now, int status) override { machine.handle_failure(now, status); }
  void handle_timeout(base::time_point now) override { machine.handle_timeout(now); }
  base::time_point poll_timeout() const override { return machine.poll_timeout(); }
  void report_events(base::time_point now) override;
  bool is_over() const override { return machine.state() == ua::subscription::state::terminated; }
  void release(base::time_point now) override;
  void abort() override;

  /// Returns what to answer.
  int handle_notify(base::time_point now, const sip::message_view& notify);
  void deliver(notification what);
  void start_next(completion<notification> done);
  void cancel_next(std::uint64_t id);

  ua::subscription machine;
  std::string tag;
  std::function<void(const notification&)> on_notification;
  std::deque<notification> waiting;
  waiters<notification> next_waiter;
  base::error_code refused;
  bool ended = false;  // its end was told
};

class publication_state final : public usage {
 public:
  publication_state(std::shared_ptr<endpoint_core> its_core, ua::publication_options options);

  bool poll_request(base::time_point now, sip::message& out) override {
    return machine.poll_request(now, out);
  }
  void handle_response(base::time_point now, const sip::message_view& response) override {
    machine.handle_response(now, response);
  }
  void handle_failure(base::time_point now, int status) override { machine.handle_failure(now, status); }
  void handle_timeout(base::time_point now) override { machine.handle_timeout(now); }
  base::time_point poll_timeout() const override { return machine.poll_timeout(); }
  void report_events(base::time_point now) override;
  bool is_over() const override;
  void release(base::time_point now) override;
  void abort() override;

  void start_publish(std::string content_type, std::string body, completion<> done);
  void cancel_publish(std::uint64_t id);

  ua::publication machine;
  waiters<> publish_waiters;
  bool released = false;
};

/// Instant messages to one address: those to another wait for nobody (RFC 3428 8).
class pager_state final : public usage {
 public:
  pager_state(std::shared_ptr<endpoint_core> its_core, const ua::pager_options& options);
  ~pager_state() override;

  bool poll_request(base::time_point now, sip::message& out) override {
    return machine.poll_request(now, out);
  }
  void handle_response(base::time_point now, const sip::message_view& response) override {
    machine.handle_response(now, response);
  }
  void handle_failure(base::time_point now, int status) override { machine.handle_failure(now, status); }
  void handle_timeout(base::time_point) override {}
  base::time_point poll_timeout() const override { return base::never; }
  void report_events(base::time_point now) override;
  bool is_over() const override { return machine.waiting() == 0; }
  void release(base::time_point) override {}
  void abort() override;

  void add(std::uint64_t number, waiter<int> one);
  void finish(std::uint64_t number, const base::error_code& error, int status);

  ua::pager machine;
  std::string target;
  std::vector<std::pair<std::uint64_t, waiter<int>>> sent;
};

/// An OPTIONS of ours.
class query_state final : public usage {
 public:
  query_state(std::shared_ptr<endpoint_core> its_core, sip::message its_request);

  bool poll_request(base::time_point now, sip::message& out) override;
  void handle_response(base::time_point now, const sip::message_view& response) override;
  void handle_failure(base::time_point now, int status) override;
  void handle_timeout(base::time_point) override {}
  base::time_point poll_timeout() const override { return base::never; }
  void report_events(base::time_point) override {}
  bool is_over() const override { return over; }
  void release(base::time_point) override {}
  void abort() override;

  void cancel(std::uint64_t id);

  std::optional<sip::message> request;
  waiters<int> done;
  bool over = false;
};

/// What a handle has of a state: when the last of them goes, `release` is called.
template <class State>
std::shared_ptr<State> leased(const std::shared_ptr<State>& state) {
  return {state.get(), [state](State*) { release(state); }};
}
}  // namespace parley::detail
