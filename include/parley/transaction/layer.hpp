#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/result.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/hop.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>
#include <parley/transaction/branch.hpp>
#include <parley/transaction/error.hpp>
#include <parley/transaction/response.hpp>
#include <parley/transaction/timers.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace parley::transaction {

/// Names a transaction of one layer; 0 names none. An id is never used again, so a stale one is harmless.
enum class server_id : std::uint64_t { none = 0 };
/// Names a client transaction of one layer; see `server_id`.
enum class client_id : std::uint64_t { none = 0 };

/// Timers and bounds of a layer.
struct layer_options {
  transaction::timers timers;
  /// Transactions of each side that may exist at once, finished ones that still absorb retransmissions
  /// included. The layer's own CANCELs come on top: at most one for each client transaction.
  std::size_t max_server_transactions = 400'000;
  std::size_t max_client_transactions = 400'000;
  /// INVITE server transactions without a final response: what a flood of calls that nobody answers can take
  /// up.
  std::size_t max_pending_invites = 20'000;
  /// Outgoing messages, and events, that wait to be polled; at least 8.
  std::size_t max_queue = 4096;
  /// Report requests that reached us over two paths (RFC 3261 8.2.2.2). For user agents; a proxy forwards
  /// such requests.
  bool detect_merged = false;
  /// Goes into each branch, so that a response finds the shard that waits for it.
  std::uint16_t shard = 0;
};

/// What a received message turned out to be.
struct received {
  enum class kind : std::uint8_t {
    absorbed,  ///< a retransmission or a late message; nothing is to be done
    request,   ///< a new request: `accept` it, or answer it without a transaction
    merged,    ///< a new request that is the twin of `server`: answer 482
    ack,       ///< an ACK for a 2xx; `server` is its INVITE where that has the same branch
    cancel,    ///< a new CANCEL, to be accepted like a request; `server` is the INVITE that it means, `none`
               ///< for no such
    response,  ///< a response for `client`
    stray_response,  ///< a response that no transaction waits for
    malformed,       ///< Via or CSeq can't be read
  };
  kind what = kind::absorbed;
  server_id server = server_id::none;
  client_id client = client_id::none;
  std::uint64_t user = 0;  ///< the user's number of `server` or `client`
  sip::via_header via;     ///< the topmost Via, where it could be read
  sip::cseq_header cseq;
  sip::parse_error error;  ///< for `malformed`
  base::hash128 key;       ///< of a request, for `accept`
  base::hash128 merge_key;
};

/// Something that happened to a transaction without a message coming in.
struct event {
  enum class kind : std::uint8_t {
    none,
    server_no_ack,            ///< no ACK came for a final response other than 2xx (timer H)
    server_expired,           ///< the client has given up on a non-INVITE request (RFC 4320)
    server_transport_failed,  ///< a response could not be sent; the transaction goes on, and wants its final
                              ///< response still
    server_ended,             ///< the transaction is gone; its id is void
    client_timed_out,         ///< no final response came in time: treat as 408
    client_deadline,          ///< what `set_deadline` armed has passed; the transaction goes on
    client_transport_failed,  ///< the request, or the ACK for its final response, could not be sent: without
                              ///< one, treat as 503
    client_ended,             ///< the transaction is gone; its id is void
  };
  kind what = kind::none;
  server_id server = server_id::none;
  client_id client = client_id::none;
  std::uint64_t user = 0;
};

/// What a layer has counted since its start.
struct layer_counters {
  std::uint64_t absorbed = 0;       ///< received messages that the user heard nothing of
  std::uint64_t retransmitted = 0;  ///< messages sent again
  std::uint64_t stray_responses = 0;
  std::uint64_t malformed = 0;
  std::uint64_t deferred = 0;  ///< times that a transaction had to wait because the queues were full
  std::uint64_t refused = 0;   ///< transactions refused because of a limit
};

/// The transaction layer (RFC 3261 17): finds the transaction that a message belongs to, runs the four
/// machines, repeats messages over datagrams, and keeps what they need to do so. A user, a proxy core or a
/// user agent core, sits above; a driver with sockets and a clock sits below:
///
/// ```cpp
/// auto got = layer.handle_message(now, view);                  // a datagram or framed message came in
/// if (got.what == received::kind::request) {
///   auto id = layer.accept(now, from, view, buffer, got, my_number);
///   layer.respond(now, *id, 200, response);
/// }
/// while (layer.poll_transmit(out)) socket.send(out);           // after each call that may send
/// while (layer.poll_event(e)) …
/// wait_until(layer.poll_timeout()); layer.handle_timeout(now);
/// ```
///
/// Nothing is lost when the queues are full: what a transaction wants to send or report waits inside it, and
/// `poll_timeout` is due until the queues have been polled and `handle_timeout` has been called.
///
/// *Ownership:* keeps references to the buffers that it is given; the views in `received` live as long as the
/// message does. The pool outlives the layer; the random source is used by the constructor only. One thread
/// only.
class layer {
 public:
  PARLEY_API layer(const layer_options& options, base::buffer_pool& pool, base::random_source& random,
                   base::time_point now);
  PARLEY_API ~layer();
  layer(const layer&) = delete;
  layer& operator=(const layer&) = delete;

