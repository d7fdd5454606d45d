#include <parley/proxy/core.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/status.hpp>

#include "proxy/detail/core_impl.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

// Records, decisions of the user, and time.

namespace parley::proxy {

using sip::header_id;

namespace {

core_options complete(core_options options, base::random_source& random) {
  for (listener& l : options.listeners) {
    if (l.port == 0) l.port = l.local.port;
    if (l.host.empty()) {
      const std::string ip = l.local.ip.to_string();
      l.host = l.local.ip.is_v6() ? "[" + ip + "]" : ip;
    }
    options.own.add(l.host, l.port);
    options.own.add(l.local.ip.to_string(), l.local.port);
  }
  if (options.shared_secret.k0 == 0 && options.shared_secret.k1 == 0) {
    options.shared_secret = base::siphash_key::from(random);
  }
  if (options.route_secret.k0 == 0 && options.route_secret.k1 == 0)
    options.route_secret = options.shared_secret;
  return options;
}

// What the tables hold beyond the limits for new requests; see `has_room`.
constexpr std::size_t with_reserve(std::size_t limit) noexcept { return limit + limit / 8; }

transaction::layer_options with_reserve(transaction::layer_options options) noexcept {
  options.max_server_transactions = with_reserve(options.max_server_transactions);
  options.max_client_transactions = with_reserve(options.max_client_transactions);
  options.max_pending_invites = with_reserve(options.max_pending_invites);
  return options;
}

std::string_view transport_parameter(sip::transport transport) noexcept {
  switch (transport) {
    case sip::transport::tcp: return ";transport=tcp";
    case sip::transport::tls: return ";transport=tls";
    case sip::transport::sctp: return ";transport=sctp";
    // RFC 7118 5.2.3 has one value for both.
    case sip::transport::ws:
    case sip::transport::wss: return ";transport=ws";
    case sip::transport::udp:
    case sip::transport::other: break;
  }
  return "";
}

detail::listener_text text_of(const listener& l) {
  const std::string sent_by = l.host + ":" + std::to_string(l.port);
  detail::listener_text out;
  out.via = "SIP/2.0/" + std::string(sip::name_of(l.transport)) + " " + sent_by + ";rport;branch=";
  if (l.reuse && l.transport == sip::transport::tls) out.via_end = ";alias";
  out.route_uri = "sip:" + sent_by + std::string(transport_parameter(l.transport)) + ";lr";
  if (sip::is_secure(l.transport)) {
    out.secure_route_uri =
        "sips:" + sent_by + (l.transport == sip::transport::wss ? ";transport=ws" : "") + ";lr";
  }
  return out;
}

}  // namespace

core::implementation::implementation(core_options options, base::buffer_pool& pool,
                                     base::random_source& random, base::time_point now)
    : options_(complete(std::move(options), random)),
      layer_(with_reserve(options_.transactions), pool, random, now),
      events_(options_.transactions.max_queue),
      overload_(options_.overload, random),
      wheel_(now),
      requests_(with_reserve(options_.max_requests)),
      pool_(pool),
      secret_(options_.shared_secret),
      tokens_(options_.shared_secret),
      seals_(options_.route_secret),
      sources_(options_.sources, base::siphash_key::from(random)),
      dialog_sources_(options_.sources, base::siphash_key::from(random)),
      neighbours_(options_.overload, random),
      retry_after_(std::to_string(options_.retry_after.count())) {
  for (const listener& l : options_.listeners) texts_.push_back(text_of(l));
}

core::implementation::record* core::implementation::create(base::time_point now, const sip::hop& from,
                                                           const base::packet_buffer& data) {
  const auto [id, r] = requests_.create();
  if (r == nullptr) return nullptr;
  r->id = id;
  r->request = data;
  r->from = from;
  r->method = view_.method();
  r->guard.set_context(r);
  wheel_.arm(r->guard, now + detail::guard_time);
  ++under_way_;
  indexed_ = id;
  return r;
}

void core::implementation::answered(record& r) noexcept {
  if (r.answered) return;
  r.answered = true;
  r.undecided = false;
  r.guard.disarm();
  --under_way_;
  r.request.reset();
  r.unsent.reset();
  r.unsent_status = 0;
  if (indexed_ == r.id) indexed_ = 0;
}

void core::implementation::maybe_destroy(record& r) {
  if (r.transactions > 0) return;
  if (!r.answered) --under_way_;
  if (indexed_ == r.id) indexed_ = 0;
  drop_targets(r);
  requests_.destroy(r.id);
}

void core::implementation::drop_targets(record& r) {
  for (const detail::held_target& t : r.held) {
    if (t.lookup != 0) lookup_owner_.erase(t.lookup);
  }
  r.held.clear();
  r.others.clear();
}

void core::implementation::index(const record& r) noexcept {
  if (indexed_ == r.id) return;
  std::ignore = view_.parse(r.request.text(), options_.limits);
  indexed_ = r.id;
}

const sip::message_view& core::implementation::view(request_id id) noexcept {
  const record* const r = find(id);
  if (r == nullptr || !r->request) return no_view_;
  index(*r);
  return view_;
}

transaction::branch core::implementation::tag_for(const sip::message_view& request,
                                                  std::string_view method) noexcept {
  transaction::received what;
  if (const auto via = request.get<sip::via_header>()) what.via = *via;
  if (const auto cseq = request.get<sip::cseq_header>()) what.cseq = *cseq;
  what.cseq.method_name = method;
  return layer_.make_tag(what, request);
}

base::result<void> core::implementation::respond(base::time_point now, request_id id, int status,
                                                 const transaction::response_options& options) {
  record* const r = find(id);
  if (r == nullptr || !r->undecided) return errc::unknown_request;
  index(*r);
  const auto tag = tag_for(view_, view_.method_name());
  transaction::response_options complete = options;
  if (complete.to_tag.empty() && status != 100) complete.to_tag = tag.text();
  complete.overload = overload_text(view_);
  if (r->stateless) {
    // RFC 3261 8.2.7: without state nothing provisional is sent; and an ACK has no response.
    if (!sip::is_final(status)) return {};
    if (r->method != sip::method::ack) answer_stateless(r->from, status, complete);
    maybe_destroy(*r);
    return {};
  }
  if (const auto sent = layer_.answer(now, r->server, status, complete); !sent) return sent.error();
  if (sip::is_final(status)) note_final(*r, status);
  run_events(now);
  return {};
}

void core::implementation::finish(base::time_point now, record& r, int status) {
  if (r.answered) return;
  r.undecided = false;
  index(r);
  const auto tag = tag_for(view_, view_.method_name());
  const std::string_view load = overload_text(view_);
  base::result<void> sent;
  if (status == 503) {
    sent = layer_.answer(now, r.server, 503,
                         {{}, tag.text(), {{header_id::retry_after, retry_after_}}, {}, load});
  } else {
    sent = layer_.answer(now, r.server, status, {{}, tag.text(), {}, {}, load});
  }
  if (!sent &&
      (sent.error() == transaction::errc::no_buffer || sent.error() == transaction::errc::queue_full)) {
    if (r.unsent_status == 0) ++counters_.dropped_no_room;
    r.unsent_status = static_cast<std::uint16_t>(status);
    wheel_.arm(r.guard, now + detail::retry_time);
    return;
  }
  if (status == 503) ++counters_.overload;
  note_final(r, status);
}

void core::implementation::run_events(base::time_point now) {
  transaction::event e;
  while (layer_.poll_event(e)) handle_event(now, e);
}

void core::implementation::handle_timeout(base::time_point now) {
  layer_.handle_timeout(now);
  run_events(now);
  while (base::timer* const due = wheel_.poll_expired(now)) {
    handle_guard(now, *static_cast<record*>(due->context()));
    run_events(now);
  }
}

void core::implementation::handle_guard(base::time_point now, record& r) {
  if (r.stateless) {
    refuse_stateless(r, 500);
  } else if (r.undecided) {
    finish(now, r, 500);
  } else if (r.unsent) {
    const base::packet_buffer data = std::move(r.unsent);
    sip::message_view response;
    if (response.parse(data.text(), options_.limits)) send_upstream(now, r, response, data, nullptr);
  } else if (r.unsent_status != 0) {
    finish(now, r, r.unsent_status);
  } else {
    // Addresses that did not come count as targets that can't be reached.
    std::erase_if(r.held, [&](const detail::held_target& t) {
      if (t.lookup == 0) return false;
      lookup_owner_.erase(t.lookup);
      r.responses.add_failure(503);
      return true;
    });
    settle(now, r);
  }
}

core::core(core_options options, base::buffer_pool& pool, base::random_source& random, base::time_point now)
    : impl_(std::make_unique<implementation>(std::move(options), pool, random, now)) {}
core::~core() = default;

const core_counters& core::counters() const noexcept { return impl_->counters_; }
const transaction::layer& core::transactions() const noexcept { return impl_->layer_; }
std::size_t core::requests_under_way() const noexcept { return impl_->under_way_; }
std::size_t core::calls() const noexcept { return impl_->calls_.size(); }
void core::forget_call(std::uint64_t call) noexcept { impl_->calls_.erase(call); }
bool core::is_drained() const noexcept {
  return impl_->draining_ && impl_->under_way_ == 0 && impl_->calls_.empty();
}
const sip::message_view& core::view(request_id id) noexcept { return impl_->view(id); }

sip::hop core::source(request_id id) const noexcept {
  const auto* const r = impl_->find(id);
  return r == nullptr ? sip::hop{} : r->from;
}

void core::handle_message(base::time_point now, const sip::hop& from, const base::packet_buffer& data) {
  impl_->handle_message(now, from, data);
}
void core::handle_framing_error(base::time_point, const sip::hop& from, const sip::parse_error& error,
                                const base::packet_buffer& head) {
  impl_->handle_framing_error(from, error, head);
}
void core::handle_send_failure(base::time_point now, std::uint64_t ticket) {
  impl_->layer_.handle_send_failure(now, ticket);
  impl_->run_events(now);
}
void core::handle_sent(std::uint64_t ticket, std::uint64_t flow) { impl_->layer_.handle_sent(ticket, flow); }
void core::handle_flow_closed(base::time_point now, std::uint64_t flow) {
  impl_->layer_.handle_flow_closed(now, flow);
  impl_->run_events(now);
}
base::result<void> core::forward(base::time_point now, request_id id, std::span<const target> targets) {
  return impl_->forward(now, id, targets);
}
base::result<void> core::respond(base::time_point now, request_id id, int status,
                                 const transaction::response_options& options) {
  return impl_->respond(now, id, status, options);
}
void core::handle_resolved(base::time_point now, std::uint64_t lookup, std::span<const sip::hop> hops) {
  impl_->handle_resolved(now, lookup, hops);
}
void core::handle_load(double load, double backlog) noexcept { impl_->overload_.handle_load(load, backlog); }
void core::drain() noexcept { impl_->draining_ = true; }
void core::handle_timeout(base::time_point now) { impl_->handle_timeout(now); }
base::time_point core::poll_timeout() const noexcept {
  return std::min(impl_->layer_.poll_timeout(), impl_->wheel_.poll_timeout());
}
bool core::poll_transmit(sip::outgoing& out) { return impl_->layer_.poll_transmit(out); }
bool core::poll_event(event& out) {
  auto next = impl_->events_.pop();
  if (!next) return false;
  out = std::move(*next);
  return true;
}

}  // namespace parley::proxy
