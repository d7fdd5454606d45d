#include <parley/sip/identity.hpp>
#include <parley/sip/message_view.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>

#include "support/catch.hpp"
#include "support/sip_text.hpp"

#include <string>

using namespace parley::sip;
using namespace std::string_view_literals;
using parley::test::offset_in;
using parley::test::parse_error_of;
using parley::test::plain_lines;
using parley::test::plain_start;
using parley::test::request_with;

namespace {

/// The start line alone in front of a sound message.
parse_error start_line(std::string_view line) {
  return parse_error_of(std::string(line).append("\r\n").append(plain_lines).append("\r\n"));
}

/// One more header line, its line end included.
void refused(std::string_view line, errc code, std::size_t offset_in_line) {
  const std::string text = request_with(line);
  CAPTURE(line);
  const auto at = static_cast<std::uint32_t>(plain_start.size() + plain_lines.size() + offset_in_line);
  CHECK(parse_error_of(text) == parse_error{code, at});
}

}  // namespace

TEST_CASE("a message has a start line", "[message_view]") {
  CHECK(parse_error_of("") == parse_error{errc::empty_message, 0});
  CHECK(parse_error_of("\r\n\r\n") == parse_error{errc::empty_message, 4});
  CHECK(parse_error_of("\n") == parse_error{errc::empty_message, 1});
  message_view view;
  CHECK(view.parse(std::string_view("\r\n")).has_error());
  CHECK(view.first_line_offset() == 2);
  CHECK(view.body_offset() == 2);
  CHECK(view.text().empty());
  CHECK(parse_error_of("\r") == parse_error{errc::bare_cr, 0});
  CHECK(parse_error_of("\r\rOPTIONS sip:a SIP/2.0\r\n\r\n") == parse_error{errc::bare_cr, 0});
  CHECK(parse_error_of("OPTIONS sip:a SIP/2.0") == parse_error{errc::unterminated_headers, 21});
  CHECK(parse_error_of("OPTIONS sip:a SIP/2.0\r\n") == parse_error{errc::unterminated_headers, 23});
  CHECK(parse_error_of("OPTIONS sip:a SIP/2.0\r\nTo: <sip:b>") ==
        parse_error{errc::unterminated_headers, 34});
  CHECK(parse_error_of("OPTIONS sip:a SIP/2.0\r\nTo: <sip:b>\r\n") ==
        parse_error{errc::unterminated_headers, 36});
}

TEST_CASE("a request line is refused where it breaks", "[message_view]") {
  CHECK(start_line("OPTIONS sip:a SIP/2.0").code == errc{});
  CHECK(start_line("!%*_+`'~.- sip:a SIP/2.0").code == errc{});
  CHECK(start_line("options sip:a sip/2.0").code == errc{});
  CHECK(start_line(" OPTIONS sip:a SIP/2.0") == parse_error{errc::bad_method, 0});
  CHECK(start_line("OPTI:ONS sip:a SIP/2.0") == parse_error{errc::bad_method, 4});
  CHECK(start_line("OPTIONS") == parse_error{errc::bad_start_line, 7});
  CHECK(start_line("OPTIONS  sip:a SIP/2.0") == parse_error{errc::bad_start_line, 8});
  CHECK(start_line("OPTIONS sip:a") == parse_error{errc::bad_start_line, 13});
  CHECK(start_line("OPTIONS sip:a  SIP/2.0") == parse_error{errc::bad_start_line, 14});
  CHECK(start_line("OPTIONS sip:a; lr SIP/2.0") == parse_error{errc::bad_start_line, 15});
  CHECK(start_line("OPTIONS sip:a SIP/2.0 ") == parse_error{errc::bad_start_line, 21});
  CHECK(start_line("OPTIONS <sip:a> SIP/2.0") == parse_error{errc::bad_request_uri, 8});
  CHECK(start_line("OPTIONS \"a\"<sip:a> SIP/2.0") == parse_error{errc::bad_request_uri, 8});
  CHECK(start_line("OPTIONS sip:a HTTP/1.1") == parse_error{errc::bad_start_line, 14});
  CHECK(start_line("OPTIONS sip:a SIP/7.0") == parse_error{errc::unsupported_version, 14});
  CHECK(start_line("OPTIONS sip:a SIP/2.00") == parse_error{errc::unsupported_version, 14});
  CHECK(start_line("OPTIONS sip:a SIP/2") == parse_error{errc::bad_version, 14});
  CHECK(start_line("OPTIONS sip:a SIP/.0") == parse_error{errc::bad_version, 14});
  CHECK(start_line("OPTIONS sip:a SIP/2.0x") == parse_error{errc::bad_version, 14});
  CHECK(start_line("OPTIONS sip:a\tb SIP/2.0") == parse_error{errc::control_in_message, 13});
  CHECK(start_line("OPTIONS sip:a\rb SIP/2.0") == parse_error{errc::bare_cr, 13});
  CHECK(start_line("OPTIONS\0sip:a SIP/2.0"sv) == parse_error{errc::nul_in_message, 7});
  CHECK(status_for(errc::unsupported_version) == 505);
}

