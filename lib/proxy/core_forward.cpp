#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include <parley/sip/name_addr.hpp>
#include <parley/sip/patch.hpp>
#include <parley/sip/simple.hpp>
#include <parley/transaction/key.hpp>

#include "proxy/detail/core_impl.hpp"

// Requests on their way to their targets (RFC 3261 16.6).

namespace parley::proxy {
namespace {

using sip::header_id;

bool opens_dialog(sip::method method) noexcept {
  return method == sip::method::invite || method == sip::method::subscribe || method == sip::method::refer;
}

}  // namespace

const detail::listener_text* core::implementation::choose_listener(sip::hop& next, const sip::hop& from) const noexcept {
  const auto fits = [&next](const listener& l) {
    return l.transport == next.transport && l.local.ip.is_v6() == next.remote.ip.is_v6();
  };
  const auto& listeners = options_.listeners;
  if (from.listener < listeners.size() && fits(listeners[from.listener])) {
    next.listener = from.listener;
    return &texts_[from.listener];
  }
  const auto found = std::find_if(listeners.begin(), listeners.end(), fits);
  if (found == listeners.end()) return nullptr;
  next.listener = static_cast<std::uint16_t>(found - listeners.begin());
  return &texts_[next.listener];
}

std::optional<sip::hop> core::implementation::numeric_hop(const sip::uri_view& uri) const noexcept {
  auto ip = uri.ip();
  if (const std::string_view maddr = uri.maddr(); !maddr.empty()) {
    const auto numeric = base::ip_address::from_string(maddr);
    if (!numeric) return std::nullopt;
    ip = *numeric;
  }
  if (!ip) return std::nullopt;
  sip::hop next;
  next.transport = uri.transport().value_or(uri.scheme == sip::uri_scheme::sips ? sip::transport::tls : sip::transport::udp);
  next.remote = {ip->unmapped(), uri.port_or_default()};
  return next;
}

base::packet_buffer core::implementation::edit_request(const sip::hop& from, const sip::via_header& via,
                                                       const sip::hop& next, const route_plan& plan, std::string_view uri,
                                                       std::string_view branch) {
  const detail::listener_text& text = texts_[next.listener];
  sip::patch edit(view_);
  edit.add_first(header_id::via, {text.via, branch});
  transaction::stamp_via(edit, via, from.remote);
  if (options_.record_route && opens_dialog(view_.method())) {
    edit.add_first(header_id::record_route, {text.record_route});
    // RFC 5658 5: a proxy between two transports or addresses stands in the route once for each side.
    if (from.listener != next.listener && from.listener < texts_.size()) {
      edit.add_first(header_id::record_route, {texts_[from.listener].record_route});
    }
  }
  sip::text_writer hops(edit.scratch());
  if (const auto left = view_.get<sip::max_forwards_header>()) {
    hops << left->value - 1;
    edit.set_value(view_.find(header_id::max_forwards), edit.note_written(hops));
  } else {
    hops << unsigned{options_.max_forwards};
    edit.add_first(header_id::max_forwards, {edit.note_written(hops)});
  }
  apply_route(edit, view_, plan, uri);
  if (sip::is_reliable(next.transport) && !view_.has(header_id::content_length)) {
    // RFC 3261 16.6.9: on a stream the length has to be there.
    sip::text_writer length(edit.scratch());
    length << view_.body().size();
    edit.add_last(header_id::content_length, {edit.note_written(length)});
  }
  if (!edit.status()) return {};
  auto out = pool_.allocate(edit.size());
  if (!out || !out->resize(edit.size()) || edit.write(out->mutable_bytes()) == 0) return {};
  return std::move(*out);
}

void core::implementation::forward_direct(base::time_point now, record& r) {
  const target whole;
  std::ignore = forward(now, request_id{r.id}, {&whole, 1});
}

base::result<void> core::implementation::forward(base::time_point now, request_id id, std::span<const target> targets) {
  record* const r = find(id);
  if (r == nullptr || !r->undecided) return errc::unknown_request;
  r->undecided = false;
  index(*r);
  if (r->stateless) {
    if (targets.empty() || !send_branch(now, *r, targets.front()) || !r->waits_for_lookup()) maybe_destroy(*r);
    return {};
  }
  if (targets.size() == 1) {
    // The plain case needs no list.
    if (!send_branch(now, *r, targets.front())) settle(now, *r);
  } else {
    const std::size_t count = std::min(targets.size(), options_.max_branches);
    for (const target& t : targets.first(count)) r->held.push_back({std::string(t.uri), std::string(t.next_hop), t.q, 0});
    std::stable_sort(r->held.begin(), r->held.end(), [](const auto& a, const auto& b) { return a.q > b.q; });
    if (r->held.empty()) {
      r->undecided = true;
      return respond(now, id, 404, {});
    }
    send_group(now, *r);
  }
  run_events(now);
  return {};
}

void core::implementation::send_group(base::time_point now, record& r) {
  // RFC 3261 16.6: targets of equal q in parallel, lower ones when all of these have ended.
  while (!r.held.empty() && !r.responses.has_pending()) {
    const std::uint16_t q = r.held.front().q;
    const auto end = std::find_if(r.held.begin(), r.held.end(), [q](const auto& t) { return t.q != q; });
    std::vector<detail::held_target> group(std::make_move_iterator(r.held.begin()), std::make_move_iterator(end));
    r.held.erase(r.held.begin(), end);
    index(r);
    for (const auto& t : group) std::ignore = send_branch(now, r, {t.uri, t.next_hop, t.q});
    if (r.waits_for_lookup()) return;
  }
  if (!r.responses.has_pending()) settle(now, r);
}

bool core::implementation::send_branch(base::time_point now, record& r, const target& to) {
  const route_plan plan = plan_route(view_, options_.own);
  const std::string_view next_uri = !plan.next_route.empty() ? plan.next_route
                                    : !to.next_hop.empty()   ? to.next_hop
                                    : !to.uri.empty()        ? to.uri
                                                             : plan.request_uri;
  const auto uri = sip::parse_uri(next_uri);
  if (!uri || !uri->is_sip()) {
    r.responses.add_failure(uri ? 416 : 400);
    return false;
  }
  if (const auto next = numeric_hop(*uri)) {
    if (!next->remote.ip.is_unspecified() && !next->remote.ip.is_multicast()) return send_to(now, r, to, *next);
    r.responses.add_failure(404);  // an address that is nobody's
    return false;
  }
  return look_up(now, r, to, *uri);
}

bool core::implementation::send_to(base::time_point now, record& r, const target& to, const sip::hop& to_hop) {
  sip::hop next = to_hop;
  const auto fail = [&r](int status) {
    if (!r.stateless) r.responses.add_failure(status);
    return false;
  };
  if (choose_listener(next, r.from) == nullptr) return fail(503);
  const route_plan plan = plan_route(view_, options_.own);
  const auto via = view_.get<sip::via_header>();
  if (!via) return fail(500);
  // RFC 3261 16.6.8: the branch carries what tells a loop from a spiral.
  const auto branch =
      options_.stateless ? stateless_branch(*via) : layer_.make_branch(loop_mark(view_));
  base::packet_buffer out = edit_request(r.from, *via, next, plan, to.uri, branch.text());
  if (!out) {
    ++counters_.dropped_no_room;
    return fail(500);
  }
  if (r.stateless) {
    if (layer_.send(next, std::move(out))) ++counters_.requests_forwarded;
    return true;
  }
  const auto client = layer_.request(now, next, std::move(out), view_.method_name(), branch.text(), r.id);
  if (!client) {
    ++counters_.overload;
    return fail(503);
  }
  ++counters_.requests_forwarded;
  ++r.transactions;
  r.responses.add_branch(*client);
  r.guard.disarm();
  if (r.is_invite()) {
    const bool has_next_group = std::any_of(r.held.begin(), r.held.end(), [](const auto& t) { return t.lookup == 0; });
    layer_.set_deadline(*client, now + (has_next_group ? options_.group_time : options_.timer_c));
  }
  return true;
}

transaction::branch core::implementation::stateless_branch(const sip::via_header& via) noexcept {
  // RFC 3261 16.11: a function of the request, so that a retransmission, a CANCEL and an ACK get the branch of what they belong
  // to. The topmost Via is what these have in common.
  base::siphasher hash(secret_);
  if (transaction::is_rfc3261_branch(via.branch)) {
    hash.update_sized(via.branch);
    hash.update_sized(via.sent_by);
  } else {
    hash.update_sized(via.raw);
    hash.update_sized(view_.value_of(header_id::call_id));
  }
  return transaction::branch_format::write({options_.transactions.shard, hash.finish64(), loop_mark(view_)});
}

bool core::implementation::look_up(base::time_point now, record& r, const target& to, const sip::uri_view& uri) {
  event e;
  e.what = event::kind::resolve;
  e.request = request_id{r.id};
  e.lookup = ++lookups_;
  e.host = uri.maddr().empty() ? uri.host : uri.maddr();
  e.port = uri.port_or_default();
  e.transport =
      uri.transport().value_or(uri.scheme == sip::uri_scheme::sips ? sip::transport::tls : sip::transport::udp);
  lookup_owner_.emplace(e.lookup, lookup{r.id, e.port, e.transport});
  r.held.push_back({std::string(to.uri), std::string(to.next_hop), to.q, e.lookup});
  wheel_.arm(r.guard, now + detail::guard_time);
  if (events_.push(std::move(e))) return true;
  lookup_owner_.erase(lookups_);
  r.held.pop_back();
  if (!r.stateless) r.responses.add_failure(503);
  return false;
}

void core::implementation::handle_resolved(base::time_point now, std::uint64_t id,
                                           std::span<const base::ip_address> addresses) {
  const auto found = lookup_owner_.find(id);
  if (found == lookup_owner_.end()) return;
  const lookup asked = found->second;
  lookup_owner_.erase(found);
  record* const r = requests_.get(asked.request);
  if (r == nullptr) return;
  const auto held = std::find_if(r->held.begin(), r->held.end(), [id](const auto& t) { return t.lookup == id; });
  if (held == r->held.end() || r->answered) return;
  const detail::held_target to = std::move(*held);
  r->held.erase(held);
  index(*r);
  sip::hop next;
  next.transport = asked.transport;
  bool sent = false;
  for (const base::ip_address& ip : addresses) {
    next.remote = {ip.unmapped(), asked.port};
    if (choose_listener(next, r->from) == nullptr) continue;
    sent = send_to(now, *r, {to.uri, to.next_hop, to.q}, next);
    break;
  }
  if (r->stateless) return maybe_destroy(*r);
  if (!sent && addresses.empty()) {
    // RFC 3261 16.9 and RFC 3263 4.3: a name that leads nowhere is a failure of that branch.
    r->responses.add_failure(503);
  }
  settle(now, *r);
  run_events(now);
}

void core::implementation::stateless_forward(base::time_point now, const sip::hop& from, const sip::via_header& via,
                                             const base::packet_buffer& data) {
  const refusal why = validate(view_);
  transaction::received got;
  got.via = via;
  if (why) return refuse(from, got, why);
  if (is_loop(view_)) return refuse(from, got, {482, {}, {}});
  record* const r = create(now, from, data);
  if (r == nullptr) return overloaded(from, got);
  r->stateless = true;
  const route_plan plan = plan_route(view_, options_.own);
  if (plan.is_loose || !plan.next_route.empty()) return forward_direct(now, *r);
  ask(*r);
}

}  // namespace parley::proxy
