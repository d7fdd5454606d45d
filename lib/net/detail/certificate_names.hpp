#pragma once

#include <string>
#include <string_view>
#include <vector>

struct x509_st;

namespace parley::net::detail {

/// Whom a certificate is for, as its subjectAltName and subject have it.
struct certificate_names {
  std::vector<std::string> sip_domains;  ///< hosts of `sip` URIs without a user (RFC 5922 7.1)
  std::vector<std::string> dns;
  std::vector<std::string> addresses;  ///< 4 or 16 bytes each
  std::vector<std::string> common_names;
  bool has_alternative_name = false;  ///< a subjectAltName at all
};

/// Names with a NUL in them are left out: they are made to be read as another one.
certificate_names names_of(const x509_st& certificate);

struct name_rules {
  bool accept_common_name = false;
  /// `*.example.com` covers `a.example.com` (RFC 9525 6.3). RFC 5922 7.2 forbids it for SIP.
  bool accept_wildcards = false;
  /// The peer is to prove what a web server does: DNS names count whatever else there is, wildcards among
  /// them, and SIP URIs do not (RFC 9525 6.1, 6.3).
  bool web_server = false;
};

/// True where the certificate is valid for `host`, a name or an address without brackets (RFC 5922 7.2, 7.3).
bool is_valid_for(const certificate_names& names, std::string_view host, name_rules rules);

/// True where `pattern` is `name` or has a `*` for its first label. Case makes no difference, and a dot at
/// the end neither.
bool covers(std::string_view pattern, std::string_view name, bool accept_wildcards);

}  // namespace parley::net::detail
