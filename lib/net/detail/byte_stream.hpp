#pragma once

#include <parley/base/result.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace parley::net::detail {

namespace asio = boost::asio;

/// True for what `read_some` and `write_some` report where there is nothing to do but to wait.
inline bool must_wait(const base::error_code& error) noexcept {
  return error == asio::error::would_block || error == asio::error::try_again;
}

/// Who uses a `byte_stream`. Called from the executor. A wait that the stream's `close` ended may still call.
class stream_user {
 public:
  virtual ~stream_user() = default;
  virtual void handle_open(const base::error_code& error) = 0;
  virtual void handle_readable(const base::error_code& error) = 0;
  virtual void handle_writable(const base::error_code& error) = 0;
  /// The peer has shown by the stream's own means that it is there: by answering `ping`, or by asking itself.
  /// It came on a wait for reading. Only to be noted: from in here nothing is read, written or closed.
  virtual void handle_sign_of_life([[maybe_unused]] bool answer) {}
  /// While it waits for the stream to open: the peer wants none, but something by plain HTTP. It is being
  /// answered; told at the start, each time the peer has taken some of the answer, and when all has gone out
  /// (`done`). The end comes by `handle_open`. Only to be noted, as above.
  virtual void handle_answering([[maybe_unused]] bool done) {}
};

/// What carries a `connection`: bytes in order, both ways, never blocking. Plain TCP is one; others that
/// encrypt or wrap the bytes put themselves between a connection and the socket.
class byte_stream {
 public:
  virtual ~byte_stream() = default;

  /// Does what has to be done before the first byte, and tells `user`: connects where we are the client,
  /// shakes hands. Where nothing has to be done it tells at once.
  virtual void open(std::shared_ptr<stream_user> user) = 0;

  /// Takes what has arrived. *Errors:* `asio::error::would_block` when there is nothing yet: wait.
  /// `asio::error::eof` when the peer has finished. Others end the stream.
  virtual std::size_t read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) = 0;

  /// Gives what can be taken now. *Errors:* as `read_some`.
  virtual std::size_t write_some(std::span<const asio::const_buffer> from, base::error_code& error) = 0;

  /// Tell `user` when the same call may get further. Each ends with one call; one of a kind at a time.
  virtual void wait_readable(std::shared_ptr<stream_user> user) = 0;
  virtual void wait_writable(std::shared_ptr<stream_user> user) = 0;

  /// True where the stream carries messages of its own: each buffer that is written is one, and reading stops
  /// at the end of each, which `at_message_end` tells.
  virtual bool keeps_messages() const noexcept { return false; }
  virtual bool at_message_end() const noexcept { return false; }
  /// Asks the peer for a sign of life by the stream's own means, unless it has just been asked; false where
  /// the stream has none, and once it has ended.
  virtual bool ping() noexcept { return false; }

  /// True where the peer has proven by a certificate that it is `host`, a name or an address.
  virtual bool proves(std::string_view) const { return false; }

  /// No more will be written. What was written still arrives.
  virtual void finish_writing() noexcept = 0;
  virtual void close() noexcept = 0;
};

}  // namespace parley::net::detail
