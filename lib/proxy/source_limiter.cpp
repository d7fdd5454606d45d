#include <parley/proxy/source_limiter.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <span>

namespace parley::proxy {

source_limiter::source_limiter(const source_limits& limits, const base::siphash_key& key) : key_(key) {
  if (limits.rate <= 0) return;
  const auto seconds = [](double s) {
    return std::chrono::duration_cast<base::duration>(std::chrono::duration<double>(s));
  };
  per_token_ = std::max<base::duration>(seconds(1 / limits.rate), base::duration(1));
  depth_ = seconds(std::max(limits.burst, 1.0) / limits.rate);
  const std::size_t wanted = std::max<std::size_t>(limits.sources, group_size) / group_size;
  groups_.resize(std::bit_ceil(wanted));
}

bool source_limiter::take(base::time_point now, const base::ip_address& source) noexcept {
  if (groups_.empty()) return true;
  auto bytes = source.unmapped().to_v6_bytes();
  if (!source.unmapped().is_v4()) std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  base::siphasher hash(key_);
  hash.update(std::as_bytes(std::span(bytes)));
  const std::uint64_t number = hash.finish64() | 1U;

  group& among = groups_[number >> 1U & (groups_.size() - 1)];
  auto found =
      std::find_if(among.begin(), among.end(), [number](const bucket& b) { return b.source == number; });
  if (found == among.end()) {
    found = std::min_element(among.begin(), among.end(),
                             [](const bucket& a, const bucket& b) { return a.full_at < b.full_at; });
    *found = {number, now};
  }
  const base::time_point full_at = std::max(found->full_at, now) + per_token_;
  if (full_at > now + depth_) return false;
  found->full_at = full_at;
  return true;
}

}  // namespace parley::proxy
