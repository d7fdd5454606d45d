#include <parley/sip/status.hpp>
#include <parley/transaction/key.hpp>
#include <parley/transaction/request.hpp>

#include "transaction/detail/layer_impl.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

// The client side of the layer: requests that go out and what comes back.

namespace parley::transaction {
namespace {

using detail::client_record;

bool waits_for_final(const client_record& r) noexcept {
  if (const auto* const invite = std::get_if<client_invite>(&r.machine)) {
    return invite->state() == client_invite::state::calling ||
           invite->state() == client_invite::state::proceeding;
  }
  const auto state = std::get<client_non_invite>(r.machine).state();
  return state == client_non_invite::state::trying || state == client_non_invite::state::proceeding;
}

bool is_proceeding_invite(const client_record& r) noexcept {
  const auto* const invite = std::get_if<client_invite>(&r.machine);
  return invite != nullptr && invite->state() == client_invite::state::proceeding;
}

void leave_flow(client_record& r) noexcept {
  auto& hook = static_cast<detail::flow_hook&>(r);
  if (hook.is_linked()) hook.unlink();
}

}  // namespace

received layer::implementation::handle_response(base::time_point now, const sip::message_view& view,
                                                received what) {
  client_record* const r = client_table_.find(client_key(secret_, what.via.branch, what.cseq.method_name));
  if (r == nullptr) {
    what.what = received::kind::stray_response;
    ++counters_.stray_responses;
    return what;
  }
  what.client = client_id{r->id};
  what.user = r->user;
  const int status = view.status();
  const bool is_new =
      std::visit([&](auto& machine) { return machine.handle_response(now, status); }, r->machine);
  if (is_new && !r->is_cancel) {
    what.what = received::kind::response;
  } else {
    ++counters_.absorbed;
  }
  if (sip::is_final(status)) {
    leave_flow(*r);
    r->wants_cancel = false;
    r->user_deadline = r->cancel_deadline = base::never;
    if (r->is_invite() && status >= 300 && r->request) {
      sip::message_view invite;
      std::ignore = invite.parse(r->request.text());
      auto ack = make_ack(pool_, invite, view);
      if (ack) r->ack = std::move(*ack);
      // Without a buffer the request stays, and the next copy of the response is acknowledged.
      if (ack || ack.error() != errc::no_buffer) r->request.reset();
    } else {
      r->request.reset();
    }
  }
  settle(now, *r, is_new ? sending::first : sending::again);
  return what;
}

base::result<client_record*> layer::implementation::start_client(base::time_point now, const sip::hop& to,
                                                                 base::packet_buffer data,
                                                                 std::string_view method,
                                                                 std::string_view branch) {
  const base::hash128 key = client_key(secret_, branch, method);
  if (client_table_.find(key) != nullptr) return errc::duplicate_branch;
  const bool reliable = sip::is_reliable(to.transport);
  using machine = std::variant<client_invite, client_non_invite>;
  const auto [id, r] = clients_.create(
      key, method == "INVITE" ? machine(std::in_place_type<client_invite>, options_.timers, reliable)
                              : machine(std::in_place_type<client_non_invite>, options_.timers, reliable));
  if (r == nullptr) return errc::too_many_transactions;
  r->id = id;
  r->timer.set_context(r, client_timer);
  r->to = to;
  r->request = std::move(data);
  client_table_.insert(*r, clients_.size());
  std::visit([now](auto& m) { m.start(now); }, r->machine);
  settle(now, *r);
  return r;
}

base::result<client_id> layer::implementation::request(base::time_point now, const sip::hop& to,
                                                       base::packet_buffer data, std::string_view method,
                                                       std::string_view branch, std::uint64_t user) {
  if (data.empty() || method == "ACK") return errc::bad_message;
  if (!queues_have_room()) return errc::queue_full;
  if (clients_.size() - own_cancels_ >= options_.max_client_transactions) {
    ++counters_.refused;
    return errc::too_many_transactions;
  }
  const auto started = start_client(now, to, std::move(data), method, branch);
  if (!started) {
    if (started.error() == errc::too_many_transactions) ++counters_.refused;
    return started.error();
  }
  (*started)->user = user;
  return client_id{(*started)->id};
}

base::result<void> layer::implementation::cancel(base::time_point now, client_id id) {
  client_record* const r = client(id);
  if (r == nullptr || !r->is_invite() || !waits_for_final(*r)) return errc::unknown_transaction;
  if (r->cancelled) return {};
  if (!is_proceeding_invite(*r)) {
    // RFC 3261 9.1: a CANCEL that overtook its INVITE would find nothing; it waits for the first provisional
    // response.
    r->wants_cancel = true;
    return {};
  }
  if (!queues_have_room()) {
    r->wants_cancel = true;
    defer(now, r->timer);
    return {};
  }
  if (const auto sent = send_cancel(now, *r); !sent) return sent;
  settle(now, *r);
  return {};
}

base::result<void> layer::implementation::send_cancel(base::time_point now, client_record& r) {
  sip::message_view invite;
  std::ignore = invite.parse(r.request.text());
  auto text = make_cancel(pool_, invite);
  if (!text) return text.error();
  const auto via = invite.get<sip::via_header>();
  const auto started = start_client(now, r.to, std::move(*text), "CANCEL", via->branch);
  if (!started) return started.error();
  (*started)->is_cancel = true;
  ++own_cancels_;
  r.wants_cancel = false;
  r.cancelled = true;
  // RFC 3261 9.1: a peer that never ends the INVITE after its CANCEL is not waited for.
  r.cancel_deadline = now + options_.timers.t1 * 64;
  return {};
}

void layer::implementation::set_deadline(client_id id, base::time_point at) {
  client_record* const r = client(id);
  if (r == nullptr || !waits_for_final(*r)) return;
  r->user_deadline = at;
  // An earlier timer, one that waits for room in the queues too, stays as it is; it arms this one.
  if (!r->timer.armed() || at < r->timer.deadline()) arm(r->timer, at);
}

void layer::implementation::settle(base::time_point now, client_record& r, sending how) {
  if (!queues_have_room()) return defer(now, r.timer);
  if (std::exchange(r.send_failed, false)) {
    std::visit([](auto& m) { m.handle_transport_error(); }, r.machine);
  }
  if (r.wants_cancel && is_proceeding_invite(r) && !send_cancel(now, r)) {
    // It is tried again with the next provisional response; whatever comes of that, the wait has an end.
    r.cancel_deadline = std::min(r.cancel_deadline, now + options_.timers.t1 * 64);
  }
  base::time_point at = base::never;
  bool over = false;
  if (auto* const invite = std::get_if<client_invite>(&r.machine)) {
    switch (invite->poll_transmit()) {
      case client_invite::transmit::nothing: break;
      case client_invite::transmit::request:
        transmit(r.to, r.request, ticket_of(r));
        if (how == sending::again) ++counters_.retransmitted;
        break;
      case client_invite::transmit::ack:
        if (!r.ack) break;
        transmit(r.to, r.ack, ticket_of(r));
        if (how == sending::again) ++counters_.retransmitted;
        break;
    }
    over = invite->state() == client_invite::state::terminated;
    at = invite->poll_timeout();
  } else {
    auto& other = std::get<client_non_invite>(r.machine);
    switch (other.poll_transmit()) {
      case client_non_invite::transmit::nothing: break;
      case client_non_invite::transmit::request:
        transmit(r.to, r.request, ticket_of(r));
        if (how == sending::again) ++counters_.retransmitted;
        break;
    }
    over = other.state() == client_non_invite::state::terminated;
    at = other.poll_timeout();
  }
  report_event(r);
  if (over) return end(r);
  arm(r.timer, std::min({at, r.user_deadline, r.cancel_deadline}));
}

void layer::implementation::handle_sent(std::uint64_t ticket, std::uint64_t flow) {
  client_record* const r = (ticket & 1U) != 0 ? clients_.get(ticket >> 1U) : nullptr;
  if (r == nullptr || !waits_for_final(*r)) return;
  leave_flow(*r);
  r->flow = flow;
  flow_table_.insert(*r, clients_.size());
}

void layer::implementation::handle_flow_closed(base::time_point now, std::uint64_t flow) {
  while (client_record* const r = flow_table_.find(flow)) {
    leave_flow(*r);
    // RFC 3261 18.2.2: who has the INVITE, as a provisional response shows, answers by a connection of its
    // own.
    if (is_proceeding_invite(*r)) continue;
    r->send_failed = true;
    settle(now, *r);
  }
}

void layer::implementation::report_event(client_record& r) {
  using kind = event::kind;
  if (auto* const invite = std::get_if<client_invite>(&r.machine)) {
    switch (invite->poll_event()) {
      case client_invite::event::none: break;
      case client_invite::event::timed_out: report(kind::client_timed_out, r); break;
      case client_invite::event::transport_failed: report(kind::client_transport_failed, r); break;
    }
  } else {
    switch (std::get<client_non_invite>(r.machine).poll_event()) {
      case client_non_invite::event::none: break;
      case client_non_invite::event::timed_out: report(kind::client_timed_out, r); break;
      case client_non_invite::event::transport_failed: report(kind::client_transport_failed, r); break;
    }
  }
}

void layer::implementation::run_timer(base::time_point now, client_record& r) {
  if (waits_for_final(r)) {
    if (now >= r.cancel_deadline) {
      report(event::kind::client_timed_out, r);
      return end(r);
    }
    if (now >= r.user_deadline) {
      r.user_deadline = base::never;
      report(event::kind::client_deadline, r);
    }
  }
  std::visit([now](auto& m) { m.handle_timeout(now); }, r.machine);
  settle(now, r, sending::again);
}

void layer::implementation::end(client_record& r) {
  report(event::kind::client_ended, r);
  if (r.is_cancel) --own_cancels_;
  clients_.destroy(r.id);
}

}  // namespace parley::transaction
