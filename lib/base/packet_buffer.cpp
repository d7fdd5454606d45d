#include <parley/base/packet_buffer.hpp>

#include <array>
#include <bit>
#include <cstring>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PARLEY_POISONS_FREE_BLOCKS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define PARLEY_POISONS_FREE_BLOCKS 1
#endif
#ifdef PARLEY_POISONS_FREE_BLOCKS
#include <sanitizer/asan_interface.h>
#endif

namespace parley::base {
namespace detail {
namespace {

constexpr std::size_t smallest_class = 256;
constexpr unsigned power_classes = 8;  // 256 to 32768
constexpr unsigned classes = power_classes + 1;
constexpr unsigned own_allocation = classes;

constexpr std::size_t capacity_of(unsigned size_class) noexcept {
  return size_class < power_classes ? smallest_class << size_class : buffer_pool::max_pooled_block;
}

constexpr unsigned class_of(std::size_t bytes) noexcept {
  if (bytes <= smallest_class) return 0;
  if (bytes <= capacity_of(power_classes - 1))
    return static_cast<unsigned>(std::bit_width((bytes - 1) >> 8U));
  return bytes <= buffer_pool::max_pooled_block ? power_classes : own_allocation;
}

static_assert(class_of(256) == 0 && class_of(257) == 1 && class_of(512) == 1 && class_of(513) == 2);
static_assert(class_of(32768) == 7 && class_of(32769) == 8);
static_assert(buffer_pool::max_pooled_block % alignof(buffer_block) == 0);
static_assert(alignof(buffer_block) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

// With the address sanitizer, reading a block that has gone back to its pool is reported like any use after
// free.
void poison([[maybe_unused]] buffer_block& block) noexcept {
#ifdef PARLEY_POISONS_FREE_BLOCKS
  __asan_poison_memory_region(block.bytes(), block.capacity);
#endif
}
void unpoison([[maybe_unused]] buffer_block& block) noexcept {
#ifdef PARLEY_POISONS_FREE_BLOCKS
  __asan_unpoison_memory_region(block.bytes(), block.capacity);
#endif
}

}  // namespace

/// One piece of memory from the system: this, then `count` times a block's head and its bytes.
struct alignas(16) buffer_slab {
  buffer_pool_core* core;
  buffer_slab* previous;
  buffer_slab* next;
  buffer_block* free;
  std::size_t bytes;
  std::uint32_t used;
  std::uint32_t count;
  unsigned size_class;

  static constexpr std::size_t stride(std::size_t capacity) noexcept {
    return sizeof(buffer_block) + capacity;
  }

  buffer_block& nth(std::size_t n, std::size_t capacity) noexcept {
    return *reinterpret_cast<buffer_block*>(reinterpret_cast<std::byte*>(this + 1) + n * stride(capacity));
  }
};

/// What the pool and its buffers share; it goes with the last of them. For each size class it lists the slabs
/// that have a free block: those in use first, those that nobody uses after them, so that both are found at
/// an end of the list.
struct buffer_pool_core {
  struct slab_list {
    buffer_slab* first = nullptr;
    buffer_slab* last = nullptr;

    void push_front(buffer_slab& s) noexcept {
      s.previous = nullptr;
      s.next = first;
      (first != nullptr ? first->previous : last) = &s;
      first = &s;
    }
    void push_back(buffer_slab& s) noexcept {
      s.next = nullptr;
      s.previous = last;
      (last != nullptr ? last->next : first) = &s;
      last = &s;
    }
    void remove(buffer_slab& s) noexcept {
      (s.previous != nullptr ? s.previous->next : first) = s.next;
      (s.next != nullptr ? s.next->previous : last) = s.previous;
    }
  };

  buffer_pool_limits limits;
  buffer_pool_stats stats{};
  bool pool_lives = true;
  std::array<slab_list, classes> available{};

  explicit buffer_pool_core(const buffer_pool_limits& l) noexcept : limits(l) {
    limits.max_block = std::min(limits.max_block, std::size_t{1} << 30U);
  }

  buffer_slab* new_slab(unsigned size_class, std::size_t capacity, std::size_t count) noexcept {
    const std::size_t bytes = sizeof(buffer_slab) + count * buffer_slab::stride(capacity);
    void* const memory = ::operator new(bytes, std::nothrow);
    if (memory == nullptr) return nullptr;
    auto* const s = ::new (memory)
        buffer_slab{this, nullptr, nullptr, nullptr, bytes, 0, static_cast<std::uint32_t>(count), size_class};
    // Backwards, so that blocks are handed out in the order of their addresses.
    for (std::size_t i = count; i-- > 0;) {
      s->free = ::new (static_cast<void*>(&s->nth(i, capacity)))
          buffer_block{s, s->free, 0, static_cast<std::uint32_t>(capacity)};
      poison(*s->free);
    }
    stats.bytes_reserved += bytes;
    return s;
  }

  // The slab is in no list, and none of its blocks is in use.
  void delete_slab(buffer_slab& s) noexcept {
    for (buffer_block* b = s.free; b != nullptr; b = b->next_free) unpoison(*b);
    stats.bytes_reserved -= s.bytes;
    ::operator delete(static_cast<void*>(&s));
  }

