#include "settings/settings.hpp"

#include <parley/base/address.hpp>
#include <parley/sip/uri.hpp>

#include <array>
#include <utility>

namespace parley_settings {

namespace net = parley::net;

std::string read_listener(const std::string& text, net::listener_options& out,
                          std::optional<std::uint16_t> default_port) {
  const auto colon = text.find(':');
  const std::string scheme = text.substr(0, colon);
  out.transport = parley::sip::transport_of(scheme);
  const bool known =
      out.transport != parley::sip::transport::other && out.transport != parley::sip::transport::sctp;
  if (!known || colon == std::string::npos) {
    return "\"" + text +
           "\" is no listener: it begins with udp:, tcp:, tls:, ws: or wss:, as in udp:192.0.2.1:5060";
  }
  const std::string where = text.substr(colon + 1);
  const auto address = default_port ? parley::base::socket_address::from_string(where, *default_port)
                                    : parley::base::socket_address::from_string(where);
  if (!address) {
    return "\"" + text + "\" is no listener: behind " + scheme + ": stand a numeric address and " +
           (default_port ? "perhaps a port, as in 192.0.2.1:5060 or [2001:db8::1]"
                         : "a port, as in 192.0.2.1:5060 or [2001:db8::1]:5060");
  }
  out.bind = *address;
  return {};
}

std::string read_advertised(const std::string& text, std::string& host, std::uint16_t& port) {
  const std::string whole = "sip:" + text;
  const auto uri = parley::sip::parse_uri(whole);
  if (!uri || uri->has_user || !uri->parameters.empty() || !uri->headers.empty()) {
    return "\"" + text +
           "\" is no address to advertise: a host and perhaps a port are, as in sip.example.com:5061";
  }
  host = std::string(uri->host);
  port = uri->port;
  return {};
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

std::string read_log_level(const std::string& text, parley::base::log_level& out) {
  using parley::base::log_level;
  constexpr std::array levels{
      std::pair{"trace", log_level::trace}, std::pair{"debug", log_level::debug},
      std::pair{"info", log_level::info},   std::pair{"warning", log_level::warning},
      std::pair{"error", log_level::error}, std::pair{"off", log_level::off},
  };
  for (const auto& [name, level] : levels) {
    if (text == name) {
      out = level;
      return {};
    }
  }
  return "\"" + text + "\" is no log level: trace, debug, info, warning, error and off are";
}

}  // namespace parley_settings
