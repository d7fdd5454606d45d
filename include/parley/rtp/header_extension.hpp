#pragma once

#include <parley/base/api.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/base/result.hpp>
#include <parley/rtp/error.hpp>
#include <parley/rtp/packet.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>

namespace parley::rtp {

/// How the elements of an extension are headed (RFC 8285 4.2, 4.3).
enum class extension_form : std::uint8_t {
  one_byte,  ///< ids 1 to 14, 1 to 16 bytes
  two_byte,  ///< ids 1 to 255, 0 to 255 bytes
};

/// An element of a header extension: the id that was negotiated for what it is, and its bytes.
struct extension_element {
  std::uint8_t id = 0;
  std::span<const std::byte> data{};
};

/// The elements of a header extension (RFC 8285), without the padding between them.
///
/// *Ownership:* refers to the packet.
class extension_elements {
 public:
  /// Over the elements, up to `end()`.
  class iterator {
   public:
    using value_type = extension_element;
    using difference_type = std::ptrdiff_t;
    using reference = const extension_element&;
    using pointer = const extension_element*;
    using iterator_category = std::input_iterator_tag;

    iterator() noexcept = default;
    const extension_element& operator*() const noexcept { return current_; }
    const extension_element* operator->() const noexcept { return &current_; }
    iterator& operator++() noexcept {
      read();
      return *this;
    }
    iterator operator++(int) noexcept {
      iterator old = *this;
      read();
      return old;
    }
    friend bool operator==(const iterator& a, std::default_sentinel_t) noexcept { return a.current_.id == 0; }

   private:
    friend class extension_elements;
    iterator(std::span<const std::byte> rest, extension_form form) noexcept : rest_(rest), form_(form) {
      read();
    }
    /// Takes the next element; an id of zero means that there is none.
    PARLEY_API void read() noexcept;

    std::span<const std::byte> rest_;
    extension_form form_ = extension_form::one_byte;
    extension_element current_;
  };

  /// Of a packet without an extension there are none. *Errors:* `errc::bad_extension_profile` where there is
  /// an extension, but not of elements; `errc::bad_extension_length` where an element does not end within it,
  /// the place counted from the start of the packet: use the packet without them.
  PARLEY_API static parsed<extension_elements> parse(const packet_view& packet) noexcept;

  iterator begin() const noexcept { return {bytes_, form_}; }
  std::default_sentinel_t end() const noexcept { return {}; }
  extension_form form() const noexcept { return form_; }

  /// The first element with that id.
  PARLEY_API std::optional<std::span<const std::byte>> find(std::uint8_t id) const noexcept;

  /// The value of the first element with that id, such as `audio_level`. *Errors:* `errc::bad_extension_id`
  /// where there is none, `errc::bad_extension_length` where it is not as long as such a value.
  template <class Value>
  parsed<Value> get(std::uint8_t id) const noexcept {
    const std::optional<std::span<const std::byte>> data = find(id);
    if (!data) return parse_error{errc::bad_extension_id, 0};
    return Value::read(*data);
  }

 private:
  extension_elements(std::span<const std::byte> bytes, extension_form form) noexcept
      : bytes_(bytes), form_(form) {}

  std::span<const std::byte> bytes_;
  extension_form form_;
};

/// Puts elements one behind the other into memory of the caller, for `packet_header::extension`:
/// `extension_writer(memory, extension_form::one_byte).add(1, audio_level{…}).add_raw(2, …).finish()`.
///
/// *Ownership:* refers to the memory; so does the extension.
class extension_writer {
 public:
  extension_writer(std::span<std::byte> memory, extension_form form) noexcept : out_(memory), form_(form) {}

  /// Adds a value such as `audio_level`.
  template <class Value>
  extension_writer& add(std::uint8_t id, const Value& value) noexcept {
    std::byte room[255];
    base::byte_writer data(room);
    const errc failed = value.write(data);
    return put(id, data.written(), failed != errc{} || data.status() ? failed : errc::text_too_long);
  }
  /// Adds any bytes.
  extension_writer& add_raw(std::uint8_t id, std::span<const std::byte> data) noexcept {
    return put(id, data, {});
  }

  /// The extension, filled with zeros to the next word. *Errors:* the first of what `add` and this meet:
  /// `errc::bad_extension_id` and `errc::bad_extension_length` for what the form cannot say,
  /// `errc::value_out_of_range`, `errc::text_too_long`, `errc::no_space`.
  PARLEY_API base::result<header_extension> finish() noexcept;

 private:
  PARLEY_API extension_writer& put(std::uint8_t id, std::span<const std::byte> data, errc failed) noexcept;

  base::byte_writer out_;
  extension_form form_;
  errc failed_{};
};

}  // namespace parley::rtp
