#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace parley::base {

/// Objects of one type from slabs, at most `max_count` of them. In the steady state it does not allocate, and
/// an object's address is its own until it is destroyed.
///
/// *Ownership:* the pool owns the objects; those that are left die with it. One thread only.
template <class T>
class object_pool {
 public:
  /// `slab_count` objects are reserved at a time.
  explicit object_pool(std::size_t max_count, std::size_t slab_count = 64) noexcept
      : max_count_(max_count), slab_count_(std::max<std::size_t>(slab_count, 1)) {}

  ~object_pool() {
    for (slab* s = slabs_; s != nullptr; s = s->next) {
      for (std::size_t i = 0; i < s->count; ++i) {
        if (s->cells[i].live()) destroy(s->cells[i].object());
      }
    }
    while (slabs_ != nullptr) delete std::exchange(slabs_, slabs_->next);
  }

  object_pool(const object_pool&) = delete;
  object_pool& operator=(const object_pool&) = delete;

  /// Constructs an object, or returns nullptr when `max_count` exist already or the system gives no memory:
  /// shed load. What T's constructor throws passes through.
  template <class... Args>
  [[nodiscard]] T* create(Args&&... args) {
    if (free_ == nullptr && !grow()) return nullptr;
    struct guard {
      object_pool* pool;
      cell* taken;
      ~guard() {
        if (taken != nullptr) pool->give_back(taken);
      }
    } undo{this, std::exchange(free_, free_->next)};
    ++size_;
    T* const object = ::new (static_cast<void*>(undo.taken->storage)) T(std::forward<Args>(args)...);
    undo.taken->next = undo.taken;
    undo.taken = nullptr;
    return object;
  }

  /// Destroys an object of this pool; nullptr is nothing.
  void destroy(T* object) noexcept {
    if (object == nullptr) return;
    cell* const c = reinterpret_cast<cell*>(object);
    c->next = nullptr;
    object->~T();
    give_back(c);
  }

  /// Objects that exist, that could exist without another allocation, and that may exist at all.
  std::size_t size() const noexcept { return size_; }
  std::size_t reserved() const noexcept { return reserved_; }
  std::size_t max_count() const noexcept { return max_count_; }

 private:
  struct cell {
    alignas(T) std::byte storage[sizeof(T)];  // first, so that an object's address is its cell's
    cell* next = nullptr;                     // the next free cell; the cell itself while it holds an object

    bool live() const noexcept { return next == this; }
    T* object() noexcept { return std::launder(reinterpret_cast<T*>(storage)); }
  };

  struct slab {
    slab* next = nullptr;
    std::size_t count = 0;
    std::unique_ptr<cell[]> cells;
  };

  void give_back(cell* c) noexcept {
    c->next = std::exchange(free_, c);
    --size_;
  }

  bool grow() noexcept {
    const std::size_t count = std::min(slab_count_, max_count_ - reserved_);
    if (count == 0) return false;
    std::unique_ptr<slab> s(new (std::nothrow) slab);
    if (s == nullptr) return false;
    s->cells.reset(new (std::nothrow) cell[count]);
    if (s->cells == nullptr) return false;
    s->count = count;
    s->next = slabs_;
    // Backwards, so that objects are handed out in the order of their addresses.
    for (std::size_t i = count; i-- > 0;) s->cells[i].next = std::exchange(free_, &s->cells[i]);
    slabs_ = s.release();
    reserved_ += count;
    return true;
  }

  std::size_t max_count_;
  std::size_t slab_count_;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;
  cell* free_ = nullptr;
  slab* slabs_ = nullptr;
};

}  // namespace parley::base
