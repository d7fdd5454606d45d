#include <parley/net/clock.hpp>
#include <parley/net/deadline_timer.hpp>
#include <parley/net/proxy_server.hpp>
#include <parley/net/resolver.hpp>
#include <parley/net/shard_group.hpp>
#include <parley/net/system_random.hpp>
#include <parley/net/transport_set.hpp>
#include <parley/proxy/registrar.hpp>
#include <parley/sip/via.hpp>
#include <parley/transaction/branch.hpp>

#include "net/detail/interfaces.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <future>
#include <optional>
#include <utility>

namespace parley::net {
namespace {

constexpr std::string_view room = "proxy";

std::string host_text(const base::ip_address& ip) {
  std::string text = ip.to_string();
  if (!ip.is_v6()) return text;
  text.insert(text.begin(), '[');
  text.push_back(']');
  return text;
}

base::buffer_pool_limits pool_limits(std::size_t bytes) {
  base::buffer_pool_limits limits;
  limits.max_bytes = bytes;
  return limits;
}

/// One shard: sockets, core, resolver and timer on one executor.
class shard final : public transport_handler {
 public:
  shard(std::size_t index, shard_group& group, const proxy_server_options& options, base::log_sink& log)
      : index_(index),
        group_(group),
        options_(options),
        log_(log),
        pool_(pool_limits(options.memory_bytes)),
        executor_(group.context(index).get_executor()),
        transports_(executor_, pool_, *this, options.limits, log, static_cast<std::uint16_t>(index)),
        resolver_(executor_),
        drain_timer_(executor_),
        timer_(executor_, [this](base::time_point now) { return handle_timeout(now); }) {}

  transport_set& transports() noexcept { return transports_; }
  base::buffer_pool& pool() noexcept { return pool_; }
  const std::atomic<bool>& drained() const noexcept { return drained_; }

  /// Makes the core; `core` is complete but for what is this shard's own.
  void begin(proxy::core_options core) {
    const base::time_point now = steady_clock_source::now();
    if (!options_.registrar.domains.empty()) registrar_.emplace(options_.registrar, random_, now);
    for (const std::string& domain : options_.registrar.domains) core.own.add(domain, 0);
    core.transactions.shard = static_cast<std::uint16_t>(index_);
    core.share_calls = group_.size() > 1;
    own_ = core.own;
    for (const proxy::listener& l : core.listeners) own_.add(l.host, l.port);
    core_.emplace(std::move(core), pool_, random_, now);
  }

  void drain() {
    draining_ = true;
    core_->drain();
    watch_drain();
  }

  proxy_server_status status() const {
    proxy_server_status out;
    out.requests_under_way = core_->requests_under_way();
    out.calls = core_->calls();
    out.transactions = core_->transactions().server_count() + core_->transactions().client_count();
    out.core = core_->counters();
    out.transport = transports_.counters();
    if (registrar_) {
      out.addresses = registrar_->location().size();
      out.registrar = registrar_->counters();
    }
    return out;
  }

  void forget_call(std::uint64_t call) { core_->forget_call(call); }

  // What the registrar of another shard has learned.
  void replace_bindings(const std::string& address, std::vector<proxy::binding> bindings) {
    std::ignore = registrar_->location().replace(address, std::move(bindings));
    update_timer();
  }
  void drop_flow(std::uint64_t flow) {
    registrar_->location().drop_flow(flow);
    update_timer();
  }

  // A message of another shard's, for a flow that lives here.
  void carry(sip::outgoing&& message) { transports_.send(std::move(message)); }

  void report_failure(std::uint64_t ticket) {
    const base::time_point now = steady_clock_source::now();
    core_->handle_send_failure(now, ticket);
    pump(now);
    transports_.flush();
    update_timer();
  }

  void handle_message(base::time_point now, const sip::hop& from, base::packet_buffer message) override {
    if (group_.size() > 1 && belongs_elsewhere(from, message)) return;
    core_->handle_message(now, from, message);
  }

  void handle_framing_error(base::time_point now, const sip::hop& from, sip::parse_error error,
                            base::packet_buffer head) override {
    core_->handle_framing_error(now, from, error, head);
  }

  void handle_send_failure(base::time_point now, const sip::outgoing& lost, base::error_code) override {
    if (lost.sender != index_) {
      others_.report_failure(lost.sender, lost.ticket);
      return;
    }
    core_->handle_send_failure(now, lost.ticket);
    pump(now);
  }

