#include <parley/sip/multipart.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/seeded_random.hpp"

#include <array>
#include <string>
#include <vector>

using namespace parley;
using namespace parley::sip;
using namespace std::string_literals;

namespace {

content_type_header mixed(std::string_view boundary) {
  content_type_header type;
  type.type = "multipart";
  type.subtype = "mixed";
  type.boundary = boundary;
  return type;
}

struct all_parts {
  std::vector<std::string> contents;
  parse_error error;
};

all_parts read_all(std::string_view body, std::string_view boundary = "b", const limits& limits = {}) {
  all_parts out;
  auto reader = multipart_reader::open(body, mixed(boundary), limits);
  if (!reader) {
    out.error = reader.error();
    return out;
  }
  body_part part;
  while (reader->next(part)) out.contents.emplace_back(part.content());
  out.error = reader->error();
  return out;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("the parts of a body are read in place", "[sip][multipart]") {
  const std::string body =
      "preamble, passed over\r\n"
      "--b\r\n"
      "Content-Type: application/sdp\r\n"
      "content-disposition :\r\n session;\r\n\thandling=optional \r\n"
      "Content-ID: <1@h>\r\n"
      "\r\n"
      "v=0\r\n"
      "\r\n"
      "--b  \t\r\n"
      "\r\n"
      "plain"
      "\r\n--b--\r\n"
      "epilogue\r\n--b\r\n, too";
  auto reader = multipart_reader::open(body, mixed("b"));
  REQUIRE(reader.has_value());
  body_part part;
  REQUIRE(reader->next(part));
  CHECK(part.content() == "v=0\r\n");
  REQUIRE(part.headers().size() == 3);
  CHECK(part.headers()[1].name == "content-disposition");
  CHECK(part.value_of(header_id::content_type) == "application/sdp");
  CHECK(part.value_of("content-id") == "<1@h>");
  CHECK(part.value_of("x").empty());
  const auto disposition = parse<content_disposition_header>(part.value_of(header_id::content_disposition));
  REQUIRE(disposition.has_value());
  CHECK(disposition->handling == content_handling::optional);
  const auto type = part.content_type();
  REQUIRE(type.has_value());
  CHECK(type->matches("application", "sdp"));
  CHECK(part.content().data() > body.data());

  REQUIRE(reader->next(part));
  CHECK(part.headers().empty());
  CHECK(part.content() == "plain");
  const auto plain = part.content_type();
  REQUIRE(plain.has_value());
  CHECK(plain->matches("text", "plain"));
  CHECK_FALSE(reader->next(part));
  CHECK_FALSE(reader->failed());
  CHECK_FALSE(reader->next(part));
}

TEST_CASE("the edges of a multipart body", "[sip][multipart]") {
  const auto good = [](std::string_view body, const strings& contents) {
    CAPTURE(std::string(body));
    const all_parts read = read_all(body);
    CHECK(read.error == parse_error{});
    CHECK(read.contents == contents);
  };
  good("--b--", {});
  good("--b--\r\n", {});
  good("\r\n--b--", {});
  good("--b\r\n\r\nx\r\n--b--", {"x"});
  good("--b\n\nx\n--b--\n", {"x"});
  good("--b\r\n\r\nx\n--b--", {"x"});
  // Only the line end in front of the boundary is the boundary's.
  good("--b\r\n\r\nx\r\n\r\n--b--", {"x\r\n"});
  good("--b\r\n\r\n\r\n--b--", {""});
  good("--b\r\n\r\n--b--", {""});
  good("--b\r\n--b--", {""});
  good("--b\r\nA: 1\r\n--b--", {""});
  good("--b\r\nA: 1\r\n\r\n--b--", {""});
  good("--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--", {"1", "2"});
  // What merely begins as the boundary does is content.
  good("--b\r\n\r\n--bc\r\n--b-\r\n--b--c\r\n --b\r\nx--b\r\n--\r\n--b-- ",
       {"--bc\r\n--b-\r\n--b--c\r\n --b\r\nx--b\r\n--"});
  good("--bc\r\n--b\r\n\r\nx\r\n--b--", {"x"});

  const auto bad = [](std::string_view body, parse_error error, const strings& contents = {}) {
    CAPTURE(std::string(body));
    const all_parts read = read_all(body);
    CHECK(read.error == error);
    CHECK(read.contents == contents);
  };
  bad("", {errc::bad_multipart, 0});
  bad("text", {errc::bad_multipart, 4});
  bad("--b", {errc::bad_multipart, 3});
  bad("--b\r\n", {errc::bad_multipart, 5});
  bad("--b-", {errc::bad_multipart, 4});
  bad("--b\r\n\r\nx\r\n", {errc::bad_multipart, 10});
  bad("--b\r\n\r\nx\r\n--b", {errc::bad_multipart, 13}, {"x"});
  bad("--b\r\n\r\nx\r\n--b-", {errc::bad_multipart, 14});
  bad("--b\r\n\r\nx--b--", {errc::bad_multipart, 13});
  bad("--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n", {errc::bad_multipart, 20}, {"1"});
}

TEST_CASE("the headers of a part obey the rules of headers", "[sip][multipart]") {
  const auto bad = [](std::string_view headers, errc code, std::uint32_t offset) {
    CAPTURE(std::string(headers));
    const std::string body = "--b\r\n" + std::string(headers) + "\r\n\r\nx\r\n--b--";
    CHECK(read_all(body).error == parse_error{code, offset + 5});
  };
  bad("hello", errc::missing_colon, 0);
  bad("A: 1\r\nhello", errc::missing_colon, 6);
  bad(": 1", errc::bad_header_name, 0);
  bad("A B: 1", errc::bad_header_name, 0);
  bad(" A: 1", errc::bad_header_name, 0);
  bad("A: 1\0"s, errc::nul_in_message, 4);
  bad("A: 1\x01", errc::control_in_message, 4);
  bad("A: 1\r\nB: \x7f", errc::control_in_message, 9);

  std::string most;
  for (std::size_t i = 0; i < body_part::max_headers; ++i) most += "A: 1\r\n";
  CHECK(read_all("--b\r\n" + most + "\r\n\r\n--b--").error == parse_error{});
  CHECK(read_all("--b\r\n" + most + "A: 1\r\n\r\n--b--").error ==
        parse_error{errc::too_many_headers, 5 + 16 * 6});

  limits few;
  few.header_bytes = 6;
  CHECK(read_all("--b\r\nA: 1\r\n\r\n--b--", "b", few).error == parse_error{});
  CHECK(read_all("--b\r\nA: 12\r\n\r\n--b--", "b", few).error == parse_error{errc::headers_too_large, 5});
}

TEST_CASE("a body may hold any bytes", "[sip][multipart]") {
  std::string bytes;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
    bytes += "\r\n--\r\n\n\r--b\0--b"s;
  }
  const std::string body = "--b\r\nContent-Type: application/octet-stream\r\n\r\n" + bytes + "\r\n--b--\r\n";
  const all_parts read = read_all(body);
  CHECK(read.error == parse_error{});
  REQUIRE(read.contents.size() == 1);
  CHECK(read.contents[0] == bytes);
}

TEST_CASE("the boundary must be there and be one", "[sip][multipart]") {
  CHECK(read_all("--b--", "").error == parse_error{errc::missing_boundary, 0});
  CHECK(read_all("--b--", "b ").error == parse_error{errc::bad_parameter, 0});
  CHECK(read_all("--b--", "b\\\"").error == parse_error{errc::bad_parameter, 0});
  CHECK(read_all("--b--", "b\r\n").error == parse_error{errc::bad_parameter, 0});
  const std::string longest(70, 'x');
  CHECK(read_all("--" + longest + "--", longest).error == parse_error{});
  CHECK(read_all("--" + longest + "x--", longest + "x").error == parse_error{errc::bad_parameter, 0});
  CHECK(read_all("--a b--", "a b").error == parse_error{});
}

TEST_CASE("limits bound the work on a body", "[sip][multipart]") {
  limits small;
  small.body_parts = 2;
  small.body_bytes = 64;
  const std::string two = "--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b";
  CHECK(read_all(two + "--", "b", small).error == parse_error{});
  CHECK(read_all(two + "\r\n\r\n3\r\n--b--", "b", small).error == parse_error{errc::too_many_parts, 25});
  CHECK(read_all(two + "--" + std::string(64 - two.size() - 2, '\n'), "b", small).error == parse_error{});
  CHECK(read_all(two + "--" + std::string(64 - two.size() - 1, '\n'), "b", small).error ==
        parse_error{errc::body_too_large, 0});
  small.body_depth = 0;
  CHECK(read_all("--b--", "b", small).error == parse_error{errc::too_deep, 0});
}

TEST_CASE("bodies stand in bodies", "[sip][multipart]") {
  const std::string body =
      "--b\r\nContent-Type: multipart/alternative;boundary=\"b b\"\r\n\r\n"
      "--b b\r\nContent-Type: text/x\r\n\r\ninner 1\r\n--b b\r\n\r\ninner 2\r\n--b b--\r\n"
      "\r\n--b\r\nContent-Type: text/y\r\n\r\nouter\r\n--b--\r\n";
  std::string seen;
  const auto note = [&seen](const body_part& part, const content_type_header& type, std::size_t depth) {
    seen += std::to_string(depth) + std::string(type.subtype);
    if (!type.is_multipart()) seen += "=" + std::string(part.content());
    seen += ";";
    return true;
  };
  REQUIRE(for_each_part(body, mixed("b"), note).has_value());
  CHECK(seen == "1alternative;2x=inner 1;2plain=inner 2;1y=outer;");

  // Stopping inside stops outside.
  seen.clear();
  const auto until_inner = [&](const body_part& part, const content_type_header& type, std::size_t depth) {
    note(part, type, depth);
    return depth == 1;
  };
  REQUIRE(for_each_part(body, mixed("b"), until_inner).has_value());
  CHECK(seen == "1alternative;2x=inner 1;");

  limits flat;
  flat.body_depth = 1;
  const auto deep = for_each_part(body, mixed("b"), note, flat);
  REQUIRE_FALSE(deep.has_value());
  CHECK(deep.error() == parse_error{errc::too_deep, 59});
  REQUIRE(body.substr(59, 5) == "--b b");
}

TEST_CASE("errors inside have their place in the outermost body", "[sip][multipart]") {
  const auto ignore = [](const body_part&, const content_type_header&, std::size_t) { return true; };
  const auto error_in = [&](std::string_view body) {
    const auto read = for_each_part(body, mixed("b"), ignore);
    return read ? parse_error{} : read.error();
  };
  const std::string open = "--b\r\nContent-Type: multipart/x;boundary=c\r\n\r\n";
  CHECK(error_in(open + "--c\r\nbad\r\n\r\n--c--\r\n--b--") ==
        parse_error{errc::missing_colon, static_cast<std::uint32_t>(open.size()) + 5});
  CHECK(error_in(open + "--c\r\n\r\nx\r\n--b--") ==
        parse_error{errc::bad_multipart, static_cast<std::uint32_t>(open.size()) + 8});
  CHECK(error_in("--b\r\nContent-Type: multipart/x\r\n\r\nx\r\n--b--") ==
        parse_error{errc::missing_boundary, 34});
  CHECK(error_in("--b\r\nContent-Type: text\r\n\r\nx\r\n--b--") == parse_error{errc::expected_slash, 23});
  CHECK(error_in("--b\r\nContent-Type:\r\n\r\nx\r\n--b--").code == errc::expected_token);
}

TEST_CASE("what the writer builds is read back", "[sip][multipart]") {
  test::seeded_random random(7);
  const std::string boundary = make_boundary(random);
  CHECK(boundary.size() == 39);
  CHECK(make_boundary(random) != boundary);

  std::string inner;
  multipart_writer inner_writer(inner, "inner");
  REQUIRE(inner_writer.add({}, "one\r\n").has_value());
  inner_writer.finish();

  std::string body;
  multipart_writer writer(body, boundary);
  const std::string inner_type = inner_writer.content_type("alternative");
  const std::array nested{part_header{header_id::content_type, "Content-Type", inner_type}};
  const std::array binary{part_header{header_id::content_type, "Content-Type", "application/octet-stream"},
                          part_header{header_id::unknown, "Content-ID", "<1@h>"}};
  REQUIRE(writer.add(nested, inner).has_value());
  REQUIRE(writer.add(binary, "\0\r\n--"s).has_value());
  writer.finish();

  const std::string type_text = writer.content_type("mixed");
  const auto type = parse<content_type_header>(type_text);
  REQUIRE(type.has_value());
  strings contents;
  const auto walked =
      for_each_part(body, *type, [&](const body_part& part, const content_type_header&, std::size_t) {
        contents.emplace_back(part.content());
        return true;
      });
  REQUIRE(walked.has_value());
  CHECK(contents == strings{inner, "one\r\n", "\0\r\n--"s});
}

TEST_CASE("the writer lets nothing break out of its part", "[sip][multipart]") {
  std::string body;
  multipart_writer writer(body, "b");
  const auto error_for = [&](std::string_view name, std::string_view value, std::string_view content) {
    const std::array headers{part_header{header_id::unknown, name, value}};
    const auto added = writer.add(headers, content);
    return added ? parse_error{} : added.error();
  };
  CHECK(error_for("A B", "1", "") == parse_error{errc::bad_header_name, 0});
  CHECK(error_for("", "1", "") == parse_error{errc::bad_header_name, 0});
  CHECK(error_for("A", "1\r\nB: 2", "") == parse_error{errc::control_in_message, 0});
  CHECK(error_for("A", "1", "--b--") == parse_error{errc::bad_multipart, 0});
  CHECK(error_for("A", "1", "x\n--bc") == parse_error{errc::bad_multipart, 2});
  CHECK(body.empty());
  CHECK(error_for("A", "1", "x--b") == parse_error{});
}
