#include "net/detail/transport_core.hpp"

#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include "net/detail/connection.hpp"
#include "net/detail/sockaddr.hpp"
#include "net/detail/tcp_acceptor.hpp"
#include "net/detail/tcp_stream.hpp"
#include "net/detail/tls_stream.hpp"
#include "net/detail/udp_listener.hpp"
#include "net/detail/websocket_stream.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace parley::net::detail {

using asio::ip::tcp;

namespace {

constexpr base::duration shortest = std::chrono::milliseconds(1);

transport_limits sane(transport_limits limits, const base::buffer_pool& pool) noexcept {
  if (limits.queued_bytes == 0) limits.queued_bytes = pool.max_bytes() / 4;
  limits.udp_batch = std::clamp<std::uint16_t>(limits.udp_batch, 1, 64);
  limits.udp_rounds = std::max<std::uint16_t>(limits.udp_rounds, 1);
  limits.udp_queue_messages = std::max<std::size_t>(limits.udp_queue_messages, 1);
  // A time of nothing would ask again within the same call.
  limits.pong_timeout = std::max(limits.pong_timeout, shortest);
  limits.stun_rto = std::max(limits.stun_rto, shortest);
  limits.accepts_per_wake_up = std::max<std::uint16_t>(limits.accepts_per_wake_up, 1);
  return limits;
}

constexpr bool is_websocket(sip::transport transport) noexcept {
  return transport == sip::transport::ws || transport == sip::transport::wss;
}

// RFC 5626 4.4.1 and 4.4.2, where the peer says nothing else.
constexpr base::duration longest_stream_interval = std::chrono::seconds(120);
constexpr base::duration longest_udp_interval = std::chrono::seconds(29);

// Time-outs of connections are seconds; their timers need not be finer than this.
constexpr base::duration tick = std::chrono::milliseconds(8);

}  // namespace

transport_core::transport_core(asio::any_io_executor executor, base::buffer_pool& pool,
                               transport_handler& handler, const transport_limits& limits,
                               base::log_sink& log, std::uint16_t shard,
                               std::unique_ptr<datagram_sender> sender)
    : executor_(std::move(executor)),
      pool_(pool),
      handler_(&handler),
      limits_(sane(limits, pool)),
      log_(log),
      wheel_(steady_clock_source::now(), tick),
      wheel_timer_(
          executor_,
          [this](base::time_point now) {
            run_timers(now);
            return wheel_.poll_timeout();
          },
          tick),
      budget_(limits_.queued_bytes),
      connections_(limits_, shard),
      domains_(base::siphash_key::from(random_), limits_.max_domains),
      pairs_(*this),
      receiver_(pool, limits_.udp_batch),
      sender_(sender ? std::move(sender) : std::make_unique<datagram_sender>(limits_.udp_batch)),
      spill_(std::make_unique_for_overwrite<std::byte[]>(spill_bytes)) {}

transport_core::~transport_core() = default;

base::result<std::uint16_t> transport_core::listen(const listener_options& options) {
  if (closed()) return errc::closed;
  if (options.proxy_protocol && options.transport == sip::transport::udp) return errc::unsupported_transport;
  if (listeners_.size() > std::numeric_limits<std::uint16_t>::max()) return errc::limit_reached;
  const auto index = static_cast<std::uint16_t>(listeners_.size());
  listener added{options, {}, nullptr, nullptr, nullptr};
  base::error_code error;
  switch (options.transport) {
    case sip::transport::udp: {
      auto socket = udp_listener::open(executor_, options);
      if (!socket) return socket.error();
      added.local = from_endpoint(socket->local_endpoint(error));
      if (error) return error;
      added.udp = std::make_shared<udp_listener>(shared_from_this(), std::move(*socket), index, added.local);
      break;
    }
    case sip::transport::wss:
    case sip::transport::tls:
      if (!options.tls || (options.accepts && options.tls->options().certificates.empty()))
        return errc::no_certificate;
      [[fallthrough]];
    case sip::transport::ws:
    case sip::transport::tcp: {
      if (!options.accepts) {
        added.local = options.bind;
        break;
      }
      auto acceptor = tcp_acceptor::open(executor_, options);
      if (!acceptor) return acceptor.error();
      added.local = from_endpoint(acceptor->local_endpoint(error));
      if (error) return error;
      added.tcp = std::make_shared<tcp_acceptor>(shared_from_this(), std::move(*acceptor), index);
      break;
    }
    default: return errc::unsupported_transport;
  }
  if (is_websocket(options.transport)) {
    added.websocket = std::make_shared<const websocket_options>(options.websocket);
  }
  listeners_.push_back(std::move(added));
  const listener& opened = listeners_.back();
  if (opened.udp) opened.udp->start();
  if (opened.tcp) opened.tcp->start();
  return index;
}

