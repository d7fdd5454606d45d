#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/transaction/error.hpp>

namespace parley::transaction {

/// The ACK for a final response other than 2xx to `invite`, as it was sent: same Request-URI, topmost Via,
/// Route, From and Call-ID; To of the response (RFC 3261 17.1.1.3). *Errors:* `no_buffer` where the pool
/// gives none; `bad_message` where `invite` lacks a needed header.
PARLEY_API base::result<base::packet_buffer> make_ack(base::buffer_pool& pool,
                                                      const sip::message_view& invite,
                                                      const sip::message_view& response);

/// The CANCEL for `request`, as it was sent (RFC 3261 9.1). *Errors:* as `make_ack`.
PARLEY_API base::result<base::packet_buffer> make_cancel(base::buffer_pool& pool,
                                                         const sip::message_view& request);

}  // namespace parley::transaction
