#pragma once

#include <parley/base/api.hpp>
#include <parley/base/siphash.hpp>
#include <parley/base/time.hpp>
#include <parley/sip/hop.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace parley::net {

/// How long and how many failed targets are remembered.
struct blacklist_options {
  base::duration failed_for = std::chrono::seconds(60);  ///< after a time-out or an error of the transport
  base::duration longest = std::chrono::minutes(10);     ///< whatever a server asks for in Retry-After
  std::size_t max_targets = 1024;                        ///< rounded up to a multiple of four
};

/// The targets that failed a short while ago (RFC 3263 4.3): they come after all others until their time is
/// over, but they are not lost, for there may be nothing better.
///
/// It is a table of fixed size, hashed with a secret, in which a target has four places; where these are
/// taken, the entry that would end first gives way. So nothing grows, and nobody can push out a target that
/// he chose.
class target_blacklist {
 public:
  PARLEY_API target_blacklist(const base::siphash_key& key, const blacklist_options& options = {});

  /// Of `to`, transport, address and domain count. `time` is what the target asked for itself; zero stands
  /// for `failed_for`.
  PARLEY_API void add(base::time_point now, const sip::hop& to, base::duration time = {});
  PARLEY_API bool contains(base::time_point now, const sip::hop& to) const noexcept;
  /// Moves those that it contains behind the others; otherwise the order stays.
  PARLEY_API void order(base::time_point now, std::vector<sip::hop>& hops) const;

 private:
  static constexpr std::size_t ways = 4;

  struct entry {
    base::socket_address remote;
    std::uint32_t domain = 0;
    sip::transport transport = sip::transport::udp;
    base::time_point until{};

    bool is_of(const sip::hop& to) const noexcept {
      return remote == to.remote && domain == to.domain && transport == to.transport;
    }
  };
  using bucket = std::array<entry, ways>;

  std::size_t place_of(const sip::hop& to) const noexcept;
  const entry* find(const sip::hop& to) const noexcept;

  base::siphash_key key_;
  blacklist_options options_;
  std::vector<bucket> buckets_;
};

}  // namespace parley::net
