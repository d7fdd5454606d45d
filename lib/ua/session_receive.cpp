#include <parley/sip/simple.hpp>
#include <parley/ua/session.hpp>
#include <parley/ua/session_description.hpp>

#include "ua/detail/session_messages.hpp"

#include <string>
#include <tuple>
#include <utility>

// Requests of the peer's.

namespace parley::ua {

using sip::header_id;

void session::handle_request(base::time_point now, std::uint64_t server, const sip::message_view& request) {
  const sip::method method = request.method();
  if (method == sip::method::ack) return handle_ack(now, request);
  if (!has_dialog()) {
    // BYEs of both ends may cross: the peer's has what it wants.
    const int status = method == sip::method::bye ? 200 : 481;
    return respond_plainly(server, request, status);
  }
  if (const auto taken = dialog_.handle_request(request); !taken) {
    return refuse_with(server, request, taken.error());
  }
  if (is_over()) return handle_outside_session(server, request);
  note_allowed(request);
  switch (method) {
    case sip::method::invite: return handle_reinvite(now, server, request);
    case sip::method::update: return handle_update(now, server, request);
    case sip::method::prack: return handle_prack(now, server, request);
    case sip::method::bye: return handle_bye(server, request);
    default: break;
  }
  session_event& event = report(session_event::kind::request);
  event.server = server;
}

// RFC 5057 4: what belongs to the session ended with it, other usages go on.
void session::handle_outside_session(std::uint64_t server, const sip::message_view& request) {
  switch (request.method()) {
    case sip::method::bye: {
      const int status = std::exchange(bye_may_cross_, false) ? 200 : 481;
      return respond_plainly(server, request, status);
    }
    case sip::method::invite:
    case sip::method::update:
    case sip::method::prack:
    case sip::method::info: return respond_plainly(server, request, 481);
    default: report(session_event::kind::request).server = server;
  }
}

void session::note_response(const sip::message_view& request, int status) {
  if (has_dialog()) dialog_.respond(request, status);
}

void session::handle_cancel(base::time_point, std::uint64_t server) {
  // One that comes late is for an INVITE that was answered.
  if (invite_in_.server == 0 || invite_in_.server != server) return;
  // RFC 3261 9.2: the INVITE gets 487.
  if (state_ == state::early) return finish(session_end::cancelled, 487);
  if (auto response = detail::make_response(487, {}, {})) respond(invite_in_, std::move(*response));
  invite_in_ = {};
  if (exchange_.is_offered_by(side::remote)) exchange_.roll_back();
  exchange_.end_invite();
}

void session::handle_ack(base::time_point, const sip::message_view& ack) {
  const auto cseq = ack.get<sip::cseq_header>();
  if (is_over() || !cseq || success_to_ == 0 || cseq->number != success_cseq_) return;
  success_to_ = 0;
  repeat_at_ = give_up_at_ = base::never;
  const bool awaited = exchange_.is_offered_by(side::local) && exchange_.offered_in() == carrier::success;
  const bool first = state_ == state::answered;
  state_ = state::confirmed;
  take_description(ack, carrier::ack);
  exchange_.end_invite();
  report(first ? session_event::kind::accepted : session_event::kind::acknowledged);
  // RFC 3261 13.2.1: where the 2xx has made an offer, the ACK brings the answer.
  if (awaited && !exchange_.is_established()) return send_bye(session_end::no_answer);
  if (bye_wanted_) send_bye(session_end::local_bye);
}

void session::handle_bye(std::uint64_t server, const sip::message_view& request) {
  respond_plainly(server, request, 200);
  finish(session_end::remote_bye);
}

void session::handle_reinvite(base::time_point now, std::uint64_t server, const sip::message_view& request) {
  // RFC 3261 14.2: one at a time, in either direction.
  if (invite_in_.server != 0) return refuse_with(server, request, errc::offer_pending);
  if (invite_out_ != 0 || ack_waits_) return refuse_with(server, request, errc::glare);
  const auto timer = timer_.handle_request(request);
  if (!timer) return refuse_with(server, request, timer.error());
  auto read = dialog_request::of(request);
  if (!read) return refuse_with(server, request, read.error());
  const auto description = session_description_of(request);
  if (!description) return refuse_with(server, request, description.error());
  const bool owed = success_to_ != 0 && exchange_.is_offered_by(side::local);
  if (const auto begun = exchange_.begin_invite(side::remote, description->has_value()); !begun) {
    return refuse_with(server, request, owed ? errc::glare : begun.error());
  }
  if (success_to_ != 0) {
    // A peer that goes on has our 2xx: its ACK was lost or is late (RFC 5407 3.1.4).
    success_to_ = 0;
    repeat_at_ = give_up_at_ = base::never;
    if (state_ == state::answered) report(session_event::kind::accepted);
    state_ = state::confirmed;
    if (bye_wanted_) {
      respond_plainly(server, request, 487);
      return send_bye(session_end::local_bye);
    }
  }
  invite_in_ = {server, *std::move(read), *timer, detail::expiry_of(request, now)};
  reliable_server_.emplace(options_->timers, reliability_of(request), invite_in_.request.cseq, *random_);
  session_event& event =
      report(*description ? session_event::kind::offer : session_event::kind::offer_wanted);
  if (*description) event.description = **description;
}

void session::handle_update(base::time_point now, std::uint64_t server, const sip::message_view& request) {
  // RFC 3311 5.2: the answer to an earlier one is still owed.
  if (offer_in_.server != 0) return refuse_with(server, request, errc::offer_pending);
  const auto timer = timer_.handle_request(request);
  if (!timer) return refuse_with(server, request, timer.error());
  auto read = dialog_request::of(request);
  if (!read) return refuse_with(server, request, read.error());
  const auto description = session_description_of(request);
  if (!description) return refuse_with(server, request, description.error());
  if (*description) {
    const auto role = exchange_.handle(side::remote, carrier::update);
    if (!role) return refuse_with(server, request, role.error());
    offer_in_ = {server, *std::move(read), *timer};
    report(session_event::kind::offer).description = **description;
    return;
  }
  auto response = detail::make_response(200, dialog_.local_target(), {});
  if (!response) return refuse_with(server, request, response.error());
  timer_.write_response(now, *timer, *response);
  dialog_.respond(*read, 200);
  transmits_.push_back({session_transmit::kind::response, server, std::move(*response)});
  report(session_event::kind::refreshed);
}

void session::handle_prack(base::time_point, std::uint64_t server, const sip::message_view& request) {
  if (!reliable_server_) return refuse_with(server, request, errc::no_such_response);
  const auto description = session_description_of(request);
  if (!description) return refuse_with(server, request, description.error());
  const bool owed =
      exchange_.is_offered_by(side::local) && exchange_.offered_in() == carrier::reliable_provisional;
  // RFC 3262 5: the offer of the response is answered here and nowhere else.
  if (owed && !*description) return refuse_with(server, request, errc::bad_message);
  if (*description && offer_in_.server != 0) return refuse_with(server, request, errc::offer_pending);
  offer_exchange exchange = exchange_;
  description_role role = description_role::none;
  if (*description) {
    const auto found = exchange.handle(side::remote, carrier::prack);
    if (!found) return refuse_with(server, request, found.error());
    role = *found;
  }
  if (const auto taken = reliable_server_->handle_prack(request); !taken) {
    return refuse_with(server, request, taken.error());
  }
  std::ignore = reliable_server_->poll_event();
  exchange_ = exchange;
  if (role != description_role::none) {
    report(role == description_role::offer ? session_event::kind::offer : session_event::kind::answer)
        .description = **description;
  }
  if (role == description_role::offer) {
    // A PRACK has no Contact that could be wrong, and its CSeq and tags have been read.
    offer_in_ = {server, dialog_request::of(request).value(), {}};
    return;
  }
  respond_plainly(server, request, 200);
  report(session_event::kind::acknowledged);
}

void session::refuse_with(std::uint64_t server, const sip::message_view& request,
                          const base::error_code& why) {
  const int status = why == make_error_code(errc::offer_pending) ? 500 : status_for(why);
  auto response = detail::make_response(status, {}, {});
  if (!response) return;
  if (why == make_error_code(errc::offer_pending)) {
    // RFC 3261 14.2: at random, so that both ends do not try at the same time again.
    std::ignore = response->add(header_id::retry_after, std::to_string(random_->uniform(11)));
  }
  if (status == 422) timer_.write_refusal(*response);
  if (status == 415) std::ignore = response->add(header_id::accept, session_description_type);
  dialog_.respond(request, status);
  transmits_.push_back({session_transmit::kind::response, server, std::move(*response)});
}

void session::take_description(const sip::message_view& message, carrier in) {
  const auto description = session_description_of(message);
  if (!description || !*description) return;
  const auto role = exchange_.handle(side::remote, in);
  if (!role) return;
  switch (*role) {
    case description_role::none: return;
    case description_role::offer: report(session_event::kind::offer); break;
    case description_role::answer: report(session_event::kind::answer); break;
    case description_role::preview:
      previewed_ = true;
      report(session_event::kind::preview);
      break;
  }
  events_.back().description = **description;
}

}  // namespace parley::ua
