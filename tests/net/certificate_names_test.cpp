#include "net/detail/certificate_names.hpp"

#include "support/catch.hpp"

using namespace parley;
using net::detail::certificate_names;
using net::detail::covers;
using net::detail::is_valid_for;
using net::detail::name_rules;

TEST_CASE("a name is covered by itself, and by a wildcard where that is allowed", "[net][tls]") {
  CHECK(covers("sip.example.com", "SIP.Example.COM", false));
  CHECK(covers("sip.example.com", "sip.example.com.", false));
  CHECK_FALSE(covers("sip.example.com", "example.com", true));
  CHECK_FALSE(covers("example.com", "sip.example.com", true));
  CHECK_FALSE(covers("*.example.com", "sip.example.com", false));
  CHECK(covers("*.example.com", "sip.example.com", true));
  // RFC 9525 6.3: one label, the whole of it, and not a top-level domain's.
  CHECK_FALSE(covers("*.example.com", "example.com", true));
  CHECK_FALSE(covers("*.example.com", "a.sip.example.com", true));
  CHECK_FALSE(covers("*.example.com", ".example.com", true));
  CHECK_FALSE(covers("s*.example.com", "sip.example.com", true));
  CHECK_FALSE(covers("*.com", "example.com", true));
  CHECK_FALSE(covers("*.*.com", "a.example.com", true));
  CHECK_FALSE(covers("*.example.com", "*.example.com", false));
  CHECK_FALSE(covers("", "", true));
  CHECK_FALSE(covers(".", ".", true));
}

TEST_CASE("a certificate is valid for its DNS names and addresses", "[net][tls]") {
  certificate_names names;
  names.dns = {"example.com", "edge.example.com", "*.example.net"};
  names.addresses = {std::string("\xC0\x00\x02\x01", 4),
                     std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16)};
  names.common_names = {"old.example.com"};
  names.has_alternative_name = true;
  const name_rules strict;
  CHECK(is_valid_for(names, "EXAMPLE.com", strict));
  CHECK(is_valid_for(names, "edge.example.com", strict));
  CHECK_FALSE(is_valid_for(names, "sip.example.com", strict));
  CHECK(is_valid_for(names, "192.0.2.1", strict));
  CHECK_FALSE(is_valid_for(names, "192.0.2.2", strict));
  CHECK(is_valid_for(names, "2001:db8::1", strict));
  CHECK_FALSE(is_valid_for(names, "2001:db8::2", strict));
  CHECK_FALSE(is_valid_for(names, "", strict));

  SECTION("RFC 5922 7.2 knows no wildcards, and the names of browsers do") {
    CHECK_FALSE(is_valid_for(names, "a.example.net", strict));
    CHECK(is_valid_for(names, "a.example.net", {.accept_wildcards = true}));
    CHECK(is_valid_for(names, "a.example.net", {.web_server = true}));
    names.sip_domains = {"*.example.org"};
    CHECK_FALSE(is_valid_for(names, "a.example.org", {.accept_wildcards = true}));
  }
  SECTION("the subject counts where it is asked for and nothing else is there") {
    const name_rules lenient{.accept_common_name = true};
    CHECK_FALSE(is_valid_for(names, "old.example.com", lenient));
    names.has_alternative_name = false;
    CHECK(is_valid_for(names, "old.example.com", lenient));
    CHECK_FALSE(is_valid_for(names, "old.example.com", strict));
  }
}

TEST_CASE("RFC 5922 7.1: where SIP URIs name domains, DNS names do not count", "[net][tls]") {
  certificate_names names;
  names.sip_domains = {"example.com", "example.org"};
  names.dns = {"edge.example.com", "*.example.net"};
  names.addresses = {std::string("\xC0\x00\x02\x01", 4)};
  names.common_names = {"old.example.com"};
  names.has_alternative_name = true;
  CHECK(is_valid_for(names, "EXAMPLE.com", {}));
  CHECK(is_valid_for(names, "example.org", {}));
  CHECK_FALSE(is_valid_for(names, "edge.example.com", {}));
  CHECK_FALSE(is_valid_for(names, "a.example.net", {.accept_wildcards = true}));
  CHECK_FALSE(is_valid_for(names, "old.example.com", {.accept_common_name = true}));
  CHECK(is_valid_for(names, "192.0.2.1", {}));

  // RFC 9525: a web server's names are those of DNS, whatever is beside them.
  CHECK(is_valid_for(names, "edge.example.com", {.web_server = true}));
  CHECK(is_valid_for(names, "a.example.net", {.web_server = true}));
  CHECK_FALSE(is_valid_for(names, "example.com", {.web_server = true}));
}
