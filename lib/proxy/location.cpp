#include <parley/proxy/location.hpp>
#include <parley/sip/chars.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace parley::proxy {
namespace {

/// Expiry is counted in seconds.
constexpr base::duration tick = std::chrono::milliseconds(128);

}  // namespace

std::string address_of_record(const sip::uri_view& uri) {
  std::string out = sip::unescape(uri.user);
  out += '@';
  std::transform(uri.host.begin(), uri.host.end(), std::back_inserter(out), sip::lower);
  return out;
}

location::location(std::size_t max_addresses, const base::siphash_key& key, base::time_point now)
    : max_addresses_(max_addresses), wheel_(now, tick), addresses_(0, hash{key}) {}

location::~location() = default;

const std::vector<binding>& location::find(std::string_view address) const {
  const auto found = addresses_.find(address);
  return found == addresses_.end() ? none_ : found->second.bindings;
}

base::result<void> location::replace(std::string_view address, std::vector<binding> bindings) {
  auto found = addresses_.find(address);
  if (found == addresses_.end()) {
    if (bindings.empty()) return {};
    if (addresses_.size() >= max_addresses_) return base::errc::limit_reached;
    found = addresses_.try_emplace(std::string(address)).first;
    // The node stays where it is.
    found->second.timer.set_context(&*found);
  } else {
    index_flows(found->first, found->second, false);
  }
  found->second.bindings = std::move(bindings);
  found->second.bindings.shrink_to_fit();
  index_flows(found->first, found->second, true);
  settle(found);
  return {};
}

void location::index_flows(const std::string& address, const entry& of, bool add) {
  for (const binding& b : of.bindings) {
    if (!b.flow.only_flow || b.flow.flow == 0) continue;
    if (add) {
      by_flow_.emplace(b.flow.flow, &address);
      continue;
    }
    const auto [first, last] = by_flow_.equal_range(b.flow.flow);
    const auto at = std::find_if(first, last, [&](const auto& e) { return e.second == &address; });
    if (at != last) by_flow_.erase(at);
  }
}

// Arms the timer of an address whose bindings have changed, or takes it out where none are left.
void location::settle(table::iterator at) {
  entry& e = at->second;
  if (e.bindings.empty()) {
    addresses_.erase(at);
    return;
  }
  const auto first = std::min_element(e.bindings.begin(), e.bindings.end(),
                                      [](const auto& a, const auto& b) { return a.expires < b.expires; });
  wheel_.arm(e.timer, first->expires);
}

void location::drop_flow(std::uint64_t flow) {
  for (auto at = by_flow_.find(flow); at != by_flow_.end(); at = by_flow_.find(flow)) {
    const auto found = addresses_.find(*at->second);
    entry& e = found->second;
    index_flows(found->first, e, false);
    std::erase_if(e.bindings, [flow](const auto& b) { return b.flow.only_flow && b.flow.flow == flow; });
    index_flows(found->first, e, true);
    settle(found);
  }
}

void location::handle_timeout(base::time_point now) {
  while (base::timer* due = wheel_.poll_expired(now)) {
    auto& [address, e] = *static_cast<table::value_type*>(due->context());
    index_flows(address, e, false);
    std::erase_if(e.bindings, [now](const auto& b) { return b.expires <= now; });
    index_flows(address, e, true);
    settle(addresses_.find(address));
  }
}

}  // namespace parley::proxy
