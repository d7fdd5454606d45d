#include "net/detail/proxy_shard.hpp"

#include <parley/net/clock.hpp>
#include <parley/sip/via.hpp>
#include <parley/transaction/branch.hpp>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace parley::net::detail {
namespace {

constexpr std::string_view room = "proxy";
constexpr base::duration quiet_time = std::chrono::seconds(10);

base::buffer_pool_limits pool_limits(std::size_t bytes) {
  base::buffer_pool_limits limits;
  limits.max_bytes = bytes;
  return limits;
}

}  // namespace

proxy_shard::proxy_shard(std::size_t index, shard_group& group, const proxy_server_options& options,
                         base::log_sink& log)
    : index_(index),
      group_(group),
      options_(options),
      log_(log),
      pool_(pool_limits(options.memory_bytes)),
      executor_(group.context(index).get_executor()),
      transports_(executor_, pool_, *this, options.limits, log, static_cast<std::uint16_t>(index)),
      names_(make_names()),
      drain_timer_(executor_),
      load_timer_(executor_),
      timer_(executor_, [this](base::time_point now) { return handle_timeout(now); }) {}

void proxy_shard::begin(proxy::core_options core, other_shards others) {
  const base::time_point now = steady_clock_source::now();
  others_ = std::move(others);
  if (!options_.registrar.domains.empty()) registrar_.emplace(options_.registrar, random_, now);
  for (const std::string& domain : options_.registrar.domains) core.own.add(domain, 0);
  core.transactions.shard = static_cast<std::uint16_t>(index_);
  core.share_calls = group_.size() > 1;
  core.relay = options_.routes.relays(registrar_.has_value());
  own_ = core.own;
  for (const proxy::listener& l : core.listeners) {
    own_.add(l.host, l.port);
    own_.add(l.local.ip.to_string(), l.local.port);
  }
  core_.emplace(std::move(core), pool_, random_, now);
  next_hops_.emplace(executor_, transports_, *names_, random_, options_.locator, options_.blacklist);
}

void proxy_shard::start() {
  if (options_.core.overload.target >= 1) return;
  load_.start(steady_clock_source::now());
  watch_load();
}

void proxy_shard::drain() {
  draining_ = true;
  core_->drain();
  watch_drain();
}

proxy_server_status proxy_shard::status() const {
  proxy_server_status out;
  out.requests_under_way = core_->requests_under_way();
  out.calls = core_->calls();
  out.transactions = core_->transactions().server_count() + core_->transactions().client_count();
  out.core = core_->counters();
  out.transport = transports_.counters();
  if (dns_ != nullptr) out.dns = dns_->counters();
  out.hops_failed = next_hops_->blacklisted();
  if (registrar_) {
    out.addresses = registrar_->location().size();
    out.registrar = registrar_->counters();
  }
  return out;
}

void proxy_shard::replace_bindings(const std::string& address, std::vector<proxy::binding> bindings) {
  std::ignore = registrar_->location().replace(address, std::move(bindings));
  update_timer();
}

void proxy_shard::drop_flow(std::uint64_t flow) {
  const base::time_point now = steady_clock_source::now();
  if (registrar_) registrar_->location().drop_flow(flow);
  core_->handle_flow_closed(now, flow);
  pump(now);
  transports_.flush();
  update_timer();
}

void proxy_shard::carry(sip::outgoing&& message) {
  const std::uint64_t asked = message.to.flow;
  const std::uint64_t ticket = message.ticket;
  const std::size_t sender = message.sender;
  const std::uint64_t used = transports_.send(std::move(message));
  if (used != 0 && used != asked && ticket != 0) others_.report_sent(sender, ticket, used);
}

void proxy_shard::report_failure(std::uint64_t ticket) {
  const base::time_point now = steady_clock_source::now();
  core_->handle_send_failure(now, ticket);
  pump(now);
  transports_.flush();
  update_timer();
}

void proxy_shard::handle_message(base::time_point now, const sip::hop& from, base::packet_buffer message) {
  if (group_.size() > 1 && belongs_elsewhere(from, message)) return;
  core_->handle_message(now, from, message);
}

