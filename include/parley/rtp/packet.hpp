#pragma once

#include <parley/base/byte_writer.hpp>
#include <parley/base/result.hpp>
#include <parley/rtp/error.hpp>
#include <parley/rtp/octets.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::rtp {

/// The fixed part of a header, in bytes (RFC 3550 5.1).
inline constexpr std::size_t header_bytes = 12;
/// How many contributing sources a packet may name.
inline constexpr std::size_t max_csrcs = 15;

/// True for a datagram that is RTCP, false for RTP, where both come to one port (RFC 5761 4): the second byte
/// is 192 to 223, which for RTP would be a payload type of 64 to 95 with the marker. What is neither STUN nor
/// DTLS is meant (RFC 7983); of other versions than 2 nothing is RTCP.
inline bool is_rtcp(std::span<const std::byte> datagram) noexcept {
  return datagram.size() >= 2 && (datagram[0] & std::byte{0xC0}) == std::byte{0x80} &&
         (datagram[1] & std::byte{0xE0}) == std::byte{0xC0};
}

/// True where RTP of this payload type cannot be told from RTCP on the same port (RFC 5761 4).
constexpr bool conflicts_with_rtcp(std::uint8_t payload_type) noexcept {
  return (payload_type & 0x7FU) >= 64 && (payload_type & 0x7FU) <= 95;
}

/// A header extension as it lies in a packet (RFC 3550 5.3.1): what its profile says, and the bytes behind
/// the length, a multiple of four. The elements of RFC 8285 are read by `extension_elements`.
struct header_extension {
  std::uint16_t profile = 0;
  std::span<const std::byte> bytes;
};

/// The contributing sources of a packet.
class csrc_list {
 public:
  explicit csrc_list(std::span<const std::byte> raw) noexcept : raw_(raw) {}
  std::size_t size() const noexcept { return raw_.size() / 4; }
  bool empty() const noexcept { return raw_.empty(); }
  std::uint32_t operator[](std::size_t i) const noexcept { return octets::load_u32(raw_.data() + 4 * i); }

 private:
  std::span<const std::byte> raw_;
};

/// An RTP packet in place (RFC 3550 5.1). `parse` finds where the parts are; fields are read when asked for,
/// and so are those that have been changed in the bytes since. Nothing is allocated.
///
/// *Ownership:* refers to the bytes that were parsed, and so does all that it returns.
class packet_view {
 public:
  /// *Errors:* the rule that the packet breaks; drop it.
  static parsed<packet_view> parse(std::span<const std::byte> packet) noexcept {
    const std::size_t size = packet.size();
    if (size < header_bytes) [[unlikely]] {
      return parse_error{errc::truncated_header, static_cast<std::uint32_t>(size)};
    }
    const auto first = std::to_integer<unsigned>(packet[0]);
    if (first >> 6U != 2) [[unlikely]] {
      return parse_error{errc::bad_version, 0};
    }
    std::size_t at = header_bytes + 4 * std::size_t{first & 0xFU};
    if (at > size) [[unlikely]] {
      return parse_error{errc::csrcs_truncated, header_bytes};
    }
    const std::size_t csrcs_end = at;
    if ((first & 0x10U) != 0) {
      if (size - at < 4) [[unlikely]] {
        return parse_error{errc::extension_truncated, static_cast<std::uint32_t>(at)};
      }
      at += 4 + 4 * std::size_t{octets::load_u16(packet.data() + at + 2)};
      if (at > size) [[unlikely]] {
        return parse_error{errc::extension_truncated, static_cast<std::uint32_t>(csrcs_end)};
      }
    }
    std::size_t padding = 0;
    if ((first & 0x20U) != 0) {
      // RFC 3550 5.1: the last byte counts the padding, itself included.
      padding = std::to_integer<std::size_t>(packet[size - 1]);
      if (padding == 0 || padding > size - at) [[unlikely]] {
        return parse_error{errc::bad_padding, static_cast<std::uint32_t>(size - 1)};
      }
    }
    return packet_view(packet, csrcs_end, at, padding);
  }

  std::uint8_t payload_type() const noexcept { return octets::load_u8(bytes_.data() + 1) & 0x7FU; }
  bool marker() const noexcept { return (bytes_[1] & std::byte{0x80}) != std::byte{0}; }
  std::uint16_t sequence_number() const noexcept { return octets::load_u16(bytes_.data() + 2); }
  std::uint32_t timestamp() const noexcept { return octets::load_u32(bytes_.data() + 4); }
  std::uint32_t ssrc() const noexcept { return octets::load_u32(bytes_.data() + 8); }

  csrc_list csrcs() const noexcept {
    return csrc_list(bytes_.subspan(header_bytes, csrcs_end_ - header_bytes));
  }

