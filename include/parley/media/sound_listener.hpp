#pragma once

#include <parley/base/api.hpp>
#include <parley/media/dtmf_detector.hpp>
#include <parley/media/pcm.hpp>
#include <parley/rtp/dtmf_sender.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::media {

/// A digit that was heard in sound, and is over.
struct heard_digit {
  std::uint8_t event = 0;
  std::uint32_t milliseconds = 0;
};

/// Hears digits in the sound of a stream (`dtmf_detector`), and makes telephone-events (RFC 4733) of them in
/// step with the packets of sound that are sent.
///
///  state   input                      a packet of sound that is ready
///  idle    a digit is heard           becomes the first of the event, with the marker, at its place
///  sounds  the digit goes on          becomes the next one, whose duration is a packet's longer
///  sounds  the digit is over          is sent; before it and behind it, three times in all, the end
///
/// So an event begins where the digit was known, about 40 ms late, and lasts until it is known to be over,
/// about 25 ms late. Allocates nothing.
class PARLEY_API sound_listener {
 public:
  /// Digits that wait for `poll_digit`.
  static constexpr std::size_t capacity = 8;

  /// Begins to listen to sound of that format. Forgets what was heard but digits that wait.
  void begin(pcm_format format) noexcept;
  /// Listens no more; what it was sending has no end.
  void stop() noexcept;
  bool listens() const noexcept { return detector_.has_value(); }

  /// Sound of the stream, as many channels as `begin` said.
  void add(std::span<const std::int16_t> sound) noexcept;

  /// A packet of sound is ready, with that timestamp and so long, in units of the events' clock. True where
  /// `next` has to be sent in its place.
  bool take_place(std::uint32_t timestamp, std::uint32_t length) noexcept;
  /// True where `next` is to be sent beside the sound, now.
  bool owes() const noexcept { return owes_ && sender_.active(); }
  /// The packet of the event.
  std::optional<rtp::dtmf_packet> next() noexcept;

  std::optional<heard_digit> poll_digit() noexcept;

 private:
  void handle(const dtmf_event& event) noexcept;

  std::optional<dtmf_detector> detector_;
  pcm_format format_{};

  std::optional<std::uint8_t> begins_;  // a digit whose event has not begun
  std::optional<std::uint32_t> over_;   // ms, where it is over already
  bool ending_ = false;
  bool owes_ = false;
  rtp::dtmf_sender sender_{1};

  std::array<heard_digit, capacity> heard_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace parley::media
