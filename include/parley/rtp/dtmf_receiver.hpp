#pragma once

#include <parley/base/api.hpp>
#include <parley/base/ring_queue.hpp>
#include <parley/rtp/dtmf_event.hpp>

#include <cstdint>
#include <optional>
#include <span>

namespace parley::rtp {

/// An event that is over: a key was pressed and let go.
struct dtmf_press {
  std::uint8_t event = 0;
  std::uint8_t volume = 0;      ///< below 0 dBm0, in dB
  std::uint32_t timestamp = 0;  ///< of its beginning
  std::uint32_t duration = 0;   ///< in units of the timestamp, all segments together; the least it can have
                                ///< been where the end was lost
  bool end_seen = true;         ///< false where no packet with the end has come

  friend bool operator==(const dtmf_press&, const dtmf_press&) = default;
};

/// Makes one press of the many packets of telephone-event that one source sends for it (RFC 4733 2.5.2). It
/// has no clock: the timestamps of packets, of audio too, are all it knows of time.
///
///  state     input                                        event  next
///  idle      a packet with a timestamp not yet reported          sounding
///  sounding  the same timestamp                                  sounding, with the longest duration
///  sounding  the next segment of it (2.5.1.3)                    sounding
///  sounding  the end                                      press  idle
///  sounding  a packet with a later timestamp              press  sounding
///  sounding  `handle_time` beyond the timeout             press  idle
///  any       a timestamp that was reported                       as it is
///
/// So the loss of all but one packet of an event costs its duration at most, and repeats and packets that are
/// overtaken make no second press.
class dtmf_receiver {
 public:
  /// `timeout` is how much later than an event's last packet the timestamps must be for it to be over though
  /// no end has come, in units of the timestamp. `capacity` is how many presses may wait for `poll_event`.
  PARLEY_API explicit dtmf_receiver(std::uint32_t timeout = 1600,
                                    std::size_t capacity = 2 * max_events_in_packet);

  /// The event that goes on, as far as it is known.
  std::optional<dtmf_press> sounding() const noexcept { return current_; }

  /// A packet of telephone-event. *Errors:* of `parse_events`, the packet is ignored; `errc::no_space` where
  /// the presses of a packet might not find room: poll, then give the packet again.
  PARLEY_API parsed<void> handle_packet(bool marker, std::uint32_t timestamp,
                                        std::span<const std::byte> payload) noexcept;

  /// The source is that far, by the timestamp of a packet of another format, or by the application's own
  /// reckoning.
  PARLEY_API void handle_time(std::uint32_t timestamp) noexcept;

  /// The source has become another one, with timestamps of its own: what sounds is over, its end unseen. It
  /// is forgotten where no more presses have room.
  PARLEY_API void reset() noexcept;

  /// The next press, oldest first.
  PARLEY_API std::optional<dtmf_press> poll_event() noexcept;

 private:
  bool reported(std::uint32_t timestamp) const noexcept;
  void handle_event(bool marker, std::uint32_t timestamp, const telephone_event& event) noexcept;
  void finish(bool end_seen) noexcept;

  std::uint32_t timeout_;
  base::ring_queue<dtmf_press> presses_;
  std::optional<dtmf_press> current_;
  std::uint32_t segment_ = 0;            ///< the timestamp of the current segment
  std::uint32_t before_ = 0;             ///< the duration of the segments before it
  std::optional<std::uint32_t> newest_;  ///< the timestamp of the newest segment that was reported
};

}  // namespace parley::rtp
