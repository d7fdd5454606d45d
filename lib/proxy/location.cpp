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

location::location(std::size_t max_addresses, std::size_t max_bytes, const base::siphash_key& key,
                   base::time_point now)
    : max_addresses_(max_addresses), max_bytes_(max_bytes), wheel_(now, tick), addresses_(0, hash{key}) {}

location::~location() = default;

const std::vector<binding>& location::find(std::string_view address) const {
  const auto found = addresses_.find(address);
  return found == addresses_.end() ? none_ : found->second.bindings;
}

base::result<void> location::replace(std::string_view address, std::vector<binding> bindings) {
  auto found = addresses_.find(address);
  const std::size_t old = found == addresses_.end() ? 0 : bytes_of(address, found->second.bindings);
  if (bytes_ - old + bytes_of(address, bindings) > max_bytes_) return base::errc::limit_reached;
  if (found == addresses_.end()) {
    if (bindings.empty()) return {};
    if (addresses_.size() >= max_addresses_) return base::errc::limit_reached;
    found = addresses_.try_emplace(std::string(address)).first;
    // The node stays where it is.
    found->second.timer.set_context(&*found);
  } else {
    take_out(*found);
  }
  found->second.bindings = std::move(bindings);
  found->second.bindings.shrink_to_fit();
  put_in(*found);
  settle(found);
  return {};
}

std::size_t location::bytes_of(std::string_view address, const std::vector<binding>& bindings) noexcept {
  if (bindings.empty()) return 0;
  std::size_t out = sizeof(table::value_type) + address.size();
  for (const binding& b : bindings) {
    out += sizeof(binding) + b.contact.size() + b.call_id.size() + b.instance.size() + b.path.size();
  }
  return out;
}

// Bindings change between these two, which keep what is counted and known of flows.
void location::take_out(const table::value_type& of) {
  bytes_ -= bytes_of(of.first, of.second.bindings);
  for (const binding& b : of.second.bindings) {
    if (b.flow.only_flow && b.flow.flow != 0) by_flow_.erase({b.flow.flow, &of.first});
  }
}

void location::put_in(const table::value_type& of) {
  bytes_ += bytes_of(of.first, of.second.bindings);
  for (const binding& b : of.second.bindings) {
    if (b.flow.only_flow && b.flow.flow != 0) by_flow_.emplace(b.flow.flow, &of.first);
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
  const auto next = [&] { return by_flow_.lower_bound({flow, nullptr}); };
  for (auto at = next(); at != by_flow_.end() && at->first == flow; at = next()) {
    const auto found = addresses_.find(*at->second);
    take_out(*found);
    std::erase_if(found->second.bindings,
                  [flow](const auto& b) { return b.flow.only_flow && b.flow.flow == flow; });
    put_in(*found);
    settle(found);
  }
}

void location::handle_timeout(base::time_point now) {
  while (base::timer* due = wheel_.poll_expired(now)) {
    auto& of = *static_cast<table::value_type*>(due->context());
    take_out(of);
    std::erase_if(of.second.bindings, [now](const auto& b) { return b.expires <= now; });
    put_in(of);
    settle(addresses_.find(of.first));
  }
}

}  // namespace parley::proxy
