#include <parley/base/address.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

using namespace parley::base;
using namespace std::string_view_literals;

namespace {

ip_address ip(std::string_view text) {
  const auto parsed = ip_address::from_string(text);
  CAPTURE(std::string(text));
  REQUIRE(parsed.has_value());
  return *parsed;
}

}  // namespace

TEST_CASE("IPv4 is four decimal parts") {
  CHECK(ip("192.0.2.1").to_v4() == 0xC0000201U);
  CHECK(ip("0.0.0.0") == ip_address());
  CHECK(ip("255.255.255.255").to_v4() == 0xFFFFFFFFU);
  CHECK(ip("127.0.0.1") == ip_address::loopback_v4());
  CHECK(ip("10.20.30.40").to_v4_bytes() == ip_address::v4_bytes{10, 20, 30, 40});
  CHECK(ip_address::v4({10, 20, 30, 40}) == ip("10.20.30.40"));
  CHECK(ip("192.0.2.1").is_v4());
  for (const auto text :
       {""sv,          "1"sv,           "1.2.3"sv,    "1.2.3.4.5"sv, "1.2.3.256"sv,  "01.2.3.4"sv,
        "1.2.3.00"sv,  "0x7f.0.0.1"sv,  "1..2.3"sv,   ".1.2.3"sv,    "1.2.3."sv,     " 1.2.3.4"sv,
        "1.2.3.4 "sv,  "1.2.3.4\0"sv,   "1.2.3.-4"sv, "1.2.3.+4"sv,  "2130706433"sv, "1.2.3.99999999999"sv,
        "1.2.3.4/8"sv, "example.com"sv, "1.2.3.4%1"sv}) {
    CAPTURE(std::string(text));
    CHECK(ip_address::from_string(text).error() == errc::invalid_address);
  }
}

TEST_CASE("IPv6 is read in every form of RFC 4291 2.2") {
  const ip_address::v6_bytes documentation = {0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,
                                              0,    8,    8,    0,    0x20, 0x0c, 0x41, 0x7a};
  CHECK(ip("2001:db8:0:0:8:800:200c:417a").to_v6_bytes() == documentation);
  CHECK(ip("2001:DB8::8:800:200C:417A").to_v6_bytes() == documentation);
  CHECK(ip("2001:0db8:0000:0000:0008:0800:200c:417a").to_v6_bytes() == documentation);
  CHECK(ip("2001:db8::8:800:32.12.65.122").to_v6_bytes() == documentation);
  CHECK(ip("::") == ip_address::any_v6());
  CHECK(ip("::1") == ip_address::loopback_v6());
  CHECK(ip("0:0:0:0:0:0:0:1") == ip_address::loopback_v6());
  CHECK(ip("1::") == ip("1:0:0:0:0:0:0:0"));
  CHECK(ip("1:2:3:4:5:6:7::") == ip("1:2:3:4:5:6:7:0"));
  CHECK(ip("::2:3:4:5:6:7:8") == ip("0:2:3:4:5:6:7:8"));
  CHECK(ip("1:2:3::8") == ip("1:2:3:0:0:0:0:8"));
  CHECK(ip("::192.0.2.1").to_v6_bytes()[12] == 192);
  CHECK(ip("::ffff:192.0.2.1").is_v4_mapped());
  CHECK(ip("1:2:3:4:5:6:1.2.3.4") == ip("1:2:3:4:5:6:102:304"));
  CHECK(ip("fe80::1%7").scope() == 7);
  CHECK(ip("fe80::1%4294967295").scope() == 0xFFFFFFFFU);
  CHECK(ip("fe80::1%0") == ip("fe80::1"));
  for (const auto text : {":"sv,
                          ":::"sv,
                          "1:::2"sv,
                          "::1::"sv,
                          "1::2::3"sv,
                          ":1"sv,
                          "1:"sv,
                          "1:2:3:4:5:6:7"sv,
                          "1:2:3:4:5:6:7:8:9"sv,
                          "1:2:3:4:5:6:7:8::"sv,
                          "::1:2:3:4:5:6:7:8"sv,
                          "1:2:3:4::5:6:7:8"sv,
                          "12345::"sv,
                          "g::"sv,
                          "[::1]"sv,
                          "::1 "sv,
                          "::1.2.3"sv,
                          "::1.2.3.4.5"sv,
                          "::1.2.3.04"sv,
                          "::1.2.3.4:5"sv,
                          "1.2.3.4::"sv,
                          "1:2:3:4:5:6:7:1.2.3.4"sv,
                          "::1%"sv,
                          "::1%eth0"sv,
                          "::1%01"sv,
                          "::1%4294967296"sv,
                          "::1%1%2"sv,
                          "%1::"sv,
                          "::1\0"sv,
                          "::-1"sv,
                          "1:2:3:4:5:6:7:"sv,
                          "::1.2.3.4.:"sv,
                          "::ffff:1.2.3.256"sv}) {
    CAPTURE(std::string(text));
    CHECK(ip_address::from_string(text).error() == errc::invalid_address);
  }
}

