#pragma once

#include <parley/base/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::net::detail {

/// Where the head of an HTTP message ends, the empty line included; 0 where it has not ended yet. A line may
/// end in LF alone (RFC 9112 2.2).
std::size_t end_of_head(std::string_view bytes) noexcept;

/// What a WebSocket server has answered to our upgrade, as Beast takes it: without the oddities of servers
/// that mean what RFC 6455 4.2.2 has them say. No reason or another than usual, lines that end in LF, folded
/// fields, fields that come twice where they are lists, and whatever else a server wants to tell. Beast
/// compares Sec-WebSocket-Accept with its key.
///
/// *Errors:* a status other than 101, a version other than HTTP/1.1, what is no HTTP, and
/// `errc::not_asked_for` for a subprotocol other than `sip`, or an extension unless it is
/// `permessage-deflate` and `compression` was offered (RFC 6455 4.1). Close.
base::result<std::string> plain_upgrade_answer(std::string_view head, bool compression);

}  // namespace parley::net::detail
