#include <parley/sip/message.hpp>

#include "support/catch.hpp"
#include "support/sip_text.hpp"

#include <string>

using namespace parley::sip;
using namespace std::string_view_literals;
using parley::test::request_with;

namespace {

message sample() {
  auto out = message::request("INVITE", "sip:bob@example.com");
  REQUIRE(out);
  REQUIRE(out->add(header_id::via, "SIP/2.0/UDP a;branch=z9hG4bK1"));
  REQUIRE(out->add("x-own", " one "));
  REQUIRE(out->add(header_id::via, "SIP/2.0/UDP b;branch=z9hG4bK2"));
  return *out;
}

parse_error error_of(const parsed<void>& result) { return result ? parse_error{} : result.error(); }

}  // namespace

TEST_CASE("a request is built and written", "[message]") {
  message request = sample();
  CHECK(request.is_request());
  CHECK(request.method_name() == "INVITE");
  CHECK(request.request_uri() == "sip:bob@example.com");
  CHECK(request.status() == 0);
  CHECK(request.reason_phrase().empty());
  CHECK(request.to_string() ==
        "INVITE sip:bob@example.com SIP/2.0\r\n"
        "Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
        "x-own: one\r\n"
        "Via: SIP/2.0/UDP b;branch=z9hG4bK2\r\n"
        "Content-Length: 0\r\n\r\n");
  REQUIRE(request.set_body("hello", "text/plain"));
  CHECK(request.value_of(header_id::content_type) == "text/plain");
  CHECK(request.to_string().ends_with("Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"));
  REQUIRE(request.set_body("", ""));
  CHECK(request == sample());
}

TEST_CASE("a response is built and written", "[message]") {
  const auto ok = message::response(200);
  REQUIRE(ok);
  CHECK_FALSE(ok->is_request());
  CHECK(ok->status() == 200);
  CHECK(ok->reason_phrase() == "OK");
  CHECK(ok->method_name().empty());
  CHECK(ok->request_uri().empty());
  CHECK(ok->to_string() == "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n");
  CHECK(message::response(486, "Gone\tfishing")->reason_phrase() == "Gone\tfishing");
}

TEST_CASE("what could not be read back is not built", "[message]") {
  CHECK(message::request("", "sip:a").error() == parse_error{errc::bad_method, 0});
  CHECK(message::request("IN VITE", "sip:a").error() == parse_error{errc::bad_method, 0});
  CHECK(message::request("INVITE", "").error() == parse_error{errc::bad_request_uri, 0});
  CHECK(message::request("INVITE", "sip:a b").error() == parse_error{errc::bad_request_uri, 5});
  CHECK(message::request("INVITE", "sip:a\r\nTo: x").error() == parse_error{errc::bad_request_uri, 5});
  CHECK(message::request("INVITE", "<sip:a>").error() == parse_error{errc::bad_request_uri, 0});
  CHECK(message::response(99).error() == parse_error{errc::bad_status_code, 0});
  CHECK(message::response(700).error() == parse_error{errc::bad_status_code, 0});
  CHECK(message::response(200, "O\r\nTo: x").error() == parse_error{errc::control_in_message, 1});
  CHECK(message::response(200, "O\x1bK").error() == parse_error{errc::control_in_message, 1});
}

