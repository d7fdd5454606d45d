#pragma once

#include <parley/base/api.hpp>
#include <parley/sip/cursor.hpp>
#include <parley/sip/header_id.hpp>

#include <cstdint>
#include <string_view>

namespace parley::sip {

/// What a server asks for: `Digest realm="atlanta.com", nonce="84a4cc6f3082", qop="auth", algorithm=SHA-256`
/// (RFC 3261 20.27 and 20.44, RFC 7616 3.3).
///
/// Challenges are not comma-separated lists (RFC 3261 7.3.1): each stands in a header line of its own,
/// topmost first. Values stand here without their quotes, escapes untouched; an absent parameter is empty.
/// Names and schemes compare without case. A Digest challenge has `realm` and `nonce`; of any other scheme
/// only `scheme` and `text` are set.
struct challenge {
  std::string_view scheme;
  std::string_view
      text;  ///< everything behind the scheme, for schemes and parameters that parley does not know
  bool digest = false;

  std::string_view realm;
  std::string_view nonce;
  std::string_view domain;
  std::string_view opaque;
  std::string_view algorithm;
  std::string_view qop;  ///< the options, as in `auth,auth-int`
  std::string_view charset;
  bool has_opaque = false;  ///< an empty `opaque` is echoed too
  bool stale = false;
  bool userhash = false;
};

/// What a client answers: `Digest username="bob", realm="biloxi.com", nonce="dcd98b",
/// uri="sip:bob@biloxi.com", response="6629fae4", qop=auth, nc=00000001, cnonce="0a4f113b"` (RFC 3261 20.7
/// and 20.28, RFC 7616 3.4).
///
/// Digest credentials have a user (`username` or `username_ext`), `realm`, `nonce`, `uri` and `response`, and
/// with `qop` also `cnonce` and `nc`. Of any other scheme only `scheme` and `text` are set.
struct credentials {
  std::string_view scheme;
  std::string_view text;  ///< everything behind the scheme
  bool digest = false;

  std::string_view username;
  std::string_view username_ext;  ///< `username*`, as in UTF-8''J%C3%A4s%C3%B8n (RFC 8187)
  std::string_view realm;
  std::string_view nonce;
  std::string_view uri;
  std::string_view response;
  std::string_view algorithm;
  std::string_view cnonce;
  std::string_view opaque;
  std::string_view qop;
  std::string_view nc_text;  ///< the count as written: it is hashed so
  std::uint32_t nc = 0;
  bool userhash = false;
};

/// What a server says of itself to a client that it let in: `nextnonce="47364c23432d2e131a5fb210812c",
/// rspauth="6629fae4"` (RFC 3261 20.6, RFC 7615 3).
struct authentication_info {
  std::string_view text;  ///< the whole value
  std::string_view nextnonce;
  std::string_view qop;
  std::string_view rspauth;
  std::string_view cnonce;
  std::string_view nc_text;
  std::uint32_t nc = 0;
};

/// The value of WWW-Authenticate (RFC 3261 20.44).
struct www_authenticate_header : challenge {
  static constexpr header_id id = header_id::www_authenticate;
  PARLEY_API static bool read(cursor& in, www_authenticate_header& out) noexcept;
};

/// The value of Proxy-Authenticate (RFC 3261 20.27).
struct proxy_authenticate_header : challenge {
  static constexpr header_id id = header_id::proxy_authenticate;
  PARLEY_API static bool read(cursor& in, proxy_authenticate_header& out) noexcept;
};

/// The value of Authorization (RFC 3261 20.7).
struct authorization_header : credentials {
  static constexpr header_id id = header_id::authorization;
  PARLEY_API static bool read(cursor& in, authorization_header& out) noexcept;
};

/// The value of Proxy-Authorization (RFC 3261 20.28).
struct proxy_authorization_header : credentials {
  static constexpr header_id id = header_id::proxy_authorization;
  PARLEY_API static bool read(cursor& in, proxy_authorization_header& out) noexcept;
};

/// The value of Authentication-Info (RFC 3261 20.6).
struct authentication_info_header : authentication_info {
  static constexpr header_id id = header_id::authentication_info;
  PARLEY_API static bool read(cursor& in, authentication_info_header& out) noexcept;
};

/// The value of Proxy-Authentication-Info (RFC 7615 4).
struct proxy_authentication_info_header : authentication_info {
  static constexpr header_id id = header_id::proxy_authentication_info;
  PARLEY_API static bool read(cursor& in, proxy_authentication_info_header& out) noexcept;
};

/// Finds a parameter that has no field above, or one of another scheme's: `find_auth_param(c.text,
/// "authz_server", out)`. False where `text` is not a list of auth-params or does not hold the name. `out` is
/// without quotes.
PARLEY_API bool find_auth_param(std::string_view text, std::string_view name, std::string_view& out) noexcept;

}  // namespace parley::sip
