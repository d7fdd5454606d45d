#pragma once

#include <parley/base/byte_writer.hpp>
#include <parley/rtp/error.hpp>
#include <parley/rtp/octets.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

namespace parley::rtp {

/// How a field of fixed width is read from RTCP and written to it; a type of entries has these as members.
template <class T>
struct rtcp_field {
  static constexpr std::size_t wire_bytes = T::wire_bytes;
  static T load(const std::byte* p) noexcept { return T::load(p); }
  static errc write(base::byte_writer& out, const T& value) noexcept { return value.write(out); }
};

/// A source or a time.
template <>
struct rtcp_field<std::uint32_t> {
  static constexpr std::size_t wire_bytes = 4;
  static std::uint32_t load(const std::byte* p) noexcept { return octets::load_u32(p); }
  static errc write(base::byte_writer& out, std::uint32_t value) noexcept {
    out.u32(value);
    return {};
  }
};

/// A chunk.
template <>
struct rtcp_field<std::uint16_t> {
  static constexpr std::size_t wire_bytes = 2;
  static std::uint16_t load(const std::byte* p) noexcept { return octets::load_u16(p); }
  static errc write(base::byte_writer& out, std::uint16_t value) noexcept {
    out.u16(value);
    return {};
  }
};

/// Entries of fixed width: as they lie in a received packet, or as an array of the application's. So what was
/// parsed can be written again as it is.
///
/// *Ownership:* refers to the packet or to the array.
template <class T>
class field_list {
 public:
  /// Over the entries; refers to the list.
  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using reference = T;
    using pointer = void;
    using iterator_category = std::input_iterator_tag;

    iterator() noexcept = default;
    T operator*() const noexcept { return (*list_)[at_]; }
    iterator& operator++() noexcept {
      ++at_;
      return *this;
    }
    iterator operator++(int) noexcept {
      iterator old = *this;
      ++at_;
      return old;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    friend class field_list;
    iterator(const field_list* list, std::size_t at) noexcept : list_(list), at_(at) {}
    const field_list* list_ = nullptr;
    std::size_t at_ = 0;
  };

  field_list() noexcept = default;
  field_list(std::span<const T> values) noexcept : values_(values.data()), size_(values.size()) {}
  template <std::size_t N>
  field_list(const std::array<T, N>& values) noexcept : field_list(std::span<const T>(values)) {}
  /// Over bytes of a packet, a multiple of the width of `T`.
  static field_list over(std::span<const std::byte> wire) noexcept {
    field_list out;
    out.wire_ = wire.data();
    out.size_ = wire.size() / rtcp_field<T>::wire_bytes;
    return out;
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// Only for `i < size()`.
  T operator[](std::size_t i) const noexcept {
    return wire_ != nullptr ? rtcp_field<T>::load(wire_ + i * rtcp_field<T>::wire_bytes) : values_[i];
  }
  /// Iterators refer to this list.
  iterator begin() const noexcept { return {this, 0}; }
  iterator end() const noexcept { return {this, size_}; }

  /// Writes all entries. *Errors:* of the first that does not fit its fields.
  errc write(base::byte_writer& out) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      if (const errc failed = rtcp_field<T>::write(out, (*this)[i]); failed != errc{}) return failed;
    }
    return {};
  }

 private:
  const std::byte* wire_ = nullptr;
  const T* values_ = nullptr;
  std::size_t size_ = 0;
};

/// Items that each have a length of their own: as they lie in a received packet, or as an array of the
/// application's.
///
/// *Ownership:* refers to the packet or to the array.
template <class T>
class item_list {
 public:
  /// Over the items, up to `end()`.
  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using reference = const T&;
    using pointer = const T*;
    using iterator_category = std::input_iterator_tag;

    iterator() noexcept = default;
    const T& operator*() const noexcept { return current_; }
    const T* operator->() const noexcept { return &current_; }
    iterator& operator++() noexcept {
      read();
      return *this;
    }
    iterator operator++(int) noexcept {
      iterator old = *this;
      read();
      return old;
    }
    friend bool operator==(const iterator& a, std::default_sentinel_t) noexcept { return a.ended_; }

   private:
    friend class item_list;
    explicit iterator(const item_list& list) noexcept : wire_(list.wire_), values_(list.values_) { read(); }
    void read() noexcept {
      ended_ = wire_.empty() && values_.empty();
      if (ended_) return;
      if (values_.empty()) {
        current_ = T::take(wire_);
      } else {
        current_ = values_.front();
        values_ = values_.subspan(1);
      }
    }

    std::span<const std::byte> wire_;
    std::span<const T> values_;
    T current_{};
    bool ended_ = true;
  };

  item_list() noexcept = default;
  item_list(std::span<const T> values) noexcept : values_(values) {}
  template <std::size_t N>
  item_list(const std::array<T, N>& values) noexcept : values_(values) {}
  /// Over bytes of a packet that hold whole items.
  static item_list over(std::span<const std::byte> wire) noexcept {
    item_list out;
    out.wire_ = wire;
    return out;
  }

  bool empty() const noexcept { return wire_.empty() && values_.empty(); }
  /// Walks over the items to count them.
  std::size_t size() const noexcept {
    std::size_t count = 0;
    for (iterator i(*this); !(i == std::default_sentinel); ++i) ++count;
    return count;
  }
  iterator begin() const noexcept { return iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// Writes all items. *Errors:* of the first that does not fit its fields.
  errc write(base::byte_writer& out) const noexcept {
    for (const T& item : *this) {
      if (const errc failed = item.write(out); failed != errc{}) return failed;
    }
    return {};
  }

 private:
  std::span<const std::byte> wire_;
  std::span<const T> values_;
};

}  // namespace parley::rtp
