#pragma once

#include "net/detail/byte_stream.hpp"
#include "net/detail/proxy_header.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace parley::net::detail {

/// A stream that begins with a header of the PROXY protocol, and is the stream below from there on.
///
/// It never reads further than that header, so what wraps it, TLS perhaps, finds its own first byte.
class proxy_stream final : public byte_stream {
 public:
  /// Is told what the header has turned out to be, once, before anything behind it is read. An error that it
  /// returns is what `open` fails with, and one in the header is to be such an error.
  using judge = std::function<base::error_code(const proxy_header_step& header)>;

  proxy_stream(std::unique_ptr<byte_stream> below, judge judged_by);
  ~proxy_stream() override;

  /// Opens the stream below, then reads the header. *Errors:* those of the stream below, and what the
  /// function above returns; `asio::error::eof` where the peer has finished inside the header.
  void open(std::shared_ptr<stream_user> user) override;
  std::size_t read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) override;
  std::size_t write_some(std::span<const asio::const_buffer> from, base::error_code& error) override;
  void wait_readable(std::shared_ptr<stream_user> user) override;
  void wait_writable(std::shared_ptr<stream_user> user) override;
  void finish_writing() noexcept override;
  void close() noexcept override;

 private:
  class reader;

  /// Reads as far as there is something; true when the header has been read, or can't be.
  bool read_header(base::error_code& error);

  std::unique_ptr<byte_stream> below_;
  judge judge_;
  std::vector<std::byte> header_;  // what has come of it
};

}  // namespace parley::net::detail