TEST_CASE("nothing that is added can begin a header of its own", "[message]") {
  message request = sample();
  const parse_error bad_name{errc::bad_header_name, 0};
  CHECK(error_of(request.add("", "x")) == bad_name);
  CHECK(error_of(request.add("To: x\r\nFoo", "x")) == bad_name);
  CHECK(error_of(request.add("Foo ", "x")) == bad_name);
  CHECK(error_of(request.add(std::string(256, 'n'), "x")) == bad_name);
  CHECK(error_of(request.add(header_id::unknown, "x")) == bad_name);
  CHECK(error_of(request.add("Foo", "a\r\nTo: x")) == parse_error{errc::control_in_message, 1});
  CHECK(error_of(request.add("Foo", "  a\nTo: x")) == parse_error{errc::control_in_message, 3});
  CHECK(error_of(request.add("Foo", "a\rTo: x")) == parse_error{errc::control_in_message, 1});
  CHECK(error_of(request.add("Foo", "a\0b"sv)) == parse_error{errc::control_in_message, 1});
  CHECK(error_of(request.add("Foo", "\\\0"sv)) == parse_error{errc::control_in_message, 1});
  CHECK(error_of(request.set(header_id::subject, "a\nb")) == parse_error{errc::control_in_message, 1});
  CHECK(error_of(request.set_body("x", "text/plain\r\nTo: x")) == parse_error{errc::control_in_message, 10});
  CHECK(request == sample());

  REQUIRE(request.add(std::string(255, 'n'), "\r\n a\r\n b\tc \r\n"));
  CHECK(request.header(request.header_count() - 1).value == "a\r\n b\tc");
  REQUIRE(request.add("Foo", "\"\\\0\\\x01\""sv));
  const std::string text = request.to_string();
  const auto again = message::parse(text);
  REQUIRE(again);
  CHECK(*again == request);
}

TEST_CASE("headers are set and removed by kind", "[message]") {
  message request = sample();
  CHECK(request.value_of(header_id::via) == "SIP/2.0/UDP a;branch=z9hG4bK1");
  REQUIRE(request.set(header_id::via, "SIP/2.0/UDP c"));
  REQUIRE(request.header_count() == 2);
  CHECK(request.header(0).value == "SIP/2.0/UDP c");
  CHECK(request.header(1).name == "x-own");
  REQUIRE(request.set(header_id::subject, "new"));
  CHECK(request.header(request.header_count() - 1).name == "Subject");
  CHECK(request.remove(header_id::via) == 1);
  CHECK(request.remove(header_id::via) == 0);
  CHECK(request.value_of(header_id::via).empty());
  REQUIRE(request.add("Content-Length", "99"));
  REQUIRE(request.set(header_id::content_length, "99"));
  CHECK(request.header_count() == 2);
}

TEST_CASE("a header may be made from another one of the same message", "[message]") {
  auto request = message::request("INVITE", "sip:bob@example.com").value();
  const std::string value = "of more than a few characters, so that its text has to move";
  REQUIRE(request.add(header_id::subject, value));
  for (int i = 0; i < 20; ++i) REQUIRE(request.add("X-Own", request.value_of(header_id::subject)));
  REQUIRE(request.set(header_id::organization, request.value_of(header_id::subject)));
  REQUIRE(request.set(header_id::subject, request.value_of(header_id::organization).substr(3)));
  CHECK(request.value_of(header_id::subject) == value.substr(3));
  CHECK(request.value_of(header_id::organization) == value);
  CHECK(request.header(20).value == value);
  CHECK(request.header_count() == 22);
}

TEST_CASE("a parsed message is written as it came, but for spacing", "[message]") {
  const std::string text = request_with("s :  folded\r\n text \r\nX-Own:\r\nl: 2\r\n", "hi and more");
  const auto parsed = message::parse(text);
  REQUIRE(parsed);
  CHECK(parsed->body() == "hi");
  CHECK(parsed->value_of(header_id::subject) == "folded\r\n text");
  const std::string written = parsed->to_string();
  CHECK(written.ends_with("s: folded\r\n text\r\nX-Own: \r\nContent-Length: 2\r\n\r\nhi"));
  const auto again = message::parse(written);
  REQUIRE(again);
  CHECK(*again == *parsed);
  CHECK(again->to_string() == written);

  CHECK(message::parse("x").error() == parse_error{errc::bad_start_line, 1});
  limits small;
  small.header_lines = 2;
  CHECK(message::parse(text, small).error().code == errc::too_many_headers);
}
