#pragma once

#include <parley/base/byte_writer.hpp>
#include <parley/rtp/error.hpp>
#include <parley/rtp/octets.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley::rtp {

/// Values of elements of a header extension, for `extension_elements::get` and `extension_writer::add`. Each
/// names the URI by which it is negotiated (RFC 8285 5).

/// The level of the audio in a packet (RFC 6464 3).
struct audio_level {
  static constexpr std::string_view uri = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

  bool voice = false;
  std::uint8_t level = 127;  ///< below full scale, in dB: 0 is the loudest, 127 is silence

  static parsed<audio_level> read(std::span<const std::byte> data) noexcept {
    if (data.size() != 1) return parse_error{errc::bad_extension_length, 0};
    const unsigned value = octets::load_u8(data.data());
    return audio_level{(value & 0x80U) != 0, static_cast<std::uint8_t>(value & 0x7FU)};
  }
  errc write(base::byte_writer& out) const noexcept {
    if (level > 127) return errc::value_out_of_range;
    out.u8(static_cast<std::uint8_t>((voice ? 0x80U : 0U) | level));
    return {};
  }
  friend bool operator==(const audio_level&, const audio_level&) = default;
};

/// The text of an SDES item (RFC 7941), as `mid` (RFC 8843 15.2) and `rid` (RFC 8852 3) are.
///
/// *Ownership:* one that was read refers to the packet.
struct sdes_extension {
  static constexpr std::string_view cname_uri = "urn:ietf:params:rtp-hdrext:sdes:cname";
  static constexpr std::string_view mid_uri = "urn:ietf:params:rtp-hdrext:sdes:mid";
  static constexpr std::string_view rid_uri = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
  static constexpr std::string_view repaired_rid_uri =
      "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";

  std::string_view text{};  ///< 1 to 255 bytes, 16 in the one-byte form

  static parsed<sdes_extension> read(std::span<const std::byte> data) noexcept {
    if (data.empty()) return parse_error{errc::bad_extension_length, 0};
    return sdes_extension{{reinterpret_cast<const char*>(data.data()), data.size()}};
  }
  errc write(base::byte_writer& out) const noexcept {
    if (text.empty()) return errc::bad_extension_length;
    out.text(text);
    return {};
  }
  friend bool operator==(const sdes_extension&, const sdes_extension&) = default;
};

/// When the packet was sent: the lower six bits of the seconds, and 18 bits of their fraction.
struct absolute_send_time {
  static constexpr std::string_view uri = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";

  std::uint32_t time = 0;  ///< 24 bits, in units of 2^-18 s

  /// Of an NTP time with 32 bits of seconds and 32 of their fraction.
  static absolute_send_time from_ntp(std::uint64_t ntp_time) noexcept {
    return {static_cast<std::uint32_t>(ntp_time >> 14U) & 0xFFFFFFU};
  }
  static parsed<absolute_send_time> read(std::span<const std::byte> data) noexcept {
    if (data.size() != 3) return parse_error{errc::bad_extension_length, 0};
    return absolute_send_time{octets::load_u24(data.data())};
  }
  errc write(base::byte_writer& out) const noexcept {
    if (time > 0xFFFFFF) return errc::value_out_of_range;
    out.u24(time);
    return {};
  }
  friend bool operator==(const absolute_send_time&, const absolute_send_time&) = default;
};

/// The number that `transport_cc` reports on (draft-holmer-rmcat-transport-wide-cc-extensions-01 2).
struct transport_sequence_number {
  static constexpr std::string_view uri =
      "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

  std::uint16_t number = 0;

  static parsed<transport_sequence_number> read(std::span<const std::byte> data) noexcept {
    if (data.size() != 2) return parse_error{errc::bad_extension_length, 0};
    return transport_sequence_number{octets::load_u16(data.data())};
  }
  errc write(base::byte_writer& out) const noexcept {
    out.u16(number);
    return {};
  }
  friend bool operator==(const transport_sequence_number&, const transport_sequence_number&) = default;
};

/// How the picture is to be turned (3GPP TS 26.114 7.4.5).
struct video_orientation {
  static constexpr std::string_view uri = "urn:3gpp:video-orientation";

  bool back_camera = false;
  bool flipped = false;
  std::uint8_t quarter_turns = 0;  ///< 0 to 3

  static parsed<video_orientation> read(std::span<const std::byte> data) noexcept {
    if (data.size() != 1) return parse_error{errc::bad_extension_length, 0};
    const unsigned value = octets::load_u8(data.data());
    return video_orientation{(value & 8U) != 0, (value & 4U) != 0, static_cast<std::uint8_t>(value & 3U)};
  }
  errc write(base::byte_writer& out) const noexcept {
    if (quarter_turns > 3) return errc::value_out_of_range;
    out.u8(static_cast<std::uint8_t>((back_camera ? 8U : 0U) | (flipped ? 4U : 0U) | quarter_turns));
    return {};
  }
  friend bool operator==(const video_orientation&, const video_orientation&) = default;
};

}  // namespace parley::rtp
