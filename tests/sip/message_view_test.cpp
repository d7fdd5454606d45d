#include <parley/sip/message_view.hpp>
#include <parley/sip/name_addr.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>

#include "support/catch.hpp"
#include "support/sip_text.hpp"

#include <string>
#include <type_traits>
#include <vector>

using namespace parley::sip;
using parley::test::offset_in;
using parley::test::parse_error_of;
using parley::test::plain_lines;
using parley::test::plain_start;
using parley::test::request_with;

namespace {

template <class Text>
concept can_parse = requires(message_view view, Text text) { view.parse(static_cast<Text&&>(text)); };

template <class Header, class Project>
std::vector<std::string> all(const message_view& view, Project project) {
  std::vector<std::string> out;
  REQUIRE(view.for_each<Header>([&](const Header& value) { out.emplace_back(project(value)); }));
  return out;
}

}  // namespace

// A string that dies at the end of the statement can't be viewed.
static_assert(!can_parse<std::string>);
static_assert(can_parse<std::string&>);
static_assert(can_parse<std::string_view>);

TEST_CASE("a request is taken apart in place", "[message_view]") {
  const std::string text = request_with("Content-Type: text/plain\r\nContent-Length: 5\r\n", "hello");
  message_view view;
  REQUIRE(view.parse(text));
  CHECK(view.is_request());
  CHECK_FALSE(view.is_response());
  CHECK(view.method() == method::options);
  CHECK(view.method_name() == "OPTIONS");
  CHECK(view.request_uri() == "sip:bob@example.com");
  CHECK(view.status() == 0);
  CHECK(view.reason_phrase().empty());
  REQUIRE(view.header_count() == 8);
  CHECK(view.header(0).id == header_id::via);
  CHECK(view.header(0).name == "Via");
  CHECK(view.header(0).value == "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1");
  CHECK(view.id(5) == header_id::cseq);
  CHECK(view.value(5) == "7 OPTIONS");
  CHECK(view.body() == "hello");
  CHECK(view.text() == text);

  CHECK(view.start_offset() == 0);
  CHECK(view.first_line_offset() == plain_start.size());
  CHECK(view.line_offset(0) == plain_start.size());
  CHECK(view.line_offset(1) == offset_in(text, "Max-Forwards"));
  CHECK(view.value_offset(1) == offset_in(text, "70"));
  CHECK(view.line_offset(8) == view.headers_end());
  CHECK(view.headers_end() == offset_in(text, "\r\n\r\n") + 2);
  CHECK(view.body_offset() == offset_in(text, "hello"));
  CHECK(view.offset_of(view.value(4)) == offset_in(text, "1@192.0.2.1"));
}

TEST_CASE("a response is taken apart in place", "[message_view]") {
  const std::string text = "SIP/2.0 180 Ringing\tout loud\r\n" + std::string(plain_lines) + "\r\n";
  message_view view;
  REQUIRE(view.parse(text));
  CHECK(view.is_response());
  CHECK(view.status() == 180);
  CHECK(view.reason_phrase() == "Ringing\tout loud");
  CHECK(view.method() == method::unknown);
  CHECK(view.method_name().empty());
  CHECK(view.request_uri().empty());

  SECTION("the reason phrase may be empty, and its space forgotten") {
    REQUIRE(view.parse(std::string_view("SIP/2.0 100 \r\n\r\n")));
    CHECK(view.reason_phrase().empty());
    REQUIRE(view.parse(std::string_view("sip/2.0 699\n\n")));
    CHECK(view.status() == 699);
    CHECK(view.reason_phrase().empty());
  }
}

TEST_CASE("a view may be used again and copied", "[message_view]") {
  const std::string first = request_with("Subject: one\r\nX-Own: 1\r\n");
  message_view view;
  CHECK(view.header_count() == 0);
  CHECK(view.find(header_id::via) == message_view::npos);
  REQUIRE(view.parse(first));
  const message_view copy = view;
  REQUIRE(view.parse(std::string_view("SIP/2.0 200 OK\r\nCSeq: 1 BYE\r\n\r\n")));
  CHECK(view.header_count() == 1);
  CHECK_FALSE(view.has(header_id::via));
  CHECK_FALSE(view.has(header_id::unknown));
  CHECK(copy.header_count() == 8);
  CHECK(copy.value_of(header_id::subject) == "one");
  view = copy;
  CHECK(view.method() == method::options);
  CHECK(view.value_of(header_id::subject) == "one");
  const message_view& self = view;
  view = self;
  CHECK(view.header_count() == 8);
}

