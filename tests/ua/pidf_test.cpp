#include <parley/ua/pidf.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using ua::basic_status;
using ua::errc;
using ua::pidf;

std::string presence(std::string_view inside) {
  return std::string("<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:a@example.com\">")
      .append(inside)
      .append("</presence>");
}

errc refusal(std::string_view text) {
  const auto read = pidf::read(text);
  return read ? errc{} : static_cast<errc>(read.error().value());
}

}  // namespace

TEST_CASE("a presence document is read, whatever the prefix of its namespace") {
  const auto read = pidf::read(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<p:presence xmlns:p=\"urn:ietf:params:xml:ns:pidf\" xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\"\n"
      "   entity='pres:someone@example.com'>\n"
      "  <p:tuple id=\"bs35r9\">\n"
      "    <p:status><p:basic> open </p:basic><r:basic>closed</r:basic></p:status>\n"
      "    <p:contact priority=\"0.8\">im:someone@mobilecarrier.net</p:contact>\n"
      "    <p:note xml:lang=\"en\">Don't Disturb &amp; Please!</p:note>\n"
      "    <p:timestamp>2001-10-27T16:49:29Z</p:timestamp>\n"
      "  </p:tuple>\n"
      "  <tuple id=\"none\" xmlns=\"urn:example\"/>\n"
      "  <tuple id=\"e\" "
      "xmlns=\"urn:ietf:params:xml:ns:pidf\"><status><basic>closed</basic></status></tuple>\n"
      "  <p:note><![CDATA[I'll be in <Tokyo>]]></p:note><!-- no note -->\n"
      "</p:presence>\n");
  REQUIRE(read);
  CHECK(read->entity == "pres:someone@example.com");
  REQUIRE(read->tuples.size() == 2);
  const auto& one = read->tuples[0];
  CHECK(one.id == "bs35r9");
  CHECK(one.basic == basic_status::open);
  CHECK(one.contact == "im:someone@mobilecarrier.net");
  CHECK(one.priority == 800);
  CHECK(one.notes == std::vector<std::string>{"Don't Disturb & Please!"});
  CHECK(one.timestamp == "2001-10-27T16:49:29Z");
  CHECK(read->tuples[1].basic == basic_status::closed);
  CHECK(read->notes == std::vector<std::string>{"I'll be in <Tokyo>"});
}

TEST_CASE("a document without namespaces is taken as well, one of another is not") {
  CHECK(pidf::read("<presence entity=\"x\"><tuple id=\"1\"/></presence>")->tuples.size() == 1);
  CHECK(
      pidf::read("<p:presence xmlns=\"urn:x\" xmlnsxp=\"urn:y\" xmlns:p=\"urn:ietf:params:xml:ns:pidf\"/>"));
  CHECK(refusal("<presence xmlns=\"urn:example\" entity=\"x\"/>") == errc::bad_body);
  CHECK(refusal("<p:presence entity=\"x\"/>") == errc::bad_body);
  CHECK(refusal("<present xmlns=\"urn:ietf:params:xml:ns:pidf\"/>") == errc::bad_body);
}

TEST_CASE("what is written is read again, and nothing in it is markup") {
  pidf out;
  out.entity = "pres:\"<a>&'@example.com";
  out.notes = {"a <b> & \"c\" ]]>", "two\nlines\tand a tab"};
  out.tuples.push_back({"t<1>", basic_status::open, "sip:a@example.com?x=1&y=2", 5, {"n\xc3\xa4"}, "2001"});
  out.tuples.push_back({"t2", basic_status::none, "", {}, {}, ""});
  out.tuples.push_back({"t3", basic_status::closed, "sip:b@example.com", 1000, {}, ""});
  const auto back = pidf::read(out.write());
  REQUIRE(back);
  CHECK(*back == out);
}

TEST_CASE("what XML can't hold is replaced") {
  pidf out;
  out.notes = {std::string("a\0b\x01", 4) + "\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xef\xbf\xbf\xc3"};
  const auto back = pidf::read(out.write());
  REQUIRE(back);
  CHECK(back->notes.at(0) == "a?b?" + std::string(14, '?'));
  out.notes = {"\xe2\x82\xac \xf0\x9f\x93\x9e"};
  CHECK(pidf::read(out.write())->notes == out.notes);
}

TEST_CASE("an unknown status, and a priority that is none, count as none") {
  const auto read =
      pidf::read(presence("<tuple id=\"1\"><status><basic>maybe</basic></status><contact "
                          "priority=\"2\">sip:a@b</contact></tuple>"));
  REQUIRE(read);
  CHECK(read->tuples.at(0).basic == basic_status::none);
  CHECK_FALSE(read->tuples.at(0).priority);
}

TEST_CASE("what is no XML, or would define entities, is refused") {
  for (const std::string_view text :
       {"", "hello", "<presence", "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\">",
        "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\"></present>", "<presence a=\"x/>", "<!-- ",
        "<![CDATA[x", "<?xml"}) {
    CAPTURE(text);
    CHECK(refusal(text) == errc::bad_body);
  }
  CHECK(refusal("<!DOCTYPE x [<!ENTITY a \"b\">]>" + presence("")) == errc::bad_body);
  CHECK(refusal(presence(std::string_view("<note>\0</note>", 14))) == errc::bad_body);
  // UTF-16, in which the counts would see nothing.
  std::string wide;
  for (const char c : presence("")) wide += {c, '\0'};
  CHECK(refusal(wide) == errc::bad_body);
}

TEST_CASE("a document is bounded before it is built") {
  const auto nested = [](std::size_t levels) {
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += "<x>";
    for (std::size_t i = 0; i < levels; ++i) text += "</x>";
    return presence(text);
  };
  CHECK(refusal(nested(15)) == errc{});
  CHECK(refusal(nested(16)) == errc::too_large);
  CHECK(refusal(nested(9000)) == errc::too_large);
  const auto many = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "<tuple/>";
    return presence(text);
  };
  CHECK(pidf::read(many(2047))->tuples.size() == 2047);
  CHECK(refusal(many(2048)) == errc::too_large);
  const auto attributes = [](std::size_t count) {
    std::string text = "<x";
    for (std::size_t i = 0; i < count; ++i) text += " a" + std::to_string(i) + "='>'";
    return presence(text + "/>");
  };
  CHECK(refusal(attributes(32)) == errc{});
  CHECK(refusal(attributes(33)) == errc::too_large);
  CHECK(refusal(presence(std::string(65536, ' '))) == errc::too_large);
}
