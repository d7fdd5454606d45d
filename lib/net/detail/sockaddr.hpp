#pragma once

#include <parley/base/address.hpp>

#include <boost/asio/detail/socket_types.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include <bit>
#include <cstdint>
#include <cstring>

namespace parley::net::detail {

namespace asio = boost::asio;

/// A socket address as the system has it, without the room that no IP address needs.
union ip_sockaddr {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

constexpr std::uint16_t network_order(std::uint16_t value) noexcept {
  if constexpr (std::endian::native == std::endian::big) return value;
  return static_cast<std::uint16_t>(value << 8U | value >> 8U);
}

constexpr std::uint32_t network_order(std::uint32_t value) noexcept {
  if constexpr (std::endian::native == std::endian::big) return value;
  return value << 24U | (value & 0xFF00U) << 8U | (value >> 8U & 0xFF00U) | value >> 24U;
}

/// Writes `from` and returns how many bytes of `to` it takes.
inline std::size_t write_sockaddr(const base::socket_address& from, ip_sockaddr& to) noexcept {
  if (from.ip.is_v4()) {
    to.v4 = {};
    to.v4.sin_family = AF_INET;
    to.v4.sin_port = network_order(from.port);
    to.v4.sin_addr.s_addr = network_order(from.ip.to_v4());
    return sizeof to.v4;
  }
  to.v6 = {};
  to.v6.sin6_family = AF_INET6;
  to.v6.sin6_port = network_order(from.port);
  to.v6.sin6_scope_id = from.ip.scope();
  const base::ip_address::v6_bytes bytes = from.ip.to_v6_bytes();
  std::memcpy(&to.v6.sin6_addr, bytes.data(), bytes.size());
  return sizeof to.v6;
}

/// 0.0.0.0:0 for families other than IP.
inline base::socket_address read_sockaddr(const ip_sockaddr& from) noexcept {
  if (from.any.sa_family == AF_INET) {
    return {base::ip_address::v4(network_order(static_cast<std::uint32_t>(from.v4.sin_addr.s_addr))),
            network_order(from.v4.sin_port)};
  }
  if (from.any.sa_family == AF_INET6) {
    base::ip_address::v6_bytes bytes;
    std::memcpy(bytes.data(), &from.v6.sin6_addr, bytes.size());
    return {base::ip_address::v6(bytes, from.v6.sin6_scope_id), network_order(from.v6.sin6_port)};
  }
  return {};
}

inline asio::ip::address to_asio(const base::ip_address& from) {
  if (from.is_v4()) return asio::ip::address_v4(from.to_v4());
  return asio::ip::address_v6(from.to_v6_bytes(), from.scope());
}

/// `Protocol` is asio::ip::udp or asio::ip::tcp.
template <class Protocol>
typename Protocol::endpoint to_endpoint(const base::socket_address& from) {
  return {to_asio(from.ip), from.port};
}

template <class Endpoint>
base::socket_address from_endpoint(const Endpoint& from) noexcept {
  const asio::ip::address address = from.address();
  if (address.is_v4()) return {base::ip_address::v4(address.to_v4().to_uint()), from.port()};
  const asio::ip::address_v6 v6 = address.to_v6();
  return {base::ip_address::v6(v6.to_bytes(), static_cast<std::uint32_t>(v6.scope_id())), from.port()};
}

}  // namespace parley::net::detail
