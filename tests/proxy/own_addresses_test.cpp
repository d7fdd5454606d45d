#include <parley/proxy/own_addresses.hpp>

#include "support/catch.hpp"

using parley::proxy::own_addresses;
using parley::sip::parse_uri;

TEST_CASE("names are compared without case, addresses as addresses", "[proxy]") {
  own_addresses own;
  CHECK_FALSE(own.contains("example.com", 5060));
  own.add("Proxy.Example.com", 5060);
  own.add("192.0.2.10", 5060);
  own.add("2001:DB8:0::10", 5070);
  CHECK(own.contains("proxy.EXAMPLE.com", 5060));
  CHECK_FALSE(own.contains("proxy.example.com", 5061));
  CHECK_FALSE(own.contains("example.com", 5060));
  CHECK_FALSE(own.contains("proxy.example.com.evil.org", 5060));
  CHECK(own.contains("192.0.2.10", 5060));
  CHECK(own.contains("::ffff:192.0.2.10", 5060));
  CHECK_FALSE(own.contains("192.0.2.1", 5060));
  CHECK(own.contains("[2001:db8::10]", 5070));
  CHECK(own.contains("2001:0db8:0000::0010", 5070));
  CHECK_FALSE(own.contains("[2001:db8::10]", 5060));
  CHECK_FALSE(own.contains("", 5060));
}

TEST_CASE("port 0 stands for any port", "[proxy]") {
  own_addresses own;
  own.add("example.com", 0);
  own.add("[2001:db8::1]", 0);
  CHECK(own.contains("example.com", 5060));
  CHECK(own.contains("example.com", 1));
  CHECK(own.contains("2001:db8::1", 5099));
  CHECK_FALSE(own.contains("sub.example.com", 5060));
}

TEST_CASE("a URI is ours by host and port, whatever its user", "[proxy]") {
  own_addresses own;
  own.add("192.0.2.10", 5060);
  own.add("tls.example.com", 5061);
  CHECK(own.contains(*parse_uri("sip:192.0.2.10")));
  CHECK(own.contains(*parse_uri("sip:bob@192.0.2.10:5060;lr")));
  CHECK_FALSE(own.contains(*parse_uri("sip:192.0.2.10:5061")));
  CHECK_FALSE(own.contains(*parse_uri("sips:192.0.2.10")));
  CHECK(own.contains(*parse_uri("sips:tls.example.com")));
  CHECK(own.contains(*parse_uri("sip:tls.example.com;transport=tls")));
  CHECK_FALSE(own.contains(*parse_uri("tel:+192")));
  CHECK_FALSE(own.contains(*parse_uri("urn:192.0.2.10")));
}
