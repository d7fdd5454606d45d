#include "net/detail/tcp_acceptor.hpp"

#include <parley/net/clock.hpp>

#include "net/detail/connection.hpp"
#include "net/detail/listen_socket.hpp"
#include "net/detail/proxy_stream.hpp"
#include "net/detail/tcp_stream.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace parley::net::detail {

using asio::ip::tcp;

namespace {

// What callers can bring about is said at most so often.
constexpr base::duration acceptor_quiet_time = std::chrono::seconds(10);

/// Reads a PROXY protocol header for a connection, which is made with the stream and so comes later.
class header_judge {
 public:
  explicit header_judge(std::shared_ptr<transport_core> core)
      : core_(std::move(core)), judged_(std::make_shared<std::weak_ptr<connection>>()) {}

  void set_connection(const std::shared_ptr<connection>& made) { *judged_ = made; }

  base::error_code operator()(const proxy_header_step& header) const {
    if (header.what == proxy_header_step::status::error) {
      ++core_->counters().proxy_headers_refused;
      return header.error;
    }
    const auto alive = judged_->lock();
    return alive && header.source ? alive->set_remote(*header.source) : base::error_code();
  }

 private:
  std::shared_ptr<transport_core> core_;
  std::shared_ptr<std::weak_ptr<connection>> judged_;
};

bool may_send_header(const listener_options& options, const base::ip_address& sender) {
  const auto& from = options.proxy_protocol_from;
  return from.empty() ||
         std::any_of(from.begin(), from.end(), [&](const auto& network) { return network.contains(sender); });
}

}  // namespace

tcp_acceptor::tcp_acceptor(std::shared_ptr<transport_core> core, tcp::acceptor acceptor, std::uint16_t index)
    : core_(std::move(core)),
      acceptor_(std::move(acceptor)),
      back_off_(static_cast<timed*>(this)),
      index_(index) {}

base::result<tcp::acceptor> tcp_acceptor::open(const asio::any_io_executor& executor,
                                               const listener_options& options) {
  auto acceptor = open_bound<tcp::acceptor, tcp>(executor, options);
  if (!acceptor) return acceptor;
  base::error_code error;
  if (acceptor->listen(options.backlog, error)) return error;
  return acceptor;
}

void tcp_acceptor::wait() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [self = shared_from_this()](const base::error_code& error) {
    self->handle_readable(error);
  });
}

void tcp_acceptor::handle_readable(const base::error_code& error) {
  if (closed_ || error == asio::error::operation_aborted) return;
  for (unsigned i = 0; i < core_->limits().accepts_per_wake_up; ++i) {
    if (!accept_one()) break;
  }
  if (!back_off_.armed()) wait();
}

bool tcp_acceptor::accept_one() {
  base::error_code error;
  tcp::socket accepted(core_->executor());
  acceptor_.accept(accepted, error);
  if (!error) {
    add(std::move(accepted));
    return true;
  }
  if (error == asio::error::would_block || error == asio::error::try_again) return false;
  if (error == boost::system::errc::too_many_files_open ||
      error == boost::system::errc::too_many_files_open_in_system ||
      error == boost::system::errc::no_buffer_space || error == boost::system::errc::not_enough_memory) {
    ++core_->counters().accept_back_offs;
    const base::time_point now = steady_clock_source::now();
    if (now >= quiet_until_) {
      quiet_until_ = now + acceptor_quiet_time;
      const std::string why = error.message();
      core_->log(base::log_level::warning, "accepting pauses for want of descriptors or memory",
                 {{"listener", index_}, {"error", why}});
    }
    core_->arm(back_off_, now + core_->limits().accept_back_off);
    return false;
  }
  // The connection ended before it was accepted, or the network had an error for it: on to the next.
  return true;
}

void tcp_acceptor::add(tcp::socket accepted) {
  base::error_code error;
  const tcp::endpoint remote = accepted.remote_endpoint(error);
  if (error) return;
  const base::socket_address address = from_endpoint(remote);
  const listener_options& options = core_->listeners()[index_].options;
  connection_table& table = core_->connections();
  if (options.proxy_protocol && !may_send_header(options, address.ip)) {
    ++core_->counters().proxy_senders_refused;
    return;
  }
  if (!table.may_accept()) {
    ++core_->counters().connections_refused;
    return;
  }
  if (!options.proxy_protocol && !table.may_accept_from(address.ip)) {
    ++core_->counters().connections_refused;
    ++core_->counters().sources_refused;
    return;
  }
  // Plain TCP is open at once, so that others' handshakes are no matter to it.
  const bool shakes_hands = options.proxy_protocol || options.transport != sip::transport::tcp;
  if (shakes_hands && !table.may_shake_hands()) {
    ++core_->counters().handshakes_refused;
    return;
  }
  if (shakes_hands && !options.proxy_protocol && !table.may_shake_hands_with(address.ip)) {
    ++core_->counters().handshakes_refused;
    ++core_->counters().source_handshakes_refused;
    return;
  }
  ++core_->counters().connections_accepted;
  const sip::hop hop{options.transport, index_, address, table.next_flow()};
  std::unique_ptr<byte_stream> bottom = std::make_unique<tcp_stream>(std::move(accepted));
  header_judge judge(core_);
  if (options.proxy_protocol) bottom = std::make_unique<proxy_stream>(std::move(bottom), judge);
  auto added = std::make_shared<connection>(core_, core_->wrap_accepted(index_, std::move(bottom)), hop,
                                            connection::origin::accepted);
  judge.set_connection(added);
  if (options.proxy_protocol) {
    table.add_unnamed(added);
  } else {
    table.add(added);
  }
  if (shakes_hands) table.begin_handshake(*added);
  added->start();
}

void tcp_acceptor::handle_timeout(base::time_point) { wait(); }

void tcp_acceptor::close() noexcept {
  closed_ = true;
  back_off_.disarm();
  base::error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace parley::net::detail