  void handle_closed(base::time_point, const sip::hop& gone, base::error_code) override {
    if (!registrar_) return;
    registrar_->location().drop_flow(gone.flow);
    others_.drop_flow(gone.flow);
  }

  // The proxy keeps no UDP pair alive.
  void handle_flow_failed(base::time_point, const sip::hop&, base::error_code) override {}

  void handle_batch_end(base::time_point now) override {
    pump(now);
    update_timer();
  }

 private:
  /// True where the message is a response to a request that another shard sent; it has then been handed over.
  bool belongs_elsewhere(const sip::hop& from, const base::packet_buffer& message) {
    if (!message.text().starts_with("SIP/")) return false;
    if (!peeked_.parse(message.text())) return false;
    const auto via = peeked_.get<sip::via_header>();
    const auto branch = via ? transaction::branch_format::read(via->branch) : std::nullopt;
    if (!branch || branch->shard == index_ || branch->shard >= group_.size()) return false;
    group_.hand_over(branch->shard, from, message.bytes());
    return true;
  }

  void pump(base::time_point now) {
    proxy::event e;
    while (core_->poll_event(e)) handle_event(now, e);
    sip::outgoing out;
    while (core_->poll_transmit(out)) send(now, std::move(out));
    if (core_->counters().overload != overload_.told) warn_overload(now);
  }

  void send(base::time_point now, sip::outgoing&& out) {
    const std::size_t owner = transport_set::shard_of(out.to.flow);
    out.sender = static_cast<std::uint16_t>(index_);
    if (out.to.flow == 0 || owner == index_ || owner >= group_.size()) {
      transports_.send(std::move(out));
    } else if (!group_.send_over(owner, out)) {
      core_->handle_send_failure(now, out.ticket);
    }
  }

  void update_timer() { timer_.update(poll_timeout()); }

  base::time_point poll_timeout() const noexcept {
    const base::time_point next = core_->poll_timeout();
    return registrar_ ? std::min(next, registrar_->location().poll_timeout()) : next;
  }

  // What callers can bring about is said at most every ten seconds, with how often it happened meanwhile.
  void warn_overload(base::time_point now) {
    const std::uint64_t total = core_->counters().overload;
    if (now < overload_.quiet_until || draining_ || !log_.enabled(base::log_level::warning)) return;
    const std::array fields{
        base::log_field{"requests", total - overload_.told},
        base::log_field{"pending_invites", std::uint64_t{core_->transactions().pending_invites()}},
        base::log_field{"transactions", std::uint64_t{core_->transactions().server_count()}}};
    log_.write(
        {base::log_level::warning, room,
         "no room for more: requests were answered 503; see [limits] pending_invites, transactions, requests",
         fields});
    overload_ = {total, now + quiet_time};
  }

  void warn_unresolved(base::time_point now, const std::string& host, const base::error_code& error) {
    ++unresolved_;
    if (now < unresolved_log_.quiet_until || !log_.enabled(base::log_level::warning)) return;
    const std::string why = error.message();
    const std::array fields{base::log_field{"host", host}, base::log_field{"error", why},
                            base::log_field{"times", unresolved_ - unresolved_log_.told}};
    log_.write({base::log_level::warning, room, "a next hop's name can't be resolved", fields});
    unresolved_log_ = {unresolved_, now + quiet_time};
  }

  void handle_event(base::time_point now, const proxy::event& e) {
    switch (e.what) {
      case proxy::event::kind::none: return;
      case proxy::event::kind::request: return decide(now, e.request);
      case proxy::event::kind::resolve: return resolve(e);
      case proxy::event::kind::foreign_call_ended: others_.forget_call(e.lookup); return;
    }
  }

  void decide(base::time_point now, proxy::request_id id) {
    const sip::message_view& request = core_->view(id);
    if (registrar_ && request.method() == sip::method::register_ && is_ours(request)) {
      return answer_register(now, id, request);
    }
    options_.routes.decide(request, own_, decision_, registrar_ ? &*registrar_ : nullptr);
    if (decision_.status != 0) {
      std::ignore = core_->respond(
          now, id, decision_.status,
          {{},
           {},
           {{sip::header_id::accept, "*/*"}, {sip::header_id::allow, "INVITE, ACK, CANCEL, BYE, OPTIONS"}},
           {}});
    } else {
      std::ignore = core_->forward(now, id, decision_.targets);
    }
  }

