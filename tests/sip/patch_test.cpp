#include <parley/sip/name_addr.hpp>
#include <parley/sip/patch.hpp>
#include <parley/sip/simple.hpp>
#include <parley/sip/via.hpp>

#include "support/catch.hpp"
#include "support/sip_text.hpp"

#include <array>
#include <string>
#include <vector>

using namespace parley::sip;
using parley::test::plain_lines;
using parley::test::plain_start;
using parley::test::request_with;

namespace {

std::string written(const patch& edit) {
  REQUIRE(edit.status());
  std::vector<std::byte> memory(edit.size() + 1, std::byte{0xee});
  CHECK(edit.write(std::span(memory).first(edit.size() - 1)) == 0);
  REQUIRE(edit.write(memory) == edit.size());
  CHECK(memory.back() == std::byte{0xee});
  std::string out(reinterpret_cast<const char*>(memory.data()), edit.size());
  message_view again;
  CHECK(again.parse(out));
  return out;
}

bool failed(const patch& edit, errc code) {
  std::array<std::byte, 4096> memory{};
  CHECK(edit.write(memory) == 0);
  return edit.status().has_error() && edit.status().error() == parse_error{code, 0};
}

/// A text and the view over it.
struct received {
  explicit received(std::string whole) : text(std::move(whole)) { REQUIRE(view.parse(text)); }
  received(const received&) = delete;
  received& operator=(const received&) = delete;

  std::string text;
  message_view view;
};

std::string whole(std::string_view lines) { return request_with(lines); }

}  // namespace

TEST_CASE("a message without edits is written as it came", "[patch]") {
  const received request("\r\n" + request_with("x : y\r\n  z\nl:2\r\n", "hi, and what follows the body"));
  const patch edit(request.view);
  CHECK(edit.size() == request.view.text().size());
  CHECK(written(edit) == request.view.text());
}

TEST_CASE("each kind of edit leaves all other bytes alone", "[patch]") {
  const received request(request_with("Foo:  a\r\n\tb\r\nBar: c\r\n", "body"));
  patch edit(request.view);
  SECTION("the Request-URI") {
    edit.set_request_uri("sip:carol@example.net;lr");
    CHECK(written(edit) ==
          "OPTIONS sip:carol@example.net;lr SIP/2.0\r\n" + request.text.substr(plain_start.size()));
  }
  SECTION("a line before all others") {
    edit.add_first(header_id::via, {"SIP/2.0/UDP x", ";branch=", "z9hG4bK2"});
    CHECK(written(edit) == std::string(plain_start) + "Via: SIP/2.0/UDP x;branch=z9hG4bK2\r\n" +
                               request.text.substr(plain_start.size()));
  }
  SECTION("a line before another") {
    edit.add_before(7, header_id::subject, {"s"});
    CHECK(written(edit) == request_with("Foo:  a\r\n\tb\r\nSubject: s\r\nBar: c\r\n", "body"));
  }
  SECTION("a line behind all others") {
    edit.add_last(header_id::subject, {});
    CHECK(written(edit) == request_with("Foo:  a\r\n\tb\r\nBar: c\r\nSubject: \r\n", "body"));
    patch other(request.view);
    other.add_before(99, header_id::subject, {"s"});
    CHECK(written(other) == request_with("Foo:  a\r\n\tb\r\nBar: c\r\nSubject: s\r\n", "body"));
  }
  SECTION("a value") {
    edit.set_value(6, "new");
    CHECK(written(edit) == request_with("Foo:  new\r\nBar: c\r\n", "body"));
  }
  SECTION("a part of a value, and an insertion") {
    edit.replace(request.view.value(6).substr(0, 1), {"1", "", "2"});
    edit.replace(request.view.value(7).substr(1), {"d"});
    CHECK(written(edit) == request_with("Foo:  12\r\n\tb\r\nBar: cd\r\n", "body"));
  }
  SECTION("a whole line, folded parts included") {
    edit.remove_line(6);
    CHECK(written(edit) == request_with("Bar: c\r\n", "body"));
  }
  SECTION("the body with its length") {
    edit.set_body("other", "text/plain");
    CHECK(written(edit) ==
          request_with("Foo:  a\r\n\tb\r\nBar: c\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n",
                       "other"));
  }
  SECTION("all at once, in any order") {
    edit.replace(request.view.body(), {"BODY"});
    edit.remove_line(7);
    edit.set_value(6, "x");
    edit.add_first(header_id::via, {"v"});
    edit.set_request_uri("sip:u");
    CHECK(written(edit) ==
          "OPTIONS sip:u SIP/2.0\r\nVia: v\r\n" + std::string(plain_lines) + "Foo:  x\r\n\r\nBODY");
  }
}

