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

#include <type_traits>

namespace parley::sip {

/// Calls `f(std::type_identity<Header>{})` with the type that reads headers of that id, for code that treats
/// all of them alike: tools, fuzzers. False where the header is kept as text only.
template <class F>
bool visit_typed(header_id id, F&& f) {
  const auto call = [&f]<class Header>(std::type_identity<Header> type) {
    f(type);
    return true;
  };
  switch (id) {
    case header_id::accept: return call(std::type_identity<accept_header>{});
    case header_id::accept_encoding: return call(std::type_identity<accept_encoding_header>{});
    case header_id::accept_language: return call(std::type_identity<accept_language_header>{});
    case header_id::alert_info: return call(std::type_identity<alert_info_header>{});
    case header_id::allow: return call(std::type_identity<allow_header>{});
    case header_id::allow_events: return call(std::type_identity<allow_events_header>{});
    case header_id::authentication_info: return call(std::type_identity<authentication_info_header>{});
    case header_id::authorization: return call(std::type_identity<authorization_header>{});
    case header_id::call_id: return call(std::type_identity<call_id_header>{});
    case header_id::call_info: return call(std::type_identity<call_info_header>{});
    case header_id::contact: return call(std::type_identity<contact_header>{});
    case header_id::content_disposition: return call(std::type_identity<content_disposition_header>{});
    case header_id::content_encoding: return call(std::type_identity<content_encoding_header>{});
    case header_id::content_language: return call(std::type_identity<content_language_header>{});
    case header_id::content_length: return call(std::type_identity<content_length_header>{});
    case header_id::content_type: return call(std::type_identity<content_type_header>{});
    case header_id::cseq: return call(std::type_identity<cseq_header>{});
    case header_id::date: return call(std::type_identity<date_header>{});
    case header_id::diversion: return call(std::type_identity<diversion_header>{});
    case header_id::error_info: return call(std::type_identity<error_info_header>{});
    case header_id::event: return call(std::type_identity<event_header>{});
    case header_id::expires: return call(std::type_identity<expires_header>{});
    case header_id::flow_timer: return call(std::type_identity<flow_timer_header>{});
    case header_id::from: return call(std::type_identity<from_header>{});
    case header_id::history_info: return call(std::type_identity<history_info_header>{});
    case header_id::identity: return call(std::type_identity<identity_header>{});
    case header_id::identity_info: return call(std::type_identity<identity_info_header>{});
    case header_id::in_reply_to: return call(std::type_identity<in_reply_to_header>{});
    case header_id::join: return call(std::type_identity<join_header>{});
    case header_id::max_forwards: return call(std::type_identity<max_forwards_header>{});
    case header_id::mime_version: return call(std::type_identity<mime_version_header>{});
    case header_id::min_expires: return call(std::type_identity<min_expires_header>{});
    case header_id::min_se: return call(std::type_identity<min_se_header>{});
    case header_id::organization: return call(std::type_identity<organization_header>{});
    case header_id::p_asserted_identity: return call(std::type_identity<p_asserted_identity_header>{});
    case header_id::p_preferred_identity: return call(std::type_identity<p_preferred_identity_header>{});
    case header_id::path: return call(std::type_identity<path_header>{});
    case header_id::priority: return call(std::type_identity<priority_header>{});
    case header_id::privacy: return call(std::type_identity<privacy_header>{});
    case header_id::proxy_authenticate: return call(std::type_identity<proxy_authenticate_header>{});
    case header_id::proxy_authentication_info:
      return call(std::type_identity<proxy_authentication_info_header>{});
    case header_id::proxy_authorization: return call(std::type_identity<proxy_authorization_header>{});
    case header_id::proxy_require: return call(std::type_identity<proxy_require_header>{});
    case header_id::rack: return call(std::type_identity<rack_header>{});
    case header_id::reason: return call(std::type_identity<reason_header>{});
    case header_id::record_route: return call(std::type_identity<record_route_header>{});
    case header_id::refer_to: return call(std::type_identity<refer_to_header>{});
    case header_id::referred_by: return call(std::type_identity<referred_by_header>{});
    case header_id::replaces: return call(std::type_identity<replaces_header>{});
    case header_id::reply_to: return call(std::type_identity<reply_to_header>{});
    case header_id::request_disposition: return call(std::type_identity<request_disposition_header>{});
    case header_id::require: return call(std::type_identity<require_header>{});
    case header_id::retry_after: return call(std::type_identity<retry_after_header>{});
    case header_id::route: return call(std::type_identity<route_header>{});
    case header_id::rseq: return call(std::type_identity<rseq_header>{});
    case header_id::server: return call(std::type_identity<server_header>{});
    case header_id::service_route: return call(std::type_identity<service_route_header>{});
    case header_id::session_expires: return call(std::type_identity<session_expires_header>{});
    case header_id::sip_etag: return call(std::type_identity<sip_etag_header>{});
    case header_id::sip_if_match: return call(std::type_identity<sip_if_match_header>{});
    case header_id::subject: return call(std::type_identity<subject_header>{});
    case header_id::subscription_state: return call(std::type_identity<subscription_state_header>{});
    case header_id::supported: return call(std::type_identity<supported_header>{});
    case header_id::target_dialog: return call(std::type_identity<target_dialog_header>{});
    case header_id::timestamp: return call(std::type_identity<timestamp_header>{});
    case header_id::to: return call(std::type_identity<to_header>{});
    case header_id::unsupported: return call(std::type_identity<unsupported_header>{});
    case header_id::user_agent: return call(std::type_identity<user_agent_header>{});
    case header_id::via: return call(std::type_identity<via_header>{});
    case header_id::warning: return call(std::type_identity<warning_header>{});
    case header_id::www_authenticate: return call(std::type_identity<www_authenticate_header>{});
    default: return false;
  }
}

}  // namespace parley::sip