  // Gives unused slabs back until `bytes` more may be reserved.
  bool make_room(std::size_t bytes) noexcept {
    if (bytes > limits.max_bytes) return false;
    for (slab_list& list : available) {
      while (stats.bytes_reserved > limits.max_bytes - bytes && list.last != nullptr &&
             list.last->used == 0) {
        buffer_slab& unused = *list.last;
        list.remove(unused);
        delete_slab(unused);
      }
    }
    return stats.bytes_reserved <= limits.max_bytes - bytes;
  }

  buffer_slab* grow(unsigned size_class) noexcept {
    const std::size_t capacity = capacity_of(size_class);
    const std::size_t stride = buffer_slab::stride(capacity);
    std::size_t count = std::max<std::size_t>(limits.slab_bytes / stride, 1);
    if (!make_room(sizeof(buffer_slab) + count * stride)) {
      if (!make_room(sizeof(buffer_slab) + stride)) return nullptr;
      count = std::min(count, (limits.max_bytes - stats.bytes_reserved - sizeof(buffer_slab)) / stride);
    }
    buffer_slab* const s = new_slab(size_class, capacity, count);
    if (s != nullptr) available[size_class].push_front(*s);
    return s;
  }

  buffer_slab* slab_for(std::size_t bytes) noexcept {
    const unsigned wanted = class_of(bytes);
    if (wanted == own_allocation) {
      const std::size_t capacity = (bytes + 15U) / 16U * 16U;
      if (!make_room(sizeof(buffer_slab) + buffer_slab::stride(capacity))) return nullptr;
      return new_slab(own_allocation, capacity, 1);
    }
    if (buffer_slab* const s = available[wanted].first; s != nullptr) return s;
    if (buffer_slab* const s = grow(wanted); s != nullptr) return s;
    // No memory for a block of the right size: a larger one that lies idle does as well.
    for (unsigned larger = wanted + 1; larger < classes; ++larger) {
      if (buffer_slab* const s = available[larger].first; s != nullptr) return s;
    }
    return nullptr;
  }

  buffer_block* take(std::size_t bytes) noexcept {
    buffer_slab* const s = slab_for(bytes);
    if (s == nullptr) return nullptr;
    buffer_block* const block = s->free;
    s->free = block->next_free;
    ++s->used;
    if (s->free == nullptr && s->size_class != own_allocation) available[s->size_class].remove(*s);
    unpoison(*block);
    block->references = 1;
    ++stats.blocks_in_use;
    stats.bytes_in_use += block->capacity;
    return block;
  }

  void give_back(buffer_block& block) noexcept {
    buffer_slab& s = *block.slab;
    --stats.blocks_in_use;
    stats.bytes_in_use -= block.capacity;
    const bool was_full = s.free == nullptr;
    block.next_free = s.free;
    s.free = &block;
    --s.used;
    poison(block);
    if (s.size_class == own_allocation) {
      delete_slab(s);
      return;
    }
    slab_list& list = available[s.size_class];
    if (s.used == 0) {
      if (!was_full) list.remove(s);
      list.push_back(s);
    } else if (was_full) {
      list.push_front(s);
    }
  }

  void trim() noexcept {
    for (slab_list& list : available) {
      while (list.last != nullptr && list.last->used == 0) {
        buffer_slab& unused = *list.last;
        list.remove(unused);
        delete_slab(unused);
      }
    }
  }
};

void release_block(buffer_block* block) noexcept {
  buffer_pool_core& core = *block->slab->core;
  core.give_back(*block);
  if (!core.pool_lives && core.stats.blocks_in_use == 0) {
    core.trim();
    delete &core;
  }
}

}  // namespace detail

buffer_pool::buffer_pool(const buffer_pool_limits& limits) : core_(new detail::buffer_pool_core(limits)) {}

buffer_pool::~buffer_pool() {
  core_->trim();
  core_->pool_lives = false;
  if (core_->stats.blocks_in_use == 0) delete core_;
}

result<packet_buffer> buffer_pool::allocate(std::size_t capacity, std::size_t headroom) noexcept {
  const std::size_t most = core_->limits.max_block;
  if (capacity > most || headroom > most - capacity) return errc::limit_reached;
  detail::buffer_block* const block = core_->take(capacity + headroom);
  if (block == nullptr) return errc::limit_reached;
  return packet_buffer(block, static_cast<std::uint32_t>(headroom));
}

result<packet_buffer> buffer_pool::copy(std::span<const std::byte> bytes, std::size_t headroom,
                                        std::size_t tailroom) noexcept {
  const std::size_t most = core_->limits.max_block;
  if (tailroom > most || bytes.size() > most - tailroom) return errc::limit_reached;
  auto made = allocate(bytes.size() + tailroom, headroom);
  if (!made) return made;
  if (!bytes.empty()) std::memcpy(made->mutable_data(), bytes.data(), bytes.size());
  made->size_ = static_cast<std::uint32_t>(bytes.size());
  return made;
}

result<packet_buffer> buffer_pool::copy(std::string_view text, std::size_t headroom,
                                        std::size_t tailroom) noexcept {
  return copy(std::as_bytes(std::span(text)), headroom, tailroom);
}

void buffer_pool::trim() noexcept { core_->trim(); }

buffer_pool_stats buffer_pool::stats() const noexcept { return core_->stats; }
std::size_t buffer_pool::max_bytes() const noexcept { return core_->limits.max_bytes; }

}  // namespace parley::base
