#pragma once

#include "support/catch.hpp"
#include "support/net_fixture.hpp"
#include "support/websocket_frames.hpp"

#include <string>
#include <string_view>

namespace parley::test {

/// A plain connection to a WebSocket listener, with its handshake done.
struct raw_client {
  explicit raw_client(net_fixture& server, std::string_view opening = websocket_handshake)
      : peer(server.io, server.address(0)) {
    peer.send(opening);
    REQUIRE(
        server.until([&] { return peer.received().find("\r\n\r\n") != std::string::npos || peer.ended(); }));
    answer = peer.received();
    peer.received().clear();
  }
  tcp_peer peer;
  std::string answer;
};

}  // namespace parley::test
