#include <parley/ua/reason.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"

#include <string>

using namespace parley;
using test::parsed_text;
using texts = test::dialog_texts;

TEST_CASE("the reason of a protocol is found among others") {
  const parsed_text bye(texts::request(
      "BYE", 2, "a", "b", "Reason: Q.850;cause=16;text=\"Normal \\\"clearing\\\"\", SIP;cause=200\r\n"));
  const auto q850 = ua::find_reason(*bye, "q.850");
  REQUIRE(q850);
  CHECK((*q850 == ua::reason{.protocol = "Q.850", .cause = 16, .text = "Normal \"clearing\""}));
  CHECK(ua::find_reason(*bye, "SIP")->cause == 200U);
  CHECK_FALSE(ua::find_reason(*bye, "RELEASE"));
  CHECK_FALSE(ua::find_reason(*parsed_text(texts::request("BYE", 2, "a", "b", "Reason: ;\r\n")), "SIP"));
}

TEST_CASE("a reason that is written is read again, without what would break the line") {
  for (const std::string text : {"", "Call completed elsewhere", "a \"b\" \\ c", "two\r\nlines"}) {
    CAPTURE(text);
    auto request = sip::message::request("CANCEL", "sip:bob@example.com").value();
    ua::write_reason({.protocol = "SIP", .cause = 200, .text = text}, request);
    const auto again = ua::find_reason(*parsed_text(request), "SIP");
    REQUIRE(again);
    CHECK(again->cause == 200U);
    CHECK(again->text == (text == "two\r\nlines" ? "twolines" : text));
  }
  CHECK(ua::format_reason({.protocol = "SIP", .cause = {}, .text = ""}) == "SIP");
}