  bool has_extension() const noexcept { return (bytes_[0] & std::byte{0x10}) != std::byte{0}; }
  /// Empty, with a profile of zero, where there is none.
  header_extension extension() const noexcept {
    if (!has_extension()) return {};
    return {octets::load_u16(bytes_.data() + csrcs_end_),
            bytes_.subspan(csrcs_end_ + 4, header_size_ - csrcs_end_ - 4)};
  }

  /// The header with contributing sources and extension, in bytes; the payload begins there.
  std::size_t header_size() const noexcept { return header_size_; }
  /// The payload without padding.
  std::span<const std::byte> payload() const noexcept {
    return bytes_.subspan(header_size_, bytes_.size() - header_size_ - padding_);
  }
  /// The bytes of padding, the one that counts them included; 0 where there is none.
  std::size_t padding() const noexcept { return padding_; }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  packet_view(std::span<const std::byte> bytes, std::size_t csrcs_end, std::size_t header_size,
              std::size_t padding) noexcept
      : bytes_(bytes),
        header_size_(static_cast<std::uint32_t>(header_size)),
        csrcs_end_(static_cast<std::uint16_t>(csrcs_end)),
        padding_(static_cast<std::uint16_t>(padding)) {}

  std::span<const std::byte> bytes_;
  std::uint32_t header_size_;
  std::uint16_t csrcs_end_;
  std::uint16_t padding_;
};

/// The functions that follow change one field of a packet in place. `packet` has at least `header_bytes`
/// bytes: what `packet_view::parse` takes has.

/// Of `payload_type` the low seven bits; the marker stays.
inline void set_payload_type(std::span<std::byte> packet, std::uint8_t payload_type) noexcept {
  packet[1] = (packet[1] & std::byte{0x80}) | (std::byte{payload_type} & std::byte{0x7F});
}
/// The payload type stays.
inline void set_marker(std::span<std::byte> packet, bool marker) noexcept {
  packet[1] = (packet[1] & std::byte{0x7F}) | (marker ? std::byte{0x80} : std::byte{0});
}
/// RFC 3550 5.1.
inline void set_sequence_number(std::span<std::byte> packet, std::uint16_t sequence_number) noexcept {
  octets::store_u16(packet.data() + 2, sequence_number);
}
/// RFC 3550 5.1.
inline void set_timestamp(std::span<std::byte> packet, std::uint32_t timestamp) noexcept {
  octets::store_u32(packet.data() + 4, timestamp);
}
/// RFC 3550 5.1.
inline void set_ssrc(std::span<std::byte> packet, std::uint32_t ssrc) noexcept {
  octets::store_u32(packet.data() + 8, ssrc);
}

/// What a header says, for writing one.
struct packet_header {
  std::uint8_t payload_type = 0;  ///< 0 to 127
  bool marker = false;
  /// Set where padding will stand behind the payload; write that yourself, its last byte counting it.
  bool padding = false;
  std::uint16_t sequence_number = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  std::span<const std::uint32_t> csrcs{};  ///< at most `max_csrcs`
  /// Written where it has a profile or bytes; the bytes are a multiple of four.
  header_extension extension{};
};

/// Writes a header; the payload comes behind it.
///
/// *Errors:* `errc::no_space`; `errc::value_out_of_range` for a payload type above 127 or an extension that
/// is no multiple of four bytes or longer than 65535 words; `errc::too_many_items` for too many sources.
/// Nothing was written then.
inline base::result<void> write_header(base::byte_writer& out, const packet_header& header) noexcept {
  const std::size_t extension = header.extension.bytes.size();
  if (header.payload_type > 127 || extension % 4 != 0 || extension / 4 > 0xFFFF) {
    return make_error_code(errc::value_out_of_range);
  }
  if (header.csrcs.size() > max_csrcs) return make_error_code(errc::too_many_items);
  const bool extended = header.extension.profile != 0 || extension != 0;
  const std::size_t size = header_bytes + 4 * header.csrcs.size() + (extended ? 4 + extension : 0);
  if (!out.status() || out.remaining() < size) return make_error_code(errc::no_space);
  std::array<std::byte, header_bytes> fixed;
  octets::store_u8(fixed.data(), 0x80U | (header.padding ? 0x20U : 0U) | (extended ? 0x10U : 0U) |
                                     static_cast<unsigned>(header.csrcs.size()));
  octets::store_u8(fixed.data() + 1, (header.marker ? 0x80U : 0U) | header.payload_type);
  octets::store_u16(fixed.data() + 2, header.sequence_number);
  octets::store_u32(fixed.data() + 4, header.timestamp);
  octets::store_u32(fixed.data() + 8, header.ssrc);
  out.bytes(fixed);
  for (const std::uint32_t csrc : header.csrcs) out.u32(csrc);
  if (extended) {
    out.u16(header.extension.profile);
    out.u16(static_cast<std::uint16_t>(extension / 4));
    out.bytes(header.extension.bytes);
  }
  return {};
}

}  // namespace parley::rtp