TEST_CASE("edits at one place are written in the order of the calls", "[patch]") {
  const received request(whole("Foo: a\r\n"));
  SECTION("insertions") {
    patch edit(request.view);
    edit.add_last(header_id::subject, {"1"});
    edit.add_last(header_id::subject, {"2"});
    edit.add_first(header_id::via, {"1"});
    edit.add_last(header_id::subject, {"3"});
    edit.add_first(header_id::via, {"2"});
    REQUIRE(edit.status());
    std::string out(edit.size(), ' ');
    REQUIRE(edit.write(std::as_writable_bytes(std::span(out))) == out.size());
    CHECK(out == std::string(plain_start) + "Via: 1\r\nVia: 2\r\n" + std::string(plain_lines) +
                     "Foo: a\r\nSubject: 1\r\nSubject: 2\r\nSubject: 3\r\n\r\n");
  }
  SECTION("insertions come before what is taken out at their place, whichever was first") {
    for (const bool first : {false, true}) {
      patch edit(request.view);
      if (first) edit.remove_line(6);
      edit.add_before(6, header_id::subject, {"s"});
      if (!first) edit.remove_line(6);
      edit.add_before(7, header_id::priority, {"p"});
      CHECK(written(edit) == whole("Subject: s\r\nPriority: p\r\n"));
    }
  }
}

TEST_CASE("an edit of what another has changed is refused", "[patch]") {
  const received request(whole("Foo: abc\r\nBar: d\r\n"));
  const std::string_view foo = request.view.value(6);
  patch edit(request.view);
  SECTION("the same value twice") {
    edit.set_value(6, "x");
    edit.set_value(6, "y");
    CHECK(failed(edit, errc::bad_edit));
  }
  SECTION("a line and its value") {
    edit.set_value(6, "x");
    edit.remove_line(6);
    CHECK(failed(edit, errc::bad_edit));
  }
  SECTION("a value of a line that is gone") {
    edit.remove_line(6);
    edit.set_value(6, "x");
    CHECK(failed(edit, errc::bad_edit));
  }
  SECTION("the same line twice") {
    edit.remove_line(6);
    edit.remove_line(6);
    CHECK(failed(edit, errc::bad_edit));
  }
  SECTION("parts that overlap") {
    edit.replace(foo.substr(0, 2), {"x"});
    edit.replace(foo.substr(1, 2), {"y"});
    CHECK(failed(edit, errc::bad_edit));
  }
  SECTION("an insertion into what is gone") {
    edit.remove_line(6);
    edit.replace(foo.substr(1, 0), {"x"});
    CHECK(failed(edit, errc::bad_edit));
  }
  SECTION("taking out where something was inserted") {
    edit.replace(foo.substr(1, 0), {"x"});
    edit.remove_line(6);
    CHECK(failed(edit, errc::bad_edit));
  }
  SECTION("but neighbours may be changed") {
    edit.replace(foo.substr(0, 1), {"x"});
    edit.replace(foo.substr(1, 1), {"y"});
    edit.replace(foo.substr(1, 0), {"-"});
    edit.remove_line(7);
    CHECK(written(edit) == whole("Foo: x-yc\r\n"));
  }
}

