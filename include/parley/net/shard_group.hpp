#pragma once

#include <parley/base/api.hpp>
#include <parley/base/log.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/net/transport_handler.hpp>
#include <parley/sip/hop.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace parley::net {

namespace asio = boost::asio;

/// How many shards a `shard_group` has, and what may wait for each.
struct shard_options {
  std::size_t count = 1;                ///< shards, and threads
  std::size_t mailbox_messages = 4096;  ///< that wait a shard, rounded up to a power of two
};

/// N shards: an io_context on a thread of its own each, and a mailbox through which the others hand it
/// messages that the system delivered to the wrong one.
///
/// Everything that lives on a shard (its pool, its sockets, its machine) is used by its thread only. The
/// order of things: make the group; make what lives on shard i on `context(i)`; `attach`; `start`; in the end
/// `stop`, after which no thread of the group runs; destroy what lives on the shards; destroy the group.
class PARLEY_API shard_group {
 public:
  explicit shard_group(const shard_options& options, base::log_sink& log = base::null_sink());
  /// Stops.
  ~shard_group();

  shard_group(const shard_group&) = delete;
  shard_group& operator=(const shard_group&) = delete;

  std::size_t size() const noexcept;

  /// The shard's context. Its sockets and timers are used by the shard's thread only, because it does not
  /// lock them; posting to it is allowed from everywhere.
  asio::io_context& context(std::size_t shard) noexcept;

  /// Sends what another shard can't, because the flow lives here.
  using carrier = std::function<void(base::time_point now, sip::outgoing message)>;

  /// Who gets what the other shards hand over, in buffers from `pool`: received messages go to
  /// `handler.handle_message`, those to be sent to `carry`, and after the last one that waits comes
  /// `handler.handle_batch_end`. Before `start`, or on the shard's thread; nullptr for `handler` ends it.
  void attach(std::size_t shard, transport_handler* handler, base::buffer_pool* pool, carrier carry = {});

  /// Starts the threads. *Errors:* throws `std::system_error` where the system gives no thread.
  void start();

  /// Hands a message to another shard, which gets a copy. Any thread. False when its mailbox is full or the
  /// group has stopped: the message is dropped and counted, as the network would drop it.
  bool hand_over(std::size_t to, const sip::hop& from, std::span<const std::byte> message) noexcept;
  /// The same with a message that is to be sent by a flow of that shard.
  bool send_over(std::size_t to, const sip::outgoing& message) noexcept;

  /// Runs `task` on a shard's thread, soon. Any thread.
  void post(std::size_t shard, std::function<void()> task);

  /// Ends all threads and waits for them. What waits in mailboxes and contexts is not handled any more. Not
  /// from a shard's thread. A second call does nothing.
  void stop() noexcept;

  /// Messages handed to that shard, and those that its mailbox had no room for. Any thread.
  std::uint64_t handed_over(std::size_t shard) const noexcept;
  std::uint64_t dropped(std::size_t shard) const noexcept;

 private:
  struct shard;
  std::unique_ptr<std::unique_ptr<shard>[]> shards_;
  std::size_t count_;
  base::log_sink& log_;
  bool started_ = false;
};

}  // namespace parley::net
