#pragma once

#include <parley/base/packet_buffer.hpp>

#include "support/hex.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

// Repair packets made the way the RFCs describe it, bit string by bit string, as a sender would.
namespace parley::test {

using octet_string = std::vector<std::byte>;

inline void append(octet_string& out, std::span<const std::byte> more) {
  out.insert(out.end(), more.begin(), more.end());
}
inline void append(octet_string& out, unsigned value, unsigned bytes) {
  while (bytes-- != 0) out.push_back(static_cast<std::byte>(value >> 8U * bytes & 0xFFU));
}

/// A packet of media whose fields and size all depend on its number.
inline octet_string media_packet(std::uint16_t number, std::uint32_t ssrc = 3) {
  octet_string out;
  append(out, number % 3 == 0 ? 0x81U : 0x80U, 1);
  append(out, (number % 2 == 0 ? 0x80U : 0U) | 96U, 1);
  append(out, number, 2);
  append(out, number * 3000U, 4);
  append(out, ssrc, 4);
  if (number % 3 == 0) append(out, 77, 4);
  for (unsigned i = 0; i < 20U + number % 50U; ++i) append(out, number * 7U + i, 1);
  return out;
}

inline octet_string sum(octet_string a, const octet_string& b) {
  a.resize(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < b.size(); ++i) a[i] ^= b[i];
  return a;
}

/// RFC 5109 8.1, 8.2: the first 64 bits, the length behind the fixed header, and what stands there.
inline octet_string ulpfec_bits(const octet_string& packet, std::size_t from, std::size_t most) {
  octet_string out(packet.begin(), packet.begin() + 8);
  append(out, static_cast<unsigned>(packet.size() - 12), 2);
  const std::size_t begin = std::min(packet.size(), 12 + from);
  append(out, std::span(packet).subspan(begin, std::min(most, packet.size() - begin)));
  return out;
}

/// RFC 5109 7.3: the header with one level that protects all of the packets, which are within 16 numbers.
inline octet_string make_ulpfec(const std::vector<octet_string>& packets, std::uint16_t base) {
  octet_string bits;
  unsigned mask = 0;
  for (const octet_string& p : packets) {
    bits = sum(bits, ulpfec_bits(p, 0, 65535));
    const auto number = static_cast<unsigned>(p[2]) << 8U | static_cast<unsigned>(p[3]);
    mask |= 0x8000U >> ((number - base) & 0xFFFFU);
  }
  octet_string out(bits.begin(), bits.begin() + 10);
  out[0] &= std::byte{0x3F};
  out[2] = static_cast<std::byte>(base >> 8U);
  out[3] = static_cast<std::byte>(base & 0xFFU);
  append(out, static_cast<unsigned>(bits.size() - 10), 2);
  append(out, mask, 2);
  append(out, std::span(bits).subspan(10));
  return out;
}

/// RFC 8627 4.2.2.1: an RTP packet of repair whose mask is given as hexadecimal digits.
inline octet_string make_flexfec(const std::vector<octet_string>& packets, std::uint16_t base,
                                 std::string_view mask) {
  octet_string bits;
  for (const octet_string& p : packets) {
    octet_string one(p.begin(), p.begin() + 2);
    append(one, static_cast<unsigned>(p.size() - 12), 2);
    append(one, std::span(p).subspan(4, 4));
    append(one, std::span(p).subspan(12));
    bits = sum(bits, one);
  }
  octet_string out = from_hex("8170 0001 00000000 00000055 00000003");
  out.insert(out.end(), bits.begin(), bits.begin() + 8);
  out[16] &= std::byte{0x3F};
  append(out, base, 2);
  append(out, from_hex(mask));
  append(out, std::span(bits).subspan(8));
  return out;
}

}  // namespace parley::test
