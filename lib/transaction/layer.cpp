#include <parley/transaction/key.hpp>
#include <parley/transaction/layer.hpp>

#include "transaction/detail/layer_impl.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace parley::transaction {
namespace {

/// Room for as many CANCELs of the layer's own.
constexpr std::size_t twice(std::size_t count) noexcept {
  return count > std::numeric_limits<std::size_t>::max() / 2 ? count : count * 2;
}

}  // namespace

layer::implementation::implementation(const layer_options& options, base::buffer_pool& pool,
                                      base::random_source& random, base::time_point now)
    : options_(options),
      pool_(pool),
      secret_(base::siphash_key::from(random)),
      branch_secret_(base::siphash_key::from(random)),
      wheel_(now),
      servers_(options.max_server_transactions),
      clients_(twice(options.max_client_transactions)),
      transmits_(std::max(options.max_queue, 2 * queue_reserve)),
      events_(std::max(options.max_queue, 2 * queue_reserve)) {}

branch layer::implementation::make_branch(std::uint32_t mark) noexcept {
  base::siphasher hash(branch_secret_);
  hash.update(++branches_made_);
  return branch_format::write({options_.shard, hash.finish64(), mark});
}

branch layer::implementation::make_tag(const received& request, const sip::message_view& view) noexcept {
  return branch_format::write_tag(
      server_key(branch_secret_, view, request.via, request.cseq, request.cseq.method_name).lo);
}

received layer::implementation::handle_message(base::time_point now, const sip::message_view& view) {
  received what;
  const auto via = view.get<sip::via_header>();
  const auto cseq = view.get<sip::cseq_header>();
  if (via) what.via = *via;
  if (cseq) what.cseq = *cseq;
  if (!via || !cseq) {
    what.what = received::kind::malformed;
    what.error = !via ? via.error() : cseq.error();
    ++counters_.malformed;
    return what;
  }
  return view.is_request() ? handle_request(now, view, what) : handle_response(now, view, what);
}

base::result<void> layer::implementation::send(const sip::hop& to, base::packet_buffer data) {
  if (!transmits_.push({to, std::move(data), 0})) return errc::queue_full;
  return {};
}

void layer::implementation::transmit(const sip::hop& to, const base::packet_buffer& data,
                                     std::uint64_t ticket) {
  std::ignore = transmits_.push({to, data, ticket});
}

void layer::implementation::report(event::kind what, const server_record& r) {
  std::ignore = events_.push({what, server_id{r.id}, client_id::none, r.user});
}

void layer::implementation::report(event::kind what, const client_record& r) {
  if (!r.is_cancel) std::ignore = events_.push({what, server_id::none, client_id{r.id}, r.user});
}

void layer::implementation::defer(base::time_point now, base::timer& timer) {
  ++counters_.deferred;
  wheel_.arm(timer, now);
}

void layer::implementation::arm(base::timer& timer, base::time_point at) {
  if (!timer.armed() || at != timer.deadline()) wheel_.arm(timer, at);
}

void layer::implementation::handle_send_failure(base::time_point now, std::uint64_t ticket) {
  const std::uint64_t id = ticket >> 1U;
  if ((ticket & 1U) == 0) {
    if (server_record* const r = servers_.get(id)) {
      r->send_failed = true;
      settle(now, *r);
    }
  } else if (client_record* const r = clients_.get(id)) {
    r->send_failed = true;
    settle(now, *r);
  }
}

void layer::implementation::handle_timeout(base::time_point now) {
  while (queues_have_room()) {
    base::timer* const due = wheel_.poll_expired(now);
    if (due == nullptr) return;
    if (due->tag() == server_timer) {
      run_timer(now, *static_cast<server_record*>(due->context()));
    } else {
      run_timer(now, *static_cast<client_record*>(due->context()));
    }
  }
}

layer::layer(const layer_options& options, base::buffer_pool& pool, base::random_source& random,
             base::time_point now)
    : impl_(std::make_unique<implementation>(options, pool, random, now)) {}
layer::~layer() = default;

std::size_t layer::server_count() const noexcept { return impl_->servers_.size(); }
std::size_t layer::client_count() const noexcept { return impl_->clients_.size(); }
std::size_t layer::pending_invites() const noexcept { return impl_->pending_invites_; }
const layer_counters& layer::counters() const noexcept { return impl_->counters_; }
branch layer::make_branch(std::uint32_t mark) noexcept { return impl_->make_branch(mark); }
branch layer::make_tag(const received& request, const sip::message_view& view) noexcept {
  return impl_->make_tag(request, view);
}

received layer::handle_message(base::time_point now, const sip::message_view& view) {
  return impl_->handle_message(now, view);
}

base::result<server_id> layer::accept(base::time_point now, const sip::hop& from,
                                      const sip::message_view& view, const base::packet_buffer& data,
                                      const received& what, std::uint64_t user) {
  return impl_->accept(now, from, view, data, what, user);
}

base::result<void> layer::respond(base::time_point now, server_id id, int status,
                                  base::packet_buffer response) {
  return impl_->respond(now, id, status, std::move(response));
}

base::result<void> layer::answer(base::time_point now, server_id id, int status,
                                 const response_options& options) {
  return impl_->answer(now, id, status, options);
}

base::result<client_id> layer::request(base::time_point now, const sip::hop& to, base::packet_buffer data,
                                       std::string_view method, std::string_view branch, std::uint64_t user) {
  return impl_->request(now, to, std::move(data), method, branch, user);
}

base::result<void> layer::cancel(base::time_point now, client_id id) { return impl_->cancel(now, id); }
void layer::set_deadline(client_id id, base::time_point at) { impl_->set_deadline(id, at); }
base::result<void> layer::send(const sip::hop& to, base::packet_buffer data) {
  return impl_->send(to, std::move(data));
}

base::packet_buffer layer::request_of(server_id id) const noexcept {
  const auto* const r = impl_->server(id);
  return r == nullptr ? base::packet_buffer{} : r->request;
}
sip::hop layer::source_of(server_id id) const noexcept {
  const auto* const r = impl_->server(id);
  return r == nullptr ? sip::hop{} : r->from;
}
std::uint64_t layer::user_of(server_id id) const noexcept {
  const auto* const r = impl_->server(id);
  return r == nullptr ? 0 : r->user;
}

void layer::handle_send_failure(base::time_point now, std::uint64_t ticket) {
  impl_->handle_send_failure(now, ticket);
}
void layer::handle_sent(std::uint64_t ticket, std::uint64_t flow) { impl_->handle_sent(ticket, flow); }
void layer::handle_flow_closed(base::time_point now, std::uint64_t flow) {
  impl_->handle_flow_closed(now, flow);
}
void layer::handle_timeout(base::time_point now) { impl_->handle_timeout(now); }
base::time_point layer::poll_timeout() const noexcept { return impl_->wheel_.poll_timeout(); }

bool layer::poll_transmit(sip::outgoing& out) {
  auto& queue = impl_->transmits_;
  if (queue.empty()) return false;
  out = *queue.pop();
  return true;
}

bool layer::poll_event(event& out) {
  auto& queue = impl_->events_;
  if (queue.empty()) return false;
  out = *queue.pop();
  return true;
}

}  // namespace parley::transaction
