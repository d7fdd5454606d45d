#include <parley/sip/authentication.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/next_hop.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>
#include <parley/sip/writer.hpp>

#include "ua/detail/core_impl.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

// Requests of ours: where they go (RFC 3263), challenges (RFC 3261 22), what becomes of them.

namespace parley::ua {

using detail::client_request;
using detail::is_sips;
using sip::header_id;

namespace {

/// The methods whose requests tell where we are to be reached (RFC 3261 8.1.1.8, RFC 3515 2.4, RFC
/// 6665 4.1.2).
bool wants_contact(sip::method m) noexcept {
  return m == sip::method::invite || m == sip::method::subscribe || m == sip::method::refer;
}

}  // namespace

bool detail::is_sips(std::string_view uri) noexcept {
  const auto read = sip::parse_uri(uri);
  return read && read->scheme == sip::uri_scheme::sips;
}

std::string_view detail::first_uri(const sip::message& request) noexcept {
  const std::string_view route = request.value_of(header_id::route);
  if (route.empty()) return request.request_uri();
  sip::cursor in(route);
  sip::route_header first;
  return sip::route_header::read(in, first) ? first.uri.raw : std::string_view{};
}

base::result<request_id> core::implementation::request(base::time_point now, sip::message message,
                                                       const sip::hop& flow) {
  const sip::method method = sip::method_of(message.method_name());
  if (!message.is_request() || method == sip::method::invite || method == sip::method::ack ||
      method == sip::method::cancel) {
    return errc::wrong_method;
  }
  bool good = true;
  const auto default_to = [&](header_id id, std::string_view value) {
    if (message.value_of(id).empty()) good = message.set(id, value).has_value() && good;
  };
  default_to(header_id::max_forwards, "70");
  default_to(header_id::call_id, make_token());
  default_to(header_id::cseq, "1 " + std::string(message.method_name()));
  const std::string from(message.value_of(header_id::from));
  if (from.find(";tag=") == std::string::npos) {
    good = message.set(header_id::from, from + ";tag=" + make_token()).has_value() && good;
  }
  if (!good || from.empty() || message.value_of(header_id::to).empty()) return errc::bad_message;
  client_request* const r = create_request(std::move(message), flow);
  if (r == nullptr) return errc::too_large;
  const auto id = request_id{r->id};
  start(now, *r);
  return id;
}

client_request* core::implementation::create_request(sip::message&& message, const sip::hop& flow) {
  const auto made = requests_.create(std::move(message));
  if (made.object == nullptr) return nullptr;
  client_request& r = *made.object;
  r.id = made.id;
  r.method = sip::method_of(r.message.method_name());
  sip::cursor in(r.message.value_of(header_id::cseq));
  if (sip::cseq_header cseq; sip::cseq_header::read(in, cseq)) r.cseq = cseq.number;
  r.flow = flow;
  return &r;
}

// Finds the first hop. Where there is none, the request fails later: what it belongs to may be in the middle
// of something.
void core::implementation::start(base::time_point now, client_request& r) {
  r.others.clear();
  if (r.flow.only_flow || r.flow.flow != 0) {
    r.others.push_back(r.flow);
  } else {
    const auto uri = sip::parse_uri(detail::first_uri(r.message));
    if (!uri || !uri->is_sip()) return fail_later(r, 416);
    const bool direct = r.message.value_of(header_id::route).empty();
    const bool secure = direct ? uri->scheme == sip::uri_scheme::sips : is_sips(r.message.request_uri());
    const auto where = sip::next_hop::of(*uri, secure);
    if (!where.ip) return look_up(now, r, where);
    sip::hop to;
    to.transport = where.over;
    to.remote = where.address();
    if (sip::is_single_host(*where.ip)) r.others.push_back(to);
  }
  if (!try_next(now, r)) fail_later(r, 503);
}

void core::implementation::look_up(base::time_point now, client_request& r, const sip::next_hop& where) {
  r.lookup = ++last_lookup_;
  r.lookup_ends = now + detail::lookup_time;
  lookups_.push_back(r.id);
  core_event& question = report(core_event::kind::resolve);
  question.lookup = r.lookup;
  question.host = where.host;
  question.port = where.port;
  question.transport = where.asked;
  question.secure = where.secure;
}

void core::implementation::handle_resolved(base::time_point now, std::uint64_t lookup,
                                           std::span<const sip::hop> hops) {
  const auto found = std::find_if(lookups_.begin(), lookups_.end(), [&](std::uint64_t id) {
    const client_request* const r = requests_.get(id);
    return r != nullptr && r->lookup == lookup;
  });
  if (found == lookups_.end()) return;
  client_request& r = *requests_.get(*found);
  lookups_.erase(found);
  r.lookup = 0;
  r.lookup_ends = base::never;
  const bool secure = is_sips(r.message.request_uri());
  for (const sip::hop& hop : hops) {
    if (r.others.size() == detail::max_addresses) break;
    // RFC 3261 26.2.2: all the way over TLS, or not at all.
    if (!sip::is_single_host(hop.remote.ip) || (secure && !sip::is_secure(hop.transport))) continue;
    r.others.push_back(hop);
  }
  std::reverse(r.others.begin(), r.others.end());
  if (r.method == sip::method::ack) {
    send_found_ack(now, r);
  } else if (r.cancelled || !try_next(now, r)) {
    fail(now, r, r.cancelled ? 487 : 503);
  }
  run_events(now);
}

base::time_point core::implementation::next_wait_end() noexcept {
  base::time_point next = retry_at_;
  for (const std::uint64_t id : lookups_) {
    if (const client_request* const r = requests_.get(id)) next = std::min(next, r->lookup_ends);
  }
  return next;
}

// Sends to the next address that can be sent to; false where none is left.
bool core::implementation::try_next(base::time_point now, client_request& r) {
  while (!r.others.empty()) {
    const sip::hop to = r.others.back();
    r.others.pop_back();
    if (send_to(now, r, to)) return true;
  }
  return false;
}

bool core::implementation::send_to(base::time_point now, client_request& r, sip::hop to) {
  if (!to.only_flow && !choose_listener(to)) return false;
  if (to.listener >= options_.listeners.size()) return false;
  const bool large_by_udp = std::exchange(r.large_by_udp, false);
  if (r.in_dialog && !r.challenged) {
    r.message.remove(header_id::authorization);
    r.message.remove(header_id::proxy_authorization);
    if (is_asker(to)) authorize(r);
  }
  const auto branch = layer_.make_branch();
  const bool adds_contact = wants_contact(r.method) && r.message.value_of(header_id::contact).empty();
  auto data = write(r.message, to, branch.text(), adds_contact ? contacts_[to.listener] : std::string_view());
  if (!data) return false;
  if (to.transport == sip::transport::udp && !to.only_flow && !large_by_udp &&
      options_.max_datagram_request != 0 && data->size() > options_.max_datagram_request) {
    // RFC 3261 18.1.1: by TCP, and where that can't be had by UDP after all.
    sip::hop by_tcp = to;
    by_tcp.transport = sip::transport::tcp;
    r.others.push_back(to);
    r.large_by_udp = true;
    if (send_to(now, r, by_tcp)) {
      r.large_by_udp = true;
      return true;
    }
    r.others.pop_back();
    r.large_by_udp = true;
    return send_to(now, r, to);
  }
  const auto client = layer_.request(now, to, *data, r.message.method_name(), branch.text(), r.id);
  if (!client) {
    ++counters_.dropped_no_room;
    return false;
  }
  r.client = *client;
  r.by = to;
  // What makes a dialog, or an ACK, is read from the request as it went.
  if (r.method == sip::method::invite || r.method == sip::method::subscribe ||
      r.method == sip::method::refer) {
    r.sent = std::move(*data);
  }
  return true;
}

bool core::implementation::choose_listener(sip::hop& to) const noexcept {
  const auto& listeners = options_.listeners;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    if (listeners[i].transport != to.transport || listeners[i].local.ip.is_v6() != to.remote.ip.is_v6())
      continue;
    to.listener = static_cast<std::uint16_t>(i);
    return true;
  }
  return false;
}

