#pragma once

#include <parley/base/address.hpp>

#include "net/detail/byte_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace parley::net::detail {

class tcp_stream final : public byte_stream {
 public:
  /// Around a socket that a peer has connected.
  explicit tcp_stream(asio::ip::tcp::socket accepted);

  /// `open` connects `socket`, which is open and may be bound, to `remote`.
  tcp_stream(asio::ip::tcp::socket socket, const base::socket_address& remote);

  void open(std::shared_ptr<stream_user> user) override;
  std::size_t read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) override;
  std::size_t write_some(std::span<const asio::const_buffer> from, base::error_code& error) override;
  void wait_readable(std::shared_ptr<stream_user> user) override;
  void wait_writable(std::shared_ptr<stream_user> user) override;
  void finish_writing() noexcept override;
  void close() noexcept override;

 private:
  void set_options() noexcept;
  void forget_writable() noexcept;

  asio::ip::tcp::socket socket_;
  base::socket_address remote_;
  bool connected_ = false;
};

}  // namespace parley::net::detail
