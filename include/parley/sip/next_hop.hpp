#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/sip/transport.hpp>
#include <parley/sip/uri.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::sip {

/// What a SIP URI says about where a request for it is sent (RFC 3263 4, RFC 3261 18.1.1).
///
/// *Ownership:* views into the URI.
struct next_hop {
  std::string_view host;                ///< its `maddr` where it has one
  std::uint16_t port = 0;               ///< 0 where none is written
  std::optional<sip::transport> asked;  ///< nothing where none is written
  bool secure = false;                  ///< over TLS, and nothing else
  std::optional<base::ip_address> ip;   ///< of a numeric host: nothing is to be looked up
  transport over = transport::udp;      ///< for a numeric host; `other` where TLS has no such transport

  /// Where it goes, with a numeric host.
  base::socket_address address() const noexcept {
    return {ip->unmapped(), port != 0 ? port : default_port(over)};
  }

  /// `secure` where something else than the scheme wants TLS. With `ignore_maddr` the `maddr`, port and
  /// transport count as if they were not there (RFC 3261 16.4).
  PARLEY_API static next_hop of(const uri_view& uri, bool secure = false, bool ignore_maddr = false) noexcept;
};

/// The transport that a sips URI means by `named`, which is what lies below TLS (RFC 3261 26.2.2); `other`
/// where there is none.
PARLEY_API transport secured(transport named) noexcept;

/// False for an address that is nobody's, or that means more than one host.
PARLEY_API bool is_single_host(const base::ip_address& ip) noexcept;

}  // namespace parley::sip
