// Two bits, or one, say of each packet how many bytes its delta has: none where it was not received, one for
// 0 to 63.75 ms, two for all else. They stand in chunks of two bytes in front of all the deltas.
#include <parley/rtp/transport_cc.hpp>

#include <algorithm>

namespace parley::rtp {
namespace {

constexpr std::size_t fixed_bytes = 16;

// 3.1.1: the value that is left is reserved.
constexpr unsigned not_received = 0;
constexpr unsigned small_delta = 1;
constexpr unsigned large_delta = 2;
constexpr unsigned reserved = 3;

constexpr std::uint16_t max_run = 0x1FFF;
constexpr std::uint16_t one_bit_symbols = 14;
constexpr std::uint16_t two_bit_symbols = 7;

std::uint16_t symbols_in(unsigned chunk) noexcept {
  if ((chunk & 0x8000U) == 0) return static_cast<std::uint16_t>(chunk & max_run);  // 3.1.3
  return (chunk & 0x4000U) == 0 ? one_bit_symbols : two_bit_symbols;               // 3.1.4
}

/// The symbol behind which `left` more stand in the chunk.
unsigned symbol_of(unsigned chunk, unsigned left) noexcept {
  if ((chunk & 0x8000U) == 0) return chunk >> 13U & 3U;
  if ((chunk & 0x4000U) == 0) return chunk >> left & 1U;
  return chunk >> 2U * left & 3U;
}

unsigned symbol_for(const packet_status& packet) noexcept {
  if (!packet.received) return not_received;
  return packet.delta >= 0 && packet.delta <= 255 ? small_delta : large_delta;
}

/// What one chunk can say of the packets from `at` on, and how many they are.
struct packed {
  unsigned chunk;
  std::size_t packets;
};

packed pack(packet_status_list::iterator at, std::size_t left) noexcept {
  const unsigned first = symbol_for(*at);
  unsigned one_bit = 0;
  unsigned two_bits = 0;
  std::size_t run = 0;
  std::size_t single = 0;
  std::size_t seen = 0;
  for (; seen < std::min<std::size_t>(left, max_run); ++seen, ++at) {
    const unsigned symbol = symbol_for(*at);
    if (run == seen && symbol == first) ++run;
    if (seen < one_bit_symbols && single == seen && symbol != large_delta) {
      one_bit |= symbol << (one_bit_symbols - 1U - seen);
      ++single;
    }
    if (seen < two_bit_symbols) two_bits |= symbol << 2U * (two_bit_symbols - 1U - seen);
    if (run <= seen && seen >= one_bit_symbols) break;
  }
  const std::size_t most_single = std::min<std::size_t>(left, one_bit_symbols);
  const std::size_t most_double = std::min<std::size_t>(left, two_bit_symbols);
  if (run >= most_single || (run >= most_double && single < most_single)) {
    return {first << 13U | static_cast<unsigned>(run), run};
  }
  if (single == most_single) return {0x8000U | one_bit, most_single};
  return {0xC000U | two_bits, most_double};
}

}  // namespace

unsigned packet_status_list::iterator::next_symbol() noexcept {
  while (in_chunk_ == 0) {
    chunk_ = octets::load_u16(chunks_);
    chunks_ += 2;
    in_chunk_ = symbols_in(chunk_);
  }
  return symbol_of(chunk_, --in_chunk_);
}

void packet_status_list::iterator::read() noexcept {
  if (left_ == 0) return;
  if (values_ != nullptr) {
    current_ = *values_++;
    return;
  }
  switch (next_symbol()) {
    case small_delta:
      current_ = {true, octets::load_u8(deltas_)};
      deltas_ += 1;
      break;
    case large_delta:
      current_ = {true, static_cast<std::int16_t>(octets::load_u16(deltas_))};
      deltas_ += 2;
      break;
    default: current_ = {}; break;
  }
}

parsed<transport_cc> transport_cc::read(const rtcp_packet& packet) noexcept {
  const std::span<const std::byte> body = packet.body();
  if (body.size() < fixed_bytes) return packet.error(errc::rtcp_body_truncated, body.size());
  const std::byte* const p = body.data();
  const std::size_t count = octets::load_u16(p + 10);
  if (count == 0) return packet.error(errc::bad_status_chunk, 10);
  std::size_t at = fixed_bytes;
  std::size_t deltas = 0;
  for (std::size_t left = count; left != 0;) {
    if (body.size() - at < 2) return packet.error(errc::bad_status_chunk, at);
    const unsigned chunk = octets::load_u16(p + at);
    const unsigned symbols = symbols_in(chunk);
    const auto used = static_cast<unsigned>(std::min<std::size_t>(symbols, left));
    if ((chunk & 0x8000U) == 0) {
      if (symbol_of(chunk, 0) == reserved) return packet.error(errc::bad_status_chunk, at);
      deltas += std::size_t{used} * symbol_of(chunk, 0);
    } else {
      for (unsigned i = 0; i < used; ++i) {
        const unsigned symbol = symbol_of(chunk, symbols - 1 - i);
        if (symbol == reserved) return packet.error(errc::bad_status_chunk, at);
        deltas += symbol;
      }
    }
    left -= used;
    at += 2;
  }
  if (body.size() - at < deltas) return packet.error(errc::bad_status_chunk, body.size());
  transport_cc out;
  out.sender_ssrc = octets::load_u32(p);
  out.media_ssrc = octets::load_u32(p + 4);
  out.base_sequence = octets::load_u16(p + 8);
  const std::uint32_t time = octets::load_u24(p + 12);
  out.reference_time = static_cast<std::int32_t>(time) - ((time & 0x800000U) != 0 ? 0x1000000 : 0);
  out.feedback_count = octets::load_u8(p + 15);
  out.packets.chunks_ = p + fixed_bytes;
  out.packets.deltas_ = p + at;
  out.packets.size_ = count;
  return out;
}

errc transport_cc::write(base::byte_writer& out) const noexcept {
  if (packets.empty()) return errc::bad_status_chunk;
  if (packets.size() > 0xFFFF) return errc::too_many_items;
  if (reference_time < -0x800000 || reference_time > 0x7FFFFF) return errc::value_out_of_range;
  out.u32(sender_ssrc);
  out.u32(media_ssrc);
  out.u16(base_sequence);
  out.u16(static_cast<std::uint16_t>(packets.size()));
  out.u24(static_cast<std::uint32_t>(reference_time) & 0xFFFFFFU);
  out.u8(feedback_count);
  packet_status_list::iterator at = packets.begin();
  for (std::size_t left = packets.size(); left != 0;) {
    const packed next = pack(at, left);
    out.u16(static_cast<std::uint16_t>(next.chunk));
    for (std::size_t i = 0; i < next.packets; ++i) ++at;
    left -= next.packets;
  }
  for (const packet_status& packet : packets) {
    switch (symbol_for(packet)) {
      case small_delta: out.u8(static_cast<std::uint8_t>(packet.delta)); break;
      case large_delta: out.u16(static_cast<std::uint16_t>(packet.delta)); break;
      default: break;
    }
  }
  out.fill(-out.position() % 4);
  return {};
}

}  // namespace parley::rtp
