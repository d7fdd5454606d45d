#pragma once

#include <parley/sip/hop.hpp>
#include <parley/sip/message_view.hpp>

namespace parley::proxy::detail {

/// True where whoever sent the request is reached by nothing but the way that it came by: a WebSocket client
/// (RFC 7118 5.2), one that asks for it (RFC 5626: `ob`, or `reg-id` with an instance), one whose Contact
/// names no host (`.invalid`), one over TLS whose Contact names no host that a certificate could be for, and
/// one behind a NAT, whose Contact has a private address that is not its own.
///
/// Only for a request that came straight from there: with a second Via somebody else keeps that way open.
bool is_reached_by_flow(const sip::message_view& request, const sip::hop& from) noexcept;

/// True where the request has that option tag in Supported or Require.
bool supports(const sip::message_view& request, std::string_view option) noexcept;

}  // namespace parley::proxy::detail
