#pragma once

#include <parley/base/address.hpp>
#include <parley/base/api.hpp>
#include <parley/base/result.hpp>
#include <parley/sdp/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::sdp {

/// o=: who made the description, and which version of it this is (RFC 8866 5.2).
///
/// Id and version are text, since some peers write what no 64 bits hold: two descriptions are compared, and
/// that needs no number.
struct PARLEY_API origin {
  static constexpr char type = 'o';

  std::string username = "-";
  std::string session_id;
  std::string session_version;
  std::string network_type = "IN";
  std::string address_type = "IP4";
  std::string address;

  /// The version as a number, to which RFC 3264 8 adds one for each change; nothing where it is none.
  std::optional<std::uint64_t> version_number() const noexcept;

  static parsed<origin> read(std::string_view text);
  void write(std::string& out) const;
  bool is_writable() const noexcept;

  friend bool operator==(const origin&, const origin&) = default;
};

/// c=: where media are to be sent (RFC 8866 5.7). A host name may stand for the address.
struct PARLEY_API connection_data {
  static constexpr char type = 'c';
  static constexpr bool inherited = true;

  std::string network_type = "IN";
  std::string address_type = "IP4";
  std::string address;
  std::optional<std::uint8_t> ttl;  ///< IPv4 multicast only
  std::uint32_t count = 1;          ///< multicast addresses in a row

  /// Unicast, to `ip`.
  static connection_data to(const base::ip_address& ip);

  /// The address, whatever family `address_type` claims. *Errors:* `base::errc::invalid_address`: it is a
  /// host name.
  base::result<base::ip_address> ip() const noexcept { return base::ip_address::from_string(address); }

  static parsed<connection_data> read(std::string_view text);
  void write(std::string& out) const;
  bool is_writable() const noexcept;

  friend bool operator==(const connection_data&, const connection_data&) = default;
};

/// b=: one bound on the bandwidth (RFC 8866 5.8; RFC 3890 for TIAS, RFC 3556 for RS and RR).
struct PARLEY_API bandwidth {
  static constexpr char type = 'b';

  std::string kind;         ///< "AS", "CT", "TIAS", "RS", "RR" or one that is not known here
  std::uint64_t value = 0;  ///< kbit/s for AS and CT, bit/s for TIAS, RS and RR

  /// The value in bit/s; nothing where the kind's unit is not known, or the number absurd. AS and CT count
  /// IP, UDP and RTP headers in, TIAS does not: `maxprate` says how many packets those are for.
  std::optional<std::uint64_t> bits_per_second() const noexcept;

  static parsed<bandwidth> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const bandwidth&, const bandwidth&) = default;
};

/// t=: from when to when the session lasts, in seconds since 1900 (RFC 8866 5.9). Calls have 0 and 0.
struct PARLEY_API timing {
  static constexpr char type = 't';

  std::uint64_t start = 0;
  std::uint64_t stop = 0;

  static parsed<timing> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const timing&, const timing&) = default;
};

/// a=maxprate: the highest number of packets a second that a TIAS bandwidth is meant for (RFC 3890 6.3).
struct PARLEY_API maxprate {
  static constexpr std::string_view name = "maxprate";

  std::uint32_t packets_per_1000_seconds = 0;

  static parsed<maxprate> read(std::string_view text);
  void write(std::string& out) const;

  friend bool operator==(const maxprate&, const maxprate&) = default;
};

}  // namespace parley::sdp
