#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>
#include <parley/net/rtp_port.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace parley::net {

/// How datagrams get in and out of the system.
enum class rtp_engine : std::uint8_t {
  automatic,  ///< `uring` where the library was built with liburing and the kernel lets it, else `batches`
  uring,      ///< io_uring with multishot receives: one system call for all ports (Linux 6.0)
  batches,    ///< epoll, recvmmsg, sendmmsg; elsewhere than on Linux poll, recvfrom and sendto
};

/// "automatic", "uring", "batches".
PARLEY_API std::string_view to_string(rtp_engine engine) noexcept;

/// Bounds and sizes of an `rtp_io`.
struct rtp_io_options {
  rtp_engine engine = rtp_engine::automatic;
  std::size_t max_ports = 16384;
  /// Datagrams that may have arrived and not been handled yet, over all ports; a power of two.
  std::size_t buffers = 1024;
  /// The largest datagram that is taken; a longer one is dropped and counted.
  std::size_t max_datagram = 1600;
  /// Room that each packet has before and behind it: for what is added when it is encrypted.
  std::size_t headroom = 64;
  std::size_t tailroom = 160;
  /// Datagrams that wait to be sent together.
  std::size_t batch = 256;
};

/// Under this a port is known to its `rtp_io`. Never 0, and no other port gets it when its own is gone.
enum class rtp_port_id : std::uint64_t {};

/// Who takes the datagrams of an `rtp_io`.
class PARLEY_API rtp_handler {
 public:
  rtp_handler() = default;
  rtp_handler(const rtp_handler&) = delete;
  rtp_handler& operator=(const rtp_handler&) = delete;
  virtual ~rtp_handler();

  /// `tag` is what `add` was given. The packet is the buffer in which the system put it, with the room that
  /// the options name around it: change it in place and `send` it on, or keep it. May add, remove and send.
  virtual void handle_datagram(base::time_point now, std::uint64_t tag, base::packet_buffer packet,
                               const base::socket_address& from) = 0;

  /// `notify` was called, once or more.
  virtual void handle_notification(base::time_point now) = 0;
};

/// What an `rtp_io` has seen.
struct rtp_io_counters {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t truncated = 0;    ///< longer than `max_datagram`: dropped
  std::uint64_t no_buffer = 0;    ///< times at which all buffers were in use; the system keeps what arrives
  std::uint64_t send_errors = 0;  ///< the system refused them
};

/// Receives and sends the datagrams of many ports on one thread, in batches, without copying and, in the
/// steady state, without allocating. It is not an Asio object: a relay runs one on each of its threads, a
/// program with an event loop watches `wait_handle`.
///
/// *Ownership:* owns its ports. The handler outlives it. Packets may outlive it; they stay on its thread.
/// All calls but `notify` are made on one thread.
class PARLEY_API rtp_io {
 public:
  /// *Errors:* the system's; where `uring` is asked for by name, also that it is not to be had.
  static base::result<std::unique_ptr<rtp_io>> create(rtp_handler& handler,
                                                      const rtp_io_options& options = {});
  ~rtp_io();
  rtp_io(const rtp_io&) = delete;
  rtp_io& operator=(const rtp_io&) = delete;

  /// The engine in use, never `automatic`.
  rtp_engine engine() const noexcept;

  /// Takes what arrives at `port`. *Errors:* `errc::limit_reached` beyond `max_ports`, else the system's.
  base::result<rtp_port_id> add(rtp_port port, std::uint64_t tag);

  /// Closes the port. What has arrived and was not handled yet is dropped.
  void remove(rtp_port_id id);

  /// Where the port is, nullptr where it is gone.
  const base::socket_address* local(rtp_port_id id) const noexcept;

  /// Queues a datagram, which leaves with the others of its batch: at the end of `poll`, at `flush`, or
  /// where the queue is full. What the system has no room for is dropped and counted, as networks do.
  /// *Errors:* `errc::closed` where the port is gone, `errc::wrong_family`.
  base::result<void> send(rtp_port_id from, base::packet_buffer packet, const base::socket_address& to);
  void flush();

  /// Waits until `enough` datagrams have arrived or `patience` is over, but not where `patience` is 0; hands
  /// on what there is, and sends what the handler queued. Returns how many datagrams it handed on.
  ///
  /// On a busy relay an `enough` of 16 and a patience of a millisecond cost each packet a quarter of a
  /// millisecond and save most of the wake-ups. `notify` counts as one of `enough`, and so may all datagrams
  /// that have come to one port.
  std::size_t poll(std::size_t enough, base::duration patience);

  /// Ends a wait, or the next, and has `handle_notification` called there. From any thread.
  void notify() noexcept;

  /// Readable while `poll` would not wait.
  int wait_handle() const noexcept;

  /// Packets of other origin that are to be sent: copies into this come with the room of the options.
  base::buffer_pool& pool() noexcept;

  const rtp_io_counters& counters() const noexcept;

  /// What each of the engines is.
  class backend;

 private:
  explicit rtp_io(std::unique_ptr<backend> chosen);
  std::unique_ptr<backend> backend_;
};

}  // namespace parley::net
