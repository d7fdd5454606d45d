#include <parley/rtp/rtcp_feedback.hpp>

#include <algorithm>
#include <bit>

namespace parley::rtp {
namespace {

constexpr std::size_t sources_bytes = 8;
constexpr std::uint32_t remb_name = 0x52454D42;

/// A number as mantissa and exponent of two, as TMMBR and REMB have it; rounded down, since it is a bound.
struct scaled {
  unsigned exponent;
  std::uint32_t mantissa;
};

scaled scale(std::uint64_t value, unsigned mantissa_bits) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const unsigned exponent = width > mantissa_bits ? width - mantissa_bits : 0;
  return {exponent, static_cast<std::uint32_t>(value >> exponent)};
}

std::uint64_t unscale(unsigned exponent, std::uint64_t mantissa, std::uint64_t most) noexcept {
  if (mantissa != 0 && exponent > static_cast<unsigned>(std::countl_zero(mantissa))) return most;
  return std::min(mantissa << exponent, most);
}

/// Feedback that is made of sources and whole entries, `at_least` of them.
template <class Packet, class Entry>
parsed<Packet> read_entries(const rtcp_packet& packet, field_list<Entry> Packet::*entries,
                            std::size_t at_least) noexcept {
  const std::span<const std::byte> body = packet.body();
  if (body.size() < sources_bytes) return packet.error(errc::rtcp_body_truncated, body.size());
  const std::span<const std::byte> control = body.subspan(sources_bytes);
  if (control.size() % Entry::wire_bytes != 0 || control.size() < at_least * Entry::wire_bytes) {
    return packet.error(errc::bad_feedback_length, body.size());
  }
  Packet out;
  out.sender_ssrc = octets::load_u32(body.data());
  out.media_ssrc = octets::load_u32(body.data() + 4);
  out.*entries = field_list<Entry>::over(control);
  return out;
}

template <class Packet>
void write_sources(base::byte_writer& out, const Packet& packet) noexcept {
  out.u32(packet.sender_ssrc);
  out.u32(packet.media_ssrc);
}

template <class Packet, class Entry>
errc write_entries(base::byte_writer& out, const Packet& packet, const field_list<Entry>& entries,
                   std::size_t at_least) noexcept {
  if (entries.size() < at_least) return errc::bad_feedback_length;
  write_sources(out, packet);
  return entries.write(out);
}

}  // namespace

errc nack_entry::write(base::byte_writer& out) const noexcept {
  out.u16(packet_id);
  out.u16(following);
  return {};
}

parsed<generic_nack> generic_nack::read(const rtcp_packet& packet) noexcept {
  return read_entries<generic_nack>(packet, &generic_nack::entries, 1);
}
errc generic_nack::write(base::byte_writer& out) const noexcept {
  return write_entries(out, *this, entries, 1);
}

std::size_t make_nack_entries(std::span<const std::uint16_t> lost, std::span<nack_entry> out) noexcept {
  std::size_t count = 0;
  for (const std::uint16_t number : lost) {
    if (count != 0) {
      nack_entry& last = out[count - 1];
      const auto behind = static_cast<std::uint16_t>(number - last.packet_id);
      if (behind == 0) continue;
      if (behind <= 16) {
        last.following = static_cast<std::uint16_t>(last.following | 1U << (behind - 1U));
        continue;
      }
    }
    if (count == out.size()) break;
    out[count++] = {number, 0};
  }
  return count;
}

bitrate_bound bitrate_bound::load(const std::byte* p) noexcept {
  const std::uint32_t word = octets::load_u32(p + 4);
  return {octets::load_u32(p), unscale(word >> 26U, word >> 9U & 0x1FFFFU, max_bitrate),
          static_cast<std::uint16_t>(word & 0x1FFU)};
}

errc bitrate_bound::write(base::byte_writer& out) const noexcept {
  if (overhead > 0x1FF) return errc::value_out_of_range;
  const scaled rate = scale(std::min(bitrate, max_bitrate), 17);
  out.u32(ssrc);
  out.u32(rate.exponent << 26U | rate.mantissa << 9U | overhead);
  return {};
}

parsed<bitrate_request> bitrate_request::read(const rtcp_packet& packet) noexcept {
  return read_entries<bitrate_request>(packet, &bitrate_request::bounds, 1);
}
errc bitrate_request::write(base::byte_writer& out) const noexcept {
  return write_entries(out, *this, bounds, 1);
}

parsed<bitrate_notification> bitrate_notification::read(const rtcp_packet& packet) noexcept {
  return read_entries<bitrate_notification>(packet, &bitrate_notification::bounds, 0);
}
errc bitrate_notification::write(base::byte_writer& out) const noexcept {
  return write_entries(out, *this, bounds, 0);
}

