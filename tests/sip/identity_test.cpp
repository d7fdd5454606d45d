#include <parley/sip/identity.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"

#include <string>
#include <type_traits>

using namespace parley::sip;
using parley::test::error_of;

TEST_CASE("typed identity headers are trivially copyable", "[sip][identity]") {
  CHECK(std::is_trivially_copyable_v<privacy_header>);
  CHECK(std::is_trivially_copyable_v<reason_header>);
  CHECK(std::is_trivially_copyable_v<identity_header>);
  CHECK(std::is_trivially_copyable_v<identity_info_header>);
  CHECK(std::is_trivially_copyable_v<request_disposition_header>);
}

TEST_CASE("Privacy is a set of wishes", "[sip][identity]") {
  const auto some = parse<privacy_header>("Header; user ;critical");
  REQUIRE(some.has_value());
  CHECK(some->values == "Header; user ;critical");
  CHECK(some->header);
  CHECK(some->user);
  CHECK(some->critical);
  CHECK_FALSE(some->none);
  CHECK_FALSE(some->session);
  CHECK_FALSE(some->identity);
  CHECK_FALSE(some->history);
  CHECK_FALSE(some->other);
  const auto rest = parse<privacy_header>("none;session;id;history;x");
  REQUIRE(rest.has_value());
  CHECK(rest->none);
  CHECK(rest->session);
  CHECK(rest->identity);
  CHECK(rest->history);
  CHECK(rest->other);
  CHECK_FALSE(rest->header);

  CHECK(error_of<privacy_header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<privacy_header>("id;") == parse_error{errc::expected_token, 3});
  CHECK(error_of<privacy_header>("id;;user") == parse_error{errc::expected_token, 3});
  CHECK(error_of<privacy_header>("id user") == parse_error{errc::trailing_text, 3});
  CHECK(error_of<privacy_header>("id=1") == parse_error{errc::trailing_text, 2});
}

TEST_CASE("Reason has a protocol, a cause and a text", "[sip][identity]") {
  // RFC 3326 2
  const auto sip = parse<reason_header>("SIP ;cause=200 ;text=\"Call completed \\\"elsewhere\\\"\"");
  REQUIRE(sip.has_value());
  CHECK(sip->protocol == "SIP");
  CHECK((sip->cause == 200U));
  CHECK(sip->text == "Call completed \\\"elsewhere\\\"");
  const auto both = parse<reason_header>("Q.850;text=\"\";cause=16;location=LN");
  REQUIRE(both.has_value());
  CHECK(both->protocol == "Q.850");
  CHECK((both->cause == 16U));
  CHECK(both->text.empty());
  CHECK(both->parameters.contains("location"));
  const auto bare = parse<reason_header>("preemption");
  REQUIRE(bare.has_value());
  CHECK_FALSE(bare->cause.has_value());

  int count = 0;
  const auto walked = parse_list<reason_header>("SIP;cause=600;text=\"Busy, everywhere\", Q.850;cause=17",
                                                [&](const reason_header&) { ++count; });
  REQUIRE(walked.has_value());
  CHECK(count == 2);

  CHECK(error_of<reason_header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<reason_header>("SIP;cause") == parse_error{errc::bad_parameter, 4});
  CHECK(error_of<reason_header>("SIP;cause=x") == parse_error{errc::bad_parameter, 4});
  CHECK(error_of<reason_header>("SIP;cause=4294967296") == parse_error{errc::number_overflow, 10});
  CHECK(error_of<reason_header>("SIP;cause=1;cause=1") == parse_error{errc::duplicate_parameter, 12});
  CHECK(error_of<reason_header>("SIP;text") == parse_error{errc::bad_parameter, 4});
  CHECK(error_of<reason_header>("SIP;text=\"x") == parse_error{errc::unterminated_quote, 9});
  CHECK(error_of<reason_header>("SIP;text=\"\";text=\"\"") == parse_error{errc::duplicate_parameter, 12});
}

