#include <parley/rtp/rtcp_xr.hpp>

namespace parley::rtp {
namespace {

constexpr std::size_t range_bytes = 8;

constexpr parse_error bad_block{errc::bad_xr_block, 4};

void write_header(base::byte_writer& out, xr_type type, unsigned type_specific, std::size_t bytes) noexcept {
  out.u8(static_cast<std::uint8_t>(type));
  out.u8(static_cast<std::uint8_t>(type_specific));
  out.u16(static_cast<std::uint16_t>(bytes / 4));
}

/// The source and the range that four of the blocks begin with.
template <class Block>
void read_range(Block& out, const std::byte* p) noexcept {
  out.ssrc = octets::load_u32(p);
  out.begin_sequence = octets::load_u16(p + 4);
  out.end_sequence = octets::load_u16(p + 6);
}

template <class Block>
void write_range(base::byte_writer& out, const Block& block) noexcept {
  out.u32(block.ssrc);
  out.u16(block.begin_sequence);
  out.u16(block.end_sequence);
}

}  // namespace

errc xr_block::write(base::byte_writer& out) const noexcept {
  if (body.size() % 4 != 0 || body.size() / 4 > 0xFFFF) return errc::value_out_of_range;
  write_header(out, type, type_specific, body.size());
  out.bytes(body);
  return {};
}

template <xr_type Type>
parsed<xr_rle<Type>> xr_rle<Type>::read(const xr_block& block) noexcept {
  if (block.body.size() < range_bytes) return bad_block;
  xr_rle out;
  out.thinning = block.type_specific & 0xFU;
  read_range(out, block.body.data());
  std::span<const std::byte> chunks = block.body.subspan(range_bytes);
  // RFC 3611 4.1.3: a null chunk fills the last word.
  if (chunks.size() >= 2 && octets::load_u16(&chunks.back() - 1) == 0)
    chunks = chunks.first(chunks.size() - 2);
  out.chunks = field_list<std::uint16_t>::over(chunks);
  return out;
}

template <xr_type Type>
errc xr_rle<Type>::write(base::byte_writer& out) const noexcept {
  if (thinning > 15 || chunks.size() > 0x1FFF0) return errc::value_out_of_range;
  const std::size_t filled = (chunks.size() + 1) & ~std::size_t{1};
  write_header(out, Type, thinning, range_bytes + 2 * filled);
  write_range(out, *this);
  chunks.write(out);
  out.fill(2 * (filled - chunks.size()));
  return {};
}

template struct xr_rle<xr_type::loss_rle>;
template struct xr_rle<xr_type::duplicate_rle>;

parsed<packet_receipt_times> packet_receipt_times::read(const xr_block& block) noexcept {
  if (block.body.size() < range_bytes) return bad_block;
  packet_receipt_times out;
  out.thinning = block.type_specific & 0xFU;
  read_range(out, block.body.data());
  out.times = field_list<std::uint32_t>::over(block.body.subspan(range_bytes));
  return out;
}

errc packet_receipt_times::write(base::byte_writer& out) const noexcept {
  if (thinning > 15 || times.size() > 0xFFF0) return errc::value_out_of_range;
  write_header(out, type, thinning, range_bytes + 4 * times.size());
  write_range(out, *this);
  return times.write(out);
}

parsed<receiver_reference_time> receiver_reference_time::read(const xr_block& block) noexcept {
  if (block.body.size() != 8) return bad_block;
  return receiver_reference_time{octets::load_u64(block.body.data())};
}

errc receiver_reference_time::write(base::byte_writer& out) const noexcept {
  write_header(out, type, 0, 8);
  out.u64(ntp_time);
  return {};
}

dlrr_entry dlrr_entry::load(const std::byte* p) noexcept {
  return {octets::load_u32(p), octets::load_u32(p + 4), octets::load_u32(p + 8)};
}

errc dlrr_entry::write(base::byte_writer& out) const noexcept {
  out.u32(ssrc);
  out.u32(last_rr);
  out.u32(delay_since_last_rr);
  return {};
}

parsed<delay_since_last_rr> delay_since_last_rr::read(const xr_block& block) noexcept {
  if (block.body.size() % dlrr_entry::wire_bytes != 0) return bad_block;
  return delay_since_last_rr{field_list<dlrr_entry>::over(block.body)};
}

errc delay_since_last_rr::write(base::byte_writer& out) const noexcept {
  if (entries.size() > 0xFFFF / 3) return errc::value_out_of_range;
  write_header(out, type, 0, dlrr_entry::wire_bytes * entries.size());
  return entries.write(out);
}

parsed<statistics_summary> statistics_summary::read(const xr_block& block) noexcept {
  if (block.body.size() != 36) return bad_block;
  const std::byte* const p = block.body.data();
  statistics_summary out;
  out.has_lost = (block.type_specific & 0x80U) != 0;
  out.has_duplicates = (block.type_specific & 0x40U) != 0;
  out.has_jitter = (block.type_specific & 0x20U) != 0;
  out.ttl = static_cast<ttl_kind>(block.type_specific >> 3U & 3U);
  read_range(out, p);
  out.lost = octets::load_u32(p + 8);
  out.duplicates = octets::load_u32(p + 12);
  out.min_jitter = octets::load_u32(p + 16);
  out.max_jitter = octets::load_u32(p + 20);
  out.mean_jitter = octets::load_u32(p + 24);
  out.dev_jitter = octets::load_u32(p + 28);
  out.min_ttl = octets::load_u8(p + 32);
  out.max_ttl = octets::load_u8(p + 33);
  out.mean_ttl = octets::load_u8(p + 34);
  out.dev_ttl = octets::load_u8(p + 35);
  return out;
}

errc statistics_summary::write(base::byte_writer& out) const noexcept {
  write_header(out, type,
               (has_lost ? 0x80U : 0U) | (has_duplicates ? 0x40U : 0U) | (has_jitter ? 0x20U : 0U) |
                   static_cast<unsigned>(ttl) << 3U,
               36);
  write_range(out, *this);
  for (const std::uint32_t v : {lost, duplicates, min_jitter, max_jitter, mean_jitter, dev_jitter})
    out.u32(v);
  for (const std::uint8_t v : {min_ttl, max_ttl, mean_ttl, dev_ttl}) out.u8(v);
  return {};
}

parsed<voip_metrics> voip_metrics::read(const xr_block& block) noexcept {
  if (block.body.size() != 32) return bad_block;
  const std::byte* const p = block.body.data();
  voip_metrics out;
  out.ssrc = octets::load_u32(p);
  out.loss_rate = octets::load_u8(p + 4);
  out.discard_rate = octets::load_u8(p + 5);
  out.burst_density = octets::load_u8(p + 6);
  out.gap_density = octets::load_u8(p + 7);
  out.burst_duration = octets::load_u16(p + 8);
  out.gap_duration = octets::load_u16(p + 10);
  out.round_trip_delay = octets::load_u16(p + 12);
  out.end_system_delay = octets::load_u16(p + 14);
  out.signal_level = static_cast<std::int8_t>(octets::load_u8(p + 16));
  out.noise_level = static_cast<std::int8_t>(octets::load_u8(p + 17));
  out.residual_echo_return_loss = octets::load_u8(p + 18);
  out.gmin = octets::load_u8(p + 19);
  out.r_factor = octets::load_u8(p + 20);
  out.external_r_factor = octets::load_u8(p + 21);
  out.mos_lq = octets::load_u8(p + 22);
  out.mos_cq = octets::load_u8(p + 23);
  out.rx_config = octets::load_u8(p + 24);
  out.jitter_buffer_nominal = octets::load_u16(p + 26);
  out.jitter_buffer_maximum = octets::load_u16(p + 28);
  out.jitter_buffer_absolute_maximum = octets::load_u16(p + 30);
  return out;
}

errc voip_metrics::write(base::byte_writer& out) const noexcept {
  write_header(out, type, 0, 32);
  out.u32(ssrc);
  for (const std::uint8_t v : {loss_rate, discard_rate, burst_density, gap_density}) out.u8(v);
  for (const std::uint16_t v : {burst_duration, gap_duration, round_trip_delay, end_system_delay}) out.u16(v);
  out.u8(static_cast<std::uint8_t>(signal_level));
  out.u8(static_cast<std::uint8_t>(noise_level));
  for (const std::uint8_t v : {residual_echo_return_loss, gmin, r_factor, external_r_factor, mos_lq, mos_cq,
                               rx_config, std::uint8_t{0}}) {
    out.u8(v);
  }
  out.u16(jitter_buffer_nominal);
  out.u16(jitter_buffer_maximum);
  out.u16(jitter_buffer_absolute_maximum);
  return {};
}

parsed<extended_report> extended_report::read(const rtcp_packet& packet) noexcept {
  const std::span<const std::byte> body = packet.body();
  if (body.size() < 4) return packet.error(errc::rtcp_body_truncated, body.size());
  for (std::size_t at = 4; at != body.size();) {
    // The body is a multiple of four, so a block's header is there.
    const std::size_t size = 4 + 4 * std::size_t{octets::load_u16(body.data() + at + 2)};
    if (size > body.size() - at) return packet.error(errc::bad_xr_block, at);
    at += size;
  }
  return extended_report{octets::load_u32(body.data()), item_list<xr_block>::over(body.subspan(4))};
}

errc extended_report::write(base::byte_writer& out) const noexcept {
  out.u32(ssrc);
  return blocks.write(out);
}

}  // namespace parley::rtp
