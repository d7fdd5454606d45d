#pragma once

#include <parley/base/packet_buffer.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::test {

/// The bytes of an RTP packet of version 2 without extension.
inline std::string rtp_packet(std::uint8_t payload_type, std::uint16_t sequence,
                              std::uint32_t ssrc = 0x11223344, std::string_view payload = "sound",
                              std::uint32_t timestamp = 0) {
  std::string packet(12, '\0');
  packet[0] = '\x80';
  packet[1] = static_cast<char>(payload_type);
  packet[2] = static_cast<char>(sequence >> 8U);
  packet[3] = static_cast<char>(sequence & 0xFFU);
  for (unsigned i = 0; i < 4; ++i) {
    packet[4 + i] = static_cast<char>(timestamp >> (24U - 8U * i) & 0xFFU);
    packet[8 + i] = static_cast<char>(ssrc >> (24U - 8U * i) & 0xFFU);
  }
  return packet.append(payload);
}

/// An empty receiver report of `ssrc` (RFC 3550 6.4.2).
inline std::string rtcp_packet(std::uint32_t ssrc = 0x11223344) {
  std::string packet("\x80\xC9\x00\x01", 4);
  for (unsigned i = 0; i < 4; ++i) packet.push_back(static_cast<char>(ssrc >> (24U - 8U * i) & 0xFFU));
  return packet;
}

/// The same in a buffer that can be encrypted in place.
inline base::packet_buffer buffered(base::buffer_pool& pool, std::string_view bytes) {
  auto made = pool.copy(bytes, 64, 160);
  REQUIRE(made.has_value());
  return std::move(*made);
}

}  // namespace parley::test