TEST_CASE("IPv6 is written as RFC 5952 recommends") {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"2001:0db8::0001", "2001:db8::1"},                // 4.1
      {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},         // 4.2.1
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // 4.2.2
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // 4.2.3, the longest
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // 4.2.3, the first
      {"2001:DB8::ABCD", "2001:db8::abcd"},              // 4.3
      {"::FFFF:192.0.2.1", "::ffff:192.0.2.1"},          // 5
      {"0:0:0:0:0:0:0:0", "::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"1:0:0:0:0:0:0:0", "1::"},
      {"0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1"},
      {"0:0:1:0:0:1:0:0", "::1:0:0:1:0:0"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"fe80::1%12", "fe80::1%12"},
      {"::ffff:1.2.3.4%9", "::ffff:1.2.3.4%9"},
  };
  for (const auto& [input, output] : cases) {
    CHECK(ip(input).to_string() == output);
    CHECK(ip(ip(input).to_string()) == ip(input));
  }
  CHECK(ip("203.0.113.255").to_string() == "203.0.113.255");
}

TEST_CASE("to_chars writes nothing where it lacks room") {
  std::array<char, ip_address::max_text> memory{};
  const ip_address longest = ip("1111:2222:3333:4444:5555:6666:7777:8888%4294967295");
  const auto text = longest.to_chars(memory);
  CHECK(text.size() == ip_address::max_text);
  CHECK(text.data() == memory.data());
  CHECK(longest.to_chars(std::span(memory).first(ip_address::max_text - 1)).empty());
  CHECK(longest.to_chars({}).empty());

  std::array<char, socket_address::max_text> larger{};
  const socket_address longest_endpoint{longest, 65535};
  CHECK(longest_endpoint.to_chars(larger).size() == socket_address::max_text);
  CHECK(longest_endpoint.to_chars(std::span(larger).first(socket_address::max_text - 1)).empty());
}

TEST_CASE("addresses know their kind") {
  CHECK(ip("127.255.0.1").is_loopback());
  CHECK(ip("::1").is_loopback());
  CHECK(ip("::ffff:127.0.0.1").is_loopback());
  CHECK_FALSE(ip("128.0.0.1").is_loopback());
  CHECK_FALSE(ip("::2").is_loopback());

  CHECK(ip("0.0.0.0").is_unspecified());
  CHECK(ip("::").is_unspecified());
  CHECK(ip("::ffff:0.0.0.0").is_unspecified());
  CHECK_FALSE(ip("0.0.0.1").is_unspecified());

  CHECK(ip("224.0.1.75").is_multicast());
  CHECK(ip("239.255.255.255").is_multicast());
  CHECK(ip("ff02::1").is_multicast());
  CHECK_FALSE(ip("240.0.0.0").is_multicast());
  CHECK_FALSE(ip("223.255.255.255").is_multicast());

  for (const auto text : {"10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
                          "fc00::1", "fdff::", "::ffff:10.1.1.1"}) {
    CAPTURE(text);
    CHECK(ip(text).is_private());
  }
  for (const auto text : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                          "192.169.0.0", "fe00::1", "fb00::", "2001:db8::1"}) {
    CAPTURE(text);
    CHECK_FALSE(ip(text).is_private());
  }

  CHECK(ip("169.254.1.1").is_link_local());
  CHECK(ip("fe80::1").is_link_local());
  CHECK(ip("febf::1").is_link_local());
  CHECK_FALSE(ip("fec0::1").is_link_local());
  CHECK_FALSE(ip("169.253.0.0").is_link_local());
}

