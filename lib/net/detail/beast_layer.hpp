#pragma once

#include "net/detail/byte_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

namespace parley::net::detail {

/// A `byte_stream` as Beast wants the layer below its own. Handlers of its operations keep it alive.
class beast_layer {
 public:
  using executor_type = asio::any_io_executor;

  beast_layer(std::unique_ptr<byte_stream> stream, executor_type executor)
      : stream_(std::move(stream)), executor_(std::move(executor)) {}

  executor_type get_executor() noexcept { return executor_; }
  byte_stream& stream() noexcept { return *stream_; }

  /// Reads bring that many bytes more, then fail with `then`, unless this is called again meanwhile. Beast
  /// goes on reading by itself for as long as frames come that hold nothing.
  void allow_reading(std::size_t bytes, base::error_code then) noexcept {
    allowed_ = bytes;
    exhausted_ = then;
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& into, Token&& token) {
    return start<read_kind>(into, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return start<write_kind>(from, std::forward<Token>(token));
  }

 private:
  static constexpr std::size_t max_buffers = 16;

  struct read_kind {
    using buffer = asio::mutable_buffer;
    static std::size_t run(byte_stream& stream, std::span<const buffer> buffers, base::error_code& error) {
      return stream.read_some(buffers, error);
    }
    static void wait(byte_stream& stream, std::shared_ptr<stream_user> user) {
      stream.wait_readable(std::move(user));
    }
  };
  struct write_kind {
    using buffer = asio::const_buffer;
    static std::size_t run(byte_stream& stream, std::span<const buffer> buffers, base::error_code& error) {
      return stream.write_some(buffers, error);
    }
    static void wait(byte_stream& stream, std::shared_ptr<stream_user> user) {
      stream.wait_writable(std::move(user));
    }
  };

  /// One read or write: tries at once, waits where it has to, and calls its handler later in any case.
  template <class Kind, class Handler>
  class operation final : public stream_user, public std::enable_shared_from_this<operation<Kind, Handler>> {
   public:
    template <class Buffers>
    operation(beast_layer& layer, const Buffers& buffers, Handler&& handler)
        : layer_(layer), handler_(std::move(handler)) {
      for (auto at = asio::buffer_sequence_begin(buffers);
           at != asio::buffer_sequence_end(buffers) && count_ < max_buffers; ++at) {
        if (typename Kind::buffer one(*at); one.size() != 0) buffers_[count_++] = one;
      }
    }

    void begin() {
      if (!try_once()) return wait();
      asio::post(layer_.executor_, [self = this->shared_from_this()] { self->complete(); });
    }

    void handle_open(const base::error_code&) override {}
    void handle_readable(const base::error_code& error) override { go_on(error); }
    void handle_writable(const base::error_code& error) override { go_on(error); }

   private:
    void go_on(const base::error_code& error) {
      error_ = error;
      if (!error && !try_once()) return wait();
      complete();
    }
    bool try_once() {
      if (count_ == 0) return true;
      done_ =
          Kind::run(*layer_.stream_, std::span<const typename Kind::buffer>(buffers_).first(count_), error_);
      if constexpr (std::is_same_v<Kind, read_kind>) layer_.count_read(done_, error_);
      return error_ != asio::error::would_block && error_ != asio::error::try_again;
    }
    void wait() { Kind::wait(*layer_.stream_, this->shared_from_this()); }
    void complete() { std::move(handler_)(error_, done_); }

    beast_layer& layer_;  // kept by what the handler holds
    Handler handler_;
    std::array<typename Kind::buffer, max_buffers> buffers_;
    std::size_t count_ = 0;
    std::size_t done_ = 0;
    base::error_code error_;
  };

  void count_read(std::size_t bytes, base::error_code& error) noexcept {
    if (!error && bytes > allowed_) error = exhausted_;
    allowed_ -= std::min(bytes, allowed_);
  }

  template <class Kind, class Buffers, class Token>
  auto start(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& all) {
          using handler_type = std::decay_t<decltype(handler)>;
          std::make_shared<operation<Kind, handler_type>>(*this, all,
                                                          std::forward<decltype(handler)>(handler))
              ->begin();
        },
        token, buffers);
  }

  std::unique_ptr<byte_stream> stream_;
  executor_type executor_;
  std::size_t allowed_ = std::numeric_limits<std::size_t>::max();
  base::error_code exhausted_;
};

// How Beast ends what is below its own layer.
inline void beast_close_socket(beast_layer& layer) { layer.stream().close(); }

inline void teardown(boost::beast::role_type, beast_layer& layer, boost::system::error_code& error) {
  layer.stream().finish_writing();
  error = {};
}

template <class Handler>
void async_teardown(boost::beast::role_type, beast_layer& layer, Handler&& handler) {
  layer.stream().finish_writing();
  asio::post(layer.get_executor(),
             [h = std::forward<Handler>(handler)]() mutable { std::move(h)(boost::system::error_code()); });
}

}  // namespace parley::net::detail