base::result<void> transport_core::set_tls(std::uint16_t index, const tls_context& tls) {
  if (index >= listeners_.size() || !listeners_[index].options.tls) return errc::unknown_listener;
  if (listeners_[index].options.accepts && tls.options().certificates.empty()) return errc::no_certificate;
  listeners_[index].options.tls = tls;
  return {};
}

base::result<void> transport_core::alias(std::uint64_t flow, std::string_view host, std::uint16_t port) {
  const auto found = connections_.find(flow);
  if (!found || !found->writable()) return errc::flow_gone;
  sip::hop as = found->hop();
  const auto ip = base::ip_address::from_string(host);
  // Behind a NAT the address that the peer claims is not the one that others would find it by.
  if (ip && ip->unmapped() != as.remote.ip.unmapped()) return errc::not_verified;
  if (!found->accepted() || !found->proves(host)) return errc::not_verified;
  as.remote.port = port;
  as.domain = ip ? 0 : domains_.number_of(host);
  connections_.add_alias(*found, as);
  return {};
}

std::uint64_t transport_core::send(sip::outgoing&& message) {
  if (closed()) return 0;
  const sip::hop& to = message.to;
  if (to.listener < listeners_.size() && listeners_[to.listener].options.transport == to.transport) {
    if (const listener& l = listeners_[to.listener]; l.udp) {
      l.udp->send(std::move(message));
      return 0;
    }
    base::error_code error;
    if (const auto found = connection_for(to, error)) {
      return found->send(std::move(message)) ? found->hop().flow : 0;
    }
    report_failure(message, error);
    return 0;
  }
  report_failure(message, errc::unknown_listener);
  return 0;
}

void transport_core::move(sip::outgoing&& message) {
  if (closed()) return;
  base::error_code error;
  const auto found = connection_for(message.to, error);
  if (!found) return report_failure(message, error);
  sip::outgoing moved{message.to, {}, message.ticket, message.sender};
  moved.to.flow = found->hop().flow;
  if (!found->send(std::move(message), connection::delivery::moved)) return;
  ++counters_.stream_messages_moved;
  report_moved(moved);
}

base::result<void> transport_core::keep_alive(const sip::hop& flow, base::duration interval) {
  if (closed() || flow.listener >= listeners_.size() ||
      listeners_[flow.listener].options.transport != flow.transport) {
    return errc::unknown_listener;
  }
  const bool datagrams = flow.transport == sip::transport::udp;
  if (interval <= base::duration::zero())
    interval = datagrams ? longest_udp_interval : longest_stream_interval;
  interval = std::max(interval, shortest);
  base::result<void> kept = errc::flow_gone;
  if (datagrams) {
    if (flow.remote.ip.is_v4() != listeners_[flow.listener].local.ip.is_v4()) return errc::wrong_family;
    kept = pairs_.add(flow, interval);
  } else if (const auto found = existing_connection(flow)) {
    kept = found->keep_alive(interval);
  }
  return kept;
}

void transport_core::stop_keep_alive(const sip::hop& flow) {
  if (flow.transport == sip::transport::udp) {
    pairs_.remove(flow);
  } else if (const auto found = existing_connection(flow)) {
    found->stop_keep_alive();
  }
}

bool transport_core::begin_keeping() noexcept {
  if (kept_flows_ >= limits_.max_kept_flows) {
    ++counters_.keep_alives_refused;
    return false;
  }
  ++kept_flows_;
  return true;
}

std::shared_ptr<connection> transport_core::existing_connection(const sip::hop& to) const {
  if (to.flow != 0) {
    if (auto found = connections_.find(to.flow); found && found->writable()) return found;
  }
  if (to.only_flow) return nullptr;
  return find_listed(to);
}

