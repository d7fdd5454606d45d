#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::proxy {

/// How many new transactions one source may begin.
struct source_limits {
  double rate = 10'000;         ///< a second, in the long run; 0 leaves sources unlimited
  double burst = 20'000;        ///< at once, by one that was quiet before; at least 1
  std::size_t sources = 65536;  ///< that are watched, rounded up to a power of two
};

/// A token bucket for each source: an IPv4 address, or the /64 that one IPv6 host may have all to itself.
///
/// Memory is fixed. Where more sources come than are watched, the one of a group of eight that is closest to
/// a full bucket makes room; it loses least. Addresses are hashed with a secret, so that nobody can push
/// another out on purpose.
class source_limiter {
 public:
  PARLEY_API source_limiter(const source_limits& limits, const base::siphash_key& key);

  /// Takes a token of that source; false where it has none left.
  PARLEY_API bool take(base::time_point now, const base::ip_address& source) noexcept;

 private:
  struct bucket {
    std::uint64_t source = 0;    ///< its hash; 0 while the place is free
    base::time_point full_at{};  ///< when it will have all its tokens again
  };
  static constexpr std::size_t group_size = 8;
  using group = std::array<bucket, group_size>;

  base::siphash_key key_;
  base::duration per_token_{};
  base::duration depth_{};
  std::vector<group> groups_;
};

}  // namespace parley::proxy
