#pragma once

#include <parley/base/api.hpp>
#include <parley/base/error.hpp>
#include <parley/base/result.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace parley::base {

/// An IPv4 address, or an IPv6 address with its scope. A value of 24 bytes; default-constructed it is
/// 0.0.0.0.
///
/// Addresses are equal when family, bits and scope are: ::ffff:192.0.2.1 is not 192.0.2.1 until `unmapped()`.
/// IPv4 orders before IPv6.
class PARLEY_API ip_address {
 public:
  using v4_bytes = std::array<std::uint8_t, 4>;
  using v6_bytes = std::array<std::uint8_t, 16>;

  constexpr ip_address() noexcept = default;

  /// From the number of an IPv4 address: 0x7F000001 is 127.0.0.1.
  static constexpr ip_address v4(std::uint32_t bits) noexcept {
    ip_address a;
    a.low_ = bits;
    return a;
  }

  /// From bytes in network order.
  static constexpr ip_address v4(const v4_bytes& bytes) noexcept {
    return v4(std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
              std::uint32_t{bytes[2]} << 8U | bytes[3]);
  }
  static constexpr ip_address v6(const v6_bytes& bytes, std::uint32_t scope = 0) noexcept {
    ip_address a;
    for (std::size_t i = 0; i < 8; ++i) {
      a.high_ = a.high_ << 8U | bytes[i];
      a.low_ = a.low_ << 8U | bytes[i + 8];
    }
    a.scope_ = scope;
    a.is_v6_ = true;
    return a;
  }

  static constexpr ip_address loopback_v4() noexcept { return v4(0x7F000001U); }
  static constexpr ip_address loopback_v6() noexcept {
    return v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  }
  static constexpr ip_address any_v4() noexcept { return {}; }
  static constexpr ip_address any_v6() noexcept { return v6({}); }

  /// Reads "192.0.2.1" or "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%2"; no brackets, no spaces.
  ///
  /// IPv4 is exactly four decimal parts without leading zeros, so that no reader takes one for octal. IPv6 is
  /// any form of RFC 4291 2.2. A zone (RFC 4007 11) is a number: an interface's name has a meaning only to
  /// the host's network stack, so whoever has it looks up its index first. *Errors:* `errc::invalid_address`:
  /// it may be a host name.
  [[nodiscard]] static result<ip_address> from_string(std::string_view text) noexcept;

  constexpr bool is_v4() const noexcept { return !is_v6_; }
  constexpr bool is_v6() const noexcept { return is_v6_; }

  /// ::ffff:0:0/96, an IPv4 peer seen through an IPv6 socket.
  constexpr bool is_v4_mapped() const noexcept { return is_v6_ && high_ == 0 && low_ >> 32U == 0xFFFFU; }

  /// The IPv4 address inside a mapped one; any other as it is.
  constexpr ip_address unmapped() const noexcept {
    return is_v4_mapped() ? v4(static_cast<std::uint32_t>(low_)) : *this;
  }

  /// The following look through mapping: ::ffff:127.0.0.1 is loopback too, because packets to it arrive
  /// there.

  /// 127.0.0.0/8, ::1.
  bool is_loopback() const noexcept;
  /// 0.0.0.0, ::.
  bool is_unspecified() const noexcept;
  /// 224.0.0.0/4, ff00::/8.
  bool is_multicast() const noexcept;
  /// RFC 1918 (10/8, 172.16/12, 192.168/16) and RFC 4193 (fc00::/7).
  bool is_private() const noexcept;
  /// 169.254.0.0/16, fe80::/10.
  bool is_link_local() const noexcept;

  /// The number of an IPv4 address; 0 for IPv6.
  constexpr std::uint32_t to_v4() const noexcept { return is_v6_ ? 0 : static_cast<std::uint32_t>(low_); }

  /// Bytes in network order. `to_v4_bytes` of an IPv6 address is zeros, `to_v6_bytes` of an IPv4 one is its
  /// mapped form.
  constexpr v4_bytes to_v4_bytes() const noexcept {
    const std::uint32_t bits = to_v4();
    return {static_cast<std::uint8_t>(bits >> 24U), static_cast<std::uint8_t>(bits >> 16U),
            static_cast<std::uint8_t>(bits >> 8U), static_cast<std::uint8_t>(bits)};
  }
  constexpr v6_bytes to_v6_bytes() const noexcept {
    const std::uint64_t low = is_v6_ ? low_ : low_ | std::uint64_t{0xFFFF} << 32U;
    v6_bytes bytes{};
    for (std::size_t i = 0; i < 8; ++i) {
      bytes[i] = static_cast<std::uint8_t>(high_ >> (56U - 8U * i));
      bytes[i + 8] = static_cast<std::uint8_t>(low >> (56U - 8U * i));
    }
    return bytes;
  }

  /// The zone of an IPv6 address: an interface's index, 0 for none.
  constexpr std::uint32_t scope() const noexcept { return scope_; }

  /// The longest text of any address.
  static constexpr std::size_t max_text = 50;

  /// Writes the text to the start of `out` and returns it, RFC 5952 for IPv6; not terminated. Empty, with
  /// `out` unspecified, where `out` is too small; `max_text` bytes always suffice.
  [[nodiscard]] std::string_view to_chars(std::span<char> out) const noexcept;
  std::string to_string() const;

  friend constexpr bool operator==(const ip_address&, const ip_address&) noexcept = default;
  friend constexpr std::strong_ordering operator<=>(const ip_address&, const ip_address&) noexcept = default;

  /// A well-mixed but unkeyed hash. In a table that strangers fill, hash with `siphasher` instead.
  std::size_t hash() const noexcept;

 private:
  bool is_v6_ = false;
  std::uint32_t scope_ = 0;
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;  // an IPv4 address is in the low 32 bits
};

/// An address and a port: where a datagram comes from or goes to.
struct PARLEY_API socket_address {
  ip_address ip;
  std::uint16_t port = 0;

  /// Reads "192.0.2.1:5060" or "[2001:db8::1]:5060". The port is decimal, without leading zeros.
  /// *Errors:* `errc::invalid_address`, `errc::invalid_port` (also where it is missing).
  [[nodiscard]] static result<socket_address> from_string(std::string_view text) noexcept;

  /// The same, but without a port in the text it takes `default_port`. IPv6 may then stand without brackets.
  [[nodiscard]] static result<socket_address> from_string(std::string_view text,
                                                          std::uint16_t default_port) noexcept;

  /// The longest text of any socket address.
  static constexpr std::size_t max_text = ip_address::max_text + 8;

  /// Writes what `from_string` reads to the start of `out` and returns it; as `ip_address::to_chars`.
  [[nodiscard]] std::string_view to_chars(std::span<char> out) const noexcept;
  std::string to_string() const;

  /// With the IPv4 address inside a mapped one.
  constexpr socket_address unmapped() const noexcept { return {ip.unmapped(), port}; }

  friend constexpr bool operator==(const socket_address&, const socket_address&) noexcept = default;
  friend constexpr std::strong_ordering operator<=>(const socket_address&,
                                                    const socket_address&) noexcept = default;

  /// As `ip_address::hash`.
  std::size_t hash() const noexcept;
};

}  // namespace parley::base

template <>
struct std::hash<parley::base::ip_address> {
  std::size_t operator()(const parley::base::ip_address& a) const noexcept { return a.hash(); }
};

template <>
struct std::hash<parley::base::socket_address> {
  std::size_t operator()(const parley::base::socket_address& a) const noexcept { return a.hash(); }
};