  bool is_ours(const sip::message_view& request) const {
    const auto uri = sip::parse_uri(request.request_uri());
    return uri && uri->is_sip() && registrar_->serves(uri->host);
  }

  void answer_register(base::time_point now, proxy::request_id id, const sip::message_view& request) {
    const sip::hop from = core_->source(id);
    const proxy::registrar::answer answer = registrar_->handle_register(now, request, from);
    std::vector<transaction::response_options::field> fields;
    fields.reserve(answer.fields.size());
    for (const auto& [name, value] : answer.fields) fields.push_back({name, value});
    std::ignore = core_->respond(now, id, answer.status, {{}, {}, {}, fields});
    // RFC 5626 5.4. When the connection closes, what is bound to it goes, too.
    if (answer.watched && from.flow != 0) {
      std::ignore = transports_.expect_keep_alive(from.flow, registrar_->options().flow_timer);
    }
    if (!answer.changed.empty())
      others_.replace_bindings(answer.changed, registrar_->location().find(answer.changed));
  }

  void resolve(const proxy::event& e) {
    resolver_.resolve(e.host, [this, lookup = e.lookup, host = e.host, port = e.port, over = e.transport](
                                  base::error_code error, const std::vector<base::ip_address>& addresses) {
      const base::time_point now = steady_clock_source::now();
      if (error) warn_unresolved(now, host, error);
      const std::uint32_t domain =
          over != sip::transport::udp && over != sip::transport::tcp ? transports_.domain(host) : 0;
      hops_.clear();
      for (const base::ip_address& ip : addresses) hops_.push_back({over, 0, {ip, port}, 0, domain});
      core_->handle_resolved(now, lookup, hops_);
      pump(now);
      transports_.flush();
      update_timer();
    });
  }

  base::time_point handle_timeout(base::time_point now) {
    // Each round does as much as the queues hold.
    do {
      core_->handle_timeout(now);
      pump(now);
    } while (core_->poll_timeout() <= now);
    if (registrar_) registrar_->location().handle_timeout(now);
    transports_.flush();
    return poll_timeout();
  }

  void watch_drain() {
    const base::time_point now = steady_clock_source::now();
    // A response that was lost is asked for again within T1: one more second for those.
    const bool done = core_->is_drained();
    if (!done) done_since_.reset();
    if (done && !done_since_) done_since_ = now;
    const bool nothing_to_repeat = core_->transactions().server_count() == 0;
    if (done && (nothing_to_repeat || now - *done_since_ >= std::chrono::seconds(1))) {
      drained_ = true;
      return;
    }
    drain_timer_.expires_after(std::chrono::milliseconds(50));
    drain_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) watch_drain();
    });
  }

 public:
  /// How the other shards are told what this one has learned.
  struct other_shards {
    std::function<void(std::uint64_t call)> forget_call;
    std::function<void(std::uint64_t flow)> drop_flow;
    std::function<void(const std::string& address, const std::vector<proxy::binding>& bindings)>
        replace_bindings;
    std::function<void(std::size_t shard, std::uint64_t ticket)> report_failure;
  };
  other_shards others_;

 private:
  std::size_t index_;
  shard_group& group_;
  const proxy_server_options& options_;
  base::log_sink& log_;
  base::buffer_pool pool_;
  system_random random_;
  asio::any_io_executor executor_;
  std::optional<proxy::core> core_;
  std::optional<proxy::registrar> registrar_;
  transport_set transports_;
  resolver resolver_;
  asio::steady_timer drain_timer_;
  deadline_timer timer_;
  proxy::own_addresses own_;
  proxy::route_table::decision decision_;
  std::vector<sip::hop> hops_;  // kept for its memory
  sip::message_view peeked_;
  std::optional<base::time_point> done_since_;
  struct throttled {
    std::uint64_t told = 0;  // how many of these a line has been written about
    base::time_point quiet_until{};
  };
  static constexpr base::duration quiet_time = std::chrono::seconds(10);
  throttled overload_;
  throttled unresolved_log_;
  std::uint64_t unresolved_ = 0;
  bool draining_ = false;
  std::atomic<bool> drained_ = false;
};

