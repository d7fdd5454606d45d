#pragma once

#include <parley/base/packet_buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace parley::net::detail {

/// The memory that one datagram is received into; see `datagram_receiver`.
struct datagram_slot {
  static constexpr std::size_t head_bytes = 2048;
  static constexpr std::size_t spill_bytes = 65536;

  base::packet_buffer buffer;  // empty where the pool had none
  std::byte* spill = nullptr;  // spill_bytes of it
  std::size_t size = 0;

  void refill(base::buffer_pool& pool) noexcept {
    if (buffer) return;
    if (auto made = pool.allocate(head_bytes)) buffer = std::move(*made);
  }

  std::size_t head_capacity() const noexcept { return buffer ? head_bytes : 0; }

  std::span<const std::byte> head() const noexcept {
    const std::size_t first = head_capacity();
    return {first != 0 ? buffer.data() : spill, std::min(size, head_bytes)};
  }

  base::packet_buffer take(base::buffer_pool& pool) noexcept {
    const std::size_t first = head_capacity();
    if (size <= first) {
      if (!buffer.resize(size)) return {};
      return std::move(buffer);
    }
    auto whole = pool.allocate(size);
    if (!whole || !whole->resize(size)) return {};
    if (first != 0) std::memcpy(whole->mutable_data(), buffer.data(), first);
    std::memcpy(whole->mutable_data() + first, spill, size - first);
    return std::move(*whole);
  }
};

}  // namespace parley::net::detail
