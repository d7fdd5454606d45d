#include "net/detail/connection_table.hpp"

#include <parley/net/system_random.hpp>

#include "net/detail/connection.hpp"

namespace parley::net::detail {
namespace {

void update(base::siphasher& h, const base::ip_address& address) noexcept {
  const base::ip_address::v6_bytes bytes = address.to_v6_bytes();
  h.update(std::as_bytes(std::span(bytes)));
}

base::siphash_key fresh_key() {
  system_random random;
  return base::siphash_key::from(random);
}

}  // namespace

std::size_t connection_table::keyed_hash::operator()(const route& r) const noexcept {
  base::siphasher h(key);
  update(h, r.remote.ip);
  h.update(std::uint64_t{r.remote.ip.scope()} << 32U | r.domain);
  h.update(std::uint64_t{r.remote.port} << 16U | r.listener);
  return static_cast<std::size_t>(h.finish64());
}

std::size_t connection_table::keyed_hash::operator()(const base::ip_address& source) const noexcept {
  base::siphasher h(key);
  update(h, source);
  return static_cast<std::size_t>(h.finish64());
}

connection_table::connection_table(const transport_limits& limits, std::uint16_t shard)
    : limits_(limits),
      flow_prefix_(std::uint64_t{shard} << 48U),
      by_route_(0, keyed_hash{fresh_key()}),
      by_source_(0, keyed_hash{fresh_key()}) {}

base::ip_address connection_table::source_of(const base::ip_address& address) noexcept {
  if (address.is_v4()) return address;
  base::ip_address::v6_bytes bytes = address.to_v6_bytes();
  for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = 0;
  return base::ip_address::v6(bytes);
}

std::shared_ptr<connection> connection_table::find(std::uint64_t flow) const {
  const auto found = by_flow_.find(flow);
  return found == by_flow_.end() ? nullptr : found->second.kept;
}

std::shared_ptr<connection> connection_table::find(const sip::hop& to) const {
  const auto found = by_route_.find(route(to));
  return found == by_route_.end() ? nullptr : found->second->shared_from_this();
}

connection_table::share connection_table::of_source(const base::ip_address& source) const {
  const auto found = by_source_.find(source_of(source));
  return found == by_source_.end() ? share{} : found->second;
}

bool connection_table::may_accept_from(const base::ip_address& source) const {
  return of_source(source).connections < limits_.max_connections_per_source;
}

bool connection_table::may_shake_hands_with(const base::ip_address& source) const {
  return of_source(source).handshakes < limits_.max_handshakes_per_source;
}

void connection_table::begin_handshake(const connection& opening) {
  const auto found = by_flow_.find(opening.hop().flow);
  if (found == by_flow_.end() || found->second.shakes_hands) return;
  found->second.shakes_hands = true;
  ++handshakes_;
  if (const auto& source = found->second.source) ++by_source_[*source].handshakes;
}

void connection_table::end_handshake(const connection& opening) {
  const auto found = by_flow_.find(opening.hop().flow);
  if (found == by_flow_.end() || !std::exchange(found->second.shakes_hands, false)) return;
  --handshakes_;
  if (const auto& source = found->second.source) --by_source_[*source].handshakes;
}

void connection_table::add(std::shared_ptr<connection> added) {
  const sip::hop& hop = added->hop();
  // Who has connected over TLS has proven nothing by that: `add_alias` is for those who have.
  if (!added->accepted() || !sip::is_secure(hop.transport)) by_route_[route(hop)] = added.get();
  std::optional<base::ip_address> source;
  if (added->accepted()) {
    ++accepted_;
    source = source_of(hop.remote.ip);
    ++by_source_[*source].connections;
  } else {
    ++opened_;
  }
  by_flow_.emplace(hop.flow, entry{std::move(added), source, std::nullopt});
}

void connection_table::add_unnamed(std::shared_ptr<connection> added) {
  ++accepted_;
  const std::uint64_t flow = added->hop().flow;
  by_flow_.emplace(flow, entry{std::move(added), std::nullopt, std::nullopt});
}

bool connection_table::name_source(const connection& unnamed, const base::ip_address& source) {
  const auto found = by_flow_.find(unnamed.hop().flow);
  if (found == by_flow_.end() || found->second.source || !may_accept_from(source)) return false;
  found->second.source = source_of(source);
  share& counted = by_source_[*found->second.source];
  ++counted.connections;
  if (found->second.shakes_hands) ++counted.handshakes;
  return true;
}

void connection_table::add_alias(const connection& accepted, const sip::hop& as) {
  const auto found = by_flow_.find(accepted.hop().flow);
  if (found == by_flow_.end() || found->second.alias) return;
  if (by_route_.try_emplace(route(as), found->second.kept.get()).second) found->second.alias = as;
}

void connection_table::erase_route(const sip::hop& hop, const connection& of) {
  const auto routed = by_route_.find(route(hop));
  if (routed != by_route_.end() && routed->second == &of) by_route_.erase(routed);
}

void connection_table::unlist(const connection& gone) {
  erase_route(gone.hop(), gone);
  const auto found = by_flow_.find(gone.hop().flow);
  if (found == by_flow_.end() || !found->second.alias) return;
  erase_route(*found->second.alias, gone);
  found->second.alias.reset();
}

void connection_table::remove(const connection& gone) {
  const auto found = by_flow_.find(gone.hop().flow);
  if (found == by_flow_.end()) return;
  unlist(gone);
  end_handshake(gone);
  if (gone.accepted()) {
    --accepted_;
    if (const auto& source = found->second.source) {
      const auto counted = by_source_.find(*source);
      if (counted != by_source_.end() && --counted->second.connections == 0) by_source_.erase(counted);
    }
  } else {
    --opened_;
  }
  by_flow_.erase(found);
}

std::unordered_map<std::uint64_t, connection_table::entry> connection_table::take_all() {
  by_route_.clear();
  by_source_.clear();
  accepted_ = opened_ = handshakes_ = 0;
  return std::exchange(by_flow_, {});
}

}  // namespace parley::net::detail
