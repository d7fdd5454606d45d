#pragma once

#include <parley/rtp/rtcp.hpp>
#include <parley/rtp/rtcp_list.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::rtp {

/// Feedback of RFC 4585 and RFC 5104. In all of it `sender_ssrc` is who says it, `media_ssrc` the source that
/// is meant; where entries name their sources themselves, it is zero.
///
/// *Ownership:* what was read refers to the datagram.

/// A lost packet, and which of the 16 behind it are lost, too: the lowest bit is for the next.
struct nack_entry {
  std::uint16_t packet_id = 0;
  std::uint16_t following = 0;

  static constexpr std::size_t wire_bytes = 4;
  static nack_entry load(const std::byte* p) noexcept {
    return {octets::load_u16(p), octets::load_u16(p + 2)};
  }
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const nack_entry&, const nack_entry&) = default;
};

/// Generic NACK (RFC 4585 6.2.1): at least one entry.
struct generic_nack {
  static constexpr rtcp_type type = rtcp_type::transport_feedback;
  static constexpr std::uint8_t format = 1;

  std::uint32_t sender_ssrc = 0;
  std::uint32_t media_ssrc = 0;
  field_list<nack_entry> entries{};

  /// Calls `with` for each lost sequence number.
  template <class Function>
  void for_each(Function&& with) const {
    for (const nack_entry e : entries) {
      with(e.packet_id);
      for (unsigned i = 0; i < 16; ++i) {
        if ((e.following >> i & 1U) != 0) with(static_cast<std::uint16_t>(e.packet_id + i + 1));
      }
    }
  }

  PARLEY_API static parsed<generic_nack> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// Makes entries of lost sequence numbers, which are in the order of sending, and returns how many there are.
/// What is beyond the room of `out` is left out.
PARLEY_API std::size_t make_nack_entries(std::span<const std::uint16_t> lost,
                                         std::span<nack_entry> out) noexcept;

/// A bound for the rate of a source, or of what is sent to one.
struct bitrate_bound {
  std::uint32_t ssrc = 0;
  /// Bit/s; written as the nearest below that 17 bits and a power of two give. What is above
  /// `max_bitrate` counts as that.
  std::uint64_t bitrate = 0;
  std::uint16_t overhead = 0;  ///< bytes of headers a packet, below 512

  static constexpr std::uint64_t max_bitrate = std::uint64_t{0x1FFFF} << 47U;
  static constexpr std::size_t wire_bytes = 8;
  PARLEY_API static bitrate_bound load(const std::byte* p) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const bitrate_bound&, const bitrate_bound&) = default;
};

/// TMMBR (RFC 5104 4.2.1): asks for a bound. At least one entry.
struct bitrate_request {
  static constexpr rtcp_type type = rtcp_type::transport_feedback;
  static constexpr std::uint8_t format = 3;

  std::uint32_t sender_ssrc = 0;
  std::uint32_t media_ssrc = 0;
  field_list<bitrate_bound> bounds{};

  PARLEY_API static parsed<bitrate_request> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// TMMBN (RFC 5104 4.2.2): says which bounds hold; there may be none.
struct bitrate_notification {
  static constexpr rtcp_type type = rtcp_type::transport_feedback;
  static constexpr std::uint8_t format = 4;

  std::uint32_t sender_ssrc = 0;
  std::uint32_t media_ssrc = 0;
  field_list<bitrate_bound> bounds{};

  PARLEY_API static parsed<bitrate_notification> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// PLI (RFC 4585 6.3.1).
struct picture_loss {
  static constexpr rtcp_type type = rtcp_type::payload_feedback;
  static constexpr std::uint8_t format = 1;

  std::uint32_t sender_ssrc = 0;
  std::uint32_t media_ssrc = 0;

  PARLEY_API static parsed<picture_loss> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// Macroblocks of a picture that are lost.
struct lost_slice {
  std::uint16_t first = 0;   ///< 13 bits
  std::uint16_t number = 0;  ///< 13 bits
  std::uint8_t picture = 0;  ///< the lower 6 bits of its id

  static constexpr std::size_t wire_bytes = 4;
  PARLEY_API static lost_slice load(const std::byte* p) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const lost_slice&, const lost_slice&) = default;
};

/// SLI (RFC 4585 6.3.2): at least one entry.
struct slice_loss {
  static constexpr rtcp_type type = rtcp_type::payload_feedback;
  static constexpr std::uint8_t format = 2;

  std::uint32_t sender_ssrc = 0;
  std::uint32_t media_ssrc = 0;
  field_list<lost_slice> slices{};

  PARLEY_API static parsed<slice_loss> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// RPSI (RFC 4585 6.3.3): which picture to refer to, in a form that the codec gives.
struct reference_picture {
  static constexpr rtcp_type type = rtcp_type::payload_feedback;
  static constexpr std::uint8_t format = 3;

  std::uint32_t sender_ssrc = 0;
  std::uint32_t media_ssrc = 0;
  std::uint8_t payload_type = 0;            ///< 0 to 127
  std::span<const std::byte> bit_string{};  ///< begins with the highest bit of its first byte
  std::size_t bits = 0;                     ///< how many of `bit_string` count

  PARLEY_API static parsed<reference_picture> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// A request for a decoder refresh point; a repetition has the same number.
struct intra_entry {
  std::uint32_t ssrc = 0;
  std::uint8_t sequence_number = 0;

  static constexpr std::size_t wire_bytes = 8;
  static intra_entry load(const std::byte* p) noexcept {
    return {octets::load_u32(p), octets::load_u8(p + 4)};
  }
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const intra_entry&, const intra_entry&) = default;
};

/// FIR (RFC 5104 4.3.1): at least one entry.
struct full_intra_request {
  static constexpr rtcp_type type = rtcp_type::payload_feedback;
  static constexpr std::uint8_t format = 4;

  std::uint32_t sender_ssrc = 0;
  std::uint32_t media_ssrc = 0;
  field_list<intra_entry> entries{};

  PARLEY_API static parsed<full_intra_request> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// REMB (draft-alvestrand-rmcat-remb 2.2): what the receiver takes the way's rate for, over all the sources
/// together. It is application layer feedback (RFC 4585 6.4) that begins with these four letters; `get` calls
/// other such feedback `errc::wrong_rtcp_type`.
struct bandwidth_estimate {
  static constexpr rtcp_type type = rtcp_type::payload_feedback;
  static constexpr std::uint8_t format = 15;

  std::uint32_t sender_ssrc = 0;
  std::uint32_t media_ssrc = 0;
  /// Bit/s; written as the nearest below that 18 bits and a power of two give. What is above `max_bitrate`
  /// counts as that.
  std::uint64_t bitrate = 0;
  field_list<std::uint32_t> sources{};  ///< at most 255

  static constexpr std::uint64_t max_bitrate = std::uint64_t{0x3FFFF} << 46U;

  PARLEY_API static parsed<bandwidth_estimate> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

}  // namespace parley::rtp
