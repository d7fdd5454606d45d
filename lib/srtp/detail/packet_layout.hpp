#pragma once

#include <parley/base/result.hpp>
#include <parley/srtp/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::srtp::detail {

inline constexpr std::size_t rtp_header_bytes = 12;
inline constexpr std::size_t rtcp_header_bytes = 8;

/// The E flag and the 31 bits of the index behind each RTCP packet (RFC 3711 3.4).
inline constexpr std::size_t rtcp_index_bytes = 4;
inline constexpr std::uint32_t rtcp_encrypted = 0x8000'0000U;

inline std::uint32_t load_u16(const std::byte* at) noexcept {
  return std::to_integer<std::uint32_t>(at[0]) << 8U | std::to_integer<std::uint32_t>(at[1]);
}
inline std::uint32_t load_u32(const std::byte* at) noexcept { return load_u16(at) << 16U | load_u16(at + 2); }

inline void store_u32(std::byte* at, std::uint32_t value) noexcept {
  for (unsigned i = 0; i < 4; ++i) at[i] = static_cast<std::byte>(value >> (24U - 8U * i) & 0xFFU);
}

/// What SRTP wants to know of an RTP packet (RFC 3550 5.1).
struct rtp_layout {
  std::uint32_t ssrc;
  std::uint16_t sequence;
  std::size_t header_bytes;  ///< with CSRCs and the header extension: what stays readable
};

/// Of the last `trailer` bytes none belong to the header.
inline base::result<rtp_layout> read_rtp(std::span<const std::byte> packet, std::size_t trailer) noexcept {
  if (packet.size() < rtp_header_bytes + trailer) return errc::too_short;
  const auto first = std::to_integer<unsigned>(packet[0]);
  if (first >> 6U != 2) return errc::bad_header;
  std::size_t header = rtp_header_bytes + std::size_t{4} * (first & 0x0FU);
  if ((first & 0x10U) != 0) {
    if (packet.size() < header + 4 + trailer) return errc::too_short;
    header += 4 + std::size_t{4} * load_u16(packet.data() + header + 2);
  }
  if (packet.size() < header + trailer) return errc::too_short;
  return rtp_layout{load_u32(packet.data() + 8), static_cast<std::uint16_t>(load_u16(packet.data() + 2)),
                    header};
}

/// The SSRC of the sender of an RTCP packet (RFC 3550 6.4).
inline base::result<std::uint32_t> read_rtcp(std::span<const std::byte> packet,
                                             std::size_t trailer) noexcept {
  if (packet.size() < rtcp_header_bytes + trailer) return errc::too_short;
  if (std::to_integer<unsigned>(packet[0]) >> 6U != 2) return errc::bad_header;
  return load_u32(packet.data() + 4);
}

/// The index that a sequence number stands for, given the highest so far (RFC 3711 3.3.1 and appendix A). A
/// sender begins with a roll-over counter of 0, so that nothing lies before it.
constexpr std::uint64_t estimate_index(std::uint64_t highest, std::uint16_t sequence) noexcept {
  const std::uint64_t counter = highest >> 16U;
  const auto last = static_cast<std::int32_t>(highest & 0xFFFFU);
  const std::int32_t now = sequence;
  std::uint64_t guess = counter;
  if (last < 0x8000) {
    if (now - last > 0x8000 && counter != 0) guess = counter - 1;
  } else if (last - 0x8000 > now) {
    guess = counter + 1;
  }
  return guess << 16U | sequence;
}

}  // namespace parley::srtp::detail
