#include <parley/rtp/rtcp_report.hpp>

#include <algorithm>

namespace parley::rtp {
namespace {

constexpr std::size_t sender_info_bytes = 24;

/// What stands behind `fixed` bytes in a report. False where the packet has less than it counts.
bool read_blocks(const rtcp_packet& packet, std::size_t fixed, field_list<report_block>& blocks,
                 std::span<const std::byte>& extension) noexcept {
  const std::span<const std::byte> body = packet.body();
  const std::size_t size = report_block::wire_bytes * packet.count();
  if (body.size() < fixed + size) return false;
  blocks = field_list<report_block>::over(body.subspan(fixed, size));
  extension = body.subspan(fixed + size);
  return true;
}

errc write_blocks(base::byte_writer& out, const field_list<report_block>& blocks,
                  std::span<const std::byte> extension) noexcept {
  if (extension.size() % 4 != 0) return errc::value_out_of_range;
  const errc failed = blocks.write(out);
  out.bytes(extension);
  return failed;
}

}  // namespace

report_block report_block::load(const std::byte* p) noexcept {
  report_block out;
  out.ssrc = octets::load_u32(p);
  out.fraction_lost = octets::load_u8(p + 4);
  const std::uint32_t lost = octets::load_u24(p + 5);
  out.cumulative_lost = static_cast<std::int32_t>(lost) - ((lost & 0x800000U) != 0 ? 0x1000000 : 0);
  out.highest_sequence = octets::load_u32(p + 8);
  out.jitter = octets::load_u32(p + 12);
  out.last_sr = octets::load_u32(p + 16);
  out.delay_since_last_sr = octets::load_u32(p + 20);
  return out;
}

errc report_block::write(base::byte_writer& out) const noexcept {
  // RFC 3550 A.3: the count stays at the largest value that 24 bits with a sign can hold.
  const std::int32_t lost = std::clamp(cumulative_lost, -0x800000, 0x7FFFFF);
  out.u32(ssrc);
  out.u8(fraction_lost);
  out.u24(static_cast<std::uint32_t>(lost) & 0xFFFFFFU);
  out.u32(highest_sequence);
  out.u32(jitter);
  out.u32(last_sr);
  out.u32(delay_since_last_sr);
  return {};
}

parsed<sender_report> sender_report::read(const rtcp_packet& packet) noexcept {
  sender_report out;
  if (!read_blocks(packet, sender_info_bytes, out.blocks, out.extension)) {
    return packet.error(errc::rtcp_body_truncated, packet.body().size());
  }
  const std::byte* const p = packet.body().data();
  out.ssrc = octets::load_u32(p);
  out.ntp_time = octets::load_u64(p + 4);
  out.rtp_time = octets::load_u32(p + 12);
  out.packet_count = octets::load_u32(p + 16);
  out.octet_count = octets::load_u32(p + 20);
  return out;
}

errc sender_report::write(base::byte_writer& out) const noexcept {
  out.u32(ssrc);
  out.u64(ntp_time);
  out.u32(rtp_time);
  out.u32(packet_count);
  out.u32(octet_count);
  return write_blocks(out, blocks, extension);
}

parsed<receiver_report> receiver_report::read(const rtcp_packet& packet) noexcept {
  receiver_report out;
  if (!read_blocks(packet, 4, out.blocks, out.extension)) {
    return packet.error(errc::rtcp_body_truncated, packet.body().size());
  }
  out.ssrc = octets::load_u32(packet.body().data());
  return out;
}

errc receiver_report::write(base::byte_writer& out) const noexcept {
  out.u32(ssrc);
  return write_blocks(out, blocks, extension);
}

}  // namespace parley::rtp
