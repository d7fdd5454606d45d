#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/base/result.hpp>
#include <parley/base/time.hpp>

#include <cstddef>
#include <span>

namespace parley::media {

/// A datagram for a capture file, with the addresses that its IP header is to show.
struct captured_datagram {
  base::wall_time at{};
  base::socket_address from{};
  base::socket_address to{};  ///< of the same family
  std::span<const std::byte> payload{};
};

/// Bytes of what a capture file begins with.
inline constexpr std::size_t pcap_header_bytes = 24;

/// Begins a capture file, as tcpdump and Wireshark read it: microseconds, and packets that begin with their
/// IP header (link type 101). *Errors:* `base::errc::no_space`.
PARLEY_API base::result<void> write_pcap_header(base::byte_writer& out) noexcept;

/// Bytes that `write_pcap_record` writes.
PARLEY_API std::size_t pcap_record_bytes(const captured_datagram& datagram) noexcept;

/// Adds a datagram, below an IP and a UDP header made for it, with their checksums (RFC 791, RFC 768, RFC
/// 8200). *Errors:* `base::errc::no_space`; `base::errc::out_of_range` for addresses of two families, for
/// more than a datagram holds and for a time before 1970 or after 2106. Nothing has been written then.
PARLEY_API base::result<void> write_pcap_record(base::byte_writer& out,
                                                const captured_datagram& datagram) noexcept;

}  // namespace parley::media
