#include <parley/transaction/layer.hpp>

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <parley/base/ring_queue.hpp>
#include <parley/base/slot_map.hpp>
#include <parley/base/timer_wheel.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/status.hpp>
#include <parley/transaction/key.hpp>
#include <parley/transaction/request.hpp>

#include "transaction/detail/records.hpp"

namespace parley::transaction {

using detail::client_record;
using detail::server_record;

class layer::implementation {
 public:
  implementation(const layer_options& options, base::buffer_pool& pool, base::random_source& random, base::time_point now)
      : options_(options),
        pool_(pool),
        secret_(base::siphash_key::from(random)),
        branch_secret_(base::siphash_key::from(random)),
        wheel_(now),
        servers_(options.max_server_transactions),
        clients_(options.max_client_transactions),
        transmits_(options.max_queue),
        events_(options.max_queue) {}

  received handle_message(base::time_point now, const sip::hop& from, const sip::message_view& view,
                          const base::packet_buffer& data);
  base::result<server_id> accept(base::time_point now, const sip::hop& from, const sip::message_view& view,
                                 const base::packet_buffer& data, const received& what, std::uint64_t user);
  base::result<void> respond(base::time_point now, server_id id, int status, base::packet_buffer response);
  base::result<client_id> request(base::time_point now, const sip::hop& to, base::packet_buffer data,
                                  std::string_view method, std::string_view branch, std::uint64_t user);
  base::result<void> cancel(base::time_point now, client_id id);
  void set_deadline(client_id id, base::time_point at);
  base::result<void> send(const sip::hop& to, base::packet_buffer data, std::uint64_t ticket = 0);
  void handle_send_failure(base::time_point now, std::uint64_t ticket);
  void handle_timeout(base::time_point now);
  base::time_point poll_timeout() const noexcept;

  server_record* server(server_id id) noexcept { return servers_.get(static_cast<std::uint64_t>(id)); }
  client_record* client(client_id id) noexcept { return clients_.get(static_cast<std::uint64_t>(id)); }

  branch make_branch(std::uint32_t mark) noexcept {
    base::siphasher hash(branch_secret_);
    hash.update(++branches_made_);
    return branch_format::write({options_.shard, hash.finish64(), mark});
  }
  branch make_tag(const received& request, const sip::message_view& view) noexcept {
    const auto key = server_key(branch_secret_, view, request.via, request.cseq, request.cseq.method_name);
    return branch_format::write_tag(key.lo);
  }

  layer_options options_;
  base::buffer_pool& pool_;
  layer_counters counters_;
  base::ring_queue<sip::outgoing>& transmits() noexcept { return transmits_; }
  base::ring_queue<event>& events() noexcept { return events_; }
  std::size_t server_count() const noexcept { return servers_.size(); }
  std::size_t client_count() const noexcept { return clients_.size(); }
  std::size_t pending_invites() const noexcept { return pending_invites_; }

 private:
  enum timer_tag : std::uint32_t { server_timer, client_timer };

  /// What one timer or message can add to the queues at most; with less room than that, timers wait.
  static constexpr std::size_t queue_reserve = 4;

  static std::uint64_t ticket_of(const server_record& r) noexcept { return r.id << 1U; }
  static std::uint64_t ticket_of(const client_record& r) noexcept { return r.id << 1U | 1U; }

  received handle_request(base::time_point now, const sip::message_view& view, received what);
  received handle_response(base::time_point now, const sip::message_view& view, received what);

  bool queues_have_room() const noexcept {
    return transmits_.capacity() - transmits_.size() >= queue_reserve && events_.capacity() - events_.size() >= queue_reserve;
  }
  void report(event::kind what, const server_record& r) {
    std::ignore = events_.push({what, server_id{r.id}, client_id::none, r.user});
  }
  void report(event::kind what, const client_record& r) {
    std::ignore = events_.push({what, server_id::none, client_id{r.id}, r.user});
  }

  void settle(server_record& r);
  void settle(base::time_point now, client_record& r);
  void transmit_trying(server_record& r);
  void arm(server_record& r);
  void arm(client_record& r);
  void end(server_record& r);
  void end(client_record& r);
  void final_response_sent(server_record& r) noexcept;
  void send_cancel(base::time_point now, client_record& r);
  void run_client_timer(base::time_point now, client_record& r);

