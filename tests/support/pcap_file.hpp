#pragma once

#include <parley/base/address.hpp>
#include <parley/base/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace parley::test {

/// A UDP datagram of a capture file.
struct recorded_datagram {
  base::time_point at{};  ///< since 1970
  base::socket_address from;
  base::socket_address to;
  std::vector<std::byte> payload;
};

namespace pcap {

using bytes = std::span<const std::byte>;

inline std::uint32_t number(bytes of, std::size_t at, std::size_t size, bool little = false) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8U | std::to_integer<std::uint32_t>(of[at + (little ? size - 1 - i : i)]);
  }
  return value;
}

/// Fills `into` but for its time where `packet` is a whole UDP datagram over IPv4, or over IPv6 without
/// extension headers.
inline bool read_ip(bytes packet, recorded_datagram& into) {
  constexpr std::uint32_t protocol_udp = 17;
  if (packet.empty()) return false;
  const bool v6 = number(packet, 0, 1) >> 4U == 6;
  const std::size_t head = v6 ? 40 : std::size_t{4} * (number(packet, 0, 1) & 15U);
  if (packet.size() < head + 8 || head < 20) return false;
  if (number(packet, v6 ? 6 : 9, 1) != protocol_udp) return false;
  // A fragment: more follow, or it is not the first.
  if (!v6 && (number(packet, 6, 2) & 0x3FFFU) != 0) return false;
  const bytes udp = packet.subspan(head);
  const std::size_t length = number(udp, 4, 2);
  if (length < 8 || length > udp.size()) return false;
  const auto address = [&](std::size_t v4_at, std::size_t v6_at, std::size_t port_at) {
    base::socket_address found{base::ip_address::v4(number(packet, v4_at, 4)),
                               static_cast<std::uint16_t>(number(udp, port_at, 2))};
    if (v6) {
      base::ip_address::v6_bytes all{};
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::to_integer<std::uint8_t>(packet[v6_at + i]);
      found.ip = base::ip_address::v6(all);
    }
    return found;
  };
  into.from = address(12, 8, 0);
  into.to = address(16, 24, 2);
  const bytes payload = udp.subspan(8, length - 8);
  into.payload.assign(payload.begin(), payload.end());
  return true;
}

}  // namespace pcap

/// The UDP datagrams of a capture file in the old format (pcap, not pcapng), of either byte order, in
/// microseconds or nanoseconds, of Ethernet frames or of packets that begin with their IP header. What is no
/// UDP is left out. None where the file is something else, or ends within a packet.
inline std::optional<std::vector<recorded_datagram>> read_datagrams(std::span<const std::byte> file) {
  constexpr std::uint32_t micro = 0xA1B2C3D4;
  constexpr std::uint32_t nano = 0xA1B23C4D;
  constexpr std::uint32_t link_ethernet = 1;
  constexpr std::uint32_t link_raw_ip = 101;
  constexpr std::size_t ethernet = 14;
  if (file.size() < 24) return std::nullopt;
  const std::uint32_t magic = pcap::number(file, 0, 4, true);
  const bool little = magic == micro || magic == nano;
  const auto word = [&](std::size_t at) { return pcap::number(file, at, 4, little); };
  if (word(0) != micro && word(0) != nano) return std::nullopt;
  const std::uint32_t link = word(20);
  if (link != link_ethernet && link != link_raw_ip) return std::nullopt;
  std::vector<recorded_datagram> out;
  for (std::size_t at = 24; at < file.size();) {
    if (file.size() - at < 16 || word(at + 8) > file.size() - at - 16) return std::nullopt;
    recorded_datagram datagram;
    datagram.at += std::chrono::seconds(word(at)) +
                   std::chrono::microseconds(word(0) == nano ? word(at + 4) / 1000 : word(at + 4));
    pcap::bytes frame = file.subspan(at + 16, word(at + 8));
    at += 16 + frame.size();
    if (link == link_ethernet) {
      if (frame.size() < ethernet) continue;
      const std::uint32_t type = pcap::number(frame, 12, 2);
      if (type != 0x0800 && type != 0x86DD) continue;
      frame = frame.subspan(ethernet);
    }
    if (pcap::read_ip(frame, datagram)) out.push_back(std::move(datagram));
  }
  return out;
}

/// The same of a file by its path.
inline std::optional<std::vector<recorded_datagram>> read_datagrams(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> file{std::istreambuf_iterator<char>(in), {}};
  return read_datagrams(std::as_bytes(std::span(file)));
}

}  // namespace parley::test
