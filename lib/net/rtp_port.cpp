#include <parley/net/error.hpp>
#include <parley/net/rtp_port.hpp>

#include "net/detail/sockaddr.hpp"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parley::net {
namespace {

base::error_code socket_error() noexcept { return {errno, boost::system::system_category()}; }

bool taken_by_another(const base::error_code& error) noexcept {
  return error == boost::system::errc::address_in_use || error == boost::system::errc::permission_denied;
}

}  // namespace

rtp_port::~rtp_port() {
  if (socket_ >= 0) ::close(socket_);
}

base::result<rtp_port> rtp_port::open(const base::socket_address& local, std::size_t receive_bytes,
                                      std::size_t send_bytes) {
  const int family = local.ip.is_v6() ? AF_INET6 : AF_INET;
  rtp_port made;
  made.socket_ = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made.socket_ < 0) return socket_error();
  const int on = 1;
  // The same port may belong to another call in IPv4.
  if (family == AF_INET6) ::setsockopt(made.socket_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (receive_bytes != 0) {
    const int bytes = static_cast<int>(std::min<std::size_t>(receive_bytes, 1U << 28U));
    ::setsockopt(made.socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  if (send_bytes != 0) {
    const int bytes = static_cast<int>(std::min<std::size_t>(send_bytes, 1U << 28U));
    ::setsockopt(made.socket_, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  detail::ip_sockaddr address;
  auto length = static_cast<socklen_t>(detail::write_sockaddr(local, address));
  if (::bind(made.socket_, &address.any, length) != 0) return socket_error();
  made.local_ = local;
  if (local.port == 0) {
    if (::getsockname(made.socket_, &address.any, &length) != 0) return socket_error();
    made.local_ = detail::read_sockaddr(address);
  }
  return made;
}

base::result<void> rtp_port::mark(std::uint8_t code_point) { return mark(socket_, code_point); }

base::result<void> rtp_port::mark(int socket, std::uint8_t code_point) {
  detail::ip_sockaddr address;
  socklen_t length = sizeof address;
  if (::getsockname(socket, &address.any, &length) != 0) return socket_error();
  const int field = code_point << 2U;
  const bool v6 = address.any.sa_family == AF_INET6;
  if (::setsockopt(socket, v6 ? int{IPPROTO_IPV6} : int{IPPROTO_IP}, v6 ? IPV6_TCLASS : IP_TOS, &field,
                   sizeof field) != 0) {
    return socket_error();
  }
  return {};
}

rtp_port_range::rtp_port_range(const base::ip_address& local, std::uint16_t low, std::uint16_t high,
                               base::random_source& random, std::size_t receive_bytes)
    : local_(local), receive_bytes_(receive_bytes) {
  for (std::uint32_t port = std::max<std::uint32_t>((low + 1U) & ~1U, 2); port + 1 <= high; port += 2) {
    free_.push_back(static_cast<std::uint16_t>(port));
  }
  size_ = free_.size();
  for (std::size_t i = free_.size(); i > 1; --i) std::swap(free_[i - 1], free_[random.uniform(i)]);
}

base::result<rtp_port_pair> rtp_port_range::open() {
  for (std::size_t tries = free_.size(); tries > 0; --tries) {
    const std::uint16_t port = free_.front();
    auto rtp = rtp_port::open({local_, port}, receive_bytes_);
    base::error_code error = rtp ? base::error_code() : rtp.error();
    if (rtp) {
      auto rtcp = rtp_port::open({local_, static_cast<std::uint16_t>(port + 1)}, receive_bytes_);
      if (rtcp) {
        free_.pop_front();
        return rtp_port_pair{std::move(*rtp), std::move(*rtcp)};
      }
      error = rtcp.error();
    }
    if (!taken_by_another(error)) return error;
    free_.pop_front();
    free_.push_back(port);
  }
  return errc::limit_reached;
}

void rtp_port_range::give_back(rtp_port_pair pair) {
  const std::uint16_t port = pair.rtp.local().port;
  pair = {};
  give_back(port);
}

void rtp_port_range::give_back(std::uint16_t port) { free_.push_back(port); }

}  // namespace parley::net
