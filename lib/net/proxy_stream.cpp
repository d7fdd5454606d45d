#include "net/detail/proxy_stream.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace parley::net::detail {

/// Stands between the stream below and the user until the header has been read.
class proxy_stream::reader final : public stream_user, public std::enable_shared_from_this<reader> {
 public:
  reader(proxy_stream& stream, std::shared_ptr<stream_user> user) : stream_(stream), user_(std::move(user)) {}

  void handle_open(const base::error_code& error) override { go_on(error); }
  void handle_readable(const base::error_code& error) override { go_on(error); }
  void handle_writable(const base::error_code&) override {}

 private:
  void go_on(base::error_code error) {
    if (!error && !stream_.read_header(error)) return stream_.below_->wait_readable(shared_from_this());
    user_->handle_open(error);
  }

  proxy_stream& stream_;  // lives as long as its user
  std::shared_ptr<stream_user> user_;
};

proxy_stream::proxy_stream(std::unique_ptr<byte_stream> below, judge judged_by)
    : below_(std::move(below)), judge_(std::move(judged_by)) {}

proxy_stream::~proxy_stream() = default;

void proxy_stream::open(std::shared_ptr<stream_user> user) {
  const auto between = std::make_shared<reader>(*this, std::move(user));
  below_->open(between);
}

bool proxy_stream::read_header(base::error_code& error) {
  while (true) {
    const proxy_header_step step = read_proxy_header(header_);
    if (step.what != proxy_header_step::status::need_more) {
      std::vector<std::byte>().swap(header_);
      error = std::exchange(judge_, nullptr)(step);
      return true;
    }
    const std::size_t had = header_.size();
    header_.resize(step.size);
    const asio::mutable_buffer rest(header_.data() + had, header_.size() - had);
    const std::size_t n = below_->read_some({&rest, 1}, error);
    header_.resize(had + (error ? 0 : n));
    if (error == asio::error::would_block || error == asio::error::try_again) {
      error = {};
      return false;
    }
    if (error) return true;
  }
}

std::size_t proxy_stream::read_some(std::span<const asio::mutable_buffer> into, base::error_code& error) {
  return below_->read_some(into, error);
}

std::size_t proxy_stream::write_some(std::span<const asio::const_buffer> from, base::error_code& error) {
  return below_->write_some(from, error);
}

void proxy_stream::wait_readable(std::shared_ptr<stream_user> user) {
  below_->wait_readable(std::move(user));
}

void proxy_stream::wait_writable(std::shared_ptr<stream_user> user) {
  below_->wait_writable(std::move(user));
}

void proxy_stream::finish_writing() noexcept { below_->finish_writing(); }
void proxy_stream::close() noexcept { below_->close(); }

}  // namespace parley::net::detail
