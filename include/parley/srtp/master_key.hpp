#pragma once

#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/srtp/error.hpp>
#include <parley/srtp/profile.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::srtp {

/// The most RTP packets that one master key may protect (RFC 3711 9.2).
inline constexpr std::uint64_t max_rtp_packets = std::uint64_t{1} << 48U;
/// The most RTCP packets that it may protect.
inline constexpr std::uint64_t max_rtcp_packets = std::uint64_t{1} << 31U;

/// The longest MKI (RFC 4568 6.1).
inline constexpr std::size_t max_mki_bytes = 128;

/// One master key with its salt, from which a context derives what it needs (RFC 3711 3.2.1). Get it from
/// `read_sdes` or `split_exported`, or from bytes that another key exchange has agreed on.
///
/// *Ownership:* holds the bytes itself, and wipes them when it is destroyed; each copy is wiped on its own.
class PARLEY_API master_key {
 public:
  /// `mki` is what each packet carries to name this key; it may be empty. `lifetime` is in packets: RTP's and
  /// RTCP's are counted apart, and RTCP's count ends at 2^31 at the latest.
  /// *Errors:* `bad_key_length` where key or salt are not those of the profile, `bad_mki` beyond 128 bytes,
  /// `bad_lifetime` for 0 and beyond 2^48.
  static base::result<master_key> make(srtp::profile which, std::span<const std::byte> key,
                                       std::span<const std::byte> salt, std::span<const std::byte> mki = {},
                                       std::uint64_t lifetime = max_rtp_packets) noexcept;

  master_key(const master_key&) noexcept = default;
  master_key& operator=(const master_key&) noexcept = default;
  ~master_key();

  srtp::profile profile() const noexcept { return profile_; }
  std::span<const std::byte> key() const noexcept { return std::span(key_).first(sizes(profile_).key); }
  std::span<const std::byte> salt() const noexcept { return std::span(salt_).first(sizes(profile_).salt); }
  std::span<const std::byte> mki() const noexcept { return std::span(mki_).first(mki_bytes_); }
  std::uint64_t lifetime() const noexcept { return lifetime_; }

 private:
  explicit master_key(srtp::profile which) noexcept : profile_(which) {}

  std::uint64_t lifetime_ = max_rtp_packets;
  std::array<std::byte, 32> key_{};
  std::array<std::byte, 14> salt_{};
  srtp::profile profile_;
  std::uint8_t mki_bytes_ = 0;
  std::array<std::byte, max_mki_bytes> mki_{};
};

}  // namespace parley::srtp
