#pragma once

#include <parley/base/api.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::sip {

/// The headers that parley knows by name. Any other is `unknown`, and is kept byte for byte.
enum class header_id : std::uint8_t {
  unknown,
  accept,
  accept_encoding,
  accept_language,
  alert_info,
  allow,
  allow_events,
  authentication_info,
  authorization,
  call_id,
  call_info,
  contact,
  content_disposition,
  content_encoding,
  content_language,
  content_length,
  content_type,
  cseq,
  date,
  diversion,
  error_info,
  event,
  expires,
  flow_timer,
  from,
  history_info,
  identity,
  identity_info,
  in_reply_to,
  join,
  max_forwards,
  mime_version,
  min_expires,
  min_se,
  organization,
  p_asserted_identity,
  p_preferred_identity,
  path,
  priority,
  privacy,
  proxy_authenticate,
  proxy_authentication_info,
  proxy_authorization,
  proxy_require,
  rack,
  reason,
  record_route,
  refer_to,
  referred_by,
  replaces,
  reply_to,
  request_disposition,
  require,
  retry_after,
  route,
  rseq,
  server,
  service_route,
  session_expires,
  sip_etag,
  sip_if_match,
  subject,
  subscription_state,
  supported,
  target_dialog,
  timestamp,
  to,
  unsupported,
  user_agent,
  via,
  warning,
  www_authenticate,
};

/// How many values `header_id` has, `unknown` included.
inline constexpr std::size_t header_id_count = static_cast<std::size_t>(header_id::www_authenticate) + 1;

/// The header of that name, full or compact, in any case (RFC 3261 7.3.1 and 7.3.3).
PARLEY_API header_id header_id_of(std::string_view name) noexcept;

/// The full name as the RFCs spell it; "" for `unknown`.
PARLEY_API std::string_view name_of(header_id id) noexcept;

/// The compact form, one letter; NUL where there is none.
PARLEY_API char compact_name_of(header_id id) noexcept;

/// True where the header's value is a comma-separated list whose elements may stand in several lines (RFC
/// 3261 7.3.1).
constexpr bool is_list(header_id id) noexcept {
  switch (id) {
    case header_id::accept:
    case header_id::accept_encoding:
    case header_id::accept_language:
    case header_id::alert_info:
    case header_id::allow:
    case header_id::allow_events:
    case header_id::call_info:
    case header_id::contact:
    case header_id::content_encoding:
    case header_id::content_language:
    case header_id::diversion:
    case header_id::error_info:
    case header_id::history_info:
    case header_id::identity:
    case header_id::in_reply_to:
    case header_id::p_asserted_identity:
    case header_id::p_preferred_identity:
    case header_id::path:
    case header_id::proxy_require:
    case header_id::reason:
    case header_id::record_route:
    case header_id::request_disposition:
    case header_id::require:
    case header_id::route:
    case header_id::service_route:
    case header_id::supported:
    case header_id::unsupported:
    case header_id::via:
    case header_id::warning: return true;
    default: return false;
  }
}

/// True where the header may stand only once in a message. Headers that are neither list nor single, as the
/// challenges and credentials, may stand in several lines that are never joined.
PARLEY_API bool is_single(header_id id) noexcept;

}  // namespace parley::sip
