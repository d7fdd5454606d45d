#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <vector>

namespace parley::test {

/// The payloads of the UDP datagrams over IPv4 in a pcap file of Ethernet frames, written on a little-endian
/// machine. None where the file is something else.
inline std::optional<std::vector<std::vector<std::byte>>> read_udp_payloads(
    const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> file{std::istreambuf_iterator<char>(in), {}};
  const auto all = std::as_bytes(std::span(file));
  const auto u8 = [&all](std::size_t at) { return std::to_integer<std::size_t>(all[at]); };
  const auto little = [&](std::size_t at) {
    return u8(at) | u8(at + 1) << 8U | u8(at + 2) << 16U | u8(at + 3) << 24U;
  };
  if (all.size() < 24 || little(0) != 0xA1B2C3D4 || little(20) != 1) return std::nullopt;
  std::vector<std::vector<std::byte>> out;
  for (std::size_t at = 24; at < all.size();) {
    if (all.size() - at < 16 || little(at + 8) > all.size() - at - 16) return std::nullopt;
    const auto frame = all.subspan(at + 16, little(at + 8));
    at += 16 + frame.size();
    constexpr std::size_t ethernet = 14;
    if (frame.size() < ethernet + 20 || frame[12] != std::byte{8} || frame[13] != std::byte{0}) continue;
    const std::size_t ip = 4 * (std::to_integer<std::size_t>(frame[ethernet]) & 15U);
    if (frame[ethernet + 9] != std::byte{17} || frame.size() < ethernet + ip + 8) continue;
    const std::size_t udp = std::to_integer<std::size_t>(frame[ethernet + ip + 4]) << 8U |
                            std::to_integer<std::size_t>(frame[ethernet + ip + 5]);
    if (udp < 8 || frame.size() < ethernet + ip + udp) continue;
    const auto payload = frame.subspan(ethernet + ip + 8, udp - 8);
    out.emplace_back(payload.begin(), payload.end());
  }
  return out;
}

}  // namespace parley::test
