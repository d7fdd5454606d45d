#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace parley::net::detail {

/// A bounded queue without locks: any number of threads put values in, one takes them out.
///
/// Each cell bears the number of the turn at which it may next be filled, or, once filled, that number plus
/// one. A thread takes a turn by moving the tail past it, so nobody else touches that cell until it says, by
/// raising the cell's number, that the value is there. A thread that is held up between the two holds up the
/// reader, but nobody who writes.
///
/// Boost.Lockfree's queue reads nodes that another thread may be giving back, which is a data race in the
/// language's terms, and the thread sanitizer reports it; this one has none.
template <class T>
class mailbox {
 public:
  /// Room for `capacity` values, rounded up to a power of two, two at least.
  explicit mailbox(std::size_t capacity)
      : mask_(std::bit_ceil(std::max<std::size_t>(capacity, 2)) - 1),
        cells_(std::make_unique<cell[]>(mask_ + 1)) {
    for (std::size_t i = 0; i <= mask_; ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
  }

  /// Any thread. False, with `value` left alone, when it is full.
  [[nodiscard]] bool push(T&& value) {
    std::size_t turn = tail_.load(std::memory_order_relaxed);
    while (true) {
      cell& c = cells_[turn & mask_];
      const std::size_t at = c.turn.load(std::memory_order_acquire);
      if (at == turn) {
        if (tail_.compare_exchange_weak(turn, turn + 1, std::memory_order_relaxed)) {
          c.value = std::move(value);
          c.turn.store(turn + 1, std::memory_order_release);
          return true;
        }
      } else if (static_cast<std::ptrdiff_t>(at - turn) < 0) {
        return false;  // still holds a value of the round before
      } else {
        turn = tail_.load(std::memory_order_relaxed);
      }
    }
  }

  /// The one reader. Nothing when it is empty, or the next value is still on its way.
  std::optional<T> pop() {
    cell& c = cells_[head_ & mask_];
    if (c.turn.load(std::memory_order_acquire) != head_ + 1) return std::nullopt;
    std::optional<T> value(std::move(c.value));
    c.turn.store(head_ + mask_ + 1, std::memory_order_release);
    ++head_;
    return value;
  }

 private:
  struct cell {
    std::atomic<std::size_t> turn{0};
    T value{};
  };

  // Writers and the reader do not share a cache line.
  static constexpr std::size_t line = 64;

  std::size_t mask_;
  std::unique_ptr<cell[]> cells_;
  alignas(line) std::atomic<std::size_t> tail_{0};
  alignas(line) std::size_t head_ = 0;
};

}  // namespace parley::net::detail
