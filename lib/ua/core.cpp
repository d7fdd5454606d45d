#include "ua/detail/core_impl.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

// Set-up, commands for calls, time.

namespace parley::ua {

using detail::call_record;
using detail::leg;

namespace {

transaction::layer_options for_user_agent(transaction::layer_options options) {
  options.detect_merged = true;
  return options;
}

/// The value of Contact.
std::string contact_of(sip::transport over, const std::string& where) {
  std::string out = over == sip::transport::tls ? "<sips:" : "<sip:";
  out += where;
  if (over == sip::transport::tcp) out += ";transport=tcp";
  if (over == sip::transport::ws) out += ";transport=ws";
  // RFC 7118 has no name for it in a URI but that of Via; a sips one would bind the whole path (RFC 5630 4).
  if (over == sip::transport::wss) out += ";transport=wss";
  return out + '>';
}

}  // namespace

core::implementation::implementation(core_options options, base::buffer_pool& pool,
                                     base::random_source& random, base::time_point now)
    : options_(std::move(options)),
      layer_(for_user_agent(options_.transactions), pool, random, now),
      accounts_(random),
      wheel_(now),
      calls_(options_.max_calls),
      incoming_(options_.max_requests),
      pool_(pool),
      random_(random),
      requests_(options_.max_requests) {
  for (const sip::listener& l : options_.listeners) {
    std::string host = l.host;
    if (host.empty()) {
      const std::string ip = l.local.ip.unmapped().to_string();
      host = l.local.ip.unmapped().is_v6() ? '[' + ip + ']' : ip;
    }
    // One that only opens connections has no port that others could use.
    if (const std::uint16_t port = l.port != 0 ? l.port : l.local.port; port != 0)
      host += ':' + std::to_string(port);
    via_.push_back("SIP/2.0/" + std::string(sip::name_of(l.transport)) + ' ' + host + ";rport;branch=");
    contacts_.push_back(contact_of(l.transport, options_.contact_user + '@' + host));
  }
  if (!options_.info_packages.empty()) info_packages_.emplace(options_.info_packages);
  allow_ = "INVITE, ACK, CANCEL, BYE, UPDATE, PRACK";
  for (const std::string& method : options_.methods) allow_.append(", ").append(method);
  supported_ = "100rel, timer";
  for (const std::string& extension : options_.extensions) supported_.append(", ").append(extension);
}

core_event& core::implementation::report(core_event::kind what) {
  core_event& made = events_.emplace_back();
  made.what = what;
  return made;
}

std::string core::implementation::make_token() {
  return std::string(transaction::branch_format::write_tag(random_.u64()).text());
}

leg* core::implementation::current_leg(call_id id) noexcept {
  call_record* const c = find(id);
  return c != nullptr && c->current < c->legs.size() ? c->legs[c->current].get() : nullptr;
}

call_id core::implementation::find(const dialog_id& id) noexcept {
  const call_record* const c = call_of(id);
  if (c == nullptr || c->outlived || c->current >= c->legs.size()) return call_id::none;
  return c->legs[c->current]->session.dialog().id() == id ? call_id{c->id} : call_id::none;
}

template <class Command>
auto core::implementation::command(base::time_point now, call_id call, Command&& run)
    -> decltype(run(std::declval<session&>())) {
  leg* const l = current_leg(call);
  if (l == nullptr) return errc::not_now;
  auto done = run(l->session);
  pump(now, *find(call));
  run_events(now);
  return done;
}

base::result<void> core::implementation::hang_up(base::time_point now, call_id call, int status) {
  call_record* const c = find(call);
  if (c == nullptr || c->reported) return errc::not_now;
  if (c->outgoing && !c->answered) {
    auto done = cancel(now, *c);
    run_events(now);
    return done;
  }
  return command(now, call, [&](session& s) {
    return s.state() == session::state::early ? s.refuse_invite(now, status) : s.bye(now);
  });
}

base::result<void> core::implementation::add_usage(call_id call) {
  leg* const l = current_leg(call);
  // Which early dialog stays is not known yet.
  if (l == nullptr || l->session.state() == session::state::early) return errc::not_now;
  return l->session.add_usage();
}

void core::implementation::end_usage(call_id call) {
  leg* const l = current_leg(call);
  if (l == nullptr) return;
  l->session.end_usage();
  if (call_record& c = *find(call); c.reported) release(c);
}

base::result<void> core::implementation::cancel(base::time_point now, call_record& c) {
  if (c.cancelled) return {};
  detail::client_request* const r = requests_.get(c.invite);
  if (r == nullptr) {
    c.expires = base::never;
    return errc::not_now;
  }
  // RFC 3261 9.1: it goes out when a provisional response is there. One that waits for an address fails then,
  // and nothing was sent.
  if (r->client != transaction::client_id::none) {
    const auto cancelled = layer_.cancel(now, r->client);
    if (!cancelled && cancelled.error() == transaction::make_error_code(transaction::errc::no_buffer)) {
      return cancelled.error();
    }
  }
  c.cancelled = r->cancelled = true;
  c.expires = base::never;
  r->others.clear();
  return {};
}

void core::implementation::handle_timeout(base::time_point now) {
  layer_.handle_timeout(now);
  while (base::timer* const due = wheel_.poll_expired(now)) {
    call_record& c = *static_cast<call_record*>(due->context());
    if (c.expires <= now) {
      c.expires = now + detail::retry_time;  // where there is no buffer for the CANCEL
      std::ignore = cancel(now, c);
    }
    for (const auto& one : c.legs) {
      if (one->session.poll_timeout() <= now) one->session.handle_timeout(now);
    }
    pump(now, c);
  }
  for (std::size_t i = 0; i < lookups_.size();) {
    detail::client_request* const r = requests_.get(lookups_[i]);
    if (r != nullptr && r->lookup_ends > now) {
      ++i;
      continue;
    }
    lookups_.erase(lookups_.begin() + static_cast<std::ptrdiff_t>(i));
    if (r != nullptr) fail(now, *r, 503);
  }
  run_events(now);
}

void core::implementation::run_events(base::time_point now) {
  if (now >= retry_at_) send_unsent(now);
  transaction::event e;
  while (true) {
    if (layer_.poll_event(e)) {
      handle_event(now, e);
    } else if (!failed_.empty()) {
      detail::client_request* const r = requests_.get(failed_.front());
      failed_.erase(failed_.begin());
      if (r != nullptr) fail(now, *r, r->failure);
    } else {
      return;
    }
  }
}

core::core(core_options options, base::buffer_pool& pool, base::random_source& random, base::time_point now)
    : impl_(std::make_unique<implementation>(std::move(options), pool, random, now)) {}
core::~core() = default;

const core_counters& core::counters() const noexcept { return impl_->counters_; }
const transaction::layer& core::transactions() const noexcept { return impl_->layer_; }
std::size_t core::calls() const noexcept { return impl_->active_; }
bool core::is_idle() const noexcept { return impl_->is_idle(); }
sip::digest_client& core::accounts() noexcept { return impl_->accounts_; }

const session* core::find(call_id call) const noexcept {
  const leg* const l = impl_->current_leg(call);
  return l != nullptr ? &l->session : nullptr;
}

const sip::message_view* core::view_of(const base::packet_buffer& message) {
  return message ? impl_->view_of(message) : nullptr;
}

call_id core::find(const dialog_id& dialog) const noexcept { return impl_->find(dialog); }

base::result<call_id> core::invite(base::time_point now, const invite_options& options) {
  auto made = impl_->invite(now, options);
  impl_->run_events(now);
  return made;
}

base::result<void> core::hang_up(base::time_point now, call_id call, int status) {
  return impl_->hang_up(now, call, status);
}

base::result<void> core::progress(base::time_point now, call_id call, int status,
                                  std::string_view description, bool reliable) {
  return impl_->command(now, call,
                        [&](session& s) { return s.progress(now, status, description, reliable); });
}

base::result<void> core::accept(base::time_point now, call_id call, std::string_view description) {
  return impl_->command(now, call, [&](session& s) { return s.accept(now, description); });
}

base::result<void> core::refuse(base::time_point now, call_id call, int status,
                                std::span<const session::field> fields) {
  return impl_->command(now, call, [&](session& s) { return s.refuse(now, status, fields); });
}

base::result<void> core::offer(base::time_point now, call_id call, std::string_view description,
                               session::offer_by how) {
  return impl_->command(now, call, [&](session& s) { return s.offer(now, description, how); });
}

base::result<void> core::answer(base::time_point now, call_id call, std::string_view description) {
  return impl_->command(now, call, [&](session& s) { return s.answer(now, description); });
}

base::result<std::uint32_t> core::request(base::time_point now, call_id call, std::string_view method,
                                          std::span<const session::field> fields, std::string_view body,
                                          std::string_view content_type) {
  return impl_->command(now, call, [&](session& s) { return s.request(method, fields, body, content_type); });
}

base::result<std::uint32_t> core::request(base::time_point now, call_id call,
                                          const std::function<bool(ua::dialog&, sip::message&)>& write) {
  return impl_->command(now, call, [&](session& s) { return s.request(write); });
}

base::result<void> core::add_usage(call_id call) { return impl_->add_usage(call); }
void core::end_usage(call_id call) { impl_->end_usage(call); }

base::result<request_id> core::request(base::time_point now, sip::message message, const sip::hop& flow) {
  auto made = impl_->request(now, std::move(message), flow);
  impl_->run_events(now);
  return made;
}

base::result<void> core::respond(base::time_point now, request_id id, const sip::message& own,
                                 std::string_view to_tag) {
  detail::server_request* const r = impl_->incoming_.get(static_cast<std::uint64_t>(id));
  if (r == nullptr || r->answered) return errc::not_now;
  // RFC 3261 8.2.6.2: the same in each response.
  if (to_tag.empty() && r->tag.empty()) r->tag = impl_->make_token();
  auto done = impl_->respond(now, *r, own, to_tag.empty() ? std::string_view(r->tag) : to_tag);
  impl_->run_events(now);
  return done;
}

void core::handle_message(base::time_point now, const sip::hop& from, const base::packet_buffer& data) {
  impl_->handle_message(now, from, data);
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

void core::handle_resolved(base::time_point now, std::uint64_t lookup, std::span<const sip::hop> hops) {
  impl_->handle_resolved(now, lookup, hops);
}

void core::handle_timeout(base::time_point now) { impl_->handle_timeout(now); }

base::time_point core::poll_timeout() const noexcept {
  return std::min({impl_->layer_.poll_timeout(), impl_->wheel_.poll_timeout(), impl_->next_wait_end()});
}

bool core::poll_transmit(sip::outgoing& out) { return impl_->layer_.poll_transmit(out); }

bool core::poll_event(core_event& out) {
  if (impl_->events_.empty()) {
    impl_->forget_view();
    return false;
  }
  out = std::move(impl_->events_.front());
  impl_->events_.pop_front();
  return true;
}

}  // namespace parley::ua
