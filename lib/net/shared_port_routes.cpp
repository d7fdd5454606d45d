#include "net/detail/shared_port_routes.hpp"

#include <parley/rtp/octets.hpp>
#include <parley/rtp/packet.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace parley::net::detail {
namespace {

using media::relay_component;
using media::relay_side;

/// How many sources of one side are told by their SSRC; a peer sends few.
constexpr std::size_t most_ssrcs = 8;

constexpr std::array both_sides{relay_side::offerer, relay_side::answerer};

bool can_send(const base::socket_address& from) noexcept {
  return from.port != 0 && !from.ip.is_unspecified();
}

/// Signalling can't know the zone that a link-local address has here.
base::socket_address without_zone(const base::socket_address& address) noexcept {
  if (address.ip.scope() == 0) return address;
  return {base::ip_address::v6(address.ip.to_v6_bytes()), address.port};
}

bool is_at(const relayed_medium::port& port, const relayed_medium& medium, relay_side side) noexcept {
  return port.medium == &medium && port.side == side;
}

}  // namespace

shared_port_routes::shared_port_routes(base::random_source& random)
    : by_source_(0, keyed_hash{base::siphash_key::from(random)}),
      by_ssrc_(0, keyed_hash{base::siphash_key::from(random)}) {}

std::size_t shared_port_routes::keyed_hash::operator()(const source& s) const noexcept {
  base::siphasher hash(key);
  const auto ip = s.from.ip.to_v6_bytes();
  hash.update(std::as_bytes(std::span(ip)));
  hash.update(std::uint64_t{s.at} << 16U | s.from.port);
  return static_cast<std::size_t>(hash.finish64());
}

std::size_t shared_port_routes::keyed_hash::operator()(const named& n) const noexcept {
  base::siphasher hash(key);
  hash.update(std::uint64_t{n.at} << 32U | n.ssrc);
  return static_cast<std::size_t>(hash.finish64());
}

template <class Key>
bool shared_port_routes::may_enter(const table<Key>& all, const Key& key, const relayed_medium& medium,
                                   relay_side side) {
  const auto found = all.find(key);
  return found == all.end() || std::ranges::all_of(found->second, [&](const relayed_medium::port* port) {
           if (is_at(*port, medium, side)) return true;
           const relayed_medium& owner = *port->medium;
           return &owner != &medium && (owner.gives_way || (medium.call != 0 && owner.call == medium.call));
         });
}

template <class Key>
void shared_port_routes::enter(table<Key>& all, const Key& key, relayed_medium::port& port) {
  owners& there = all[key];
  try {
    there.push_back(&port);
  } catch (...) {
    if (there.empty()) all.erase(key);
    throw;
  }
}

template <class Key>
void shared_port_routes::leave(table<Key>& all, const Key& key, const relayed_medium& medium,
                               relay_side side) {
  const auto found = all.find(key);
  if (found == all.end()) return;
  std::erase_if(found->second, [&](const relayed_medium::port* port) { return is_at(*port, medium, side); });
  if (found->second.empty()) all.erase(found);
}

bool shared_port_routes::is_free(const relayed_medium& medium, relay_side side,
                                 const base::socket_address& rtp, const base::socket_address& rtcp,
                                 std::span<const std::uint32_t> ssrcs) const {
  if (!can_send(rtp) || !ssrcs.empty()) return true;
  const std::size_t at = medium.origins[static_cast<std::size_t>(side)];
  const std::lock_guard lock(mutex_);
  if (medium.expected[static_cast<std::size_t>(side)].rtp == without_zone(rtp) &&
      medium.expected[static_cast<std::size_t>(side)].rtcp == without_zone(can_send(rtcp) ? rtcp : rtp)) {
    return true;  // as before, whoever has it by now
  }
  return may_enter(by_source_, {at, without_zone(rtp)}, medium, side) &&
         (!can_send(rtcp) || may_enter(by_source_, {at, without_zone(rtcp)}, medium, side));
}

void shared_port_routes::leave_addresses(relayed_medium& medium, relay_side side) {
  const auto index = static_cast<std::size_t>(side);
  relayed_medium::expectation& expected = medium.expected[index];
  for (base::socket_address* each : {&expected.rtp, &expected.rtcp}) {
    leave(by_source_, {medium.origins[index], *each}, medium, side);
    *each = {};
  }
}

