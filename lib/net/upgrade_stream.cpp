#include "net/detail/upgrade_stream.hpp"

#include "net/detail/upgrade_answer.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>

#include <array>
#include <utility>

namespace parley::net::detail {

upgrade_stream::upgrade_stream(std::unique_ptr<byte_stream> below, const asio::any_io_executor& executor,
                               std::size_t max_head, bool compression)
    : below_(std::move(below)), executor_(executor), max_head_(max_head), compression_(compression) {}

void upgrade_stream::open(std::shared_ptr<stream_user> user) { below_->open(std::move(user)); }

void upgrade_stream::read_head(base::error_code& error) {
  std::array<char, 1024> block;
  while (!whole_) {
    const asio::mutable_buffer into(block.data(), block.size());
    const std::size_t n = below_->read_some({&into, 1}, error);
    if (error) return;
    head_.append(block.data(), n);
    const std::size_t end = end_of_head(head_);
    if (end > max_head_ || (end == 0 && head_.size() >= max_head_)) {
      error = broken_ = boost::beast::http::error::header_limit;
      return;
    }
    if (end == 0) continue;
    rest_ = head_.substr(end);
    auto plain = plain_upgrade_answer(std::string_view(head_).substr(0, end), compression_);
    if (!plain) {
      error = broken_ = plain.error();
      return;
    }
    head_ = std::move(*plain);
    whole_ = true;
  }
}

std::size_t upgrade_stream::read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) {
  error = broken_;
  if (error) return 0;
  if (!whole_) read_head(error);
  if (error) return 0;
  // Never both at once: Beast has little room for what comes behind the head.
  std::string& from = head_.empty() ? rest_ : head_;
  if (from.empty()) return below_->read_some(into, error);
  const std::size_t n = asio::buffer_copy(into, asio::buffer(from));
  from.erase(0, n);
  if (from.empty()) std::string().swap(from);
  return n;
}

std::size_t upgrade_stream::write_some(std::span<const asio::const_buffer> from, base::error_code& error) {
  return below_->write_some(from, error);
}

void upgrade_stream::wait_readable(std::shared_ptr<stream_user> user) {
  if (broken_ || (whole_ && !(head_.empty() && rest_.empty()))) {
    asio::post(executor_, [user = std::move(user)] { user->handle_readable({}); });
    return;
  }
  below_->wait_readable(std::move(user));
}

void upgrade_stream::wait_writable(std::shared_ptr<stream_user> user) {
  below_->wait_writable(std::move(user));
}

void upgrade_stream::finish_writing() noexcept { below_->finish_writing(); }
void upgrade_stream::close() noexcept { below_->close(); }

}  // namespace parley::net::detail
