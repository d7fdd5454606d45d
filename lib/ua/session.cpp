#include <parley/sip/simple.hpp>
#include <parley/ua/session.hpp>
#include <parley/ua/session_description.hpp>

#include "ua/detail/option_tag.hpp"
#include "ua/detail/session_messages.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

// Commands of the application, and time.

namespace parley::ua {
namespace {

/// RFC 3261 13.3.1.1: what keeps proxies from giving an INVITE up after three minutes. One may be lost.
constexpr base::duration provisional_interval = std::chrono::minutes(1);
/// RFC 3262 3: one that arrives for certain need not come so often.
constexpr base::duration reliable_interval = std::chrono::seconds(150);

}  // namespace

using sip::header_id;

session::session(const session_options& options, base::random_source& random, ua::dialog dialog,
                 std::uint32_t invite_cseq, const offer_exchange& exchange, const session_timer& timer)
    : options_(&options),
      random_(&random),
      dialog_(std::move(dialog)),
      timer_(timer),
      exchange_(exchange),
      reliable_client_(std::in_place, invite_cseq, options.reliable),
      invite_out_(invite_cseq) {}

base::result<session> session::from_request(const session_options& options, base::random_source& random,
                                            ua::dialog dialog, std::uint64_t server,
                                            const sip::message_view& request, base::time_point now) {
  auto read = dialog_request::of(request);
  if (!read) return read.error();
  const auto description = session_description_of(request);
  if (!description) return description.error();
  session made(options, random, std::move(dialog), read->cseq, {}, session_timer(options.timer));
  const auto timer = made.timer_.handle_request(request);
  if (!timer) return timer.error();
  made.reliable_client_.reset();
  made.invite_out_ = 0;
  made.reliable_server_.emplace(options.timers, reliability_of(request), read->cseq, random);
  made.invite_in_ = {server, *std::move(read), *timer, detail::expiry_of(request, now)};
  made.note_allowed(request);
  std::ignore = made.exchange_.begin_invite(side::remote, description->has_value());
  session_event& event =
      made.report(*description ? session_event::kind::offer : session_event::kind::offer_wanted);
  if (*description) event.description = **description;
  return made;
}

base::result<void> session::progress(base::time_point now, int status, std::string_view description,
                                     bool reliable) {
  if (invite_in_.server == 0 || is_over() || status <= 100 || status > 199) return errc::not_now;
  offer_exchange exchange = exchange_;
  if (!description.empty()) {
    const auto role =
        exchange.handle(side::local, reliable ? carrier::reliable_provisional : carrier::provisional);
    if (!role) return role.error();
    // RFC 3261 13.2.1: an offer has to arrive, so that no unreliable response makes one.
    if (*role == description_role::none) return reliable ? errc::no_offer : errc::not_reliable;
  }
  auto response = detail::make_response(status, dialog_.local_target(), description);
  if (!response) return response.error();
  const auto allowed = reliable ? reliable_server_->write_response(now, *response, !description.empty())
                                : reliable_server_->respond(status);
  if (!allowed) return allowed.error();
  exchange_ = exchange;
  dialog_.respond(invite_in_.request, status, reliable);
  invite_in_.provisional = *response;
  invite_in_.reliable = reliable;
  invite_in_.repeat_at = now + (reliable ? reliable_interval : provisional_interval);
  respond(invite_in_, std::move(*response));
  return {};
}

base::result<void> session::accept(base::time_point now, std::string_view description) {
  if (invite_in_.server == 0 || is_over()) return errc::not_now;
  offer_exchange exchange = exchange_;
  const auto role = exchange.handle(side::local, carrier::success);
  if (!role) return role.error();
  // A reliable provisional response has carried it: the 2xx repeats nothing (RFC 3261 13.3.1.4).
  if (*role == description_role::none) description = {};
  if (*role != description_role::none && description.empty()) return errc::missing_description;
  auto response = detail::make_response(200, dialog_.local_target(), description);
  if (!response) return response.error();
  if (const auto allowed = reliable_server_->respond(200); !allowed) return allowed.error();
  exchange_ = exchange;
  timer_.write_response(now, invite_in_.timer, *response);
  dialog_.respond(invite_in_.request, 200);
  respond(invite_in_, std::move(*response));
  success_to_ = invite_in_.server;
  success_cseq_ = invite_in_.request.cseq;
  invite_in_ = {};
  // RFC 3261 13.3.1.4: over whatever transport, since the ACK is end to end.
  repeat_interval_ = options_->timers.t1;
  repeat_at_ = now + repeat_interval_;
  give_up_at_ = now + 64 * options_->timers.t1;
  if (state_ == state::early) state_ = state::answered;
  return {};
}

base::result<void> session::refuse(base::time_point, int status, std::span<const field> fields) {
  return refuse(offer_in_.server != 0 ? offer_in_ : invite_in_, status, fields);
}

base::result<void> session::refuse_invite(base::time_point, int status, std::span<const field> fields) {
  return refuse(invite_in_, status, fields);
}

base::result<void> session::refuse(pending_request& pending, int status, std::span<const field> fields) {
  if (is_over() || status < 300 || status > 699 || pending.server == 0) return errc::not_now;
  const bool is_invite = &pending == &invite_in_;
  auto response = detail::make_response(status, {}, {}, fields);
  if (!response) return response.error();
  if (is_invite) {
    if (const auto allowed = reliable_server_->respond(status); !allowed) return allowed.error();
  }
  dialog_.respond(pending.request, status);
  if (status == 422) timer_.write_refusal(*response);
  respond(pending, std::move(*response));
  pending = {};
  // An UPDATE's offer outlives the refusal of a re-INVITE.
  if (exchange_.is_offered_by(side::remote) && offer_in_.server == 0) exchange_.roll_back();
  if (!is_invite) return {};
  exchange_.end_invite();
  if (state_ == state::early) finish(session_end::refused, status);
  return {};
}

base::result<void> session::offer(base::time_point, std::string_view description, offer_by how) {
  if (is_over() || bye_wanted_) return errc::not_now;
  if (description.empty()) return errc::missing_description;
  const bool may_invite =
      state_ == state::confirmed && !has_pending_invite() && success_to_ == 0 && !ack_waits_;
  const bool may_update = peer_allows_update_ && exchange_.is_established();
  if (how == offer_by::any) how = may_invite ? offer_by::invite : offer_by::update;
  if (how == offer_by::invite ? !may_invite : !may_update) {
    // Why it can't be made is more use than that it can't.
    if (exchange_.is_offered_by(side::local)) return errc::offer_pending;
    if (exchange_.is_offered_by(side::remote)) return errc::glare;
    return errc::not_now;
  }
  offer_exchange exchange = exchange_;
  if (how == offer_by::invite) {
    if (const auto begun = exchange.begin_invite(side::local, true); !begun) return begun.error();
  } else if (const auto role = exchange.handle(side::local, carrier::update); !role) {
    return role.error();
  }
  auto request = dialog_.write_request(how == offer_by::invite ? "INVITE" : "UPDATE");
  if (!request) return request.error();
  exchange_ = exchange;
  retry_at_ = base::never;
  timer_.write_request(*request);
  std::ignore = request->set_body(std::string(description), session_description_type);
  if (how == offer_by::invite) {
    invite_out_ = *dialog_.local_cseq();
    previewed_ = false;
    reliable_client_.emplace(invite_out_, options_->reliable);
    if (options_->reliable) std::ignore = request->add(header_id::supported, "100rel");
  }
  send(std::move(*request), sent_for::offer);
  return {};
}

base::result<void> session::answer(base::time_point now, std::string_view description) {
  if (is_over() || !exchange_.is_offered_by(side::remote)) return errc::no_offer;
  if (description.empty()) return errc::missing_description;
  if (ack_waits_) {
    std::ignore = exchange_.handle(side::local, carrier::ack);
    send_ack(description);
    return {};
  }
  if (prack_waits_) {
    std::ignore = exchange_.handle(side::local, carrier::prack);
    send_prack(description);
    return {};
  }
  if (offer_in_.server == 0) return state_ == state::early ? errc::not_now : accept(now, description);
  const bool is_update = offer_in_.request.method == sip::method::update;
  auto response = detail::make_response(200, is_update ? dialog_.local_target() : std::string(), description);
  if (!response) return response.error();
  std::ignore = exchange_.handle(side::local, is_update ? carrier::update_success : carrier::prack_success);
  timer_.write_response(now, offer_in_.timer, *response);
  dialog_.respond(offer_in_.request, 200);
  respond(offer_in_, std::move(*response));
  offer_in_ = {};
  return {};
}

base::result<void> session::bye(base::time_point, std::span<const field> fields) {
  if (is_over() || state_ == state::early) return errc::not_now;
  // RFC 3261 15: the callee's waits for the ACK of its 2xx, or for the end of the time for that.
  if (state_ == state::answered) {
    bye_wanted_ = true;
    return {};
  }
  send_bye(session_end::local_bye, fields);
  return {};
}

base::result<std::uint32_t> session::request(std::string_view method, std::span<const field> fields,
                                             std::string_view body, std::string_view content_type) {
  switch (sip::method_of(method)) {
    case sip::method::invite:
    case sip::method::update:
    case sip::method::prack:
    case sip::method::bye: return errc::wrong_method;
    default: break;
  }
  if (!has_dialog() || (is_over() && sip::method_of(method) == sip::method::info)) return errc::not_now;
  // RFC 3261 12.1: an early dialog without a tag of the peer's can't be asked anything.
  if (dialog_.remote_tag().empty() && state_ == state::early) return errc::not_now;
  auto made = dialog_.write_request(method);
  if (!made) return made.error();
  timer_.write_request(*made);
  for (const auto& [id, value] : fields) {
    if (!made->add(id, value)) return errc::bad_message;
  }
  if (!body.empty() && !made->set_body(std::string(body), content_type)) return errc::bad_message;
  send(std::move(*made), sent_for::other);
  return *dialog_.local_cseq();
}

base::result<std::uint32_t> session::request(const std::function<bool(ua::dialog&, sip::message&)>& write) {
  if (!has_dialog()) return errc::not_now;
  auto made = sip::message::request("NONE", "sip:none").value();
  if (!write(dialog_, made)) return errc::not_now;
  send(std::move(made), sent_for::other);
  return *dialog_.local_cseq();
}

void session::end_usage() noexcept {
  if (dialog_.usages() > (is_over() ? 0U : 1U)) dialog_.end_usage();
}

base::result<std::uint32_t> session::renumber(std::uint32_t cseq) {
  const auto next = dialog_.take_cseq();
  if (!next) return next.error();
  if (invite_out_ == cseq) {
    invite_out_ = *next;
    reliable_client_.emplace(*next, options_->reliable);
  }
  for (sent_request& sent : sent_) {
    if (sent.cseq == cseq) sent.cseq = *next;
  }
  return *next;
}

void session::end(session_end why, int status) {
  if (!is_over()) finish(why, status);
}

void session::handle_timeout(base::time_point now) {
  if (is_over()) return;
  if (now >= give_up_at_) return send_bye(session_end::no_ack);
  // RFC 3261 13.3.1: as if the caller had sent a CANCEL.
  if (now >= invite_in_.expires) return handle_cancel(now, invite_in_.server);
  if (now >= invite_in_.repeat_at) repeat_provisional(now);
  if (now >= repeat_at_) {
    // RFC 3261 13.3.1.4: doubled up to T2.
    repeat_interval_ = std::min(repeat_interval_ * 2, options_->timers.t2);
    repeat_at_ = now + repeat_interval_;
    transmits_.push_back({session_transmit::kind::repeat_success, success_to_, {}});
  }
  if (now >= retry_at_) {
    retry_at_ = base::never;
    if (exchange_.is_idle()) report(session_event::kind::offer_due);
  }
  if (timer_.poll_timeout() <= now) timer_.handle_timeout(now);
  switch (timer_.poll_event()) {
    case session_timer::event::none: break;
    case session_timer::event::refresh: refresh(now); break;
    case session_timer::event::expired: return send_bye(session_end::expired);
  }
  if (!reliable_server_) return;
  if (reliable_server_->poll_timeout() <= now) reliable_server_->handle_timeout(now);
  if (reliable_server_->poll_transmit() == server_reliable_provisional::transmit::response) {
    transmits_.push_back({session_transmit::kind::repeat_provisional, invite_in_.server, {}});
  }
  if (reliable_server_->poll_event() == server_reliable_provisional::event::timed_out &&
      invite_in_.server != 0) {
    // RFC 3262 3: the INVITE is refused with 5xx.
    const bool first = state_ == state::early;
    std::ignore = refuse_invite(now, 504);
    if (first && is_over()) events_.back().why = session_end::no_prack;
  }
}

base::time_point session::poll_timeout() const noexcept {
  if (is_over()) return base::never;
  base::time_point next = std::min(
      {repeat_at_, give_up_at_, retry_at_, timer_.poll_timeout(), invite_in_.expires, invite_in_.repeat_at});
  if (reliable_server_) next = std::min(next, reliable_server_->poll_timeout());
  return next;
}

bool session::poll_transmit(session_transmit& out) {
  if (transmits_.empty()) return false;
  out = std::move(transmits_.front());
  transmits_.erase(transmits_.begin());
  return true;
}

bool session::poll_event(session_event& out) {
  if (events_.empty()) return false;
  out = std::move(events_.front());
  events_.erase(events_.begin());
  return true;
}

session_event& session::report(session_event::kind what) {
  session_event& made = events_.emplace_back();
  made.what = what;
  return made;
}

void session::send(sip::message&& request, sent_for purpose) {
  const sip::method method = sip::method_of(request.method_name());
  if (method != sip::method::invite)
    sent_.push_back({*dialog_.local_cseq(), method, purpose, *dialog_.local_cseq()});
  transmits_.push_back({session_transmit::kind::request, 0, std::move(request)});
}

void session::respond(const pending_request& to, sip::message&& response) {
  transmits_.push_back({session_transmit::kind::response, to.server, std::move(response)});
}

void session::respond_plainly(std::uint64_t server, const sip::message_view& request, int status,
                              std::span<const field> fields) {
  auto response = detail::make_response(status, {}, {}, fields);
  if (!response) return;
  dialog_.respond(request, status);
  transmits_.push_back({session_transmit::kind::response, server, std::move(*response)});
}

void session::send_bye(session_end why, std::span<const field> fields) {
  if (ack_waits_) send_ack({});
  if (auto request = dialog_.write_request("BYE")) {
    timer_.write_request(*request);
    for (const auto& [id, value] : fields) std::ignore = request->add(id, value);
    send(std::move(*request), sent_for::bye);
    bye_may_cross_ = true;
  }
  finish(why);
}

void session::finish(session_end why, int status) {
  // RFC 3261 13.2.2.4: a 2xx is acknowledged, whatever comes then.
  if (ack_waits_) send_ack({});
  // RFC 3261 15.1.2: an INVITE that still waits for its answer gets 487.
  if (invite_in_.server != 0) {
    if (auto response = detail::make_response(487, {}, {})) respond(invite_in_, std::move(*response));
  }
  if (offer_in_.server != 0) {
    if (auto response = detail::make_response(481, {}, {})) respond(offer_in_, std::move(*response));
  }
  invite_in_ = offer_in_ = {};
  timer_.stop();
  reliable_server_.reset();
  repeat_at_ = give_up_at_ = retry_at_ = base::never;
  success_to_ = 0;
  // RFC 3261 12.3: no early dialog outlives its INVITE.
  if (state_ == state::early) dialog_.terminate();
  state_ = state::ended;
  dialog_.end_usage();
  session_event& event = report(session_event::kind::ended);
  event.why = why;
  event.status = status;
}

void session::repeat_provisional(base::time_point now) {
  const int status = invite_in_.provisional->status();
  if (invite_in_.reliable) {
    // One that waits for its PRACK goes again by itself.
    if (!progress(now, status, {}, true)) invite_in_.repeat_at = now + reliable_interval;
    return;
  }
  invite_in_.repeat_at = now + provisional_interval;
  respond(invite_in_, sip::message(*invite_in_.provisional));
}

// RFC 4028 7.4: UPDATE where the peer takes it, else a re-INVITE, which needs a description.
void session::refresh(base::time_point) {
  if (!peer_allows_update_) {
    if (exchange_.is_idle()) report(session_event::kind::offer_due);
    return;
  }
  auto request = dialog_.write_request("UPDATE");
  if (!request) return;
  timer_.write_request(*request);
  send(std::move(*request), sent_for::refresh);
}

void session::note_allowed(const sip::message_view& message) {
  if (!message.has(header_id::allow)) return;
  bool update = false;
  std::ignore = message.for_each<sip::allow_header>(
      [&update](const sip::allow_header& one) { update = update || one.method() == sip::method::update; });
  peer_allows_update_ = update;
}

}  // namespace parley::ua