TEST_CASE("a status line is refused where it breaks", "[message_view]") {
  CHECK(start_line("SIP/2.0 200 OK").code == errc{});
  CHECK(start_line("SIP/2.0 100").code == errc{});
  CHECK(start_line("SIP/2.0 099 low") == parse_error{errc::bad_status_code, 8});
  CHECK(start_line("SIP/2.0 700 high") == parse_error{errc::bad_status_code, 8});
  CHECK(start_line("SIP/2.0 4294967301 better not break") == parse_error{errc::bad_status_code, 8});
  CHECK(start_line("SIP/2.0 20 OK") == parse_error{errc::bad_status_code, 8});
  CHECK(start_line("SIP/2.0 2x0 OK") == parse_error{errc::bad_status_code, 8});
  CHECK(start_line("SIP/2.0  200 OK") == parse_error{errc::bad_status_code, 8});
  CHECK(start_line("SIP/2.0 20") == parse_error{errc::bad_status_code, 8});
  CHECK(start_line("SIP/2.0") == parse_error{errc::bad_start_line, 7});
  CHECK(start_line("SIP/3.0 200 OK") == parse_error{errc::unsupported_version, 0});
  CHECK(start_line("SIP/2.x 200 OK") == parse_error{errc::bad_version, 0});
  CHECK(start_line("SIP/2.0 200 O\x01K") == parse_error{errc::control_in_message, 13});
  CHECK(start_line("SIP/2.0 200 O\0K"sv) == parse_error{errc::nul_in_message, 13});
  CHECK(start_line("SIP/2.0 200 O\rK") == parse_error{errc::bare_cr, 13});

  // A broken status line is still one of a response, so that nobody answers it.
  message_view view;
  CHECK(view.parse(std::string_view("SIP/2.0 9999 x\r\n\r\n")).has_error());
  CHECK(view.is_response());
}

