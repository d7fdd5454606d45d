#pragma once

#include <parley/rtp/rtcp.hpp>
#include <parley/rtp/rtcp_list.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::rtp {

/// What a receiver says of one source (RFC 3550 6.4.1).
struct report_block {
  std::uint32_t ssrc = 0;
  std::uint8_t fraction_lost = 0;         ///< of 256, since the last report
  std::int32_t cumulative_lost = 0;       ///< since the beginning; 24 bits, written as the nearest that fits
  std::uint32_t highest_sequence = 0;     ///< the cycles in the upper 16 bits
  std::uint32_t jitter = 0;               ///< in units of the timestamp
  std::uint32_t last_sr = 0;              ///< the middle 32 bits of the last SR's NTP time; 0 for none
  std::uint32_t delay_since_last_sr = 0;  ///< in 1/65536 s

  static constexpr std::size_t wire_bytes = 24;
  PARLEY_API static report_block load(const std::byte* p) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const report_block&, const report_block&) = default;
};

/// SR (RFC 3550 6.4.1).
///
/// *Ownership:* of one that was read, `blocks` and `extension` refer to the datagram.
struct sender_report {
  static constexpr rtcp_type type = rtcp_type::sender_report;

  std::uint32_t ssrc = 0;
  std::uint64_t ntp_time = 0;  ///< seconds since 1900 in the upper 32 bits, their fraction in the lower
  std::uint32_t rtp_time = 0;
  std::uint32_t packet_count = 0;
  std::uint32_t octet_count = 0;  ///< of payload, modulo 2^32
  field_list<report_block> blocks{};
  std::span<const std::byte> extension{};  ///< of a profile's own; a multiple of four bytes

  std::size_t count() const noexcept { return blocks.size(); }
  PARLEY_API static parsed<sender_report> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// RR (RFC 3550 6.4.2).
///
/// *Ownership:* of one that was read, `blocks` and `extension` refer to the datagram.
struct receiver_report {
  static constexpr rtcp_type type = rtcp_type::receiver_report;

  std::uint32_t ssrc = 0;
  field_list<report_block> blocks{};
  std::span<const std::byte> extension{};  ///< of a profile's own; a multiple of four bytes

  std::size_t count() const noexcept { return blocks.size(); }
  PARLEY_API static parsed<receiver_report> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

}  // namespace parley::rtp
