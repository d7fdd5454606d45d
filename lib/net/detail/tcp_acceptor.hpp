#pragma once

#include <parley/base/timer_wheel.hpp>

#include "net/detail/transport_core.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>

namespace parley::net::detail {

/// One listening TCP socket. When the system is out of descriptors or memory it stops accepting for a while,
/// because trying again at once would fail again and never let go of the processor.
class tcp_acceptor final : public timed, public std::enable_shared_from_this<tcp_acceptor> {
 public:
  tcp_acceptor(std::shared_ptr<transport_core> core, asio::ip::tcp::acceptor acceptor, std::uint16_t index);

  static base::result<asio::ip::tcp::acceptor> open(const asio::any_io_executor& executor,
                                                    const listener_options& options);

  void start() { wait(); }
  void close() noexcept;

  void handle_timeout(base::time_point now) override;

 private:
  void wait();
  void handle_readable(const base::error_code& error);
  bool accept_one();
  void add(asio::ip::tcp::socket accepted);

  std::shared_ptr<transport_core> core_;
  asio::ip::tcp::acceptor acceptor_;
  base::timer back_off_;
  base::time_point quiet_until_{};  // nothing is logged about back-offs
  std::uint16_t index_;
  bool closed_ = false;
};

}  // namespace parley::net::detail
