#include "net/detail/shared_port_routes.hpp"

#include <parley/rtp/octets.hpp>
#include <parley/rtp/packet.hpp>

#include <algorithm>
#include <utility>

namespace parley::net::detail {
namespace {

using media::relay_component;
using media::relay_side;

/// How many sources of one side are told by their SSRC; a peer sends few.
constexpr std::size_t most_ssrcs = 8;

bool can_send(const base::socket_address& from) noexcept {
  return from.port != 0 && !from.ip.is_unspecified();
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
  hash.update(std::uint64_t{s.from.ip.scope()} << 32U | s.from.port);
  hash.update(std::uint64_t{s.interface});
  return static_cast<std::size_t>(hash.finish64());
}

std::size_t shared_port_routes::keyed_hash::operator()(const named& n) const noexcept {
  base::siphasher hash(key);
  hash.update(std::uint64_t{n.ssrc});
  hash.update(std::uint64_t{n.interface});
  return static_cast<std::size_t>(hash.finish64());
}

bool shared_port_routes::is_free(const source& at, const relayed_medium& medium, relay_side side) const {
  const auto found = by_source_.find(at);
  if (found == by_source_.end() || is_at(*found->second, medium, side)) return true;
  const relayed_medium& owner = *found->second->medium;
  return &owner != &medium && (owner.gives_way || (medium.call != 0 && owner.call == medium.call));
}

bool shared_port_routes::is_free(const relayed_medium& medium, relay_side side,
                                 const base::socket_address& rtp, const base::socket_address& rtcp) const {
  const std::size_t interface = medium.interfaces[static_cast<std::size_t>(side)];
  const std::lock_guard lock(mutex_);
  return (!can_send(rtp) || is_free(source{interface, rtp}, medium, side)) &&
         (!can_send(rtcp) || is_free(source{interface, rtcp}, medium, side));
}

void shared_port_routes::put(const source& at, relayed_medium::port& port) {
  by_source_.insert_or_assign(at, &port);
}

void shared_port_routes::remove(const source& at, const relayed_medium& medium, relay_side side) {
  const auto found = by_source_.find(at);
  // Another branch of its call may have it by now.
  if (found != by_source_.end() && is_at(*found->second, medium, side)) by_source_.erase(found);
}

void shared_port_routes::remove_ssrcs(relayed_medium& medium, relay_side side) {
  const auto index = static_cast<std::size_t>(side);
  for (const std::uint32_t ssrc : medium.expected[index].ssrcs)
    by_ssrc_.erase({medium.interfaces[index], ssrc});
  medium.expected[index].ssrcs.clear();
}

void shared_port_routes::expect(relayed_medium& medium, relay_side side, const base::socket_address& rtp,
                                const base::socket_address& rtcp, std::span<const std::uint32_t> ssrcs) {
  const auto index = static_cast<std::size_t>(side);
  const std::size_t interface = medium.interfaces[index];
  relayed_medium::expectation& expected = medium.expected[index];
  const std::lock_guard lock(mutex_);
  medium.gives_way = false;
  if (can_send(rtp)) {
    remove({interface, expected.rtp}, medium, side);
    remove({interface, expected.rtcp}, medium, side);
    expected.rtp = rtp;
    expected.rtcp = can_send(rtcp) ? rtcp : rtp;
    put({interface, expected.rtcp}, medium.at(side, relay_component::rtcp));
    put({interface, expected.rtp}, medium.at(side, relay_component::rtp));
  }
  remove_ssrcs(medium, side);
  for (const std::uint32_t ssrc : ssrcs.first(std::min(ssrcs.size(), most_ssrcs))) {
    if (by_ssrc_.try_emplace({interface, ssrc}, &medium.at(side, relay_component::rtp)).second)
      expected.ssrcs.push_back(ssrc);
  }
}

void shared_port_routes::give_way(relayed_medium& medium) {
  const std::lock_guard lock(mutex_);
  medium.gives_way = true;
}

void shared_port_routes::forget(relayed_medium& medium) {
  const std::lock_guard lock(mutex_);
  for (const relay_side side : {relay_side::offerer, relay_side::answerer}) {
    const auto index = static_cast<std::size_t>(side);
    const relayed_medium::expectation& expected = medium.expected[index];
    remove({medium.interfaces[index], expected.rtp}, medium, side);
    remove({medium.interfaces[index], expected.rtcp}, medium, side);
    remove_ssrcs(medium, side);
  }
}

relayed_medium::port* shared_port_routes::find(std::size_t interface, const base::socket_address& from,
                                               std::span<const std::byte> packet) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_source_.find({interface, from}); found != by_source_.end()) return found->second;
  const bool rtcp = rtp::is_rtcp(packet);
  const std::size_t place = rtcp ? 4 : 8;
  if (packet.size() < place + 4) return nullptr;
  const auto found = by_ssrc_.find({interface, rtp::octets::load_u32(packet.data() + place)});
  if (found == by_ssrc_.end()) return nullptr;
  relayed_medium::port& port = *found->second;
  return &port.medium->at(port.side, rtcp ? relay_component::rtcp : relay_component::rtp);
}

}  // namespace parley::net::detail
