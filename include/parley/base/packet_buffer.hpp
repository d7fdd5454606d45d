#pragma once

#include <parley/base/api.hpp>
#include <parley/base/error.hpp>
#include <parley/base/result.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace parley::base {

class buffer_pool;

namespace detail {

struct buffer_slab;
struct buffer_pool_core;

/// Stands directly before the bytes of a block.
struct alignas(16) buffer_block {
  buffer_slab* slab;
  buffer_block* next_free;
  std::uint32_t references;
  std::uint32_t capacity;

  std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};

PARLEY_API void release_block(buffer_block* block) noexcept;

}  // namespace detail

/// A handle to a stretch of bytes in a pooled block. Copying it, or taking a slice, refers to the same bytes;
/// it never copies them. Two pointers wide.
///
///     | headroom |  bytes()  | tailroom |
///     ^ block    ^ data()    ^ data() + size()
///
/// *Ownership:* the block goes back to its pool with its last handle. Handles may outlive the pool object:
/// what the pool has reserved is then given back with the last of them. The count is not atomic: the pool and
/// all handles to its blocks stay on the thread of one shard. To pass bytes to another shard, copy them into
/// a buffer of its pool. Views from `bytes()` and `text()` live as long as some handle to the block does and
/// nobody writes into them.
///
/// An empty handle (default-constructed, moved from, reset) has size, headroom and tailroom of zero.
class packet_buffer {
 public:
  packet_buffer() noexcept = default;
  packet_buffer(const packet_buffer& other) noexcept
      : block_(other.block_), offset_(other.offset_), size_(other.size_) {
    if (block_ != nullptr) ++block_->references;
  }
  packet_buffer(packet_buffer&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        offset_(std::exchange(other.offset_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  packet_buffer& operator=(packet_buffer other) noexcept {
    swap(other);
    return *this;
  }
  ~packet_buffer() { release(); }

  void swap(packet_buffer& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(offset_, other.offset_);
    std::swap(size_, other.size_);
  }

  /// True when there is a block behind it, even where it shows no bytes of it.
  explicit operator bool() const noexcept { return block_ != nullptr; }

  const std::byte* data() const noexcept { return block_ != nullptr ? block_->bytes() + offset_ : nullptr; }

  /// For writing in place. Every handle to the block sees the change: where that is not meant, ask `unique()`
  /// first.
  std::byte* mutable_data() noexcept { return block_ != nullptr ? block_->bytes() + offset_ : nullptr; }
  std::span<std::byte> mutable_bytes() noexcept { return {mutable_data(), size_}; }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::span<const std::byte> bytes() const noexcept { return {data(), size_}; }
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data()), size_}; }

  /// Bytes of the block before and after this handle's. They can be taken (`prepend`, `append`) only while
  /// the handle is the only one, because another may show them.
  std::size_t headroom() const noexcept { return offset_; }
  std::size_t tailroom() const noexcept { return block_ != nullptr ? block_->capacity - offset_ - size_ : 0; }

  /// True when no other handle refers to the block.
  bool unique() const noexcept { return block_ != nullptr && block_->references == 1; }

  /// Grows by `n` bytes at the end and returns them, to be written; their contents are unspecified.
  /// *Errors:* `errc::no_space` beyond `tailroom()`: copy into a larger buffer. `errc::buffer_shared` when
  /// other handles refer to the block: write into a copy. Nothing has changed then.
  [[nodiscard]] result<std::span<std::byte>> append(std::size_t n) noexcept {
    if (n > tailroom()) return errc::no_space;
    if (n != 0 && !unique()) return errc::buffer_shared;
    std::byte* const grown = mutable_data() + size_;
    size_ += static_cast<std::uint32_t>(n);
    return std::span<std::byte>(grown, n);
  }

  /// Grows by `n` bytes at the front and returns them, to be written; their contents are unspecified.
  /// *Errors:* as `append`, `errc::no_space` beyond `headroom()`.
  [[nodiscard]] result<std::span<std::byte>> prepend(std::size_t n) noexcept {
    if (n > headroom()) return errc::no_space;
    if (n != 0 && !unique()) return errc::buffer_shared;
    offset_ -= static_cast<std::uint32_t>(n);
    size_ += static_cast<std::uint32_t>(n);
    return std::span<std::byte>(mutable_data(), n);
  }

