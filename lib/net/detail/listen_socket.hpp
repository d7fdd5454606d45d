#pragma once

#include <parley/base/result.hpp>
#include <parley/net/transport_options.hpp>

#include "net/detail/sockaddr.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>

#include <type_traits>
#include <utility>

namespace parley::net::detail {

namespace asio = boost::asio;

/// Opens a socket or acceptor that does not block and binds it as the options say. *Errors:* the system's.
template <class Socket, class Protocol>
base::result<Socket> open_bound(const asio::any_io_executor& executor, const listener_options& options) {
  const auto endpoint = to_endpoint<Protocol>(options.bind);
  base::error_code error;
  Socket socket(executor);
  if (socket.open(endpoint.protocol(), error)) return error;
  if (socket.non_blocking(true, error)) return error;
  // An IPv6 listener is for IPv6: IPv4 has its own, so that addresses look the same however they came.
  if (options.bind.ip.is_v6() && socket.set_option(asio::ip::v6_only(true), error)) return error;
  if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
    // A restarted server takes its port back while old connections wait out their end.
    if (socket.set_option(asio::socket_base::reuse_address(true), error)) return error;
  }
  if (options.reuse_port) {
#ifdef SO_REUSEPORT
    using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
    if (socket.set_option(reuse_port(true), error)) return error;
#else
    return base::error_code(asio::error::operation_not_supported);
#endif
  }
  if constexpr (std::is_same_v<Protocol, asio::ip::udp>) {
    // Sizes are wishes: the system caps them.
    base::error_code ignored;
    if (options.receive_buffer_bytes > 0) {
      socket.set_option(asio::socket_base::receive_buffer_size(options.receive_buffer_bytes), ignored);
    }
    if (options.send_buffer_bytes > 0) {
      socket.set_option(asio::socket_base::send_buffer_size(options.send_buffer_bytes), ignored);
    }
  }
  if (socket.bind(endpoint, error)) return error;
  return socket;
}

}  // namespace parley::net::detail
