#pragma once

#include <parley/base/address.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/siphash.hpp>

#include "net/detail/relayed_medium.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace parley::net::detail {

/// Tells apart the packets of media that share ports: by the address that signalling said they come from, and
/// where nobody has named that, by the SSRC that signalling said they have. An SSRC is no secret to who sits
/// on the path, and 32 bits that can't be guessed to who doesn't; whether the packet is believed is then up
/// to its medium.
///
/// Signalling writes, a worker reads; each call takes the lock. The keys are chosen by strangers, so they are
/// hashed with a secret.
class shared_port_routes {
 public:
  explicit shared_port_routes(base::random_source& random);

  /// False where another medium expects packets from one of these addresses at the port that this side has,
  /// is not of the same call, and doesn't give way; and the side has no SSRC by which it could be told.
  bool is_free(const relayed_medium& medium, media::relay_side side, const base::socket_address& rtp,
               const base::socket_address& rtcp, std::span<const std::uint32_t> ssrcs) const;

  /// Has packets from these addresses, which are free, and with these SSRCs come to that side of the medium,
  /// and no longer those that it expected before. Addresses that can't be sent from, as 0.0.0.0 or a port of
  /// 0, change nothing. An address or SSRC that a medium of another call has stays with that.
  void expect(relayed_medium& medium, media::relay_side side, const base::socket_address& rtp,
              const base::socket_address& rtcp, std::span<const std::uint32_t> ssrcs);

  /// What this medium expects comes to it, and not to others of its call that expect the same.
  void prefer(relayed_medium& medium);

  /// Others may have what that medium expects, until it expects another address, or is preferred.
  void give_way(relayed_medium& medium);

  /// Nothing comes to that medium any more: it goes to who expected the same before.
  void forget(relayed_medium& medium);

  /// Whose packet that is, nullptr where it is nobody's. The medium lives until its worker has let go of it.
  relayed_medium::port* find(std::size_t at, const base::socket_address& from,
                             std::span<const std::byte> packet) const;

 private:
  struct source {
    std::size_t at;  // which of the shared ports
    base::socket_address from;
    friend bool operator==(const source&, const source&) = default;
  };
  struct named {
    std::size_t at;
    std::uint32_t ssrc;
    friend bool operator==(const named&, const named&) = default;
  };
  struct keyed_hash {
    base::siphash_key key;
    std::size_t operator()(const source& s) const noexcept;
    std::size_t operator()(const named& n) const noexcept;
  };
  using owners = std::vector<relayed_medium::port*>;  // never empty; the last one has the packets
  template <class Key>
  using table = std::unordered_map<Key, owners, keyed_hash>;

  template <class Key>
  static bool may_enter(const table<Key>& all, const Key& key, const relayed_medium& medium,
                        media::relay_side side);
  template <class Key>
  static void enter(table<Key>& all, const Key& key, relayed_medium::port& port);
  template <class Key>
  static void leave(table<Key>& all, const Key& key, const relayed_medium& medium, media::relay_side side);

  void expect_addresses(relayed_medium& medium, media::relay_side side, const base::socket_address& rtp,
                        const base::socket_address& rtcp);
  void leave_addresses(relayed_medium& medium, media::relay_side side);
  void leave_ssrcs(relayed_medium& medium, media::relay_side side);

  mutable std::mutex mutex_;
  table<source> by_source_;
  table<named> by_ssrc_;
};

}  // namespace parley::net::detail