  base::siphash_key secret_;
  base::siphash_key branch_secret_;
  std::uint64_t branches_made_ = 0;
  std::size_t pending_invites_ = 0;
  base::hash128 accept_key_;
  base::hash128 merge_key_;
  // Destroyed in reverse: records leave their tables and the wheel, so these go last.
  base::timer_wheel wheel_;
  detail::record_table<server_record> server_table_;
  detail::record_table<client_record> client_table_;
  std::unordered_map<base::hash128, std::uint64_t> merges_;  // used only where twins are to be found
  base::slot_map<server_record> servers_;
  base::slot_map<client_record> clients_;
  base::ring_queue<sip::outgoing> transmits_;
  base::ring_queue<event> events_;
};

received layer::implementation::handle_message(base::time_point now, const sip::hop&, const sip::message_view& view,
                                               const base::packet_buffer&) {
  received what;
  if (!queues_have_room()) {
    // Whoever sent it will send it again; the driver has to poll first.
    ++counters_.dropped;
    return what;
  }
  const auto via = view.get<sip::via_header>();
  const auto cseq = view.get<sip::cseq_header>();
  if (!via || !cseq) {
    what.what = received::kind::malformed;
    what.error = !via ? via.error() : cseq.error();
    if (via) what.via = *via;
    ++counters_.malformed;
    return what;
  }
  what.via = *via;
  what.cseq = *cseq;
  return view.is_request() ? handle_request(now, view, what) : handle_response(now, view, what);
}

received layer::implementation::handle_request(base::time_point now, const sip::message_view& view, received what) {
  using kind = received::kind;
  accept_key_ = server_key(secret_, view, what.via, what.cseq, view.method_name());
  if (server_record* const r = server_table_.find(accept_key_); r != nullptr) {
    what.server = server_id{r->id};
    what.user = r->user;
    ++counters_.absorbed;
    if (view.method() == sip::method::ack) {
      if (auto* invite = std::get_if<server_invite>(&r->machine); invite != nullptr && invite->handle_ack(now)) {
        what.what = kind::ack;
      }
    } else {
      std::visit([](auto& machine) { machine.handle_request(); }, r->machine);
    }
    settle(*r);
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
    const auto to = view.get<sip::to_header>();
    merge_key_ = merge_key(secret_, view, what.cseq);
    if (to && to->tag.empty()) {
      if (const auto twin = merges_.find(merge_key_); twin != merges_.end()) {
        what.what = kind::merged;
        what.server = server_id{twin->second};
        what.user = servers_.get(twin->second)->user;
      }
    }
  }
  return what;
}

received layer::implementation::handle_response(base::time_point now, const sip::message_view& view, received what) {
  client_record* const r = client_table_.find(client_key(secret_, what.via.branch, what.cseq.method_name));
  if (r == nullptr) {
    what.what = received::kind::stray_response;
    ++counters_.stray_responses;
    return what;
  }
  what.client = client_id{r->id};
  what.user = r->user;
  const int status = view.status();
  const bool to_user = std::visit([&](auto& machine) { return machine.handle_response(now, status); }, r->machine);
  if (to_user) {
    what.what = received::kind::response;
  } else {
    ++counters_.absorbed;
  }
  if (sip::is_final(status)) {
    r->wants_cancel = false;
    r->user_deadline = r->cancel_deadline = base::never;
    if (r->is_invite() && status >= 300 && !r->ack && r->request) {
      sip::message_view invite;
      if (invite.parse(r->request.text())) {
        if (auto ack = make_ack(pool_, invite, view)) r->ack = std::move(*ack);
      }
    }
    r->request.reset();
  } else if (r->wants_cancel) {
    send_cancel(now, *r);
  }
  settle(now, *r);
  return what;
}

base::result<server_id> layer::implementation::accept(base::time_point now, const sip::hop& from,
                                                      const sip::message_view& view, const base::packet_buffer& data,
                                                      const received& what, std::uint64_t user) {
  const bool invite = view.method() == sip::method::invite;
  if (servers_.full() || (invite && pending_invites_ >= options_.max_pending_invites)) {
    ++counters_.refused;
    return errc::too_many_transactions;
  }
  const bool reliable = sip::is_reliable(from.transport);
  using machine = std::variant<server_invite, server_non_invite>;
  const auto [id, r] =
      servers_.create(accept_key_, invite ? machine(std::in_place_type<server_invite>, options_.timers, reliable)
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
  if (options_.detect_merged && what.what == received::kind::request && merges_.emplace(merge_key_, id).second) {
    r->merge = merge_key_;
  }
  if (invite) {
    r->pending_invite = true;
    ++pending_invites_;
  }
  std::visit([now](auto& m) { m.start(now); }, r->machine);
  arm(*r);
  return server_id{id};
}

base::result<void> layer::implementation::respond(base::time_point now, server_id id, int status,
                                                  base::packet_buffer response) {
  server_record* const r = server(id);
  if (r == nullptr) return errc::unknown_transaction;
  if (!queues_have_room()) return errc::queue_full;
  if (const auto sent = std::visit([&](auto& m) { return m.respond(now, status); }, r->machine); !sent) return sent;
  r->response = std::move(response);
  if (sip::is_final(status)) final_response_sent(*r);
  settle(*r);
  return {};
}

void layer::implementation::final_response_sent(server_record& r) noexcept {
  r.request.reset();
  if (std::exchange(r.pending_invite, false)) --pending_invites_;
}

base::result<client_id> layer::implementation::request(base::time_point now, const sip::hop& to, base::packet_buffer data,
                                                       std::string_view method, std::string_view branch,
                                                       std::uint64_t user) {
  if (clients_.full()) {
    ++counters_.refused;
    return errc::too_many_transactions;
  }
  if (!queues_have_room()) return errc::queue_full;
  const base::hash128 key = client_key(secret_, branch, method);
  if (client_table_.find(key) != nullptr) return errc::duplicate_branch;
  const bool reliable = sip::is_reliable(to.transport);
  using machine = std::variant<client_invite, client_non_invite>;
  const auto [id, r] =
      clients_.create(key, method == "INVITE" ? machine(std::in_place_type<client_invite>, options_.timers, reliable)
                                              : machine(std::in_place_type<client_non_invite>, options_.timers, reliable));
  if (r == nullptr) {
    ++counters_.refused;
    return errc::too_many_transactions;
  }
  r->id = id;
  r->user = user;
  r->timer.set_context(r, client_timer);
  r->to = to;
  r->request = std::move(data);
  client_table_.insert(*r, clients_.size());
  std::visit([now](auto& m) { m.start(now); }, r->machine);
  settle(now, *r);
  return client_id{id};
}

base::result<void> layer::implementation::cancel(base::time_point now, client_id id) {
  client_record* const r = client(id);
  const auto* const invite = r == nullptr ? nullptr : std::get_if<client_invite>(&r->machine);
  if (invite == nullptr) return errc::unknown_transaction;
  switch (invite->state()) {
    case client_invite::state::calling: r->wants_cancel = !r->cancelled; return {};
    case client_invite::state::proceeding:
      send_cancel(now, *r);
      arm(*r);
      return {};
    case client_invite::state::accepted:
    case client_invite::state::completed:
    case client_invite::state::terminated: return errc::unknown_transaction;
  }
  return errc::unknown_transaction;
}

void layer::implementation::send_cancel(base::time_point now, client_record& r) {
  r.wants_cancel = false;
  if (std::exchange(r.cancelled, true)) return;
  // RFC 3261 9.1: a peer that never ends the INVITE after its CANCEL is not waited for.
  r.cancel_deadline = now + options_.timers.t1 * 64;
  sip::message_view invite;
  if (!invite.parse(r.request.text())) return;
  const auto via = invite.get<sip::via_header>();
  auto text = make_cancel(pool_, invite);
  if (!via || !text) return;
  // The CANCEL is nobody's business once it is sent: user 0 says so in its events.
  std::ignore = request(now, r.to, std::move(*text), "CANCEL", via->branch, 0);
}

void layer::implementation::set_deadline(client_id id, base::time_point at) {
  client_record* const r = client(id);
  if (r == nullptr || !r->request) return;
  r->user_deadline = at;
  arm(*r);
}

base::result<void> layer::implementation::send(const sip::hop& to, base::packet_buffer data, std::uint64_t ticket) {
  if (!transmits_.push({to, std::move(data), ticket})) return errc::queue_full;
  return {};
}

void layer::implementation::settle(server_record& r) {
  std::visit(
      [&](auto& m) {
        using machine = std::remove_reference_t<decltype(m)>;
        switch (m.poll_transmit()) {
          case machine::transmit::nothing: break;
          case machine::transmit::trying: transmit_trying(r); break;
          case machine::transmit::response: std::ignore = send(r.to, r.response, ticket_of(r)); break;
        }
      },
      r.machine);
  if (auto* const invite = std::get_if<server_invite>(&r.machine)) {
    switch (invite->poll_event()) {
      case server_invite::event::none: break;
      case server_invite::event::no_ack: report(event::kind::server_no_ack, r); break;
      case server_invite::event::transport_failed: report(event::kind::server_transport_failed, r); break;
    }
    // RFC 6026 7.1: an accepted transaction repeats nothing by itself.
    if (invite->state() == server_invite::state::accepted) r.response.reset();
    if (invite->state() == server_invite::state::terminated) return end(r);
  } else if (auto* const other = std::get_if<server_non_invite>(&r.machine)) {
    switch (other->poll_event()) {
      case server_non_invite::event::none: break;
      case server_non_invite::event::expired: report(event::kind::server_expired, r); break;
      case server_non_invite::event::transport_failed: report(event::kind::server_transport_failed, r); break;
    }
    if (other->state() == server_non_invite::state::terminated) return end(r);
  }
  arm(r);
}

void layer::implementation::transmit_trying(server_record& r) {
  if (!r.response) {
    sip::message_view view;
    if (!r.request || !view.parse(r.request.text())) return;
    auto trying = make_response(pool_, view, r.from.remote, 100);
    if (!trying) return;
    r.response = std::move(*trying);
  }
  std::ignore = send(r.to, r.response, ticket_of(r));
}

void layer::implementation::settle(base::time_point, client_record& r) {
  if (auto* const invite = std::get_if<client_invite>(&r.machine)) {
    switch (invite->poll_transmit()) {
      case client_invite::transmit::nothing: break;
      case client_invite::transmit::request: std::ignore = send(r.to, r.request, ticket_of(r)); break;
      case client_invite::transmit::ack:
        if (r.ack) std::ignore = send(r.to, r.ack, ticket_of(r));
        break;
    }
    switch (invite->poll_event()) {
      case client_invite::event::none: break;
      case client_invite::event::timed_out: report(event::kind::client_timed_out, r); break;
      case client_invite::event::transport_failed: report(event::kind::client_transport_failed, r); break;
    }
    if (invite->state() == client_invite::state::terminated) return end(r);
  } else if (auto* const other = std::get_if<client_non_invite>(&r.machine)) {
    switch (other->poll_transmit()) {
      case client_non_invite::transmit::nothing: break;
      case client_non_invite::transmit::request: std::ignore = send(r.to, r.request, ticket_of(r)); break;
    }
    switch (other->poll_event()) {
      case client_non_invite::event::none: break;
      case client_non_invite::event::timed_out: report(event::kind::client_timed_out, r); break;
      case client_non_invite::event::transport_failed: report(event::kind::client_transport_failed, r); break;
    }
    if (other->state() == client_non_invite::state::terminated) return end(r);
  }
  arm(r);
}

void layer::implementation::arm(server_record& r) {
  const auto at = std::visit([](auto& m) { return m.poll_timeout(); }, r.machine);
  if (at != r.timer.deadline()) wheel_.arm(r.timer, at);
}

void layer::implementation::arm(client_record& r) {
  const auto machine = std::visit([](auto& m) { return m.poll_timeout(); }, r.machine);
  const auto at = std::min({machine, r.user_deadline, r.cancel_deadline});
  if (at != r.timer.deadline()) wheel_.arm(r.timer, at);
}

void layer::implementation::end(server_record& r) {
  if (r.pending_invite) --pending_invites_;
  if (r.merge) merges_.erase(*r.merge);
  report(event::kind::server_ended, r);
  servers_.destroy(r.id);
}

void layer::implementation::end(client_record& r) {
  report(event::kind::client_ended, r);
  clients_.destroy(r.id);
}

void layer::implementation::handle_send_failure(base::time_point now, std::uint64_t ticket) {
  const std::uint64_t id = ticket >> 1U;
  if ((ticket & 1U) == 0) {
    if (server_record* const r = servers_.get(id)) {
      std::visit([](auto& m) { m.handle_transport_error(); }, r->machine);
      settle(*r);
    }
  } else if (client_record* const r = clients_.get(id)) {
    std::visit([](auto& m) { m.handle_transport_error(); }, r->machine);
    settle(now, *r);
  }
}

void layer::implementation::handle_timeout(base::time_point now) {
  while (queues_have_room()) {
    base::timer* const due = wheel_.poll_expired(now);
    if (due == nullptr) return;
    if (due->tag() == server_timer) {
      auto& r = *static_cast<server_record*>(due->context());
      const bool waiting = r.pending_invite || (!r.is_invite() && r.request);
      const std::uint64_t before = transmits_.size();
      std::visit([now](auto& m) { m.handle_timeout(now); }, r.machine);
      settle(r);
      if (!waiting) counters_.retransmitted += transmits_.size() - before;
    } else {
      run_client_timer(now, *static_cast<client_record*>(due->context()));
    }
  }
}

void layer::implementation::run_client_timer(base::time_point now, client_record& r) {
  if (now >= r.cancel_deadline) {
    report(event::kind::client_timed_out, r);
    return end(r);
  }
  if (now >= r.user_deadline) {
    r.user_deadline = base::never;
    report(event::kind::client_deadline, r);
  }
  const std::uint64_t before = transmits_.size();
  std::visit([now](auto& m) { m.handle_timeout(now); }, r.machine);
  settle(now, r);
  counters_.retransmitted += transmits_.size() - before;
}

base::time_point layer::implementation::poll_timeout() const noexcept { return wheel_.poll_timeout(); }

layer::layer(const layer_options& options, base::buffer_pool& pool, base::random_source& random, base::time_point now)
    : impl_(std::make_unique<implementation>(options, pool, random, now)) {}
layer::~layer() = default;

std::size_t layer::server_count() const noexcept { return impl_->server_count(); }
std::size_t layer::client_count() const noexcept { return impl_->client_count(); }
std::size_t layer::pending_invites() const noexcept { return impl_->pending_invites(); }
const layer_counters& layer::counters() const noexcept { return impl_->counters_; }
branch layer::make_branch(std::uint32_t mark) noexcept { return impl_->make_branch(mark); }
branch layer::make_tag(const received& request, const sip::message_view& view) noexcept {
  return impl_->make_tag(request, view);
}

received layer::handle_message(base::time_point now, const sip::hop& from, const sip::message_view& view,
                               const base::packet_buffer& data) {
  return impl_->handle_message(now, from, view, data);
}

base::result<server_id> layer::accept(base::time_point now, const sip::hop& from, const sip::message_view& view,
                                      const base::packet_buffer& data, const received& what, std::uint64_t user) {
  return impl_->accept(now, from, view, data, what, user);
}

base::result<void> layer::respond(base::time_point now, server_id id, int status, base::packet_buffer response) {
  return impl_->respond(now, id, status, std::move(response));
}

base::result<void> layer::answer(base::time_point now, server_id id, int status, const response_options& options) {
  server_record* const r = impl_->server(id);
  if (r == nullptr) return errc::unknown_transaction;
  sip::message_view view;
  if (!r->request || !view.parse(r->request.text())) return errc::already_final;
  auto response = make_response(impl_->pool_, view, r->from.remote, status, options);
  if (!response) return response.error();
  return impl_->respond(now, id, status, std::move(*response));
}

base::result<client_id> layer::request(base::time_point now, const sip::hop& to, base::packet_buffer data,
                                       std::string_view method, std::string_view branch, std::uint64_t user) {
  return impl_->request(now, to, std::move(data), method, branch, user);
}

base::result<void> layer::cancel(base::time_point now, client_id id) { return impl_->cancel(now, id); }
void layer::set_deadline(client_id id, base::time_point at) { impl_->set_deadline(id, at); }
base::result<void> layer::send(const sip::hop& to, base::packet_buffer data) { return impl_->send(to, std::move(data)); }

base::packet_buffer layer::request_of(server_id id) const noexcept {
  const server_record* const r = impl_->server(id);
  return r == nullptr ? base::packet_buffer{} : r->request;
}
sip::hop layer::source_of(server_id id) const noexcept {
  const server_record* const r = impl_->server(id);
  return r == nullptr ? sip::hop{} : r->from;
}
std::uint64_t layer::user_of(server_id id) const noexcept {
  const server_record* const r = impl_->server(id);
  return r == nullptr ? 0 : r->user;
}

void layer::handle_send_failure(base::time_point now, std::uint64_t ticket) { impl_->handle_send_failure(now, ticket); }
void layer::handle_timeout(base::time_point now) { impl_->handle_timeout(now); }
base::time_point layer::poll_timeout() const noexcept { return impl_->poll_timeout(); }

bool layer::poll_transmit(sip::outgoing& out) {
  auto& queue = impl_->transmits();
  if (queue.empty()) return false;
  out = *queue.pop();
  return true;
}

bool layer::poll_event(event& out) {
  auto& queue = impl_->events();
  if (queue.empty()) return false;
  out = *queue.pop();
  return true;
}

}  // namespace parley::transaction