TEST_CASE("names are known in full, compact and in any case", "[message_view]") {
  const std::string_view text =
      "INVITE sip:a@b SIP/2.0\r\n"
      "v: SIP/2.0/UDP a\r\nF: <sip:a@b>\r\nt: <sip:a@b>\r\nI: 1\r\nCSEQ: 1 INVITE\r\nM: <sip:c@d>\r\n"
      "c: text/plain\r\nE: gzip\r\nK: timer\r\ns: x\r\nx-own: 1\r\npROXY-authENTICATION-info: "
      "nextnonce=\"1\"\r\n"
      "L: 2\r\n\r\nab";
  message_view view;
  REQUIRE(view.parse(text));
  const header_id expected[] = {header_id::via,
                                header_id::from,
                                header_id::to,
                                header_id::call_id,
                                header_id::cseq,
                                header_id::contact,
                                header_id::content_type,
                                header_id::content_encoding,
                                header_id::supported,
                                header_id::subject,
                                header_id::unknown,
                                header_id::proxy_authentication_info,
                                header_id::content_length};
  REQUIRE(view.header_count() == std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    CAPTURE(i);
    CHECK(view.id(i) == expected[i]);
    CHECK(view.find(expected[i]) == i);
  }
  CHECK(view.body() == "ab");
  CHECK(view.find("X-OWN") == 10);
  CHECK(view.find("Via") == 0);
  CHECK(view.find("v") == 0);
  CHECK(view.find("X-Other") == message_view::npos);
  CHECK(view.find("Route") == message_view::npos);
}

TEST_CASE("every known header is recognised wherever it stands", "[message_view]") {
  for (std::size_t i = 1; i < header_id_count; ++i) {
    const auto id = static_cast<header_id>(i);
    for (const std::string_view behind : {"", "X-Filler: some text that makes the message longer\r\n"}) {
      std::string name(name_of(id));
      CAPTURE(name);
      const std::string text = "SIP/2.0 200 OK\r\n" + name + ":0\r\n" + std::string(behind) + "\r\n";
      message_view view;
      REQUIRE(view.parse(text));
      CHECK(view.id(0) == id);
      CHECK(view.value(0) == "0");
      name.back() = 'z';
      const std::string other = "SIP/2.0 200 OK\r\n" + name + ":0\r\n" + std::string(behind) + "\r\n";
      REQUIRE(view.parse(other));
      CHECK(view.id(0) == header_id_of(name));
    }
  }
}

TEST_CASE("headers may be folded and oddly spaced", "[message_view]") {
  const std::string_view text =
      "INVITE sip:a@b SIP/2.0\r\n"
      "TO :\t <sip:vivekg@chair-dnrc.example.com>;\r\n"
      " \ttag    = 1918181833n \t \r\n"
      "Subject:\r\n"
      "\r\n";
  message_view view;
  REQUIRE(view.parse(text));
  REQUIRE(view.header_count() == 2);
  CHECK(view.header(0).name == "TO");
  CHECK(view.value(0) == "<sip:vivekg@chair-dnrc.example.com>;\r\n \ttag    = 1918181833n");
  CHECK(view.value(1).empty());
  CHECK(view.line_offset(1) == offset_in(text, "Subject"));
  const auto to = view.get<to_header>();
  REQUIRE(to);
  CHECK(to->tag == "1918181833n");

  SECTION("a value may begin in a folded line, and a folded line may be empty") {
    REQUIRE(view.parse(std::string_view("SIP/2.0 200 OK\nCSeq:\n 1\n \n\tBYE\n \nVia: SIP/2.0/UDP a\n\n")));
    REQUIRE(view.header_count() == 2);
    const auto cseq = view.get<cseq_header>();
    REQUIRE(cseq);
    CHECK(cseq->number == 1);
    CHECK(cseq->method == method::bye);
  }
  SECTION("a Content-Length too") {
    REQUIRE(view.parse(std::string_view("SIP/2.0 200 OK\r\nContent-Length \r\n")).has_error());
    REQUIRE(view.parse(std::string_view("SIP/2.0 200 OK\r\nContent-Length:\r\n  2\r\n\r\nabc")));
    CHECK(view.body() == "ab");
  }
}