  PARLEY_API std::size_t server_count() const noexcept;
  PARLEY_API std::size_t client_count() const noexcept;
  PARLEY_API std::size_t pending_invites() const noexcept;
  PARLEY_API const layer_counters& counters() const noexcept;

  /// A branch that no one else has or can guess, for the next client transaction. `mark` is carried in it,
  /// readable.
  PARLEY_API branch make_branch(std::uint32_t mark = 0) noexcept;
  /// A tag for responses to the request with that server key: the same for each response of a transaction.
  PARLEY_API branch make_tag(const received& request, const sip::message_view& view) noexcept;

  /// Takes in one message and says what it is. What belongs to a transaction already is dealt with.
  PARLEY_API received handle_message(base::time_point now, const sip::message_view& view);

  /// Starts the server transaction for a request that `handle_message` reported as `request`, `merged` or
  /// `cancel`, in `what`: `view` indexes `data`, which came by `from`. `user` comes back in everything that
  /// is reported about it. *Errors:* `too_many_transactions`: answer 503 without one. `duplicate_branch`
  /// where it was accepted already, `bad_message` for an ACK: do nothing.
  PARLEY_API base::result<server_id> accept(base::time_point now, const sip::hop& from,
                                            const sip::message_view& view, const base::packet_buffer& data,
                                            const received& what, std::uint64_t user);

  /// Sends a response with status `status`. It goes where the topmost Via of the request says.
  /// *Errors:* `unknown_transaction`, `already_final`, `not_for_non_invite`, `queue_full`; `bad_message` for
  /// an empty buffer or a status outside 100 to 699.
  PARLEY_API base::result<void> respond(base::time_point now, server_id id, int status,
                                        base::packet_buffer response);
  /// Makes a response from the request (see `make_response`) and sends it. *Errors:* as `respond`, and
  /// `no_buffer`.
  PARLEY_API base::result<void> answer(base::time_point now, server_id id, int status,
                                       const response_options& options = {});

  /// Sends a request in a new client transaction. `data` holds the message with `branch` in its topmost Via;
  /// `method` is its method. *Errors:* `too_many_transactions`, `duplicate_branch`, `queue_full`;
  /// `bad_message` for an empty buffer or an ACK, which has no transaction: `send` it.
  PARLEY_API base::result<client_id> request(base::time_point now, const sip::hop& to,
                                             base::packet_buffer data, std::string_view method,
                                             std::string_view branch, std::uint64_t user);

  /// Cancels a pending INVITE (RFC 3261 9.1): sends CANCEL at once where a provisional response has come,
  /// else as soon as one comes, not at all where a final response is first. If no final response comes within
  /// 64 T1 of the CANCEL, the INVITE times out. What becomes of the CANCEL itself is not reported. *Errors:*
  /// `unknown_transaction` where it has a final response, has ended or is no INVITE; `no_buffer` where the
  /// CANCEL can't be made: call again later.
  PARLEY_API base::result<void> cancel(base::time_point now, client_id id);

  /// Arms one deadline of the user's for a client transaction that waits for its final response, in the place
  /// of an earlier one: timer C of a proxy, say. `base::never` disarms.
  PARLEY_API void set_deadline(client_id id, base::time_point at);

  /// Queues a message that belongs to no transaction. *Errors:* `queue_full`.
  PARLEY_API base::result<void> send(const sip::hop& to, base::packet_buffer data);

  /// The request of a server transaction that has no final response yet, and where it came from; an empty
  /// buffer otherwise.
  PARLEY_API base::packet_buffer request_of(server_id id) const noexcept;
  PARLEY_API sip::hop source_of(server_id id) const noexcept;
  /// The user's number of a transaction, 0 where it is gone.
  PARLEY_API std::uint64_t user_of(server_id id) const noexcept;

  /// The message with that ticket could not be sent (RFC 3261 17.1.4, 17.2.4).
  PARLEY_API void handle_send_failure(base::time_point now, std::uint64_t ticket);

  /// The message with that ticket goes by the connection `flow`, a number of the driver's that it never gives
  /// twice; again for the same ticket where it went by another after all. Drivers that do not say so have
  /// their requests wait for timers B and F when a connection ends.
  PARLEY_API void handle_sent(std::uint64_t ticket, std::uint64_t flow);
  /// That connection has ended. Requests that went by it and have no response fail like those that could not
  /// be sent. An INVITE with a provisional response goes on: the peer has it, and opens a connection for the
  /// rest (RFC 3261 18.2.2). Takes time in proportion to the requests that fail.
  PARLEY_API void handle_flow_closed(base::time_point now, std::uint64_t flow);

  /// Runs timers that are due. Where the queues run full it stops, and `poll_timeout` is due still: poll,
  /// then call again.
  PARLEY_API void handle_timeout(base::time_point now);
  PARLEY_API base::time_point poll_timeout() const noexcept;

  PARLEY_API bool poll_transmit(sip::outgoing& out);
  PARLEY_API bool poll_event(event& out);

 private:
  class implementation;
  std::unique_ptr<implementation> impl_;
};

}  // namespace parley::transaction