void add(proxy_server_status& sum, const proxy_server_status& part) {
  sum.requests_under_way += part.requests_under_way;
  sum.calls += part.calls;
  sum.transactions += part.transactions;
  // Each shard knows all of them.
  sum.addresses = std::max(sum.addresses, part.addresses);
  sum.registrar.registered += part.registrar.registered;
  sum.registrar.challenged += part.registrar.challenged;
  sum.registrar.refused += part.registrar.refused;
  sum.core.received += part.core.received;
  sum.core.requests_forwarded += part.core.requests_forwarded;
  sum.core.responses_forwarded += part.core.responses_forwarded;
  sum.core.refused += part.core.refused;
  sum.core.dropped_malformed += part.core.dropped_malformed;
  sum.core.dropped_stray += part.core.dropped_stray;
  sum.core.dropped_no_room += part.core.dropped_no_room;
  sum.core.overload += part.core.overload;
  sum.transport.datagrams_received += part.transport.datagrams_received;
  sum.transport.datagrams_sent += part.transport.datagrams_sent;
  sum.transport.datagram_receive_calls += part.transport.datagram_receive_calls;
  sum.transport.datagram_send_calls += part.transport.datagram_send_calls;
  sum.transport.datagram_keep_alives += part.transport.datagram_keep_alives;
  sum.transport.datagrams_stun += part.transport.datagrams_stun;
  sum.transport.datagrams_too_large += part.transport.datagrams_too_large;
  sum.transport.datagrams_no_buffer += part.transport.datagrams_no_buffer;
  sum.transport.datagram_receive_errors += part.transport.datagram_receive_errors;
  sum.transport.datagram_send_errors += part.transport.datagram_send_errors;
  sum.transport.datagram_queue_drops += part.transport.datagram_queue_drops;
  sum.transport.stun_requests += part.transport.stun_requests;
  sum.transport.stun_answers += part.transport.stun_answers;
  sum.transport.stun_refusals += part.transport.stun_refusals;
  sum.transport.connections_accepted += part.transport.connections_accepted;
  sum.transport.connections_opened += part.transport.connections_opened;
  sum.transport.connections_refused += part.transport.connections_refused;
  sum.transport.connections_failed += part.transport.connections_failed;
  sum.transport.connections_closed += part.transport.connections_closed;
  sum.transport.connections_timed_out += part.transport.connections_timed_out;
  sum.transport.accept_back_offs += part.transport.accept_back_offs;
  sum.transport.stream_messages_received += part.transport.stream_messages_received;
  sum.transport.stream_messages_sent += part.transport.stream_messages_sent;
  sum.transport.stream_queue_full += part.transport.stream_queue_full;
  sum.transport.stream_no_buffer += part.transport.stream_no_buffer;
  sum.transport.framing_errors += part.transport.framing_errors;
  sum.transport.keep_alive_pings += part.transport.keep_alive_pings;
  sum.transport.keep_alive_pongs += part.transport.keep_alive_pongs;
  sum.transport.keep_alives_sent += part.transport.keep_alives_sent;
  sum.transport.keep_alives_refused += part.transport.keep_alives_refused;
  sum.transport.flows_dead += part.transport.flows_dead;
  sum.transport.reports_dropped += part.transport.reports_dropped;
}

}  // namespace

struct proxy_server::implementation {
  implementation(proxy_server_options o, base::log_sink& l)
      : options(std::move(o)), log(l), group({.count = options.workers}, l) {
    for (std::size_t i = 0; i < group.size(); ++i)
      shards.push_back(std::make_unique<shard>(i, group, options, log));
  }

  void complete_core() {
    system_random random;
    options.core.shared_secret = base::siphash_key::from(random);
    for (const std::string& domain : options.domains) {
      const auto colon = domain.rfind(':');
      const bool has_port = colon != std::string::npos && domain.find(']', colon) == std::string::npos &&
                            domain.find_first_not_of("0123456789", colon + 1) == std::string::npos;
      const auto port =
          has_port ? static_cast<std::uint16_t>(std::strtoul(domain.c_str() + colon + 1, nullptr, 10)) : 0;
      options.core.own.add(domain.substr(0, has_port ? colon : domain.size()),
                           static_cast<std::uint16_t>(port));
    }
    const transport_set& first = shards.front()->transports();
    for (std::size_t i = 0; i < options.listeners.size(); ++i) {
      const listener_options& wanted = options.listeners[i];
      proxy::listener out{wanted.transport, first.local_address(static_cast<std::uint16_t>(i)),
                          wanted.advertised_host, wanted.advertised_port};
      if (out.port == 0) out.port = out.local.port;
      if (out.local.ip.is_unspecified()) {
        const auto all = detail::interface_addresses(out.local.ip);
        for (const auto& ip : all) options.core.own.add(ip.to_string(), out.local.port);
        if (out.host.empty() && !all.empty()) out.host = host_text(all.front());
      }
      if (out.host.empty()) out.host = host_text(out.local.ip);
      options.core.listeners.push_back(std::move(out));
    }
  }

