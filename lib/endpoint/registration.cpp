#include <parley/endpoint/registration.hpp>
#include <parley/net/transport_set.hpp>
#include <parley/sip/uri.hpp>

#include "endpoint/detail/endpoint_core.hpp"
#include "endpoint/detail/names.hpp"
#include "endpoint/detail/usages.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <tuple>
#include <utility>

namespace parley {
namespace detail {
namespace {

// RFC 4122 4.4.
std::string draw_instance(base::random_source& random) {
  const std::uint64_t high = (random.u64() & 0xFFFFFFFFFFFF0FFFU) | 0x4000U;
  const std::uint64_t low = (random.u64() & 0x3FFFFFFFFFFFFFFFU) | 0x8000000000000000U;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "urn:uuid:%08x-%04x-%04x-%04x-%012llx",
                static_cast<unsigned>(high >> 32U), static_cast<unsigned>(high >> 16U & 0xFFFFU),
                static_cast<unsigned>(high & 0xFFFFU), static_cast<unsigned>(low >> 48U),
                static_cast<unsigned long long>(low & 0xFFFFFFFFFFFFU));
  return text.data();
}

}  // namespace

registration_state::registration_state(std::shared_ptr<endpoint_core> its_core,
                                       ua::registration_options options)
    : usage(std::move(its_core)), machine(std::move(options), core->agent->random()) {}

void registration_state::handle_response(base::time_point now, const sip::message_view& response) {
  machine.handle_response(now, response);
  const ua::own_binding own{machine.options().contact.uri, machine.options().instance,
                            machine.options().reg_id};
  if (const auto mine = ua::find_own(machine.bindings(), own)) granted = machine.bindings()[*mine].expires;
  // RFC 5626 4.4: only where the registrar keeps the flow.
  if (response.status() / 100 != 2 || !machine.outbound()) return;
  const bool stream = by.transport != sip::transport::udp;
  std::ignore = core->agent->transports().keep_alive(by, {machine.keep_alive(stream).most});
}

void registration_state::handle_flow_failed(base::time_point now, const sip::hop& flow) {
  if (machine.outbound() && flow.transport == by.transport && flow.remote == by.remote)
    machine.handle_flow_failed(now);
}

void registration_state::report_events(base::time_point now) {
  using happened = ua::registration::event_kind;
  for (auto what = machine.poll_event(); what.kind != happened::none; what = machine.poll_event()) {
    registration_event told;
    told.status = what.status;
    told.reason = what.reason;
    if (what.retry_at != base::never && what.retry_at > now) told.retry_after = what.retry_at - now;
    switch (what.kind) {
      case happened::none:
      case happened::fetched: continue;
      case happened::registered: told.what = registration_event::kind::registered; break;
      case happened::refreshed: told.what = registration_event::kind::refreshed; break;
      case happened::failed: told.what = registration_event::kind::failed; break;
      case happened::expired: told.what = registration_event::kind::expired; break;
      case happened::unregistered: told.what = registration_event::kind::unregistered; break;
    }
    if (what.kind == happened::registered || what.kind == happened::refreshed)
      registered_waiters.complete({});
    if (what.kind == happened::failed) {
      failed = make_status_error(what.status);
      registered_waiters.complete(failed);
    }
    if (what.kind == happened::unregistered) {
      registered_waiters.complete(errc::closed);
      unregister_waiters.complete({});
    }
    if (on_event) {
      core->post([self = std::static_pointer_cast<registration_state>(shared_from_this()), told] {
        if (const auto handler = self->on_event) handler(told);
        // A handler that holds its own registration would keep it for ever.
        if (told.what == registration_event::kind::unregistered) self->on_event = nullptr;
      });
    }
  }
}

bool registration_state::is_over() const { return machine.state() == ua::registration::state::idle; }

void registration_state::release(base::time_point) { machine.stop(); }

void registration_state::abort() {
  registered_waiters.complete(asio::error::operation_aborted);
  unregister_waiters.complete(asio::error::operation_aborted);
  on_event = nullptr;
}

void registration_state::start_registered(completion<> done) {
  const auto self = std::static_pointer_cast<registration_state>(shared_from_this());
  if (machine.state() == ua::registration::state::registered)
    return waiter<>(self, executor, std::move(done)).complete({});
  if (is_over() || !core) return waiter<>(self, executor, std::move(done)).complete(errc::closed);
  // Nothing more comes of one that is not tried again.
  if (machine.state() == ua::registration::state::failed)
    return waiter<>(self, executor, std::move(done)).complete(failed);
  registered_waiters.add(self, executor, std::move(done), &registration_state::cancel_registered);
}

void registration_state::start_unregister(completion<> done) {
  const auto self = std::static_pointer_cast<registration_state>(shared_from_this());
  if (is_over() || !core) return waiter<>(self, executor, std::move(done)).complete({});
  unregister_waiters.add(self, executor, std::move(done), &registration_state::cancel_unregister);
  detail::release(self);
}

void registration_state::cancel_registered(std::uint64_t id) {
  if (auto one = registered_waiters.take(id)) one.complete(asio::error::operation_aborted);
}

void registration_state::cancel_unregister(std::uint64_t id) {
  if (auto one = unregister_waiters.take(id)) one.complete(asio::error::operation_aborted);
}

base::result<registration> endpoint_core::register_address(const registration_options& wanted) {
  if (closed || !agent) return errc::closed;
  const auto address = read_address(wanted.address);
  if (!address) return errc::bad_uri;
  ua::registration_options with;
  with.aor = wanted.address;
  with.registrar = wanted.registrar;
  with.routes = options.routes;
  const std::string towards = !options.routes.empty()     ? options.routes.front()
                              : !wanted.registrar.empty() ? wanted.registrar
                                                          : "sip:" + address->host;
  with.contact.uri = wanted.contact.empty()
                         ? contact_for(address->user.empty() ? user : address->user, towards)
                         : wanted.contact;
  with.expires = wanted.expires;
  with.gruu = wanted.gruu;
  with.instance = wanted.instance;
  if (with.instance.empty() && (wanted.outbound || wanted.gruu))
    with.instance = draw_instance(agent->random());
  with.reg_id = wanted.outbound ? 1 : 0;
  const auto made = std::make_shared<registration_state>(shared_from_this(), std::move(with));
  if (const auto started = made->machine.start(); !started) return started.error();
  if (first_registration.expired()) first_registration = made;
  add_usage(made);
  const base::time_point at = now();
  run(at, *made);
  pump(at);
  return registration(leased(made));
}

}  // namespace detail

bool registration::is_registered() const noexcept { return state_->machine.is_bound(); }
const std::string& registration::address() const noexcept { return state_->machine.options().aor; }
const std::string& registration::contact() const noexcept { return state_->machine.options().contact.uri; }
const std::vector<ua::binding>& registration::bindings() const noexcept { return state_->machine.bindings(); }
std::uint32_t registration::granted() const noexcept { return state_->granted; }

void registration::on_event(std::function<void(const registration_event&)> handler) const {
  state_->on_event = std::move(handler);
}

void registration::start_registered(detail::completion<> done) const {
  state_->start_registered(std::move(done));
}

void registration::start_unregister(detail::completion<> done) const {
  state_->start_unregister(std::move(done));
}

}  // namespace parley
