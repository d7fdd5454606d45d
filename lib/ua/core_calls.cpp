#include <parley/sip/name_addr.hpp>
#include <parley/sip/next_hop.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/uri.hpp>

#include "ua/detail/core_impl.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <tuple>

// Calls: the INVITE that forks into sessions, and what sessions want (RFC 3261 13.2.2).

namespace parley::ua {

namespace {

std::uint64_t hash_of(std::string_view tag) noexcept { return std::hash<std::string_view>()(tag); }

std::uint32_t cseq_of(const sip::message& request) noexcept {
  sip::cursor in(request.value_of(sip::header_id::cseq));
  sip::cseq_header cseq;
  return sip::cseq_header::read(in, cseq) ? cseq.number : 0;
}

}  // namespace

using detail::call_record;
using detail::client_request;
using detail::is_sips;
using detail::leg;
using sip::header_id;

base::result<call_id> core::implementation::invite(base::time_point now, const invite_options& options) {
  auto message = sip::message::request("INVITE", options.uri);
  if (!message || options.from.empty()) return errc::bad_message;
  const auto made = calls_.create();
  if (made.object == nullptr) return errc::too_large;
  call_record& c = *made.object;
  c.id = made.id;
  c.outgoing = true;
  c.local_tag = make_token();
  c.timer_offer = session_timer(options_.session.timer);
  std::ignore = c.exchange.begin_invite(side::local, !options.description.empty());
  bool good = true;
  const auto add = [&](header_id id, std::string_view value) {
    good = message->add(id, value).has_value() && good;
  };
  for (const std::string& route : options.routes) add(header_id::route, '<' + route + '>');
  add(header_id::max_forwards, "70");
  add(header_id::from, std::string(options.from) + ";tag=" + c.local_tag);
  add(header_id::to, options.to.empty() ? '<' + std::string(options.uri) + '>' : std::string(options.to));
  add(header_id::call_id, make_token());
  add(header_id::cseq, "1 INVITE");
  if (!options.contact.empty()) add(header_id::contact, options.contact);
  if (options_.session.reliable) add(header_id::supported, "100rel");
  for (const std::string& extension : options_.extensions) add(header_id::supported, extension);
  c.timer_offer.write_request(*message);
  if (info_packages_) info_packages_->write(*message);
  if (options.expires.count() > std::numeric_limits<std::uint32_t>::max()) good = false;
  if (good && options.expires.count() > 0) {
    add(header_id::expires, std::to_string(options.expires.count()));
    c.expires = base::add_saturated(now, options.expires);
  }
  for (const auto& [id, value] : options.fields) add(id, value);
  for (const auto& [name, value] : options.named_fields) good = message->add(name, value).has_value() && good;
  if (!options.description.empty()) {
    good = message->set_body(std::string(options.description), "application/sdp").has_value() && good;
  }
  client_request* const r = good ? create_request(std::move(*message), options.flow) : nullptr;
  if (r == nullptr) {
    calls_.destroy(c.id);
    return good ? errc::too_large : errc::bad_message;
  }
  r->call = c.id;
  ++c.requests;
  ++active_;
  c.invite = r->id;
  c.flow = options.flow;
  wheel_.arm(c.timer, c.expires);
  tags_.emplace(c.local_tag, c.id);
  const auto id = call_id{c.id};
  start(now, *r);
  return id;
}

void core::implementation::handle_invite_response(base::time_point now, call_record& c, client_request& r,
                                                  const sip::message_view& response,
                                                  const base::packet_buffer& data) {
  const int status = response.status();
  if (status >= 300) {
    if (r.final) return;
    // RFC 4028 7.3: the same call with an interval that the path allows.
    if (status == 422 && !c.cancelled) {
      const auto outcome = c.timer_offer.handle_response(now, response);
      if (outcome && *outcome == session_timer::outcome::retry) {
        r.message.remove(header_id::session_expires);
        r.message.remove(header_id::min_se);
        c.timer_offer.write_request(r.message);
        r.others.push_back(r.by);
        if (repeat(now, r)) return;
      }
    }
    // Its transaction acknowledges the copies of that response.
    drop(r);
    if (c.reported) return invite_failed(now, c, status);
    core_event& event = report(core_event::kind::session);
    event.call = call_id{c.id};
    event.session.what = session_event::kind::progress;
    event.session.status = status;
    event.status = status;
    event.message = data;
    return invite_failed(now, c, status);
  }
  if (status >= 200) finish(r);
  if (status == 100) return;
  leg* const l = leg_for(c, r, response);
  if (l == nullptr) {
    // Nobody can be acknowledged or hung up who does not say where he is.
    if (status >= 200 && !c.answered && !c.failed) invite_failed(now, c, 500);
    return;
  }
  const std::uint32_t index = index_of(c, *l);
  if (status < 200 && !c.answered) c.current = index;
  l->session.handle_response(now, response);
  if (status >= 200) {
    if (!c.answered && !c.failed) {
      winner(now, c, index);
    } else if (index != c.current || c.failed) {
      // RFC 3261 13.2.2.4: another branch was answered, too, and is not wanted.
      std::ignore = l->session.bye(now);
    }
  }
  pump(now, c);
}

// RFC 3261 13.2.2.4: the call is over, and yet another branch is answered. It is acknowledged and hung up.
void core::implementation::handle_late_success(base::time_point now, client_request& r,
                                               const sip::message_view& response) {
  const auto id = dialog_id::of_response(response);
  // As many may have been answered as while the call goes on.
  if (!id || r.over.size() >= options_.max_forks * 2) return;
  sip::message_view invite;
  if (!invite.parse(r.sent.text(), options_.limits)) return;
  const auto made = calls_.create();
  if (made.object == nullptr) return;
  call_record& c = *made.object;
  c.id = made.id;
  c.outgoing = c.answered = c.reported = true;
  c.current = std::numeric_limits<std::uint32_t>::max();
  c.local_tag = id->local_tag;
  c.timer_offer = session_timer(options_.session.timer);
  std::ignore = c.exchange.begin_invite(side::local, !invite.body().empty());
  c.flow = r.flow;
  for (std::size_t i = 0; i < invite.header_count(); ++i) {
    const sip::header_line line = invite.header(i);
    if (line.id == header_id::authorization || line.id == header_id::proxy_authorization)
      c.credentials.emplace_back(line.id, std::string(line.value));
  }
  c.invite = r.id;
  r.call = c.id;
  tags_.emplace(c.local_tag, c.id);
  handle_invite_response(now, c, r, response, in_hand_);
  // Where no dialog can be made of it.
  if (call_record* const left = calls_.get(r.call)) maybe_destroy(now, *left);
}

// Both ends have hung up: copies of its 2xx mean nothing any more.
bool core::implementation::is_over(const client_request& r, const sip::message_view& response) {
  const auto tag = response.to_tag();
  return tag && std::find(r.over.begin(), r.over.end(), hash_of(*tag)) != r.over.end();
}

// The session that a response belongs to, made where it is the first of its dialog.
leg* core::implementation::leg_for(call_record& c, const client_request& r,
                                   const sip::message_view& response) {
  const auto id = dialog_id::of_response(response);
  if (!id) return nullptr;
  const bool success = response.status() / 100 == 2;
  leg* const known = leg_of(c, *id);
  // RFC 3261 13.2.2.4: an early session that was given up may be answered still, and is hung up then.
  const bool again = known != nullptr && success && known->session.state() == session::state::ended &&
                     !known->session.has_acknowledged();
  if (known != nullptr && !again) return known;
  if (!again && c.legs.size() >= options_.max_forks * (success ? 2 : 1)) return nullptr;
  sip::message_view request;
  if (!request.parse(r.sent.text(), options_.limits)) return nullptr;
  auto dialog = dialog::from_response(request, response, sip::is_secure(r.by.transport));
  if (!dialog) return nullptr;
  auto made = std::make_unique<leg>(
      leg{session(options_.session, random_, std::move(*dialog), r.cseq, c.exchange, c.timer_offer),
          r.by,
          {},
          {},
          {}});
  if (again) {
    *known = std::move(*made);
    return known;
  }
  c.legs.push_back(std::move(made));
  return c.legs.back().get();
}

leg* core::implementation::leg_of(call_record& c, const dialog_id& id) noexcept {
  for (const auto& one : c.legs) {
    if (one->session.dialog().id() == id) return one.get();
  }
  return nullptr;
}

std::uint32_t core::implementation::index_of(const call_record& c, const leg& l) noexcept {
  const auto found =
      std::find_if(c.legs.begin(), c.legs.end(), [&l](const auto& one) { return one.get() == &l; });
  return static_cast<std::uint32_t>(found - c.legs.begin());
}

void core::implementation::winner(base::time_point now, call_record& c, std::uint32_t index) {
  c.answered = true;
  c.expires = base::never;
  c.current = index;
  for (std::uint32_t i = 0; i < c.legs.size(); ++i) {
    if (i != index && c.legs[i]->session.state() == session::state::early) {
      c.legs[i]->session.end(session_end::elsewhere);
    }
  }
  // RFC 3261 9.1: the CANCEL came too late.
  if (c.cancelled) std::ignore = c.legs[index]->session.bye(now);
}

void core::implementation::invite_failed(base::time_point now, call_record& c, int status) {
  c.failed = true;
  c.expires = base::never;
  c.status = status;
  c.why = c.cancelled ? session_end::cancelled : session_end::refused;
  for (const auto& one : c.legs) one->session.end(c.why, status);
  pump(now, c);
}

void core::implementation::pump(base::time_point now, call_record& c) {
  // What one session does may end the call, but not another's turn.
  for (std::uint32_t i = 0; i < c.legs.size(); ++i) {
    while (pump_leg(now, c, i)) {
    }
  }
  base::time_point next = c.expires;
  for (const auto& one : c.legs) next = std::min(next, one->session.poll_timeout());
  wheel_.arm(c.timer, next);
  maybe_destroy(now, c);
}

bool core::implementation::pump_leg(base::time_point now, call_record& c, std::uint32_t index) {
  bool any = false;
  session_transmit wanted;
  while (c.legs[index]->session.poll_transmit(wanted)) {
    transmit(now, c, index, wanted);
    any = true;
  }
  session_event happened;
  while (c.legs[index]->session.poll_event(happened)) {
    any = true;
    if (happened.what == session_event::kind::ended) {
      if (index == c.current || !c.answered) {
        const bool elsewhere = c.elsewhere && happened.why == session_end::cancelled;
        c.why = elsewhere ? session_end::elsewhere : happened.why;
        c.status = happened.status;
      }
      // Of a call, its end is reported once, when all of its sessions are over.
      if (c.legs.size() == 1) continue;
    }
    // Branches that were answered too late end by themselves.
    if ((c.reported && !c.outlived) || (c.answered && index != c.current)) continue;
    core_event& event = report(core_event::kind::session);
    event.call = call_id{c.id};
    event.leg = index;
    event.message = in_hand_;
    if (happened.what == session_event::kind::request) {
      event.what = core_event::kind::request;
      event.request = request_id{happened.server};
      if (detail::server_request* const r = incoming_.get(happened.server)) {
        r->reported = true;
        event.message = r->data;
        event.from = r->from;
      }
    }
    event.session = std::move(happened);
  }
  return any;
}

void core::implementation::transmit(base::time_point now, call_record& c, std::uint32_t index,
                                    session_transmit& wanted) {
  leg& l = *c.legs[index];
  using kind = session_transmit::kind;
  switch (wanted.what) {
    case kind::request: {
      const std::uint32_t cseq = cseq_of(*wanted.message);
      if (info_packages_ && wanted.message->method_name() == "INVITE") info_packages_->write(*wanted.message);
      client_request* const r = create_request(std::move(*wanted.message), c.flow);
      if (r == nullptr) return l.session.handle_failure(now, cseq, 503);
      r->call = c.id;
      ++c.requests;
      r->leg = index;
      r->in_dialog = true;
      if (r->method == sip::method::invite) c.reinvite = r->id;
      return start(now, *r);
    }
    case kind::ack: return send_ack(now, c, index, std::move(*wanted.message));
    case kind::response:
      if (detail::server_request* const r = incoming_.get(wanted.server)) {
        const std::string& tag = l.session.dialog().local_tag();
        const int status = wanted.message->status();
        const bool reliable = !wanted.message->value_of(header_id::rseq).empty();
        if (info_packages_ && (reliable || status / 100 == 2) && is_invite(*r))
          info_packages_->write(*wanted.message);
        if (!respond(now, *r, *wanted.message, tag) && !r->answered) {
          // The session has done with it: it goes out when there is room.
          unsent_.push_back({r->id, std::move(*wanted.message), tag});
          retry_at_ = std::min(retry_at_, now + detail::retry_time);
        }
      }
      return;
    case kind::repeat_provisional:
    case kind::repeat_success:
    case kind::repeat_ack: {
      const detail::kept_message& kept = wanted.what == kind::repeat_ack       ? l.ack
                                         : wanted.what == kind::repeat_success ? l.success
                                                                               : l.provisional;
      if (kept.data && !layer_.send(kept.to, kept.data)) ++counters_.dropped_no_room;
      return;
    }
  }
}

// RFC 3261 13.2.2.4: an ACK for a 2xx goes where a request in the dialog would, with the INVITE's
// credentials.
void core::implementation::send_ack(base::time_point now, call_record& c, std::uint32_t index,
                                    sip::message&& ack) {
  leg& l = *c.legs[index];
  for (const auto& [id, value] : c.credentials) std::ignore = ack.add(id, value);
  const auto uri = sip::parse_uri(detail::first_uri(ack));
  if (!uri || !uri->is_sip()) return;
  if (c.flow.only_flow || c.flow.flow != 0) {
    send_ack_to(l, ack, c.flow);
    return;
  }
  const auto where = sip::next_hop::of(*uri, l.session.dialog().is_secure());
  if (where.ip) {
    sip::hop to;
    to.transport = where.over;
    to.remote = where.address();
    send_ack_to(l, ack, to);
    return;
  }
  client_request* const r = create_request(sip::message(ack), {});
  if (r == nullptr) {
    send_ack_to(l, ack, l.by);
    return;
  }
  r->call = c.id;
  ++c.requests;
  r->leg = index;
  r->in_dialog = true;
  look_up(now, *r, where);
}

// The servers that its ACK may go to are there, or there are none.
void core::implementation::send_found_ack(base::time_point now, client_request& r) {
  call_record* const c = calls_.get(r.call);
  if (c != nullptr && r.leg < c->legs.size()) {
    leg& l = *c->legs[r.leg];
    // Where the name leads nowhere, who took the INVITE knows more of the way.
    r.others.insert(r.others.begin(), l.by);
    const bool secure = l.session.dialog().is_secure() || is_sips(r.message.request_uri());
    const auto sent = [&](const sip::hop& to) {
      return (!secure || sip::is_secure(to.transport)) && send_ack_to(l, r.message, to);
    };
    std::ignore = std::find_if(r.others.rbegin(), r.others.rend(), sent);
  }
  drop(r);
  if (c != nullptr) maybe_destroy(now, *c);
}

bool core::implementation::send_ack_to(leg& l, const sip::message& ack, sip::hop to) {
  if (!to.only_flow && !choose_listener(to)) return false;
  auto data = write(ack, to, layer_.make_branch().text(), {});
  if (!data) return false;
  l.ack = {to, *data};
  if (!layer_.send(to, std::move(*data))) ++counters_.dropped_no_room;
  return true;
}

void core::implementation::maybe_destroy(base::time_point now, call_record& c) {
  const bool over = std::all_of(c.legs.begin(), c.legs.end(), [](const auto& one) {
    return one->session.state() == session::state::ended;
  });
  // A call that rings nowhere yet may be answered still.
  if (!over || (c.outgoing && c.invite != 0 && !c.failed && !c.answered)) return;
  if (!c.reported) {
    c.reported = true;
    c.outlived = c.current < c.legs.size() && c.legs[c.current]->session.is_outlived();
    --active_;
    // A re-INVITE that the peer has not answered would wait for ever.
    if (client_request* const r = requests_.get(c.reinvite); r != nullptr && !r->final) {
      r->cancelled = true;
      std::ignore = layer_.cancel(now, r->client);
    }
    core_event& event = report(core_event::kind::ended);
    event.call = call_id{c.id};
    event.session.what = session_event::kind::ended;
    event.session.why = c.why;
    event.session.status = event.status = c.status;
    if (c.why == session_end::remote_bye) event.message = in_hand_;
  }
  release(c);
}

void core::implementation::release(call_record& c) {
  // Its requests may be under way; so may what shares its dialog.
  if (c.requests != 0 || (c.current < c.legs.size() && c.legs[c.current]->session.is_outlived())) return;
  if (client_request* const r = requests_.get(c.invite)) {
    for (const auto& one : c.legs) {
      if (one->session.has_acknowledged()) r->over.push_back(hash_of(one->session.dialog().remote_tag()));
    }
  }
  if (client_request* const r = requests_.get(c.reinvite)) requests_.destroy(r->id);
  tags_.erase(c.local_tag);
  calls_.destroy(c.id);
}

}  // namespace parley::ua
