#pragma once

#include <parley/rtp/rtcp.hpp>
#include <parley/rtp/rtcp_list.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::rtp {

/// BYE (RFC 3550 6.6).
///
/// *Ownership:* one that was read refers to the datagram.
struct bye {
  static constexpr rtcp_type type = rtcp_type::bye;

  field_list<std::uint32_t> sources{};
  std::string_view reason{};  ///< at most 255 bytes, for humans; left out where empty

  std::size_t count() const noexcept { return sources.size(); }
  PARLEY_API static parsed<bye> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

}  // namespace parley::rtp
