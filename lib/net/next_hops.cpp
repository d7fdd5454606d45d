#include "net/detail/next_hops.hpp"

#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace parley::net::detail {
namespace {

/// What the listeners can send over, in their order.
std::vector<usable_transport> usable_transports(const transport_set& transports) {
  std::vector<usable_transport> out;
  for (std::size_t i = 0; i < transports.listener_count(); ++i) {
    const auto index = static_cast<std::uint16_t>(i);
    const sip::transport over = transports.options(index).transport;
    auto known = std::find_if(out.begin(), out.end(),
                              [over](const usable_transport& t) { return t.transport == over; });
    if (known == out.end()) known = out.insert(out.end(), {over, false, false});
    (transports.local_address(index).ip.is_v6() ? known->v6 : known->v4) = true;
  }
  return out;
}

// RFC 7118 has a client name the host that it wants, and RFC 5922 has the server prove it.
bool names_its_host(sip::transport over) noexcept {
  return sip::is_secure(over) || over == sip::transport::ws;
}

}  // namespace

next_hops::next_hops(asio::any_io_executor executor, transport_set& transports, name_source& names,
                     base::random_source& random, const locator_options& locator,
                     const blacklist_options& blacklist)
    : transports_(transports),
      locator_(std::move(executor), names, random, usable_transports(transports), locator),
      blacklist_(base::siphash_key::from(random), blacklist) {}

void next_hops::find(location_query asked, std::uint16_t from, handler done) {
  const bool chosen = asked.choice.has_value();
  std::string host = asked.host;
  locator_.locate(
      std::move(asked), [this, chosen, from, host = std::move(host), done = std::move(done)](
                            const base::error_code& error, const std::vector<located_target>& targets) {
        auto s = std::make_shared<search>(search{hops_to(targets, host, from), done});
        if (s->hops.empty()) return done(error ? error : errc::unsupported_transport, {});
        // RFC 3263 4.4: what a choice leads to does not depend on what happened meanwhile.
        if (chosen) return done({}, s->hops);
        const base::time_point now = steady_clock_source::now();
        blacklist_.order(now, s->hops);
        const std::size_t count = racers(s->hops, targets, now);
        if (count == 0) return done({}, s->hops);
        transports_.race({s->hops.begin(), s->hops.begin() + static_cast<std::ptrdiff_t>(count)},
                         [self = std::weak_ptr(self_), s, count](const base::result<sip::hop>& winner) {
                           if (const auto alive = self.lock()) (*alive)->handle_race(*s, count, winner);
                         });
      });
}

std::optional<std::uint16_t> next_hops::listener_for(const sip::hop& to, std::uint16_t from) const noexcept {
  const std::size_t count = transports_.listener_count();
  const auto fits = [&](std::uint16_t index) {
    return index < count && transports_.options(index).transport == to.transport &&
           transports_.local_address(index).ip.is_v6() == to.remote.ip.is_v6();
  };
  if (fits(from)) return from;
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto index = static_cast<std::uint16_t>(i); fits(index)) return index;
  }
  return std::nullopt;
}

std::vector<sip::hop> next_hops::hops_to(const std::vector<located_target>& targets, const std::string& host,
                                         std::uint16_t from) {
  std::vector<sip::hop> hops;
  std::uint32_t domain = 0;
  for (const located_target& target : targets) {
    sip::hop to{target.transport, 0, target.address};
    const auto listener = listener_for(to, from);
    if (!listener) continue;
    to.listener = *listener;
    // RFC 5922 4: the identity is that of the URI, not what SRV made of it.
    if (names_its_host(to.transport)) {
      if (domain == 0)
        domain = transports_.domain(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
      to.domain = domain;
    }
    hops.push_back(to);
  }
  return hops;
}

/// How many of the hops are addresses of the first one's server, over a stream, and of both families; 0 where
/// there is nothing to race for.
std::size_t next_hops::racers(const std::vector<sip::hop>& hops, const std::vector<located_target>& targets,
                              base::time_point now) const {
  if (hops.empty() || hops.front().transport == sip::transport::udp) return 0;
  const auto server_of = [&](const sip::hop& hop) {
    const auto found = std::find_if(targets.begin(), targets.end(), [&](const located_target& t) {
      return t.transport == hop.transport && t.address == hop.remote;
    });
    return found->server;
  };
  const bool failed = blacklist_.contains(now, hops.front());
  const auto end = std::find_if(hops.begin(), hops.end(), [&](const sip::hop& hop) {
    return hop.transport != hops.front().transport || server_of(hop) != server_of(hops.front()) ||
           blacklist_.contains(now, hop) != failed;
  });
  const bool both = std::any_of(hops.begin(), end, [&](const sip::hop& hop) {
    return hop.remote.ip.is_v6() != hops.front().remote.ip.is_v6();
  });
  return both ? static_cast<std::size_t>(end - hops.begin()) : 0;
}

void next_hops::handle_race(search& s, std::size_t racers, const base::result<sip::hop>& winner) {
  const auto end = s.hops.begin() + static_cast<std::ptrdiff_t>(racers);
  if (winner) {
    const auto won =
        std::find_if(s.hops.begin(), end, [&](const sip::hop& hop) { return hop.remote == winner->remote; });
    if (won != end) {
      std::rotate(s.hops.begin(), won, won + 1);
      s.hops.front().flow = winner->flow;
    }
  } else if (winner.error() != errc::limit_reached) {
    // All of them have been tried: other servers first.
    const base::time_point now = steady_clock_source::now();
    for (auto hop = s.hops.begin(); hop != end; ++hop) handle_failure(now, *hop);
    std::rotate(s.hops.begin(), end, s.hops.end());
  }
  s.done({}, s.hops);
}

void next_hops::handle_failure(base::time_point now, const sip::hop& failed, base::duration retry_after) {
  ++blacklisted_;
  blacklist_.add(now, failed, retry_after);
}

}  // namespace parley::net::detail