base::result<base::packet_buffer> core::implementation::write(const sip::message& message, const sip::hop& to,
                                                              std::string_view branch,
                                                              std::string_view contact) {
  const sip::method method = sip::method_of(message.method_name());
  // RFC 3261 13.2.1 and 20.5: what the peer may ask of us.
  const bool allows = method == sip::method::invite || method == sip::method::update;
  // What is sent may be kept for long, in a block of the pool's that is no larger than it has to be.
  constexpr std::size_t names = 128;  // of the start line and the headers that are not the message's own
  const std::size_t size = names + message.method_name().size() + message.request_uri().size() +
                           branch.size() + contact.size() + (allows ? allow_.size() : 0) +
                           options_.user_agent.size() + via_[to.listener].size() +
                           message.header_text().size() + message.body().size();
  auto buffer = pool_.allocate(size);
  if (!buffer || !buffer->resize(buffer->tailroom())) {
    ++counters_.dropped_no_room;
    return base::make_error_code(base::errc::limit_reached);
  }
  sip::writer out(buffer->mutable_bytes());
  out.request_line(message.method_name(), message.request_uri());
  out.header(header_id::via, via_[to.listener], branch);
  out.lines(message.header_text());
  if (!contact.empty()) out.header(header_id::contact, contact);
  if (allows) out.header(header_id::allow, allow_);
  if (!options_.user_agent.empty() && message.value_of(header_id::user_agent).empty()) {
    out.header(header_id::user_agent, options_.user_agent);
  }
  out.finish(message.body());
  const auto written = out.size();
  if (!written) return errc::too_large;
  buffer->trim_back(buffer->size() - *written);
  return std::move(*buffer);
}