TEST_CASE("lines may end with LF only", "[message_view]") {
  std::string text = request_with("l: 3\r\n", "a\r\nb");
  std::string::size_type at = 0;
  while ((at = text.find("\r\n", at)) < text.size() - 4) text.erase(at, 1);
  message_view view;
  REQUIRE(view.parse(text));
  CHECK(view.header_count() == 7);
  CHECK(view.value_of(header_id::call_id) == "1@192.0.2.1");
  CHECK(view.body() == "a\r\n");
}

TEST_CASE("empty lines before the start line are skipped", "[message_view]") {
  const std::string text = "\r\n\n\r\n" + request_with("");
  message_view view;
  REQUIRE(view.parse(text));
  CHECK(view.start_offset() == 5);
  CHECK(view.first_line_offset() == 5 + plain_start.size());
  CHECK(view.text() == std::string_view(text).substr(5));
  CHECK(view.offset_of(view.method_name()) == 5);
}

TEST_CASE("the body is what Content-Length says, or all that is left", "[message_view]") {
  message_view view;
  const std::string without = request_with("", "v=0\r\n");
  REQUIRE(view.parse(without));
  CHECK(view.body() == "v=0\r\n");
  const std::string shorter = request_with("Content-Length: 3\r\n", "v=0\r\nINVITE sip:x SIP/2.0\r\n\r\n");
  REQUIRE(view.parse(shorter));
  CHECK(view.body() == "v=0");
  CHECK(view.text().size() == shorter.size() - 26);
  const std::string zeros = request_with("Content-Length: 0000000003 \r\n", "abc");
  REQUIRE(view.parse(zeros));
  CHECK(view.body() == "abc");

  SECTION("whatever bytes it has, in whatever order") {
    const std::string body("a=x\r\nv=0\0\r\x01\n\r\n", 14);
    const std::string text = request_with("Content-Length: 14\r\n", body);
    REQUIRE(view.parse(text));
    CHECK(view.body() == body);
  }
}

TEST_CASE("what peers get wrong without harm is taken", "[message_view]") {
  message_view view;
  SECTION("Cseq") {
    REQUIRE(view.parse(std::string_view("SIP/2.0 200 OK\r\nCseq: 4 BYE\r\n\r\n")));
    CHECK(view.get<cseq_header>()->number == 4);
  }
  SECTION("no space before the angle bracket") {
    REQUIRE(view.parse(std::string_view("SIP/2.0 200 OK\r\nFrom:name<sip:a@b>;tag=1\r\n\r\n")));
    const auto from = view.get<from_header>();
    REQUIRE(from);
    CHECK(from->display_name == "name");
    CHECK(from->tag == "1");
  }
  SECTION("a Via without branch") {
    REQUIRE(view.parse(std::string_view("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a\r\n\r\n")));
    CHECK(view.get<via_header>()->branch.empty());
  }
  SECTION("bytes that are no UTF-8") {
    REQUIRE(view.parse(std::string_view("SIP/2.0 200 \xc3\x28\xff\r\nSubject: \xff\x80\x7f\r\n\r\n")));
    CHECK(view.value(0) == "\xff\x80\x7f");
  }
  SECTION("another order of the headers") {
    REQUIRE(
        view.parse(std::string_view("SIP/2.0 200 OK\r\nl: 0\r\nto: <sip:a@b>\r\nv: SIP/2.0/UDP a\r\n\r\n")));
    CHECK(view.find(header_id::via) == 2);
  }
}

TEST_CASE("a backslash in quotes or a comment lets a control character stand", "[message_view]") {
  using namespace std::string_view_literals;
  const auto with = [](std::string_view line) { return request_with(std::string(line) + "\r\n"); };
  CHECK(parse_error_of(with("Subject: \"NUL:\\\0 BEL:\\\x07 DEL:\\\x7f\" x"sv)).code == errc{});
  CHECK(parse_error_of(with("User-Agent: a (b (c \\\x01) \\) \\\x02 \" ) d"sv)).code == errc{});
  CHECK(parse_error_of(with("Subject: \"\\\"\\\\\\\0\""sv)).code == errc{});
  CHECK(parse_error_of(with("Subject: a\tb"sv)).code == errc{});

  const auto refused = [&](std::string_view line, errc code, std::string_view at) {
    const std::string text = with(line);
    CAPTURE(line);
    CHECK(parse_error_of(text) == parse_error{code, offset_in(text, at)});
  };
  refused("Subject: \\\0"sv, errc::nul_in_message, "\0"sv);
  refused("Subject: \"a\" \\\x01"sv, errc::control_in_message, "\x01"sv);
  refused("Subject: \"\\\\\0\""sv, errc::nul_in_message, "\0"sv);
  refused("Subject: \"\\\"\" \\\0"sv, errc::nul_in_message, "\0"sv);
  refused("Subject: \"(\" \\\0"sv, errc::nul_in_message, "\0"sv);
  refused("User-Agent: (a) \\\0"sv, errc::nul_in_message, "\0"sv);
  refused("Subject: \"\\\ra\""sv, errc::bare_cr, "\ra"sv);
}