  /// Hides the first or last `n` bytes from this handle, all of them when there are fewer. Other handles see
  /// them still.
  void trim_front(std::size_t n) noexcept {
    const auto cut = static_cast<std::uint32_t>(std::min<std::size_t>(n, size_));
    offset_ += cut;
    size_ -= cut;
  }
  void trim_back(std::size_t n) noexcept {
    size_ -= static_cast<std::uint32_t>(std::min<std::size_t>(n, size_));
  }

  /// Makes it `n` bytes long, by trimming or growing at the end; new bytes are unspecified.
  /// *Errors:* as `append`, only when it grows.
  result<void> resize(std::size_t n) noexcept {
    if (n > size_) {
      if (auto grown = append(n - size_); !grown) return grown.error();
    } else {
      size_ = static_cast<std::uint32_t>(n);
    }
    return {};
  }

  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  /// Another handle to `length` of these bytes from `offset` on, as `std::string_view::substr` does it: what
  /// lies beyond the end is left out, and an offset beyond it gives a slice of no bytes.
  [[nodiscard]] packet_buffer slice(std::size_t offset, std::size_t length = npos) const noexcept {
    packet_buffer part(*this);
    part.trim_front(offset);
    part.trim_back(part.size_ - std::min<std::size_t>(length, part.size_));
    return part;
  }

  /// Lets go of the block.
  void reset() noexcept {
    release();
    block_ = nullptr;
    offset_ = 0;
    size_ = 0;
  }

 private:
  friend class buffer_pool;

  packet_buffer(detail::buffer_block* block, std::uint32_t offset) noexcept
      : block_(block), offset_(offset) {}

  void release() noexcept {
    if (block_ != nullptr && --block_->references == 0) detail::release_block(block_);
  }

  detail::buffer_block* block_ = nullptr;
  std::uint32_t offset_ = 0;
  std::uint32_t size_ = 0;
};

static_assert(sizeof(packet_buffer) <= 24);

/// Bounds of a `buffer_pool`, in bytes.
struct buffer_pool_limits {
  /// All that the pool may hold at once, its own bookkeeping included.
  std::size_t max_bytes = std::size_t{64} << 20U;
  /// The largest block, headroom included, that a caller may ask for.
  std::size_t max_block = std::size_t{1} << 20U;
  /// What is taken from the system at a time for blocks of one size class.
  std::size_t slab_bytes = std::size_t{128} << 10U;
};

/// What a `buffer_pool` holds at the moment.
struct buffer_pool_stats {
  std::size_t bytes_in_use = 0;    ///< capacity of the blocks that handles refer to
  std::size_t bytes_reserved = 0;  ///< memory taken from the system, bookkeeping included
  std::size_t blocks_in_use = 0;   ///< blocks that handles refer to
};

/// Hands out blocks of 256 bytes to 64 KiB and a reserve, in powers of two, from slabs that it keeps: in the
/// steady state it does not allocate. A larger block is an allocation of its own, returned when it is
/// released. Slabs that nobody uses serve another size class once `max_bytes` is reached, so a burst of one
/// size does not lock out the others. Allocation and release take constant time.
///
/// *Ownership:* buffers may outlive the pool; see `packet_buffer`. One shard's thread only.
class PARLEY_API buffer_pool {
 public:
  explicit buffer_pool(const buffer_pool_limits& limits = {});
  ~buffer_pool();

  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;

  /// The largest block that comes from a slab: a whole UDP datagram with room around it.
  static constexpr std::size_t max_pooled_block = 65536 + 512;

  /// An empty buffer with `headroom` bytes before it and room for at least `capacity` after.
  /// *Errors:* `errc::limit_reached` where the pool's limits, or the system, do not give it: drop what it was
  /// for.
  [[nodiscard]] result<packet_buffer> allocate(std::size_t capacity, std::size_t headroom = 0) noexcept;

  /// A buffer that holds a copy of `bytes`, with at least `headroom` before and `tailroom` after it.
  /// *Errors:* as `allocate`.
  [[nodiscard]] result<packet_buffer> copy(std::span<const std::byte> bytes, std::size_t headroom = 0,
                                           std::size_t tailroom = 0) noexcept;
  [[nodiscard]] result<packet_buffer> copy(std::string_view text, std::size_t headroom = 0,
                                           std::size_t tailroom = 0) noexcept;

  /// Returns to the system every slab that no handle refers to.
  void trim() noexcept;

  buffer_pool_stats stats() const noexcept;
  std::size_t max_bytes() const noexcept;

 private:
  detail::buffer_pool_core* core_;
};

}  // namespace parley::base
