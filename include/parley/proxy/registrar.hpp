#pragma once

#include <parley/base/api.hpp>
#include <parley/base/random_source.hpp>
#include <parley/base/time.hpp>
#include <parley/proxy/core.hpp>
#include <parley/proxy/location.hpp>
#include <parley/sip/digest_server.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/transaction/response.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley::proxy {

/// Whom a `registrar` serves and what it remembers.
struct registrar_options {
  /// The hosts of the addresses of record that may be registered; without any there is no registrar.
  std::vector<std::string> domains;
  /// Names and passwords. Where there are none, whoever reaches us registers any address; with some, each
  /// REGISTER is challenged (RFC 3261 22.2), and a name registers the address of its own only.
  std::unordered_map<std::string, std::string> users;
  /// What users are challenged with, strongest first, one challenge each (RFC 8760 2.3). MD5 alone where
  /// clients take the first challenge or none.
  std::vector<sip::digest_algorithm> algorithms{sip::digest_algorithm::sha_256, sip::digest_algorithm::md5};
  std::chrono::seconds default_expires{3600};  ///< where the client asks for no time
  std::chrono::seconds min_expires{60};        ///< shorter ones are refused with 423
  std::chrono::seconds max_expires{7200};      ///< longer ones are cut
  /// How often a client that registers a flow is to send a keep-alive on it (RFC 5626 4.4); 0 leaves that to
  /// the client.
  std::chrono::seconds flow_timer{120};
  std::size_t max_addresses = 100'000;
  std::size_t max_contacts = 10;  ///< of one address
  /// Of a contact, with the Path, the instance and the Call-ID that are kept with it.
  std::size_t max_binding_bytes = 4096;
  std::size_t max_bytes = std::size_t{256} << 20U;  ///< for all of them
};

/// What a `registrar` has done so far.
struct registrar_counters {
  std::uint64_t registered = 0;  ///< REGISTER requests that were answered 200
  std::uint64_t challenged = 0;  ///< answered 401
  std::uint64_t refused = 0;     ///< answered otherwise
};

/// A registrar (RFC 3261 10.3, RFC 3327, RFC 5626 6) over a `location` of its own. A client that can't be
/// reached by its Contact, because it is a browser or behind a NAT, is bound to the flow that it came by.
///
/// *Ownership:* answers own their texts. One thread only.
class registrar {
 public:
  /// What a REGISTER is answered with, and what has changed.
  struct answer {
    int status = 0;
    std::vector<std::pair<sip::header_id, std::string>> fields;
    /// The address whose bindings are others now: tell the registrars of the other shards. Empty where none
    /// are.
    std::string changed;
    /// True where the client is to send keep-alives on its flow every `flow_timer`.
    bool watched = false;
  };

  /// Draws the key for nonces from `random`, which is not kept.
  PARLEY_API registrar(registrar_options options, base::random_source& random, base::time_point now);

  const registrar_options& options() const noexcept { return options_; }
  const registrar_counters& counters() const noexcept { return counters_; }
  proxy::location& location() noexcept { return location_; }
  const proxy::location& location() const noexcept { return location_; }

  /// True where that host is one of our domains.
  PARLEY_API bool serves(std::string_view host) const noexcept;
  /// True where the address can be registered here: its domain is ours, and where users are known it is one
  /// of theirs.
  PARLEY_API bool knows(const sip::uri_view& address) const;

  /// A REGISTER for one of our domains that passed `validate` and came by `from`.
  PARLEY_API answer handle_register(base::time_point now, const sip::message_view& request,
                                    const sip::hop& from);

  /// Adds the targets of a request for `address`, one for each of its instances: of those flows the one that
  /// was refreshed last, and behind it the others as alternates (RFC 5626 7). *Ownership:* they refer to the
  /// location's texts.
  PARLEY_API void add_targets(const sip::uri_view& address, std::vector<target>& out) const;

 private:
  int authenticate(base::time_point now, const sip::message_view& request, const sip::uri_view& address,
                   answer& out);
  int update(base::time_point now, const sip::message_view& request, const sip::hop& from,
             std::vector<binding>& bindings, answer& out) const;
  void list(base::time_point now, const std::vector<binding>& bindings, answer& out) const;

  registrar_options options_;
  registrar_counters counters_;
  proxy::location location_;
  std::optional<sip::digest_server> digest_;
  std::vector<std::string> challenges_;  // kept for its memory
};

}  // namespace parley::proxy
