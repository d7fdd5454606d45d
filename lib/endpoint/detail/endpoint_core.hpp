#pragma once

#include <parley/base/log.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/endpoint/endpoint.hpp>
#include <parley/net/clock.hpp>
#include <parley/net/user_agent.hpp>
#include <parley/transaction/timers.hpp>
#include <parley/ua/flow_recovery.hpp>
#include <parley/ua/replaces.hpp>

#include "endpoint/detail/call_state.hpp"
#include "endpoint/detail/usages.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace parley::detail {

/// Media as they have described themselves, and what was checked of that.
struct described_media {
  std::vector<offer_answer::medium> media;
  std::vector<offer_answer::medium_id> ids;
  offer_answer::negotiator session;
};

/// All of an endpoint that its handles share: the driver of the core, the calls and the usages.
///
/// Machines are only touched between `now()` and `pump`; what the application is told is posted.
class endpoint_core final : public net::user_agent_handler,
                            public std::enable_shared_from_this<endpoint_core> {
 public:
  endpoint_core(asio::any_io_executor executor, endpoint_options options, base::log_sink& log);

  // endpoint_core.cpp
  base::result<void> open(std::string& what);
  void shut_down();
  void start_close(completion<> done);
  void check_closed();
  void cancel_close(std::uint64_t id);

  void handle_event(base::time_point now, ua::core_event& event) override;
  void handle_flow_failed(base::time_point now, const sip::hop& flow) override;
  void handle_timeout(base::time_point now) override;
  base::time_point poll_timeout() const noexcept override { return wheel_->poll_timeout(); }

  static base::time_point now() noexcept { return net::steady_clock_source::now(); }
  void pump(base::time_point at) {
    if (agent) agent->pump(at);
  }
  ua::core& machine() noexcept { return agent->core(); }
  void log_line(base::log_level level, std::string_view message, std::string_view about,
                const base::error_code& error);
  base::timer_wheel& wheel() noexcept { return *wheel_; }
  base::ip_address address_of(std::uint16_t listener) const noexcept;
  /// What is posted is not called any more when the endpoint is gone.
  void post(std::function<void()> task);

  // Calls.
  base::result<call> dial(const std::string& target, const call_options& options,
                          const ua::referral* referred = nullptr,
                          const std::weak_ptr<call_state>& referrer = {});
  void wait_answered(const call& c, completion<call> done);
  void add_call(call_state& c);
  /// *Ownership:* what comes out is valid until the next call.
  base::result<const described_media*> check_media(std::vector<offer_answer::medium> media);
  std::vector<std::shared_ptr<call_state>> living_calls() const;
  std::vector<std::shared_ptr<usage>> living_usages() const;
  void forget_call(ua::call_id id) { calls.erase(id); }
  /// Nothing is left to be said in the dialog of a call that is over.
  void forget_outlived(ua::call_id id);
  void take_call(base::time_point at, ua::core_event& event);
  void take_replacing(base::time_point at, ua::call_id fresh, const ua::call_reference& named);
  void introduce(call_state& c);

  // endpoint_requests.cpp: requests outside calls.
  void handle_request(base::time_point at, const ua::core_event& event);
  void handle_options(base::time_point at, const ua::core_event& event);
  void handle_message(base::time_point at, const ua::core_event& event, call_state* within);
  void respond(base::time_point at, ua::request_id to, int status, std::string_view reason = {});
  void start_message(const std::string& target, const message& what, completion<int> done);
  void start_query(const std::string& target, completion<int> done);

  // usages.cpp
  void add_usage(const std::shared_ptr<usage>& one);
  /// Sends what it wants sent, tells the application, and waits for its next deadline.
  void run(base::time_point at, usage& one);
  base::result<registration> register_address(const registration_options& wanted);
  base::result<subscription> subscribe(const subscription_options& wanted);
  base::result<publication> publication_of(const std::string& address, const std::string& event);
  /// The listener by which requests for that URI leave.
  std::uint16_t listener_towards(std::string_view uri) const noexcept;
  std::string contact_for(std::string_view of, std::string_view towards) const;
  std::vector<std::string> routes_for(const registration* by) const;

  asio::any_io_executor executor;
  endpoint_options options;
  base::log_sink& log;
  std::optional<net::user_agent> agent;
  std::string identity;  // a name-addr
  std::string user;      // of Contact
  media_factory default_media;
  bool closed = false;  // nothing new is begun
  transaction::timers timers;

  std::unordered_map<ua::call_id, call_state*> calls;
  std::unordered_map<ua::call_id, std::shared_ptr<call_state>> arriving;  // not shown to the application yet
  std::unordered_map<ua::call_id, std::shared_ptr<call_state>> outlived;  // over, but for their transfers
  std::unordered_map<const usage*, std::shared_ptr<usage>> usages;
  std::unordered_map<ua::request_id, std::weak_ptr<usage>> requests;
  std::unordered_map<std::string, subscription_state*> subscriptions;  // by our tag
  std::weak_ptr<registration_state> first_registration;
  std::unordered_map<std::string, std::weak_ptr<pager_state>> pagers;  // by target

  std::function<void(incoming_call)> on_call;
  std::function<void(incoming_message)> on_message;
  std::function<void(incoming_transfer)> on_transfer;
  waiters<> close_waiters;

 private:
  std::unique_ptr<base::timer_wheel> wheel_;
  std::optional<described_media> described_;  // the last ones
};

}  // namespace parley::detail