std::shared_ptr<connection> transport_core::connection_for(const sip::hop& to, base::error_code& error) {
  if (auto found = existing_connection(to)) return found;
  if (to.only_flow) {
    error = errc::flow_gone;
    return nullptr;
  }
  if (to.remote.port == 0) {
    error = errc::flow_gone;
    return nullptr;
  }
  const base::socket_address& local = listeners_[to.listener].local;
  if (to.remote.ip.is_v4() != local.ip.is_v4()) {
    error = errc::wrong_family;
    return nullptr;
  }
  if (!connections_.may_open()) {
    error = errc::limit_reached;
    return nullptr;
  }
  std::unique_ptr<byte_stream> stream = open_stream(to, error);
  if (!stream) return nullptr;
  const sip::hop hop{to.transport, to.listener, to.remote, connections_.next_flow(), to.domain};
  auto opened =
      std::make_shared<connection>(shared_from_this(), std::move(stream), hop, connection::origin::opened);
  connections_.add(opened);
  opened->start();
  return opened;
}

std::shared_ptr<connection> transport_core::find_listed(const sip::hop& to) const {
  if (auto found = connections_.find(to); found && found->writable()) return found;
  if (to.transport != sip::transport::ws) return nullptr;
  // RFC 7118 5.2.2: `transport=ws` stands for both, so that a peer on a secure connection calls itself so,
  // too.
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].options.transport != sip::transport::wss) continue;
    sip::hop secure = to;
    secure.transport = sip::transport::wss;
    secure.listener = static_cast<std::uint16_t>(i);
    if (auto found = connections_.find(secure); found && found->writable()) return found;
  }
  return nullptr;
}

std::unique_ptr<byte_stream> transport_core::open_stream(const sip::hop& to, base::error_code& error) {
  const listener& from = listeners_[to.listener];
  const std::string* const name = domains_.find(to.domain);
  if (to.domain != 0 && name == nullptr) {
    error = errc::unknown_domain;
    return nullptr;
  }
  tcp::socket socket(executor_);
  socket.open(from.local.ip.is_v4() ? tcp::v4() : tcp::v6(), error);
  if (error) return nullptr;
  if (!from.local.ip.is_unspecified()) {
    socket.bind(to_endpoint<tcp>({from.local.ip, 0}), error);
    if (error) return nullptr;
  }
  const bool websocket = is_websocket(to.transport);
  std::unique_ptr<byte_stream> stream = std::make_unique<tcp_stream>(std::move(socket), to.remote);
  if (sip::is_secure(to.transport)) {
    const tls_options& tls = from.options.tls->options();
    // RFC 7118 7: a WebSocket server proves what a web server does.
    const name_rules rules{tls.accept_common_name, tls.accept_wildcards, websocket};
    stream = tls_stream::connect(*from.options.tls, std::move(stream), executor_,
                                 name != nullptr ? *name : to.remote.ip.to_string(), rules);
  }
  if (websocket) {
    std::string host = name != nullptr ? *name : base::socket_address{to.remote.ip, 0}.to_string();
    if (name == nullptr) host.resize(host.rfind(':'));
    if (to.remote.port != sip::default_port(to.transport)) host += ':' + std::to_string(to.remote.port);
    stream = websocket_stream::connect(std::move(stream), executor_, from.websocket,
                                       limits_.message.message_bytes, std::move(host));
  }
  return stream;
}

std::unique_ptr<byte_stream> transport_core::wrap_accepted(std::uint16_t index,
                                                           std::unique_ptr<byte_stream> accepted) {
  const listener& by = listeners_[index];
  if (sip::is_secure(by.options.transport)) {
    accepted = tls_stream::accept(*by.options.tls, std::move(accepted), executor_);
  }
  if (is_websocket(by.options.transport)) {
    accepted =
        websocket_stream::accept(std::move(accepted), executor_, by.websocket, limits_.message.message_bytes);
  }
  return accepted;
}

void transport_core::mark_dirty(std::shared_ptr<flushable> queue) {
  dirty_.push_back(std::move(queue));
  if (!awake_) post_once();
}

