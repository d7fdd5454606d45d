#include <parley/net/target_blacklist.hpp>

#include <algorithm>
#include <span>

namespace parley::net {

target_blacklist::target_blacklist(const base::siphash_key& key, const blacklist_options& options)
    : key_(key),
      options_(options),
      buckets_(std::max<std::size_t>(1, (options.max_targets + ways - 1) / ways)) {}

std::size_t target_blacklist::place_of(const sip::hop& to) const noexcept {
  base::siphasher hash(key_);
  const auto ip = to.remote.ip.to_v6_bytes();
  hash.update(std::as_bytes(std::span(ip)));
  hash.update(std::uint64_t{to.remote.ip.scope()} << 32U | to.domain);
  hash.update(std::uint64_t{to.remote.port} << 8U | static_cast<std::uint8_t>(to.transport));
  return hash.finish64() % buckets_.size();
}

const target_blacklist::entry* target_blacklist::find(const sip::hop& to) const noexcept {
  const bucket& places = buckets_[place_of(to)];
  const auto found = std::find_if(places.begin(), places.end(), [&](const entry& e) { return e.is_of(to); });
  return found == places.end() ? nullptr : &*found;
}

void target_blacklist::add(base::time_point now, const sip::hop& to, base::duration time) {
  const base::duration length = time > base::duration::zero() ? time : options_.failed_for;
  const base::time_point until = base::add_saturated(now, std::min(length, options_.longest));
  bucket& places = buckets_[place_of(to)];
  auto place = std::find_if(places.begin(), places.end(), [&](const entry& e) { return e.is_of(to); });
  if (place == places.end()) {
    place = std::min_element(places.begin(), places.end(),
                             [](const entry& a, const entry& b) { return a.until < b.until; });
  }
  *place = {to.remote, to.domain, to.transport, until};
}

bool target_blacklist::contains(base::time_point now, const sip::hop& to) const noexcept {
  const entry* const found = find(to);
  return found != nullptr && now < found->until;
}

void target_blacklist::order(base::time_point now, std::vector<sip::hop>& hops) const {
  std::stable_partition(hops.begin(), hops.end(), [&](const sip::hop& to) { return !contains(now, to); });
}

}  // namespace parley::net
