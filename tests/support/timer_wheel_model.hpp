#pragma once

#include <parley/base/time.hpp>
#include <parley/base/timer_wheel.hpp>

#include "support/operation_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>

namespace parley::test {

/// Carries out a sequence of operations on a timer wheel and on a multimap that does what the wheel promises.
/// The comparison needs no test library, so the unit test and the fuzz target share it.
class timer_wheel_model {
 public:
  /// Returns nullptr where the two agree all along, else what they disagree about.
  static const char* run(std::span<const std::uint8_t> bytes) {
    operation_bytes operations(bytes);
    const auto tick = base::duration(std::array{1, 7, 1000, 20000}[operations.u8() % 4U]);
    const auto start = base::time_point(base::duration(operations.u8() % 2U == 0 ? 0 : -123456789));
    timer_wheel_model model(start, tick);
    while (!operations.empty()) {
      model.step(operations);
      if (const char* const difference = model.compare(); difference != nullptr) return difference;
    }
    return model.drain_everything();
  }

 private:
  static constexpr std::uint32_t timers = 48;
  static constexpr unsigned magnitude = 58;  // sums of a few stay within the time line

  timer_wheel_model(base::time_point start, base::duration tick)
      : start_(start),
        now_(start),
        tick_(tick.count()),
        wheel_(std::make_unique<base::timer_wheel>(start, tick)) {
    for (std::uint32_t id = 0; id < timers; ++id) timers_[id] = std::make_unique<base::timer>(this, id);
  }

  void step(operation_bytes& operations) {
    const std::uint8_t operation = operations.u8();
    const std::uint32_t id = operations.u8() % timers;
    switch (operation % 8) {
      case 0:
      case 1:
      case 2: arm(id, now_ + base::duration(static_cast<std::int64_t>(operations.scaled(magnitude)))); break;
      case 3: arm(id, now_ - base::duration(static_cast<std::int64_t>(operations.scaled(24)))); break;
      case 4:
        wheel_->cancel(*timers_[id]);
        forget(id);
        break;
      case 5:
        timers_[id] = std::make_unique<base::timer>(this, id);
        forget(id);
        break;
      case 6: {
        const base::time_point later =
            now_ + base::duration(static_cast<std::int64_t>(operations.scaled(magnitude)));
        if (later < base::time_point(base::duration(std::int64_t{1} << 61U))) now_ = later;
        poll();
        break;
      }
      default:
        if (const auto wake = wheel_->poll_timeout(); wake != base::never) now_ = std::max(now_, wake);
        poll();
    }
  }

  void arm(std::uint32_t id, base::time_point deadline) {
    wheel_->arm(*timers_[id], deadline);
    forget(id);
    const auto after = std::max<std::int64_t>((deadline - start_).count(), 0);
    const auto due = std::max(current_, after / tick_ + (after % tick_ != 0 ? 1 : 0));
    where_[id] = expected_.emplace(due, id);
    armed_[id] = true;
  }

  void forget(std::uint32_t id) {
    if (armed_[id]) expected_.erase(where_[id]);
    armed_[id] = false;
  }

  void poll() {
    const base::timer* const due = wheel_->poll_expired(now_);
    const std::int64_t now_tick = (now_ - start_).count() / tick_;
    if (expected_.empty() || expected_.begin()->first > now_tick) {
      if (due != nullptr) fail("a timer expired that is not due");
      current_ = std::max(current_, now_tick);
      return;
    }
    const auto [tick, id] = *expected_.begin();
    current_ = tick;
    forget(id);
    if (due == nullptr) {
      fail("a due timer did not expire");
    } else if (due != timers_[id].get() || due->tag() != id || due->context() != this) {
      fail("another timer expired than the first");
    } else if (due->deadline() > now_) {
      fail("a timer expired early");
    }
  }

  const char* compare() {
    if (wheel_->size() != expected_.size()) fail("the number of timers differs");
    for (std::uint32_t id = 0; id < timers; ++id) {
      if (timers_[id]->armed() != armed_[id]) fail("armed() differs");
    }
    const base::time_point wake = wheel_->poll_timeout();
    if (expected_.empty()) {
      if (wake != base::never) fail("a timeout without a timer");
    } else {
      const std::int64_t first = expected_.begin()->first;
      const base::time_point due = start_ + base::duration(first * tick_);
      if (wake > due) fail("the timeout is too late");
      if ((first ^ current_) < 64 && wake != due) fail("a near timeout is not exact");
    }
    return difference_;
  }

  // Sleeping until poll_timeout each time empties the wheel, in few wake-ups for each timer.
  const char* drain_everything() {
    std::size_t polls = 0;
    while (wheel_->size() != 0) {
      now_ = std::max(now_, wheel_->poll_timeout());
      poll();
      if (const char* const difference = compare(); difference != nullptr) return difference;
      if (++polls > timers * 12) return "too many wake-ups";
    }
    // A wheel that goes before its timers disarms them.
    for (std::uint32_t id = 0; id < timers; id += 2)
      wheel_->arm(*timers_[id], now_ + base::duration(id * tick_));
    wheel_.reset();
    for (const auto& t : timers_) {
      if (t->armed()) return "a timer outlived its wheel";
    }
    return nullptr;
  }

  void fail(const char* difference) {
    if (difference_ == nullptr) difference_ = difference;
  }

  base::time_point start_;
  base::time_point now_;
  std::int64_t tick_;
  std::int64_t current_ = 0;
  std::unique_ptr<base::timer_wheel> wheel_;
  std::array<std::unique_ptr<base::timer>, timers> timers_;
  std::multimap<std::int64_t, std::uint32_t> expected_;
  std::array<std::multimap<std::int64_t, std::uint32_t>::iterator, timers> where_{};
  std::array<bool, timers> armed_{};
  const char* difference_ = nullptr;
};

}  // namespace parley::test
