#include <parley/sip/dialog_headers.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"

#include <type_traits>

using namespace parley::sip;
using parley::test::error_of;

TEST_CASE("Replaces names the dialog that an INVITE takes over", "[sip][dialog_headers]") {
  CHECK(std::is_trivially_copyable_v<replaces_header>);
  // RFC 3891 6.1
  const auto one = parse<replaces_header>("98732@sip.example.com\r\n ;from-tag=r33th4x0r\r\n ;to-tag=ff87ff");
  REQUIRE(one.has_value());
  CHECK(one->call_id == "98732@sip.example.com");
  CHECK(one->from_tag == "r33th4x0r");
  CHECK(one->to_tag == "ff87ff");
  CHECK_FALSE(one->early_only);
  const auto early = parse<replaces_header>("12adf2f34456gs5;To-Tag=12345;From-Tag=54321;Early-Only;x=1");
  REQUIRE(early.has_value());
  CHECK(early->early_only);
  CHECK(early->parameters.contains("x"));
  // RFC 3891 3: a tag of RFC 2543 is zero.
  const auto zero = parse<replaces_header>("87134@171.161.34.23;to-tag=24796;from-tag=0");
  REQUIRE(zero.has_value());
  CHECK(zero->from_tag == "0");
}

TEST_CASE("what breaks a Replaces is named with its place", "[sip][dialog_headers]") {
  using header = replaces_header;
  CHECK(error_of<header>("") == parse_error{errc::expected_word, 0});
  CHECK(error_of<header>("@h;to-tag=1;from-tag=2") == parse_error{errc::expected_word, 0});
  CHECK(error_of<header>("a@;to-tag=1;from-tag=2") == parse_error{errc::expected_word, 2});
  CHECK(error_of<header>("a@b@c;to-tag=1;from-tag=2") == parse_error{errc::missing_parameter, 3});
  CHECK(error_of<header>("a") == parse_error{errc::missing_parameter, 1});
  CHECK(error_of<header>("a;to-tag=1") == parse_error{errc::missing_parameter, 10});
  CHECK(error_of<header>("a;from-tag=1") == parse_error{errc::missing_parameter, 12});
  CHECK(error_of<header>("a;to-tag=;from-tag=2") == parse_error{errc::expected_token, 9});
  CHECK(error_of<header>("a;to-tag;from-tag=2") == parse_error{errc::bad_parameter, 2});
  CHECK(error_of<header>("a;to-tag=\"1\";from-tag=2") == parse_error{errc::bad_parameter, 2});
  CHECK(error_of<header>("a;to-tag=1;to-tag=1;from-tag=2") == parse_error{errc::duplicate_parameter, 11});
  CHECK(error_of<header>("a;to-tag=1;from-tag=2;from-tag=2") == parse_error{errc::duplicate_parameter, 22});
  CHECK(error_of<header>("a;early-only;to-tag=1;early-only;from-tag=2") ==
        parse_error{errc::duplicate_parameter, 22});
  CHECK(error_of<header>("a;to-tag=1;from-tag=2,b;to-tag=1;from-tag=2") ==
        parse_error{errc::trailing_text, 21});
}

TEST_CASE("Join and Target-Dialog name dialogs too", "[sip][dialog_headers]") {
  CHECK(std::is_trivially_copyable_v<join_header>);
  CHECK(std::is_trivially_copyable_v<target_dialog_header>);
  const auto join = parse<join_header>("12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only;early-only");
  REQUIRE(join.has_value());
  CHECK(join->call_id == "12adf2f34456gs5");
  CHECK(join->to_tag == "12345");
  CHECK(join->from_tag == "54321");
  CHECK(error_of<join_header>("a;to-tag=1") == parse_error{errc::missing_parameter, 10});

  // RFC 4538 7
  const auto target = parse<target_dialog_header>(
      "fa77as7dad8-sd98ajzz@host.example.com\r\n ;local-tag=kkaz-\r\n ;remote-tag=6544");
  REQUIRE(target.has_value());
  CHECK(target->call_id == "fa77as7dad8-sd98ajzz@host.example.com");
  CHECK(target->local_tag == "kkaz-");
  CHECK(target->remote_tag == "6544");
  CHECK(error_of<target_dialog_header>("a;to-tag=1;from-tag=2") == parse_error{errc::missing_parameter, 21});
}

TEST_CASE("Session-Expires has an interval and a refresher", "[sip][dialog_headers]") {
  CHECK(std::is_trivially_copyable_v<session_expires_header>);
  const auto plain = parse<session_expires_header>("4000");
  REQUIRE(plain.has_value());
  CHECK(plain->seconds == 4000);
  CHECK(plain->refresher == session_refresher::none);
  const auto uac = parse<session_expires_header>("1800 ;Refresher=UAC");
  REQUIRE(uac.has_value());
  CHECK(uac->refresher == session_refresher::uac);
  const auto uas = parse<session_expires_header>("90;x;refresher=uas");
  REQUIRE(uas.has_value());
  CHECK(uas->refresher == session_refresher::uas);
  CHECK(uas->parameters.contains("x"));

  using header = session_expires_header;
  CHECK(error_of<header>("") == parse_error{errc::expected_number, 0});
  CHECK(error_of<header>("-1") == parse_error{errc::expected_number, 0});
  CHECK(error_of<header>("4294967296") == parse_error{errc::number_overflow, 0});
  CHECK(error_of<header>("90x") == parse_error{errc::trailing_text, 2});
  CHECK(error_of<header>("90;refresher") == parse_error{errc::bad_parameter, 3});
  CHECK(error_of<header>("90;refresher=proxy") == parse_error{errc::bad_parameter, 3});
  CHECK(error_of<header>("90;refresher=uac;refresher=uac") == parse_error{errc::duplicate_parameter, 17});
}
