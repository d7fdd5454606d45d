#include "configuration.hpp"

#include <parley/base/address.hpp>
#include <parley/sip/uri.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace parley_proxy {

namespace net = parley::net;

std::string require_proxy_protocol(configuration& config) {
  config.proxy_listeners.clear();
  for (const net::listener_options& one : config.server.listeners) {
    if (one.transport != parley::sip::transport::udp) config.proxy_listeners.push_back(one);
  }
  return config.proxy_listeners.empty()
             ? "no listener is for streams: the PROXY protocol goes over tcp, tls, ws and wss"
             : "";
}

std::string allow_proxy_sender(const std::string& text, configuration& config) {
  const auto network = parley::base::ip_network::from_string(text);
  if (!network) {
    return "\"" + text + "\" is no address and no network: 192.0.2.7, 192.0.2.0/24 and 2001:db8::/32 are";
  }
  config.proxy_senders.push_back(*network);
  return {};
}

void settle_listeners(configuration& config) {
  for (net::listener_options& one : config.server.listeners) {
    one.websocket = config.websocket;
    if (one.advertised_host.empty()) {
      one.advertised_host = config.advertised.advertised_host;
      one.advertised_port = config.advertised.advertised_port;
    }
    one.proxy_protocol = std::any_of(
        config.proxy_listeners.begin(), config.proxy_listeners.end(),
        [&one](const auto& named) { return named.transport == one.transport && named.bind == one.bind; });
    one.proxy_protocol_from = config.proxy_senders;
  }
}

std::string load_tls(const net::tls_options& options, std::vector<net::listener_options>& listeners) {
  std::optional<net::tls_context> made;
  for (net::listener_options& listener : listeners) {
    if (!parley::sip::is_secure(listener.transport)) continue;
    if (options.certificates.empty())
      return "a secure listener needs a certificate and its key: --cert and --key";
    if (!made) {
      auto context = net::tls_context::make(options);
      if (!context) return context.error().what;
      made = *context;
    }
    listener.tls = *made;
  }
  return {};
}

std::string check_next_hop(const std::string& text, const configuration& config) {
  using parley::sip::transport;
  const auto uri = parley::sip::parse_uri(text);
  if (!uri) return {};
  const bool secure = uri->scheme == parley::sip::uri_scheme::sips;
  const auto wanted = uri->transport().value_or(secure ? transport::tls : transport::udp);
  const auto ip = uri->ip();
  // RFC 3263 4.1: the domain says what it wants.
  const bool open = !ip && !uri->transport() && uri->port == 0;
  for (const net::listener_options& listener : config.server.listeners) {
    const bool fits =
        open ? !secure || parley::sip::is_secure(listener.transport) : listener.transport == wanted;
    if (fits && (!ip || listener.bind.ip.is_v6() == ip->is_v6())) return {};
  }
  return "nothing can be sent to \"" + text + "\": there is no listener for " +
         std::string(parley::sip::name_of(wanted)) +
         (!ip           ? ""
          : ip->is_v6() ? " over IPv6"
                        : " over IPv4");
}

}  // namespace parley_proxy
