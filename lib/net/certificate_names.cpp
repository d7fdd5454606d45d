#include "net/detail/certificate_names.hpp"

#include <parley/base/address.hpp>
#include <parley/sip/chars.hpp>
#include <parley/sip/uri.hpp>

#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

namespace parley::net::detail {
namespace {

struct free_names {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

std::string_view text_of(const ASN1_STRING* string) noexcept {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

bool is_plain(std::string_view text) noexcept {
  return !text.empty() && text.find('\0') == std::string_view::npos;
}

void add_uri(std::string_view text, certificate_names& out) {
  const auto uri = sip::parse_uri(text);
  if (!uri || uri->scheme != sip::uri_scheme::sip || uri->has_user) return;
  if (uri->host_kind == sip::host_kind::name) out.sip_domains.emplace_back(uri->host);
}

std::string_view without_last_dot(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

std::string bytes_of(const base::ip_address& ip) {
  const auto all = ip.to_v6_bytes();
  const auto bytes = ip.is_v4() ? std::span(all).last(4) : std::span(all);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

certificate_names names_of(const X509& certificate) {
  certificate_names out;
  const std::unique_ptr<GENERAL_NAMES, free_names> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  out.has_alternative_name = X509_get_ext_by_NID(&certificate, NID_subject_alt_name, -1) >= 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &type);
    if (type != GEN_DNS && type != GEN_URI && type != GEN_IPADD) continue;
    const std::string_view text = text_of(static_cast<const ASN1_STRING*>(value));
    if (type == GEN_IPADD) {
      out.addresses.emplace_back(text);
    } else if (is_plain(text)) {
      if (type == GEN_URI) add_uri(text, out);
      if (type == GEN_DNS) out.dns.emplace_back(text);
    }
  }
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    const std::string_view text = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (is_plain(text)) out.common_names.emplace_back(text);
  }
  return out;
}

bool covers(std::string_view pattern, std::string_view name, bool accept_wildcards) {
  pattern = without_last_dot(pattern);
  name = without_last_dot(name);
  if (name.empty()) return false;
  if (sip::iequals(pattern, name)) return pattern.find('*') == std::string_view::npos;
  if (!accept_wildcards || !pattern.starts_with("*.")) return false;
  pattern.remove_prefix(1);
  // A whole top-level domain is nobody's.
  if (pattern.find('.', 1) == std::string_view::npos || pattern.find('*') != std::string_view::npos)
    return false;
  const std::size_t label = name.find('.');
  return label != std::string_view::npos && label != 0 && sip::iequals(pattern, name.substr(label));
}

bool is_valid_for(const certificate_names& names, std::string_view host, name_rules rules) {
  if (const auto ip = base::ip_address::from_string(host)) {
    return std::find(names.addresses.begin(), names.addresses.end(), bytes_of(*ip)) != names.addresses.end();
  }
  const auto matches = [&](bool wildcards) {
    return [&host, wildcards](const std::string& one) { return covers(one, host, wildcards); };
  };
  // RFC 5922 7.1: DNS names count if and only if no SIP URI names a domain.
  if (!rules.web_server && !names.sip_domains.empty())
    return std::any_of(names.sip_domains.begin(), names.sip_domains.end(), matches(false));
  const bool wildcards = rules.accept_wildcards || rules.web_server;
  if (std::any_of(names.dns.begin(), names.dns.end(), matches(wildcards))) return true;
  // RFC 5922 7.1: the subject counts only where there is no subjectAltName.
  if (!rules.accept_common_name || names.has_alternative_name) return false;
  return std::any_of(names.common_names.begin(), names.common_names.end(), matches(false));
}

}  // namespace parley::net::detail
