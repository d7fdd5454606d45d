#include <parley/net/reserved_port.hpp>

#include "net/detail/sockaddr.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::net {
namespace {

base::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

}  // namespace

reserved_port::~reserved_port() {
  for (const opened& one : {v4_, v6_}) {
    if (one.socket >= 0) ::close(one.socket);
  }
}

base::result<std::uint16_t> reserved_port::local_port(bool v6) {
  opened& wanted = v6 ? v6_ : v4_;
  if (wanted.port != 0) return wanted.port;
  const int made = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (made < 0) return last_error();
  // Nothing is read: the smallest queue will do.
  const int bytes = 0;
  ::setsockopt(made, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  const base::socket_address any{v6 ? base::ip_address::any_v6() : base::ip_address::any_v4(), 0};
  detail::ip_sockaddr address;
  auto length = static_cast<socklen_t>(detail::write_sockaddr(any, address));
  if (::bind(made, &address.any, length) != 0 || ::getsockname(made, &address.any, &length) != 0) {
    const base::error_code error = last_error();
    ::close(made);
    return error;
  }
  wanted = {made, detail::read_sockaddr(address).port};
  return wanted.port;
}

}  // namespace parley::net