void core::implementation::handle_response(base::time_point now, const transaction::received& got,
                                           const base::packet_buffer& data) {
  client_request* const r = requests_.get(got.user);
  if (r == nullptr || r->client != got.client) return;
  const int status = view_.status();
  if (status >= 200 && !r->final) {
    if ((status == 401 || status == 407) && answer_challenge(now, *r, view_)) return;
    if (status == 500 && repeat_overtaken(now, *r)) return;
    // RFC 3263 4.3: the next server is tried where this one has too much to do.
    if (status == 503 && !r->cancelled && try_next(now, *r)) {
      ++counters_.failed_over;
      return;
    }
    for (const auto asker : {sip::digest_asker::user_agent, sip::digest_asker::proxy}) {
      const auto take = [&](const auto& info) {
        if (info)
          std::ignore =
              accounts_.handle_info(asker, *info, r->attempt, r->message.request_uri(), view_.body());
      };
      if (asker == sip::digest_asker::user_agent)
        take(view_.get<sip::authentication_info_header>());
      else
        take(view_.get<sip::proxy_authentication_info_header>());
    }
  }
  deliver(now, *r, view_, data);
}

bool core::implementation::is_asker(const sip::hop& hop) const noexcept {
  return std::find(askers_.begin(), askers_.end(), hop.remote.ip.unmapped()) != askers_.end();
}

// Adds credentials for whoever has asked in this attempt, or in the one before it in its call.
void core::implementation::authorize(client_request& r) {
  detail::call_record* const c = calls_.get(r.call);
  if (!r.challenged && c != nullptr) r.attempt = c->attempt.follow_up();
  std::vector<sip::digest_answer> answers;
  accounts_.authorize(r.attempt, r.message.method_name(), r.message.request_uri(), r.message.body(), answers);
  for (const auto& [id, value] : answers) std::ignore = r.message.add(id, value);
  if (c != nullptr && r.method == sip::method::invite) c->credentials = std::move(answers);
}

bool core::implementation::answer_challenge(base::time_point now, client_request& r,
                                            const sip::message_view& response) {
  // Within a call the peer says where a request goes, so that whoever asks there may be anybody.
  if (r.cancelled || (r.in_dialog && !is_asker(r.by))) return false;
  std::vector<sip::challenge> offered;
  const auto collect = [&offered](const auto& header) { offered.push_back(header); };
  const bool by_proxy = response.status() == 407;
  if (by_proxy)
    std::ignore = response.for_each<sip::proxy_authenticate_header>(collect);
  else
    std::ignore = response.for_each<sip::www_authenticate_header>(collect);
  const auto asker = by_proxy ? sip::digest_asker::proxy : sip::digest_asker::user_agent;
  if (accounts_.handle_challenges(asker, offered, r.attempt) != sip::challenge_outcome::retry) return false;
  ++counters_.challenged;
  if (!is_asker(r.by)) {
    if (askers_.size() == detail::max_askers) askers_.erase(askers_.begin());
    askers_.push_back(r.by.remote.ip.unmapped());
  }
  if (r.others.empty() || r.others.back() != r.by) r.others.push_back(r.by);
  return repeat(now, r);
}

bool core::implementation::renumber(client_request& r) {
  std::uint32_t next = r.cseq + 1;
  if (r.in_dialog) {
    detail::call_record* const c = calls_.get(r.call);
    if (c == nullptr || r.leg >= c->legs.size()) return false;
    const auto given = c->legs[r.leg]->session.renumber(r.cseq);
    if (!given) return false;
    next = *given;
  }
  r.cseq = next;
  std::ignore =
      r.message.set(header_id::cseq, std::to_string(next) + ' ' + std::string(r.message.method_name()));
  return true;
}

// A request of another usage may have overtaken the BYE, which is out of order then (RFC 3261 12.2.2): the
// peer would keep its session.
bool core::implementation::repeat_overtaken(base::time_point now, client_request& r) {
  const detail::call_record* const c = calls_.get(r.call);
  if (r.method != sip::method::bye || !r.in_dialog || c == nullptr || r.leg >= c->legs.size()) return false;
  if (c->legs[r.leg]->session.dialog().local_cseq() <= r.cseq || !renumber(r)) return false;
  r.challenged = false;
  r.others.push_back(r.by);
  if (!try_next(now, r)) fail_later(r, 503);
  return true;
}

