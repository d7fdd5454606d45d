#pragma once

#include <string>
#include <string_view>

namespace parley::test {

/// What a browser asks for.
inline constexpr std::string_view websocket_handshake =
    "GET / HTTP/1.1\r\nHost: sip.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: "
    "sip\r\n\r\n";

/// A frame as a client sends it, masked with zeros. `first` holds FIN and the opcode.
inline std::string websocket_frame(unsigned char first, std::string_view payload, bool masked = true) {
  std::string out(1, static_cast<char>(first));
  const unsigned mask = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size() | mask);
  } else {
    out += static_cast<char>(126 | mask);
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xFFU);
  }
  if (masked) out.append(4, '\0');
  return out.append(payload);
}

}  // namespace parley::test
