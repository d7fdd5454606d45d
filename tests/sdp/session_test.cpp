#include <parley/sdp/session.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

using namespace parley;
using namespace parley::sdp;
using test::read_as;
using test::sdp_error;

TEST_CASE("RFC 8866 5.2: an origin has six fields", "[sdp]") {
  const auto read = read_as<origin>("jdoe 3724394400 3724394405 IN IP4 198.51.100.1");
  CHECK(read.username == "jdoe");
  CHECK(read.session_id == "3724394400");
  CHECK(read.version_number() == 3724394405U);
  CHECK(read.network_type == "IN");
  CHECK(read.address_type == "IP4");
  CHECK(read.address == "198.51.100.1");

  CHECK(sdp_error<origin>("jdoe 1 2 IN IP4") == parse_error{errc::expected_space, 15});
  CHECK(sdp_error<origin>("jdoe 1 2 IN IP4 host more") == parse_error{errc::trailing_text, 21});
  CHECK(sdp_error<origin>("") == parse_error{errc::expected_word, 0});
}

TEST_CASE("RFC 8866 5.2: an origin with odd numbers is text", "[sdp]") {
  CHECK(read_as<origin>("- 99999999999999999999999 0x12 IN IP4 a.example").session_version == "0x12");
  CHECK_FALSE(read_as<origin>("- 1 99999999999999999999999 IN IP4 a.example").version_number());
  CHECK_FALSE(read_as<origin>("- 1 -2 IN IP4 a.example").version_number());
  CHECK(read_as<origin>("- 1 18446744073709551615 IN IP4 a").version_number() == 18446744073709551615U);
}

TEST_CASE("RFC 8866 5.7: connection data", "[sdp]") {
  const auto unicast = read_as<connection_data>("IN IP4 198.51.100.1");
  CHECK(unicast.address == "198.51.100.1");
  CHECK_FALSE(unicast.ttl);
  CHECK(unicast.count == 1);
  CHECK(unicast.ip().value() == *base::ip_address::from_string("198.51.100.1"));

  const auto layered = read_as<connection_data>("IN IP4 233.252.0.1/127/3");
  CHECK(layered.ttl == 127);
  CHECK(layered.count == 3);
  const auto six = read_as<connection_data>("IN IP6 ff00::db8:0:101/3");
  CHECK_FALSE(six.ttl);
  CHECK(six.count == 3);
  CHECK(read_as<connection_data>("IN IP4 media.example.com").ip().has_error());
  // Seen in the field: the family does not fit.
  CHECK(read_as<connection_data>("IN IP4 fe80::1").ip().value().is_v6());

  CHECK(sdp_error<connection_data>("IN IP4 198.51.100.1/256") == parse_error{errc::number_out_of_range, 20});
  CHECK(sdp_error<connection_data>("IN IP4 233.252.0.1/1/0") == parse_error{errc::number_out_of_range, 21});
  CHECK(sdp_error<connection_data>("IN IP4 \"a\"") == parse_error{errc::bad_address, 7});
  CHECK(sdp_error<connection_data>("IN IP4") == parse_error{errc::expected_space, 6});
}

TEST_CASE("connection data to an address", "[sdp]") {
  CHECK(connection_data::to(*base::ip_address::from_string("2001:db8::1")) ==
        *connection_data::read("IN IP6 2001:db8::1"));
  CHECK(connection_data::to(*base::ip_address::from_string("192.0.2.1")) ==
        *connection_data::read("IN IP4 192.0.2.1"));
}

TEST_CASE("RFC 8866 5.8, RFC 3890, RFC 3556: bandwidths have their units", "[sdp]") {
  CHECK(read_as<bandwidth>("AS:64").bits_per_second() == 64000U);
  CHECK(read_as<bandwidth>("CT:1").bits_per_second() == 1000U);
  CHECK(read_as<bandwidth>("TIAS:50780").bits_per_second() == 50780U);
  CHECK(read_as<bandwidth>("RS:800").bits_per_second() == 800U);
  CHECK(read_as<bandwidth>("RR:2400").bits_per_second() == 2400U);
  CHECK_FALSE(read_as<bandwidth>("X-YZ:128").bits_per_second());
  CHECK_FALSE(read_as<bandwidth>("AS:18446744073709551615").bits_per_second());
  CHECK(sdp_error<bandwidth>("AS:18446744073709551616") == parse_error{errc::number_out_of_range, 3});
  CHECK(sdp_error<bandwidth>("AS 64") == parse_error{errc::expected_colon, 2});
  CHECK(sdp_error<bandwidth>("AS:") == parse_error{errc::expected_number, 3});
}

TEST_CASE("RFC 3890 6.3: maxprate has decimals", "[sdp]") {
  CHECK(read_as<maxprate>("40.0", "40").packets_per_1000_seconds == 40000);
  CHECK(read_as<maxprate>("0.5").packets_per_1000_seconds == 500);
  CHECK(sdp_error<maxprate>("0") == parse_error{errc::number_out_of_range, 0});
}

TEST_CASE("RFC 8866 5.9: timing", "[sdp]") {
  CHECK(read_as<timing>("0 0") == timing{});
  CHECK(read_as<timing>("3724394400 3724398000").stop == 3724398000U);
  CHECK(sdp_error<timing>("0") == parse_error{errc::expected_space, 1});
  CHECK(sdp_error<timing>("-1 0") == parse_error{errc::expected_number, 0});
}
