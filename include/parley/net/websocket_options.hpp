#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace parley::net {

/// What a WebSocket listener lets in (RFC 6455, RFC 7118), and what it serves to those who want a page.
struct websocket_options {
  /// Origins that browsers may come from, `https://example.com`, compared without case; empty lets all in.
  /// What names no origin is no browser's script and is let in.
  std::vector<std::string> origins;
  /// Names that clients may call us by, without a port, IPv6 addresses in brackets; empty lets all pass.
  /// Keeps scripts out that reach us by a name that was rebound to our address.
  std::vector<std::string> hosts;
  /// Files of this folder are served on the same port; empty serves none.
  std::string static_folder;
  std::size_t static_file_bytes = std::size_t{16} << 20U;  ///< larger ones are not served
  /// `permessage-deflate` (RFC 7692), where the client offers it. It costs memory for each connection.
  bool compression = false;
  std::size_t request_bytes = 8192;  ///< of the head of an HTTP request, and of the answer to one of ours
  /// The path that clients of ours ask for.
  std::string target = "/";
};

}  // namespace parley::net
