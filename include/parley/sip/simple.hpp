#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/method.hpp>
#include <parley/sip/parameters.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::sip {

/// The headers that are a number, a token, a text or a list of tokens. All hold views into the text that was
/// parsed.

/// RFC 3261 20.16: `4711 INVITE`.
struct cseq_header {
  static constexpr header_id id = header_id::cseq;

  std::uint32_t number = 0;
  sip::method method = sip::method::unknown;
  std::string_view method_name;

  /// *Errors:* `number_overflow` from 2^31 on (RFC 3261 8.1.1.5), also `expected_number`, `expected_token`.
  PARLEY_API static bool read(cursor& in, cseq_header& out) noexcept;
};

/// RFC 3262 7.2: `776656 1 INVITE`.
struct rack_header {
  static constexpr header_id id = header_id::rack;

  std::uint32_t rseq = 0;
  std::uint32_t cseq = 0;
  sip::method method = sip::method::unknown;
  std::string_view method_name;

  PARLEY_API static bool read(cursor& in, rack_header& out) noexcept;
};

/// RFC 3261 20.8: `f81d4fae-7dec-11d0-a765-00a0c91e6bf6@biloxi.com`. Compared byte by byte.
struct call_id_header {
  static constexpr header_id id = header_id::call_id;

  std::string_view value;

  PARLEY_API static bool read(cursor& in, call_id_header& out) noexcept;
};

/// One element of In-Reply-To (RFC 3261 20.21).
struct in_reply_to_header {
  static constexpr header_id id = header_id::in_reply_to;

  std::string_view value;

  PARLEY_API static bool read(cursor& in, in_reply_to_header& out) noexcept;
};

/// RFC 3261 20.22: 0 to 255, `number_out_of_range` above.
struct max_forwards_header {
  static constexpr header_id id = header_id::max_forwards;

  std::uint8_t value = 0;

  PARLEY_API static bool read(cursor& in, max_forwards_header& out) noexcept;
};

/// RFC 3261 20.14. *Errors:* `bad_content_length`, `content_length_overflow` beyond 2^32-1.
struct content_length_header {
  static constexpr header_id id = header_id::content_length;

  std::uint32_t value = 0;

  PARLEY_API static bool read(cursor& in, content_length_header& out) noexcept;
};

/// A header that is one number of 32 bits. *Errors:* `expected_number`, `number_overflow`.
template <header_id Id>
struct number_header {
  static constexpr header_id id = Id;

  std::uint32_t value = 0;

  static bool read(cursor& in, number_header& out) noexcept { return in.read_number(out.value); }
};

/// RFC 3261 20.19, seconds.
using expires_header = number_header<header_id::expires>;
/// RFC 3261 20.23, seconds.
using min_expires_header = number_header<header_id::min_expires>;
/// RFC 3262 7.1.
using rseq_header = number_header<header_id::rseq>;
/// RFC 5626 10, seconds.
using flow_timer_header = number_header<header_id::flow_timer>;

/// RFC 4028 5: `90`, seconds.
struct min_se_header {
  static constexpr header_id id = header_id::min_se;

  std::uint32_t seconds = 0;
  sip::parameters parameters;

  PARLEY_API static bool read(cursor& in, min_se_header& out) noexcept;
};

/// RFC 3261 20.33: `18000 (I'm in a meeting);duration=3600`.
struct retry_after_header {
  static constexpr header_id id = header_id::retry_after;

  std::uint32_t seconds = 0;
  std::string_view comment;               ///< without its parentheses
  std::optional<std::uint32_t> duration;  ///< seconds
  sip::parameters parameters;

  PARLEY_API static bool read(cursor& in, retry_after_header& out) noexcept;
};

/// RFC 3261 20.38: `54.210 0.5`. A response repeats `value` as it stands and adds its own delay (RFC
/// 3261 8.2.6.1).
struct timestamp_header {
  static constexpr header_id id = header_id::timestamp;

  std::string_view value;
  std::string_view delay;  ///< empty where there is none

  PARLEY_API static bool read(cursor& in, timestamp_header& out) noexcept;
};

/// RFC 3261 20.24: `1.0`.
struct mime_version_header {
  static constexpr header_id id = header_id::mime_version;

  std::uint32_t major_number = 0;
  std::uint32_t minor_number = 0;

  PARLEY_API static bool read(cursor& in, mime_version_header& out) noexcept;
};

