#pragma once

#include <parley/base/api.hpp>
#include <parley/media/pcm.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace parley::media {

/// Fills gaps in sound for codecs that can't do it themselves: the last period before the gap is repeated,
/// over a longer stretch of periods the longer the gap lasts, so that it does not sound like a beep, and
/// fades away from 10 to 60 ms on (the method that ITU-T G.711 Appendix I describes; without its delay).
///
///  state     input                        next
///  inactive  conceal: finds the period    active
///  active    conceal: goes on             active
///  active    join: fades into the sound   inactive
///
/// Allocates at construction only.
class PARLEY_API concealment {
 public:
  explicit concealment(pcm_format format);

  /// A gap is being filled.
  bool active() const noexcept { return active_; }
  /// What has been filled has faded away: more of it is silence.
  bool faded() const noexcept;

  /// Fills `out` with what could have followed `before`, the sound before the gap: the last 45 ms of it are
  /// looked at, and silence is thought before it where it is shorter. While a gap goes on, `before` doesn't
  /// matter.
  void conceal(std::span<const std::int16_t> before, std::span<std::int16_t> out) noexcept;

  /// Ends the gap: the beginning of `sound`, what really followed, is faded in over 5 ms (10 where the gap
  /// was longer than 20), or over as much as there is. Nothing where no gap is being filled.
  void join(std::span<std::int16_t> sound) noexcept;

  /// Forgets the gap.
  void reset() noexcept { active_ = false; }

 private:
  void begin(std::span<const std::int16_t> before) noexcept;
  void lay_out(std::size_t periods, std::span<const std::int16_t> last) noexcept;
  void next(std::int16_t* out) noexcept;

  pcm_format format_;
  bool active_ = false;
  std::size_t lag_ = 0;       // the period
  std::size_t length_ = 0;    // of what is repeated: one to three periods
  std::size_t position_ = 0;  // in it
  std::size_t done_ = 0;      // instants filled
  std::vector<std::int16_t> history_;
  std::vector<std::int16_t> cycle_;
  std::array<std::int32_t, 2> step_{};  // from where the cycle would have begun to the last instant
  std::size_t stepped_ = 0;             // how many instants of it have been taken back
};

}  // namespace parley::media
