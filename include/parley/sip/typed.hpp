#pragma once

#include <parley/sip/authentication.hpp>
#include <parley/sip/content.hpp>
#include <parley/sip/date.hpp>
#include <parley/sip/dialog_headers.hpp>
#include <parley/sip/header_id.hpp>
#include <parley/sip/identity.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/subscription.hpp>
#include <parley/sip/via.hpp>

#include <array>
#include <cstddef>
#include <type_traits>

namespace parley::sip {

namespace detail {

template <class... Headers>
struct header_list {};

using typed_headers = header_list<
    accept_header, accept_encoding_header, accept_language_header, alert_info_header, allow_header,
    allow_events_header, authentication_info_header, authorization_header, call_id_header, call_info_header,
    contact_header, content_disposition_header, content_encoding_header, content_language_header,
    content_length_header, content_type_header, cseq_header, date_header, diversion_header, error_info_header,
    event_header, expires_header, flow_timer_header, from_header, history_info_header, identity_header,
    identity_info_header, in_reply_to_header, join_header, max_forwards_header, mime_version_header,
    min_expires_header, min_se_header, organization_header, p_asserted_identity_header,
    p_preferred_identity_header, path_header, priority_header, privacy_header, proxy_authenticate_header,
    proxy_authentication_info_header, proxy_authorization_header, proxy_require_header, rack_header,
    reason_header, record_route_header, refer_to_header, referred_by_header, replaces_header, reply_to_header,
    request_disposition_header, require_header, retry_after_header, route_header, rseq_header, server_header,
    service_route_header, session_expires_header, sip_etag_header, sip_if_match_header, subject_header,
    subscription_state_header, supported_header, target_dialog_header, timestamp_header, to_header,
    unsupported_header, user_agent_header, via_header, warning_header, www_authenticate_header>;

template <class F>
using header_visitor = void (*)(F&);

template <class F, class... Headers>
constexpr std::array<header_visitor<F>, header_id_count> make_visitors(header_list<Headers...>) {
  std::array<header_visitor<F>, header_id_count> table{};
  ((table[static_cast<std::size_t>(Headers::id)] = [](F& f) { f(std::type_identity<Headers>{}); }), ...);
  return table;
}

}  // namespace detail

/// Calls `f(std::type_identity<Header>{})` with the type that reads headers of that id, for code that treats
/// all of them alike: tools, fuzzers. False where the header is kept as text only.
template <class F>
bool visit_typed(header_id id, F&& f) {
  static constexpr auto visitors = detail::make_visitors<std::remove_reference_t<F>>(detail::typed_headers{});
  const auto visit = visitors[static_cast<std::size_t>(id)];
  if (visit == nullptr) return false;
  visit(f);
  return true;
}

}  // namespace parley::sip
