#include <parley/sip/parse.hpp>
#include <parley/sip/via.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/result.hpp"

#include <type_traits>
#include <vector>

using namespace parley::sip;
using parley::test::error_of;

static_assert(std::is_trivially_copyable_v<via_header>);

TEST_CASE("a Via is taken apart") {
  const std::string_view text =
      "SIP/2.0/TCP "
      "edge1.example.net:5061;branch=z9hG4bKa7c1.3f;received=198.51.100.7;rport=50612;ttl=16;maddr=224.2.0.1;"
      "x=y";
  const auto via = parse<via_header>(text);
  REQUIRE(via);
  CHECK(via->raw == text);
  CHECK(via->protocol == "SIP/2.0");
  CHECK(via->transport_name == "TCP");
  CHECK(via->transport == transport::tcp);
  CHECK(via->sent_by == "edge1.example.net:5061");
  CHECK(via->host == "edge1.example.net");
  CHECK(via->host_kind == host_kind::name);
  CHECK(via->port == 5061);
  CHECK(via->port_or_default() == 5061);
  CHECK(via->branch == "z9hG4bKa7c1.3f");
  CHECK(via->has_magic_cookie());
  CHECK(via->received == "198.51.100.7");
  CHECK(via->received_ip() == parley::base::ip_address::v4({198, 51, 100, 7}));
  CHECK(via->has_rport);
  CHECK(via->rport == 50612);
  CHECK(via->rport_value == "50612");
  CHECK(via->ttl == 16);
  CHECK(via->maddr == "224.2.0.1");
  CHECK(via->parameters.find("X")->value == "y");
  CHECK_FALSE(via->ip());
}

TEST_CASE("rport without a value marks where it goes") {
  const std::string_view text = "SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bK1";
  const auto via = parse<via_header>(text);
  REQUIRE(via);
  CHECK(via->has_rport);
  CHECK(via->rport == 0);
  CHECK(via->rport_value.empty());
  CHECK(via->rport_value.data() == text.data() + text.find(";branch"));
  CHECK(via->host_kind == host_kind::ipv4);
  CHECK(via->ip() == parley::base::ip_address::v4({192, 0, 2, 10}));
}

TEST_CASE("a Via of RFC 2543 has no branch") {
  const auto via = parse<via_header>("SIP/2.0/UDP iftgw.example.com");
  REQUIRE(via);
  CHECK(via->branch.empty());
  CHECK_FALSE(via->has_magic_cookie());
  CHECK(via->parameters.empty());
  CHECK(via->port == 0);
  CHECK(via->port_or_default() == 5060);
  CHECK_FALSE(parse<via_header>("SIP/2.0/UDP a;branch=z9hG4bK")->has_magic_cookie());
  CHECK(parse<via_header>("SIP/2.0/TLS a")->port_or_default() == 5061);
  CHECK(parse<via_header>("SIP/2.0/WSS a")->port_or_default() == 443);
}

TEST_CASE("sent-by is an IPv6 address in brackets") {
  const auto via = parse<via_header>("SIP/2.0/WSS [2001:db8::9]:8443;received=[2001:db8::1];branch=z9hG4bKx");
  REQUIRE(via);
  CHECK(via->host == "[2001:db8::9]");
  CHECK(via->host_kind == host_kind::ipv6);
  CHECK(via->port == 8443);
  REQUIRE(via->ip());
  CHECK(via->ip()->to_string() == "2001:db8::9");
  CHECK(via->received_ip()->to_string() == "2001:db8::1");
  CHECK(parse<via_header>("SIP/2.0/UDP a;received=2001:db8::1")->received_ip()->to_string() == "2001:db8::1");
  CHECK_FALSE(parse<via_header>("SIP/2.0/UDP a;received=nowhere")->received_ip());
  CHECK_FALSE(parse<via_header>("SIP/2.0/UDP a")->received_ip());
}

TEST_CASE("white space and folds stand where RFC 4475 3.1.1.1 has them") {
  const std::string_view text =
      "SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
      " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239";
  std::vector<via_header> all;
  REQUIRE(parse_list<via_header>(text, [&](const via_header& via) { all.push_back(via); }));
  REQUIRE(all.size() == 2);
  CHECK(all[0].protocol == "SIP  / 2.0");
  CHECK(all[0].transport == transport::tcp);
  CHECK(all[0].sent_by == "spindle.example.com");
  CHECK(all[0].branch == "z9hG4bK9ikj8");
  CHECK(all[0].raw.substr(all[0].raw.size() - 12) == "z9hG4bK9ikj8");
  CHECK(all[1].transport == transport::udp);
  CHECK(all[1].host == "192.168.255.111");
  CHECK(all[1].branch == "z9hG4bK30239");

  const auto folded = parse<via_header>("SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw");
  REQUIRE(folded);
  CHECK(folded->host == "192.0.2.2");
  CHECK_FALSE(folded->has_magic_cookie());

  const auto port = parse<via_header>("SIP/2.0/UDP first.example.com : 4000 ;ttl=16");
  REQUIRE(port);
  CHECK(port->sent_by == "first.example.com : 4000");
  CHECK(port->port == 4000);
}