void shared_port_routes::expect_addresses(relayed_medium& medium, relay_side side,
                                          const base::socket_address& rtp, const base::socket_address& rtcp) {
  const auto index = static_cast<std::size_t>(side);
  const std::size_t at = medium.origins[index];
  relayed_medium::expectation& expected = medium.expected[index];
  if (expected.rtp == rtp && expected.rtcp == rtcp) return;
  medium.gives_way = false;
  leave_addresses(medium, side);
  if (!may_enter(by_source_, {at, rtp}, medium, side) || !may_enter(by_source_, {at, rtcp}, medium, side))
    return;
  // What is expected is put down first, so that it is taken out whatever happens.
  expected = {rtp, rtcp, std::move(expected.ssrcs)};
  enter(by_source_, {at, rtp}, medium.at(side, relay_component::rtp));
  if (rtcp != rtp) enter(by_source_, {at, rtcp}, medium.at(side, relay_component::rtcp));
}

void shared_port_routes::leave_ssrcs(relayed_medium& medium, relay_side side) {
  const auto index = static_cast<std::size_t>(side);
  for (const std::uint32_t ssrc : medium.expected[index].ssrcs)
    leave(by_ssrc_, {medium.origins[index], ssrc}, medium, side);
  medium.expected[index].ssrcs.clear();
}

void shared_port_routes::expect(relayed_medium& medium, relay_side side, const base::socket_address& rtp,
                                const base::socket_address& rtcp, std::span<const std::uint32_t> ssrcs) {
  const auto index = static_cast<std::size_t>(side);
  const std::lock_guard lock(mutex_);
  if (can_send(rtp)) {
    expect_addresses(medium, side, without_zone(rtp), without_zone(can_send(rtcp) ? rtcp : rtp));
  }
  std::vector<std::uint32_t>& expected = medium.expected[index].ssrcs;
  const auto wanted = ssrcs.first(std::min(ssrcs.size(), most_ssrcs));
  if (std::ranges::equal(wanted, expected)) return;
  leave_ssrcs(medium, side);
  expected.reserve(wanted.size());
  for (const std::uint32_t ssrc : wanted) {
    const named key{medium.origins[index], ssrc};
    if (std::ranges::find(expected, ssrc) != expected.end() || !may_enter(by_ssrc_, key, medium, side))
      continue;
    expected.push_back(ssrc);
    enter(by_ssrc_, key, medium.at(side, relay_component::rtp));
  }
}

void shared_port_routes::prefer(relayed_medium& medium) {
  const std::lock_guard lock(mutex_);
  medium.gives_way = false;
  const auto put_last = [&medium](auto& all, const auto& key, relay_side side) {
    const auto found = all.find(key);
    if (found == all.end()) return;
    std::ranges::stable_partition(
        found->second, [&](const relayed_medium::port* port) { return !is_at(*port, medium, side); });
  };
  for (const relay_side side : both_sides) {
    const auto index = static_cast<std::size_t>(side);
    const relayed_medium::expectation& expected = medium.expected[index];
    for (const base::socket_address& each : {expected.rtp, expected.rtcp})
      put_last(by_source_, source{medium.origins[index], each}, side);
    for (const std::uint32_t ssrc : expected.ssrcs)
      put_last(by_ssrc_, named{medium.origins[index], ssrc}, side);
  }
}

void shared_port_routes::give_way(relayed_medium& medium) {
  const std::lock_guard lock(mutex_);
  medium.gives_way = true;
}

void shared_port_routes::forget(relayed_medium& medium) {
  const std::lock_guard lock(mutex_);
  for (const relay_side side : both_sides) {
    leave_addresses(medium, side);
    leave_ssrcs(medium, side);
  }
}

relayed_medium::port* shared_port_routes::find(std::size_t at, const base::socket_address& from,
                                               std::span<const std::byte> packet) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_source_.find({at, without_zone(from)}); found != by_source_.end())
    return found->second.back();
  const bool rtcp = rtp::is_rtcp(packet);
  const std::size_t place = rtcp ? 4 : 8;
  if (packet.size() < place + 4) return nullptr;
  const auto found = by_ssrc_.find({at, rtp::octets::load_u32(packet.data() + place)});
  if (found == by_ssrc_.end()) return nullptr;
  relayed_medium::port& port = *found->second.back();
  return &port.medium->at(port.side, rtcp ? relay_component::rtcp : relay_component::rtp);
}

}  // namespace parley::net::detail
