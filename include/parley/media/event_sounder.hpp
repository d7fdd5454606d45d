#pragma once

#include <parley/base/api.hpp>
#include <parley/media/tone_generator.hpp>
#include <parley/rtp/dtmf_receiver.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::media {

/// Makes the sound of keys out of telephone-events (RFC 4733), for who takes none. It has no clock: packets
/// of events, and of the sound that comes beside them, are all it knows of time.
///
///  state    input                                   next
///  idle     a digit that is new                     sounds, as long as the event is so far
///  sounds   its event, longer                       sounds, as long as that
///  sounds   sound of the source                     sounds, as much longer; up to 100 ms without an event
///  sounds   the end; the event after it             ends: 40 ms or as long as the event was, if that is more
///  ends     all of it was generated                 idle, or the next digit after 40 ms
///
/// Events above 15 have no sound here and are left out. The level is the volume of the event's first packet:
/// the power of both sines together. Allocates at construction only.
class PARLEY_API event_sounder {
 public:
  event_sounder();

  /// The sound is of so many samples a second from here on. Ends what sounds where that is another rate.
  void set_rate(std::uint32_t rate) noexcept;

  /// A packet of telephone-event, whose duration is by that clock: where it is another one than before, these
  /// are other events. What can't be read is left out.
  void handle_event(std::uint32_t clock_rate, bool marker, std::uint32_t timestamp,
                    std::span<const std::byte> payload) noexcept;
  /// Of the last event.
  std::uint32_t clock_rate() const noexcept { return clock_rate_; }

  /// True while the sound of the source has to make way.
  bool sounds() const noexcept { return down_ && (!ended_ || made_ < due_); }
  /// So much of the source's sound came, and made way; the key is held that much longer, or as much of it as
  /// lies behind what was generated: `ahead`.
  void hold(std::size_t length, std::size_t ahead) noexcept;
  /// So much of the source's sound came, or silence, and no key sounds.
  void pass(std::size_t length) noexcept;

  /// How many samples `generate` may give. A packet has it give no more than 120 ms.
  std::size_t available() noexcept;
  /// The timestamp of the event, while nothing of it was generated.
  std::optional<std::uint32_t> begins_at() const noexcept;
  /// Writes the next samples, one channel: as many as are `available`, or fewer.
  void generate(std::span<std::int16_t> out) noexcept;

  /// Forgets all: the source has become another one, or what it says goes elsewhere.
  void reset() noexcept;

 private:
  void look() noexcept;
  void begin(const rtp::dtmf_press& press) noexcept;
  std::size_t scaled(std::uint32_t duration) const noexcept;
  std::size_t milliseconds(std::size_t count) const noexcept { return count * rate_ / 1000; }

  rtp::dtmf_receiver events_;
  std::uint32_t clock_rate_ = 8000;
  std::uint32_t rate_ = 8000;
  tone_generator generator_{8000};

  bool down_ = false;
  bool ended_ = false;
  std::uint32_t timestamp_ = 0;  // of the event that sounds, or of the last one
  bool any_ = false;             // there was one
  std::size_t made_ = 0;         // samples of the tone
  std::size_t due_ = 0;          // of it, as far as is known
  std::size_t unsaid_ = 0;       // that sound has added since the last event
  std::size_t allowed_ = 0;      // before the next packet
  std::size_t since_ = 0;        // samples since the last tone, up to the least pause
};

}  // namespace parley::media
