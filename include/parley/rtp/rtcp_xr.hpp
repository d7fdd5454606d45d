#pragma once

#include <parley/rtp/rtcp.hpp>
#include <parley/rtp/rtcp_list.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::rtp {

/// RFC 3611 4. Others may occur, and are given as they are.
enum class xr_type : std::uint8_t {
  loss_rle = 1,
  duplicate_rle = 2,
  packet_receipt_times = 3,
  receiver_reference_time = 4,
  dlrr = 5,
  statistics_summary = 6,
  voip_metrics = 7,
};

/// One block of an extended report as it lies in the packet.
///
/// *Ownership:* refers to the bytes of the packet; so does what `get` gives.
struct xr_block {
  xr_type type{};
  std::uint8_t type_specific = 0;
  std::span<const std::byte> body{};  ///< a multiple of four bytes

  /// The block as a `T`. *Errors:* `errc::wrong_rtcp_type` where it is none, `errc::bad_xr_block` where its
  /// length is not that of its type; the place is counted from the start of the block. Ignore the block.
  template <class T>
  parsed<T> get() const noexcept {
    if (type != T::type) return parse_error{errc::wrong_rtcp_type, 0};
    return T::read(*this);
  }

  static xr_block take(std::span<const std::byte>& rest) noexcept {
    const std::size_t size = 4 * std::size_t{octets::load_u16(rest.data() + 2)};
    const xr_block out{static_cast<xr_type>(rest[0]), octets::load_u8(rest.data() + 1),
                       rest.subspan(4, size)};
    rest = rest.subspan(4 + size);
    return out;
  }
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// Loss RLE and Duplicate RLE (RFC 3611 4.1, 4.2): which packets of a range have come, and which more
/// than once. Where `thinning` is t, only every 2^t-th sequence number is spoken of.
template <xr_type Type>
struct xr_rle {
  static constexpr xr_type type = Type;

  std::uint8_t thinning = 0;  ///< 0 to 15
  std::uint32_t ssrc = 0;
  std::uint16_t begin_sequence = 0;
  std::uint16_t end_sequence = 0;  ///< one beyond the last
  field_list<std::uint16_t> chunks{};

  /// Calls `with(sequence number, bit)` for what the chunks say, up to the end of the range.
  template <class Function>
  void for_each(Function&& with) const;

  PARLEY_API static parsed<xr_rle> read(const xr_block& block) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};
/// RFC 3611 4.1.
using loss_rle = xr_rle<xr_type::loss_rle>;
/// RFC 3611 4.2.
using duplicate_rle = xr_rle<xr_type::duplicate_rle>;

/// RFC 3611 4.3: when each packet of a range has come, in units of the timestamp.
struct packet_receipt_times {
  static constexpr xr_type type = xr_type::packet_receipt_times;

  std::uint8_t thinning = 0;  ///< 0 to 15
  std::uint32_t ssrc = 0;
  std::uint16_t begin_sequence = 0;
  std::uint16_t end_sequence = 0;
  field_list<std::uint32_t> times{};

  PARLEY_API static parsed<packet_receipt_times> read(const xr_block& block) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// RRTR (RFC 3611 4.4): lets receivers that send nothing measure round trips.
struct receiver_reference_time {
  static constexpr xr_type type = xr_type::receiver_reference_time;

  std::uint64_t ntp_time = 0;

  PARLEY_API static parsed<receiver_reference_time> read(const xr_block& block) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// What answers one RRTR.
struct dlrr_entry {
  std::uint32_t ssrc = 0;
  std::uint32_t last_rr = 0;              ///< the middle 32 bits of its NTP time
  std::uint32_t delay_since_last_rr = 0;  ///< in 1/65536 s

  static constexpr std::size_t wire_bytes = 12;
  PARLEY_API static dlrr_entry load(const std::byte* p) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const dlrr_entry&, const dlrr_entry&) = default;
};

/// DLRR (RFC 3611 4.5).
struct delay_since_last_rr {
  static constexpr xr_type type = xr_type::dlrr;

  field_list<dlrr_entry> entries{};

  PARLEY_API static parsed<delay_since_last_rr> read(const xr_block& block) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// RFC 3611 4.6. What a flag does not announce is zero.
struct statistics_summary {
  static constexpr xr_type type = xr_type::statistics_summary;
  /// Of which protocol the times to live are.
  enum class ttl_kind : std::uint8_t { none = 0, ipv4 = 1, ipv6 = 2, reserved = 3 };

  bool has_lost = false;
  bool has_duplicates = false;
  bool has_jitter = false;
  ttl_kind ttl = ttl_kind::none;
  std::uint32_t ssrc = 0;
  std::uint16_t begin_sequence = 0;
  std::uint16_t end_sequence = 0;
  std::uint32_t lost = 0;
  std::uint32_t duplicates = 0;
  std::uint32_t min_jitter = 0;  ///< the four in units of the timestamp
  std::uint32_t max_jitter = 0;
  std::uint32_t mean_jitter = 0;
  std::uint32_t dev_jitter = 0;
  std::uint8_t min_ttl = 0;
  std::uint8_t max_ttl = 0;
  std::uint8_t mean_ttl = 0;
  std::uint8_t dev_ttl = 0;

