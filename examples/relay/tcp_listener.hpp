#pragma once

#include "ng_listeners.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>

namespace relay {

/// What is done with a connection, until it ends. It throws nothing that the loop doesn't expect: any
/// exception ends this one connection.
using connection_handler = std::function<boost::asio::awaitable<void>(boost::asio::ip::tcp::socket)>;

/// Takes connections, a bounded number at a time, for whatever is spoken over them. `what` names it in
/// errors, as "NG commands over TCP".
listener_result listen_tcp(boost::asio::io_context& io, const base::socket_address& at,
                           const std::string& what, connection_handler handler);

base::ip_address ip_of(const boost::asio::ip::address& from);
boost::asio::ip::address to_asio(const base::ip_address& ip);

}  // namespace relay
