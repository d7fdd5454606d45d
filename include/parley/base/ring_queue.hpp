#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace parley::base {

/// A first-in, first-out queue of at most `capacity` elements, whose memory is taken once, at construction.
///
/// *Errors:* `push` into a full queue returns false and leaves its argument alone: report `errc::queue_full`.
template <class T>
class ring_queue {
 public:
  explicit ring_queue(std::size_t capacity)
      : capacity_(capacity), slots_(capacity != 0 ? std::allocator<T>().allocate(capacity) : nullptr) {}

  ring_queue(ring_queue&& other) noexcept
      : capacity_(std::exchange(other.capacity_, 0)),
        first_(std::exchange(other.first_, 0)),
        size_(std::exchange(other.size_, 0)),
        slots_(std::exchange(other.slots_, nullptr)) {}
  ring_queue& operator=(ring_queue&& other) noexcept {
    ring_queue taken(std::move(other));
    std::swap(capacity_, taken.capacity_);
    std::swap(first_, taken.first_);
    std::swap(size_, taken.size_);
    std::swap(slots_, taken.slots_);
    return *this;
  }
  ring_queue(const ring_queue&) = delete;
  ring_queue& operator=(const ring_queue&) = delete;

  ~ring_queue() {
    clear();
    if (slots_ != nullptr) std::allocator<T>().deallocate(slots_, capacity_);
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  bool full() const noexcept { return size_ == capacity_; }

  [[nodiscard]] bool push(T&& value) { return emplace(std::move(value)); }
  [[nodiscard]] bool push(const T& value) { return emplace(value); }

  template <class... Args>
  [[nodiscard]] bool emplace(Args&&... args) {
    if (full()) return false;
    std::construct_at(slots_ + index(size_), std::forward<Args>(args)...);
    ++size_;
    return true;
  }

  /// The oldest element. Only when the queue is not empty.
  T& front() noexcept { return slots_[first_]; }
  const T& front() const noexcept { return slots_[first_]; }

  /// Takes the oldest element, if there is one.
  std::optional<T> pop() {
    if (empty()) return std::nullopt;
    std::optional<T> value(std::move(slots_[first_]));
    drop();
    return value;
  }

  void clear() noexcept {
    while (!empty()) drop();
  }

 private:
  std::size_t index(std::size_t nth) const noexcept {
    const std::size_t left = capacity_ - first_;
    return nth < left ? first_ + nth : nth - left;
  }

  void drop() noexcept {
    std::destroy_at(slots_ + first_);
    first_ = index(1);
    --size_;
  }

  std::size_t capacity_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  T* slots_;
};

}  // namespace parley::base
