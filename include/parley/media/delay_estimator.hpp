#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace parley::media {

/// How long sound is held back.
struct delay_options {
  base::duration start = std::chrono::milliseconds(30);  ///< before anything is known
  base::duration min = std::chrono::milliseconds(20);
  base::duration max = std::chrono::milliseconds(400);
  /// The part of the packets, in thousandths, that has to be there in time.
  std::uint16_t in_time = 990;
};

/// How much longer packets take than the fastest of them, and how long sound must wait for nearly all to be
/// there. The delays of the last ten seconds or so (of 50 packets each) count, in a histogram of 5 ms that
/// forgets by a factor a packet; the fastest is that of the last ten to twenty seconds, so that it follows
/// clocks that go unequally, and paths that change.
class PARLEY_API delay_estimator {
 public:
  explicit delay_estimator(const delay_options& options = {}) noexcept;

  /// A packet has arrived; `delay` is its time of arrival less the time that its timestamp stands for. Only
  /// differences of delays mean anything.
  void add(base::time_point now, base::duration delay) noexcept;

  /// The delay of the fastest packet; zero before the first.
  base::duration fastest() const noexcept;

  /// How long after the fastest packet would have come sound is to be played.
  base::duration target() const noexcept { return target_; }

  /// Delays have another origin from now on; how they are spread is not forgotten.
  void restart() noexcept;

 private:
  static constexpr std::size_t bins = 100;

  void find_target() noexcept;

  delay_options options_;
  std::array<float, bins> histogram_{};
  float weight_ = 1;  // of the next packet: it grows, which makes the others less
  float total_ = 0;
  base::duration target_{};
  base::time_point window_{};  // when `current_` began
  std::optional<base::duration> current_;
  std::optional<base::duration> previous_;
};

}  // namespace parley::media