TEST_CASE("an edit of what the message does not have is refused", "[patch]") {
  const received response("SIP/2.0 200 OK\r\nFoo: a\r\n\r\n");
  const std::string elsewhere = "elsewhere";
  patch edit(response.view);
  SECTION("a line") { edit.remove_line(1); }
  SECTION("a value") { edit.set_value(1, "x"); }
  SECTION("the Request-URI of a response") { edit.set_request_uri("sip:a"); }
  SECTION("another text") { edit.replace(elsewhere, {"x"}); }
  SECTION("a text that reaches beyond the end") {
    edit.replace({response.text.data() + response.text.size() - 1, 2}, {"x"});
  }
  SECTION("a header of that kind") { edit.remove_first<route_header>(); }
  CHECK(failed(edit, errc::bad_edit));

  // The first failure stays, and nothing is taken behind it.
  edit.add_last(header_id::subject, {"s"});
  CHECK(failed(edit, errc::bad_edit));
  CHECK(edit.size() == response.text.size());
}

TEST_CASE("the first values of a list are taken out", "[patch]") {
  const received request(whole(
      "Route: <sip:a;lr>, <sip:b> ,\r\n <sip:c>\r\nFoo: x\r\nRoute: <sip:d>\r\nroute:<sip:e>,<sip:f>\r\n"));
  const std::string foo = "Foo: x\r\n";
  const std::array<std::string, 7> expected{
      "Route: <sip:a;lr>, <sip:b> ,\r\n <sip:c>\r\nFoo: x\r\nRoute: <sip:d>\r\nroute:<sip:e>,<sip:f>\r\n",
      "Route: <sip:b> ,\r\n <sip:c>\r\nFoo: x\r\nRoute: <sip:d>\r\nroute:<sip:e>,<sip:f>\r\n",
      "Route: <sip:c>\r\nFoo: x\r\nRoute: <sip:d>\r\nroute:<sip:e>,<sip:f>\r\n",
      "Foo: x\r\nRoute: <sip:d>\r\nroute:<sip:e>,<sip:f>\r\n",
      "Foo: x\r\nroute:<sip:e>,<sip:f>\r\n",
      "Foo: x\r\nroute:<sip:f>\r\n",
      "Foo: x\r\n"};
  for (std::size_t count = 0; count < expected.size(); ++count) {
    patch edit(request.view);
    edit.remove_first<route_header>(count);
    CAPTURE(count);
    CHECK(written(edit) == whole(expected[count]));
  }
  patch more(request.view);
  more.remove_first<route_header>(7);
  CHECK(failed(more, errc::bad_edit));
  patch all(request.view);
  all.remove_all(header_id::route);
  CHECK(written(all) == whole(foo));

  SECTION("twice the first is a change of what is changed already") {
    patch twice(request.view);
    twice.remove_first<route_header>();
    twice.remove_first<route_header>();
    CHECK(failed(twice, errc::bad_edit));
  }
  SECTION("a value that can't be read stays") {
    const received broken(whole("Route: <sip:a>, <sip:b\r\n"));
    patch one(broken.view);
    one.remove_first<route_header>();
    CHECK(written(one) == whole("Route: <sip:b\r\n"));
    patch two(broken.view);
    two.remove_first<route_header>(2);
    CHECK(failed(two, errc::bad_edit));
    const received trailing(whole("Route: <sip:a> x\r\n"));
    patch odd(trailing.view);
    odd.remove_first<route_header>();
    CHECK(failed(odd, errc::bad_edit));
  }
  SECTION("what is no list has one value") {
    patch from(request.view);
    from.remove_first<from_header>();
    CHECK(written(from).find("From") == std::string::npos);
  }
}