void transport_core::flush() {
  while (!dirty_.empty()) {
    flushing_.swap(dirty_);
    for (const auto& queue : flushing_) queue->flush();
    flushing_.clear();
  }
}

void transport_core::end_batch(base::time_point now) {
  handler_->handle_batch_end(now);
  if (!closed()) flush();
}

void transport_core::report_failure(const sip::outgoing& lost, base::error_code error) {
  if (lost.ticket == 0 || closed()) return;
  if (reports_.size() >= max_failure_reports) {
    ++counters_.reports_dropped;
    return;
  }
  reports_.push_back({report::kind::send_failure, {lost.to, {}, lost.ticket, lost.sender}, error});
  post_once();
}

void transport_core::report_moved(const sip::outgoing& sent) {
  if (sent.ticket == 0 || closed()) return;
  reports_.push_back({report::kind::moved, sent, {}});
  post_once();
}

void transport_core::report_closed(const sip::hop& flow, base::error_code why) {
  if (closed()) return;
  reports_.push_back({report::kind::closed, {flow, {}, 0, 0}, why});
  post_once();
}

void transport_core::report_flow_failed(const sip::hop& flow, base::error_code why) {
  if (closed()) return;
  reports_.push_back({report::kind::flow_failed, {flow, {}, 0, 0}, why});
  post_once();
}

void transport_core::post_once() {
  if (posted_) return;
  posted_ = true;
  asio::post(executor_, [self = shared_from_this()] { self->run_posted(); });
}

void transport_core::run_posted() {
  posted_ = false;
  if (closed()) return;
  if (reports_.empty()) {
    flush();
    return;
  }
  const wake_up awake(*this);
  const base::time_point now = steady_clock_source::now();
  delivering_.swap(reports_);
  for (const report& r : delivering_) {
    if (closed()) break;
    switch (r.what) {
      case report::kind::send_failure: handler_->handle_send_failure(now, r.lost, r.error); break;
      case report::kind::moved: handler_->handle_moved(now, r.lost); break;
      case report::kind::closed: handler_->handle_closed(now, r.lost.to, r.error); break;
      case report::kind::flow_failed: handler_->handle_flow_failed(now, r.lost.to, r.error); break;
    }
  }
  delivering_.clear();
  if (!closed()) end_batch(now);
}

// None of this can destroy the core: its timers' owners hold it, and so does whoever closes it.
void transport_core::run_timers(base::time_point now) {
  while (base::timer* due = wheel_.poll_expired(now)) {
    static_cast<timed*>(due->context())->handle_timeout(now);
  }
}

void transport_core::arm(base::timer& t, base::time_point deadline) {
  if (closed()) return;
  wheel_.arm(t, deadline);
  wheel_timer_.update(wheel_.poll_timeout());
}

base::packet_buffer transport_core::pong() {
  if (!pong_) {
    if (auto made = pool_.copy(std::string_view("\r\n"))) pong_ = std::move(*made);
  }
  return pong_;
}

base::packet_buffer transport_core::ping() {
  if (!ping_) {
    if (auto made = pool_.copy(std::string_view("\r\n\r\n"))) ping_ = std::move(*made);
  }
  return ping_;
}

base::packet_buffer& transport_core::spare() noexcept {
  if (!spare_) {
    if (auto made = pool_.allocate(spare_bytes)) spare_ = std::move(*made);
  }
  return spare_;
}

void transport_core::close() noexcept {
  if (closed()) return;
  handler_ = nullptr;
  races_.close();
  for (listener& l : listeners_) {
    if (const auto udp = std::exchange(l.udp, nullptr)) udp->close();
    if (const auto tcp = std::exchange(l.tcp, nullptr)) tcp->close();
  }
  for (const auto& [flow, gone] : connections_.take_all()) gone.kept->abandon();
  pairs_.clear();
  dirty_.clear();
  reports_.clear();
  spare_.reset();
  pong_.reset();
  ping_.reset();
}

void transport_core::log(base::log_level level, std::string_view message,
                         std::initializer_list<base::log_field> fields) noexcept {
  if (closed() || !log_.enabled(level)) return;
  log_.write({level, "net", message, {fields.begin(), fields.size()}});
}

}  // namespace parley::net::detail
