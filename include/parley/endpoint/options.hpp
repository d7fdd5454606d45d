#pragma once

#include <parley/base/time.hpp>
#include <parley/endpoint/call_media.hpp>
#include <parley/net/dns_client.hpp>
#include <parley/net/tls_context.hpp>
#include <parley/net/transport_options.hpp>
#include <parley/ua/session.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace parley {

/// A user at a realm: only challenges of such realms are answered (RFC 3261 22), whoever sends them.
struct account {
  std::string realm;
  std::string username;
  std::string password;
};

/// What an endpoint is.
struct endpoint_options {
  /// Where it listens: `udp:192.0.2.1:5060`, or with tcp, tls, ws or wss; an IPv6 address has brackets, port
  /// 0 is one that the system chooses. Requests leave from the first that fits.
  std::vector<std::string> listen = {"udp:0.0.0.0:0"};
  /// How others reach it, where that is not the address bound: behind a NAT, or by a name.
  std::string advertised_host = {};
  std::uint16_t advertised_port = 0;  ///< 0 stands for the bound one
  /// Keys and certificates; authorities to be believed. Without certificates of our own, secure listeners
  /// only open connections and accept none.
  std::optional<net::tls_context> tls = {};

  /// Who it is, in From: a URI or a name-addr, `"Alice" <sip:alice@example.com>`. Where it is empty,
  /// `sip:parley@` and the address of the first listener.
  std::string identity = {};
  std::vector<account> accounts = {};
  /// URIs of outbound proxies, the first to visit first: `sip:edge.example.com;lr`.
  std::vector<std::string> routes = {};
  std::string user_agent = "parley";
  /// Info Packages that are taken (RFC 6086); INFO of another one gets 469, INFO of none is taken.
  std::vector<std::string> info_packages = {};
  /// An INVITE with Replaces takes the place of the call that it names (RFC 3891): its handles then mean the
  /// new peer. Whoever knows the names of a call can do that; off, such an INVITE gets 603.
  bool accept_replaces = true;

  /// The media of calls that are given none; `signalling_only` where it is empty.
  media_factory media = {};
  ua::session_options session = {};  ///< session timers, 100rel, T1
  /// How long an outgoing call may ring before it is given up; zero lets it ring as long as its peer does.
  base::duration answer_timeout = std::chrono::minutes(3);

  net::dns_options dns = {};
  net::transport_limits limits = {};
  std::size_t max_calls = 100'000;
  std::size_t max_requests = 100'000;                  ///< of each side that are under way
  std::size_t memory_bytes = std::size_t{512} << 20U;  ///< for messages
};

class registration;

/// A call that is placed.
struct call_options {
  std::shared_ptr<call_media> media = {};  ///< that of the endpoint's factory where there is none
  std::string identity = {};               ///< as `endpoint_options::identity`, for this call
  std::string display_name = {};           ///< in the place of the identity's
  /// Whose Service-Route it takes, and whose address it comes from; without one, that of the endpoint's first
  /// registration.
  const registration* registered = nullptr;
  /// Further headers, names and values: `{"Priority", "urgent"}`.
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool late_offer = false;  ///< leaves the offer to the callee (RFC 3264 via RFC 3261 13.2.1)
};

}  // namespace parley
