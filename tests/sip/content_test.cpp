#include <parley/sip/content.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"

#include <string>
#include <type_traits>

using namespace parley::sip;
using parley::test::error_of;

TEST_CASE("typed content headers are trivially copyable", "[sip][content]") {
  CHECK(std::is_trivially_copyable_v<content_type_header>);
  CHECK(std::is_trivially_copyable_v<content_disposition_header>);
  CHECK(std::is_trivially_copyable_v<accept_header>);
}

TEST_CASE("Content-Type is a type with parameters", "[sip][content]") {
  const auto sdp = parse<content_type_header>("application/sdp");
  REQUIRE(sdp.has_value());
  CHECK(sdp->type == "application");
  CHECK(sdp->subtype == "sdp");
  CHECK(sdp->parameters.empty());
  CHECK(sdp->matches("Application", "SDP"));
  CHECK_FALSE(sdp->matches("application", "pidf+xml"));
  CHECK_FALSE(sdp->is_multipart());

  // RFC 4475 3.1.1.11
  const auto mixed = parse<content_type_header>("multipart/mixed;boundary=7a9cbec02ceef655");
  REQUIRE(mixed.has_value());
  CHECK(mixed->is_multipart());
  CHECK(mixed->boundary == "7a9cbec02ceef655");

  const auto spaced =
      parse<content_type_header>("Text / HTML ; Charset = ISO-8859-4 ;\r\n Boundary=\"a b:c\"; x=\"y\"");
  REQUIRE(spaced.has_value());
  CHECK(spaced->type == "Text");
  CHECK(spaced->subtype == "HTML");
  CHECK(spaced->charset == "ISO-8859-4");
  CHECK(spaced->boundary == "a b:c");
  CHECK(spaced->parameters.contains("X"));
  const auto suffix = parse<content_type_header>("application/vnd.example.x-y+json;version=1.0");
  REQUIRE(suffix.has_value());
  CHECK(suffix->subtype == "vnd.example.x-y+json");
}

TEST_CASE("what breaks a Content-Type is named with its place", "[sip][content]") {
  using header = content_type_header;
  CHECK(error_of<header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<header>("/sdp") == parse_error{errc::expected_token, 0});
  CHECK(error_of<header>("application") == parse_error{errc::expected_slash, 11});
  CHECK(error_of<header>("application;x=y") == parse_error{errc::expected_slash, 11});
  CHECK(error_of<header>("application/") == parse_error{errc::expected_token, 12});
  CHECK(error_of<header>("a/b/c") == parse_error{errc::trailing_text, 3});
  CHECK(error_of<header>("a/b c") == parse_error{errc::trailing_text, 4});
  CHECK(error_of<header>("a/b,c/d") == parse_error{errc::trailing_text, 3});
  CHECK(error_of<header>("a/b;") == parse_error{errc::expected_token, 4});
  CHECK(error_of<header>("a/b;;x=y") == parse_error{errc::expected_token, 4});
  CHECK(error_of<header>("a/b;boundary") == parse_error{errc::bad_parameter, 4});
  CHECK(error_of<header>("a/b;boundary=\"\"") == parse_error{errc::bad_parameter, 4});
  CHECK(error_of<header>("a/b;boundary=\"x") == parse_error{errc::unterminated_quote, 13});
  CHECK(error_of<header>("a/b;boundary=x;Boundary=y") == parse_error{errc::duplicate_parameter, 15});
  CHECK(error_of<header>("a/b;charset=x;charset=x") == parse_error{errc::duplicate_parameter, 14});
}

TEST_CASE("Content-Disposition says how a body is to be handled", "[sip][content]") {
  const auto plain = parse<content_disposition_header>("session");
  REQUIRE(plain.has_value());
  CHECK(plain->type == "session");
  // RFC 3261 20.11: without the parameter a body must be understood.
  CHECK(plain->handling == content_handling::required);
  const auto optional = parse<content_disposition_header>("Render; Handling=OPTIONAL;size=3");
  REQUIRE(optional.has_value());
  CHECK(optional->handling == content_handling::optional);
  CHECK(optional->parameters.contains("size"));
  const auto other = parse<content_disposition_header>("icon;handling=maybe");
  REQUIRE(other.has_value());
  CHECK(other->handling == content_handling::other);
  const auto required = parse<content_disposition_header>("alert;handling=required");
  REQUIRE(required.has_value());
  CHECK(required->handling == content_handling::required);

  using header = content_disposition_header;
  CHECK(error_of<header>("") == parse_error{errc::expected_token, 0});
  CHECK(error_of<header>(";handling=optional") == parse_error{errc::expected_token, 0});
  CHECK(error_of<header>("session;handling") == parse_error{errc::bad_parameter, 8});
  CHECK(error_of<header>("session;handling=optional;handling=required") ==
        parse_error{errc::duplicate_parameter, 26});
}

TEST_CASE("Accept is a list of ranges", "[sip][content]") {
  std::string seen;
  const auto walked = parse_list<accept_header>(
      "application/sdp;level=1, application/x-private;q=0.5 , text/*;q=0, */*;q=1.000;ext",
      [&](const accept_header& a) {
        seen += std::string(a.type) + "/" + std::string(a.subtype) + ":" + std::to_string(a.q) + " ";
      });
  REQUIRE(walked.has_value());
  CHECK(seen == "application/sdp:1000 application/x-private:500 text/*:0 */*:1000 ");

  int count = 0;
  REQUIRE(parse_list<accept_header>("", [&](const accept_header&) { ++count; }).has_value());
  REQUIRE(parse_list<accept_header>("  ", [&](const accept_header&) { ++count; }).has_value());
  CHECK(count == 0);

  accept_header range;
  range.type = "text";
  range.subtype = "*";
  CHECK(range.covers("TEXT", "html"));
  CHECK_FALSE(range.covers("application", "sdp"));
  range.type = "*";
  CHECK(range.covers("application", "sdp"));
  range.type = "application";
  range.subtype = "sdp";
  CHECK(range.covers("application", "SDP"));
  CHECK_FALSE(range.covers("application", "sdpx"));

  using header = accept_header;
  CHECK(error_of<header>("*") == parse_error{errc::expected_slash, 1});
  CHECK(error_of<header>("a/b;q=1.1") == parse_error{errc::bad_qvalue, 4});
  CHECK(error_of<header>("a/b;q") == parse_error{errc::bad_qvalue, 4});
  CHECK(error_of<header>("a/b;q=\"1\"") == parse_error{errc::bad_qvalue, 4});
  CHECK(error_of<header>("a/b;q=0.5;q=0.5") == parse_error{errc::duplicate_parameter, 10});
}
