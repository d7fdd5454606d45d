#include <parley/base/timer_wheel.hpp>

#include <algorithm>
#include <bit>

// Why the first occupied slot of the lowest occupied level comes first: a timer on level l agrees with the
// current tick in all digits above l and is ahead of it in digit l. So everything on level l lies within the
// block of 64^(l+1) ticks that holds the current tick, and everything on a higher level lies behind that
// block. The current tick never passes the start of an occupied slot without emptying it, hence what a
// timer's position says stays true until it is moved.

namespace parley::base {

timer_wheel::timer_wheel(time_point start, duration tick) noexcept
    : start_(start), tick_length_(static_cast<std::uint64_t>(std::max<duration::rep>(tick.count(), 1))) {
  for (detail::timer_link& head : heads_) head.previous = head.next = &head;
}

timer_wheel::~timer_wheel() {
  for (detail::timer_link& head : heads_) {
    while (head.next != &head) static_cast<timer*>(head.next)->disarm();
  }
}

void timer_wheel::arm(timer& t, time_point deadline) noexcept {
  t.disarm();
  if (deadline == never) return;
  const std::uint64_t after = elapsed_microseconds(deadline);
  const std::uint64_t tick = after / tick_length_ + (after % tick_length_ != 0 ? 1 : 0);
  t.wheel_ = this;
  t.deadline_ = deadline;
  t.tick_ = std::max(tick, current_);
  link(t);
  ++size_;
}

timer* timer_wheel::poll_expired(time_point now) noexcept {
  if (now < start_) return nullptr;
  const std::uint64_t now_tick = elapsed_microseconds(now) / tick_length_;
  while (occupied_levels_ != 0) {
    const auto level = static_cast<unsigned>(std::countr_zero(occupied_levels_));
    const auto slot = static_cast<unsigned>(std::countr_zero(occupied_slots_[level]));
    const std::uint64_t at = start_of(level, slot);
    if (at > now_tick) break;
    current_ = at;
    if (level == 0) {
      timer* const due = static_cast<timer*>(heads_[slot].next);
      remove(*due);
      return due;
    }
    cascade(level, slot);
  }
  current_ = std::max(current_, now_tick);
  return nullptr;
}

time_point timer_wheel::poll_timeout() const noexcept {
  if (occupied_levels_ == 0) return never;
  const auto level = static_cast<unsigned>(std::countr_zero(occupied_levels_));
  const auto slot = static_cast<unsigned>(std::countr_zero(occupied_slots_[level]));
  return time_of(start_of(level, slot));
}

// Unsigned, because the distance between two times of opposite sign may not fit a signed count.
std::uint64_t timer_wheel::elapsed_microseconds(time_point at) const noexcept {
  if (at <= start_) return 0;
  return static_cast<std::uint64_t>(at.time_since_epoch().count()) -
         static_cast<std::uint64_t>(start_.time_since_epoch().count());
}

time_point timer_wheel::time_of(std::uint64_t tick) const noexcept {
  if (tick > elapsed_microseconds(never) / tick_length_) return never;
  const auto count = static_cast<std::uint64_t>(start_.time_since_epoch().count()) + tick * tick_length_;
  return time_point(duration(static_cast<duration::rep>(count)));
}

std::uint64_t timer_wheel::start_of(unsigned level, unsigned slot) const noexcept {
  const unsigned shift = level * digit_bits;
  const std::uint64_t above =
      level + 1 == levels ? 0 : current_ >> (shift + digit_bits) << (shift + digit_bits);
  return above | std::uint64_t{slot} << shift;
}

void timer_wheel::link(timer& t) noexcept {
  const std::uint64_t difference = t.tick_ ^ current_;
  const unsigned level =
      difference == 0 ? 0 : (static_cast<unsigned>(std::bit_width(difference)) - 1) / digit_bits;
  const unsigned slot = static_cast<unsigned>(t.tick_ >> (level * digit_bits)) % slots;
  detail::timer_link& head = heads_[level * slots + slot];
  t.slot_ = static_cast<std::uint16_t>(level * slots + slot);
  t.next = &head;
  t.previous = head.previous;
  head.previous->next = &t;
  head.previous = &t;
  occupied_slots_[level] |= std::uint64_t{1} << slot;
  occupied_levels_ |= 1U << level;
}

void timer_wheel::unlink(timer& t) noexcept {
  t.previous->next = t.next;
  t.next->previous = t.previous;
  if (t.previous != t.next) return;  // only the last one has the slot's head on both sides
  const unsigned level = t.slot_ / slots;
  occupied_slots_[level] &= ~(std::uint64_t{1} << t.slot_ % slots);
  if (occupied_slots_[level] == 0) occupied_levels_ &= ~(1U << level);
}

void timer_wheel::remove(timer& t) noexcept {
  unlink(t);
  t.wheel_ = nullptr;
  --size_;
}

void timer_wheel::cascade(unsigned level, unsigned slot) noexcept {
  detail::timer_link& head = heads_[level * slots + slot];
  while (head.next != &head) {
    timer& t = *static_cast<timer*>(head.next);
    unlink(t);
    link(t);
  }
}

}  // namespace parley::base
