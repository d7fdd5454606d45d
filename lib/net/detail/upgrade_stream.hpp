#pragma once

#include "net/detail/byte_stream.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace parley::net::detail {

/// The stream below, but for the head of a server's answer to our upgrade, with which it begins:
/// `plain_upgrade_answer` makes of it what Beast takes. What comes behind the head is passed on as it is.
class upgrade_stream final : public byte_stream {
 public:
  /// The head has `max_head` bytes at most; `compression` says whether it was offered.
  upgrade_stream(std::unique_ptr<byte_stream> below, const asio::any_io_executor& executor,
                 std::size_t max_head, bool compression);

  void open(std::shared_ptr<stream_user> user) override;
  /// *Errors:* those of the stream below, those of `plain_upgrade_answer`, and Beast's `header_limit`.
  std::size_t read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) override;
  std::size_t write_some(std::span<const asio::const_buffer> from, base::error_code& error) override;
  void wait_readable(std::shared_ptr<stream_user> user) override;
  void wait_writable(std::shared_ptr<stream_user> user) override;
  bool proves(std::string_view host) const override { return below_->proves(host); }
  void finish_writing() noexcept override;
  void close() noexcept override;

 private:
  /// Reads until the head is whole; not before that is there anything to give.
  void read_head(base::error_code& error);

  std::unique_ptr<byte_stream> below_;
  asio::any_io_executor executor_;
  std::size_t max_head_;
  bool compression_;
  bool whole_ = false;
  base::error_code broken_;
  std::string head_;  // as it comes, then what is given instead
  std::string rest_;  // that came with it
};

}  // namespace parley::net::detail
