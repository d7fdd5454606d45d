#include "configuration.hpp"

#include <parley/base/address.hpp>
#include <parley/sip/uri.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace parley_proxy {

namespace net = parley::net;

std::string read_listener(const std::string& text, net::listener_options& out) {
  const auto colon = text.find(':');
  const std::string scheme = text.substr(0, colon);
  out.transport = parley::sip::transport_of(scheme);
  const bool known =
      out.transport != parley::sip::transport::other && out.transport != parley::sip::transport::sctp;
  if (!known || colon == std::string::npos) {
    return "\"" + text +
           "\" is no listener: it begins with udp:, tcp:, tls:, ws: or wss:, as in udp:192.0.2.1:5060";
  }
  const auto address = parley::base::socket_address::from_string(text.substr(colon + 1));
  if (!address) {
    return "\"" + text + "\" is no listener: behind " + scheme +
           ": stand a numeric address and a port, as in 192.0.2.1:5060 or [2001:db8::1]:5060";
  }
  out.bind = *address;
  return {};
}

std::string read_advertised(const std::string& text, net::listener_options& listener) {
  const std::string whole = "sip:" + text;
  const auto uri = parley::sip::parse_uri(whole);
  if (!uri || uri->has_user || !uri->parameters.empty() || !uri->headers.empty()) {
    return "\"" + text +
           "\" is no address to advertise: a host and perhaps a port are, as in sip.example.com:5061";
  }
  listener.advertised_host = std::string(uri->host);
  listener.advertised_port = uri->port;
  return {};
}

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

std::string read_name_server(const std::string& text, net::dns_options& out) {
  const auto server = parley::base::socket_address::from_string(text, 53);
  if (!server || server->port == 0) {
    return "\"" + text +
           "\" is no name server: a numeric address and perhaps a port are, as in 192.0.2.53:53";
  }
  out.servers.push_back(*server);
  return {};
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

std::string read_log_level(const std::string& text, parley::base::log_level& out) {
  using parley::base::log_level;
  for (const auto& [name, level] : {std::pair{"trace", log_level::trace},
                                    {"debug", log_level::debug},
                                    {"info", log_level::info},
                                    {"warning", log_level::warning},
                                    {"error", log_level::error},
                                    {"off", log_level::off}}) {
    if (text == name) {
      out = level;
      return {};
    }
  }
  return "\"" + text + "\" is no log level: trace, debug, info, warning, error and off are";
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
