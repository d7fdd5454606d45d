#pragma once

#include <parley/base/api.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace parley::media {

/// The power of one frequency in a block of samples (Goertzel's algorithm).
struct PARLEY_API goertzel {
  float coefficient = 0;
  float last = 0;
  float before = 0;

  goertzel() noexcept = default;
  goertzel(double frequency, std::uint32_t rate) noexcept;

  void add(float sample) noexcept {
    const float next = coefficient * last - before + sample;
    before = last;
    last = next;
  }
  /// Of a sine of amplitude A that fits into n samples: (A n / 2)^2.
  float power() const noexcept { return last * last + before * before - coefficient * last * before; }
  void reset() noexcept { last = before = 0; }
};

/// A digit that was heard, or the end of one. Positions count samples since the first one given; they are
/// exact to about 13 ms.
struct dtmf_event {
  char digit = 0;
  bool ended = false;
  std::uint64_t at = 0;      ///< where it began
  std::uint64_t length = 0;  ///< where it has ended: how long it was
};

/// Hears digits in sound (ITU-T Q.24): those that last 40 ms or more and are 40 ms apart, from -30 dBm0 a
/// sine on, with the higher sine up to 6 dB louder or 10 dB softer than the lower, up to 1.5 % off their
/// frequencies. Speech hardly ever has two sines, and nothing else, for that long.
///
///  state  a block of 12.75 ms holds         next
///  idle   a digit, as the one before did    down; an event
///  down   the digit                         down
///  down   another or none, twice            idle; an event
///
/// Allocates nothing.
class PARLEY_API dtmf_detector {
 public:
  /// One channel of 8000 samples a second or more.
  explicit dtmf_detector(std::uint32_t rate) noexcept;

  /// Listens. Of a span of up to 25 ms at most one event can come; give longer ones in parts.
  std::optional<dtmf_event> add(std::span<const std::int16_t> samples) noexcept;

  /// The digit that sounds at the moment.
  std::optional<char> digit() const noexcept;

 private:
  void end_block(std::optional<dtmf_event>& event) noexcept;
  char block_digit() const noexcept;

  std::size_t block_;
  std::array<goertzel, 8> filters_;
  float energy_ = 0;
  std::size_t in_block_ = 0;
  std::uint64_t position_ = 0;
  float least_power_;

  char last_ = 0;        // what the last block held
  char down_ = 0;        // the digit that sounds
  unsigned misses_ = 0;  // blocks since it was heard
  std::uint64_t begin_ = 0;
};

/// Hears one frequency, as the 1100 Hz of a calling fax (CNG) or a ringback: `min_ms` of it, and little else.
class PARLEY_API tone_detector {
 public:
  /// `bandwidth` in Hz is how far the frequency may be off: blocks last 1 / bandwidth. `min_dbm0` is its
  /// least level.
  tone_detector(std::uint32_t rate, double frequency, std::uint32_t min_ms, double bandwidth = 50,
                double min_dbm0 = -43) noexcept;

  /// Listens, and says whether the tone has sounded for `min_ms` and still does.
  bool add(std::span<const std::int16_t> samples) noexcept;
  bool present() const noexcept { return heard_ >= needed_; }

 private:
  goertzel filter_;
  std::size_t block_;
  std::size_t in_block_ = 0;
  float energy_ = 0;
  float least_energy_;
  std::size_t heard_ = 0;  // blocks in a row
  std::size_t needed_;
};

}  // namespace parley::media