// As a new request with the next CSeq and credentials (RFC 3261 22.2 and 8.1.3.5), to the same address.
bool core::implementation::repeat(base::time_point now, client_request& r) {
  if (!renumber(r)) return false;
  detail::call_record* const c = calls_.get(r.call);
  r.message.remove(header_id::authorization);
  r.message.remove(header_id::proxy_authorization);
  r.challenged = true;
  authorize(r);
  if (c != nullptr) c->attempt = r.attempt;
  // Its number is taken: where it can't be sent, the request before it does not count any more.
  if (!try_next(now, r)) fail_later(r, 503);
  return true;
}

// Its final response is there: it doesn't go again, but is kept for copies of that.
void core::implementation::finish(client_request& r) {
  if (std::exchange(r.final, true)) return;
  const sip::message gone = std::move(r.message);
  if (detail::call_record* const c = calls_.get(r.call)) --c->requests;
}

void core::implementation::drop(client_request& r) {
  finish(r);
  if (detail::call_record* const c = calls_.get(r.call); c != nullptr && !r.in_dialog) c->invite = 0;
  requests_.destroy(r.id);
}

void core::implementation::fail_later(client_request& r, int status) {
  r.failure = status;
  failed_.push_back(r.id);
}

// No response: a time-out, or nothing that could be reached (RFC 3261 8.1.3.1).
void core::implementation::fail(base::time_point now, client_request& r, int status) {
  if (r.method == sip::method::ack) return send_found_ack(now, r);
  detail::call_record* const c = calls_.get(r.call);
  if (r.call == 0) {
    core_event& event = report(core_event::kind::response);
    event.request = request_id{r.id};
    event.status = status;
  }
  const bool in_dialog = r.in_dialog;
  const std::uint32_t index = r.leg;
  const std::uint32_t cseq = r.cseq;
  drop(r);
  if (c == nullptr) return;
  if (!in_dialog) return invite_failed(now, *c, status);
  if (index < c->legs.size()) c->legs[index]->session.handle_failure(now, cseq, status);
  pump(now, *c);
}

void core::implementation::deliver(base::time_point now, client_request& r, const sip::message_view& response,
                                   const base::packet_buffer& data) {
  const int status = response.status();
  detail::call_record* const c = calls_.get(r.call);
  if (r.call == 0) {
    if (status < 200) return;
    core_event& event = report(core_event::kind::response);
    event.request = request_id{r.id};
    event.status = status;
    event.message = data;
    event.from = r.by;
    return drop(r);
  }
  if (!r.in_dialog && status / 100 == 2 && is_over(r, response)) return;
  if (c == nullptr) {
    if (!r.in_dialog && status / 100 == 2) handle_late_success(now, r, response);
    return;
  }
  if (!r.in_dialog) return handle_invite_response(now, *c, r, response, data);
  detail::leg* const l = r.leg < c->legs.size() ? c->legs[r.leg].get() : nullptr;
  if (status >= 200) {
    const bool may_come_again = r.method == sip::method::invite && status < 300;
    if (may_come_again && l != nullptr) l->by = r.by;
    may_come_again ? finish(r) : drop(r);
  }
  if (l != nullptr) l->session.handle_response(now, response);
  pump(now, *c);
}

void core::implementation::handle_event(base::time_point now, const transaction::event& e) {
  using kind = transaction::event::kind;
  switch (e.what) {
    case kind::none:
    case kind::client_deadline:
    case kind::server_transport_failed:
    case kind::server_expired: return;
    case kind::server_no_ack: return;
    case kind::server_ended:
      if (detail::server_request* const r = incoming_.get(e.user); r != nullptr && r->server == e.server) {
        incoming_.destroy(e.user);
        kept_.reset();
      }
      return;
    case kind::client_timed_out:
    case kind::client_transport_failed:
      if (client_request* const r = requests_.get(e.user);
          r != nullptr && r->client == e.client && !r->final) {
        const bool timed_out = e.what == kind::client_timed_out;
        // RFC 3261 18.1.1: UDP takes over where TCP can't be had, not where the server is silent.
        if (r->large_by_udp && timed_out) {
          r->large_by_udp = false;
          if (!r->others.empty()) r->others.pop_back();
        }
        if (!r->cancelled && try_next(now, *r)) {
          ++counters_.failed_over;
          return;
        }
        fail(now, *r, timed_out ? 408 : 503);
      }
      return;
    case kind::client_ended:
      if (client_request* const r = requests_.get(e.user); r != nullptr && r->client == e.client) {
        detail::call_record* const c = calls_.get(r->call);
        drop(*r);
        if (c != nullptr) maybe_destroy(now, *c);
      }
      return;
  }
}

}  // namespace parley::ua
