#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

#include <chrono>
#include <cstdint>

namespace parley::media {

/// Says when the next frame of sound is due. Frame n is due n lengths after the start, however late the calls
/// before it came, so that nothing adds up over hours. After a stall what was missed is made up for, up to a
/// bound; what is beyond it is skipped, and the schedule stays.
///
///  state    input                        next
///  stopped  start                        running; the first frame is due at once
///  running  handle_timeout, none due     running
///  running  handle_timeout, some due     running; they are counted off
///  running  stop                         stopped
class PARLEY_API playout_clock {
 public:
  /// `length` of a frame, above zero; at most `max_catch_up` frames, at least one, are due at once.
  explicit playout_clock(base::duration length = std::chrono::milliseconds(10),
                         std::uint32_t max_catch_up = 10) noexcept;

  void start(base::time_point now) noexcept;
  void stop() noexcept { running_ = false; }
  bool running() const noexcept { return running_; }

  /// When `handle_timeout` is to be called; `never` where the clock stands.
  base::time_point poll_timeout() const noexcept { return running_ ? next_ : base::never; }

  /// How many frames are due now.
  std::uint32_t handle_timeout(base::time_point now) noexcept;

  /// Frames since the start, skipped ones not counted.
  std::uint64_t frames() const noexcept { return frames_; }
  /// Frames that were left out because a stall was too long.
  std::uint64_t skipped() const noexcept { return skipped_; }

 private:
  base::duration length_;
  std::uint32_t max_catch_up_;
  bool running_ = false;
  base::time_point next_{};
  std::uint64_t frames_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace parley::media
