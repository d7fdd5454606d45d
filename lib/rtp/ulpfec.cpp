#include <parley/rtp/octets.hpp>
#include <parley/rtp/ulpfec.hpp>

namespace parley::rtp {
namespace {

constexpr std::size_t fec_header_bytes = 10;

}  // namespace

parsed<fec_repair> parse_ulpfec(std::span<const std::byte> payload) noexcept {
  const auto fail = [](errc code, std::size_t at) {
    return parse_error{code, static_cast<std::uint32_t>(at)};
  };
  if (payload.size() < fec_header_bytes) return fail(errc::fec_truncated, payload.size());
  const std::byte* const p = payload.data();
  const unsigned first = octets::load_u8(p);
  // RFC 5109 7.3: the extension bit is for another header.
  if ((first & 0x80U) != 0) return fail(errc::fec_unsupported, 0);
  fec_repair out;
  out.flags = static_cast<std::uint8_t>(first & 0x3FU);
  out.type = octets::load_u8(p + 1);
  out.timestamp = octets::load_u32(p + 4);
  out.length = octets::load_u16(p + 8);
  const std::size_t level_header = (first & 0x40U) != 0 ? 8 : 4;
  for (std::size_t at = fec_header_bytes; at < payload.size() || out.level_count == 0;) {
    if (out.level_count == fec_repair::max_levels) return fail(errc::too_many_items, at);
    if (payload.size() - at < level_header) return fail(errc::fec_truncated, at);
    fec_level& level = out.levels[out.level_count++];
    const std::size_t size = octets::load_u16(p + at);
    level.base = octets::load_u16(p + 2);
    level.mask[0] = std::uint64_t{octets::load_u16(p + at + 2)} << 48U;
    if (level_header == 8) level.mask[0] |= std::uint64_t{octets::load_u32(p + at + 4)} << 16U;
    if (level.mask[0] == 0) return fail(errc::bad_fec_mask, at + 2);
    at += level_header;
    if (payload.size() - at < size) return fail(errc::fec_truncated, at);
    level.payload = payload.subspan(at, size);
    at += size;
  }
  return out;
}

}  // namespace parley::rtp
