#pragma once

#include <parley/base/api.hpp>
#include <parley/stun/attributes.hpp>
#include <parley/stun/error.hpp>
#include <parley/stun/message.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>

namespace parley::stun {

/// Tells STUN from what shares a port with it, by the two zero bits, the cookie and a length in multiples of
/// four (RFC 8489 5 and 6.3). No SIP message, RTP packet or DTLS record looks so.
PARLEY_API bool is_stun(std::span<const std::byte> datagram) noexcept;

/// The size of the message whose header these bytes begin with, for streams. *Errors:* `truncated_header`:
/// wait for 20 bytes; others: the stream carries no STUN here, close it.
PARLEY_API parsed<std::size_t> message_size(std::span<const std::byte> stream) noexcept;

/// One whole message, in place. Its attributes lie within it, whatever a peer wrote: `parse` has walked them
/// all, and nothing that follows can fail but the reading of one value.
///
/// Of attributes of one type the first counts. What stands behind an integrity attribute is left out, since
/// nobody vouches for it, but for a stronger integrity attribute and FINGERPRINT (RFC 8489 14.5, 14.6).
///
/// *Ownership:* refers to the bytes it was parsed from; so does every text and span that it gives.
class message_view {
 public:
  /// Reads a datagram, or as many bytes of a stream as `message_size` says. *Errors:* those of the header and
  /// of the walk: drop it.
  [[nodiscard]] PARLEY_API static parsed<message_view> parse(std::span<const std::byte> message) noexcept;

  message_class kind() const noexcept { return kind_; }
  stun::method method() const noexcept { return method_; }
  PARLEY_API transaction_id transaction() const noexcept;
  std::span<const std::byte> bytes() const noexcept { return bytes_; }

  /// Walks the attributes that count.
  class iterator {
   public:
    using value_type = attribute;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;

    iterator() noexcept = default;
    attribute operator*() const noexcept { return current_; }
    PARLEY_API iterator& operator++() noexcept;
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.offset_ == b.offset_; }

   private:
    friend class message_view;
    iterator(std::span<const std::byte> message, std::size_t offset) noexcept;
    void read() noexcept;

    std::span<const std::byte> message_;
    std::size_t offset_ = 0;
    attribute current_;
    std::uint8_t sealed_ = 0;  // by how strong an integrity attribute
  };

  PARLEY_API iterator begin() const noexcept;
  PARLEY_API iterator end() const noexcept;

  /// The first attribute of that type.
  PARLEY_API std::optional<attribute> find(attribute_type type) const noexcept;

  /// The value of an attribute: `get<xor_mapped_address>()`. *Errors:* `missing_attribute` (at the end of the
  /// message), or the rule that its value breaks: treat the message as malformed.
  template <class Attribute>
  [[nodiscard]] parsed<typename Attribute::value_type> get() const noexcept {
    const std::optional<attribute> found = find(Attribute::type);
    if (!found) return parse_error{errc::missing_attribute, static_cast<std::uint32_t>(bytes_.size())};
    return Attribute::read(*found, transaction());
  }

  /// Writes the types of comprehension-required attributes that neither RFC 8489 defines nor `known` names,
  /// each once, and returns how many were written; more than `out` holds are left out. A request with any is
  /// answered 420 with UNKNOWN-ATTRIBUTES, an indication is dropped, a response fails its transaction
  /// (RFC 8489 6.3).
  PARLEY_API std::size_t unknown(std::span<const attribute_type> known,
                                 std::span<attribute_type> out) const noexcept;

  /// True where the message has a FINGERPRINT and it fits (RFC 8489 14.7).
  PARLEY_API bool check_fingerprint() const noexcept;

 private:
  message_view() noexcept = default;

  std::span<const std::byte> bytes_;
  message_class kind_{};
  stun::method method_{};
};

}  // namespace parley::stun
