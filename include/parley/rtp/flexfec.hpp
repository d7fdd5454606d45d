#pragma once

#include <parley/base/api.hpp>
#include <parley/rtp/fec_repair.hpp>
#include <parley/rtp/packet.hpp>

#include <cstddef>
#include <span>

namespace parley::rtp {

/// True where a FlexFEC payload is no sum but a packet once more (RFC 8627 4.2.2.3): the payload is then an
/// RTP packet as it is.
inline bool is_flexfec_retransmission(std::span<const std::byte> payload) noexcept {
  return !payload.empty() && (payload[0] & std::byte{0xC0}) == std::byte{0x80};
}

/// Reads a FlexFEC packet with a mask (RFC 8627 4.2.2.1).
///
/// *Ownership:* the repair refers to the packet. *Errors:* `errc::fec_truncated`, `errc::bad_fec_mask`;
/// `errc::fec_unsupported` for retransmissions, for rows and columns (RFC 8627 4.2.2.2), and where the packet
/// repairs several sources: drop the packet.
PARLEY_API parsed<fec_repair> parse_flexfec(const packet_view& packet) noexcept;

}  // namespace parley::rtp