  PARLEY_API static parsed<statistics_summary> read(const xr_block& block) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const statistics_summary&, const statistics_summary&) = default;
};

/// RFC 3611 4.7. 127 stands for "unavailable" in levels, factors and scores.
struct voip_metrics {
  static constexpr xr_type type = xr_type::voip_metrics;
  static constexpr std::uint8_t unavailable = 127;

  std::uint32_t ssrc = 0;
  std::uint8_t loss_rate = 0;  ///< of 256, and so the three that follow
  std::uint8_t discard_rate = 0;
  std::uint8_t burst_density = 0;
  std::uint8_t gap_density = 0;
  std::uint16_t burst_duration = 0;  ///< ms, and so the three that follow
  std::uint16_t gap_duration = 0;
  std::uint16_t round_trip_delay = 0;
  std::uint16_t end_system_delay = 0;
  std::int8_t signal_level = static_cast<std::int8_t>(unavailable);  ///< dBm
  std::int8_t noise_level = static_cast<std::int8_t>(unavailable);   ///< dBm
  std::uint8_t residual_echo_return_loss = unavailable;              ///< dB
  std::uint8_t gmin = 16;
  std::uint8_t r_factor = unavailable;
  std::uint8_t external_r_factor = unavailable;
  std::uint8_t mos_lq = unavailable;  ///< ten times the score
  std::uint8_t mos_cq = unavailable;
  std::uint8_t rx_config = 0;               ///< loss concealment and kind of jitter buffer, RFC 3611 4.7.6
  std::uint16_t jitter_buffer_nominal = 0;  ///< ms, and so the two that follow
  std::uint16_t jitter_buffer_maximum = 0;
  std::uint16_t jitter_buffer_absolute_maximum = 0;

  PARLEY_API static parsed<voip_metrics> read(const xr_block& block) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
  friend bool operator==(const voip_metrics&, const voip_metrics&) = default;
};

/// XR (RFC 3611 2): blocks of any type, those that nobody knows included.
///
/// *Ownership:* one that was read refers to the datagram.
struct extended_report {
  static constexpr rtcp_type type = rtcp_type::extended_report;

  std::uint32_t ssrc = 0;
  item_list<xr_block> blocks{};

  static std::size_t count() noexcept { return 0; }
  PARLEY_API static parsed<extended_report> read(const rtcp_packet& packet) noexcept;
  PARLEY_API errc write(base::byte_writer& out) const noexcept;
};

/// Puts blocks one behind the other into memory of the caller, for `extended_report::blocks`:
/// `out.add(extended_report{ssrc, xr_writer(memory).add(time).add(metrics).blocks()})`.
///
/// *Ownership:* refers to the memory; so does the list.
class xr_writer {
 public:
  explicit xr_writer(std::span<std::byte> memory) noexcept : out_(memory) {}

  /// Adds a block such as `voip_metrics`.
  template <class Block>
  xr_writer& add(const Block& block) noexcept {
    if (failed_ != errc{}) return *this;
    if (const errc failed = block.write(out_); failed != errc{}) failed_ = failed;
    if (!out_.status() && failed_ == errc{}) failed_ = errc::no_space;
    if (failed_ == errc{}) size_ = out_.position();
    return *this;
  }

  /// What has been added, without a block that failed and those behind it.
  item_list<xr_block> blocks() const noexcept {
    return item_list<xr_block>::over(std::span<const std::byte>(out_.written()).first(size_));
  }

  /// The first failure of `add`: `errc::no_space`, `errc::value_out_of_range`.
  base::result<void> status() const noexcept {
    if (failed_ != errc{}) return make_error_code(failed_);
    return {};
  }

 private:
  base::byte_writer out_;
  std::size_t size_ = 0;
  errc failed_{};
};

template <xr_type Type>
template <class Function>
void xr_rle<Type>::for_each(Function&& with) const {
  // RFC 3611 4.1: numbers that are multiples of 2^thinning, from the first in the range.
  const unsigned step = 1U << thinning;
  const unsigned size = static_cast<std::uint16_t>(end_sequence - begin_sequence);
  unsigned at = -static_cast<unsigned>(begin_sequence) & (step - 1U);
  for (const std::uint16_t chunk : chunks) {
    const bool run = (chunk & 0x8000U) == 0;
    const unsigned bits = run ? chunk & 0x3FFFU : 15;
    for (unsigned i = 0; i < bits && at < size; ++i, at += step) {
      with(static_cast<std::uint16_t>(begin_sequence + at),
           (run ? chunk >> 14U & 1U : chunk >> (14U - i) & 1U) != 0);
    }
  }
}

}  // namespace parley::rtp
