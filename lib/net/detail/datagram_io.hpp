#pragma once

#include <parley/base/address.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/sip/hop.hpp>

#include <boost/asio/ip/udp.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace parley::net::detail {

namespace asio = boost::asio;

/// Receives datagrams in batches into pooled buffers. One serves all sockets of a shard, because they are
/// read one after the other.
///
/// Each slot of a batch has a buffer of 2 KiB from the pool and, behind it, 64 KiB of its own that are used
/// by larger datagrams only. So nearly every datagram is handed on in the buffer in which the system put it,
/// the largest arrive whole, and a message that is kept holds no more than its size class.
class datagram_receiver {
 public:
  datagram_receiver(base::buffer_pool& pool, std::size_t batch);
  ~datagram_receiver();
  datagram_receiver(const datagram_receiver&) = delete;
  datagram_receiver& operator=(const datagram_receiver&) = delete;

  /// Takes what has arrived, at most a batch, and returns how many slots it filled; 0 with an error.
  /// What the slots held before is gone.
  std::size_t receive(asio::ip::udp::socket& socket, base::error_code& error);

  /// Of a slot that the last `receive` filled.
  std::size_t size(std::size_t slot) const noexcept;
  base::socket_address from(std::size_t slot) const noexcept;
  /// The first bytes, up to 2 KiB.
  std::span<const std::byte> head(std::size_t slot) const noexcept;
  /// The datagram; once a slot. Empty, without a block, where the pool has none.
  base::packet_buffer take(std::size_t slot) noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Sends datagrams in batches; one serves all sockets of a shard. A test may put a network in its place that
/// takes nothing, which loopback never is.
class datagram_sender {
 public:
  explicit datagram_sender(std::size_t batch);
  virtual ~datagram_sender();
  datagram_sender(const datagram_sender&) = delete;
  datagram_sender& operator=(const datagram_sender&) = delete;

  /// Sends from the front of `messages`, which is not empty, and returns how many the system took. That is
  /// none only with an error, which is the first message's.
  virtual std::size_t send(asio::ip::udp::socket& socket, std::span<const sip::outgoing> messages,
                           base::error_code& error) noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// How full the receive buffer of the socket is, 0 to 1; 0 where the system does not tell.
double receive_backlog(asio::ip::udp::socket& socket) noexcept;

}  // namespace parley::net::detail
