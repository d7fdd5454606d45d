#pragma once

#include <parley/base/api.hpp>
#include <parley/base/packet_buffer.hpp>
#include <parley/rtp/error.hpp>
#include <parley/rtp/packet_history.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::rtp {

/// Which packets are repaired, and the bytes that are the sum of theirs.
struct fec_level {
  /// How many packets from the first on a mask can name.
  static constexpr std::size_t max_packets = 128;

  std::uint16_t base = 0;               ///< the first sequence number
  std::array<std::uint64_t, 2> mask{};  ///< the highest bit of the first word stands for `base`
  std::span<const std::byte> payload{};

  bool protects(std::uint16_t sequence_number) const noexcept {
    const auto at = static_cast<std::uint16_t>(sequence_number - base);
    return at < max_packets && (mask[at / 64] >> (63U - at % 64) & 1U) != 0;
  }
};

/// What a repair packet of ULPFEC or FlexFEC says: sums, without carry, of the fields of the packets that it
/// protects, and of what stands behind their fixed headers (RFC 5109 8, RFC 8627 6.3).
///
/// *Ownership:* refers to the repair packet.
struct fec_repair {
  static constexpr std::size_t max_levels = 4;

  std::uint8_t flags = 0;  ///< padding, extension and count of sources
  std::uint8_t type = 0;   ///< marker and payload type
  std::uint32_t timestamp = 0;
  std::uint16_t length = 0;  ///< of what stands behind the fixed header
  std::array<fec_level, max_levels> levels{};
  std::size_t level_count = 0;

  /// Calls `with` for each sequence number that is protected.
  template <class Function>
  void for_each(Function&& with) const {
    for (std::size_t i = 0; i < fec_level::max_packets; ++i) {
      const auto number = static_cast<std::uint16_t>(levels[0].base + i);
      if (levels[0].protects(number)) with(number);
    }
  }
};

/// The packet of source `ssrc` that is missing in `history`, where it is the only one of those which `repair`
/// protects, and where it can be had whole. None otherwise, and where what comes out is no RTP packet or the
/// pool gives no memory.
PARLEY_API std::optional<base::packet_buffer> recover(const fec_repair& repair, const packet_history& history,
                                                      std::uint32_t ssrc, base::buffer_pool& pool) noexcept;

}  // namespace parley::rtp
