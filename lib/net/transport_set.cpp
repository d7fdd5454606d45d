#include <parley/net/transport_set.hpp>

#include "net/detail/connection.hpp"
#include "net/detail/transport_core.hpp"
#include "net/detail/udp_listener.hpp"

#include <algorithm>
#include <utility>

namespace parley::net {

transport_set::transport_set(asio::any_io_executor executor, base::buffer_pool& pool,
                             transport_handler& handler, const transport_limits& limits, base::log_sink& log,
                             std::uint16_t shard)
    : core_(
          std::make_shared<detail::transport_core>(std::move(executor), pool, handler, limits, log, shard)) {}

transport_set::~transport_set() { core_->close(); }

std::size_t transport_set::listener_count() const noexcept { return core_->listeners().size(); }

const listener_options& transport_set::options(std::uint16_t index) const noexcept {
  return core_->listeners()[index].options;
}

base::socket_address transport_set::local_address(std::uint16_t index) const noexcept {
  return core_->listeners()[index].local;
}

std::size_t transport_set::connection_count() const noexcept { return core_->connections().size(); }

const transport_counters& transport_set::counters() const noexcept { return core_->counters(); }

double transport_set::receive_backlog() const noexcept {
  double fullest = 0;
  for (const auto& listener : core_->listeners()) {
    if (listener.udp) fullest = std::max(fullest, listener.udp->receive_backlog());
  }
  return fullest;
}

base::result<std::uint16_t> transport_set::listen(const listener_options& options) {
  return core_->listen(options);
}

std::uint32_t transport_set::domain(std::string_view host) { return core_->domains().number_of(host); }

base::result<void> transport_set::set_tls(std::uint16_t index, const tls_context& tls) {
  return core_->set_tls(index, tls);
}

base::result<void> transport_set::alias(std::uint64_t flow, std::string_view host, std::uint16_t port) {
  return core_->alias(flow, host, port);
}

std::uint64_t transport_set::send(sip::outgoing message) { return core_->send(std::move(message)); }

void transport_set::flush() {
  if (!core_->closed()) core_->flush();
}

void transport_set::race(std::vector<sip::hop> hops, race_handler done) {
  if (!core_->closed()) core_->races().start(std::move(hops), std::move(done));
}

void transport_set::close_flow(std::uint64_t flow) {
  if (const auto found = core_->connections().find(flow)) found->close(errc::closed);
}

base::result<void> transport_set::keep_alive(const sip::hop& flow, const keep_alive_options& options) {
  return core_->keep_alive(flow, options.interval);
}

void transport_set::stop_keep_alive(const sip::hop& flow) { core_->stop_keep_alive(flow); }

std::size_t transport_set::kept_flow_count() const noexcept { return core_->kept_flows(); }

base::result<void> transport_set::expect_keep_alive(std::uint64_t flow, base::duration interval) {
  const auto found = core_->connections().find(flow);
  if (!found || !found->writable()) return errc::flow_gone;
  found->expect_keep_alive(interval);
  return {};
}

void transport_set::close() noexcept { core_->close(); }

}  // namespace parley::net
