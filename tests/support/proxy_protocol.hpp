#pragma once

#include <parley/base/address.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::test {

/// A header of the PROXY protocol, version 2: `version_command` and `family` as they stand in it, then the
/// length of `rest`, then `rest`.
inline std::string proxy_header_bytes(unsigned version_command, unsigned family, std::string_view rest) {
  std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
  out += static_cast<char>(version_command);
  out += static_cast<char>(family);
  out += static_cast<char>(rest.size() >> 8U);
  out += static_cast<char>(rest.size() & 0xFFU);
  return out.append(rest);
}

inline std::string address_bytes(const base::ip_address& ip) {
  if (ip.is_v4()) {
    const auto bytes = ip.to_v4_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = ip.to_v6_bytes();
  return {bytes.begin(), bytes.end()};
}

inline std::string port_bytes(std::uint16_t port) {
  return {static_cast<char>(port >> 8U), static_cast<char>(port & 0xFFU)};
}

/// What a load balancer sends for a client at `source`, perhaps with TLVs.
inline std::string proxy_header_for(const base::socket_address& source, std::string_view extensions = {}) {
  const bool v4 = source.ip.is_v4();
  const base::ip_address to = v4 ? base::ip_address::loopback_v4() : base::ip_address::loopback_v6();
  return proxy_header_bytes(0x21, v4 ? 0x11U : 0x21U,
                            address_bytes(source.ip) + address_bytes(to) + port_bytes(source.port) +
                                port_bytes(5060) + std::string(extensions));
}

/// What it sends for itself.
inline std::string proxy_header_local() { return proxy_header_bytes(0x20, 0, {}); }

inline std::string tlv(unsigned type, std::string_view value) {
  std::string out(1, static_cast<char>(type));
  out += static_cast<char>(value.size() >> 8U);
  out += static_cast<char>(value.size() & 0xFFU);
  return out.append(value);
}

}  // namespace parley::test
