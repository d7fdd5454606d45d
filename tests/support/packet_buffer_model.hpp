#pragma once

#include <parley/base/packet_buffer.hpp>

#include "support/operation_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace parley::test {

/// Carries out a sequence of operations on packet buffers and on strings. The comparison needs no test
/// library, so the unit test and the fuzz target share it.
class packet_buffer_model {
 public:
  /// Returns nullptr where the two agree all along, else what they disagree about.
  static const char* run(std::span<const std::uint8_t> bytes) {
    operation_bytes operations(bytes);
    packet_buffer_model model({.max_bytes = std::size_t{4096} << operations.u8() % 8U,
                               .max_block = std::size_t{1024} << operations.u8() % 8U,
                               .slab_bytes = std::size_t{256} << operations.u8() % 8U});
    while (!operations.empty()) {
      model.step(operations);
      if (const char* const difference = model.compare(); difference != nullptr) return difference;
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t handles = 24;

  struct handle {
    base::packet_buffer buffer;
    std::string bytes;
    int block = 0;  // 0: none
  };

  explicit packet_buffer_model(const base::buffer_pool_limits& limits)
      : limits_(limits), pool_(std::make_unique<base::buffer_pool>(limits)) {}

  void step(operation_bytes& operations) {
    const std::uint8_t operation = operations.u8();
    handle& it = handles_[operations.u8() % handles];
    switch (operation % 14) {
      case 0: allocate(it, operations.scaled(18), operations.u8()); break;
      case 1: copy_in(it, operations.scaled(12), operations.u8(), operations.u8()); break;
      case 2:
      case 3: append(it, operations.scaled(12)); break;
      case 4: prepend(it, operations.scaled(9)); break;
      case 5: {
        const std::size_t n = operations.scaled(12);
        it.buffer.trim_front(n);
        it.bytes.erase(0, n);
        break;
      }
      case 6: {
        const std::size_t n = operations.scaled(12);
        it.buffer.trim_back(n);
        it.bytes.resize(it.bytes.size() - std::min(n, it.bytes.size()));
        break;
      }
      case 7: resize(it, operations.scaled(13)); break;
      case 8: {
        const std::size_t offset = operations.scaled(12);
        const std::size_t length = operations.scaled(12);
        handle part{it.buffer.slice(offset, length), it.bytes, it.block};
        part.bytes.erase(0, offset);
        part.bytes.resize(std::min(length, part.bytes.size()));
        handles_[operations.u8() % handles] = std::move(part);
        break;
      }
      case 9: {
        const handle& other = handles_[operations.u8() % handles];
        it.buffer = other.buffer;
        it.bytes = other.bytes;
        it.block = other.block;
        break;
      }
      case 10: {
        handle taken{std::move(it.buffer), it.bytes, it.block};
        clear(it);
        handles_[operations.u8() % handles] = std::move(taken);
        break;
      }
      case 11:
        it.buffer.reset();
        clear(it);
        break;
      case 12:
        if (it.buffer.unique()) overwrite(it);
        break;
      default:
        if (operations.u8() % 4U == 0) {
          pool_ = std::make_unique<base::buffer_pool>(limits_);  // its buffers outlive it
          first_block_of_pool_ = next_block_;
        } else {
          pool_->trim();
        }
    }
  }

  static void clear(handle& it) {
    it.bytes.clear();
    it.block = 0;
  }

  std::size_t handles_of(int block) const {
    return static_cast<std::size_t>(
        std::count_if(handles_.begin(), handles_.end(), [&](const handle& h) { return h.block == block; }));
  }

  void allocate(handle& it, std::size_t capacity, std::size_t headroom) {
    auto made = pool_->allocate(capacity, headroom);
    if (!made) {
      if (made.error() != base::errc::limit_reached) fail("an unexpected error from allocate");
      return;
    }
    if (made->headroom() != headroom || made->tailroom() < capacity || made->size() != 0)
      fail("a wrong shape");
    if (capacity + headroom > limits_.max_block) fail("a block over the limit");
    it = {*std::move(made), {}, next_block_++};
  }

  void copy_in(handle& it, std::size_t n, std::size_t headroom, std::size_t tailroom) {
    std::string bytes(n, '\0');
    for (char& c : bytes) c = next_byte();
    auto made = pool_->copy(bytes, headroom, tailroom);
    if (!made) return;
    if (made->headroom() < headroom || made->tailroom() < tailroom) fail("a copy with too little room");
    it = {*std::move(made), std::move(bytes), next_block_++};
  }

  // What growing by `n` is to end in; errc{} for success.
  base::errc growth(const handle& it, std::size_t n, std::size_t room) const {
    if (n > room) return base::errc::no_space;
    return n != 0 && handles_of(it.block) > 1 ? base::errc::buffer_shared : base::errc{};
  }

  template <class Result>
  bool as_expected(const Result& got, base::errc expected) {
    const bool fine = expected == base::errc{} ? got.has_value() : got.has_error() && got.error() == expected;
    if (!fine) fail("an unexpected outcome of growing");
    return fine && got.has_value();
  }

  void append(handle& it, std::size_t n) {
    const auto expected = growth(it, n, it.buffer.tailroom());
    const auto room = it.buffer.append(n);
    if (!as_expected(room, expected)) return;
    for (std::byte& b : *room) it.bytes.push_back(put(b));
  }

  void prepend(handle& it, std::size_t n) {
    const auto expected = growth(it, n, it.buffer.headroom());
    const auto room = it.buffer.prepend(n);
    if (!as_expected(room, expected)) return;
    std::string front;
    for (std::byte& b : *room) front.push_back(put(b));
    it.bytes.insert(0, front);
  }

  void resize(handle& it, std::size_t n) {
    const std::size_t before = it.bytes.size();
    const auto expected = n > before ? growth(it, n - before, it.buffer.tailroom()) : base::errc{};
    if (!as_expected(it.buffer.resize(n), expected)) return;
    it.bytes.resize(n);
    for (std::size_t i = before; i < n; ++i) it.bytes[i] = put(it.buffer.mutable_data()[i]);
  }

  void overwrite(handle& it) {
    for (std::size_t i = 0; i < it.bytes.size(); ++i) it.bytes[i] = put(it.buffer.mutable_bytes()[i]);
  }

  char next_byte() { return static_cast<char>(++written_ * 31U); }
  char put(std::byte& b) {
    const char c = next_byte();
    b = static_cast<std::byte>(c);
    return c;
  }

  const char* compare() {
    std::set<int> blocks;
    for (const handle& h : handles_) {
      if (h.buffer.text() != h.bytes || h.buffer.size() != h.bytes.size()) fail("the bytes differ");
      if (static_cast<bool>(h.buffer) != (h.block != 0)) fail("a handle with or without a block");
      if (h.block == 0) {
        if (h.buffer.headroom() != 0 || h.buffer.tailroom() != 0) fail("an empty handle with room");
        continue;
      }
      if (h.buffer.unique() != (handles_of(h.block) == 1)) fail("unique() differs");
      if (h.block >= first_block_of_pool_) blocks.insert(h.block);
    }
    const auto stats = pool_->stats();
    if (stats.blocks_in_use != blocks.size()) fail("the number of blocks differs");
    if (stats.bytes_reserved > limits_.max_bytes) fail("more reserved than allowed");
    if (stats.bytes_in_use > stats.bytes_reserved) fail("more in use than reserved");
    return difference_;
  }

  void fail(const char* difference) {
    if (difference_ == nullptr) difference_ = difference;
  }

  base::buffer_pool_limits limits_;
  std::unique_ptr<base::buffer_pool> pool_;
  std::array<handle, handles> handles_;
  int next_block_ = 1;
  int first_block_of_pool_ = 1;
  unsigned written_ = 0;
  const char* difference_ = nullptr;
};

}  // namespace parley::test
