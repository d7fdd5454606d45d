#include <parley/sip/name_addr.hpp>
#include <parley/sip/patch.hpp>
#include <parley/sip/simple.hpp>

#include "proxy/detail/core_impl.hpp"
#include "proxy/detail/max_breadth.hpp"
#include "proxy/detail/reach.hpp"
#include "proxy/detail/write_patch.hpp"

#include <algorithm>
#include <utility>

// One request to one hop (RFC 3261 16.6).

namespace parley::proxy {
namespace {

using sip::header_id;

/// A parameter of our own Via: the flow that the response goes back by.
constexpr std::string_view flow_parameter = ";flow=";

/// RFC 7339 4.1 and 4.2: we would like to hear of the neighbour's load.
constexpr std::string_view overload_parameters = ";oc;oc-algo=\"loss\"";

/// RFC 3261 16.6.4, RFC 6665 4.3: requests that may begin a dialog.
bool may_open_dialog(const sip::message_view& request) noexcept {
  switch (request.method()) {
    case sip::method::invite:
    case sip::method::subscribe:
    case sip::method::refer:
    case sip::method::notify: return true;
    default: return false;
  }
}

/// A URI of ours with the flow, if there is one, as its user part.
struct own_uri {
  own_uri(std::string_view uri, std::string_view flow) noexcept
      : scheme(uri.substr(0, uri.find(':') + 1)), user(flow), at(flow.empty() ? "" : "@") {
    host = uri.substr(scheme.size());
  }

  std::string_view scheme;
  std::string_view user;
  std::string_view at;
  std::string_view host;
};

}  // namespace

bool core::implementation::choose_listener(sip::hop& next, const sip::hop& from,
                                           std::string_view own_route) const noexcept {
  const auto& listeners = options_.listeners;
  const auto fits = [&](std::size_t i) {
    return listeners[i].transport == next.transport &&
           listeners[i].local.ip.is_v6() == next.remote.ip.is_v6();
  };
  const auto take = [&](std::size_t i) {
    next.listener = static_cast<std::uint16_t>(i);
    return true;
  };
  // RFC 5658 5: the last of our Routes was recorded for the side on which the request leaves. A seal follows.
  const auto is_from = [own_route](std::string_view recorded) {
    return !recorded.empty() && own_route.starts_with(recorded) &&
           (own_route.size() == recorded.size() || own_route[recorded.size()] == ';');
  };
  for (std::size_t i = 0; !own_route.empty() && i < texts_.size(); ++i) {
    if (fits(i) && (is_from(texts_[i].route_uri) || is_from(texts_[i].secure_route_uri))) return take(i);
  }
  if (from.listener < listeners.size() && fits(from.listener)) return take(from.listener);
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    if (fits(i)) return take(i);
  }
  if (next.transport != sip::transport::ws) return false;
  // RFC 7118 5.2.3: `transport=ws` is how one on a secure WebSocket calls itself, too.
  next.transport = sip::transport::wss;
  return choose_listener(next, from, own_route);
}

base::result<base::packet_buffer> core::implementation::edit_request(
    const sip::hop& from, const sip::via_header& via, const sip::hop& next, const route_plan& plan,
    const detail::branch_target& to, std::string_view branch) {
  const detail::listener_text& text = texts_[next.listener];
  sip::patch edit(view_);
  const std::string_view ask = options_.overload.ask ? overload_parameters : std::string_view{};
  if (options_.stateless && from.flow != 0) {
    // Nothing but our own Via remembers which connection the response belongs to.
    edit.add_first(header_id::via, {text.via, branch, text.via_end, ask, flow_parameter,
                                    edit.note(tokens_.write(from).text())});
  } else {
    edit.add_first(header_id::via, {text.via, branch, text.via_end, ask});
  }
  transaction::stamp_via(edit, via, from.remote);
  if (options_.record_route && may_open_dialog(view_)) {
    // RFC 3261 16.6.4: a request that is to go by TLS all the way has a route that does.
    stay_on_path(
        edit, from, next,
        detail::is_sips(to.uri.empty() ? plan.request_uri : to.uri) || detail::is_sips(plan.next_route));
  } else if (view_.method() == sip::method::register_ && from.listener < texts_.size() &&
             (detail::supports(view_, "path") || detail::supports(view_, "outbound")) &&
             detail::is_reached_by_flow(view_, from)) {
    // RFC 5626 5.1: whom the registrar can reach by this flow only, it reaches through us.
    const own_uri uri(texts_[from.listener].route_uri, edit.note(tokens_.write(from).text()));
    edit.add_first(header_id::path, {"<", uri.scheme, uri.user, uri.at, uri.host, ";ob>"});
  }
  if (!to.path.empty() && plan.next_route.empty()) edit.add_first(header_id::route, {to.path});
  sip::text_writer hops(edit.scratch());
  if (const auto left = view_.get<sip::max_forwards_header>()) {
    hops << left->value - 1;
    edit.set_value(view_.find(header_id::max_forwards), edit.note_written(hops));
  } else {
    hops << unsigned{options_.max_forwards};
    edit.add_first(header_id::max_forwards, {edit.note_written(hops)});
  }
  if (const detail::max_breadth asked(view_); asked.is_missing() || asked.value != to.breadth) {
    // RFC 5393 5.3.3: each request that is forwarded has one.
    sip::text_writer breadth(edit.scratch());
    breadth << unsigned{to.breadth};
    const std::string_view value = edit.note_written(breadth);
    if (asked.is_missing()) {
      edit.add_first(detail::max_breadth::name, {value});
    } else {
      edit.set_value(asked.line, value);
    }
  }
  apply_route(edit, view_, plan, to.uri);
  if (sip::is_reliable(next.transport) && !view_.has(header_id::content_length)) {
    // RFC 3261 16.6.9: on a stream the length has to be there.
    sip::text_writer length(edit.scratch());
    length << view_.body().size();
    edit.add_last(header_id::content_length, {edit.note_written(length)});
  }
  return detail::write_patch(edit, pool_);
}

