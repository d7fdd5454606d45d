#pragma once

#include <parley/base/api.hpp>
#include <parley/rtp/dtmf_event.hpp>

#include <cstdint>
#include <optional>

namespace parley::rtp {

/// What the next packet of an event says. Each packet has a sequence number of its own, those of the end, too
/// (RFC 4733 2.5.1.6).
struct dtmf_packet {
  bool marker = false;
  std::uint32_t timestamp = 0;
  telephone_event event{};
};

/// Sends one event after the other as packets of telephone-event (RFC 4733 2.5.1). It has no clock: `next` is
/// called once for each packet interval.
///
///  state     input                              packet                                           next
///  idle      start                                                                               sounding
///  sounding  next, the duration goes on         the same timestamp, a longer duration            sounding
///  sounding  next, a segment is full (2.5.1.3)  0xFFFF, then a timestamp that much later         sounding
///  sounding  next, the duration is over         with the end                                     ending
///  ending    next, sent less than three times   the same once more (2.5.1.4)                     ending,
///  idle
///
/// The first packet of an event has the marker; those of a later segment have none.
class dtmf_sender {
 public:
  /// How often the packet with the end is sent (RFC 4733 2.5.1.4).
  static constexpr unsigned end_packets = 3;

  /// `interval` is the time between packets, in units of the timestamp; 0 counts as 1.
  explicit dtmf_sender(std::uint16_t interval) noexcept : interval_(interval != 0 ? interval : 1U) {}

  bool active() const noexcept { return state_ != state::idle; }

  /// Begins an event at `timestamp`; `duration` is in units of the timestamp, and so is what `stop` cuts.
  /// False while another one is `active`, and for a volume above 63: nothing has changed.
  [[nodiscard]] PARLEY_API bool start(std::uint32_t timestamp, std::uint8_t event, std::uint32_t duration,
                                      std::uint8_t volume = 10) noexcept;

  /// The key was let go: what was said up to now is the duration, and the next packet ends the event. Where
  /// nothing was said yet, one interval is.
  PARLEY_API void stop() noexcept;

  /// The packet of this interval; none where there is nothing to send.
  PARLEY_API std::optional<dtmf_packet> next() noexcept;

 private:
  enum class state : std::uint8_t { idle, sounding, ending };

  std::uint32_t interval_;
  state state_ = state::idle;
  bool first_ = false;
  std::uint8_t event_ = 0;
  std::uint8_t volume_ = 0;
  std::uint8_t ends_left_ = 0;
  std::uint32_t segment_ = 0;  ///< its timestamp
  std::uint32_t sounded_ =
      0;                    ///< of the segment, up to the last packet; may be ahead of what 16 bits can say
  std::uint32_t left_ = 0;  ///< of the duration, behind `sounded_`
};

}  // namespace parley::rtp
