#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/parameters.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::sip {

/// The headers that say who calls and why, and what a caller wants done with it.

/// The value of Privacy (RFC 3323 4.2, RFC 3325 9.3, RFC 7044 10.1): `header;user;critical`.
struct privacy_header {
  static constexpr header_id id = header_id::privacy;

  std::string_view values;  ///< all of them, with their semicolons
  bool none = false;
  bool header = false;
  bool session = false;
  bool user = false;
  bool identity = false;  ///< `id`
  bool history = false;
  bool critical = false;
  bool other = false;  ///< a value that parley does not know is among them

  PARLEY_API static bool read(cursor& in, privacy_header& out) noexcept;
};

/// One element of Reason (RFC 3326 2): `SIP;cause=200;text="Call completed elsewhere"`.
struct reason_header {
  static constexpr header_id id = header_id::reason;

  std::string_view protocol;
  std::optional<std::uint32_t> cause;
  std::string_view text;  ///< without quotes, escapes untouched
  sip::parameters parameters;

  PARLEY_API static bool read(cursor& in, reason_header& out) noexcept;
};

/// One element of Identity in the form of RFC 8224 4,
///
///     eyJhbGciOi…CgI;info=<https://biloxi.example.org/biloxi.cer>;alg=ES256
///
/// or in that of RFC 4474 13: a signature by itself, with or without quotes. Nothing is verified here.
struct identity_header {
  static constexpr header_id id = header_id::identity;

  std::string_view signature;  ///< full or compact PASSporT (`..` in front), or base64; without quotes
  bool quoted = false;
  /// The URI of the certificate, without angle brackets; empty in the form of RFC 4474.
  std::string_view info;
  std::string_view algorithm;   ///< `alg`
  std::string_view passport;    ///< `ppt`, without quotes: `shaken`, `div` …
  std::string_view extensions;  ///< all parameters as they stand, from the first semicolon on

  /// *Errors:* `bad_character` for what is no base64, `unbalanced_angle`, `duplicate_parameter`,
  /// `too_many_parameters`.
  PARLEY_API static bool read(cursor& in, identity_header& out) noexcept;
};

/// The value of Identity-Info (RFC 4474 13): `<https://atlanta.example.com/atlanta.cer>;alg=rsa-sha1`.
struct identity_info_header {
  static constexpr header_id id = header_id::identity_info;

  std::string_view uri;        ///< without angle brackets
  std::string_view algorithm;  ///< `alg`, rsa-sha1 where empty
  sip::parameters parameters;

  PARLEY_API static bool read(cursor& in, identity_info_header& out) noexcept;
};

/// The directives of RFC 3841 9.1.
enum class disposition : std::uint8_t {
  other,
  proxy,
  redirect,
  cancel,
  no_cancel,
  fork,
  no_fork,
  recurse,
  no_recurse,
  parallel,
  sequential,
  queue,
  no_queue,
};

/// One directive of Request-Disposition (RFC 3841 9.1): `no-fork`.
struct request_disposition_header {
  static constexpr header_id id = header_id::request_disposition;

  disposition directive = disposition::other;
  std::string_view text;

  PARLEY_API static bool read(cursor& in, request_disposition_header& out) noexcept;
};

}  // namespace parley::sip