TEST_CASE("mapped addresses are unmapped on request only") {
  CHECK(ip("::ffff:192.0.2.1") != ip("192.0.2.1"));
  CHECK(ip("::ffff:192.0.2.1").unmapped() == ip("192.0.2.1"));
  CHECK(ip("2001:db8::1").unmapped() == ip("2001:db8::1"));
  CHECK(ip("192.0.2.1").unmapped() == ip("192.0.2.1"));
  CHECK(ip("192.0.2.1").to_v6_bytes() == ip("::ffff:192.0.2.1").to_v6_bytes());
  CHECK(socket_address{ip("::ffff:192.0.2.1"), 5}.unmapped() == socket_address{ip("192.0.2.1"), 5});
}

TEST_CASE("addresses have an order and a hash") {
  const std::vector<ip_address> ascending = {
      ip("0.0.0.0"), ip("10.0.0.2"),    ip("10.0.1.0"),    ip("255.0.0.0"), ip("::"),
      ip("::1"),     ip("2001:db8::1"), ip("2001:db8::2"), ip("fe80::1"),   ip("ff02::1")};
  CHECK(std::is_sorted(ascending.begin(), ascending.end()));
  CHECK(ip("fe80::1") != ip("fe80::1%1"));
  CHECK(socket_address{ip("10.0.0.1"), 9} < socket_address{ip("10.0.0.2"), 1});
  CHECK(socket_address{ip("10.0.0.1"), 1} < socket_address{ip("10.0.0.1"), 2});

  std::unordered_set<socket_address> endpoints;
  std::set<std::size_t> hashes;
  for (std::uint32_t host = 0; host < 100; ++host) {
    for (std::uint16_t port = 5000; port < 5100; ++port) {
      endpoints.insert({ip_address::v4(0x0A000000U + host), port});
      hashes.insert(std::hash<socket_address>{}({ip_address::v4(0x0A000000U + host), port}));
    }
  }
  CHECK(endpoints.size() == 10000);
  CHECK(hashes.size() == 10000);
  CHECK(std::hash<ip_address>{}(ip("::")) != std::hash<ip_address>{}(ip("0.0.0.0")));
}

TEST_CASE("a socket address is an address and a port") {
  CHECK(*socket_address::from_string("192.0.2.1:5060") == socket_address{ip("192.0.2.1"), 5060});
  CHECK(*socket_address::from_string("[::1]:5061") == socket_address{ip("::1"), 5061});
  CHECK(*socket_address::from_string("[fe80::1%3]:0") == socket_address{ip("fe80::1%3"), 0});
  CHECK(socket_address{ip("192.0.2.1"), 65535}.to_string() == "192.0.2.1:65535");
  CHECK(socket_address{ip("fe80::1%3"), 5060}.to_string() == "[fe80::1%3]:5060");

  for (const auto text :
       {"192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:05060", "192.0.2.1:5060 ",
        "192.0.2.1:sip", "[::1]", "[::1]:", "[::1]x:1", "[::1]5060", "[[::1]]:5060", "::1"}) {
    CAPTURE(text);
    CHECK(socket_address::from_string(text).error() == errc::invalid_port);
  }
  for (const auto text : {"", ":5060", "[]:5060", "[::1:5060", "[192.0.2.1]:5060", "host:5060"}) {
    CAPTURE(text);
    CHECK(socket_address::from_string(text).error() == errc::invalid_address);
  }
}

TEST_CASE("a socket address may take a port from the caller") {
  CHECK(*socket_address::from_string("192.0.2.1", 5060) == socket_address{ip("192.0.2.1"), 5060});
  CHECK(*socket_address::from_string("192.0.2.1:7", 5060) == socket_address{ip("192.0.2.1"), 7});
  CHECK(*socket_address::from_string("[2001:db8::1]", 5060) == socket_address{ip("2001:db8::1"), 5060});
  CHECK(*socket_address::from_string("2001:db8::1", 5060) == socket_address{ip("2001:db8::1"), 5060});
  CHECK(socket_address::from_string("192.0.2.1:", 5060).error() == errc::invalid_port);
  CHECK(socket_address::from_string("example.com", 5060).error() == errc::invalid_address);
}
