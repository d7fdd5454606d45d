#include <parley/sdp/description.hpp>
#include <parley/sip/header_id.hpp>

#include "endpoint/detail/call_state.hpp"
#include "endpoint/detail/endpoint_core.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <utility>

// Offers and answers of a call (RFC 3264): the session brings them as texts, the negotiator knows what they
// mean, and the media what they want.

namespace parley::detail {

base::result<void> call_state::begin_media(std::shared_ptr<call_media> chosen) {
  if (chosen && chosen != media) {
    if (media) media->close();
    media = std::move(chosen);
    opened.clear();
  }
  if (!media) media = core->default_media();
  if (!media) return errc::no_media;
  const auto described = core->check_media(media->describe());
  if (!described) return described.error();
  offer_answer::session_options options;
  options.address = local_address;
  media->on_key([weak = weak_from_this()](char key, base::duration duration) {
    const auto self = weak.lock();
    if (!self || self->is_over()) return;
    call_event told;
    told.what = call_event::kind::dtmf;
    told.by_peer = true;
    told.key = key;
    told.duration = duration;
    self->report(std::move(told));
  });
  session.emplace((*described)->session, options, core->agent->random());
  media_ids = (*described)->ids;
  return {};
}

// Gives the next offer or answer what it needs. What was opened for one peer serves the next one, too.
base::result<void> call_state::open_media(offer_answer::negotiator& in) {
  for (const offer_answer::medium_id wanted : in.wanted_transports()) {
    const auto place =
        static_cast<std::size_t>(std::find(media_ids.begin(), media_ids.end(), wanted) - media_ids.begin());
    if (opened.size() <= place) opened.resize(place + 1);
    if (!opened[place]) {
      auto made = media->open(place, local_address);
      if (!made) return made.error();
      opened[place] = std::make_unique<offer_answer::local_transport>(*std::move(made));
    }
    if (const auto set = in.set_transport(wanted, *opened[place]); !set) return set.error();
  }
  return {};
}

base::result<std::string> call_state::make_offer(offer_answer::negotiator& in) {
  if (in.state() == offer_answer::negotiator::state::have_local_offer) std::ignore = in.rollback();
  if (const auto ready = open_media(in); !ready) return ready.error();
  const auto made = in.make_offer();
  if (!made) return made.error();
  return made->to_string();
}

base::result<sdp::description> call_state::read_description(const std::string& text) {
  auto read = sdp::description::parse(text);
  if (!read) return sdp::make_error_code(read.error().code);
  return *std::move(read);
}

base::result<void> call_state::take_offer(offer_answer::negotiator& in, sdp::description offer) {
  // Where both have made one, ours was refused (RFC 3261 14.1).
  if (in.state() == offer_answer::negotiator::state::have_local_offer) std::ignore = in.rollback();
  return in.handle_offer(std::move(offer));
}

base::result<std::string> call_state::make_answer(offer_answer::negotiator& in) {
  const auto ready = open_media(in);
  const auto made = ready ? in.make_answer() : base::result<sdp::description>(ready.error());
  if (made) return made->to_string();
  std::ignore = in.rollback();
  return made.error();
}

early_leg* call_state::find_leg(std::uint32_t leg) noexcept {
  const auto found =
      std::find_if(legs.begin(), legs.end(), [leg](const early_leg& one) { return one.leg == leg; });
  return found != legs.end() ? &*found : nullptr;
}

offer_answer::negotiator& call_state::leg_session(std::uint32_t leg) {
  if (!outgoing || state != call::state::calling) return *session;
  if (early_leg* const known = find_leg(leg)) return known->session;
  return legs.emplace_back(early_leg{leg, *session}).session;
}

// An offer of the peer's, or its wish for one of ours.
void call_state::handle_description(base::time_point now, const ua::core_event& event) {
  const bool wanted = event.session.what == ua::session_event::kind::offer_wanted;
  if (state == call::state::incoming && !std::exchange(offered, true)) {
    offer_wanted = wanted;
    if (wanted) return;
    return check_offer(now, event.session.description);
  }
  offer_answer::negotiator& in = leg_session(event.leg);
  base::error_code failed;
  if (wanted) {
    const auto offer = make_offer(in);
    const auto sent = offer ? core->machine().accept(now, id, *offer) : base::result<void>(offer.error());
    if (sent) return;
    failed = sent.error();
  } else {
    auto offer = read_description(event.session.description);
    const auto taken = offer ? take_offer(in, *std::move(offer)) : base::result<void>(offer.error());
    const auto made = taken ? make_answer(in) : base::result<std::string>(taken.error());
    const auto sent = made ? core->machine().answer(now, id, *made) : base::result<void>(made.error());
    if (sent) return apply(in, true);
    failed = sent.error();
  }
  // A 2xx whose offer can't be met has begun a call that nobody can use.
  refuse_offer(now, failed, event.message && event.message.text().starts_with("SIP/2.0 2"));
}

// An offer that can't be met is refused before anybody is disturbed: one that is no description always, and
// one that the endpoint's own media can't meet where it has some.
void call_state::check_offer(base::time_point now, const std::string& text) {
  base::error_code failed;
  if (auto read = read_description(text); !read) {
    failed = read.error();
  } else {
    pending_offer = *std::move(read);
    if (core->options.media) {
      const auto begun = begin_media({});
      const auto taken = begun ? take_offer(*session, *pending_offer) : begun;
      if (!taken) failed = taken.error();
    }
  }
  if (!failed) return;
  refused = true;
  refuse_offer(now, failed);
}

// RFC 3261 21.4.26: a 488 has a Warning that says why.
void call_state::refuse_offer(base::time_point now, const base::error_code& why, bool must_end) {
  core->log_line(base::log_level::info, "an offer was refused", peer.uri, why);
  const int status = refusal_of(why);
  std::string warning;
  std::array<ua::session::field, 1> fields;
  std::size_t count = 0;
  if (status == 488) {
    const offer_answer::warning told = offer_answer::warning_for(why);
    warning = std::to_string(told.code) + " parley \"" + std::string(told.text) + '"';
    fields[count++] = {sip::header_id::warning, warning};
  }
  const auto done = core->machine().refuse(now, id, status, std::span(fields).first(count));
  if (done || (!must_end && outgoing && state == call::state::calling)) return;
  if (state != call::state::established) own_end = call_ending{call_end::refused, status, {}};
  std::ignore = core->machine().hang_up(now, id);
}

int call_state::refusal_of(const base::error_code& why) noexcept {
  if (why.category() == offer_answer::category() || why.category() == sdp::category())
    return offer_answer::status_for(why);
  return why.category() == endpoint_category() ? 488 : 500;
}

void call_state::handle_answered_offer(base::time_point now, const ua::core_event& event) {
  if (!session) return;
  const bool final = event.session.what == ua::session_event::kind::answer;
  const bool success = final && event.message && event.message.text().starts_with("SIP/2.0 2");
  // RFC 3261 13.2.2.4: once a branch has answered, no other one needs what the INVITE began.
  offer_answer::negotiator& in = success && legs.empty() ? *session : leg_session(event.leg);
  auto answer = read_description(event.session.description);
  const auto taken = !answer ? base::result<void>(answer.error())
                     : final ? in.handle_answer(*std::move(answer))
                             : in.handle_provisional_answer(*std::move(answer));
  if (!taken) {
    core->log_line(base::log_level::warning, "an answer can't be used", peer.uri, taken.error());
    if (!final) return;
    std::ignore = in.rollback();
    if (state != call::state::established) {
      own_end = call_ending{call_end::refused, 488, {}};
      return hang_up(now, 488);
    }
    undo_change();
    if (change_done) change_done.complete(taken.error());
    return;
  }
  apply(in);
  if (state == call::state::calling) {
    // In a 2xx it is no news: the call is answered next.
    if (success) return;
    call_event told;
    told.what = call_event::kind::early_media;
    return report(std::move(told));
  }
  if (!final || state != call::state::established) return;
  // What waits for the end of this offer is not done by it.
  const call::change done = change_due ? call::change::none : std::exchange(changing, call::change::none);
  call_event told;
  told.what = done == call::change::hold     ? call_event::kind::held
              : done == call::change::resume ? call_event::kind::resumed
                                             : call_event::kind::refreshed;
  report(std::move(told));
  if (change_done && !change_due) change_done.complete({});
}

// Our offer was refused: the session is as it was (RFC 6141).
void call_state::handle_offer_failed(int status) {
  if (!session) return;
  if (session->state() == offer_answer::negotiator::state::have_local_offer)
    std::ignore = session->rollback();
  if (change_due) return;
  undo_change();
  if (change_done) change_done.complete(make_status_error(status));
}

void call_state::undo_change() {
  const call::change undone = std::exchange(changing, call::change::none);
  if (!session || undone == call::change::none) return;
  held_by_us = undone != call::change::hold;
  if (held_by_us) {
    session->hold();
  } else {
    session->resume();
  }
}

void call_state::handle_offer_due(base::time_point now) {
  if (!session) return;
  const auto offer = make_offer(*session);
  const auto sent = offer ? core->machine().offer(now, id, *offer) : base::result<void>(offer.error());
  if (sent) return;
  if (session->state() == offer_answer::negotiator::state::have_local_offer)
    std::ignore = session->rollback();
  undo_change();
  if (change_done) change_done.complete(sent.error());
}

void call_state::renegotiate(call::change what, completion<> done) {
  waiter<> one(shared_from_this(), executor, std::move(done));
  if (state != call::state::established || !session) return one.complete(errc::not_now);
  if (change_done || change_due || changing != call::change::none) return one.complete(errc::in_progress);
  const bool held_before = held_by_us;
  if (what == call::change::hold) session->hold();
  if (what == call::change::resume) session->resume();
  if (what != call::change::none) held_by_us = what == call::change::hold;
  const base::time_point now = endpoint_core::now();
  // An offer that is under way already is not to be forgotten for this one.
  const bool busy = session->state() != offer_answer::negotiator::state::stable;
  const auto offer =
      busy ? base::result<std::string>(ua::make_error_code(ua::errc::offer_pending)) : make_offer(*session);
  const auto sent = offer ? core->machine().offer(now, id, *offer) : base::result<void>(offer.error());
  if (!sent) {
    if (!busy && session->state() == offer_answer::negotiator::state::have_local_offer)
      std::ignore = session->rollback();
    // RFC 3261 14.1: the peer's goes first, and ours when that has ended.
    change_due = sent.error() == ua::make_error_code(ua::errc::offer_pending) ||
                 sent.error() == ua::make_error_code(ua::errc::glare) ||
                 sent.error() == ua::make_error_code(ua::errc::not_now);
    if (!change_due) {
      held_by_us = held_before;
      if (what != call::change::none) held_by_us ? session->hold() : session->resume();
      return one.complete(sent.error());
    }
  }
  changing = held_by_us == held_before ? call::change::none : what;
  change_done = std::move(one);
  change_done.on_cancel([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->change_done) self->change_done.complete(asio::error::operation_aborted);
  });
  core->pump(now);
}

void call_state::try_change(base::time_point now) {
  if (!change_due || state != call::state::established) return;
  const ua::session* const s = core->machine().find(id);
  if (s == nullptr || s->has_pending_invite() || s->awaits_ack() || !s->exchange().is_idle()) return;
  change_due = false;
  handle_offer_due(now);
}

// What was agreed on goes to the media; what it means for the peer's hold, to the application.
void call_state::apply(const offer_answer::negotiator& in, bool by_peer) {
  if (media) media->apply(in.media());
  const auto& agreed = in.media();
  const bool any = std::any_of(agreed.begin(), agreed.end(), [](const auto& one) { return one.active; });
  const bool held = any && std::all_of(agreed.begin(), agreed.end(),
                                       [](const auto& one) { return !one.active || one.held_remotely; });
  const bool changed = std::exchange(held_by_peer, held) != held;
  if (state != call::state::established || (!changed && !by_peer)) return;
  call_event told;
  told.what = !changed ? call_event::kind::refreshed
              : held   ? call_event::kind::held
                       : call_event::kind::resumed;
  told.by_peer = true;
  report(std::move(told));
}

}  // namespace parley::detail
