#include <parley/endpoint/endpoint.hpp>

#include "endpoint/detail/endpoint_core.hpp"

#include <boost/system/system_error.hpp>

#include <string>
#include <utility>

namespace parley {

using detail::endpoint_core;
using detail::waiter;

endpoint::endpoint(asio::any_io_executor executor, endpoint_options options, base::log_sink& log)
    : core_(std::make_shared<endpoint_core>(std::move(executor), std::move(options), log)) {
  std::string what;
  const auto opened = core_->open(what);
  if (opened) return;
  // Where in Asio it came up is nothing for the operator who reads this.
  throw boost::system::system_error({opened.error().value(), opened.error().category()}, what);
}

endpoint::endpoint(std::shared_ptr<endpoint_core> core) noexcept : core_(std::move(core)) {}

base::result<endpoint> endpoint::make(asio::any_io_executor executor, endpoint_options options,
                                      std::string& what, base::log_sink& log) {
  auto core = std::make_shared<endpoint_core>(std::move(executor), std::move(options), log);
  if (const auto opened = core->open(what); !opened) return opened.error();
  return endpoint(std::move(core));
}

endpoint::~endpoint() {
  if (core_) core_->shut_down();
}

endpoint& endpoint::operator=(endpoint&& other) noexcept {
  if (this != &other) {
    if (core_) core_->shut_down();
    core_ = std::move(other.core_);
  }
  return *this;
}

asio::any_io_executor endpoint::get_executor() const noexcept { return core_->executor; }
std::size_t endpoint::listener_count() const noexcept { return core_->agent->listeners().size(); }

base::socket_address endpoint::local_address(std::size_t listener) const noexcept {
  return core_->agent->transports().local_address(static_cast<std::uint16_t>(listener));
}

std::size_t endpoint::calls() const noexcept { return core_->machine().calls(); }

bool endpoint::set_account(const account& a) {
  return core_->machine().accounts().set_account({a.realm, a.username, a.password, {}});
}

base::result<call> endpoint::dial(const std::string& target, const call_options& options) {
  return core_->dial(target, options);
}

base::result<registration> endpoint::register_address(const registration_options& options) {
  return core_->register_address(options);
}

base::result<subscription> endpoint::subscribe(const subscription_options& options) {
  return core_->subscribe(options);
}

base::result<publication> endpoint::publication_of(const std::string& address, const std::string& event) {
  return core_->publication_of(address, event);
}

std::function<void(std::exception_ptr)> endpoint::coroutine_logger() const {
  return [weak = std::weak_ptr(core_)](const std::exception_ptr& error) {
    if (!error) return;
    const auto core = weak.lock();
    if (!core) return;
    try {
      std::rethrow_exception(error);
    } catch (const boost::system::system_error& thrown) {
      core->log_line(base::log_level::info, "a handler has ended with an error", "", thrown.code());
    } catch (const std::exception& thrown) {
      if (!core->log.enabled(base::log_level::error)) return;
      const base::log_field field{"what", thrown.what()};
      core->log.write(
          {base::log_level::error, "endpoint", "a handler has ended with an exception", {&field, 1}});
    } catch (...) {
      core->log_line(base::log_level::error, "a handler has ended with an exception of an unknown type", "",
                     {});
    }
  };
}

void endpoint::set_call_handler(std::function<void(incoming_call)> handler) {
  core_->on_call = std::move(handler);
}
void endpoint::set_message_handler(std::function<void(incoming_message)> handler) {
  core_->on_message = std::move(handler);
}
void endpoint::set_transfer_handler(std::function<void(incoming_transfer)> handler) {
  core_->on_transfer = std::move(handler);
}

void endpoint::start_call(const core_pointer& core, const std::string& target, const call_options& options,
                          detail::completion<parley::call> done) {
  auto made = core->dial(target, options);
  if (!made) return waiter<parley::call>(core, core->executor, std::move(done)).complete(made.error(), {});
  core->wait_answered(*made, std::move(done));
}

void endpoint::start_message(const core_pointer& core, const std::string& target, const message& what,
                             detail::completion<int> done) {
  core->start_message(target, what, std::move(done));
}

void endpoint::start_query(const core_pointer& core, const std::string& target,
                           detail::completion<int> done) {
  core->start_query(target, std::move(done));
}

void endpoint::start_close(const core_pointer& core, detail::completion<> done) {
  core->start_close(std::move(done));
}

}  // namespace parley
