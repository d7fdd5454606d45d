#pragma once

#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/hop.hpp>

#include <cstdint>

namespace parley::net {

/// What the owner of a `transport_set` implements. Its functions are called from the executor, never from
/// inside a function of the set; in each of them the owner may call any function of the set, and destroy it.
///
/// *Ownership:* buffers are the owner's, to keep as long as it likes. Every one is the only handle to its
/// block.
class transport_handler {
 public:
  transport_handler() = default;
  transport_handler(const transport_handler&) = delete;
  transport_handler& operator=(const transport_handler&) = delete;
  virtual ~transport_handler() = default;

  /// One whole message: a datagram, or what the framing cut from a stream. It has not been parsed. An answer
  /// on the same way goes to `from` as it is; `from.flow` names the connection of a stream.
  virtual void handle_message(base::time_point now, const sip::hop& from, base::packet_buffer message) = 0;

  /// A stream can't be cut into messages any more. `head` is what stands where the next message should. The
  /// owner may send an answer to `from` until the end of this batch; the connection closes behind it.
  virtual void handle_framing_error(base::time_point now, const sip::hop& from, sip::parse_error error,
                                    base::packet_buffer head) = 0;

  /// What was sent with the ticket of `lost` did not go out. On a stream it may have gone out in part. The
  /// message itself is gone: `lost.data` is empty.
  virtual void handle_send_failure(base::time_point now, const sip::outgoing& lost,
                                   base::error_code error) = 0;

  /// What had been queued on a connection that has ended since, and not a byte of it had gone out, goes by
  /// another one, `sent.to.flow`: once for each message, and not where `only_flow` forbids it. The message
  /// itself is not shown: `sent.data` is empty.
  virtual void handle_moved([[maybe_unused]] base::time_point now,
                            [[maybe_unused]] const sip::outgoing& sent) {}

  /// A connection that was open has ended; `flow.flow` will never be used again. Comes after what was
  /// queued on it has failed or moved.
  virtual void handle_closed(base::time_point now, const sip::hop& flow, base::error_code why) = 0;

  /// A UDP pair that `transport_set::keep_alive` kept has failed, by `errc::no_pong`, `errc::mapping_changed`
  /// or `errc::keep_alive_refused`, and is no longer kept. Nothing was closed: messages still go to that
  /// address, but it is not to be relied on that the peer reaches us over it. Connections that fail so come
  /// through `handle_closed`.
  virtual void handle_flow_failed(base::time_point now, const sip::hop& flow, base::error_code why) = 0;

  /// Everything of one wake-up has been handed over. The owner drains its machine and calls
  /// `transport_set::send` for what that gives; the set sends it all when this returns.
  virtual void handle_batch_end(base::time_point now) = 0;
};

}  // namespace parley::net