void core::implementation::stay_on_path(sip::patch& edit, const sip::hop& from, const sip::hop& next,
                                        bool secure) {
  const route_seals::text sealed = seals_.write(view_.value_of(header_id::call_id));
  const std::string_view seal = edit.note({sealed.data(), sealed.size()});
  const auto stay = [&](const sip::hop& side, bool by_flow) {
    const detail::listener_text& text = texts_[side.listener];
    const std::string_view flow = by_flow ? edit.note(tokens_.write(side).text()) : std::string_view{};
    const own_uri uri(secure && !text.secure_route_uri.empty() ? text.secure_route_uri : text.route_uri,
                      flow);
    edit.add_first(header_id::record_route,
                   {"<", uri.scheme, uri.user, uri.at, uri.host, route_seals::parameter, seal, ">"});
  };
  stay(next, next.only_flow);
  if (from.listener >= texts_.size()) return;
  // RFC 5658 5: a proxy between two transports or addresses stands in the route once for each side; the side
  // on which the request leaves is on top. So does one that reaches a side by its flow (RFC 5626 5.3).
  const bool by_flow = detail::is_reached_by_flow(view_, from);
  if (from.listener != next.listener || by_flow || next.only_flow) stay(from, by_flow);
}

// RFC 3261 18.1.1: a large request goes over a transport that controls congestion. Where that can't be, the
// request is sent by UDP after all.
bool core::implementation::send_by_tcp(base::time_point now, record& r, const detail::branch_target& to,
                                       const sip::hop& by_udp, const route_plan& plan) {
  sip::hop by_tcp = by_udp;
  by_tcp.transport = sip::transport::tcp;
  if (!choose_listener(by_tcp, r.from, plan.own_route)) return false;
  if (send_to(now, r, to, by_tcp, plan) != 0) return false;
  ++counters_.moved_to_tcp;
  if (r.stateless) return true;
  r.others.push_back(
      {r.responses.branches().back().client, detail::held_target(to, 0), by_tcp, {by_udp}, true});
  return true;
}

int core::implementation::send_to(base::time_point now, record& r, const detail::branch_target& to,
                                  const sip::hop& to_hop, const route_plan& plan, bool large_by_udp) {
  sip::hop next = to_hop;
  // RFC 3261 16.9: a hop that can't be reached counts as if it had answered 503.
  if (!next.only_flow && !choose_listener(next, r.from, plan.own_route)) return 503;
  const auto via = view_.get<sip::via_header>();
  if (!via) return 400;
  if (options_.overload.ask && !neighbours_.admits(now, next.remote, rank_of(view_))) {
    // RFC 7339 5.10.2: as if it had said 503 itself.
    ++counters_.spared;
    return 503;
  }
  if (const auto hops = view_.get<sip::max_forwards_header>(); hops && hops->value == 0) return 483;
  // RFC 3261 16.6.8: the branch carries what tells a loop from a spiral.
  const auto branch = options_.stateless ? stateless_branch(*via, r.from, to.by_address)
                                         : layer_.make_branch(loop_mark(view_, to.by_address));
  auto out = edit_request(r.from, *via, next, plan, to, branch.text());
  if (!out) {
    // More changes than a patch holds, in a request that is built to need them.
    if (out.error() == base::errc::no_space) return 500;
    ++counters_.dropped_no_room;
    r.overloaded = true;
    return 503;
  }
  if (next.transport == sip::transport::udp && !next.only_flow && !large_by_udp &&
      options_.max_datagram_request != 0 && out->size() > options_.max_datagram_request &&
      send_by_tcp(now, r, to, next, plan)) {
    return 0;
  }
  if (r.stateless) {
    if (layer_.send(next, std::move(*out))) {
      ++counters_.requests_forwarded;
    } else {
      ++counters_.dropped_no_room;
    }
    return 0;
  }
  const auto client = layer_.request(now, next, std::move(*out), view_.method_name(), branch.text(), r.id);
  if (!client) {
    r.overloaded = true;
    return 503;
  }
  ++counters_.requests_forwarded;
  ++r.transactions;
  r.responses.add_branch(*client, next);
  if (!r.waits_for_lookup()) r.guard.disarm();
  if (r.is_invite()) {
    layer_.set_deadline(*client, now + (r.has_next_group() ? options_.group_time : options_.timer_c));
  }
  return 0;
}

}  // namespace parley::proxy
