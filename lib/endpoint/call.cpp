#include <parley/endpoint/call.hpp>

#include "endpoint/detail/call_state.hpp"
#include "endpoint/detail/endpoint_core.hpp"

#include <tuple>
#include <utility>

namespace parley {

using detail::waiter;

std::string_view to_string(call_end why) noexcept {
  switch (why) {
    case call_end::hung_up: return "hung_up";
    case call_end::peer_hung_up: return "peer_hung_up";
    case call_end::refused: return "refused";
    case call_end::cancelled: return "cancelled";
    case call_end::no_answer: return "no_answer";
    case call_end::expired: return "expired";
    case call_end::lost: return "lost";
    case call_end::elsewhere: return "elsewhere";
    case call_end::closed: return "closed";
  }
  return "lost";
}

enum call::state call::state() const noexcept { return state_->state; }
bool call::is_caller() const noexcept { return state_->outgoing; }
const ua::caller_identity& call::peer() const noexcept { return state_->peer; }
bool call::is_held_by_us() const noexcept { return state_->held_by_us; }
bool call::is_held_by_peer() const noexcept { return state_->held_by_peer; }
std::string_view call::call_id() const noexcept { return state_->dialog_call_id; }
const std::shared_ptr<call_media>& call::media() const noexcept { return state_->media; }

const std::vector<offer_answer::negotiated_medium>& call::negotiated() const noexcept {
  static const std::vector<offer_answer::negotiated_medium> none;
  return state_->session ? state_->session->media() : none;
}

void call::on_event(std::function<void(const call_event&)> handler) const {
  state_->on_event = std::move(handler);
  state_->event_waiter.complete(asio::error::operation_aborted, {});
  // What has happened before somebody listened is told first.
  if (!state_->on_event || !state_->core) return;
  for (call_event& one : std::exchange(state_->events, {})) state_->report(std::move(one));
}

void call::hang_up() const { state_->hang_up(detail::endpoint_core::now(), 603); }

void call::start_next_event(detail::completion<call_event> done) const {
  detail::call_state& c = *state_;
  if (!c.events.empty()) {
    call_event first = std::move(c.events.front());
    c.events.erase(c.events.begin());
    return waiter<call_event>(state_, c.executor, std::move(done)).complete({}, std::move(first));
  }
  if (c.is_over() || !c.event_waiter.empty()) {
    const errc why = c.is_over() ? errc::call_over : errc::in_progress;
    return waiter<call_event>(state_, c.executor, std::move(done)).complete(why, {});
  }
  c.event_waiter.add(state_, c.executor, std::move(done), &detail::call_state::cancel_event);
}

void call::start_answered(detail::completion<> done) const {
  detail::call_state& c = *state_;
  if (c.state == state::established) return waiter<>(state_, c.executor, std::move(done)).complete({});
  if (c.is_over()) return waiter<>(state_, c.executor, std::move(done)).complete(c.error_of_end());
  c.answered_waiters.add(state_, c.executor, std::move(done), &detail::call_state::cancel_answered);
}

void call::start_ended(detail::completion<call_ending> done) const {
  detail::call_state& c = *state_;
  if (c.ending) return waiter<call_ending>(state_, c.executor, std::move(done)).complete({}, *c.ending);
  c.ended_waiters.add(state_, c.executor, std::move(done), &detail::call_state::cancel_ended);
}

void call::start_renegotiate(change what, detail::completion<> done) const {
  state_->renegotiate(what, std::move(done));
}

void call::start_transfer(const std::string& target, const call* other, detail::completion<> done) const {
  state_->start_transfer(target, other != nullptr ? other->state_.get() : nullptr, std::move(done));
}

void call::start_dtmf(const std::string& keys, detail::completion<> done) const {
  state_->start_dtmf(keys, std::move(done));
}

void call::start_info(const std::string& package, const std::string& content_type, const std::string& body,
                      detail::completion<> done) const {
  state_->start_info(package, content_type, body, std::move(done));
}

}  // namespace parley
