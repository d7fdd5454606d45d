#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace parley::base {

/// Objects of one type under ids that are never mistaken for one another: an id of an object that is gone
/// finds nothing, even where another object has taken its place. At most `max_count` objects; in the steady
/// state it does not allocate, and an object's address is its own until it is destroyed.
///
/// An id is never 0 and is below 2^63; it comes again only after 2^31 objects have had its place.
/// *Ownership:* the map owns the objects; those that are left die with it. An object's destructor may destroy
/// others, and nothing that it looks up there is half destroyed. One thread only.
template <class T>
class slot_map {
 public:
  explicit slot_map(std::size_t max_count) noexcept : max_count_(std::min<std::size_t>(max_count, no_slot)) {}
  ~slot_map() {
    for (std::uint32_t i = 0; i < reserved_; ++i) {
      if (cell& c = at(i); std::exchange(c.live, false)) std::destroy_at(c.object());
    }
  }
  slot_map(const slot_map&) = delete;
  slot_map& operator=(const slot_map&) = delete;

  /// What `create` made: the id and the object, or neither.
  struct created {
    std::uint64_t id = 0;
    T* object = nullptr;
  };

  /// Constructs an object from `args`; a null object where `max_count` exist already or the system gives no
  /// memory: shed load.
  template <class... Args>
  [[nodiscard]] created create(Args&&... args) {
    if (first_free_ == no_slot && !grow()) return {};
    const std::uint32_t index = first_free_;
    cell& c = at(index);
    T* const object = ::new (static_cast<void*>(c.storage)) T(std::forward<Args>(args)...);
    first_free_ = c.next_free;
    c.live = true;
    ++size_;
    return {std::uint64_t{c.generation} << 32U | index, object};
  }

  /// The object of that id, nullptr where it is gone.
  T* get(std::uint64_t id) noexcept {
    const auto index = static_cast<std::uint32_t>(id);
    if (index >= reserved_) return nullptr;
    cell& c = at(index);
    return c.live && c.generation == id >> 32U ? c.object() : nullptr;
  }

  /// Destroys the object of that id; does nothing where it is gone.
  void destroy(std::uint64_t id) noexcept {
    T* const object = get(id);
    if (object == nullptr) return;
    const auto index = static_cast<std::uint32_t>(id);
    cell& c = at(index);
    c.live = false;
    std::destroy_at(object);
    c.generation = c.generation == last_generation ? 1 : c.generation + 1;
    c.next_free = first_free_;
    first_free_ = index;
    --size_;
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t max_count() const noexcept { return max_count_; }
  bool full() const noexcept { return size_ == max_count_; }

 private:
  static constexpr std::uint32_t no_slot = 0xffffffffU;
  static constexpr std::uint32_t last_generation = 0x7fffffffU;
  static constexpr std::size_t slab_count = 64;

  struct cell {
    alignas(T) std::byte storage[sizeof(T)];
    std::uint32_t generation = 1;
    std::uint32_t next_free = no_slot;
    bool live = false;

    T* object() noexcept { return std::launder(reinterpret_cast<T*>(storage)); }
  };

  cell& at(std::uint32_t index) noexcept { return slabs_[index / slab_count][index % slab_count]; }

  bool grow() {
    const auto count = static_cast<std::uint32_t>(std::min(slab_count, max_count_ - reserved_));
    if (count == 0) return false;
    std::unique_ptr<cell[]> slab(new (std::nothrow) cell[slab_count]);
    if (slab == nullptr) return false;
    try {
      slabs_.push_back(std::move(slab));
    } catch (const std::bad_alloc&) {
      return false;
    }
    const std::uint32_t first = reserved_;
    reserved_ += count;
    for (std::uint32_t i = count; i-- > 0;) at(first + i).next_free = std::exchange(first_free_, first + i);
    return true;
  }

  std::size_t max_count_;
  std::size_t size_ = 0;
  std::uint32_t reserved_ = 0;
  std::uint32_t first_free_ = no_slot;
  std::vector<std::unique_ptr<cell[]>> slabs_;
};

}  // namespace parley::base