  /// Runs `f(shard)` on each shard but `self`.
  template <class F>
  void on_others(const shard& self, F f) {
    for (std::size_t i = 0; i < shards.size(); ++i) {
      if (shards[i].get() != &self) group.post(i, [f, target = shards[i].get()] { f(*target); });
    }
  }

  shard::other_shards tell_others(const shard& self) {
    shard::other_shards out;
    out.forget_call = [this, &self](std::uint64_t call) {
      on_others(self, [call](shard& other) { other.forget_call(call); });
    };
    out.drop_flow = [this, &self](std::uint64_t flow) {
      on_others(self, [flow](shard& other) { other.drop_flow(flow); });
    };
    out.replace_bindings = [this, &self](const std::string& address, const auto& bindings) {
      on_others(self, [address, bindings](shard& other) { other.replace_bindings(address, bindings); });
    };
    out.report_failure = [this](std::size_t to, std::uint64_t ticket) {
      group.post(to, [target = shards[to].get(), ticket] { target->report_failure(ticket); });
    };
    return out;
  }

  proxy_server_options options;
  base::log_sink& log;
  shard_group group;
  std::vector<std::unique_ptr<shard>> shards;
  bool started = false;
};

proxy_server::proxy_server(proxy_server_options options, base::log_sink& log)
    : impl_(std::make_unique<implementation>(std::move(options), log)) {}

proxy_server::~proxy_server() { stop(); }

base::result<void> proxy_server::open(std::size_t& failed) {
  implementation& s = *impl_;
  for (std::size_t i = 0; i < s.options.listeners.size(); ++i) {
    listener_options wanted = s.options.listeners[i];
    wanted.reuse_port = s.shards.size() > 1;
    for (const auto& one : s.shards) {
      const auto opened = one->transports().listen(wanted);
      if (!opened) {
        failed = i;
        return opened.error();
      }
      wanted.bind = one->transports().local_address(*opened);
    }
  }
  s.complete_core();
  for (const auto& one : s.shards) {
    one->begin(s.options.core);
    one->others_ = s.tell_others(*one);
  }
  return {};
}

base::socket_address proxy_server::local_address(std::size_t listener) const {
  return impl_->shards.front()->transports().local_address(static_cast<std::uint16_t>(listener));
}

void proxy_server::set_tls(const tls_context& tls) {
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    impl_->group.post(i, [one = impl_->shards[i].get(), tls] {
      transport_set& set = one->transports();
      for (std::size_t k = 0; k < set.listener_count(); ++k) {
        std::ignore = set.set_tls(static_cast<std::uint16_t>(k), tls);
      }
    });
  }
}

void proxy_server::start() {
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    shard* const one = impl_->shards[i].get();
    impl_->group.attach(i, one, &one->pool(),
                        [one](base::time_point, sip::outgoing message) { one->carry(std::move(message)); });
  }
  impl_->group.start();
  impl_->started = true;
}

void proxy_server::drain() {
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    impl_->group.post(i, [one = impl_->shards[i].get()] { one->drain(); });
  }
}

bool proxy_server::is_drained() const noexcept {
  for (const auto& one : impl_->shards) {
    if (!one->drained()) return false;
  }
  return true;
}

proxy_server_status proxy_server::status() const {
  proxy_server_status sum;
  for (std::size_t i = 0; i < impl_->shards.size(); ++i) {
    if (!impl_->started) {
      add(sum, impl_->shards[i]->status());
      continue;
    }
    std::promise<proxy_server_status> answer;
    impl_->group.post(i, [one = impl_->shards[i].get(), &answer] { answer.set_value(one->status()); });
    add(sum, answer.get_future().get());
  }
  return sum;
}

void proxy_server::stop() noexcept {
  impl_->group.stop();
  impl_->started = false;
}

}  // namespace parley::net
