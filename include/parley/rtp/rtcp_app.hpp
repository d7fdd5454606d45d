#pragma once

#include <parley/rtp/rtcp.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley::rtp {

/// APP (RFC 3550 6.7).
///
/// *Ownership:* one that was read refers to the datagram.
struct application_packet {
  static constexpr rtcp_type type = rtcp_type::application;

  std::uint8_t subtype = 0;  ///< below 32
  std::uint32_t ssrc = 0;
  std::string_view name{};            ///< four bytes of ASCII; upper and lower case differ
  std::span<const std::byte> data{};  ///< a multiple of four bytes

  std::size_t count() const noexcept { return subtype; }
  PARLEY_API static parsed<application_packet> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

}  // namespace parley::rtp
