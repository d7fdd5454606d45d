#pragma once

#include <parley/base/log.hpp>
#include <parley/base/network.hpp>
#include <parley/net/proxy_server.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace parley_proxy {

/// All that parley-proxy can be told, from the command line and the configuration file.
struct configuration {
  parley::net::proxy_server_options server;
  parley::base::log_level log_level = parley::base::log_level::info;
  std::chrono::seconds drain_timeout{30};
  // For all listeners, wherever they are named: `settle_listeners` writes it into their options.
  parley::net::tls_options tls;  ///< for those that are secure: `load_tls`
  parley::net::websocket_options websocket;
  parley::net::listener_options advertised;  ///< how those are named that say nothing of it themselves
  std::vector<parley::net::listener_options> proxy_listeners;  ///< whose connections come by a load balancer
  std::vector<parley::base::ip_network> proxy_senders;         ///< who may send PROXY protocol headers
  std::string route;                                           ///< as in `server.routes`, empty for none
  std::vector<std::string> contacts;                           ///< all that `server.routes` has
};

/// What came of reading the command line: a configuration to run with, or a text to print and an exit code.
struct reading {
  bool run = false;
  int exit_code = 0;
  std::string message;  ///< for standard output where `exit_code` is 0, else for standard error
  configuration config;
};

/// Reads the command line, and the file that it names; what the command line says wins.
reading read_command_line(int argc, const char* const* argv);

/// Reads a file into `config`. *Errors:* returns what is wrong, and where, empty where nothing is.
std::string read_file(const std::string& path, configuration& config);

/// Whether some listener can send to `uri`: it needs one of the same transport, and of the same family where
/// the host is an address. *Errors:* returns what is missing, empty where nothing is.
std::string check_next_hop(const std::string& uri, const configuration& config);

/// Reads keys and certificates and gives them to the secure listeners; also again, while the proxy runs.
/// *Errors:* as above.
std::string load_tls(const parley::net::tls_options& options,
                     std::vector<parley::net::listener_options>& listeners);

/// Has all listeners for streams take the PROXY protocol. *Errors:* as above.
std::string require_proxy_protocol(configuration& config);

/// Adds an address or a network, `192.0.2.0/24`, to those that may send PROXY protocol headers.
/// *Errors:* as above.
std::string allow_proxy_sender(const std::string& text, configuration& config);

/// Gives the listeners what holds for all of them. After the command line and the file have been read.
void settle_listeners(configuration& config);

}  // namespace parley_proxy
