#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/parameters.hpp>
#include <parley/sip/transport.hpp>
#include <parley/sip/uri.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::sip {

/// One element of Via (RFC 3261 20.42, RFC 3581):
///
///     SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK8f3d2a9c;rport=50612;received=198.51.100.7
///
/// A Via without branch comes from a peer of RFC 2543 and is taken (RFC 4475 3.4.1).
///
/// *Ownership:* views into the text that was parsed. New parameters go to the end of `raw`.
struct via_header {
  static constexpr header_id id = header_id::via;

  std::string_view raw;       ///< the whole element, to the end of its last parameter
  std::string_view protocol;  ///< `SIP/2.0` as written, perhaps with white space around the slash
  std::string_view transport_name;
  std::string_view sent_by;  ///< host and port as written
  std::string_view host;     ///< as written: an IPv6 address has its brackets
  std::string_view branch;   ///< empty where there is none
  std::string_view received;
  std::string_view maddr;
  std::string_view rport_value;  ///< as written; empty, and right behind the name, where `rport` has no value
  sip::parameters parameters;
  std::uint16_t port = 0;   ///< 0 where none is written
  std::uint16_t rport = 0;  ///< 0 where it has no value
  bool has_rport = false;   ///< RFC 3581 3: with value, or as a request for one
  sip::transport transport = sip::transport::other;
  sip::host_kind host_kind = sip::host_kind::none;
  std::optional<std::uint8_t> ttl;

  via_header() noexcept {}  // NOLINT(modernize-use-equals-default): as in uri_view

  PARLEY_API static bool read(cursor& in, via_header& out) noexcept;

  /// True where the branch is unique by RFC 3261 8.1.1.7, so that it identifies the transaction.
  bool has_magic_cookie() const noexcept {
    return branch.size() > 7 && iequals(branch.substr(0, 7), "z9hG4bK");
  }

  /// The address of sent-by where it is one.
  PARLEY_API std::optional<base::ip_address> ip() const noexcept;
  /// The value of `received` where it is an address, with or without brackets.
  PARLEY_API std::optional<base::ip_address> received_ip() const noexcept;

  std::uint16_t port_or_default() const noexcept { return port != 0 ? port : default_port(transport); }
};

}  // namespace parley::sip
