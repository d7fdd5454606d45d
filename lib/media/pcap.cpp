#include <parley/media/pcap.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>

namespace parley::media {
namespace {

constexpr std::uint32_t microsecond_magic = 0xA1B2C3D4;
constexpr std::uint32_t raw_ip = 101;
constexpr std::size_t record_header = 16;
constexpr std::size_t ipv4_header = 20;
constexpr std::size_t ipv6_header = 40;
constexpr std::size_t udp_header = 8;
constexpr std::size_t snap_length = 65535;  // that readers expect, by the header
constexpr std::uint8_t udp = 17;

/// The ones' complement sum of RFC 1071, in network order.
class checksum {
 public:
  void add(std::uint32_t word) noexcept { sum_ += (word >> 16U) + (word & 0xFFFFU); }
  void add(std::span<const std::byte> bytes) noexcept {
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      const auto low = i + 1 < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + 1]) : 0U;
      sum_ += std::to_integer<std::uint32_t>(bytes[i]) << 8U | low;
    }
  }
  std::uint16_t value() const noexcept {
    std::uint64_t folded = sum_;
    while (folded > 0xFFFFU) folded = (folded >> 16U) + (folded & 0xFFFFU);
    return static_cast<std::uint16_t>(~folded);
  }

 private:
  std::uint64_t sum_ = 0;
};

std::span<const std::byte> address_bytes(const base::ip_address& ip,
                                         std::array<std::uint8_t, 16>& space) noexcept {
  if (ip.is_v6()) {
    space = ip.to_v6_bytes();
    return std::as_bytes(std::span(space));
  }
  const auto four = ip.to_v4_bytes();
  std::ranges::copy(four, space.begin());
  return std::as_bytes(std::span(space)).first(four.size());
}

}  // namespace

base::result<void> write_pcap_header(base::byte_writer& out) noexcept {
  if (out.remaining() < pcap_header_bytes) return make_error_code(base::errc::no_space);
  out.u32(microsecond_magic);
  out.u16(2);
  out.u16(4);
  out.u64(0);  // time zone and accuracy, which nobody fills in
  out.u32(snap_length);
  out.u32(raw_ip);
  return out.status();
}

std::size_t pcap_record_bytes(const captured_datagram& datagram) noexcept {
  return record_header + (datagram.from.ip.is_v6() ? ipv6_header : ipv4_header) + udp_header +
         datagram.payload.size();
}

base::result<void> write_pcap_record(base::byte_writer& out, const captured_datagram& datagram) noexcept {
  const auto since = datagram.at.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since).count();
  const bool v6 = datagram.from.ip.is_v6();
  if (v6 != datagram.to.ip.is_v6() || pcap_record_bytes(datagram) > record_header + snap_length ||
      since.count() < 0 || seconds > std::numeric_limits<std::uint32_t>::max()) {
    return make_error_code(base::errc::out_of_range);
  }
  if (out.remaining() < pcap_record_bytes(datagram)) return make_error_code(base::errc::no_space);

  const auto size = static_cast<std::uint32_t>(pcap_record_bytes(datagram) - record_header);
  out.u32(static_cast<std::uint32_t>(seconds));
  out.u32(static_cast<std::uint32_t>(since.count() % 1'000'000));
  out.u32(size);
  out.u32(size);

  std::array<std::uint8_t, 16> from_space{};
  std::array<std::uint8_t, 16> to_space{};
  const auto from = address_bytes(datagram.from.ip, from_space);
  const auto to = address_bytes(datagram.to.ip, to_space);
  const auto udp_size = static_cast<std::uint16_t>(udp_header + datagram.payload.size());
  constexpr std::uint8_t hops = 64;
  if (v6) {
    out.u32(0x60000000);
    out.u16(udp_size);
    out.u8(udp);
    out.u8(hops);
  } else {
    constexpr std::uint32_t version_and_length = 0x45000000;
    checksum header;
    header.add(version_and_length | size);
    header.add(std::uint32_t{hops} << 24U | std::uint32_t{udp} << 16U);
    header.add(from);
    header.add(to);
    out.u32(version_and_length | size);
    out.u32(0);
    out.u8(hops);
    out.u8(udp);
    out.u16(header.value());
  }
  out.bytes(from);
  out.bytes(to);

  checksum sum;
  sum.add(from);
  sum.add(to);
  sum.add(udp);
  sum.add(2U * udp_size);  // in the pseudo header, and in its own
  sum.add(std::uint32_t{datagram.from.port} << 16U | datagram.to.port);
  sum.add(datagram.payload);
  out.u16(datagram.from.port);
  out.u16(datagram.to.port);
  out.u16(udp_size);
  // RFC 768: zero stands for no checksum, so that a sum of zero is written as its other form.
  out.u16(sum.value() == 0 ? std::uint16_t{0xFFFF} : sum.value());
  out.bytes(datagram.payload);
  return out.status();
}

}  // namespace parley::media
