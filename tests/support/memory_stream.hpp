#pragma once

#include "net/detail/byte_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace parley::test {

/// Counts the operations of a test's streams and fails one of them, so that each error path can be walked.
struct failing_counter {
  std::size_t fail_at = std::numeric_limits<std::size_t>::max();
  std::size_t count = 0;

  bool fails() noexcept { return count++ == fail_at; }
};

/// One direction of a connection in memory.
struct memory_pipe {
  std::string bytes;
  std::size_t room = 65536;  ///< how much it holds before a writer has to wait
  bool finished = false;     ///< by the writer
  bool closed = false;       ///< by the reader
  std::function<void()> wake_reader{};
  std::function<void()> wake_writer{};
};

/// One end of a connection in memory.
class memory_stream final : public net::detail::byte_stream {
 public:
  using user_ptr = std::shared_ptr<net::detail::stream_user>;
  using error_code = boost::system::error_code;

  memory_stream(boost::asio::any_io_executor executor, std::shared_ptr<memory_pipe> in,
                std::shared_ptr<memory_pipe> out, std::shared_ptr<failing_counter> counter)
      : executor_(std::move(executor)),
        in_(std::move(in)),
        out_(std::move(out)),
        counter_(std::move(counter)) {}
  ~memory_stream() override { close(); }

  /// Both ends of one.
  static std::pair<std::unique_ptr<memory_stream>, std::unique_ptr<memory_stream>> make_pair(
      const boost::asio::any_io_executor& executor, std::shared_ptr<failing_counter> counter = nullptr) {
    auto there = std::make_shared<memory_pipe>();
    auto back = std::make_shared<memory_pipe>();
    if (!counter) counter = std::make_shared<failing_counter>();
    return {std::make_unique<memory_stream>(executor, back, there, counter),
            std::make_unique<memory_stream>(executor, there, back, counter)};
  }

  memory_pipe& in() noexcept { return *in_; }
  memory_pipe& out() noexcept { return *out_; }

  void open(user_ptr user) override {
    const error_code error =
        counter_->fails() ? error_code(boost::asio::error::connection_refused) : error_code();
    boost::asio::post(executor_, [user = std::move(user), error] { user->handle_open(error); });
  }

  std::size_t read_some(std::span<const boost::asio::mutable_buffer> into, error_code& error) override {
    error = {};
    if (counter_->fails() || closed_) {
      error = boost::asio::error::connection_reset;
      return 0;
    }
    std::size_t sum = 0;
    for (const auto& buffer : into) {
      const std::size_t n = std::min(buffer.size(), in_->bytes.size() - sum);
      std::copy_n(in_->bytes.data() + sum, n, static_cast<char*>(buffer.data()));
      sum += n;
    }
    in_->bytes.erase(0, sum);
    if (sum != 0) {
      wake(in_->wake_writer);
    } else {
      error =
          in_->finished ? error_code(boost::asio::error::eof) : error_code(boost::asio::error::would_block);
    }
    return sum;
  }

  std::size_t write_some(std::span<const boost::asio::const_buffer> from, error_code& error) override {
    error = {};
    if (counter_->fails() || closed_ || out_->closed) {
      error = boost::asio::error::broken_pipe;
      return 0;
    }
    std::size_t sum = 0;
    for (const auto& buffer : from) {
      const std::size_t n = std::min(buffer.size(), out_->room - std::min(out_->room, out_->bytes.size()));
      out_->bytes.append(static_cast<const char*>(buffer.data()), n);
      sum += n;
    }
    if (sum != 0) {
      wake(out_->wake_reader);
    } else {
      error = boost::asio::error::would_block;
    }
    return sum;
  }

  void wait_readable(user_ptr user) override {
    const bool failed = counter_->fails();
    in_->wake_reader = [this, user = std::move(user), failed] {
      boost::asio::post(executor_, [user, failed] {
        user->handle_readable(failed ? error_code(boost::asio::error::connection_reset) : error_code());
      });
    };
    if (failed || !in_->bytes.empty() || in_->finished) wake(in_->wake_reader);
  }

  void wait_writable(user_ptr user) override {
    const bool failed = counter_->fails();
    out_->wake_writer = [this, user = std::move(user), failed] {
      boost::asio::post(executor_, [user, failed] {
        user->handle_writable(failed ? error_code(boost::asio::error::broken_pipe) : error_code());
      });
    };
    if (failed || out_->closed || out_->bytes.size() < out_->room) wake(out_->wake_writer);
  }

  void finish_writing() noexcept override {
    out_->finished = true;
    wake(out_->wake_reader);
  }

  void close() noexcept override {
    if (closed_) return;
    closed_ = true;
    in_->closed = true;
    in_->wake_reader = nullptr;
    out_->wake_writer = nullptr;
    wake(in_->wake_writer);
    finish_writing();
  }

 private:
  static void wake(std::function<void()>& waiting) noexcept {
    if (const auto call = std::exchange(waiting, nullptr)) call();
  }

  boost::asio::any_io_executor executor_;
  std::shared_ptr<memory_pipe> in_;
  std::shared_ptr<memory_pipe> out_;
  std::shared_ptr<failing_counter> counter_;
  bool closed_ = false;
};

}  // namespace parley::test
