#include <parley/sip/name_addr.hpp>
#include <parley/sip/next_hop.hpp>
#include <parley/sip/uri.hpp>

#include "proxy/detail/core_impl.hpp"
#include "proxy/detail/max_breadth.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

// Where a request goes: targets, their groups, their addresses (RFC 3261 16.5 to 16.7, RFC 3263 4).

namespace parley::proxy {
namespace {

bool is_same_uri(std::string_view a, std::string_view b) noexcept {
  if (a == b) return true;
  const auto first = sip::parse_uri(a);
  const auto second = sip::parse_uri(b);
  return first && second && sip::equivalent(*first, *second);
}

/// The URI of the first of these Route values, empty where there is none.
std::string_view first_of(std::string_view routes) noexcept {
  sip::cursor in(routes);
  in.skip_lws();
  sip::route_header first;
  return sip::route_header::read(in, first) ? first.uri.raw : std::string_view{};
}

}  // namespace

base::result<void> core::implementation::forward(base::time_point now, request_id id,
                                                 std::span<const target> targets) {
  record* const r = find(id);
  if (r == nullptr || !r->undecided) return errc::unknown_request;
  index(*r);
  r->undecided = false;
  r->by_policy = true;
  if (r->stateless) {
    // RFC 3261 16.11: without state there is one target, and it has to be the same for a retransmission.
    if (targets.empty()) {
      refuse_stateless(*r, 404);
    } else {
      forward_stateless(now, *r, targets.front(), plan_route(view_, options_.own));
    }
    return {};
  }
  if (targets.empty() || options_.max_branches == 0) {
    finish(now, *r, 404);
  } else if (targets.size() == 1) {
    // The plain case needs no list.
    try_target(now, *r, {targets.front(), breadth()}, plan_route(view_, options_.own));
    settle(now, *r);
  } else {
    hold(*r, targets);
    send_group(now, *r);
  }
  run_events(now);
  return {};
}

void core::implementation::hold(record& r, std::span<const target> targets) {
  const route_plan plan = plan_route(view_, options_.own);
  for (const target& t : targets) {
    if (t.alternate && !r.held.empty()) {
      r.held.back().flows.emplace_back(t);
    } else {
      r.held.emplace_back(t);
    }
  }
  std::stable_sort(r.held.begin(), r.held.end(), [](const auto& a, const auto& b) { return a.q > b.q; });
  // RFC 3261 16.5: a target is in the set once.
  auto end = r.held.begin();
  for (auto t = r.held.begin(); t != r.held.end(); ++t) {
    const bool known = std::any_of(r.held.begin(), end, [&](const auto& earlier) {
      const auto uri_of = [&plan](const auto& one) {
        return one.uri.empty() ? plan.request_uri : std::string_view(one.uri);
      };
      if (!is_same_uri(uri_of(earlier), uri_of(*t))) return false;
      // A Route leads them to the same hop, whatever policy says.
      if (!plan.next_route.empty()) return true;
      return earlier.flow == t->flow && earlier.path == t->path && is_same_uri(earlier.next_hop, t->next_hop);
    });
    if (known) continue;
    if (end != t) *end = std::move(*t);
    if (static_cast<std::size_t>(++end - r.held.begin()) == options_.max_branches) break;
  }
  r.held.erase(end, r.held.end());
}

void core::implementation::send_group(base::time_point now, record& r) {
  // RFC 3261 16.6: targets of equal q in parallel, lower ones when all of these have ended.
  while (r.has_next_group() && !r.responses.has_pending()) {
    const std::uint16_t q = r.held.front().q;
    const auto end = std::find_if(r.held.begin(), r.held.end(), [q](const auto& t) { return t.q != q; });
    std::vector<detail::held_target> group(std::make_move_iterator(r.held.begin()),
                                           std::make_move_iterator(end));
    r.held.erase(r.held.begin(), end);
    index(r);
    // RFC 5393 5.3.3: nothing is pending, so that all of the breadth is there to be divided.
    const std::size_t whole = breadth();
    if (whole < group.size()) {
      r.responses.add_failure(440);
      continue;
    }
    const route_plan plan = plan_route(view_, options_.own);
    for (std::size_t i = 0; i < group.size(); ++i) {
      const std::size_t share = whole / group.size() + (i < whole % group.size() ? 1 : 0);
      group[i].breadth = static_cast<std::uint8_t>(share);
      try_flows(now, r, std::move(group[i]), plan);
    }
    if (r.waits_for_lookup()) return;
  }
  if (!r.responses.has_pending()) settle(now, r);
}

// Over how many branches the request in hand may spread.
std::uint8_t core::implementation::breadth() const noexcept {
  const detail::max_breadth asked(view_);
  return asked.is_missing()
             ? options_.max_breadth
             : static_cast<std::uint8_t>(std::min<std::uint32_t>(asked.value, options_.max_breadth));
}

void core::implementation::try_target(base::time_point now, record& r, const detail::branch_target& to,
                                      const route_plan& plan) {
  if (const int status = send_branch(now, r, to, plan); status != 0) r.responses.add_failure(status);
}

// Sends to a target, and where that can't be done to its alternates; what is left of them is kept with the
// branch, or with the address that is waited for.
void core::implementation::try_flows(base::time_point now, record& r, detail::held_target to,
                                     const route_plan& plan) {
  const std::uint64_t before = lookups_;
  int status = send_branch(now, r, to.view(), plan);
  while (status != 0 && !to.flows.empty()) {
    to.take_next_flow();
    status = send_branch(now, r, to.view(), plan);
  }
  if (status != 0) return r.responses.add_failure(status);
  if (to.flows.empty()) return;
  if (lookups_ != before) {
    r.held.back().flows = std::move(to.flows);
    return;
  }
  const auto client = r.responses.branches().back().client;
  const auto moved =
      std::find_if(r.others.begin(), r.others.end(), [&](const auto& o) { return o.client == client; });
  if (moved == r.others.end()) {
    r.others.push_back({client, std::move(to), {}, {}, false});
  } else {
    moved->to.flows = std::move(to.flows);  // it went by TCP for its size
  }
}

int core::implementation::send_branch(base::time_point now, record& r, const detail::branch_target& to,
                                      const route_plan& plan) {
  if (to.breadth == 0) return 440;
  // What is written into the request has to be a URI, wherever it is from.
  if (!to.uri.empty() && !sip::parse_uri(to.uri)) return 404;
  // RFC 5630 5.3: what came for a sips URI goes on to nothing but a sips URI.
  const bool came_secure = detail::is_sips(plan.request_uri);
  if (came_secure && !to.uri.empty() && !detail::is_sips(to.uri)) return 480;
  const bool goes_secure = came_secure || detail::is_sips(to.uri);
  const std::string_view path = first_of(to.path);
  if (to.flow.only_flow && plan.next_route.empty() && path.empty()) {
    if (to.flow.listener >= options_.listeners.size()) return 503;
    // RFC 3261 26.2.2: all the way over TLS, or not at all.
    if (goes_secure && !sip::is_secure(to.flow.transport)) return 480;
    return send_to(now, r, to, to.flow, plan);
  }
  const bool stays = plan.next_route.empty() && path.empty() && to.next_hop.empty() && to.uri.empty();
  const std::string_view next_uri = !plan.next_route.empty() ? plan.next_route
                                    : !path.empty()          ? path
                                    : !to.next_hop.empty()   ? to.next_hop
                                    : !to.uri.empty()        ? to.uri
                                                             : plan.request_uri;
  const auto uri = sip::parse_uri(next_uri);
  if (!uri) return stays ? 400 : 404;
  if (!uri->is_sip()) return 416;
  // RFC 3261 16.4: a maddr of ours counts as if it, and the port and transport with it, were not there.
  const bool strip = stays && plan.strip_maddr;
  // RFC 3261 16.6.7: whichever URI leads there, where the Request-URI is sips it is looked up as one of sips.
  const auto where = sip::next_hop::of(*uri, goes_secure, strip);
  if (!where.ip) {
    event question;
    question.host = where.host;
    question.port = where.port;
    question.transport = where.asked;
    question.secure = where.secure;
    return look_up(now, r, to, std::move(question));
  }
  if (!sip::is_single_host(*where.ip)) return 404;
  sip::hop next;
  next.transport = where.over;
  next.remote = where.address();
  return send_to(now, r, to, next, plan);
}

int core::implementation::look_up(base::time_point now, record& r, const detail::branch_target& to,
                                  event question) {
  question.what = event::kind::resolve;
  question.request = request_id{r.id};
  question.lookup = ++lookups_;
  if (const auto via = view_.get<sip::via_header>(); r.stateless && via) {
    question.choice = stateless_number(*via, r.from.remote.ip) | 1U;
  }
  if (!events_.push(std::move(question))) {
    r.overloaded = true;
    return 503;
  }
  lookup_owner_.emplace(lookups_, r.id);
  r.held.emplace_back(to, lookups_);
  wheel_.arm(r.guard, now + detail::guard_time);
  return 0;
}

void core::implementation::handle_resolved(base::time_point now, std::uint64_t id,
                                           std::span<const sip::hop> hops) {
  const auto found = lookup_owner_.find(id);
  if (found == lookup_owner_.end()) return;
  const std::uint64_t request = found->second;
  lookup_owner_.erase(found);
  record* const r = requests_.get(request);
  if (r == nullptr) return;
  const auto held =
      std::find_if(r->held.begin(), r->held.end(), [id](const auto& t) { return t.lookup == id; });
  if (held == r->held.end()) return;
  detail::alternates others{transaction::client_id::none, std::move(*held), {}, {}, false};
  others.to.lookup = 0;
  r->held.erase(held);
  if (r->answered) return;
  index(*r);
  const route_plan plan = plan_route(view_, options_.own);
  const bool secure = detail::is_sips(plan.request_uri) || detail::is_sips(others.to.uri);
  for (const sip::hop& found_hop : hops) {
    sip::hop next;
    next.transport = found_hop.transport;
    next.remote = {found_hop.remote.ip.unmapped(), found_hop.remote.port};
    next.domain = found_hop.domain;
    if (others.hops.size() == detail::max_addresses) break;
    if (!sip::is_single_host(next.remote.ip) || !choose_listener(next, r->from, plan.own_route)) continue;
    if (secure && !sip::is_secure(next.transport)) continue;
    if (next.listener == found_hop.listener) next.flow = found_hop.flow;
    if (std::find(others.hops.begin(), others.hops.end(), next) == others.hops.end())
      others.hops.push_back(next);
  }
  std::reverse(others.hops.begin(), others.hops.end());
  const int status = others.hops.empty() ? 503 : send_to_next(now, *r, std::move(others), plan);
  if (r->stateless) return status == 0 ? maybe_destroy(*r) : refuse_stateless(*r, status);
  if (status != 0) r->responses.add_failure(status);
  settle(now, *r);
  run_events(now);
}

int core::implementation::send_to_next(base::time_point now, record& r, detail::alternates&& others,
                                       const route_plan& plan) {
  others.current = others.hops.back();
  others.hops.pop_back();
  const bool large_by_udp = std::exchange(others.large_by_udp, false);
  const int status = send_to(now, r, others.to.view(), others.current, plan, large_by_udp);
  if (status != 0 || r.stateless) return status;
  others.client = r.responses.branches().back().client;
  const auto moved = std::find_if(r.others.begin(), r.others.end(),
                                  [&](const auto& o) { return o.client == others.client; });
  if (moved == r.others.end()) {
    r.others.push_back(std::move(others));
  } else {
    // It went by TCP for its size: the same server by UDP comes before the others.
    moved->hops.insert(moved->hops.begin(), others.hops.begin(), others.hops.end());
  }
  return 0;
}

void core::implementation::report_hop(const record& r, transaction::client_id failed, hop_failure why,
                                      std::chrono::seconds retry_after) {
  const auto found =
      std::find_if(r.others.begin(), r.others.end(), [&](const auto& o) { return o.client == failed; });
  // A flow is no server that others could be sent to.
  if (found == r.others.end() || found->current == sip::hop{}) return;
  event e;
  e.what = event::kind::hop_failed;
  e.hop = found->current;
  e.failure = why;
  e.retry_after = retry_after;
  std::ignore = events_.push(std::move(e));
}

bool core::implementation::try_alternate(base::time_point now, record& r, response_context::branch& failed,
                                         hop_failure why) {
  const auto found = std::find_if(r.others.begin(), r.others.end(),
                                  [&](const auto& o) { return o.client == failed.client; });
  if (found == r.others.end() || !may_try_more(r)) return false;
  // RFC 3261 18.1.1: UDP takes over where TCP can't be had, not where the server is busy or silent.
  if (found->large_by_udp && why != hop_failure::transport) {
    found->large_by_udp = false;
    found->hops.pop_back();
  }
  if (found->hops.empty()) return why != hop_failure::unavailable && try_next_flow(now, r, failed);
  detail::alternates others = std::move(*found);
  r.others.erase(found);
  r.responses.set_aside(failed);  // the new branch moves the list
  index(r);
  const int status = send_to_next(now, r, std::move(others), plan_route(view_, options_.own));
  if (status != 0) r.responses.add_failure(status);
  return true;
}

bool core::implementation::may_try_more(const record& r) const noexcept {
  return !r.answered && !r.cancelled && !r.has_unsent() && !r.responses.is_decided() &&
         r.responses.branches().size() < options_.max_branches;
}

// RFC 5626 7: where a flow has failed, the client may have another one.
bool core::implementation::try_next_flow(base::time_point now, record& r, response_context::branch& failed) {
  const auto found = std::find_if(r.others.begin(), r.others.end(),
                                  [&](const auto& o) { return o.client == failed.client; });
  if (found == r.others.end() || found->to.flows.empty() || !may_try_more(r)) return false;
  detail::held_target to = std::move(found->to);
  r.others.erase(found);
  to.take_next_flow();
  r.responses.set_aside(failed);  // the new branch moves the list
  index(r);
  try_flows(now, r, std::move(to), plan_route(view_, options_.own));
  return true;
}

}  // namespace parley::proxy