void proxy_shard::handle_framing_error(base::time_point now, const sip::hop& from, sip::parse_error error,
                                       base::packet_buffer head) {
  core_->handle_framing_error(now, from, error, head);
}

void proxy_shard::handle_send_failure(base::time_point now, const sip::outgoing& lost, base::error_code) {
  if (lost.sender != index_) {
    others_.report_failure(lost.sender, lost.ticket);
    return;
  }
  core_->handle_send_failure(now, lost.ticket);
  pump(now);
}

void proxy_shard::handle_moved(base::time_point, const sip::outgoing& sent) {
  if (sent.sender == index_) return core_->handle_sent(sent.ticket, sent.to.flow);
  others_.report_sent(sent.sender, sent.ticket, sent.to.flow);
}

void proxy_shard::handle_closed(base::time_point now, const sip::hop& gone, base::error_code) {
  if (registrar_) registrar_->location().drop_flow(gone.flow);
  // RFC 3261 16.9: nothing is waited for that can't come.
  core_->handle_flow_closed(now, gone.flow);
  pump(now);
  others_.drop_flow(gone.flow);
}

void proxy_shard::handle_batch_end(base::time_point now) {
  pump(now);
  update_timer();
}

std::unique_ptr<name_source> proxy_shard::make_names() {
  if (options_.make_names) return options_.make_names(executor_);
  auto client = std::make_unique<dns_client>(executor_, random_, options_.dns);
  dns_ = client.get();
  return client;
}

// True where the message is a response to a request that another shard sent; it has then been handed over.
bool proxy_shard::belongs_elsewhere(const sip::hop& from, const base::packet_buffer& message) {
  if (!message.text().starts_with("SIP/")) return false;
  if (!peeked_.parse(message.text())) return false;
  const auto via = peeked_.get<sip::via_header>();
  const auto branch = via ? transaction::branch_format::read(via->branch) : std::nullopt;
  if (!branch || branch->shard == index_ || branch->shard >= group_.size()) return false;
  group_.hand_over(branch->shard, from, message.bytes());
  return true;
}

void proxy_shard::pump(base::time_point now) {
  proxy::event e;
  while (core_->poll_event(e)) handle_event(now, e);
  sip::outgoing out;
  while (core_->poll_transmit(out)) send(now, std::move(out));
  warn_refused(now);
}

void proxy_shard::send(base::time_point now, sip::outgoing&& out) {
  const std::size_t owner = transport_set::shard_of(out.to.flow);
  const std::uint64_t ticket = out.ticket;
  std::uint64_t flow = out.to.flow;
  out.sender = static_cast<std::uint16_t>(index_);
  if (flow == 0 || owner == index_ || owner >= group_.size()) {
    flow = transports_.send(std::move(out));
  } else if (!group_.send_over(owner, out)) {
    return core_->handle_send_failure(now, ticket);
  }
  if (flow != 0 && ticket != 0) core_->handle_sent(ticket, flow);
}

base::time_point proxy_shard::poll_timeout() const noexcept {
  const base::time_point next = core_->poll_timeout();
  return registrar_ ? std::min(next, registrar_->location().poll_timeout()) : next;
}

bool proxy_shard::may_warn(base::time_point now, throttled& about, std::uint64_t total,
                           std::uint64_t& times) noexcept {
  if (total == about.told || now < about.quiet_until || !log_.enabled(base::log_level::warning)) return false;
  times = total - about.told;
  about = {total, now + quiet_time};
  return true;
}

void proxy_shard::warn_refused(base::time_point now) {
  const proxy::core_counters& counted = core_->counters();
  std::uint64_t times = 0;
  if (!draining_ && may_warn(now, no_room_, counted.overload, times)) {
    const std::array fields{
        base::log_field{"requests", times},
        base::log_field{"pending_invites", std::uint64_t{core_->transactions().pending_invites()}},
        base::log_field{"transactions", std::uint64_t{core_->transactions().server_count()}}};
    log_.write(
        {base::log_level::warning, room,
         "no room for more: requests were answered 503; see [limits] pending_invites, transactions, requests",
         fields});
  }
  if (may_warn(now, shed_, counted.shed, times)) {
    const std::array fields{base::log_field{"requests", times}};
    log_.write({base::log_level::warning, room,
                "more comes than there is time for: new requests were refused; see [overload]", fields});
  }
  if (may_warn(now, rate_limited_, counted.rate_limited, times)) {
    const std::array fields{base::log_field{"requests", times}};
    log_.write({base::log_level::warning, room,
                "a source sends too many new requests: they were answered 503; see [limits] source_rate",
                fields});
  }
}

