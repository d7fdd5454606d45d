#include <parley/rtp/fec_repair.hpp>
#include <parley/rtp/packet.hpp>

#include <algorithm>

namespace parley::rtp {
namespace {

/// The one protected packet that is missing.
std::optional<std::uint16_t> only_missing(const fec_level& level, const packet_history& history) noexcept {
  std::optional<std::uint16_t> missing;
  for (std::size_t i = 0; i < fec_level::max_packets; ++i) {
    const auto number = static_cast<std::uint16_t>(level.base + i);
    if (!level.protects(number) || history.find(number) != nullptr) continue;
    if (missing) return std::nullopt;
    missing = number;
  }
  return missing;
}

template <class Function>
void for_each_other(const fec_level& level, const packet_history& history, Function&& with) {
  for (std::size_t i = 0; i < fec_level::max_packets; ++i) {
    const auto number = static_cast<std::uint16_t>(level.base + i);
    if (!level.protects(number)) continue;
    if (const base::packet_buffer* const packet = history.find(number)) with(packet->bytes());
  }
}

/// Adds to `sum` what the packets have from `offset` on, behind their fixed headers.
void add_payloads(const fec_level& level, const packet_history& history, std::size_t offset,
                  std::span<std::byte> sum) noexcept {
  for_each_other(level, history, [&](std::span<const std::byte> packet) {
    const std::size_t begin = header_bytes + offset;
    if (packet.size() <= begin) return;
    const std::size_t size = std::min(sum.size(), packet.size() - begin);
    for (std::size_t i = 0; i < size; ++i) sum[i] ^= packet[begin + i];
  });
}

}  // namespace

std::optional<base::packet_buffer> recover(const fec_repair& repair, const packet_history& history,
                                           std::uint32_t ssrc, base::buffer_pool& pool) noexcept {
  const std::optional<std::uint16_t> missing = only_missing(repair.levels[0], history);
  if (!missing) return std::nullopt;
  unsigned flags = repair.flags;
  unsigned type = repair.type;
  std::uint32_t timestamp = repair.timestamp;
  std::size_t length = repair.length;
  for_each_other(repair.levels[0], history, [&](std::span<const std::byte> packet) {
    flags ^= octets::load_u8(packet.data());
    type ^= octets::load_u8(packet.data() + 1);
    timestamp ^= octets::load_u32(packet.data() + 4);
    length ^= (packet.size() - header_bytes) & 0xFFFFU;
  });

  std::size_t covered = 0;
  for (std::size_t i = 0; i < repair.level_count; ++i) covered += repair.levels[i].payload.size();
  if (length > covered) return std::nullopt;
  base::result<base::packet_buffer> packet = pool.allocate(header_bytes + length);
  if (!packet || !packet->append(header_bytes + length)) return std::nullopt;
  std::byte* const out = packet->mutable_data();
  octets::store_u8(out, 0x80U | (flags & 0x3FU));
  octets::store_u8(out + 1, type);
  octets::store_u16(out + 2, *missing);
  octets::store_u32(out + 4, timestamp);
  octets::store_u32(out + 8, ssrc);
  std::size_t offset = 0;
  for (std::size_t i = 0; i < repair.level_count && offset < length; ++i) {
    const fec_level& level = repair.levels[i];
    // RFC 5109 8.2: a higher level may protect other packets, too; without all of them it repairs nothing.
    if (only_missing(level, history) != missing) return std::nullopt;
    const std::size_t size = std::min(level.payload.size(), length - offset);
    const std::span<std::byte> part(out + header_bytes + offset, size);
    std::copy_n(level.payload.begin(), size, part.begin());
    add_payloads(level, history, offset, part);
    offset += size;
  }
  if (!packet_view::parse(packet->bytes())) return std::nullopt;
  return std::move(*packet);
}

}  // namespace parley::rtp
