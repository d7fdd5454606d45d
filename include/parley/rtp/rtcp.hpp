#pragma once

#include <parley/base/api.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/base/result.hpp>
#include <parley/rtp/error.hpp>
#include <parley/rtp/octets.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

namespace parley::rtp {

/// The header of each RTCP packet, in bytes (RFC 3550 6.4).
inline constexpr std::size_t rtcp_header_bytes = 4;

/// RFC 3550 12.1, RFC 4585 6.1, RFC 3611 2. Others may occur, and are given as they are.
enum class rtcp_type : std::uint8_t {
  sender_report = 200,
  receiver_report = 201,
  source_description = 202,
  bye = 203,
  application = 204,
  transport_feedback = 205,
  payload_feedback = 206,
  extended_report = 207,
};

/// One packet of a compound packet, in place. A type such as `sender_report` or `generic_nack` names what it
/// may be: `is<T>()` asks, `get<T>()` reads it.
///
/// *Ownership:* refers to the datagram; so does what `get` gives.
class rtcp_packet {
 public:
  rtcp_packet() noexcept = default;

  rtcp_type type() const noexcept { return static_cast<rtcp_type>(octets::load_u8(bytes_.data() + 1)); }
  /// The five bits behind the padding bit: a count, a subtype or the format of feedback.
  std::uint8_t count() const noexcept { return octets::load_u8(bytes_.data()) & 0x1FU; }
  /// What stands behind the header, without padding; a multiple of four bytes.
  std::span<const std::byte> body() const noexcept {
    return bytes_.subspan(rtcp_header_bytes, bytes_.size() - rtcp_header_bytes - padding_);
  }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  std::size_t padding() const noexcept { return padding_; }
  /// Where the packet begins in the datagram.
  std::size_t offset() const noexcept { return offset_; }

  /// True where the packet's type, and for feedback its format, is that of `T`.
  template <class T>
  bool is() const noexcept {
    if constexpr (requires { T::format; }) {
      return type() == T::type && count() == T::format;
    } else {
      return type() == T::type;
    }
  }

  /// The packet as a `T`. *Errors:* `errc::wrong_rtcp_type` where it is none; else the rule that it breaks,
  /// with the place in the datagram: ignore the packet, the others of the datagram may be used.
  template <class T>
  parsed<T> get() const noexcept {
    if (!is<T>()) return parse_error{errc::wrong_rtcp_type, static_cast<std::uint32_t>(offset_)};
    return T::read(*this);
  }

  /// An error at a place that is counted from the start of the body.
  parse_error error(errc code, std::size_t in_body) const noexcept {
    return {code, static_cast<std::uint32_t>(offset_ + rtcp_header_bytes + in_body)};
  }

 private:
  friend class compound_view;
  rtcp_packet(std::span<const std::byte> bytes, std::size_t padding, std::size_t offset) noexcept
      : bytes_(bytes), padding_(static_cast<std::uint32_t>(padding)), offset_(offset) {}

  std::span<const std::byte> bytes_;
  std::uint32_t padding_ = 0;
  std::size_t offset_ = 0;
};

/// What a datagram of RTCP may begin with.
enum class rtcp_form : std::uint8_t {
  compound,      ///< a report, without padding (RFC 3550 A.2)
  reduced_size,  ///< anything, where both ends have agreed on it (RFC 5506)
};

/// The RTCP packets of a datagram, one after the other. `parse` makes the checks of RFC 3550 A.2, so a walk
/// cannot fail: `for (const rtcp_packet& p : *compound) …`. What a packet holds is looked at by `get`.
///
/// *Ownership:* refers to the datagram.
class compound_view {
 public:
  /// Over the packets, in their order.
  class iterator {
   public:
    using value_type = rtcp_packet;
    using difference_type = std::ptrdiff_t;
    using reference = const rtcp_packet&;
    using pointer = const rtcp_packet*;
    using iterator_category = std::forward_iterator_tag;

