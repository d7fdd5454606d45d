#include <parley/proxy/core.hpp>

#include <tuple>
#include <utility>

#include <parley/sip/name_addr.hpp>
#include <parley/sip/status.hpp>
#include <parley/transaction/key.hpp>

#include "proxy/detail/core_impl.hpp"

namespace parley::proxy {

using sip::header_id;
using transaction::received;

namespace {

core_options complete(core_options options) {
  for (const listener& l : options.listeners) {
    options.own.add(l.host, l.port);
    options.own.add(l.local.ip.to_string(), l.local.port);
  }
  return options;
}

}  // namespace

core::implementation::implementation(core_options options, base::buffer_pool& pool, base::random_source& random,
                                     base::time_point now)
    : options_(complete(std::move(options))),
      layer_(options_.transactions, pool, random, now),
      events_(options_.transactions.max_queue),
      wheel_(now),
      requests_(options_.max_requests),
      pool_(pool),
      secret_(base::siphash_key::from(random)),
      retry_after_(std::to_string(options_.retry_after.count())) {
  for (const listener& l : options_.listeners) {
    const std::string sent_by = l.host + ":" + std::to_string(l.port);
    const bool tcp = l.transport == sip::transport::tcp;
    texts_.push_back({"SIP/2.0/" + std::string(sip::name_of(l.transport)) + " " + sent_by + ";rport;branch=",
                      "<sip:" + sent_by + (tcp ? ";transport=tcp" : "") + ";lr>"});
  }
}

void core::implementation::handle_message(base::time_point now, const sip::hop& from, base::packet_buffer data) {
  ++counters_.received;
  indexed_ = 0;
  if (const auto indexed = view_.parse(data.text(), options_.limits); !indexed) {
    received got;
    return refuse(from, got, refusal_for(indexed.error(), view_));
  }
  if (options_.stateless) {
    const auto via = view_.get<sip::via_header>();
    received got;
    if (via) got.via = *via;
    if (view_.is_response()) return forward_stateless_response(from, got);
    if (const refusal why = validate(view_)) return refuse(from, got, why);
    return stateless_forward(now, from, *via, data);
  }
  const received got = layer_.handle_message(now, from, view_, data);
  switch (got.what) {
    case received::kind::absorbed: break;
    case received::kind::request:
    case received::kind::merged: handle_request(now, from, got, data); break;
    case received::kind::ack: handle_ack(now, from, got, data); break;
    case received::kind::cancel: handle_cancel(now, from, got); break;
    case received::kind::response: handle_response(now, got, data); break;
    case received::kind::stray_response:
      // RFC 6026 7.3: a stateful proxy does not forward what no transaction waits for.
      ++counters_.dropped_stray;
      break;
    case received::kind::malformed: refuse(from, got, view_.is_request() ? validate(view_) : refusal{}); break;
  }
  run_events(now);
}

void core::implementation::handle_framing_error(const sip::hop& from, const sip::parse_error& error,
                                                const base::packet_buffer& head) {
  ++counters_.received;
  indexed_ = 0;
  std::ignore = view_.parse(head.text(), options_.limits);
  refuse(from, {}, refusal_for(error, view_));
}

void core::implementation::refuse(const sip::hop& from, const received& got, const refusal& why) {
  // RFC 3261 16.3: an ACK has no response; neither has a response.
  if (!why || view_.is_response() || view_.method() == sip::method::ack) {
    ++counters_.dropped_malformed;
    return;
  }
  ++counters_.refused;
  if (why.status == 420) return answer_stateless(from, got, 420, {{}, {}, {{header_id::unsupported, why.unsupported}}});
  answer_stateless(from, got, why.status, {why.reason_phrase, {}, {}});
}

void core::implementation::answer_stateless(const sip::hop& from, const received& got, int status,
                                            const transaction::response_options& options) {
  const auto via = view_.get<sip::via_header>();
  if (!via) {
    ++counters_.dropped_malformed;
    return;
  }
  // RFC 3261 8.2.7: an element that answers without a transaction gives the same tag each time. The ACK is known by it.
  received request = got;
  request.via = *via;
  if (const auto cseq = view_.get<sip::cseq_header>()) request.cseq = *cseq;
  const auto tag = layer_.make_tag(request, view_);
  transaction::response_options complete = options;
  complete.to_tag = tag.text();
  auto response = transaction::make_response(pool_, view_, from.remote, status, complete);
  if (!response || !layer_.send(transaction::response_hop(from, *via), std::move(*response))) ++counters_.dropped_no_room;
}

void core::implementation::overloaded(const sip::hop& from, const received& got) {
  ++counters_.overload;
  answer_stateless(from, got, 503, {{}, {}, {{header_id::retry_after, retry_after_}}});
}

std::uint32_t core::implementation::loop_mark(const sip::message_view& request) noexcept {
  // RFC 3261 16.6.8: all that decides about where the request goes. The To tag is left out: it decides nothing, and the ACK for
  // a refusal, which has one, must get the same branch as its INVITE where no transaction remembers that.
  base::siphasher hash(secret_);
  hash.update_sized(request.request_uri());
  for (std::size_t i = request.find(header_id::route); i != sip::message_view::npos;
       i = request.find_after(header_id::route, i)) {
    hash.update_sized(request.value(i));
  }
  const auto from = request.get<sip::from_header>();
  const auto cseq = request.get<sip::cseq_header>();
  hash.update_sized(from ? from->tag : std::string_view{});
  hash.update(std::uint64_t{cseq ? cseq->number : 0});
  hash.update_sized(request.value_of(header_id::call_id));
  hash.update_sized(request.value_of(header_id::proxy_require));
  hash.update_sized(request.value_of(header_id::proxy_authorization));
  return static_cast<std::uint32_t>(hash.finish64());
}

bool core::implementation::is_loop(const sip::message_view& request) noexcept {
  bool loop = false;
  std::ignore = request.for_each<sip::via_header>([&](const sip::via_header& via) {
    if (!options_.own.contains(via.host, via.port_or_default())) return true;
    const auto branch = transaction::branch_format::read(via.branch);
    loop = branch && branch->mark == loop_mark(request);
    return !loop;
  });
  return loop;
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

void core::implementation::handle_request(base::time_point now, const sip::hop& from, const received& got,
                                          const base::packet_buffer& data) {
  if (const refusal why = validate(view_)) return refuse(from, got, why);
  if (is_loop(view_)) return refuse(from, got, {482, {}, {}});
  const auto to = view_.get<sip::to_header>();
  const bool in_dialog = to && !to->tag.empty();
  if (draining_ && !in_dialog) return overloaded(from, got);

  record* const r = create(now, from, data);
  if (r == nullptr) return overloaded(from, got);
  const auto server = layer_.accept(now, from, view_, data, got, r->id);
  if (!server) {
    maybe_destroy(*r);
    return overloaded(from, got);
  }
  r->server = *server;
  r->transactions = 1;
  r->starts_call = r->is_invite() && !in_dialog;
  if (r->starts_call || r->method == sip::method::bye) r->call = call_of(view_);

  const route_plan plan = plan_route(view_, options_.own);
  if (plan.is_loose || !plan.next_route.empty()) return forward_direct(now, *r);
  ask(*r);
}

void core::implementation::ask(record& r) {
  event e;
  e.what = event::kind::request;
  e.request = request_id{r.id};
  std::ignore = events_.push(std::move(e));
}

void core::implementation::handle_ack(base::time_point now, const sip::hop& from, const received& got,
                                      const base::packet_buffer& data) {
  const auto to = view_.get<sip::to_header>();
  // The ACK for a response that was sent without a transaction ends here.
  if (to && to->tag == layer_.make_tag(got, view_).text()) return;
  if (validate(view_) || is_loop(view_)) {
    ++counters_.dropped_malformed;
    return;
  }
  record* const r = create(now, from, data);
  if (r == nullptr) {
    ++counters_.dropped_no_room;
    return;
  }
  r->stateless = true;
  const route_plan plan = plan_route(view_, options_.own);
  if (plan.is_loose || !plan.next_route.empty()) return forward_direct(now, *r);
  ask(*r);
}

void core::implementation::handle_cancel(base::time_point now, const sip::hop& from, const received& got) {
  record* const r = got.server == transaction::server_id::none ? nullptr : requests_.get(got.user);
  // RFC 3261 16.10 has a CANCEL for nothing forwarded without a transaction. No element behind us could match it, since no
  // branch of ours was forwarded, so it gets the 481 that would come back.
  if (r == nullptr) return answer_stateless(from, got, 481, {});
  answer_stateless(from, got, 200, {});
  if (r->answered || r->cancelled) return;
  r->cancelled = true;
  forget_lookups(*r);
  r->held.clear();
  if (r->undecided || !r->responses.has_pending()) {
    r->undecided = false;
    std::ignore = layer_.answer(now, r->server, 487);
    return answered(*r);
  }
  cancel_branches(now, *r);
}

void core::implementation::index(const record& r) noexcept {
  if (indexed_ == r.id) return;
  std::ignore = view_.parse(r.request.text(), options_.limits);
  indexed_ = r.id;
}

const sip::message_view& core::implementation::view(request_id id) noexcept {
  static const sip::message_view nothing;
  const record* const r = find(id);
  if (r == nullptr || !r->request) return nothing;
  index(*r);
  return view_;
}

base::result<void> core::implementation::respond(base::time_point now, request_id id, int status,
                                                 const transaction::response_options& options) {
  record* const r = find(id);
  if (r == nullptr || !r->undecided) return errc::unknown_request;
  if (r->stateless) {
    maybe_destroy(*r);
    return {};
  }
  transaction::response_options complete = options;
  index(*r);
  transaction::branch tag;
  if (complete.to_tag.empty()) {
    received got;
    if (const auto via = view_.get<sip::via_header>()) got.via = *via;
    if (const auto cseq = view_.get<sip::cseq_header>()) got.cseq = *cseq;
    tag = layer_.make_tag(got, view_);
    complete.to_tag = tag.text();
  }
  if (sip::is_final(status)) {
    r->undecided = false;
    answered(*r);
  }
  std::ignore = layer_.answer(now, r->server, status, complete);
  run_events(now);
  return {};
}

void core::implementation::answered(record& r) noexcept {
  if (r.answered) return;
  r.answered = true;
  r.guard.disarm();
  --under_way_;
  r.request.reset();
  if (indexed_ == r.id) indexed_ = 0;
}

void core::implementation::maybe_destroy(record& r) {
  if (r.transactions > 0) return;
  if (!r.answered) --under_way_;
  if (indexed_ == r.id) indexed_ = 0;
  forget_lookups(r);
  requests_.destroy(r.id);
}

void core::implementation::forget_lookups(record& r) {
  std::erase_if(r.held, [this](const detail::held_target& t) {
    if (t.lookup != 0) lookup_owner_.erase(t.lookup);
    return t.lookup != 0;
  });
}

std::uint64_t core::implementation::call_of(const sip::message_view& message) const noexcept {
  return base::siphash64(options_.call_secret, message.value_of(header_id::call_id));
}

void core::implementation::run_events(base::time_point now) {
  transaction::event e;
  while (layer_.poll_event(e)) handle_event(now, e);
}

void core::implementation::handle_timeout(base::time_point now) {
  layer_.handle_timeout(now);
  run_events(now);
  while (base::timer* const due = wheel_.poll_expired(now)) {
    // No decision came, or no address.
    record& r = *static_cast<record*>(due->context());
    if (r.stateless) {
      maybe_destroy(r);
    } else if (r.undecided) {
      std::ignore = respond(now, request_id{r.id}, 500, {});
    } else {
      forget_lookups(r);
      settle(now, r);
    }
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
bool core::is_drained() const noexcept { return impl_->draining_ && impl_->under_way_ == 0 && impl_->calls_.empty(); }
const sip::message_view& core::view(request_id id) noexcept { return impl_->view(id); }

sip::hop core::source(request_id id) const noexcept {
  const auto* const r = impl_->find(id);
  return r == nullptr ? sip::hop{} : r->from;
}

void core::handle_message(base::time_point now, const sip::hop& from, base::packet_buffer data) {
  impl_->handle_message(now, from, std::move(data));
}
void core::handle_framing_error(base::time_point, const sip::hop& from, const sip::parse_error& error,
                                base::packet_buffer head) {
  impl_->handle_framing_error(from, error, head);
}
void core::handle_send_failure(base::time_point now, std::uint64_t ticket) {
  impl_->layer_.handle_send_failure(now, ticket);
  impl_->run_events(now);
}
base::result<void> core::forward(base::time_point now, request_id id, std::span<const target> targets) {
  return impl_->forward(now, id, targets);
}
base::result<void> core::respond(base::time_point now, request_id id, int status,
                                 const transaction::response_options& options) {
  return impl_->respond(now, id, status, options);
}
void core::handle_resolved(base::time_point now, std::uint64_t lookup, std::span<const base::ip_address> addresses) {
  impl_->handle_resolved(now, lookup, addresses);
}
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
