#include "net/detail/tcp_acceptor.hpp"

#include <parley/net/clock.hpp>

#include "net/detail/connection.hpp"
#include "net/detail/listen_socket.hpp"
#include "net/detail/tcp_stream.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace parley::net::detail {

using asio::ip::tcp;

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
    core_->log(base::log_level::warning, "accepting pauses",
               {{"listener", index_}, {"error", error.message()}});
    core_->arm(back_off_, steady_clock_source::now() + core_->limits().accept_back_off);
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
  if (!core_->connections().may_accept(address.ip)) {
    ++core_->counters().connections_refused;
    return;
  }
  if (!core_->connections().may_shake_hands()) {
    ++core_->counters().handshakes_refused;
    return;
  }
  ++core_->counters().connections_accepted;
  const sip::transport transport = core_->listeners()[index_].options.transport;
  const sip::hop hop{transport, index_, address, core_->connections().next_flow()};
  auto stream = core_->wrap_accepted(index_, std::make_unique<tcp_stream>(std::move(accepted)));
  auto added = std::make_shared<connection>(core_, std::move(stream), hop, connection::origin::accepted);
  core_->connections().add(added);
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
