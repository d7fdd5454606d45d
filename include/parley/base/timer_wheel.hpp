#pragma once

#include <parley/base/api.hpp>
#include <parley/base/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::base {

class timer_wheel;

namespace detail {

/// A link in a circular list: a timer, or the head of a slot.
struct timer_link {
  timer_link* previous = nullptr;
  timer_link* next = nullptr;
};

}  // namespace detail

/// A deadline that a `timer_wheel` watches. It is a member of the object that waits, so arming it allocates
/// nothing.
///
/// *Ownership:* the wheel refers to the timer while it is armed, so a timer neither moves nor is copied.
/// Destroying it disarms it; destroying the wheel disarms every timer that is left. Either may go first.
class timer : private detail::timer_link {
 public:
  /// `context` and `tag` are the owner's own: who is it that waits, and for which of his timers. A wheel's
  /// user reads them from the timer that `poll_expired` gives him.
  explicit timer(void* context = nullptr, std::uint32_t tag = 0) noexcept : context_(context), tag_(tag) {}
  ~timer() { disarm(); }

  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  bool armed() const noexcept { return wheel_ != nullptr; }

  /// When it is or was due, as given to `arm`: it stays after expiry, so that a period can be added to it.
  /// `never` before the first `arm` and after disarming.
  time_point deadline() const noexcept { return deadline_; }

  void* context() const noexcept { return context_; }
  std::uint32_t tag() const noexcept { return tag_; }

  void set_context(void* context, std::uint32_t tag = 0) noexcept {
    context_ = context;
    tag_ = tag;
  }

  /// Takes it off its wheel, if it is on one.
  void disarm() noexcept;

 private:
  friend class timer_wheel;

  timer_wheel* wheel_ = nullptr;
  time_point deadline_ = never;
  std::uint64_t tick_ = 0;
  void* context_;
  std::uint32_t tag_;
  std::uint16_t slot_ = 0;
};

/// Deadlines of any number of timers, in constant time for each operation and without a single allocation.
///
/// Time is cut into ticks from `start` on. A deadline is rounded up to the next tick, so a timer is late by
/// less than a tick and never early. Level 0 has a slot for each of the 64 ticks around the current one,
/// level 1 one for each 64 of those, and so on up to the end of the time line. A timer lies on the level of
/// the highest digit (base 64) in which its tick differs from the current tick, and moves down when time
/// enters its slot; therefore the first occupied slot of the lowest occupied level always holds the next
/// timers, and a jump over years costs as many steps as there are timers to move, not ticks.
///
/// The driver's loop:
/// ```cpp
/// while (timer* due = wheel.poll_expired(now)) static_cast<machine*>(due->context())->handle_timeout(now);
/// sleep_until(wheel.poll_timeout());
/// ```
class PARLEY_API timer_wheel {
 public:
  /// `start` is no later than any time given later; `tick` below one microsecond counts as one.
  explicit timer_wheel(time_point start, duration tick = std::chrono::milliseconds(1)) noexcept;
  ~timer_wheel();

  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  /// Makes `t` due at `deadline`. Whatever it was armed for before, here or on another wheel, is forgotten. A
  /// deadline that has passed is due at the next poll; `never` disarms, so a machine's `poll_timeout()` can
  /// be given as it is.
  void arm(timer& t, time_point deadline) noexcept;

  /// Forgets `t`; does nothing when it is not armed.
  void cancel(timer& t) noexcept { t.disarm(); }

  /// Takes one timer that is due at `now` off the wheel and returns it, or nullptr when none is. Call until
  /// nullptr. Earlier ticks come first; timers of one tick come in the order in which they were armed.
  /// Between two calls the caller may arm, cancel and destroy any timer, due ones too; one that is armed
  /// again for `now` or earlier comes again in the same loop. `now` does not go back; if it does, nothing is
  /// due until it has caught up.
  timer* poll_expired(time_point now) noexcept;

  /// When to call `poll_expired` again: never later than the next timer is due, `never` when none is armed.
  /// Exact to the tick for the 64 ticks that share the current level-0 block; for farther ones it may be an
  /// earlier moment at which timers move down a level and nothing is due.
  time_point poll_timeout() const noexcept;

  /// How many timers are armed.
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  friend class timer;

  static constexpr unsigned digit_bits = 6;
  static constexpr unsigned slots = 1U << digit_bits;
  static constexpr unsigned levels =
      11;  // 11 digits of 6 bits hold every 64-bit tick: no deadline is out of reach

  std::uint64_t elapsed_microseconds(time_point at) const noexcept;
  time_point time_of(std::uint64_t tick) const noexcept;
  std::uint64_t start_of(unsigned level, unsigned slot) const noexcept;
  void link(timer& t) noexcept;
  void unlink(timer& t) noexcept;
  void remove(timer& t) noexcept;
  void cascade(unsigned level, unsigned slot) noexcept;

  time_point start_;
  std::uint64_t tick_length_;
  std::uint64_t current_ = 0;          // the tick up to which everything has been polled
  std::uint32_t occupied_levels_ = 0;  // bit l: level l has a timer
  std::size_t size_ = 0;
  std::array<std::uint64_t, levels> occupied_slots_{};
  std::array<detail::timer_link, std::size_t{levels} * slots> heads_;
};

inline void timer::disarm() noexcept {
  if (wheel_ != nullptr) wheel_->remove(*this);
  deadline_ = never;
}

}  // namespace parley::base
