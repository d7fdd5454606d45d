#pragma once

#include "net/detail/transport_core.hpp"

#include <boost/asio/ip/udp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace parley::net::detail {

/// One UDP socket: receives batches for the owner, and sends from a bounded queue.
class udp_listener final : public flushable, public std::enable_shared_from_this<udp_listener> {
 public:
  /// `socket` is bound and does not block.
  udp_listener(std::shared_ptr<transport_core> core, asio::ip::udp::socket socket, std::uint16_t index,
               const base::socket_address& local);

  static base::result<asio::ip::udp::socket> open(const asio::any_io_executor& executor,
                                                  const listener_options& options);

  void start() { wait_readable(); }
  /// See `transport_set`.
  double receive_backlog() noexcept { return detail::receive_backlog(socket_); }
  void send(sip::outgoing&& message);
  void flush() override;
  void close() noexcept;

 private:
  void wait_readable();
  void handle_readable(const base::error_code& error);
  void deliver(base::time_point now, std::size_t count);
  bool handle_stun(base::time_point now, const base::socket_address& from, std::span<const std::byte> head);
  void send_queued();
  void wait_writable();
  void drop_front(base::error_code why);

  std::shared_ptr<transport_core> core_;
  asio::ip::udp::socket socket_;
  base::socket_address local_;
  std::uint16_t index_;
  bool closed_ = false;
  bool dirty_ = false;
  bool blocked_ = false;  // the system takes no more until the socket is writable
  std::vector<sip::outgoing> queue_;
  std::size_t front_ = 0;  // messages at the front of queue_ that are done with
};

}  // namespace parley::net::detail
