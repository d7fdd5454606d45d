#pragma once

#include <parley/base/api.hpp>
#include <parley/proxy/core.hpp>
#include <parley/proxy/own_addresses.hpp>
#include <parley/proxy/registrar.hpp>
#include <parley/sip/error.hpp>
#include <parley/sip/message_view.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace parley::proxy {

/// Fixed local policy for a `core`: who is where, and where everybody else's requests go.
///
///  Request-URI                            decision
///  any, and a Route to others remains     where that leads *
///  a maddr of another                     where that leads *
///  ours, no user, OPTIONS                 answer 200
///  an entry of the table                  its contacts, by q
///  a service without an entry (RFC 5031)  the default route, and without one 416
///  an address that can be registered      what is registered for it; where nothing is, the default route,
///                                         and without one 480
///  another, and there is a default route  that next hop, the Request-URI unchanged
///  ours                                   404
///  another's                              where the Request-URI says *
///
/// What bears a star is relaying: the sender chooses whom the proxy sends to. Where that is not wanted it is
/// 403, but for the hosts and ports of the default route and of the entries' contacts.
///
/// *Ownership:* a decision refers to the texts of the table and of the registrar.
class route_table {
 public:
  /// Where an address of record can be reached.
  struct contact {
    std::string uri;
    std::uint16_t q = 1000;  ///< thousandths
  };

  /// An answer, or the targets to forward to.
  struct decision {
    int status = 0;           ///< answer with this, where it isn't 0
    std::string_view reason;  ///< its phrase; empty for the usual one
    std::vector<target> targets;
  };

  /// Where requests for others go. *Errors:* the rule that `uri` breaks; `expected_scheme` where it is no SIP
  /// URI.
  PARLEY_API sip::parsed<void> set_default_route(std::string_view uri);

  /// Enters the contacts of an address of record: a SIP URI of which user and host count. Or those of a
  /// service, `urn:service:sos` (RFC 5031), which has all of its parts that have no entry, such as
  /// `urn:service:sos.fire`; its requests go there with their Request-URI unchanged. A second call replaces
  /// them. *Errors:* the rule that a URI breaks.
  PARLEY_API sip::parsed<void> set_location(std::string_view address_of_record,
                                            std::vector<contact> contacts);

  /// Whether anybody may have requests sent to whom he names. Without this call it is so where there is
  /// neither a default route nor a registrar: a proxy that knows nobody can do nothing else.
  void set_relay(bool relay) noexcept { relay_ = relay; }
  bool relays(bool has_registrar) const noexcept {
    return relay_.value_or(default_route_.empty() && !has_registrar);
  }

  /// Fills `out` with the decision about a request that passed `validate`. Its memory is used again, so that
  /// a decision allocates nothing once it has been through the largest. Without a registrar nothing can be
  /// registered.
  PARLEY_API void decide(const sip::message_view& request, const own_addresses& own, decision& out,
                         const registrar* registrations = nullptr) const;

 private:
  const std::vector<contact>* find_service(std::string_view uri) const;
  bool is_known_hop(std::string_view uri) const noexcept;

  std::optional<bool> relay_;
  std::string default_route_;
  own_addresses default_hop_;  ///< where the default route leads
  own_addresses contact_hops_;
  std::unordered_map<std::string, std::vector<contact>> locations_;
  std::unordered_map<std::string, std::vector<contact>> services_;
};

}  // namespace parley::proxy
