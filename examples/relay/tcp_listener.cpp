#include "tcp_listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <utility>

namespace relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class tcp_listener final : public listener {
 public:
  tcp_listener(asio::io_context& io, connection_handler handler)
      : state_(std::make_shared<state>(io, std::move(handler))) {}
  ~tcp_listener() override {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
  }

  boost::system::error_code open(const base::socket_address& at) {
    const tcp::endpoint endpoint(to_asio(at.ip), at.port);
    boost::system::error_code error;
    state_->acceptor.open(endpoint.protocol(), error);
    if (!error) state_->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) state_->acceptor.bind(endpoint, error);
    if (!error) state_->acceptor.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  void start() { asio::co_spawn(state_->acceptor.get_executor(), accept(state_), asio::detached); }

  base::socket_address local_address() const override {
    boost::system::error_code ignored;
    const tcp::endpoint local = state_->acceptor.local_endpoint(ignored);
    return {ip_of(local.address()), local.port()};
  }

 private:
  static constexpr std::size_t max_connections = 1024;

  struct state {
    state(asio::io_context& io, connection_handler h) : acceptor(io), handler(std::move(h)) {}
    tcp::acceptor acceptor;
    connection_handler handler;
    std::size_t open = 0;
  };

  static asio::awaitable<void> accept(std::shared_ptr<state> self) {
    while (self->acceptor.is_open()) {
      boost::system::error_code error;
      tcp::socket socket =
          co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        // Out of descriptors: others have to end first.
        asio::steady_timer pause(self->acceptor.get_executor(), std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      if (self->open >= max_connections) continue;  // the socket closes here
      ++self->open;
      asio::co_spawn(self->acceptor.get_executor(), self->handler(std::move(socket)),
                     [self](const std::exception_ptr&) { --self->open; });
    }
  }

  std::shared_ptr<state> state_;
};

}  // namespace

base::ip_address ip_of(const asio::ip::address& from) {
  if (from.is_v4()) return base::ip_address::v4(from.to_v4().to_bytes());
  return base::ip_address::v6(from.to_v6().to_bytes()).unmapped();
}

asio::ip::address to_asio(const base::ip_address& ip) {
  if (ip.is_v4()) return asio::ip::address_v4(ip.to_v4());
  return asio::ip::address_v6(ip.to_v6_bytes(), ip.scope());
}

listener_result listen_tcp(asio::io_context& io, const base::socket_address& at, const std::string& what,
                           connection_handler handler) {
  auto made = std::make_unique<tcp_listener>(io, std::move(handler));
  if (const auto error = made->open(at))
    return failure{"Can't listen for " + what + " at " + at.to_string() + ": " + error.message() + "."};
  made->start();
  return listener_result{boost::system::in_place_value, std::move(made)};
}

}  // namespace relay
