#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/media/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::media {

/// A sine.
struct tone_component {
  float frequency = 0;  ///< Hz
  float level = -13;    ///< dBm0

  friend bool operator==(const tone_component&, const tone_component&) = default;
};

/// Sines that sound at once for a while, or silence where there are none.
struct tone_segment {
  static constexpr std::size_t max_components = 4;

  std::array<tone_component, max_components> components{};
  std::uint8_t count = 0;       ///< how many of them there are
  std::uint32_t length_ms = 0;  ///< 0: for ever

  friend bool operator==(const tone_segment&, const tone_segment&) = default;
};

/// A tone and its cadence.
struct tone {
  static constexpr std::size_t max_segments = 8;

  std::array<tone_segment, max_segments> segments{};
  std::uint8_t count = 0;
  bool repeats = false;  ///< from the first segment on, for ever

  friend bool operator==(const tone&, const tone&) = default;
};

/// One sine, for ever.
PARLEY_API tone continuous_tone(float frequency, float level = -13) noexcept;

/// How digits are sent (ITU-T Q.23, Q.24).
struct dtmf_options {
  std::uint32_t on_ms = 100;
  std::uint32_t off_ms = 100;
  float level = -7;  ///< dBm0, of the higher sine
  float twist = 2;   ///< dB that the higher sine is louder than the lower
};

/// A digit, 0 to 9, A to D (in either case), * or #, and the pause after it. Nothing for another.
PARLEY_API std::optional<tone> dtmf_tone(char digit, const dtmf_options& options = {}) noexcept;

/// Makes tones. The phase of a sine goes on from segment to segment and from tone to tone, and where sound
/// begins or ends it is faded over 5 ms, inside of its segment, so that nothing clicks. Lengths are
/// exact to a sample, however long a cadence goes on. Allocates nothing.
class PARLEY_API tone_generator {
 public:
  explicit tone_generator(std::uint32_t rate) noexcept : rate_(rate) {}

  /// Begins with `what`, in place of what is playing. *Errors:* `errc::bad_tone`, nothing has changed then:
  /// no segments or too many, no length of all that repeats, frequencies that the rate doesn't allow.
  base::result<void> play(const tone& what) noexcept;

  /// Ends what is playing.
  void stop() noexcept { playing_ = false; }

  bool playing() const noexcept { return playing_; }

  /// Writes what comes next, one channel, with silence behind its end; returns how many samples came before
  /// that.
  std::size_t generate(std::span<std::int16_t> out) noexcept;

 private:
  void begin_segment() noexcept;
  bool next_segment() noexcept;
  float envelope() const noexcept;

  std::uint32_t rate_;
  bool playing_ = false;
  tone tone_;
  std::size_t segment_ = 0;
  std::uint64_t position_ = 0;                                       // samples into the segment
  std::uint64_t length_ = 0;                                         // of it; 0: for ever
  bool was_silent_ = true;                                           // before this segment
  bool fades_ = false;                                               // silence or the end comes after it
  std::array<std::uint32_t, tone_segment::max_components> phase_{};  // a turn is 2^32
  std::array<std::uint32_t, tone_segment::max_components> step_{};
  std::array<float, tone_segment::max_components> amplitude_{};
};

}  // namespace parley::media
