#include <parley/ua/outside_request.hpp>

#include "support/catch.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"
#include "support/seeded_random.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using sip::header_id;
using ua::errc;
using ua::outside_request;

outside_request alice() {
  return {.target = "sip:bob@example.com",
          .from = "\"Alice\" <sip:alice@example.com>",
          .to = {},
          .contact = "<sip:alice@192.0.2.1>",
          .routes = {"<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"},
          .call_id = "1@192.0.2.1",
          .tag = "a"};
}

errc refusal(const outside_request& ends, std::string_view method = "SUBSCRIBE") {
  const auto made = ends.write(method, 1);
  return made ? errc{} : static_cast<errc>(made.error().value());
}

}  // namespace

TEST_CASE("a request outside dialogs is complete but for Via") {
  const auto made = alice().write("SUBSCRIBE", 7);
  REQUIRE(made);
  CHECK(made->request_uri() == "sip:bob@example.com");
  CHECK(made->value_of(header_id::max_forwards) == "70");
  CHECK(made->value_of(header_id::from) == "\"Alice\" <sip:alice@example.com>;tag=a");
  CHECK(made->value_of(header_id::to) == "<sip:bob@example.com>");
  CHECK(made->value_of(header_id::call_id) == "1@192.0.2.1");
  CHECK(made->value_of(header_id::cseq) == "7 SUBSCRIBE");
  CHECK(made->value_of(header_id::contact) == "<sip:alice@192.0.2.1>");
  CHECK(made->header(1).value == "<sip:p1.example.com;lr>");
  CHECK(made->header(2).value == "<sip:p2.example.com;lr>");
  CHECK(made->value_of(header_id::via).empty());
}

TEST_CASE("Call-ID and tag are drawn at random") {
  test::seeded_random random;
  outside_request one;
  outside_request other;
  one.draw_names(random);
  other.draw_names(random);
  CHECK(one.call_id.size() == 32);
  CHECK(one.tag.size() == 32);
  CHECK(one.call_id != one.tag);
  CHECK(one.call_id != other.call_id);
  CHECK(one.tag != other.tag);
}

TEST_CASE("texts that can't stand in a request are refused") {
  CHECK(refusal(alice()) == errc{});
  CHECK(refusal(alice(), "SUB SCRIBE") == errc::wrong_method);
  auto ends = alice();
  ends.target = "sip:bob@example.com\r\nX: y";
  CHECK(refusal(ends) == errc::bad_message);
  ends = alice();
  ends.from = "<sip:alice@example.com>\r\nX: y";
  CHECK(refusal(ends) == errc::bad_message);
  ends = alice();
  ends.to = "<sip:";
  CHECK(refusal(ends) == errc::bad_message);
  ends = alice();
  ends.call_id = "";
  CHECK(refusal(ends) == errc::bad_message);
  ends = alice();
  ends.tag = "";
  CHECK(refusal(ends) == errc::bad_message);
  ends = alice();
  ends.routes = {
      "<sip:p1.example.com;lr>\n"
      "X: y"};
  CHECK(refusal(ends) == errc::bad_message);
}