TEST_CASE("a header name is a token, its colon on its line", "[message_view]") {
  CHECK(parse_error_of("SIP/2.0 200 OK\r\nTO : <sip:a>\r\n\r\n").code == errc{});
  CHECK(parse_error_of("SIP/2.0 200 OK\r\nTO\t \t:<sip:a>\r\n\r\n").code == errc{});
  refused("Foo\r\n To: x\r\n", errc::missing_colon, 3);
  refused("Foo\n\tTo: x\r\n", errc::missing_colon, 3);
  refused("Foo \r\n", errc::missing_colon, 4);
  refused("Foo\r\n: x\r\n", errc::missing_colon, 3);
  refused("Foo Bar: x\r\n", errc::bad_header_name, 4);
  refused("Foo\tTo : x\r\n", errc::bad_header_name, 4);
  refused(": x\r\n", errc::bad_header_name, 0);
  refused("(Foo): x\r\n", errc::bad_header_name, 0);
  refused("Fo\"o\": x\r\n", errc::bad_header_name, 2);
  refused("Fo\xc3\xb6: x\r\n", errc::bad_header_name, 2);
  refused("Fo\x01o: x\r\n", errc::bad_header_name, 2);
  refused("Fo\ro: x\r\n", errc::bare_cr, 2);
  refused("To\0: x\r\n"sv, errc::nul_in_message, 2);
  refused("\0To: x\r\n"sv, errc::nul_in_message, 0);
  refused("Call\rID: x\r\n", errc::bare_cr, 4);  // a CR is not far from a hyphen in ASCII
  const std::string longest(255, 'n');
  CHECK(parse_error_of(request_with(longest + ":x\r\n")).code == errc{});
  refused(longest + "n:x\r\n", errc::bad_header_name, 0);

  // A line that begins with white space belongs to the line before it; before the first header there is none.
  CHECK(parse_error_of("OPTIONS sip:a SIP/2.0\r\n To: <sip:b>\r\n\r\n") ==
        parse_error{errc::bad_header_name, 23});
}

TEST_CASE("the same name faults are found in lines of any length", "[message_view]") {
  // Names are read sixteen characters at a time where as many are left.
  for (std::size_t fill = 0; fill < 40; ++fill) {
    const std::string value(fill, 'v');
    refused("Foo Bar: " + value + "\r\n", errc::bad_header_name, 4);
    refused("Foo" + value + "\r\n", errc::missing_colon, 3 + fill);
    refused("Foo" + value + "\rTo: x\r\n", errc::bare_cr, 3 + fill);
  }
}

TEST_CASE("control characters stand in no value", "[message_view]") {
  refused("Foo: a\0b\r\n"sv, errc::nul_in_message, 6);
  refused("Foo: a\rb\r\n", errc::bare_cr, 6);
  refused("Foo: a\r\r\n", errc::bare_cr, 6);
  refused("Foo: a\x1b[0m\r\n", errc::control_in_message, 6);
  refused("Foo: a\r\n b\x01\r\n", errc::control_in_message, 10);
  refused("Call-Info: a long value in which it stands late\x01\r\n", errc::control_in_message, 47);
  CHECK(parse_error_of(request_with("Foo: a\tb\r\n")).code == errc{});
}

TEST_CASE("Content-Length is one number, once", "[message_view]") {
  refused("Content-Length: \r\n", errc::bad_content_length, 16);
  refused("Content-Length: -1\r\n", errc::bad_content_length, 16);
  refused("Content-Length: +1\r\n", errc::bad_content_length, 16);
  refused("Content-Length: 0x1\r\n", errc::bad_content_length, 17);
  refused("Content-Length: 0, 0\r\n", errc::bad_content_length, 17);
  refused("Content-Length: 0\r\n 1\r\n", errc::bad_content_length, 17);
  refused("l: 1.5\r\n", errc::bad_content_length, 4);
  refused("Content-Length: 65536\r\n", errc::content_length_overflow, 16);
  refused("Content-Length: 4294967296\r\n", errc::content_length_overflow, 16);
  refused("Content-Length: 18446744073709551616\r\n", errc::content_length_overflow, 16);
  refused("Content-Length: 99999999999999999999999999999999\r\n", errc::content_length_overflow, 16);
  refused("Content-Length: 1\r\n", errc::body_truncated, 16);
  refused("Content-Length: 0\r\nl: 1\r\n", errc::content_length_conflict, 22);
  refused("Content-Length: 0\r\nl: 0\r\n", errc::duplicate_header, 19);
}