parsed<picture_loss> picture_loss::read(const rtcp_packet& packet) noexcept {
  const std::span<const std::byte> body = packet.body();
  if (body.size() < sources_bytes) return packet.error(errc::rtcp_body_truncated, body.size());
  // RFC 4585 6.3.1.2: there is no control information.
  if (body.size() != sources_bytes) return packet.error(errc::bad_feedback_length, sources_bytes);
  return picture_loss{octets::load_u32(body.data()), octets::load_u32(body.data() + 4)};
}
errc picture_loss::write(base::byte_writer& out) const noexcept {
  write_sources(out, *this);
  return {};
}

lost_slice lost_slice::load(const std::byte* p) noexcept {
  const std::uint32_t word = octets::load_u32(p);
  return {static_cast<std::uint16_t>(word >> 19U), static_cast<std::uint16_t>(word >> 6U & 0x1FFFU),
          static_cast<std::uint8_t>(word & 0x3FU)};
}
errc lost_slice::write(base::byte_writer& out) const noexcept {
  if (first > 0x1FFF || number > 0x1FFF || picture > 0x3F) return errc::value_out_of_range;
  out.u32(std::uint32_t{first} << 19U | std::uint32_t{number} << 6U | picture);
  return {};
}

parsed<slice_loss> slice_loss::read(const rtcp_packet& packet) noexcept {
  return read_entries<slice_loss>(packet, &slice_loss::slices, 1);
}
errc slice_loss::write(base::byte_writer& out) const noexcept { return write_entries(out, *this, slices, 1); }

parsed<reference_picture> reference_picture::read(const rtcp_packet& packet) noexcept {
  const std::span<const std::byte> body = packet.body();
  if (body.size() < sources_bytes) return packet.error(errc::rtcp_body_truncated, body.size());
  // RFC 4585 6.3.3.2: the padding's length, the payload type, and the bit string.
  if (body.size() < sources_bytes + 4) return packet.error(errc::bad_feedback_length, body.size());
  const std::span<const std::byte> string = body.subspan(sources_bytes + 2);
  const std::size_t padding = octets::load_u8(body.data() + sources_bytes);
  if (padding > 8 * string.size()) return packet.error(errc::bad_feedback_length, sources_bytes);
  reference_picture out;
  out.sender_ssrc = octets::load_u32(body.data());
  out.media_ssrc = octets::load_u32(body.data() + 4);
  out.payload_type = octets::load_u8(body.data() + sources_bytes + 1) & 0x7FU;
  out.bits = 8 * string.size() - padding;
  out.bit_string = string.first((out.bits + 7) / 8);
  return out;
}

errc reference_picture::write(base::byte_writer& out) const noexcept {
  const std::size_t bytes = (bits + 7) / 8;
  if (payload_type > 127 || bytes > bit_string.size()) return errc::value_out_of_range;
  const std::size_t fill = -(bytes + 2) % 4;
  write_sources(out, *this);
  out.u8(static_cast<std::uint8_t>(8 * (bytes + fill) - bits));
  out.u8(payload_type);
  out.bytes(bit_string.first(bytes));
  out.fill(fill);
  return {};
}

errc intra_entry::write(base::byte_writer& out) const noexcept {
  out.u32(ssrc);
  out.u32(std::uint32_t{sequence_number} << 24U);
  return {};
}

parsed<full_intra_request> full_intra_request::read(const rtcp_packet& packet) noexcept {
  return read_entries<full_intra_request>(packet, &full_intra_request::entries, 1);
}
errc full_intra_request::write(base::byte_writer& out) const noexcept {
  return write_entries(out, *this, entries, 1);
}

parsed<bandwidth_estimate> bandwidth_estimate::read(const rtcp_packet& packet) noexcept {
  const std::span<const std::byte> body = packet.body();
  if (body.size() < sources_bytes + 4) return packet.error(errc::rtcp_body_truncated, body.size());
  if (octets::load_u32(body.data() + sources_bytes) != remb_name) {
    return packet.error(errc::wrong_rtcp_type, sources_bytes);
  }
  if (body.size() < sources_bytes + 8) return packet.error(errc::bad_remb, body.size());
  const std::uint32_t word = octets::load_u32(body.data() + sources_bytes + 4);
  const std::size_t sources = 4 * std::size_t{word >> 24U};
  if (body.size() - sources_bytes - 8 != sources) return packet.error(errc::bad_remb, sources_bytes + 4);
  bandwidth_estimate out;
  out.sender_ssrc = octets::load_u32(body.data());
  out.media_ssrc = octets::load_u32(body.data() + 4);
  out.bitrate = unscale(word >> 18U & 0x3FU, word & 0x3FFFFU, max_bitrate);
  out.sources = field_list<std::uint32_t>::over(body.subspan(sources_bytes + 8));
  return out;
}

errc bandwidth_estimate::write(base::byte_writer& out) const noexcept {
  if (sources.size() > 255) return errc::too_many_items;
  const scaled rate = scale(std::min(bitrate, max_bitrate), 18);
  write_sources(out, *this);
  out.u32(remb_name);
  out.u32(static_cast<std::uint32_t>(sources.size()) << 24U | rate.exponent << 18U | rate.mantissa);
  return sources.write(out);
}

}  // namespace parley::rtp
