#include "net/detail/tcp_stream.hpp"

#include "net/detail/sockaddr.hpp"

#include <unistd.h>
#include <utility>

namespace parley::net::detail {

using asio::ip::tcp;

tcp_stream::tcp_stream(tcp::socket accepted) : socket_(std::move(accepted)), connected_(true) {
  set_options();
}

tcp_stream::tcp_stream(tcp::socket socket, const base::socket_address& remote)
    : socket_(std::move(socket)), remote_(remote) {
  set_options();
}

// A peer may have gone already; then the first read says so, and these errors say nothing new.
void tcp_stream::set_options() noexcept {
  base::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
}

void tcp_stream::open(std::shared_ptr<stream_user> user) {
  if (connected_) return user->handle_open({});
  socket_.async_connect(to_endpoint<tcp>(remote_),
                        [this, user = std::move(user)](const base::error_code& error) {
                          if (!error) forget_writable();
                          user->handle_open(error);
                        });
}

// Asio has asked epoll for writability in order to connect, and asks again with each wait for reading from
// then on: each would wake us at once. Handing the socket in anew ends that.
void tcp_stream::forget_writable() noexcept {
#if defined(BOOST_ASIO_HAS_EPOLL)
  base::error_code error;
  const tcp protocol = remote_.ip.is_v4() ? tcp::v4() : tcp::v6();
  const auto native = socket_.release(error);
  if (error) return;
  socket_.assign(protocol, native, error);
  if (error) {
    ::close(native);
    return;
  }
  socket_.non_blocking(true, error);
#endif
}

std::size_t tcp_stream::read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) {
  return socket_.read_some(into, error);
}

// Asio sends with MSG_NOSIGNAL: a peer that has gone makes an error, not a signal.
std::size_t tcp_stream::write_some(std::span<const asio::const_buffer> from, base::error_code& error) {
  return socket_.write_some(from, error);
}

void tcp_stream::wait_readable(std::shared_ptr<stream_user> user) {
  socket_.async_wait(tcp::socket::wait_read, [user = std::move(user)](const base::error_code& error) {
    user->handle_readable(error);
  });
}

void tcp_stream::wait_writable(std::shared_ptr<stream_user> user) {
  socket_.async_wait(tcp::socket::wait_write, [user = std::move(user)](const base::error_code& error) {
    user->handle_writable(error);
  });
}

void tcp_stream::finish_writing() noexcept {
  base::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void tcp_stream::close() noexcept {
  base::error_code ignored;
  socket_.close(ignored);
}

}  // namespace parley::net::detail
