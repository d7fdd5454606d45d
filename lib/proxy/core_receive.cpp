#include <parley/proxy/location.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/status.hpp>
#include <parley/transaction/key.hpp>

#include "proxy/detail/core_impl.hpp"

#include <string>
#include <tuple>
#include <utility>

// Messages in: validation (RFC 3261 16.3), route information (16.4), ACK and CANCEL.

namespace parley::proxy {

using sip::header_id;
using transaction::received;

void core::implementation::handle_message(base::time_point now, const sip::hop& from,
                                          const base::packet_buffer& data) {
  ++counters_.received;
  indexed_ = 0;
  if (const auto indexed = view_.parse(data.text(), options_.limits); !indexed) {
    return refuse(from, refusal_for(indexed.error(), view_));
  }
  if (options_.stateless) {
    if (view_.is_response()) return forward_stateless_response(from);
    return handle_stateless(now, from, data);
  }
  const received got = layer_.handle_message(now, view_);
  switch (got.what) {
    case received::kind::absorbed: break;
    case received::kind::request:
    case received::kind::merged: handle_request(now, from, got, data); break;
    case received::kind::ack: handle_ack(now, from, data); break;
    case received::kind::cancel: handle_cancel(now, from, got); break;
    case received::kind::response: handle_response(now, got, data); break;
    case received::kind::stray_response:
      // RFC 6026 7.3: a stateful proxy does not forward what no transaction waits for.
      ++counters_.dropped_stray;
      break;
    case received::kind::malformed: refuse(from, view_.is_request() ? validate(view_) : refusal{}); break;
  }
  run_events(now);
}

void core::implementation::handle_framing_error(const sip::hop& from, const sip::parse_error& error,
                                                const base::packet_buffer& head) {
  ++counters_.received;
  indexed_ = 0;
  std::ignore = view_.parse(head.text(), options_.limits);
  refuse(from, refusal_for(error, view_));
}

void core::implementation::refuse(const sip::hop& from, const refusal& why) {
  // RFC 3261 16.3: an ACK has no response; neither has a response.
  if (!why || view_.is_response() || view_.method() == sip::method::ack || !view_.get<sip::via_header>()) {
    ++counters_.dropped_malformed;
    return;
  }
  ++counters_.refused;
  if (why.status == 420) {
    std::string unsupported;
    for (std::size_t i = view_.find(header_id::proxy_require); i != sip::message_view::npos;
         i = view_.find_after(header_id::proxy_require, i)) {
      if (!unsupported.empty()) unsupported += ", ";
      unsupported += view_.value(i);
    }
    return answer_stateless(from, 420, {{}, {}, {{header_id::unsupported, unsupported}}});
  }
  const std::string phrase = why.reason_phrase();
  answer_stateless(from, why.status, {phrase, {}, {}});
}

void core::implementation::answer_stateless(const sip::hop& from, int status,
                                            const transaction::response_options& options) {
  const auto via = view_.get<sip::via_header>();
  if (!via) return;
  // RFC 3261 8.2.7: an element that answers without a transaction gives the same tag each time. The ACK is
  // known by it. Those to a CANCEL and to its INVITE have one tag (RFC 3261 9.2).
  const auto tag = tag_for(view_, view_.method() == sip::method::cancel ? "INVITE" : view_.method_name());
  transaction::response_options complete = options;
  complete.to_tag = tag.text();
  complete.overload = overload_text(view_);
  auto response = transaction::make_response(pool_, view_, from.remote, status, complete);
  if (!response || !layer_.send(transaction::response_hop(from, *via), std::move(*response))) {
    ++counters_.dropped_no_room;
  }
}

void core::implementation::overloaded(const sip::hop& from) {
  ++counters_.overload;
  answer_stateless(from, 503, {{}, {}, {{header_id::retry_after, retry_after_}}});
}

// RFC 5923 8.2: the neighbour would like requests to itself to come by this connection.
void core::implementation::note_alias(const sip::hop& from) {
  if (from.transport != sip::transport::tls || from.flow == 0) return;
  std::uint64_t& last = aliased_[from.flow % aliased_.size()];
  if (last == from.flow) return;
  const auto via = view_.get<sip::via_header>();
  if (!via || !via->parameters.contains("alias")) return;
  last = from.flow;
  event e;
  e.what = event::kind::alias;
  e.hop = from;
  e.host = via->host;
  e.port = via->port_or_default();
  std::ignore = events_.push(std::move(e));
}

// True where a request that begins a transaction is refused because its source sends too many, or
// because there is more to do than time.
bool core::implementation::turn_away(base::time_point now, const sip::hop& from, request_rank rank) {
  if (!(rank == request_rank::in_dialog ? dialog_sources_ : sources_).take(now, from.remote.ip)) {
    ++counters_.rate_limited;
  } else if (overload_.reduction() != 0 && !overload_.admits(rank)) {
    ++counters_.shed;
    if (from.transport == sip::transport::udp && !overload_.answers()) {
      ++counters_.shed_unanswered;
      return true;
    }
  } else {
    return false;
  }
  answer_stateless(from, 503, {{}, {}, {{header_id::retry_after, retry_after_}}});
  return true;
}

// New requests leave an eighth beyond their limits free, and a quarter of the buffers, so that what belongs
// to a dialog goes on, and emergency calls come through, when a flood has filled all else.
bool core::implementation::has_room_for_all() const noexcept {
  const transaction::layer_options& limits = options_.transactions;
  const std::size_t memory = pool_.max_bytes();
  return pool_.stats().bytes_in_use < memory - memory / 4 && requests_.size() < options_.max_requests &&
         layer_.server_count() < limits.max_server_transactions &&
         layer_.client_count() < limits.max_client_transactions &&
         (view_.method() != sip::method::invite || layer_.pending_invites() < limits.max_pending_invites);
}

// What the request in hand counts as where not all can be served. Of emergency calls, which anybody can
// write, so many a second are spared.
request_rank core::implementation::rank(base::time_point now, bool in_dialog) noexcept {
  const request_rank out = rank_of(view_, in_dialog);
  if (out != request_rank::emergency || (overload_.reduction() == 0 && has_room_for_all())) return out;
  return overload_.spares_emergency(now) ? out : request_rank::ordinary;
}

// What a neighbour that asks for it is told of our load (RFC 7339 4.1), with the message's topmost Via.
std::string_view core::implementation::overload_text(const sip::message_view& message) noexcept {
  const auto via = message.get<sip::via_header>();
  if (!via || transaction::read_overload_question(*via).oc.empty()) return {};
  sip::text_writer text(overload_text_);
  overload_.write(text);
  return text.text();
}

refusal core::implementation::check(const sip::message_view& request) {
  if (const refusal why = validate(request)) {
    // RFC 3261 16.3.3: an OPTIONS that gets no farther may be answered as if it were meant for us. `forward`
    // refuses it.
    if (why.status != 483 || request.method() != sip::method::options) return why;
    const auto uri = sip::parse_uri(request.request_uri());
    if (!uri || !options_.own.contains(*uri)) return why;
  }
  if (is_loop(request)) return {482, {}, {}};
  return {};
}

std::uint32_t core::implementation::loop_mark(const sip::message_view& request, bool by_address) const {
  // RFC 3261 16.6.8 and RFC 5393 4.2.2: all that decides about where the request goes. The To tag is left
  // out: it decides nothing, and the ACK for a refusal, which has one, must get the same branch as its INVITE
  // where no transaction remembers that.
  base::siphasher hash(secret_);
  const auto from = request.get<sip::from_header>();
  const auto cseq = request.get<sip::cseq_header>();
  hash.update_sized(from ? from->tag : std::string_view{});
  hash.update(std::uint64_t{cseq ? cseq->number : 0});
  hash.update_sized(request.value_of(header_id::call_id));
  if (by_address) {
    // Whoever registers chooses all of his Contacts and Paths, and may have them lead back to us, each time
    // with another parameter. The address decides, and nothing else.
    const auto uri = sip::parse_uri(plan_route(request, options_.own).request_uri);
    hash.update_sized(uri ? address_of_record(*uri) : std::string{});
    return static_cast<std::uint32_t>(hash.finish64());
  }
  hash.update_sized(request.request_uri());
  for (std::size_t i = request.find(header_id::route); i != sip::message_view::npos;
       i = request.find_after(header_id::route, i)) {
    hash.update_sized(request.value(i));
  }
  hash.update_sized(request.value_of(header_id::proxy_require));
  hash.update_sized(request.value_of(header_id::proxy_authorization));
  return static_cast<std::uint32_t>(hash.finish64());
}

bool core::implementation::is_loop(const sip::message_view& request) {
  bool loop = false;
  std::optional<std::uint32_t> mark;
  std::uint32_t address_mark = 0;
  std::ignore = request.for_each<sip::via_header>([&](const sip::via_header& via) {
    const auto branch = transaction::branch_format::read(via.branch);
    if (!branch || !options_.own.contains(via.host, via.port_or_default())) return true;
    if (!mark) {
      mark = loop_mark(request, false);
      address_mark = loop_mark(request, true);
    }
    loop = branch->mark == *mark || branch->mark == address_mark;
    return !loop;
  });
  return loop;
}

std::uint64_t core::implementation::call_of(const sip::message_view& message) const noexcept {
  return base::siphash64(secret_, message.value_of(header_id::call_id));
}

void core::implementation::handle_request(base::time_point now, const sip::hop& from, const received& got,
                                          const base::packet_buffer& data) {
  const auto to = view_.get<sip::to_header>();
  const bool in_dialog = to && !to->tag.empty();
  // Anybody can write a To tag. Where we stand in the route of each dialog, its requests bring our seal.
  const bool sealed = in_dialog && is_sealed(view_);
  const request_rank rank = this->rank(now, options_.record_route ? sealed : in_dialog);
  if (turn_away(now, from, rank)) return;
  if (const refusal why = check(view_)) return refuse(from, why);
  note_alias(from);
  if ((draining_ && !in_dialog) || events_.full()) return overloaded(from);
  if (rank == request_rank::ordinary && !has_room_for_all()) return overloaded(from);

  record* const r = create(now, from, data);
  if (r == nullptr) return overloaded(from);
  const auto server = layer_.accept(now, from, view_, data, got, r->id);
  if (!server) {
    maybe_destroy(*r);
    return overloaded(from);
  }
  r->server = *server;
  r->transactions = 1;
  r->starts_call = r->is_invite() && !in_dialog && options_.record_route;
  if (r->starts_call || r->method == sip::method::bye) r->call = call_of(view_);
  route(now, *r, in_dialog && (sealed || options_.relay));
}

// True where the request comes along a Record-Route of ours of the same call; a strict router has put that
// into the Request-URI.
bool core::implementation::is_sealed(const sip::message_view& request) const noexcept {
  const std::string_view call_id = request.value_of(header_id::call_id);
  const auto route = request.get<sip::route_header>();
  if (!route) return false;
  if (seals_.is_on(route->uri, call_id)) return true;
  const auto uri = sip::parse_uri(request.request_uri());
  return uri && seals_.is_on(*uri, call_id);
}

// `leads` says that a Route of ours may lead on without asking anybody.
void core::implementation::route(base::time_point now, record& r, bool leads) {
  const route_plan plan = plan_route(view_, options_.own);
  bool forged = false;
  target to;
  to.flow = hop_of(plan, forged);
  if (to.flow.only_flow) return lead(now, r, to, plan);
  if (forged) {
    // RFC 5626 5.3: a flow that we have not named.
    if (r.stateless) return refuse_stateless(r, 403);
    return finish(now, r, 403);
  }
  if (leads && plan.is_loose) {
    // RFC 3261 16.5: with no more routes, a Request-URI of ours is one for which the location has to be
    // found.
    const auto uri = sip::parse_uri(plan.request_uri);
    if (!plan.next_route.empty() || (uri && uri->is_sip() && !options_.own.contains(*uri))) {
      return lead(now, r, {}, plan);
    }
  }
  event e;
  e.what = event::kind::request;
  e.request = request_id{r.id};
  std::ignore = events_.push(std::move(e));
}

// Where the Routes of the request say, without asking anybody.
void core::implementation::lead(base::time_point now, record& r, const target& to, const route_plan& plan) {
  if (r.stateless) return forward_stateless(now, r, to, plan);
  r.undecided = false;
  try_target(now, r, {to, breadth()}, plan);
  settle(now, r);
}

// The flow that the last of our Routes names, where nobody else's follows.
sip::hop core::implementation::hop_of(const route_plan& plan, bool& forged) const noexcept {
  if (plan.own_route.empty() || !plan.next_route.empty()) return {};
  const auto uri = sip::parse_uri(plan.own_route);
  if (!uri || !flow_token::is_token(uri->user)) return {};
  auto flow = tokens_.read(uri->user);
  forged = !flow || flow->listener >= options_.listeners.size();
  if (forged) return {};
  flow->transport = options_.listeners[flow->listener].transport;
  return *flow;
}

void core::implementation::handle_ack(base::time_point now, const sip::hop& from,
                                      const base::packet_buffer& data) {
  const auto to = view_.get<sip::to_header>();
  // The ACK for a response that was sent without a transaction ends here.
  if (to && to->tag == tag_for(view_, "INVITE").text()) return;
  if (validate(view_) || is_loop(view_)) {
    ++counters_.dropped_malformed;
    return;
  }
  const bool in_dialog = to && !to->tag.empty();
  const bool sealed = in_dialog && is_sealed(view_);
  if (options_.record_route && !sealed && !overload_.admits(request_rank::ordinary)) {
    // It belongs to no INVITE of ours and to no dialog that we are in.
    ++counters_.shed;
    ++counters_.shed_unanswered;
    return;
  }
  record* const r = events_.full() ? nullptr : create(now, from, data);
  if (r == nullptr) {
    ++counters_.dropped_no_room;
    return;
  }
  r->stateless = true;
  route(now, *r, in_dialog && (sealed || options_.relay));
}

void core::implementation::handle_cancel(base::time_point now, const sip::hop& from, const received& got) {
  record* const r = got.server == transaction::server_id::none ? nullptr : requests_.get(got.user);
  // RFC 3261 16.10 has a CANCEL for nothing forwarded without a transaction. No element behind us could match
  // it, since no branch of ours was forwarded, so it gets the 481 that would come back.
  if (r == nullptr) {
    if (from.transport != sip::transport::udp || overload_.answers()) return answer_stateless(from, 481, {});
    ++counters_.shed;
    ++counters_.shed_unanswered;
    return;
  }
  answer_stateless(from, 200, {});
  if (r->answered || r->cancelled || r->has_unsent()) return;
  r->cancelled = true;
  drop_targets(*r);
  if (r->undecided || !r->responses.has_pending()) return finish(now, *r, 487);
  cancel_branches(now, *r);
}

}  // namespace parley::proxy
