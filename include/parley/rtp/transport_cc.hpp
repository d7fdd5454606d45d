#pragma once

#include <parley/rtp/rtcp.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

namespace parley::rtp {

/// What became of one packet, by its transport-wide sequence number.
struct packet_status {
  bool received = false;
  /// The time since the received packet before it, in units of 250 us; for the first since the reference time
  /// of the feedback.
  std::int16_t delta = 0;

  friend bool operator==(const packet_status&, const packet_status&) = default;
};

/// The packets that feedback is about, one after the other: as they lie in a received packet, or as an array
/// of the application's.
///
/// *Ownership:* refers to the packet or to the array.
class packet_status_list {
 public:
  /// Over the packets, up to `end()`.
  class iterator {
   public:
    using value_type = packet_status;
    using difference_type = std::ptrdiff_t;
    using reference = const packet_status&;
    using pointer = const packet_status*;
    using iterator_category = std::input_iterator_tag;

    iterator() noexcept = default;
    const packet_status& operator*() const noexcept { return current_; }
    const packet_status* operator->() const noexcept { return &current_; }
    iterator& operator++() noexcept {
      --left_;
      read();
      return *this;
    }
    iterator operator++(int) noexcept {
      iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const iterator& a, std::default_sentinel_t) noexcept { return a.left_ == 0; }

   private:
    friend class packet_status_list;
    explicit iterator(const packet_status_list& list) noexcept
        : values_(list.values_), chunks_(list.chunks_), deltas_(list.deltas_), left_(list.size_) {
      read();
    }
    PARLEY_API void read() noexcept;
    unsigned next_symbol() noexcept;

    const packet_status* values_ = nullptr;
    const std::byte* chunks_ = nullptr;
    const std::byte* deltas_ = nullptr;
    std::size_t left_ = 0;
    std::uint16_t chunk_ = 0;
    std::uint16_t in_chunk_ = 0;  ///< symbols that are left in it
    packet_status current_;
  };

  packet_status_list() noexcept = default;
  packet_status_list(std::span<const packet_status> values) noexcept
      : values_(values.data()), size_(values.size()) {}

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  iterator begin() const noexcept { return iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend struct transport_cc;

  const packet_status* values_ = nullptr;
  const std::byte* chunks_ = nullptr;
  const std::byte* deltas_ = nullptr;
  std::size_t size_ = 0;
};

/// Transport-wide feedback for congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1):
/// which packets have come, and when.
///
/// *Ownership:* one that was read refers to the datagram.
struct transport_cc {
  static constexpr rtcp_type type = rtcp_type::transport_feedback;
  static constexpr std::uint8_t format = 15;

  std::uint32_t sender_ssrc = 0;
  std::uint32_t media_ssrc = 0;
  std::uint16_t base_sequence = 0;  ///< of the first packet
  std::int32_t reference_time = 0;  ///< 24 bits with a sign, in units of 64 ms, of any beginning
  std::uint8_t feedback_count = 0;  ///< one more with each feedback
  packet_status_list packets{};     ///< 1 to 65535

  PARLEY_API static parsed<transport_cc> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

}  // namespace parley::rtp