/// A header that is a token, or one element of a list of them. *Errors:* `expected_token`.
template <header_id Id>
struct token_header {
  static constexpr header_id id = Id;

  std::string_view value;

  static bool read(cursor& in, token_header& out) noexcept { return in.read_token(out.value); }
};

/// The same where the list may have no elements at all.
template <header_id Id>
struct optional_token_header {
  static constexpr header_id id = Id;
  static constexpr bool may_be_empty = true;

  std::string_view value;

  static bool read(cursor& in, optional_token_header& out) noexcept { return in.read_token(out.value); }
};

/// RFC 3261 20.37: one option tag.
using supported_header = optional_token_header<header_id::supported>;
/// RFC 3261 20.32.
using require_header = token_header<header_id::require>;
/// RFC 3261 20.29.
using proxy_require_header = token_header<header_id::proxy_require>;
/// RFC 3261 20.40.
using unsupported_header = token_header<header_id::unsupported>;
/// RFC 6665 8.2.2: one event type.
using allow_events_header = token_header<header_id::allow_events>;
/// RFC 3261 20.12: one coding.
using content_encoding_header = token_header<header_id::content_encoding>;
/// RFC 3261 20.13: one language tag.
using content_language_header = token_header<header_id::content_language>;
/// RFC 3261 20.26.
using priority_header = token_header<header_id::priority>;
/// RFC 3903 11.3.1.
using sip_etag_header = token_header<header_id::sip_etag>;
/// RFC 3903 11.3.2.
using sip_if_match_header = token_header<header_id::sip_if_match>;

/// One element of Allow (RFC 3261 20.5).
struct allow_header {
  static constexpr header_id id = header_id::allow;
  static constexpr bool may_be_empty = true;

  std::string_view value;

  sip::method method() const noexcept { return method_of(value); }

  static bool read(cursor& in, allow_header& out) noexcept { return in.read_token(out.value); }
};

/// A token or `*` with a quality: an element of Accept-Encoding or Accept-Language.
template <header_id Id>
struct preference_header {
  static constexpr header_id id = Id;
  static constexpr bool may_be_empty = true;

  std::string_view value;
  sip::parameters parameters;
  std::uint16_t q = 1000;  ///< thousandths

  /// *Errors:* `expected_token`, `bad_qvalue`, or what the parameters break.
  static bool read(cursor& in, preference_header& out) noexcept {
    return in.read_token(out.value) &&
           read_parameters(in, out.parameters, [&](const parameter& one, const char* where) noexcept {
             return !iequals(one.name, "q") || (!one.quoted && read_qvalue(one.value, out.q)) ||
                    in.fail(errc::bad_qvalue, where);
           });
  }
};

/// RFC 3261 20.2: `gzip;q=0.5`.
using accept_encoding_header = preference_header<header_id::accept_encoding>;
/// RFC 3261 20.3: `en-gb;q=0.8`.
using accept_language_header = preference_header<header_id::accept_language>;

/// A header that is free text, perhaps empty. `value` ends before white space at the end; folded line ends
/// are inside.
template <header_id Id>
struct text_header {
  static constexpr header_id id = Id;

  std::string_view value;

  static bool read(cursor& in, text_header& out) noexcept {
    out.value = in.rest();
    while (!out.value.empty() &&
           (is(out.value.back(), char_lws) || out.value.back() == '\r' || out.value.back() == '\n')) {
      out.value.remove_suffix(1);
    }
    in.advance(out.value.size());
    return true;
  }
};

/// RFC 3261 20.36.
using subject_header = text_header<header_id::subject>;
/// RFC 3261 20.25.
using organization_header = text_header<header_id::organization>;
/// RFC 3261 20.41. Peers write what they like, so the whole is taken as text; `read_product` takes it apart.
using user_agent_header = text_header<header_id::user_agent>;
/// RFC 3261 20.35.
using server_header = text_header<header_id::server>;

/// One server-val of User-Agent or Server (RFC 3261 25.1): `ExamplePhone/4.2.1` or `(build 20981)`.
struct product {
  std::string_view name;
  std::string_view version;  ///< empty where there is none
  std::string_view comment;  ///< without its parentheses; then there is no name

  /// Reads one and the white space behind it.
  PARLEY_API static bool read(cursor& in, product& out) noexcept;
};

/// Reads a comment at `(`, nested ones included; `out` is what stands between the outer parentheses (RFC
/// 3261 25.1).
PARLEY_API bool read_comment(cursor& in, std::string_view& out) noexcept;

}  // namespace parley::sip
