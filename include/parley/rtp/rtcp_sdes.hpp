#pragma once

#include <parley/rtp/rtcp.hpp>
#include <parley/rtp/rtcp_list.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace parley::rtp {

/// RFC 3550 6.5, and what IANA has registered since.
enum class sdes_type : std::uint8_t {
  cname = 1,
  name = 2,
  email = 3,
  phone = 4,
  location = 5,
  tool = 6,
  note = 7,
  private_extension = 8,
  h323_caddr = 9,
  apsi = 10,           ///< RFC 6776
  rtp_stream_id = 12,  ///< RFC 8852
  repaired_stream_id = 13,
  ccid = 14,  ///< RFC 8861
  mid = 15,   ///< RFC 8843
};

/// One item of a description. The text is UTF-8 by the RFC; escape it where you log it.
struct sdes_item {
  sdes_type type = sdes_type::cname;
  std::string_view text{};  ///< at most 255 bytes

  static sdes_item take(std::span<const std::byte>& rest) noexcept {
    const std::size_t size = octets::load_u8(rest.data() + 1);
    const sdes_item out{static_cast<sdes_type>(rest[0]),
                        {reinterpret_cast<const char*>(rest.data()) + 2, size}};
    rest = rest.subspan(2 + size);
    return out;
  }
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const sdes_item&, const sdes_item&) = default;
};

/// What PRIV holds (RFC 3550 6.5.8).
struct sdes_private {
  std::string_view prefix;
  std::string_view value;

  /// None where `item` is no PRIV or its prefix does not end within it.
  PARLEY_API static std::optional<sdes_private> read(const sdes_item& item) noexcept;
};

/// A source and its items.
struct sdes_chunk {
  std::uint32_t ssrc = 0;
  item_list<sdes_item> items{};

  /// The text of the first item of that type.
  PARLEY_API std::optional<std::string_view> find(sdes_type type) const noexcept;

  PARLEY_API static sdes_chunk take(std::span<const std::byte>& rest) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// SDES (RFC 3550 6.5).
///
/// *Ownership:* one that was read refers to the datagram.
struct source_description {
  static constexpr rtcp_type type = rtcp_type::source_description;

  item_list<sdes_chunk> chunks{};

  std::size_t count() const noexcept { return chunks.size(); }
  PARLEY_API static parsed<source_description> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

}  // namespace parley::rtp
