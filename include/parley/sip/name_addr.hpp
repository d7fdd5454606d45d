#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/parameters.hpp>
#include <parley/sip/uri.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::sip {

/// What the headers that name a resource have in common (RFC 3261 20.10, 20.20, 20.39):
///
///     "Alice \"A\" Example" <sip:alice@example.com;lr>;tag=88sja8x
///     sip:alice@example.com;tag=88sja8x
///
/// Without angle brackets all parameters are those of the header, and the URI has none.
///
/// *Ownership:* views into the text that was parsed.
struct name_addr {
  std::string_view raw;           ///< the whole element, to the end of its last parameter
  std::string_view display_name;  ///< without its quotes, escapes untouched; as written where it has none
  uri_view uri;
  sip::parameters parameters;
  bool display_quoted = false;
  bool in_angle = false;

  name_addr() noexcept {}  // NOLINT(modernize-use-equals-default): as in uri_view
};

/// Reads name-addr or addr-spec, and no parameters: `raw` and `parameters` are left alone. White space
/// between a display name and `<` may be missing, and a display name without quotes may hold UTF-8.
///
/// *Errors:* `unbalanced_angle`, `unterminated_quote`, `addr_spec_needs_angle`, or what the URI breaks.
PARLEY_API bool read_name_addr(cursor& in, name_addr& out) noexcept;

namespace detail {

enum class brackets : bool { optional, required };

PARLEY_API bool read_plain_name_addr(cursor& in, name_addr& out, brackets needed) noexcept;

}  // namespace detail

/// A header that is a name-addr with parameters of no meaning to parley.
template <header_id Id, detail::brackets Brackets = detail::brackets::optional>
struct name_addr_header : name_addr {
  static constexpr header_id id = Id;

  static bool read(cursor& in, name_addr_header& out) noexcept {
    return detail::read_plain_name_addr(in, out, Brackets);
  }
};

/// RFC 3261 20.34: `<sip:proxy.example.com;lr>`. A URI without brackets is refused in this and the next
/// three, because it could not have the parameters that a route needs.
using route_header = name_addr_header<header_id::route, detail::brackets::required>;
/// RFC 3261 20.30.
using record_route_header = name_addr_header<header_id::record_route, detail::brackets::required>;
/// RFC 3327 4.
using path_header = name_addr_header<header_id::path, detail::brackets::required>;
/// RFC 3608 5.
using service_route_header = name_addr_header<header_id::service_route, detail::brackets::required>;
/// RFC 3261 20.31.
using reply_to_header = name_addr_header<header_id::reply_to>;
/// RFC 3515 2.1. A URI with headers, as one with Replaces, has brackets.
using refer_to_header = name_addr_header<header_id::refer_to>;
/// RFC 3325 9.1. Believe it only when it comes from a peer in the trust domain.
using p_asserted_identity_header = name_addr_header<header_id::p_asserted_identity>;
/// RFC 3325 9.2.
using p_preferred_identity_header = name_addr_header<header_id::p_preferred_identity>;
/// RFC 3261 20.4: `<http://www.example.com/sounds/moo.wav>`.
using alert_info_header = name_addr_header<header_id::alert_info, detail::brackets::required>;
/// RFC 3261 20.18.
using error_info_header = name_addr_header<header_id::error_info, detail::brackets::required>;

/// RFC 3261 20.20: `"A. G. Bell" <sip:agb@bell-telephone.com>;tag=a48s`. A missing tag is left to the dialog
/// (RFC 2543 peers).
struct from_header : name_addr {
  static constexpr header_id id = header_id::from;

  std::string_view tag;  ///< empty where there is none

  PARLEY_API static bool read(cursor& in, from_header& out) noexcept;
};

/// RFC 3261 20.39: as From; a request outside a dialog has no tag.
struct to_header : name_addr {
  static constexpr header_id id = header_id::to;

  std::string_view tag;  ///< empty where there is none

  PARLEY_API static bool read(cursor& in, to_header& out) noexcept;
};

/// One element of Contact (RFC 3261 20.10): `"Mr. Watson" <sip:watson@example.com>;q=0.7;expires=3600`, or
/// `*` alone.
struct contact_header : name_addr {
  static constexpr header_id id = header_id::contact;

  /// `*`: all bindings, in a REGISTER with `Expires: 0` (RFC 3261 10.2.2). There is no URI then.
  bool star = false;
  std::optional<std::uint16_t> q;  ///< thousandths, 0 to 1000
  std::optional<std::uint32_t>
      expires;  ///< seconds; 3600 for a text that is no number, as RFC 3261 20.10 has it

  /// *Errors:* also `bad_qvalue`, `number_overflow` for `expires` beyond 2^32-1, and `bad_star_contact`.
  PARLEY_API static bool read(cursor& in, contact_header& out) noexcept;
};

/// RFC 3892 3: `sip:referrer@example.com;cid="2UWQFN309shb3@referrer.example.com"`.
struct referred_by_header : name_addr {
  static constexpr header_id id = header_id::referred_by;

  std::string_view cid;  ///< the body part with the signed token; empty where there is none

  PARLEY_API static bool read(cursor& in, referred_by_header& out) noexcept;
};

/// One element of History-Info (RFC 7044 5): `<sip:bob@example.com?Reason=SIP%3Bcause%3D302>;index=1.1;rc=1`.
struct history_info_header : name_addr {
  static constexpr header_id id = header_id::history_info;

  std::string_view index;  ///< 1*DIGIT *( "." 1*DIGIT ); empty where it is missing
  std::string_view rc;  ///< the index that this entry was retargeted from, by a change within the same user
  std::string_view mp;  ///< the same, by a change of the user
  std::string_view np;  ///< the same, without a change of the target

  /// *Errors:* also `bad_parameter` for an index that is none.
  PARLEY_API static bool read(cursor& in, history_info_header& out) noexcept;
};

/// One element of Diversion (RFC 5806): `<sip:bob@example.com>;reason=user-busy;counter=1`.
struct diversion_header : name_addr {
  static constexpr header_id id = header_id::diversion;

  std::string_view reason;
  std::string_view privacy;
  std::optional<std::uint32_t> counter;  ///< how often the call was diverted for that reason
  std::optional<std::uint32_t> limit;

  PARLEY_API static bool read(cursor& in, diversion_header& out) noexcept;
};

/// One element of Call-Info (RFC 3261 20.9): `<http://www.example.com/alice/photo.jpg>;purpose=icon`.
struct call_info_header : name_addr {
  static constexpr header_id id = header_id::call_info;

  std::string_view purpose;  ///< empty where there is none

  PARLEY_API static bool read(cursor& in, call_info_header& out) noexcept;
};

}  // namespace parley::sip
