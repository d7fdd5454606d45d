#pragma once

#include <parley/base/api.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/rtp/error.hpp>
#include <parley/rtp/rtcp_list.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::rtp {

/// An event as it stands in the payload of telephone-event (RFC 4733 2.3).
struct telephone_event {
  std::uint8_t event =
      0;  ///< 0 to 9, 10 for `*`, 11 for `#`, 12 to 15 for A to D, 16 for a flash (RFC 4733 3.2)
  bool end = false;
  std::uint8_t volume = 0;     ///< below 0 dBm0, in dB; 0 to 63
  std::uint16_t duration = 0;  ///< so far, in units of the timestamp

  static constexpr std::size_t wire_bytes = 4;
  PARLEY_API static telephone_event load(const std::byte* p) noexcept;
  /// *Errors:* `errc::value_out_of_range` for a volume above 63.
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const telephone_event&, const telephone_event&) = default;
};

/// A hook flash among the events.
inline constexpr std::uint8_t flash_event = 16;

/// The most events that a packet may hold here.
inline constexpr std::size_t max_events_in_packet = 16;

/// The events of a payload, which follow each other without a gap: the first begins with the timestamp of the
/// packet, the next one where that has ended (RFC 4733 2.5.1.5).
///
/// *Ownership:* the list refers to the payload. *Errors:* `errc::bad_event_length` where it is no whole
/// events, or none; `errc::too_many_items` beyond `max_events_in_packet`: drop the packet.
PARLEY_API parsed<field_list<telephone_event>> parse_events(std::span<const std::byte> payload) noexcept;

/// The character of a digit: `0` to `9`, `*`, `#`, `A` to `D`; none for other events.
PARLEY_API std::optional<char> digit_of(std::uint8_t event) noexcept;

/// The event of a digit, of letters in either case.
PARLEY_API std::optional<std::uint8_t> event_of(char digit) noexcept;

}  // namespace parley::rtp
