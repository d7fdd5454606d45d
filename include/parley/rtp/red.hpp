#pragma once

#include <parley/base/api.hpp>
#include <parley/base/byte_writer.hpp>
#include <parley/base/result.hpp>
#include <parley/rtp/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::rtp {

/// One encoding in a redundant payload.
struct red_block {
  std::uint8_t payload_type = 0;
  std::uint16_t timestamp_offset =
      0;  ///< how much earlier than the packet's timestamp; 14 bits, 0 for the primary
  std::span<const std::byte> data{};  ///< up to 1023 bytes, but for the primary

  friend bool operator==(const red_block& a, const red_block& b) noexcept {
    return a.payload_type == b.payload_type && a.timestamp_offset == b.timestamp_offset &&
           a.data.data() == b.data.data() && a.data.size() == b.data.size();
  }
};

/// The blocks of a payload with redundancy (RFC 2198 3), the oldest first, the primary one last.
///
/// *Ownership:* refers to the payload.
class red_payload {
 public:
  /// The most blocks that are read.
  static constexpr std::size_t max_blocks = 16;

  /// *Errors:* `errc::red_truncated` where headers or blocks do not end within the payload,
  /// `errc::too_many_items` beyond `max_blocks`: drop the packet.
  PARLEY_API static parsed<red_payload> parse(std::span<const std::byte> payload) noexcept;

  /// All of them; there is at least the primary one.
  std::span<const red_block> blocks() const noexcept { return std::span(blocks_).first(count_); }
  const red_block& primary() const noexcept { return blocks_[count_ - 1]; }

 private:
  std::array<red_block, max_blocks> blocks_{};
  std::size_t count_ = 0;
};

/// Writes a payload of these blocks, of which the last is the primary one.
///
/// *Errors:* `errc::value_out_of_range` without a block, for a payload type above 127, an offset above 14
/// bits, a block above 1023 bytes, or a primary one with an offset; `errc::no_space`.
PARLEY_API base::result<void> write_red(base::byte_writer& out, std::span<const red_block> blocks) noexcept;

}  // namespace parley::rtp
