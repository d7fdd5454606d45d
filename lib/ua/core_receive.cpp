#include <parley/sip/chars.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/uri.hpp>
#include <parley/sip/via.hpp>
#include <parley/ua/reason.hpp>

#include "ua/detail/core_impl.hpp"
#include "ua/detail/option_tag.hpp"

#include <algorithm>
#include <array>
#include <tuple>

// Requests that come in (RFC 3261 8.2), and their responses.

namespace parley::ua {

using detail::call_record;
using detail::leg;
using detail::server_request;
using sip::header_id;

void core::implementation::handle_message(base::time_point now, const sip::hop& from,
                                          const base::packet_buffer& data) {
  ++counters_.received;
  in_hand_ = viewed_ = data;
  if (!view_.parse(data.text(), options_.limits)) {
    ++counters_.dropped_malformed;
    // RFC 3261 8.2: whoever can be answered hears that it was malformed.
    if (view_.is_request() && view_.method() != sip::method::ack && view_.has(header_id::via)) {
      if (auto response = transaction::make_response(pool_, view_, from.remote, 400)) {
        if (const auto via = view_.get<sip::via_header>()) {
          std::ignore = layer_.send(transaction::response_hop(from, *via), std::move(*response));
        }
      }
    }
    in_hand_.reset();
    viewed_.reset();
    return;
  }
  using kind = transaction::received::kind;
  const transaction::received got = layer_.handle_message(now, view_);
  switch (got.what) {
    case kind::absorbed: break;
    case kind::request:
    case kind::merged: handle_request(now, from, got, data); break;
    case kind::cancel: handle_cancel(now, from, got, data); break;
    case kind::ack: handle_ack(now); break;
    case kind::response: handle_response(now, got, data); break;
    case kind::stray_response: handle_stray(now); break;
    case kind::malformed: ++counters_.dropped_malformed; break;
  }
  in_hand_.reset();
  run_events(now);
}

// Starts the server transaction; null where that can't be had, and whoever can be told is told.
server_request* core::implementation::accept(base::time_point now, const sip::hop& from,
                                             const transaction::received& got,
                                             const base::packet_buffer& data) {
  const sip::hop back = transaction::response_hop(from, got.via);
  const auto made = incoming_.create();
  if (made.object != nullptr) {
    server_request& r = *made.object;
    r.id = made.id;
    r.data = data;
    r.from = from;
    r.back = back;
    const auto accepted = layer_.accept(now, from, view_, data, got, r.id);
    if (accepted) {
      r.server = *accepted;
      return &r;
    }
    incoming_.destroy(made.id);
    if (accepted.error() != transaction::make_error_code(transaction::errc::too_many_transactions))
      return nullptr;
  }
  ++counters_.dropped_no_room;
  if (auto response = transaction::make_response(pool_, view_, from.remote, 503)) {
    std::ignore = layer_.send(back, std::move(*response));
  }
  return nullptr;
}

void core::implementation::handle_request(base::time_point now, const sip::hop& from,
                                          const transaction::received& got, const base::packet_buffer& data) {
  server_request* const accepted = accept(now, from, got, data);
  if (accepted == nullptr) return;
  server_request& r = *accepted;
  // RFC 3261 8.2.2.2: the same request came by two ways.
  if (got.what == transaction::received::kind::merged) return refuse(now, r, 482);

  std::string unsupported;
  if (const int status = check(unsupported); status != 0) {
    if (status == 420) {
      const std::array<session::field, 1> fields{{{header_id::unsupported, unsupported}}};
      return refuse(now, r, status, fields);
    }
    const std::array<session::field, 1> fields{{{header_id::allow, allow_}}};
    const bool names_methods = status == 405 || status == 501;
    return refuse(now, r, status, std::span(fields).first(names_methods ? 1 : 0));
  }

  const auto to_tag = view_.to_tag();
  if (!to_tag || !view_.from_tag()) return refuse(now, r, 400);
  if (!to_tag->empty()) {
    const auto id = dialog_id::of_request(view_);
    call_record* const c = id ? call_of(*id) : nullptr;
    leg* const l = c != nullptr ? leg_of(*c, *id) : nullptr;
    if (l == nullptr) {
      // A NOTIFY makes the dialog of its subscription, whose SUBSCRIBE we have sent (RFC 6665 4.4.1), and the
      // SUBSCRIBE of one that we serve is in the dialog of that: the application knows them.
      const sip::method method = view_.method();
      if (method == sip::method::notify || method == sip::method::subscribe) return report_request(r);
      return refuse(now, r, 481);
    }
    r.call = c->id;
    // What the application says next is for the branch that has spoken.
    if (c->outgoing && !c->answered) c->current = index_of(*c, *l);
    l->session.handle_request(now, r.id, view_);
    return pump(now, *c);
  }
  switch (view_.method()) {
    case sip::method::invite: return handle_new_call(now, r);
    case sip::method::bye:
    case sip::method::update:
    case sip::method::prack: return refuse(now, r, 481);
    default: return report_request(r);
  }
}

void core::implementation::report_request(server_request& r) {
  core_event& event = report(core_event::kind::request);
  event.request = request_id{r.id};
  event.message = r.data;
  event.from = r.from;
}

// RFC 3261 8.2.1 to 8.2.3; 0 where all is well.
int core::implementation::check(std::string& unsupported) const {
  const sip::method method = view_.method();
  static constexpr std::array own{sip::method::invite, sip::method::bye, sip::method::update,
                                  sip::method::prack};
  if (std::find(own.begin(), own.end(), method) == own.end() &&
      std::find(options_.methods.begin(), options_.methods.end(), view_.method_name()) ==
          options_.methods.end()) {
    return method == sip::method::unknown ? 501 : 405;
  }
  const auto uri = sip::parse_uri(view_.request_uri());
  if (!uri) return 400;
  if (!uri->is_sip()) return 416;
  const auto walked = view_.for_each<sip::require_header>([&](const sip::require_header& tag) {
    const bool known = sip::iequals(tag.value, "100rel") || sip::iequals(tag.value, "timer") ||
                       std::any_of(options_.extensions.begin(), options_.extensions.end(),
                                   [&](const std::string& one) { return sip::iequals(one, tag.value); });
    if (!known) unsupported.append(unsupported.empty() ? "" : ", ").append(tag.value);
  });
  if (!walked) return 400;
  return unsupported.empty() ? 0 : 420;
}

void core::implementation::handle_new_call(base::time_point now, server_request& r) {
  const auto made = calls_.create();
  if (made.object == nullptr) return refuse(now, r, 503);
  call_record& c = *made.object;
  c.id = made.id;
  c.local_tag = make_token();
  const auto give_up = [&](const base::error_code& why) {
    calls_.destroy(made.id);
    const int status = status_for(why);
    const std::string min_se = std::to_string(options_.session.timer.min_se);
    const std::array<session::field, 1> fields{{status == 422
                                                    ? session::field{header_id::min_se, min_se}
                                                    : session::field{header_id::accept, "application/sdp"}}};
    refuse(now, r, status, std::span(fields).first(status == 422 || status == 415 ? 1 : 0));
  };
  auto dialog = dialog::from_request(view_, c.local_tag, sip::is_secure(r.from.transport));
  if (!dialog) return give_up(dialog.error());
  if (const auto set = dialog->set_local_target(contacts_[r.from.listener]); !set)
    return give_up(set.error());
  auto begun = session::from_request(options_.session, random_, std::move(*dialog), r.id, view_, now);
  if (!begun) return give_up(begun.error());
  c.legs.push_back(std::make_unique<leg>(leg{std::move(*begun), r.from, {}, {}, {}}));
  // RFC 7118 5.2: whoever is behind a WebSocket has no address that a connection could be opened to.
  if (r.from.transport == sip::transport::ws || r.from.transport == sip::transport::wss) {
    c.flow = r.from;
    c.flow.only_flow = true;
  }
  r.call = c.id;
  tags_.emplace(c.local_tag, c.id);
  ++active_;
  core_event& event = report(core_event::kind::incoming);
  event.call = call_id{c.id};
  event.message = r.data;
  event.from = r.from;
  pump(now, c);
}

void core::implementation::handle_cancel(base::time_point now, const sip::hop& from,
                                         const transaction::received& got, const base::packet_buffer& data) {
  server_request* const r = accept(now, from, got, data);
  if (r == nullptr) return;
  // RFC 3261 9.2: the CANCEL is answered whatever becomes of its INVITE.
  server_request* const invite =
      got.server != transaction::server_id::none ? incoming_.get(layer_.user_of(got.server)) : nullptr;
  const std::uint64_t call = invite != nullptr ? invite->call : 0;
  const std::uint64_t invite_id = invite != nullptr ? invite->id : 0;
  refuse(now, *r, got.server != transaction::server_id::none ? 200 : 481);
  if (call_record* const c = calls_.get(call)) {
    // RFC 3326 2: a forking proxy says that another phone has answered.
    const auto why = find_reason(view_, "SIP");
    c->elsewhere = why && why->cause == 200U;
    for (const auto& one : c->legs) one->session.handle_cancel(now, invite_id);
    pump(now, *c);
  }
}

void core::implementation::handle_ack(base::time_point now) {
  const auto id = dialog_id::of_request(view_);
  call_record* const c = id ? call_of(*id) : nullptr;
  leg* const l = c != nullptr ? leg_of(*c, *id) : nullptr;
  if (l == nullptr) {
    ++counters_.dropped_stray;
    return;
  }
  l->session.handle_request(now, 0, view_);
  if (!l->session.awaits_ack()) l->success = {};
  pump(now, *c);
}

// A 2xx to an INVITE may come when its transaction has ended (RFC 3261 13.2.2.4): its ACK goes again.
void core::implementation::handle_stray(base::time_point now) {
  const auto id = dialog_id::of_response(view_);
  call_record* const c = id ? call_of(*id) : nullptr;
  leg* const l = c != nullptr && view_.status() / 100 == 2 ? leg_of(*c, *id) : nullptr;
  if (l == nullptr) {
    ++counters_.dropped_stray;
    return;
  }
  l->session.handle_response(now, view_);
  pump(now, *c);
}

call_record* core::implementation::call_of(const dialog_id& id) noexcept {
  const auto found = tags_.find(std::string(id.local_tag));
  return found != tags_.end() ? calls_.get(found->second) : nullptr;
}

void core::implementation::refuse(base::time_point now, server_request& r, int status,
                                  std::span<const session::field> fields) {
  auto own = sip::message::response(status);
  if (!own) return;
  for (const auto& [id, value] : fields) std::ignore = own->add(id, value);
  if (status >= 300) ++counters_.refused;
  std::ignore = respond(now, r, *own, make_token());
}

// What the sessions have answered and could not be sent.
void core::implementation::send_unsent(base::time_point now) {
  retry_at_ = base::never;
  std::vector<detail::unsent_response> waiting = std::exchange(unsent_, {});
  for (detail::unsent_response& one : waiting) {
    server_request* const r = incoming_.get(one.request);
    if (r == nullptr || respond(now, *r, one.own, one.to_tag) || r->answered) continue;
    unsent_.push_back(std::move(one));
    retry_at_ = now + detail::retry_time;
  }
}

// What comes is looked at until its events were polled; a request is answered twice in a row, by 180 and 200.
const sip::message_view* core::implementation::view_of(const base::packet_buffer& data) {
  if (data.data() == viewed_.data()) return &view_;
  if (data.data() == kept_.data()) return &kept_view_;
  kept_.reset();
  if (!kept_view_.parse(data.text(), options_.limits)) return nullptr;
  kept_ = data;
  return &kept_view_;
}

bool core::implementation::is_invite(const server_request& r) {
  const sip::message_view* const request = view_of(r.data);
  return request != nullptr && request->method() == sip::method::invite;
}

base::result<void> core::implementation::respond(base::time_point now, server_request& r,
                                                 const sip::message& own, std::string_view to_tag) {
  const int status = own.status();
  if (r.answered) return errc::not_now;
  const sip::message_view* const found = view_of(r.data);
  if (found == nullptr) return errc::bad_message;
  const sip::message_view& request = *found;
  const bool describes = request.method() == sip::method::invite || request.method() == sip::method::update ||
                         request.method() == sip::method::options;
  std::array<transaction::response_options::field, 3> more{};
  std::size_t count = 0;
  if (describes && status > 100 && status < 300) {
    if (own.value_of(header_id::allow).empty()) more[count++] = {header_id::allow, allow_};
    if (own.value_of(header_id::supported).empty()) more[count++] = {header_id::supported, supported_};
  }
  if (!options_.user_agent.empty()) more[count++] = {header_id::server, options_.user_agent};
  transaction::response_options options;
  options.reason_phrase = own.reason_phrase();
  options.to_tag = status > 100 ? to_tag : std::string_view{};
  options.more_fields = std::span(more).first(count);
  options.own = &own;
  auto data = transaction::make_response(pool_, request, r.from.remote, status, options);
  if (!data) {
    ++counters_.dropped_no_room;
    return data.error();
  }
  call_record* const c = calls_.get(r.call);
  if (c != nullptr && request.method() == sip::method::invite) {
    for (const auto& one : c->legs) {
      if (status >= 200 && status < 300) one->success = {r.back, *data};
      if (status < 200 && !own.value_of(header_id::rseq).empty()) one->provisional = {r.back, *data};
      if (status >= 200) one->provisional = {};
    }
  }
  if (const auto sent = layer_.respond(now, r.server, status, std::move(*data)); !sent) {
    if (sent.error() == transaction::make_error_code(transaction::errc::queue_full)) return sent;
    // The transaction has ended by itself, or has its answer.
    r.answered = true;
    return sent;
  }
  if (status < 200) return {};
  r.answered = true;
  // What the session has answered by itself, it knows.
  if (c != nullptr && r.reported) {
    for (const auto& one : c->legs) one->session.note_response(request, status);
  }
  kept_.reset();
  // Its transaction repeats the response.
  incoming_.destroy(r.id);
  return {};
}

}  // namespace parley::ua
