#include "net/detail/connection_races.hpp"

#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include "net/detail/connection.hpp"
#include "net/detail/transport_core.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace parley::net::detail {

bool connection_races::race::has(std::uint64_t flow) const noexcept {
  return std::find(flows.begin(), flows.end(), flow) != flows.end();
}

void connection_races::start(std::vector<sip::hop> hops, transport_set::race_handler done) {
  race& r = races_.emplace_back(*this, std::move(hops), std::move(done));
  if (races_.size() > core_.limits().max_races) {
    ++core_.counters().races_refused;
    return end(r, errc::limit_reached);
  }
  for (const sip::hop& hop : r.hops) {
    const auto known = core_.connections().find(hop);
    if (known && known->is_open()) return end(r, known->hop());
  }
  ++core_.counters().races;
  r.error = errc::unknown_listener;
  go_on(r);
}

void connection_races::go_on(race& r) {
  while (r.next < r.hops.size()) {
    const sip::hop& to = r.hops[r.next++];
    base::error_code error = errc::unknown_listener;
    const auto& listeners = core_.listeners();
    const bool usable = to.listener < listeners.size() &&
                        listeners[to.listener].options.transport == to.transport &&
                        !listeners[to.listener].udp;
    const auto attempt = usable ? core_.connection_for(to, error) : nullptr;
    if (attempt && attempt->is_open()) {
      // Somebody else has opened it since this race began: nobody will tell of it again.
      const std::vector<std::uint64_t> others = std::move(r.flows);
      end(r, attempt->hop());
      return drop_unused(others);
    }
    if (!attempt || !attempt->is_opening()) {
      r.error = attempt && !error ? make_error_code(errc::flow_gone) : error;
      continue;
    }
    r.flows.push_back(attempt->hop().flow);
    if (r.next < r.hops.size()) core_.arm(r.timer, steady_clock_source::now() + core_.limits().attempt_delay);
    return;
  }
  if (r.flows.empty()) end(r, r.error);
}

void connection_races::handle_open(const connection& opened) {
  std::vector<std::uint64_t> others;
  for (auto next = races_.begin(); next != races_.end();) {
    race& r = *next++;
    if (!r.has(opened.hop().flow)) continue;
    std::erase(r.flows, opened.hop().flow);
    others.insert(others.end(), r.flows.begin(), r.flows.end());
    end(r, opened.hop());
  }
  drop_unused(others);
}

void connection_races::handle_failure(const connection& failed, const base::error_code& why) {
  for (auto next = races_.begin(); next != races_.end();) {
    race& r = *next++;
    if (std::erase(r.flows, failed.hop().flow) == 0) continue;
    r.error = why;
    go_on(r);
  }
}

// RFC 8305 5: once one is open the other attempts are given up, but for those that somebody else waits for.
void connection_races::drop_unused(const std::vector<std::uint64_t>& flows) {
  for (const std::uint64_t flow : flows) {
    const auto late = core_.connections().find(flow);
    const bool raced =
        std::any_of(races_.begin(), races_.end(), [flow](const race& r) { return r.has(flow); });
    if (!late || late->is_open() || late->has_queued() || raced) continue;
    core_.connections().remove(*late);
    late->abandon();
  }
}

void connection_races::end(race& r, const base::result<sip::hop>& winner) {
  r.timer.disarm();
  asio::post(core_.executor(), [core = core_.weak_from_this(), done = std::move(r.done), winner] {
    const auto alive = core.lock();
    if (alive && !alive->closed()) done(winner);
  });
  races_.remove_if([&r](const race& one) { return &one == &r; });
}

}  // namespace parley::net::detail
