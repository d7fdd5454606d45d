#pragma once

#include <parley/base/address.hpp>
#include <parley/base/siphash.hpp>
#include <parley/net/transport_options.hpp>
#include <parley/sip/hop.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

namespace parley::net::detail {

class connection;

/// The connections of one shard: by flow, by listener and remote address for reuse, and how many there are of
/// each source.
///
/// Addresses are chosen by strangers, so they are hashed with a secret.
class connection_table {
 public:
  connection_table(const transport_limits& limits, std::uint16_t shard);

  std::size_t size() const noexcept { return by_flow_.size(); }

  /// A number for a connection, never given twice.
  std::uint64_t next_flow() noexcept { return flow_prefix_ | ++last_flow_; }

  std::shared_ptr<connection> find(std::uint64_t flow) const;
  /// The newest connection that may be used for whatever goes to that address and domain.
  std::shared_ptr<connection> find(const sip::hop& to) const;

  bool may_accept() const noexcept { return accepted_ < limits_.max_connections; }
  bool may_accept_from(const base::ip_address& source) const;
  bool may_open() const noexcept { return opened_ < limits_.max_client_connections; }
  bool may_shake_hands() const noexcept { return handshakes_ < limits_.max_handshakes; }
  bool may_shake_hands_with(const base::ip_address& source) const;
  /// Counts an accepted connection that it holds as one that isn't open yet, also for its source. `remove`
  /// ends that, too; where it was not begun nothing happens.
  void begin_handshake(const connection& opening);
  void end_handshake(const connection& opening);

  /// Holds the connection until `remove`. An accepted one over TLS is used for its own flow only, and for
  /// what `add_alias` says: what is sent to an address over TLS must get to whoever has proven to be there.
  void add(std::shared_ptr<connection> added);
  /// The same for an accepted connection whose client another names, later. Before that it counts for no
  /// source. It is used for its own flow only, now and later: what is sent to an address must not go to
  /// whoever claims to be there.
  void add_unnamed(std::shared_ptr<connection> added);
  /// Counts such a connection for its client. False, and nothing has changed, where that one has as many as
  /// it may.
  [[nodiscard]] bool name_source(const connection& unnamed, const base::ip_address& source);
  /// What goes to `as` takes this connection too, unless another is there already. One alias a connection.
  void add_alias(const connection& accepted, const sip::hop& as);
  /// Lets go of it; nothing happens when it is not held.
  void remove(const connection& gone);
  /// Keeps it, but for its own flow only.
  void unlist(const connection& gone);

  struct entry {
    std::shared_ptr<connection> kept;
    std::optional<base::ip_address> source;  // for which it counts
    std::optional<sip::hop> alias{};
    bool shakes_hands = false;
  };
  /// Empties the table and returns what was in it.
  std::unordered_map<std::uint64_t, entry> take_all();

 private:
  struct route {
    explicit route(const sip::hop& hop) noexcept
        : remote(hop.remote), domain(hop.domain), listener(hop.listener) {}

    base::socket_address remote;
    std::uint32_t domain;
    std::uint16_t listener;
    friend bool operator==(const route&, const route&) = default;
  };
  struct keyed_hash {
    base::siphash_key key;
    std::size_t operator()(const route& r) const noexcept;
    std::size_t operator()(const base::ip_address& source) const noexcept;
  };

  /// What one source has.
  struct share {
    std::size_t connections = 0;
    std::size_t handshakes = 0;
  };

  share of_source(const base::ip_address& source) const;
  void erase_route(const sip::hop& hop, const connection& of);
  /// An IPv4 address, or the /64 that one IPv6 host may have all to itself.
  static base::ip_address source_of(const base::ip_address& address) noexcept;

  const transport_limits& limits_;
  std::uint64_t flow_prefix_;
  std::uint64_t last_flow_ = 0;
  std::size_t accepted_ = 0;
  std::size_t opened_ = 0;
  std::size_t handshakes_ = 0;
  std::unordered_map<std::uint64_t, entry> by_flow_;
  std::unordered_map<route, connection*, keyed_hash> by_route_;
  std::unordered_map<base::ip_address, share, keyed_hash> by_source_;
};

}  // namespace parley::net::detail