TEST_CASE("a typed header is read when it is asked for", "[message_view]") {
  const std::string text = request_with(
      "Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\nSubject: x\r\nRoute: "
      "<sip:p3.example.com>\r\n");
  message_view view;
  REQUIRE(view.parse(text));
  for (int twice = 0; twice < 2; ++twice) {
    const auto via = view.get<via_header>();
    REQUIRE(via);
    CHECK(via->branch == "z9hG4bKa1");
    CHECK(view.get<route_header>()->uri.host == "p1.example.com");
    const auto host = [](const route_header& route) { return route.uri.host; };
    CHECK(all<route_header>(view, host) ==
          std::vector<std::string>{"p1.example.com", "p2.example.com", "p3.example.com"});
  }
  CHECK(view.find_after(header_id::route, view.find(header_id::route)) == 8);
  CHECK(view.find_after(header_id::route, 8) == message_view::npos);

  SECTION("a walk stops where the function says so") {
    int seen = 0;
    REQUIRE(view.for_each<route_header>([&](const route_header&) { return ++seen < 2; }));
    CHECK(seen == 2);
    REQUIRE(view.for_each<record_route_header>([&](const record_route_header&) { return ++seen < 9; }));
    CHECK(seen == 2);
  }
  SECTION("the lines may be walked one by one, within a limit") {
    std::size_t room = 3;
    int seen = 0;
    const auto count = [&](const route_header&) { ++seen; };
    REQUIRE(view.for_each_at<route_header>(6, room, count));
    CHECK(room == 1);
    REQUIRE(view.for_each_at<route_header>(8, room, count));
    CHECK(room == 0);
    CHECK(seen == 3);
    const auto none = view.for_each_at<route_header>(8, room, count);
    REQUIRE(none.has_error());
    CHECK(none.error() ==
          parse_error{errc::too_many_values, static_cast<std::uint32_t>(view.value_offset(8))});
  }
}

TEST_CASE("a typed header that can't be read says where in the message", "[message_view]") {
  const std::string text =
      request_with("Route: <sip:p1>, <sip:p2\r\nExpires: soon\r\nDate: x\r\nReply-To: <sip:a>,<sip:b>\r\n");
  message_view view;
  REQUIRE(view.parse(text));
  for (int twice = 0; twice < 2; ++twice) {
    CHECK(view.get<expires_header>().error() == parse_error{errc::expected_number, offset_in(text, "soon")});
    CHECK(view.get<subject_header>().error() == parse_error{errc::missing_header, 0});
    CHECK(view.get<route_header>());
    int seen = 0;
    const auto walked = view.for_each<route_header>([&](const route_header&) { ++seen; });
    CHECK(seen == 1);
    REQUIRE(walked.has_error());
    CHECK(walked.error().code == errc::unbalanced_angle);
    CHECK(walked.error().offset >= offset_in(text, "<sip:p2"));
    // What is no list has one value, however it is asked for.
    const auto comma = parse_error{errc::trailing_text, offset_in(text, ",<sip:b>")};
    CHECK(view.get<reply_to_header>().error() == comma);
    CHECK(view.for_each<reply_to_header>([](const reply_to_header&) {}).error() == comma);
  }
}

TEST_CASE("an empty list has no first value", "[message_view]") {
  const std::string text = request_with("Supported:\r\nAllow: \r\nSupported: timer\r\n");
  message_view view;
  REQUIRE(view.parse(text));
  CHECK(view.get<allow_header>().error() == parse_error{errc::missing_header, 0});
  REQUIRE(view.for_each<allow_header>([](const allow_header&) { FAIL("there is none"); }));
  REQUIRE(view.get<supported_header>());
  CHECK(view.get<supported_header>()->value == "timer");
}