TEST_CASE("a header that stands once is refused the second time", "[message_view]") {
  for (std::size_t i = 1; i < header_id_count; ++i) {
    const auto id = static_cast<header_id>(i);
    const std::string name(name_of(id));
    CAPTURE(name);
    const std::string text = "SIP/2.0 200 OK\r\n" + name + ": 0\r\nFoo: x\r\n" + name + ": 0\r\n\r\n";
    const parse_error error = parse_error_of(text);
    if (is_single(id)) {
      CHECK(error == parse_error{errc::duplicate_header, offset_in(text, "Foo") + 8});
    } else {
      CHECK(error.code == errc{});
    }
  }
  CHECK(parse_error_of("SIP/2.0 200 OK\r\nFoo: 0\r\nFoo: 0\r\n\r\n").code == errc{});
  CHECK(parse_error_of("SIP/2.0 200 OK\r\nt: <sip:a>\r\nTo: <sip:a>\r\n\r\n") ==
        parse_error{errc::duplicate_header, 28});
}

TEST_CASE("what could be read of a refused message is there for its answer", "[message_view]") {
  const std::string text = "OPTIONS sip:a  SIP/2.0\r\nBro ken: x\r\n" + std::string(plain_lines) +
                           "Call-ID: again\r\nContent-Length: 9\r\n\r\nbody";
  message_view view;
  const auto parsed = view.parse(text);
  REQUIRE(parsed.has_error());
  CHECK(parsed.error() == parse_error{errc::bad_start_line, 14});
  CHECK(view.is_request());
  CHECK(view.method() == method::options);
  CHECK(view.header_count() == 8);
  CHECK(view.get<cseq_header>()->number == 7);
  CHECK(view.value_of(header_id::call_id) == "1@192.0.2.1");
  CHECK(view.body() == "body");
}

TEST_CASE("CSeq numbers end below 2^31", "[message_view]") {
  const auto cseq = [](std::string_view value) {
    message_view view;
    const std::string text = "SIP/2.0 200 OK\r\nCSeq: " + std::string(value) + "\r\n\r\n";
    REQUIRE(view.parse(text));
    const auto read = view.get<cseq_header>();
    return read ? parse_error{} : read.error();
  };
  CHECK(cseq("2147483647 INVITE").code == errc{});
  CHECK(cseq("2147483648 INVITE") == parse_error{errc::number_overflow, 22});
  CHECK(cseq("36893488147419103232 REGISTER") == parse_error{errc::number_overflow, 22});
}

