#pragma once

#include <parley/base/log.hpp>
#include <parley/net/dns_client.hpp>
#include <parley/net/transport_set.hpp>

#include <cstdint>
#include <optional>
#include <string>

// What the programs take on their command lines and in their files in the same way. Each function returns
// what is wrong with `text`, empty where nothing is.

namespace parley_settings {

/// `udp:HOST:PORT`, or with tcp, tls, ws or wss; an IPv6 address has brackets. The port may be missing where
/// there is one to take its place.
std::string read_listener(const std::string& text, parley::net::listener_options& out,
                          std::optional<std::uint16_t> default_port = std::nullopt);

/// `HOST` or `HOST:PORT`, an IPv6 address in brackets, as Via, Contact and Record-Route are to have it; port
/// 0 where none is there.
std::string read_advertised(const std::string& text, std::string& host, std::uint16_t& port);

/// `HOST` or `HOST:PORT` of a name server, HOST numeric; it goes behind those that are there.
std::string read_name_server(const std::string& text, parley::net::dns_options& out);

/// `trace`, `debug`, `info`, `warning`, `error` or `off`.
std::string read_log_level(const std::string& text, parley::base::log_level& out);

}  // namespace parley_settings
