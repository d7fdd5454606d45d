#include "endpoint/detail/call_state.hpp"

#include <parley/sip/message_view.hpp>
#include <parley/ua/reason.hpp>

#include "endpoint/detail/endpoint_core.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

// What happens to a call, and what its handles are told of it.

namespace parley::detail {
namespace {

constexpr std::size_t max_kept_events = 64;
constexpr std::size_t max_reason = 128;

call_end end_of(ua::session_end why) noexcept {
  switch (why) {
    case ua::session_end::local_bye: return call_end::hung_up;
    case ua::session_end::remote_bye: return call_end::peer_hung_up;
    case ua::session_end::refused: return call_end::refused;
    case ua::session_end::cancelled: return call_end::cancelled;
    case ua::session_end::no_ack:
    case ua::session_end::no_prack:
    case ua::session_end::lost: return call_end::lost;
    case ua::session_end::expired: return call_end::expired;
    case ua::session_end::no_answer: return call_end::no_answer;
    case ua::session_end::elsewhere: return call_end::elsewhere;
  }
  return call_end::lost;
}

std::string cut(std::string_view text) { return std::string(text.substr(0, max_reason)); }

/// The reason phrase of a response, the text of Reason of a request.
std::string reason_in(const sip::message_view* message) {
  if (message == nullptr) return {};
  if (!message->is_request()) return cut(message->reason_phrase());
  for (const std::string_view protocol : {"SIP", "Q.850"}) {
    if (const auto why = ua::find_reason(*message, protocol); why && !why->text.empty())
      return cut(why->text);
  }
  return {};
}

}  // namespace

call_state::call_state(std::shared_ptr<endpoint_core> its_core, bool is_outgoing)
    : core(std::move(its_core)),
      executor(core->executor),
      state(is_outgoing ? call::state::calling : call::state::incoming),
      outgoing(is_outgoing),
      timer(this) {}

call_state::~call_state() {
  if (media && !is_over()) media->close();
  if (!core || is_over() || id == ua::call_id::none) return;
  core->forget_call(id);
  const base::time_point at = endpoint_core::now();
  report_referred(at, 487, {});
  end_transfers();
  std::ignore = core->machine().hang_up(at, id, state == call::state::incoming ? 480 : 603);
  core->pump(at);
}

void call_state::handle(base::time_point now, ua::core_event& event) {
  handle_one(now, event);
  try_accept(now);
  try_change(now);
}

void call_state::handle_one(base::time_point now, ua::core_event& event) {
  using happened = ua::session_event::kind;
  if (event.what == ua::core_event::kind::request) return handle_request(now, event);
  if (event.what == ua::core_event::kind::ended) {
    call_ending how{end_of(event.session.why), event.session.status, {}};
    if (own_end) how = *own_end;
    if (how.why == call_end::refused && outgoing && last_status == how.status) how.reason = last_reason;
    if (how.why == call_end::peer_hung_up) how.reason = reason_in(core->machine().view_of(event.message));
    return end(now, how);
  }
  if (event.what != ua::core_event::kind::session) return;
  switch (event.session.what) {
    case happened::none: return;
    case happened::progress: {
      last_status = event.session.status;
      last_reason = reason_in(core->machine().view_of(event.message));
      report_referred(now, last_status, last_reason);
      if (last_status >= 300) return;
      call_event told;
      told.what = call_event::kind::ringing;
      told.status = last_status;
      told.reason = last_reason;
      return report(std::move(told));
    }
    case happened::preview:
    case happened::answer: return handle_answered_offer(now, event);
    case happened::offer:
    case happened::offer_wanted: return handle_description(now, event);
    case happened::offer_failed: return handle_offer_failed(event.session.status);
    case happened::offer_due: return handle_offer_due(now);
    case happened::accepted: handle_accepted(now, event.leg); return;
    case happened::response: return handle_response(now, event);
    case happened::refreshed: {
      call_event told;
      told.what = call_event::kind::refreshed;
      told.by_peer = !event.message || !event.message.text().starts_with("SIP/");
      return report(std::move(told));
    }
    // `handle` looks whether anything has waited for that.
    case happened::acknowledged:
    case happened::ended:
    case happened::request: return;
  }
}

void call_state::handle_accepted(base::time_point now, std::uint32_t leg) {
  // It is being hung up: what it has agreed on can't be used.
  if (own_end) return;
  if (outgoing && state == call::state::calling) {
    // RFC 3261 13.2.2.4: what the other branches have agreed on is void.
    if (early_leg* const winner = find_leg(leg)) session = std::move(winner->session);
    legs.clear();
    legs.shrink_to_fit();
    apply(*session);
  }
  const bool first = state != call::state::established;
  state = call::state::established;
  give_up_at = base::never;
  arm();
  invite.reset();
  pending_offer.reset();
  early_answer.clear();
  early_answer.shrink_to_fit();
  if (const ua::session* const s = core->machine().find(id)) dialog_call_id = s->dialog().call_id();
  if (!first && !takes_over) return;
  report_referred(now, 200, {});
  call_event told;
  told.what = takes_over ? call_event::kind::transferred : call_event::kind::answered;
  told.by_peer = takes_over;
  if (takes_over) told.text = peer.uri;
  takes_over = false;
  report(std::move(told));
  complete_answered({});
}

void call_state::complete_answered(const base::error_code& error) {
  answered_waiters.complete(error);
  if (answering_waiters.empty()) return;
  answering_waiters.complete(error, error ? call() : handle_of());
}

void call_state::report(call_event event) {
  if (!core) return;
  if (on_event) {
    return core->post([self = shared_from_this(), event = std::move(event)] {
      if (const auto handler = self->on_event) handler(event);
      // A handler that holds its own call would keep it for ever.
      if (event.what == call_event::kind::ended) self->on_event = nullptr;
    });
  }
  if (!event_waiter.empty()) return event_waiter.complete({}, event);
  // Whoever looks later wants to see the end rather than the beginning.
  if (events.size() == max_kept_events) events.erase(events.begin());
  events.push_back(std::move(event));
}

void call_state::hang_up(base::time_point now, int status) {
  if (is_over() || !core) return;
  const auto done = core->machine().hang_up(now, id, status);
  if (!done && done.error() == ua::make_error_code(ua::errc::not_now)) {
    // Its INVITE is gone already: the core has nothing left to end.
    end(now, {call_end::hung_up, 0, {}});
  }
  core->pump(now);
}

void call_state::end(base::time_point now, const call_ending& how) {
  if (is_over()) return;
  const auto self = shared_from_this();
  state = call::state::ended;
  give_up_at = base::never;
  // RFC 5057: what a transfer still has to say goes on in the dialog.
  if (transfer || referred) {
    // As long as a request may take to be answered.
    give_up_at = now + 64 * core->timers.t1;
    core->outlived[id] = self;
  } else {
    core->forget_call(id);
    timer.disarm();
  }
  invite.reset();
  report_referred(now, how.status >= 300 ? how.status : 487, how.reason);
  ending = how;
  abandon(error_of_end());
  call_event told;
  told.what = call_event::kind::ended;
  told.by_peer = how.why == call_end::peer_hung_up;
  told.status = how.status;
  told.ending = how;
  report(std::move(told));
  ended_waiters.complete({}, how);
  if (media) media->close();
  session.reset();
  legs.clear();
  core->check_closed();
}

base::error_code call_state::error_of_end() const noexcept {
  if (ending && ending->why == call_end::refused) return make_status_error(ending->status);
  return errc::call_over;
}

// Completes what waits for a call that will not bring it any more.
void call_state::abandon(const base::error_code& why, bool is_end) {
  if (is_end) complete_answered(why);
  const base::error_code over = why.category() == status_category() ? make_error_code(errc::call_over) : why;
  if (change_done) change_done.complete(over);
  if (keys_done) keys_done.complete(over);
  keys.clear();
  change_due = false;
  changing = call::change::none;
  // Those of a transfer go on (RFC 5057).
  const auto own = std::stable_partition(requests.begin(), requests.end(), [](const call_request& one) {
    return one.what == call_request::purpose::refer || one.what == call_request::purpose::notify;
  });
  for (auto one = own; one != requests.end(); ++one) {
    if (one->done) one->done.complete(over);
  }
  requests.erase(own, requests.end());
}

// The endpoint is gone: nobody is told anything but that.
void call_state::abort() {
  const auto self = shared_from_this();
  const base::error_code aborted = asio::error::operation_aborted;
  if (media && !is_over()) media->close();
  if (!ending) ending = call_ending{call_end::closed, 0, {}};
  state = call::state::ended;
  timer.disarm();
  abandon(aborted);
  if (transfer && transfer->done) transfer->done.complete(aborted);
  transfer.reset();
  referred.reset();
  event_waiter.complete(aborted, {});
  ended_waiters.complete(aborted, *ending);
  on_event = nullptr;
  session.reset();
  legs.clear();
  core.reset();
}

base::time_point call_state::poll_timeout() const noexcept {
  base::time_point next = give_up_at;
  if (transfer) next = std::min(next, transfer->refer.poll_timeout());
  if (referred) next = std::min(next, referred->poll_timeout());
  return next;
}

void call_state::arm() {
  if (!core) return;
  // Whatever can't be done now is not tried again within the same moment.
  core->wheel().arm(timer, std::max(poll_timeout(), endpoint_core::now() + std::chrono::milliseconds(1)));
}

void call_state::handle_timeout(base::time_point now) {
  const auto self = shared_from_this();
  if (give_up_at <= now && is_over()) {
    give_up_at = base::never;
    if (transfer) transfer->refer.abandon();
    if (referred) referred->abandon();
  } else if (give_up_at <= now) {
    give_up_at = base::never;
    own_end = call_ending{call_end::no_answer, 0, {}};
    hang_up(now, 480);
  }
  if (transfer) transfer->refer.handle_timeout(now);
  if (referred) referred->handle_timeout(now);
  run_transfers(now);
  arm();
}

void call_state::cancel_answered(std::uint64_t waiting) {
  auto one = answered_waiters.take(waiting);
  if (!one) return;
  one.complete(asio::error::operation_aborted);
  hang_up(endpoint_core::now(), 603);
}

void call_state::cancel_answering(std::uint64_t waiting) {
  auto one = answering_waiters.take(waiting);
  if (!one) return;
  one.complete(asio::error::operation_aborted, call());
  hang_up(endpoint_core::now(), 603);
}

void call_state::cancel_ended(std::uint64_t waiting) {
  if (auto one = ended_waiters.take(waiting)) one.complete(asio::error::operation_aborted, {});
}

void call_state::cancel_event(std::uint64_t waiting) {
  if (auto one = event_waiter.take(waiting)) one.complete(asio::error::operation_aborted, {});
}

}  // namespace parley::detail
