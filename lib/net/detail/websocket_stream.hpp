#pragma once

#include <parley/net/websocket_options.hpp>

#include "net/detail/byte_stream.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace parley::net::detail {

/// WebSocket over another stream (RFC 6455, RFC 7118): each write is a message, and each message is read
/// whole.
///
/// A server's `open` reads the HTTP request. Where that asks for no WebSocket it is answered, which the user
/// is told by `handle_answering`, and `open` fails with `errc::served_http` once the client has gone.
class websocket_stream final : public byte_stream {
 public:
  static std::unique_ptr<websocket_stream> accept(std::unique_ptr<byte_stream> below,
                                                  const asio::any_io_executor& executor,
                                                  std::shared_ptr<const websocket_options> options,
                                                  std::size_t max_message);
  /// `host` is what the request's Host says: the name from the URI, with the port where it is not the usual
  /// one.
  static std::unique_ptr<websocket_stream> connect(std::unique_ptr<byte_stream> below,
                                                   const asio::any_io_executor& executor,
                                                   std::shared_ptr<const websocket_options> options,
                                                   std::size_t max_message, std::string host);
  ~websocket_stream() override;

  void open(std::shared_ptr<stream_user> user) override;
  std::size_t read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) override;
  std::size_t write_some(std::span<const asio::const_buffer> from, base::error_code& error) override;
  void wait_readable(std::shared_ptr<stream_user> user) override;
  void wait_writable(std::shared_ptr<stream_user> user) override;
  void finish_writing() noexcept override;
  void close() noexcept override;
  bool keeps_messages() const noexcept override { return true; }
  bool at_message_end() const noexcept override;
  bool ping() noexcept override;

  /// Whether a stream ended with that error because the peer has broken RFC 6455.
  static bool is_violation(const base::error_code& error) noexcept;

 private:
  class session;
  explicit websocket_stream(std::shared_ptr<session> made);

  std::shared_ptr<session> session_;
};

}  // namespace parley::net::detail
