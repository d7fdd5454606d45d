#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/parameters.hpp>

#include <cstdint>
#include <string_view>

namespace parley::sip {

/// The headers that say what a body is, and which bodies are welcome. Types and parameters compare without
/// case.

/// The value of Content-Type (RFC 3261 20.15): `multipart/mixed;boundary="boundary42"`.
struct content_type_header {
  static constexpr header_id id = header_id::content_type;

  std::string_view type;
  std::string_view subtype;
  std::string_view boundary;  ///< of a multipart body, without quotes; empty where there is none
  std::string_view charset;   ///< without quotes; empty where there is none
  sip::parameters parameters;

  bool matches(std::string_view other_type, std::string_view other_subtype) const noexcept {
    return iequals(type, other_type) && iequals(subtype, other_subtype);
  }
  bool is_multipart() const noexcept { return iequals(type, "multipart"); }

  /// *Errors:* `expected_token`, `expected_slash`, `duplicate_parameter` and `bad_parameter` for boundary and
  /// charset, or what the parameters break.
  PARLEY_API static bool read(cursor& in, content_type_header& out) noexcept;
};

/// What a recipient does with a body that it does not understand.
enum class content_handling : std::uint8_t { required, optional, other };

/// The value of Content-Disposition (RFC 3261 20.11): `session;handling=optional`.
struct content_disposition_header {
  static constexpr header_id id = header_id::content_disposition;

  std::string_view type;  ///< `session`, `render`, `icon`, `alert` …
  /// What to do with a body that isn't understood; without the parameter it is required, and the request gets
  /// 415.
  content_handling handling = content_handling::required;
  sip::parameters parameters;

  PARLEY_API static bool read(cursor& in, content_disposition_header& out) noexcept;
};

/// One element of Accept (RFC 3261 20.1): `application/sdp;level=1;q=0.5`, `text/*`, `*/*`. An empty Accept
/// welcomes nothing.
struct accept_header {
  static constexpr header_id id = header_id::accept;
  static constexpr bool may_be_empty = true;

  std::string_view type;
  std::string_view subtype;
  std::uint16_t q = 1000;  ///< thousandths; 0 means not welcome
  sip::parameters parameters;

  /// True where the range takes in the type. Parameters other than q are not looked at.
  PARLEY_API bool covers(std::string_view other_type, std::string_view other_subtype) const noexcept;

  /// *Errors:* also `bad_qvalue`.
  PARLEY_API static bool read(cursor& in, accept_header& out) noexcept;
};

}  // namespace parley::sip
