#include <algorithm>
#include <tuple>
#include <utility>

#include <parley/sip/name_addr.hpp>
#include <parley/sip/patch.hpp>
#include <parley/sip/status.hpp>

#include "proxy/detail/core_impl.hpp"

// Responses on their way upstream, and what becomes of branches that bring none (RFC 3261 16.7 to 16.9).

namespace parley::proxy {

using sip::header_id;

void core::implementation::handle_response(base::time_point now, const transaction::received& got,
                                           const base::packet_buffer& data) {
  record* const r = requests_.get(got.user);
  response_context::branch* const branch = r == nullptr ? nullptr : r->responses.find(got.client);
  if (branch == nullptr) return;  // the answer to a CANCEL of ours
  const int status = view_.status();
  const auto verdict = r->responses.handle_response(*branch, status, data);
  if (sip::is_provisional(status) && status != 100) arm_timer_c(now, *r, got.client);
  if (verdict == response_context::verdict::forward) send_upstream(now, *r, view_, nullptr);
  if (sip::is_final(status)) settle(now, *r);
}

void core::implementation::settle(base::time_point now, record& r) {
  if (r.responses.is_decided()) {
    // RFC 3261 16.7.10: a 2xx or 6xx ends the search.
    r.held.clear();
    cancel_branches(now, r);
  }
  if (r.answered || r.responses.has_pending() || r.waits_for_lookup()) return;
  if (!r.held.empty() && !r.cancelled) return send_group(now, r);
  send_best(now, r);
}

void core::implementation::cancel_branches(base::time_point now, record& r) {
  if (!r.is_invite()) return;  // RFC 3261 9.1: only INVITE is cancelled
  for (const auto& branch : r.responses.branches()) {
    if (branch.state != response_context::branch_state::ended) std::ignore = layer_.cancel(now, branch.client);
  }
}

void core::implementation::send_upstream(base::time_point now, record& r, const sip::message_view& response,
                                         const response_context::branch* best) {
  sip::patch edit(response);
  edit.remove_first<sip::via_header>();
  // RFC 3261 16.7.7: the challenges of all branches are answered together.
  if (best != nullptr && (best->status == 401 || best->status == 407)) {
    for (const auto& other : r.responses.branches()) {
      if (&other == best || (other.status != 401 && other.status != 407) || !other.response) continue;
      sip::message_view view;
      if (!view.parse(other.response.text(), options_.limits)) continue;
      for (header_id id : {header_id::www_authenticate, header_id::proxy_authenticate}) {
        for (std::size_t i = view.find(id); i != sip::message_view::npos; i = view.find_after(id, i)) {
          edit.add_last(id, {view.value(i)});
        }
      }
    }
  }
  auto out = edit.status() ? pool_.allocate(edit.size()) : base::result<base::packet_buffer>(base::errc::no_space);
  if (!out || !out->resize(edit.size()) || edit.write(out->mutable_bytes()) == 0) {
    ++counters_.dropped_no_room;
    return;
  }
  const int status = response.status();
  if (sip::is_final(status)) {
    if (sip::is_success(status) && r.starts_call && calls_.size() < options_.max_calls) calls_.insert(r.call);
    if (r.method == sip::method::bye && calls_.erase(r.call) == 0 && options_.share_calls) {
      event e;
      e.what = event::kind::foreign_call_ended;
      e.lookup = r.call;
      std::ignore = events_.push(std::move(e));
    }
    answered(r);
  }
  if (layer_.respond(now, r.server, status, std::move(*out))) ++counters_.responses_forwarded;
}

void core::implementation::send_best(base::time_point now, record& r) {
  const response_context::branch* const best = r.responses.best();
  const int status = r.cancelled ? 487 : best == nullptr ? 480 : best->status;
  if (best != nullptr && best->response && best->status != 503) {
    sip::message_view view;
    if (view.parse(best->response.text(), options_.limits)) return send_upstream(now, r, view, best);
  }
  // RFC 4320 4.2: a non-INVITE request that timed out gets no 408; its client has given up already.
  if (status == 408 && !r.is_invite()) return answered(r);
  // RFC 3261 16.7.6: another server's 503 says nothing about the next request through us. A failure to reach any target does.
  const int out = status == 503 && best != nullptr && best->response ? 500 : status;
  auto request = layer_.request_of(r.server);
  sip::message_view view;
  if (!request || !view.parse(request.text(), options_.limits)) return answered(r);
  transaction::received got;
  if (const auto via = view.get<sip::via_header>()) got.via = *via;
  if (const auto cseq = view.get<sip::cseq_header>()) got.cseq = *cseq;
  const auto tag = layer_.make_tag(got, view);
  answered(r);
  std::ignore = layer_.answer(now, r.server, out, {{}, tag.text(), {}});
}

void core::implementation::arm_timer_c(base::time_point now, const record& r, transaction::client_id client) {
  if (!r.is_invite()) return;
  const bool has_next_group = std::any_of(r.held.begin(), r.held.end(), [](const auto& t) { return t.lookup == 0; });
  // A group that rings has its time from when it was sent; only timer C starts again with each provisional.
  if (!has_next_group) layer_.set_deadline(client, now + options_.timer_c);
}

void core::implementation::branch_failed(base::time_point now, record& r, transaction::client_id client, int status) {
  if (response_context::branch* const branch = r.responses.find(client)) {
    r.responses.handle_failure(*branch, status);
    settle(now, r);
  }
}

void core::implementation::handle_event(base::time_point now, const transaction::event& e) {
  using kind = transaction::event::kind;
  record* const r = requests_.get(e.user);
  if (r == nullptr) return;
  switch (e.what) {
    case kind::none:
    case kind::server_no_ack:
    case kind::server_expired: break;
    case kind::server_transport_failed:
      // Nobody is left to hear what comes back.
      r->held.clear();
      r->cancelled = true;
      cancel_branches(now, *r);
      answered(*r);
      break;
    case kind::client_timed_out: branch_failed(now, *r, e.client, 408); break;
    case kind::client_transport_failed:
      // RFC 3261 16.9: treated as a 503 of that branch.
      branch_failed(now, *r, e.client, 503);
      break;
    case kind::client_deadline: std::ignore = layer_.cancel(now, e.client); break;
    case kind::server_ended:
    case kind::client_ended:
      if (r->transactions > 0) --r->transactions;
      maybe_destroy(*r);
      break;
  }
}

void core::implementation::forward_stateless_response(const sip::hop& from, const transaction::received& got) {
  // RFC 3261 16.11: the topmost Via must be ours; the next one says where the response goes.
  if (!options_.own.contains(got.via.host, got.via.port_or_default())) {
    ++counters_.dropped_stray;
    return;
  }
  std::size_t place = 0;
  std::optional<sip::hop> next;
  std::ignore = view_.for_each<sip::via_header>([&](const sip::via_header& via) {
    if (place++ == 0) return true;
    next = transaction::response_hop(via, from.listener);
    return false;
  });
  if (!next || choose_listener(*next, from) == nullptr) {
    ++counters_.dropped_stray;
    return;
  }
  sip::patch edit(view_);
  edit.remove_first<sip::via_header>();
  auto out = pool_.allocate(edit.size());
  if (!edit.status() || !out || !out->resize(edit.size()) || edit.write(out->mutable_bytes()) == 0 ||
      !layer_.send(*next, std::move(*out))) {
    ++counters_.dropped_no_room;
    return;
  }
  ++counters_.responses_forwarded;
}

}  // namespace parley::proxy
