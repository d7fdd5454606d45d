#pragma once

#include <parley/base/address.hpp>
#include <parley/stun/message_view.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::net::detail {

/// An answer to a STUN request. `bytes` is empty where none is due.
struct binding_answer {
  std::span<const std::byte> bytes;
  bool refused = false;  ///< an error response
};

/// As long as any answer.
inline constexpr std::size_t max_binding_answer = 96;

/// The limited STUN server that stands beside SIP on a UDP port (RFC 5626 8, RFC 8489 6.3.1): tells `from`
/// the address that it comes from. It asks for no credentials, and says no more than it has to, so that it
/// is of no use to who forges addresses: 12 bytes more than it was asked with over IPv4, 24 over IPv6.
///
/// *Ownership:* writes into `out`, of at least `max_binding_answer` bytes, which `bytes` refers to.
binding_answer answer_binding(const stun::message_view& request, const base::socket_address& from,
                              std::span<std::byte> out) noexcept;

}  // namespace parley::net::detail