void proxy_shard::warn_unresolved(base::time_point now, const std::string& host,
                                  const base::error_code& error) {
  std::uint64_t times = 0;
  if (!may_warn(now, unresolved_, ++unresolved_names_, times)) return;
  const std::string why = error.message();
  const std::array fields{base::log_field{"host", host}, base::log_field{"error", why},
                          base::log_field{"times", times}};
  log_.write({base::log_level::warning, room, "no server can be found for a next hop's name", fields});
}

void proxy_shard::handle_event(base::time_point now, const proxy::event& e) {
  switch (e.what) {
    case proxy::event::kind::none: return;
    case proxy::event::kind::request: return decide(now, e.request);
    case proxy::event::kind::resolve: return resolve(e);
    case proxy::event::kind::hop_failed: return next_hops_->handle_failure(now, e.hop, e.retry_after);
    case proxy::event::kind::alias:
      // A neighbour that has not proven to be that is reached as before.
      std::ignore = transports_.alias(e.hop.flow, e.host, e.port);
      return;
    case proxy::event::kind::foreign_call_ended: others_.forget_call(e.lookup); return;
  }
}

void proxy_shard::decide(base::time_point now, proxy::request_id id) {
  const sip::message_view& request = core_->view(id);
  if (registrar_ && request.method() == sip::method::register_ && is_ours(request)) {
    return answer_register(now, id, request);
  }
  options_.routes.decide(request, own_, decision_, registrar_ ? &*registrar_ : nullptr);
  if (decision_.status != 0) {
    std::ignore = core_->respond(
        now, id, decision_.status,
        {decision_.reason,
         {},
         {{sip::header_id::accept, "*/*"}, {sip::header_id::allow, "INVITE, ACK, CANCEL, BYE, OPTIONS"}},
         {}});
  } else {
    std::ignore = core_->forward(now, id, decision_.targets);
  }
}

bool proxy_shard::is_ours(const sip::message_view& request) const {
  const auto uri = sip::parse_uri(request.request_uri());
  return uri && uri->is_sip() && registrar_->serves(uri->host);
}

void proxy_shard::answer_register(base::time_point now, proxy::request_id id,
                                  const sip::message_view& request) {
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

void proxy_shard::resolve(const proxy::event& e) {
  location_query asked{e.host, e.port, e.transport, e.secure, {}};
  if (e.choice != 0) asked.choice = e.choice;
  next_hops_->find(std::move(asked), core_->source(e.request).listener,
                   [this, lookup = e.lookup, host = e.host](const base::error_code& error,
                                                            const std::vector<sip::hop>& hops) {
                     const base::time_point now = steady_clock_source::now();
                     if (error) warn_unresolved(now, host, error);
                     core_->handle_resolved(now, lookup, hops);
                     pump(now);
                     transports_.flush();
                     update_timer();
                   });
}

base::time_point proxy_shard::handle_timeout(base::time_point now) {
  // Each round does as much as the queues hold.
  do {
    core_->handle_timeout(now);
    pump(now);
  } while (core_->poll_timeout() <= now);
  if (registrar_) registrar_->location().handle_timeout(now);
  transports_.flush();
  return poll_timeout();
}

void proxy_shard::watch_drain() {
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

void proxy_shard::watch_load() {
  load_timer_.expires_after(load_meter::interval);
  load_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const double backlog = transports_.receive_backlog();
    core_->handle_load(load_.measure(steady_clock_source::now(), backlog), backlog);
    watch_load();
  });
}

}  // namespace parley::net::detail
