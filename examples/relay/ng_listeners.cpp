#include "ng_listeners.hpp"

#include "tcp_listener.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;

/// What a datagram over IPv4 holds at most.
constexpr std::size_t max_datagram = 65507;

/// An answer that fits, which says so where the real one doesn't.
std::string fitting(std::string answer) {
  if (answer.size() <= max_datagram) return answer;
  const auto parts = split_message(answer);
  const body_form form = form_of(parts->body).value_or(body_form::bencode);
  return write_message(parts->cookie, form,
                       make_error("The answer is larger than a datagram: ask for less, or over TCP"));
}

class udp_listener final : public listener {
 public:
  udp_listener(asio::io_context& io, control_service& service)
      : state_(std::make_shared<state>(io, service)) {}
  ~udp_listener() override {
    boost::system::error_code ignored;
    state_->socket.close(ignored);
  }

  boost::system::error_code open(const base::socket_address& at) {
    const udp::endpoint endpoint(to_asio(at.ip), at.port);
    boost::system::error_code error;
    state_->socket.open(endpoint.protocol(), error);
    if (!error) state_->socket.bind(endpoint, error);
    // Proxies send bursts of commands; what the system grants is enough.
    boost::system::error_code ignored;
    state_->socket.set_option(udp::socket::receive_buffer_size(1 << 20), ignored);
    return error;
  }

  void start() { asio::co_spawn(state_->socket.get_executor(), serve(state_), asio::detached); }

  base::socket_address local_address() const override {
    boost::system::error_code ignored;
    const udp::endpoint local = state_->socket.local_endpoint(ignored);
    return {ip_of(local.address()), local.port()};
  }

 private:
  struct state {
    state(asio::io_context& io, control_service& s) : socket(io), service(s) {}
    udp::socket socket;
    control_service& service;
    std::array<char, 65536> buffer{};
  };

  static asio::awaitable<void> serve(std::shared_ptr<state> self) {
    while (self->socket.is_open()) {
      udp::endpoint from;
      boost::system::error_code error;
      const std::size_t size = co_await self->socket.async_receive_from(
          asio::buffer(self->buffer), from, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || !self->socket.is_open()) co_return;
      if (error) continue;  // an ICMP error of an earlier answer
      const std::string answer =
          fitting(self->service.handle(ip_of(from.address()), std::string_view(self->buffer.data(), size)));
      if (answer.empty()) continue;
      // What can't be sent is asked for again.
      co_await self->socket.async_send_to(asio::buffer(answer), from,
                                          asio::redirect_error(asio::use_awaitable, error));
    }
  }

  std::shared_ptr<state> state_;
};

/// Commands one behind the other, each answered before the next is looked at: a client that doesn't read its
/// answers is read from no more.
asio::awaitable<void> serve_stream(control_service& service, tcp::socket socket) {
  boost::system::error_code error;
  const tcp::endpoint from = socket.remote_endpoint(error);
  if (error) co_return;
  message_framer framer;
  std::vector<char> buffer(65536);
  while (framer.failure().empty()) {
    const std::size_t size = co_await socket.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    framer.feed(std::string_view(buffer.data(), size));
    while (const auto message = framer.next()) {
      const std::string answer = service.handle(ip_of(from.address()), *message);
      co_await asio::async_write(socket, asio::buffer(answer),
                                 asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
    }
  }
}

}  // namespace

listener_result listen_ng_udp(asio::io_context& io, control_service& service,
                              const base::socket_address& at) {
  auto made = std::make_unique<udp_listener>(io, service);
  if (const auto error = made->open(at))
    return failure{"Can't listen for NG commands over UDP at " + at.to_string() + ": " + error.message() +
                   "."};
  made->start();
  return listener_result{boost::system::in_place_value, std::move(made)};
}

listener_result listen_ng_tcp(asio::io_context& io, control_service& service,
                              const base::socket_address& at) {
  return listen_tcp(io, at, "NG commands over TCP",
                    [&service](tcp::socket socket) { return serve_stream(service, std::move(socket)); });
}

}  // namespace relay