TEST_CASE("Identity has the form of RFC 8224", "[sip][identity]") {
  const auto full = parse<identity_header>(
      "eyJhbGciOiJFUzI1NiJ9.eyJhdHQiOiJBIn0.rq3pjT1hoRwak-_EGnCWHSUyZZWzRFAwPjEkZ2UQ"
      ";info=<https://biloxi.example.org/biloxi.cer?a=1;b>;alg=ES256 ; ppt=\"shaken\";x=y");
  REQUIRE(full.has_value());
  CHECK(full->signature == "eyJhbGciOiJFUzI1NiJ9.eyJhdHQiOiJBIn0.rq3pjT1hoRwak-_EGnCWHSUyZZWzRFAwPjEkZ2UQ");
  CHECK_FALSE(full->quoted);
  CHECK(full->info == "https://biloxi.example.org/biloxi.cer?a=1;b");
  CHECK(full->algorithm == "ES256");
  CHECK(full->passport == "shaken");
  CHECK(full->extensions ==
        ";info=<https://biloxi.example.org/biloxi.cer?a=1;b>;alg=ES256 ; ppt=\"shaken\";x=y");

  // RFC 8224 4.1.1: the compact form has no header and payload.
  int count = 0;
  const auto walked = parse_list<identity_header>(
      "..abc;info=<http://a/>, ..def ;info = <http://b/> ;ppt=div", [&](const identity_header& i) {
        CHECK(i.signature == (count == 0 ? "..abc" : "..def"));
        CHECK(i.info == (count == 0 ? "http://a/" : "http://b/"));
        ++count;
      });
  REQUIRE(walked.has_value());
  CHECK(count == 2);
}

TEST_CASE("Identity has the form of RFC 4474", "[sip][identity]") {
  const auto quoted =
      parse<identity_header>("\"ZYNBbHC00VMZr2kZt6VmCvPonWJMGvQTBDqghoWeLxJfzB2a1pxAr3VgrB0Ssq0Q==\"");
  REQUIRE(quoted.has_value());
  CHECK(quoted->quoted);
  CHECK(quoted->info.empty());
  CHECK(quoted->extensions.empty());
  // RFC 4475 3.1.1.11 has it without quotes.
  const auto bare = parse<identity_header>("r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWUYA=");
  REQUIRE(bare.has_value());
  CHECK(bare->signature.back() == '=');
}

TEST_CASE("what breaks an Identity is named with its place", "[sip][identity]") {
  using header = identity_header;
  CHECK(error_of<header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<header>("\"\"") == parse_error{errc::expected_token, 0});
  CHECK(error_of<header>(";info=<http://a/>") == parse_error{errc::expected_token, 0});
  CHECK(error_of<header>("\"ab") == parse_error{errc::unterminated_quote, 0});
  CHECK(error_of<header>("\"ab c\"") == parse_error{errc::bad_character, 3});
  CHECK(error_of<header>("ab!") == parse_error{errc::trailing_text, 2});
  CHECK(error_of<header>("ab;") == parse_error{errc::expected_token, 3});
  CHECK(error_of<header>("ab;info=<http://a/") == parse_error{errc::unbalanced_angle, 8});
  CHECK(error_of<header>("ab;info=<http://a b>") == parse_error{errc::bad_character, 17});
  CHECK(error_of<header>("ab;info=<nothing>") == parse_error{errc::expected_scheme, 9});
  CHECK(error_of<header>("ab;info=<>") == parse_error{errc::expected_scheme, 9});
  CHECK(error_of<header>("ab;info=<a:b>;info=<a:b>") == parse_error{errc::duplicate_parameter, 14});
  CHECK(error_of<header>("ab;alg=x;alg=x") == parse_error{errc::duplicate_parameter, 9});
  CHECK(error_of<header>("ab;ppt") == parse_error{errc::bad_parameter, 3});
  std::string many = "ab";
  for (int i = 0; i < 65; ++i) many += ";x";
  CHECK(error_of<header>(many) == parse_error{errc::too_many_parameters, 131});
}

TEST_CASE("Identity-Info names a certificate", "[sip][identity]") {
  const auto read = parse<identity_info_header>("<https://atlanta.example.com/atlanta.cer>;alg=rsa-sha1");
  REQUIRE(read.has_value());
  CHECK(read->uri == "https://atlanta.example.com/atlanta.cer");
  CHECK(read->algorithm == "rsa-sha1");
  CHECK(error_of<identity_info_header>("https://a") == parse_error{errc::unbalanced_angle, 0});
  CHECK(error_of<identity_info_header>("<https://a") == parse_error{errc::unbalanced_angle, 0});
  CHECK(error_of<identity_info_header>("<https://a>;alg=a;alg=b") ==
        parse_error{errc::duplicate_parameter, 18});
}

TEST_CASE("Request-Disposition is a list of directives", "[sip][identity]") {
  std::string seen;
  const auto walked = parse_list<request_disposition_header>(
      "proxy, Redirect,cancel "
      ",no-cancel,fork,no-fork,recurse,no-recurse,parallel,sequential,queue,no-queue,later",
      [&](const request_disposition_header& d) {
        seen += std::to_string(static_cast<int>(d.directive)) + " ";
      });
  REQUIRE(walked.has_value());
  CHECK(seen == "1 2 3 4 5 6 7 8 9 10 11 12 0 ");
  CHECK(error_of<request_disposition_header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<request_disposition_header>("a b") == parse_error{errc::trailing_text, 2});
}