    iterator() noexcept = default;
    const rtcp_packet& operator*() const noexcept { return current_; }
    const rtcp_packet* operator->() const noexcept { return &current_; }
    iterator& operator++() noexcept {
      at_ += current_.bytes().size();
      read();
      return *this;
    }
    iterator operator++(int) noexcept {
      iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    friend class compound_view;
    iterator(std::span<const std::byte> datagram, std::size_t at) noexcept : datagram_(datagram), at_(at) {
      read();
    }
    void read() noexcept {
      if (at_ < datagram_.size()) current_ = packet_at(datagram_, at_);
    }

    std::span<const std::byte> datagram_;
    std::size_t at_ = 0;
    rtcp_packet current_;
  };

  /// *Errors:* the rule that the datagram breaks; drop all of it.
  PARLEY_API static parsed<compound_view> parse(std::span<const std::byte> datagram,
                                                rtcp_form form = rtcp_form::compound) noexcept;

  iterator begin() const noexcept { return {datagram_, 0}; }
  iterator end() const noexcept { return {datagram_, datagram_.size()}; }
  std::span<const std::byte> bytes() const noexcept { return datagram_; }

 private:
  explicit compound_view(std::span<const std::byte> datagram) noexcept : datagram_(datagram) {}

  /// The packet at `at`, where a whole one is known to be.
  static rtcp_packet packet_at(std::span<const std::byte> datagram, std::size_t at) noexcept {
    const std::size_t size = 4 + 4 * std::size_t{octets::load_u16(datagram.data() + at + 2)};
    const std::span<const std::byte> bytes = datagram.subspan(at, size);
    const bool padded = (bytes[0] & std::byte{0x20}) != std::byte{0};
    return {bytes, padded ? std::to_integer<std::size_t>(bytes.back()) : 0, at};
  }

  std::span<const std::byte> datagram_;
};

/// Writes RTCP packets one after the other: `out.add(report).add(description).finish()`, where each argument
/// is a value such as `sender_report`.
///
/// *Ownership:* refers to the buffer.
class compound_writer {
 public:
  explicit compound_writer(std::span<std::byte> buffer) noexcept : buffer_(buffer) {}

  /// Adds a packet. Where it fails, nothing of the packet is written and what was added before stays:
  /// `fits()` tells the two apart, `finish()` gives the first failure.
  template <class Packet>
  compound_writer& add(const Packet& packet) noexcept {
    base::byte_writer body = begin();
    const errc failed = packet.write(body);
    std::size_t count = 0;
    if constexpr (requires { Packet::format; }) {
      count = Packet::format;
    } else {
      count = packet.count();
    }
    end(Packet::type, count, body, failed);
    return *this;
  }

  /// Adds a packet of any type. *Errors:* as `add`; `errc::value_out_of_range` where the body is no multiple
  /// of four bytes.
  PARLEY_API compound_writer& add_raw(rtcp_type type, std::uint8_t count,
                                      std::span<const std::byte> body) noexcept;

  /// True where the last `add` has added its packet.
  bool fits() const noexcept { return last_ == errc{}; }

  /// The packets that have been added.
  std::span<const std::byte> written() const noexcept { return buffer_.first(size_); }

  /// The datagram. *Errors:* the first failure of `add`: `errc::no_space` with a buffer too small;
  /// `errc::too_many_items`, `errc::text_too_long`, `errc::value_out_of_range` for what does not fit its
  /// fields.
  PARLEY_API base::result<std::span<const std::byte>> finish() const noexcept;

 private:
  base::byte_writer begin() const noexcept {
    const std::size_t room = buffer_.size() - size_;
    return base::byte_writer(room < rtcp_header_bytes ? std::span<std::byte>{}
                                                      : buffer_.subspan(size_ + rtcp_header_bytes));
  }
  PARLEY_API void end(rtcp_type type, std::size_t count, const base::byte_writer& body, errc failed) noexcept;

  std::span<std::byte> buffer_;
  std::size_t size_ = 0;
  errc last_{};
  errc first_{};
};

}  // namespace parley::rtp