TEST_CASE("limits hold at their very value", "[message_view]") {
  limits limits;
  const std::string text = request_with("Content-Length: 10\r\n", "0123456789");
  const std::size_t headers = offset_in(text, "\r\n\r\n") + 2;

  SECTION("bytes of a message") {
    limits.message_bytes = text.size() + 1;
    CHECK(parse_error_of(text, limits).code == errc{});
    limits.message_bytes = text.size();
    CHECK(parse_error_of(text, limits).code == errc{});
    limits.message_bytes = text.size() - 1;
    CHECK(parse_error_of(text, limits) ==
          parse_error{errc::message_too_large, static_cast<std::uint32_t>(text.size() - 1)});
    limits.message_bytes = 10;
    message_view view;
    CHECK(view.parse(text, limits).error() == parse_error{errc::message_too_large, 10});
    CHECK(view.value_of(header_id::call_id) == "1@192.0.2.1");
    limits.message_bytes = 9;  // Content-Length too
    CHECK(view.parse(text, limits).error() == parse_error{errc::message_too_large, 9});
  }
  SECTION("bytes of the headers") {
    limits.header_bytes = headers + 1;
    CHECK(parse_error_of(text, limits).code == errc{});
    limits.header_bytes = headers;
    CHECK(parse_error_of(text, limits).code == errc{});
    limits.header_bytes = headers - 1;
    const parse_error last{errc::headers_too_large, static_cast<std::uint32_t>(headers - 1)};
    CHECK(parse_error_of(text, limits) == last);
    limits.header_bytes = plain_start.size();
    const parse_error first{errc::headers_too_large, static_cast<std::uint32_t>(plain_start.size())};
    CHECK(parse_error_of(text, limits) == first);
    CHECK(parse_error_of("\r\n" + text, limits) == parse_error{first.code, first.offset + 2});
  }
  SECTION("bytes of the body") {
    limits.body_bytes = 11;
    CHECK(parse_error_of(text, limits).code == errc{});
    limits.body_bytes = 10;
    CHECK(parse_error_of(text, limits).code == errc{});
    limits.body_bytes = 9;
    const parse_error error{errc::body_too_large, static_cast<std::uint32_t>(text.size() - 1)};
    CHECK(parse_error_of(text, limits) == error);
    // Without Content-Length as well.
    CHECK(parse_error_of(request_with("", "0123456789"), limits).code == errc::body_too_large);
  }
  SECTION("parameters of a value and of a URI, however it is read") {
    const std::string some =
        request_with("Contact: <sip:a@b.example;x;y>;z\r\nIdentity: abc;x;y\r\nRoute: <sip:c%41@d;x;y>\r\n");
    for (const std::uint16_t most : {std::uint16_t{2}, std::uint16_t{1}}) {
      limits.parameters = most;
      message_view view;
      REQUIRE(view.parse(some, limits));
      const message_view copy = view;
      const auto fits = [most](const auto& read) {
        return most == 2 ? read.has_value() : read.error().code == errc::too_many_parameters;
      };
      CHECK(fits(copy.get<contact_header>()));
      CHECK(fits(copy.get<identity_header>()));
      CHECK(fits(copy.for_each<route_header>([](const route_header&) {})));
      message_reader reader(copy);
      std::size_t room = 1;
      const auto ignore = [](const contact_header&) {};
      CHECK(fits(reader.for_each_at<contact_header>(copy.find(header_id::contact), room, ignore)));
    }
  }
  SECTION("header lines") {
    limits.header_lines = 8;
    CHECK(parse_error_of(text, limits).code == errc{});
    limits.header_lines = 7;
    CHECK(parse_error_of(text, limits).code == errc{});
    limits.header_lines = 6;
    CHECK(parse_error_of(text, limits) ==
          parse_error{errc::too_many_headers, offset_in(text, "Content-Length")});
  }
  SECTION("header lines, as many as the table has") {
    std::string lines;
    for (std::size_t i = 6; i < max_header_lines; ++i) lines += "Foo: 1\r\n";
    CHECK(parse_error_of(request_with(lines)).code == errc{});
    const std::string more = request_with(lines + "Last: 1\r\n");
    CHECK(parse_error_of(more) == parse_error{errc::too_many_headers, offset_in(more, "Last")});
    limits.header_lines = 1000;
    CHECK(parse_error_of(more, limits).code == errc::too_many_headers);
  }
  SECTION("values of a list, over all its lines") {
    const std::string list = request_with("Route: <sip:a>, <sip:b>\r\nRoute: <sip:c>\r\n");
    message_view view;
    const auto walk = [&](std::uint16_t values) {
      limits.values = values;
      REQUIRE(view.parse(list, limits));
      const auto walked = view.for_each<route_header>([](const route_header&) {});
      return walked ? parse_error{} : walked.error();
    };
    CHECK(walk(4).code == errc{});
    CHECK(walk(3).code == errc{});
    CHECK(walk(2) == parse_error{errc::too_many_values, offset_in(list, "<sip:c>")});
    CHECK(walk(1) == parse_error{errc::too_many_values, offset_in(list, "<sip:b>")});
    CHECK(view.max_values() == 1);
    CHECK(status_for(errc::too_many_values) == 400);
  }
  CHECK(status_for(errc::message_too_large) == 513);
  CHECK(status_for(errc::headers_too_large) == 513);
  CHECK(status_for(errc::body_too_large) == 513);
}
