#include <parley/sip/name_addr.hpp>
#include <parley/sip/status.hpp>
#include <parley/transaction/key.hpp>

#include "transaction/detail/layer_impl.hpp"

#include <tuple>
#include <utility>

// The server side of the layer: requests that come in and their responses.

namespace parley::transaction {

received layer::implementation::handle_request(base::time_point now, const sip::message_view& view,
                                               received what) {
  using kind = received::kind;
  what.key = server_key(secret_, view, what.via, what.cseq, view.method_name());
  if (server_record* const r = server_table_.find(what.key); r != nullptr) {
    what.server = server_id{r->id};
    what.user = r->user;
    if (view.method() == sip::method::ack) {
      auto* const invite = std::get_if<server_invite>(&r->machine);
      if (invite != nullptr && invite->handle_ack(now)) what.what = kind::ack;
    } else {
      std::visit([](auto& machine) { machine.handle_request(); }, r->machine);
    }
    if (what.what == kind::absorbed) ++counters_.absorbed;
    settle(now, *r, sending::again);
    return what;
  }
  switch (view.method()) {
    case sip::method::ack: what.what = kind::ack; return what;
    case sip::method::cancel: {
      // RFC 3261 9.2: the request that is cancelled is found as if the CANCEL bore its method.
      what.what = kind::cancel;
      const auto invite_key = server_key(secret_, view, what.via, what.cseq, "INVITE");
      if (const server_record* const r = server_table_.find(invite_key); r != nullptr) {
        what.server = server_id{r->id};
        what.user = r->user;
      }
      return what;
    }
    default: what.what = kind::request; break;
  }
  if (options_.detect_merged) {
    const auto to_tag = view.to_tag();
    what.merge_key = merge_key(secret_, view, what.cseq);
    if (to_tag && to_tag->empty()) {
      if (const auto* const twin = merge_table_.find(what.merge_key); twin != nullptr) {
        what.what = kind::merged;
        what.server = server_id{twin->owner->id};
        what.user = twin->owner->user;
      }
    }
  }
  return what;
}

base::result<server_id> layer::implementation::accept(base::time_point now, const sip::hop& from,
                                                      const sip::message_view& view,
                                                      const base::packet_buffer& data, const received& what,
                                                      std::uint64_t user) {
  if (view.is_response() || view.method() == sip::method::ack) return errc::bad_message;
  const bool invite = view.method() == sip::method::invite;
  if (servers_.full() || (invite && pending_invites_ >= options_.max_pending_invites)) {
    ++counters_.refused;
    return errc::too_many_transactions;
  }
  if (server_table_.find(what.key) != nullptr) return errc::duplicate_branch;
  const bool reliable = sip::is_reliable(from.transport);
  using machine = std::variant<server_invite, server_non_invite>;
  const auto [id, r] = servers_.create(
      what.key, invite ? machine(std::in_place_type<server_invite>, options_.timers, reliable)
                       : machine(std::in_place_type<server_non_invite>, options_.timers, reliable));
  if (r == nullptr) {
    ++counters_.refused;
    return errc::too_many_transactions;
  }
  r->id = id;
  r->user = user;
  r->timer.set_context(r, server_timer);
  r->from = from;
  r->to = response_hop(from, what.via);
  r->request = data;
  server_table_.insert(*r, servers_.size());
  if (options_.detect_merged && what.what == received::kind::request) {
    r->merge.emplace(what.merge_key, *r);
    merge_table_.insert(*r->merge, servers_.size());
  }
  if (invite) {
    r->pending_invite = true;
    ++pending_invites_;
  }
  std::visit(
      [&](auto& m) {
        m.start(now);
        arm(r->timer, m.poll_timeout());
      },
      r->machine);
  return server_id{id};
}

base::result<void> layer::implementation::respond(base::time_point now, server_id id, int status,
                                                  base::packet_buffer response) {
  server_record* const r = server(id);
  if (r == nullptr) return errc::unknown_transaction;
  if (response.empty() || status < 100 || status > 699) return errc::bad_message;
  if (!queues_have_room()) return errc::queue_full;
  if (const auto sent = std::visit([&](auto& m) { return m.respond(now, status); }, r->machine); !sent)
    return sent;
  r->response = std::move(response);
  if (sip::is_final(status)) {
    r->request.reset();
    if (std::exchange(r->pending_invite, false)) --pending_invites_;
  }
  settle(now, *r);
  return {};
}

base::result<void> layer::implementation::answer(base::time_point now, server_id id, int status,
                                                 const response_options& options) {
  server_record* const r = server(id);
  if (r == nullptr) return errc::unknown_transaction;
  if (!r->request) return errc::already_final;
  if (!queues_have_room()) return errc::queue_full;
  sip::message_view view;
  // The user has read it by limits of his own; what these here find too large can be answered all the same.
  std::ignore = view.parse(r->request.text());
  auto response = make_response(pool_, view, r->from.remote, status, options);
  if (!response) return response.error();
  return respond(now, id, status, std::move(*response));
}

void layer::implementation::settle(base::time_point now, server_record& r, sending how) {
  if (!queues_have_room()) return defer(now, r.timer);
  if (std::exchange(r.send_failed, false)) {
    std::visit([](auto& m) { m.handle_transport_error(); }, r.machine);
  }
  transmit_response(r, how);
  report_event(r);
  if (const auto* const invite = std::get_if<server_invite>(&r.machine)) {
    // RFC 6026 7.1: an accepted transaction repeats nothing by itself, and a confirmed one has nothing left
    // to repeat.
    switch (invite->state()) {
      case server_invite::state::proceeding:
      case server_invite::state::completed: break;
      case server_invite::state::accepted:
      case server_invite::state::confirmed: r.response.reset(); break;
      case server_invite::state::terminated: return end(r);
    }
    return arm(r.timer, invite->poll_timeout());
  }
  const auto& other = std::get<server_non_invite>(r.machine);
  if (other.state() == server_non_invite::state::terminated) return end(r);
  arm(r.timer, other.poll_timeout());
}

void layer::implementation::transmit_response(server_record& r, sending how) {
  std::visit(
      [&](auto& m) {
        using machine = std::remove_reference_t<decltype(m)>;
        switch (m.poll_transmit()) {
          case machine::transmit::nothing: break;
          case machine::transmit::trying: transmit_trying(r); break;
          case machine::transmit::response:
            transmit(r.to, r.response, ticket_of(r));
            if (how == sending::again) ++counters_.retransmitted;
            break;
        }
      },
      r.machine);
}

void layer::implementation::transmit_trying(server_record& r) {
  if (!r.response) {
    sip::message_view view;
    std::ignore = view.parse(r.request.text());
    // Without a buffer the client repeats its request, and the 100 is tried again then.
    auto trying = make_response(pool_, view, r.from.remote, 100);
    if (!trying) return;
    r.response = std::move(*trying);
  }
  transmit(r.to, r.response, ticket_of(r));
}

void layer::implementation::report_event(server_record& r) {
  using kind = event::kind;
  if (auto* const invite = std::get_if<server_invite>(&r.machine)) {
    switch (invite->poll_event()) {
      case server_invite::event::none: break;
      case server_invite::event::no_ack: report(kind::server_no_ack, r); break;
      case server_invite::event::transport_failed: report(kind::server_transport_failed, r); break;
    }
  } else {
    switch (std::get<server_non_invite>(r.machine).poll_event()) {
      case server_non_invite::event::none: break;
      case server_non_invite::event::expired: report(kind::server_expired, r); break;
      case server_non_invite::event::transport_failed: report(kind::server_transport_failed, r); break;
    }
  }
}

void layer::implementation::run_timer(base::time_point now, server_record& r) {
  std::visit([now](auto& m) { m.handle_timeout(now); }, r.machine);
  settle(now, r, sending::again);
}

void layer::implementation::end(server_record& r) {
  report(event::kind::server_ended, r);
  servers_.destroy(r.id);
}

}  // namespace parley::transaction
