#include <parley/endpoint/subscription.hpp>
#include <parley/sip/subscription.hpp>
#include <parley/sip/uri.hpp>

#include "endpoint/detail/endpoint_core.hpp"
#include "endpoint/detail/usages.hpp"

#include <string>
#include <tuple>
#include <utility>

namespace parley {
namespace detail {
namespace {

constexpr std::size_t max_kept_notifications = 16;

ua::outside_request ends_of(endpoint_core& core, const std::string& target) {
  ua::outside_request ends;
  ends.target = target;
  ends.from = core.identity;
  ends.contact = '<' + core.contact_for(core.user, target) + '>';
  for (const std::string& route : core.routes_for(nullptr)) ends.routes.push_back('<' + route + '>');
  ends.draw_names(core.agent->random());
  return ends;
}

}  // namespace

subscription_state::subscription_state(std::shared_ptr<endpoint_core> its_core,
                                       const ua::subscription_options& options,
                                       const ua::outside_request& ends)
    : usage(std::move(its_core)), machine(core->timers, options, ends), tag(ends.tag) {
  core->subscriptions[tag] = this;
}

subscription_state::~subscription_state() {
  if (core) core->subscriptions.erase(tag);
}

int subscription_state::handle_notify(base::time_point now, const sip::message_view& notify) {
  if (machine.match_notify(notify) != ua::subscription::match::yes) return 481;
  const int status = machine.handle_notify(now, notify);
  if (status != 200) return status;
  using state = enum ua::subscription::state;
  notification told;
  const state is = machine.state();
  told.what = is == state::terminated ? notification::kind::terminated
              : is == state::pending  ? notification::kind::pending
                                      : notification::kind::active;
  if (is == state::terminated) {
    ended = true;
    if (const auto said = notify.get<sip::subscription_state_header>())
      told.reason = std::string(said->reason_text);
  }
  told.content_type = std::string(notify.value_of(sip::header_id::content_type));
  told.body = std::string(notify.body());
  deliver(std::move(told));
  return status;
}

void subscription_state::report_events(base::time_point) {
  std::ignore = machine.poll_event();
  if (machine.state() != ua::subscription::state::terminated || ended) return;
  // No NOTIFY has said so.
  ended = true;
  const auto& how = machine.ended();
  if (how.status >= 300) {
    refused = make_status_error(how.status);
    if (!next_waiter.empty()) return next_waiter.complete(refused, {});
  }
  notification told;
  told.what = notification::kind::terminated;
  told.reason = how.why == ua::subscription::cause::refused ? "rejected" : "timeout";
  if (on_notification || !refused) deliver(std::move(told));
}

void subscription_state::deliver(notification what) {
  if (on_notification) {
    return core->post(
        [self = std::static_pointer_cast<subscription_state>(shared_from_this()), what = std::move(what)] {
          if (const auto handler = self->on_notification) handler(what);
          // A handler that holds its own subscription would keep it for ever.
          if (what.what == notification::kind::terminated) self->on_notification = nullptr;
        });
  }
  if (!next_waiter.empty()) return next_waiter.complete({}, what);
  // The newest state is the one that counts.
  if (waiting.size() == max_kept_notifications) waiting.pop_front();
  waiting.push_back(std::move(what));
}

void subscription_state::release(base::time_point) { machine.unsubscribe(); }

void subscription_state::abort() {
  next_waiter.complete(asio::error::operation_aborted, {});
  on_notification = nullptr;
}

void subscription_state::start_next(completion<notification> done) {
  const auto self = std::static_pointer_cast<subscription_state>(shared_from_this());
  if (!waiting.empty()) {
    notification first = std::move(waiting.front());
    waiting.pop_front();
    return waiter<notification>(self, executor, std::move(done)).complete({}, std::move(first));
  }
  base::error_code why;
  if (ended || !core) why = refused ? refused : make_error_code(errc::call_over);
  if (!next_waiter.empty()) why = errc::in_progress;
  if (why) return waiter<notification>(self, executor, std::move(done)).complete(why, {});
  next_waiter.add(self, executor, std::move(done), &subscription_state::cancel_next);
}

void subscription_state::cancel_next(std::uint64_t id) {
  if (auto one = next_waiter.take(id)) one.complete(asio::error::operation_aborted, {});
}

publication_state::publication_state(std::shared_ptr<endpoint_core> its_core, ua::publication_options options)
    : usage(std::move(its_core)), machine(std::move(options), core->agent->random()) {}

void publication_state::report_events(base::time_point) {
  using happened = ua::publication::event_kind;
  const auto what = machine.poll_event();
  switch (what.kind) {
    case happened::none:
    case happened::expired: return;
    case happened::published:
    case happened::refreshed: return publish_waiters.complete({});
    case happened::failed: return publish_waiters.complete(make_status_error(what.status));
    case happened::removed: return publish_waiters.complete(errc::closed);
  }
}

bool publication_state::is_over() const {
  return released && machine.state() == ua::publication::state::idle;
}

void publication_state::release(base::time_point) {
  released = true;
  machine.stop();
}

void publication_state::abort() { publish_waiters.complete(asio::error::operation_aborted); }

void publication_state::start_publish(std::string content_type, std::string body, completion<> done) {
  const auto self = std::static_pointer_cast<publication_state>(shared_from_this());
  if (!core || released) return waiter<>(self, executor, std::move(done)).complete(errc::closed);
  if (const auto begun = machine.publish({std::move(content_type), std::move(body)}); !begun)
    return waiter<>(self, executor, std::move(done)).complete(begun.error());
  publish_waiters.add(self, executor, std::move(done), &publication_state::cancel_publish);
  const base::time_point at = endpoint_core::now();
  core->run(at, *self);
  core->pump(at);
}

void publication_state::cancel_publish(std::uint64_t id) {
  if (auto one = publish_waiters.take(id)) one.complete(asio::error::operation_aborted);
}

base::result<subscription> endpoint_core::subscribe(const subscription_options& wanted) {
  if (closed || !agent) return errc::closed;
  const auto uri = sip::parse_uri(wanted.target);
  if (!uri || !uri->is_sip()) return errc::bad_uri;
  ua::subscription_options with;
  with.package = wanted.event;
  with.accept = wanted.accept;
  with.expires = wanted.expires;
  const auto made =
      std::make_shared<subscription_state>(shared_from_this(), with, ends_of(*this, wanted.target));
  add_usage(made);
  const base::time_point at = now();
  run(at, *made);
  pump(at);
  return subscription(leased(made));
}

base::result<publication> endpoint_core::publication_of(const std::string& address,
                                                        const std::string& event) {
  if (closed || !agent) return errc::closed;
  const auto uri = sip::parse_uri(address);
  if (!uri || !uri->is_sip()) return errc::bad_uri;
  ua::publication_options with;
  with.aor = address;
  with.event = event;
  with.routes = routes_for(nullptr);
  const auto made = std::make_shared<publication_state>(shared_from_this(), std::move(with));
  add_usage(made);
  return publication(leased(made));
}

}  // namespace detail

void subscription::on_notification(std::function<void(const notification&)> handler) const {
  state_->on_notification = std::move(handler);
  state_->next_waiter.complete(asio::error::operation_aborted, {});
  if (!state_->on_notification || !state_->core) return;
  for (notification& one : std::exchange(state_->waiting, {})) state_->deliver(std::move(one));
}

void subscription::unsubscribe() const { detail::release(state_->shared_from_this()); }

void subscription::start_next(detail::completion<notification> done) const {
  state_->start_next(std::move(done));
}

void publication::start_publish(std::string content_type, std::string body, detail::completion<> done) const {
  state_->start_publish(std::move(content_type), std::move(body), std::move(done));
}

}  // namespace parley
