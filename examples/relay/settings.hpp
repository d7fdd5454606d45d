#pragma once

#include <parley/base/address.hpp>
#include <parley/base/log.hpp>

#include "control_settings.hpp"
#include "make_media_plane.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace relay {

/// All that parley-relay can be told.
struct relay_settings {
  std::vector<base::socket_address> ng_udp{};
  std::vector<base::socket_address> ng_tcp{};
  std::vector<base::socket_address> ng_websocket{};
  std::optional<base::socket_address> metrics{};
  media_plane_options media{};
  control_settings control{};
  std::chrono::seconds drain_timeout{3600};
  base::log_level log_level = base::log_level::warning;
};

/// What came of reading the command line: settings to run with, or a text to print and an exit code.
struct reading {
  bool run = false;
  int exit_code = 0;
  std::string message{};  ///< for standard output where `exit_code` is 0, else for standard error
  relay_settings settings{};
};

reading read_command_line(int argc, const char* const* argv);

/// `NAME/IP!ADVERTISED`, NAME/ and !ADVERTISED may be missing. *Errors:* returns what is wrong, empty where
/// nothing is.
std::string read_media_interface(const std::string& text, media_interface& out);

/// `LOW-HIGH`. *Errors:* likewise.
std::string read_ports(const std::string& text, media_plane_options& out);

}  // namespace relay
