#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/base/result.hpp>
#include <parley/rtp/error.hpp>

#include <cstdint>

namespace parley::rtp {

/// What a stream of retransmissions has of its own (RFC 4588 4).
struct rtx_header {
  std::uint8_t payload_type = 0;
  std::uint16_t sequence_number = 0;
  std::uint32_t ssrc = 0;
};

/// Makes a retransmission of an RTP packet in place: the header moves two bytes towards the front, and the
/// packet's sequence number stands behind it. Takes two bytes of headroom.
///
/// *Ownership:* writes into the buffer, so whoever keeps a packet for retransmission gives a copy of it.
/// *Errors:* the rule that the packet breaks; `errc::no_space` without headroom, or where other handles refer
/// to the block. Nothing has changed then.
PARLEY_API base::result<void> wrap_rtx(base::packet_buffer& packet, const rtx_header& header) noexcept;

/// Makes of a retransmission the packet that it repeats, in place: the header moves two bytes towards the
/// end, with the sequence number that stands in the payload, and the type and source that belong to the
/// stream. Two bytes of headroom are left over.
///
/// *Errors:* the rule that the packet breaks; `errc::rtx_truncated` where the payload is too short, as where
/// a packet is only there to be counted: drop it. Nothing has changed then.
PARLEY_API parsed<void> unwrap_rtx(base::packet_buffer& packet, std::uint8_t payload_type,
                                   std::uint32_t ssrc) noexcept;

}  // namespace parley::rtp
