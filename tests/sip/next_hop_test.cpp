#include <parley/sip/next_hop.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using sip::next_hop;
using sip::transport;

next_hop read(std::string_view text, bool secure = false, bool ignore_maddr = false) {
  static std::string kept;
  kept = text;
  const auto uri = sip::parse_uri(kept);
  REQUIRE(uri.has_value());
  return next_hop::of(*uri, secure, ignore_maddr);
}

TEST_CASE("a numeric host says where a request goes") {
  const auto plain = read("sip:bob@192.0.2.4");
  REQUIRE(plain.ip);
  CHECK(plain.over == transport::udp);
  CHECK(plain.address().to_string() == "192.0.2.4:5060");
  const auto tcp = read("sip:bob@[2001:db8::1]:5070;transport=tcp");
  CHECK(tcp.over == transport::tcp);
  CHECK(tcp.address().to_string() == "[2001:db8::1]:5070");
  const auto secure = read("sips:192.0.2.4;transport=tcp");
  CHECK(secure.secure);
  CHECK(secure.over == transport::tls);
  CHECK(secure.address().port == 5061);
  CHECK(read("sip:192.0.2.4;transport=ws", true).over == transport::wss);
  CHECK(read("sips:192.0.2.4;transport=sctp").over == transport::other);
}

TEST_CASE("a name has to be looked up, with what the URI says of it") {
  const auto name = read("sip:bob@example.com:5080;transport=tcp");
  CHECK_FALSE(name.ip);
  CHECK(name.host == "example.com");
  CHECK(name.port == 5080);
  CHECK(name.asked == transport::tcp);
  CHECK_FALSE(read("sip:example.com").asked);
  CHECK(read("sip:example.com").port == 0);
}

TEST_CASE("a maddr stands for the host, unless it is to be ignored") {
  CHECK(read("sip:example.com;maddr=192.0.2.9").address().to_string() == "192.0.2.9:5060");
  CHECK(read("sip:example.com;maddr=[2001:db8::9]").ip->is_v6());
  CHECK(read("sip:192.0.2.1;maddr=other.example").host == "other.example");
  CHECK_FALSE(read("sip:192.0.2.1;maddr=other.example").ip);
  const auto ignored = read("sip:192.0.2.1:5099;maddr=192.0.2.9;transport=tcp", false, true);
  CHECK(ignored.address().to_string() == "192.0.2.1:5060");
  CHECK(ignored.over == transport::udp);
}

TEST_CASE("addresses of nobody, or of many, are no single host") {
  const auto single = [](std::string_view text) {
    return sip::is_single_host(base::ip_address::from_string(text).value());
  };
  CHECK(single("192.0.2.1"));
  CHECK(single("2001:db8::1"));
  CHECK_FALSE(single("0.0.0.0"));
  CHECK_FALSE(single("255.255.255.255"));
  CHECK_FALSE(single("::ffff:255.255.255.255"));
  CHECK_FALSE(single("224.0.0.1"));
  CHECK_FALSE(single("ff02::1"));
}

}  // namespace