TEST_CASE("unknown transports and names in any case are kept") {
  const auto via = parse<via_header>(
      "SIP/2.0/UNKNOWN t4.example.com;BRANCH=z9hG4bKa;RPort=1;Received=192.0.2.1;TTL=1;MAddr=a");
  REQUIRE(via);
  CHECK(via->transport == transport::other);
  CHECK(via->transport_name == "UNKNOWN");
  CHECK(via->branch == "z9hG4bKa");
  CHECK(via->rport == 1);
  CHECK(via->received == "192.0.2.1");
  CHECK(via->ttl == 1);
  CHECK(via->maddr == "a");
  CHECK(parse<via_header>("sip/2.0/udp a")->transport == transport::udp);
  CHECK(parse<via_header>("SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf")->transport ==
        transport::sctp);
}

TEST_CASE("a malformed Via is refused where it breaks") {
  CHECK(error_of<via_header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<via_header>("SIP") == parse_error{errc::expected_slash, 3});
  CHECK(error_of<via_header>("SIP/2.0") == parse_error{errc::expected_slash, 7});
  CHECK(error_of<via_header>("SIP/2.0/") == parse_error{errc::expected_token, 8});
  CHECK(error_of<via_header>("SIP/2.0/UDP") == parse_error{errc::expected_separator, 11});
  CHECK(error_of<via_header>("SIP/2.0/UDP;branch=x") == parse_error{errc::expected_separator, 11});
  CHECK(error_of<via_header>("SIP/2.0/UDP ") == parse_error{errc::expected_host, 12});
  CHECK(error_of<via_header>("SIP/2.0/UDP ;branch=x") == parse_error{errc::expected_host, 12});
  CHECK(error_of<via_header>("SIP/2.0/UDP a..b") == parse_error{errc::expected_host, 12});
  CHECK(error_of<via_header>("SIP/2.0/UDP 192.0.2") == parse_error{errc::expected_host, 12});
  CHECK(error_of<via_header>("SIP/2.0/UDP 2001:db8::1") == parse_error{errc::expected_host, 12});
  CHECK(error_of<via_header>("SIP/2.0/UDP [2001:db8::1") == parse_error{errc::bad_ipv6, 12});
  CHECK(error_of<via_header>("SIP/2.0/UDP [fe80::1%1]") == parse_error{errc::bad_ipv6, 12});
  CHECK(error_of<via_header>("SIP/2.0/UDP a:") == parse_error{errc::bad_port, 14});
  CHECK(error_of<via_header>("SIP/2.0/UDP a:0") == parse_error{errc::bad_port, 14});
  CHECK(error_of<via_header>("SIP/2.0/UDP a:65536") == parse_error{errc::bad_port, 14});
  CHECK(error_of<via_header>("SIP/2.0/UDP a:5060x") == parse_error{errc::trailing_text, 18});
  CHECK(error_of<via_header>("SIP/2.0/UDP a b") == parse_error{errc::trailing_text, 14});
  CHECK(error_of<via_header>("SIP/2.0/UDP a, SIP/2.0/UDP b") == parse_error{errc::trailing_text, 13});
  CHECK(error_of<via_header>("SIP/2.0/UDP 192.0.2.15;;,;,,") == parse_error{errc::expected_token, 23});
  CHECK(error_of<via_header>("SIP/2.0/UDP a;branch") == parse_error{errc::bad_parameter, 14});
  CHECK(error_of<via_header>("SIP/2.0/UDP a;branch=\"x\"") == parse_error{errc::bad_parameter, 14});
  CHECK(error_of<via_header>("SIP/2.0/UDP a;branch=x;branch=x") ==
        parse_error{errc::duplicate_parameter, 23});
  CHECK(error_of<via_header>("SIP/2.0/UDP a;rport;rport=1") == parse_error{errc::duplicate_parameter, 20});
  CHECK(error_of<via_header>("SIP/2.0/UDP a;rport=70000") == parse_error{errc::bad_port, 20});
  CHECK(error_of<via_header>("SIP/2.0/UDP a;rport=x") == parse_error{errc::bad_port, 20});
  CHECK(error_of<via_header>("SIP/2.0/UDP a;ttl=256") == parse_error{errc::number_overflow, 18});
  CHECK(error_of<via_header>("SIP/2.0/UDP a;ttl=x") == parse_error{errc::bad_parameter, 14});
  CHECK(error_of<via_header>("SIP/2.0/UDP a;ttl") == parse_error{errc::bad_parameter, 14});
}

TEST_CASE("transports have names, ports and properties") {
  for (transport one :
       {transport::udp, transport::tcp, transport::tls, transport::ws, transport::wss, transport::sctp}) {
    CHECK(transport_of(name_of(one)) == one);
    CHECK(is_reliable(one) == (one != transport::udp));
    CHECK(is_secure(one) == (one == transport::tls || one == transport::wss));
  }
  CHECK(transport_of("tLs") == transport::tls);
  CHECK(transport_of("") == transport::other);
  CHECK(transport_of("TLSX") == transport::other);
  CHECK(name_of(transport::other).empty());
  CHECK(default_port(transport::udp) == 5060);
  CHECK(default_port(transport::ws) == 80);
}