TEST_CASE("the body is replaced with its headers", "[patch]") {
  const received request(request_with("Content-Type: a/b\r\nl: 4\r\nFoo: x\r\n", "body"));
  SECTION("the type is replaced") {
    patch edit(request.view);
    edit.set_body("new body", "c/d");
    CHECK(written(edit) == request_with("Foo: x\r\nContent-Type: c/d\r\nContent-Length: 8\r\n", "new body"));
  }
  SECTION("the type is left") {
    patch edit(request.view);
    edit.set_body("new", "");
    CHECK(written(edit) == request_with("Content-Type: a/b\r\nFoo: x\r\nContent-Length: 3\r\n", "new"));
  }
  SECTION("an empty body has no type") {
    patch edit(request.view);
    edit.set_body("", "c/d");
    CHECK(written(edit) == request_with("Foo: x\r\nContent-Length: 0\r\n"));
  }
  SECTION("once") {
    const received empty(whole(""));
    patch edit(empty.view);
    edit.set_body("a", "");
    edit.set_body("b", "");
    CHECK(failed(edit, errc::bad_edit));
  }
  SECTION("what followed the body stays out") {
    const received longer(request_with("l: 2\r\n", "body"));
    patch edit(longer.view);
    edit.set_body("x", "");
    CHECK(written(edit) == request_with("Content-Length: 1\r\n", "x"));
  }
}

TEST_CASE("texts are kept inside the patch", "[patch]") {
  const received request(whole(""));
  patch edit(request.view);
  std::string text = "z9hG4bK7";
  const std::string_view kept = edit.note(text);
  text = "overwritten";
  text_writer value(edit.scratch());
  value << "SIP/2.0/UDP " << 7;
  const std::string_view composed = edit.note_written(value);
  CHECK(composed == "SIP/2.0/UDP 7");
  CHECK(composed.data() == kept.data() + kept.size());
  edit.add_first(header_id::via, {composed, ";branch=", kept});
  CHECK(written(edit).find("Via: SIP/2.0/UDP 7;branch=z9hG4bK7\r\n") == plain_start.size());

  const std::size_t room = edit.scratch().size();
  CHECK(edit.note(std::string(room, 'n')).size() == room);
  CHECK(edit.status());
  CHECK(edit.scratch().empty());
  CHECK(edit.note("").empty());
  CHECK(edit.status());
  CHECK(edit.note("x").empty());
  CHECK(failed(edit, errc::no_space));
}

TEST_CASE("edits and pieces are bounded", "[patch]") {
  const received request(whole(""));
  patch edit(request.view);
  for (int i = 0; i < 24; ++i) edit.add_last(header_id::subject, {});
  CHECK(edit.status());
  edit.add_last(header_id::subject, {});
  CHECK(failed(edit, errc::too_many_edits));

  patch pieces(request.view);
  for (int i = 0; i < 9; ++i) pieces.add_last(header_id::subject, {"1", "2", "3", "4", "5", "6", "7"});
  CHECK(pieces.status());
  pieces.add_last(header_id::subject, {"1", "2", "3", "4", "5", "6", "7"});
  CHECK(failed(pieces, errc::too_many_edits));
}

TEST_CASE("a proxy's edits of a request", "[patch]") {
  const received request(whole("Route: <sip:p;lr>, <sip:q;lr>\r\n"));
  patch edit(request.view);
  const auto via = request.view.get<via_header>();
  REQUIRE(via);
  edit.add_first(header_id::via, {"SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKp"});
  edit.add_first(header_id::record_route, {"<sip:192.0.2.9;lr>"});
  edit.replace(via->raw.substr(via->raw.size()), {";received=192.0.2.7"});
  edit.set_value(request.view.find(header_id::max_forwards), "69");
  edit.remove_first<route_header>();
  edit.set_request_uri("sip:bob@192.0.2.8");
  CHECK(written(edit) ==
        "OPTIONS sip:bob@192.0.2.8 SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKp\r\n"
        "Record-Route: <sip:192.0.2.9;lr>\r\n"
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1;received=192.0.2.7\r\n"
        "Max-Forwards: 69\r\n"
        "From: <sip:alice@example.com>;tag=1\r\n"
        "To: <sip:bob@example.com>\r\n"
        "Call-ID: 1@192.0.2.1\r\n"
        "CSeq: 7 OPTIONS\r\n"
        "Route: <sip:q;lr>\r\n\r\n");
}
