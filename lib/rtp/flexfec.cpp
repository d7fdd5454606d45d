#include <parley/rtp/flexfec.hpp>

namespace parley::rtp {
namespace {

constexpr std::size_t fixed_bytes = 10;

}  // namespace

parsed<fec_repair> parse_flexfec(const packet_view& packet) noexcept {
  const std::size_t start = packet.header_size();
  const auto fail = [start](errc code, std::size_t at) {
    return parse_error{code, static_cast<std::uint32_t>(start + at)};
  };
  const std::span<const std::byte> payload = packet.payload();
  if (payload.size() < fixed_bytes + 2) return fail(errc::fec_truncated, payload.size());
  const std::byte* const p = payload.data();
  const unsigned first = octets::load_u8(p);
  if ((first & 0xC0U) != 0 || packet.csrcs().size() > 1) return fail(errc::fec_unsupported, 0);
  fec_repair out;
  out.flags = static_cast<std::uint8_t>(first & 0x3FU);
  out.type = octets::load_u8(p + 1);
  out.length = octets::load_u16(p + 2);
  out.timestamp = octets::load_u32(p + 4);
  out.level_count = 1;
  fec_level& level = out.levels[0];
  level.base = octets::load_u16(p + 8);
  // 15, 31 and 64 bits; a bit in front of the first two says that more follow.
  std::size_t at = fixed_bytes;
  const std::uint32_t first_mask = octets::load_u16(p + at);
  at += 2;
  level.mask[0] = std::uint64_t{first_mask & 0x7FFFU} << 49U;
  if ((first_mask & 0x8000U) != 0) {
    if (payload.size() - at < 4) return fail(errc::fec_truncated, at);
    const std::uint32_t second_mask = octets::load_u32(p + at);
    at += 4;
    level.mask[0] |= std::uint64_t{second_mask & 0x7FFFFFFFU} << 18U;
    if ((second_mask & 0x80000000U) != 0) {
      if (payload.size() - at < 8) return fail(errc::fec_truncated, at);
      const std::uint64_t third_mask = octets::load_u64(p + at);
      at += 8;
      level.mask[0] |= third_mask >> 46U;
      level.mask[1] = third_mask << 18U;
    }
  }
  if (level.mask[0] == 0 && level.mask[1] == 0) return fail(errc::bad_fec_mask, fixed_bytes);
  level.payload = payload.subspan(at);
  return out;
}

}  // namespace parley::rtp
