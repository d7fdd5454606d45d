#pragma once

#include "support/catch.hpp"
#include "support/net_fixture.hpp"

#include <string>
#include <string_view>

namespace parley::test {

inline constexpr std::string_view handshake =
    "GET / HTTP/1.1\r\nHost: sip.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: "
    "sip\r\n\r\n";

/// A frame as a client sends it, masked with zeros.
inline std::string frame(unsigned char first, std::string_view payload, bool masked = true) {
  std::string out(1, static_cast<char>(first));
  const auto mask = static_cast<char>(masked ? 0x80 : 0);
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size() | static_cast<unsigned char>(mask));
  } else {
    out += static_cast<char>(126 | static_cast<unsigned char>(mask));
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xFFU);
  }
  if (masked) out.append(4, '\0');
  return out.append(payload);
}

/// A plain connection to a WebSocket listener, with its handshake done.
struct raw_client {
  explicit raw_client(net_fixture& server, std::string_view opening = handshake)
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
