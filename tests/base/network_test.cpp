#include <parley/base/error.hpp>
#include <parley/base/network.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace parley::base;

namespace {

bool holds(std::string_view network, std::string_view address) {
  return ip_network::from_string(network).value().contains(ip_address::from_string(address).value());
}

}  // namespace

TEST_CASE("a network holds the addresses that begin as it does") {
  CHECK(holds("192.0.2.0/24", "192.0.2.0"));
  CHECK(holds("192.0.2.0/24", "192.0.2.255"));
  CHECK_FALSE(holds("192.0.2.0/24", "192.0.3.0"));
  CHECK(holds("192.0.2.128/25", "192.0.2.129"));
  CHECK_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  CHECK(holds("192.0.2.7", "192.0.2.7"));
  CHECK_FALSE(holds("192.0.2.7", "192.0.2.6"));
  CHECK(holds("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
  CHECK(holds("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(holds("::1", "::1"));
  CHECK_FALSE(holds("::1", "::2"));
  CHECK(holds("::/0", "2001:db8::1"));
  CHECK_FALSE(holds("::/0", "192.0.2.1"));
  CHECK(holds("fe80::/10", "fe80::1%3"));
  // A peer that is seen through an IPv6 socket.
  CHECK(holds("192.0.2.0/24", "::ffff:192.0.2.9"));
  CHECK_FALSE(holds("192.0.2.0/24", "::ffff:192.0.3.9"));
  CHECK(holds("::ffff:192.0.2.0/120", "::ffff:192.0.2.9"));
  CHECK(ip_network().contains(ip_address()));
}

TEST_CASE("a network has one text") {
  for (const std::string text : {"192.0.2.0/24", "10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "::/0"}) {
    const auto read = ip_network::from_string(text);
    REQUIRE(read.has_value());
    CHECK(read->to_string() == text);
  }
  CHECK(ip_network::from_string("192.0.2.7/32").value() == ip_network::from_string("192.0.2.7").value());
}

TEST_CASE("what is no network is refused") {
  for (const std::string_view text :
       {"", "/", "/8", "192.0.2.0/", "192.0.2.0/x", "192.0.2.0/24x", "192.0.2.0/+24", "192.0.2.0/024",
        "192.0.2.0/-1", "192.0.2/24", "example.com", "192.0.2.1/24", "2001:db8::1/32", "[::1]",
        "fe80::1%2"}) {
    INFO(text);
    const auto read = ip_network::from_string(text);
    CHECK((!read && read.error() == errc::invalid_address));
  }
  CHECK(ip_network::from_string("192.0.2.0/33").error() == errc::out_of_range);
  CHECK(ip_network::from_string("::/129").error() == errc::out_of_range);
}
