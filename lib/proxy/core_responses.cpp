#include <parley/sip/name_addr.hpp>
#include <parley/sip/patch.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/status.hpp>

#include "proxy/detail/core_impl.hpp"
#include "proxy/detail/write_patch.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

// Responses on their way upstream, and what becomes of branches that bring none (RFC 3261 16.7 to 16.9).

namespace parley::proxy {

using sip::header_id;

void core::implementation::handle_response(base::time_point now, const transaction::received& got,
                                           const base::packet_buffer& data) {
  record* const r = requests_.get(got.user);
  response_context::branch* const branch = r == nullptr ? nullptr : r->responses.find(got.client);
  if (branch == nullptr) return;
  const int status = view_.status();
  if (options_.overload.ask) neighbours_.handle_response(now, branch->sent_to, got.via);
  std::size_t vias = 0;
  std::ignore = view_.for_each<sip::via_header>([&vias](const sip::via_header&) { return ++vias < 2; });
  if (vias < 2) {
    // RFC 3261 16.7.3: it names nobody behind us, so it is not to be forwarded.
    ++counters_.dropped_malformed;
    if (sip::is_final(status)) branch_failed(now, *r, got.client, 500);
    return;
  }
  const auto verdict = r->responses.handle_response(*branch, status, data);
  if (sip::is_provisional(status)) {
    if (verdict == response_context::verdict::absorb || r->answered) return;
    arm_timer_c(now, *r, got.client);
    return send_upstream(now, *r, view_, data, nullptr);
  }
  if (verdict == response_context::verdict::forward) {
    send_upstream(now, *r, view_, data, nullptr);
  } else if (status == 503) {
    // RFC 3261 21.5.4: a server that says so is left alone for as long as it asks for.
    if (const auto asked = view_.get<sip::retry_after_header>(); asked && asked->seconds > 0)
      report_hop(*r, got.client, hop_failure::unavailable, std::chrono::seconds(asked->seconds));
    try_alternate(now, *r, *branch, hop_failure::unavailable);
  } else if (status == 408 || status == 430) {
    try_next_flow(now, *r, *branch);
  }
  settle(now, *r);
}

void core::implementation::settle(base::time_point now, record& r) {
  if (r.responses.is_decided()) {
    // RFC 3261 16.7.5 and 16.7.10: a 2xx or 6xx ends the search.
    drop_targets(r);
    cancel_branches(now, r);
  }
  if (r.answered || r.has_unsent() || r.responses.has_pending() || r.waits_for_lookup()) return;
  if (r.has_next_group() && !r.cancelled) return send_group(now, r);
  send_best(now, r);
}

void core::implementation::cancel_branch(base::time_point now, transaction::client_id client) {
  const auto done = layer_.cancel(now, client);
  if (done || done.error() == transaction::errc::unknown_transaction) return;
  // There was no room for the CANCEL: its deadline brings it back.
  layer_.set_deadline(client, now + detail::retry_time);
}

void core::implementation::cancel_branches(base::time_point now, record& r) {
  if (!r.is_invite()) return;  // RFC 3261 9.1: only INVITE is cancelled
  for (const auto& branch : r.responses.branches()) {
    if (branch.state != response_context::branch_state::ended) cancel_branch(now, branch.client);
  }
}

void core::implementation::add_challenges(sip::patch& edit, const record& r,
                                          const response_context::branch& best) {
  // RFC 3261 16.7.7: the challenges of all branches are answered together. A patch has room for so many.
  std::size_t room = 16;
  for (const auto& other : r.responses.branches()) {
    if (&other == &best || (other.status != 401 && other.status != 407) || !other.response) continue;
    sip::message_view view;
    if (!view.parse(other.response.text(), options_.limits)) continue;
    for (const header_id id : {header_id::www_authenticate, header_id::proxy_authenticate}) {
      for (std::size_t i = view.find(id); i != sip::message_view::npos && room > 0;
           i = view.find_after(id, i)) {
        edit.add_last(id, {view.value(i)});
        --room;
      }
    }
  }
}

// Fills in our load where the neighbour behind us has asked for it in its Via, the second one.
void core::implementation::add_overload(sip::patch& edit, const sip::message_view& response) noexcept {
  bool first = true;
  std::ignore = response.for_each<sip::via_header>([&](const sip::via_header& via) {
    if (std::exchange(first, false)) return true;
    const transaction::overload_question asked = transaction::read_overload_question(via);
    if (asked.oc.empty()) return false;
    sip::text_writer text(edit.scratch());
    overload_.write(text);
    edit.replace(asked.oc, {edit.note_written(text)});
    if (!asked.algorithms.empty()) edit.replace(asked.algorithms, {transaction::overload_algorithm});
    return false;
  });
}

void core::implementation::hold_back(base::time_point now, record& r, int status,
                                     const base::packet_buffer& data) {
  ++counters_.dropped_no_room;
  if (!sip::is_final(status) || r.answered) return;
  r.unsent = data;
  wheel_.arm(r.guard, now + detail::retry_time);
}

void core::implementation::send_upstream(base::time_point now, record& r, const sip::message_view& response,
                                         const base::packet_buffer& data,
                                         const response_context::branch* best) {
  const int status = response.status();
  sip::patch edit(response);
  edit.remove_first<sip::via_header>();
  add_overload(edit, response);
  if (best != nullptr && (best->status == 401 || best->status == 407)) add_challenges(edit, r, *best);
  auto out = detail::write_patch(edit, pool_);
  if (!out) return hold_back(now, r, status, data);
  const auto sent = layer_.respond(now, r.server, status, *out);
  if (!sent && sent.error() == transaction::errc::queue_full) return hold_back(now, r, status, data);
  if (!sent && r.is_invite() && sip::is_success(status)) {
    // RFC 3261 16.7.5: a 2xx goes upstream even where another final response has gone before it.
    sip::message_view forwarded;
    if (!forwarded.parse(out->text(), options_.limits)) return;
    const auto via = forwarded.get<sip::via_header>();
    if (via && layer_.send(transaction::response_hop(r.from, *via), std::move(*out)))
      ++counters_.responses_forwarded;
    return;
  }
  if (sent) ++counters_.responses_forwarded;
  if (!sip::is_final(status) || r.answered) return;
  if (sip::is_success(status) && r.starts_call && calls_.size() < options_.max_calls) calls_.insert(r.call);
  note_final(r, status);
}

void core::implementation::note_final(record& r, int status) {
  // A BYE that was refused for want of credentials comes again.
  if (status != 401 && status != 407) end_call(r);
  answered(r);
}

void core::implementation::end_call(const record& r) {
  if (r.method != sip::method::bye || r.answered) return;
  if (calls_.erase(r.call) != 0 || !options_.share_calls) return;
  event e;
  e.what = event::kind::foreign_call_ended;
  e.lookup = r.call;
  std::ignore = events_.push(std::move(e));
}

void core::implementation::send_best(base::time_point now, record& r) {
  const response_context::branch* const best = r.responses.best();
  const int status = r.cancelled ? 487 : best == nullptr ? 480 : best->status;
  if (best != nullptr && best->status == 408 && !r.is_invite()) {
    // RFC 4320 4.2: a non-INVITE request that timed out gets no 408; its client has given up already.
    return note_final(r, 408);
  }
  if (best != nullptr && best->response && best->status != 503) {
    const base::packet_buffer data = best->response;
    sip::message_view view;
    if (view.parse(data.text(), options_.limits)) return send_upstream(now, r, view, data, best);
  }
  // RFC 3261 16.7.6: another server's 503, or one that can't be reached, says nothing about the next request
  // through us. That we have no room does.
  if (status == 503 && !r.overloaded) return finish(now, r, 500);
  // RFC 5626 7: only who named the flow is told that it failed. To all others the callee is not there.
  finish(now, r, status == 430 && r.by_policy ? 480 : status);
}

void core::implementation::arm_timer_c(base::time_point now, const record& r, transaction::client_id client) {
  // A group that rings has its time from when it was sent; only timer C starts again with each provisional.
  if (r.is_invite() && !r.has_next_group() && !r.cancelled)
    layer_.set_deadline(client, now + options_.timer_c);
}

void core::implementation::branch_failed(base::time_point now, record& r, transaction::client_id client,
                                         int status) {
  response_context::branch* const branch = r.responses.find(client);
  if (branch == nullptr || branch->state == response_context::branch_state::ended) return;
  r.responses.handle_failure(*branch, status);
  settle(now, r);
}

void core::implementation::handle_event(base::time_point now, const transaction::event& e) {
  using kind = transaction::event::kind;
  using branch_state = response_context::branch_state;
  record* const r = requests_.get(e.user);
  if (r == nullptr) return;
  response_context::branch* const branch = r->responses.find(e.client);
  const bool unanswered = branch != nullptr && branch->state == branch_state::trying;
  switch (e.what) {
    case kind::none:
    case kind::server_no_ack: break;
    case kind::server_transport_failed:
      // RFC 3261 16.9: the response is lost, and nothing else. Whoever sends a bad Via could otherwise have
      // calls cancelled.
      break;
    case kind::server_expired:
      // RFC 4320: whatever comes now comes too late.
      drop_targets(*r);
      note_final(*r, 408);
      break;
    case kind::client_timed_out:
    case kind::client_transport_failed: {
      const auto why = e.what == kind::client_timed_out ? hop_failure::timed_out : hop_failure::transport;
      if (unanswered) report_hop(*r, e.client, why);
      // RFC 3261 16.8 and 16.9: treated as a 408, or as a 503 of that branch.
      if (unanswered && try_alternate(now, *r, *branch, why)) {
        settle(now, *r);
      } else {
        // RFC 5626 5.3: a flow that is gone is told apart, so that another one is tried.
        const int failed = branch != nullptr && branch->by_flow ? 430 : 503;
        branch_failed(now, *r, e.client, why == hop_failure::timed_out ? 408 : failed);
      }
      break;
    }
    case kind::client_deadline:
      cancel_branch(now, e.client);
      // RFC 3261 16.8: without a provisional response there is nothing to wait for.
      if (unanswered) {
        report_hop(*r, e.client, hop_failure::timed_out);
        if (try_next_flow(now, *r, *branch)) {
          settle(now, *r);
        } else {
          branch_failed(now, *r, e.client, 408);
        }
      }
      break;
    case kind::server_ended:
    case kind::client_ended:
      if (r->transactions > 0) --r->transactions;
      maybe_destroy(*r);
      break;
  }
}

}  // namespace parley::proxy
