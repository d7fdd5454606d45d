#include <parley/ua/dtmf_info.hpp>

#include "support/catch.hpp"
#include "support/dialog_texts.hpp"
#include "support/parsed_text.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

using namespace parley;
using test::parsed_text;

namespace {

std::string info(std::string_view type, std::string_view body) {
  return test::dialog_texts::request("INFO", 2, "a", "b",
                                     "Content-Type: application/" + std::string(type) + "\r\n") +
         std::string(body);
}

/// The key and how long it was pressed, or "" for what can't be read.
std::string read(std::string_view type, std::string_view body) {
  const auto key = ua::read_dtmf_info(*parsed_text(info(type, body)));
  return key ? key->key + (" " + std::to_string(key->milliseconds)) : std::string();
}

}  // namespace

TEST_CASE("application/dtmf-relay is read as phones write it") {
  CHECK(read("dtmf-relay", "Signal=5\r\nDuration=160\r\n") == "5 160");
  CHECK(read("DTMF-Relay", "signal= *\nduration = 250") == "* 250");
  CHECK(read("dtmf-relay", "Signal=#") == "# 100");
  CHECK(read("dtmf-relay", "X=y\r\nno line\r\nSignal=b\r\n") == "B 100");
  CHECK(read("dtmf-relay", "Signal=a") == "A 100");
  CHECK(read("dtmf-relay", "Signal=d") == "D 100");
  CHECK(read("dtmf-relay", "Signal=10\r\n") == "* 100");
  CHECK(read("dtmf-relay", "Signal=15\r\n") == "D 100");
  CHECK(read("dtmf-relay", "Signal=16\r\n") == "! 100");
  CHECK(read("dtmf-relay", "Signal=1\r\nDuration=1\r\n") == "1 40");
  CHECK(read("dtmf-relay", "Signal=1\r\nDuration=4000000000\r\n") == "1 6000");
}

TEST_CASE("application/dtmf is the key alone") {
  CHECK(read("dtmf", "7") == "7 100");
  CHECK(read("dtmf", " # \r\n") == "# 100");
  CHECK(read("dtmf", "11") == "# 100");
}

TEST_CASE("what is no key is an error") {
  for (const char* const body :
       {"", "Signal=", "Signal=E\r\n", "Signal=17\r\n", "Signal=-1\r\n", "Signal=1 2\r\n", "Duration=100\r\n",
        "Signal=1\r\nDuration=long\r\n", "Signal=1\r\nDuration=99999999999\r\n"}) {
    CAPTURE(body);
    CHECK(read("dtmf-relay", body).empty());
  }
  CHECK(read("dtmf", "Signal=1").empty());
  CHECK(read("sdp", "1").empty());
  CHECK(ua::is_dtmf_info(*parsed_text(info("dtmf", ""))));
  CHECK(ua::is_dtmf_info(*parsed_text(info("dtmf-relay", ""))));
  CHECK_FALSE(ua::is_dtmf_info(*parsed_text(info("sdp", ""))));
}

TEST_CASE("each key that is written is read again") {
  for (const char key : std::string_view("0123456789*#ABCD!")) {
    for (const auto body : {ua::dtmf_body::relay, ua::dtmf_body::plain}) {
      CAPTURE(key);
      auto request = sip::message::request("INFO", "sip:bob@example.com").value();
      REQUIRE(ua::write_dtmf_info(request, {.key = key, .milliseconds = 160}, body));
      const auto again = ua::read_dtmf_info(*parsed_text(request));
      REQUIRE(again);
      CHECK(again->key == key);
      CHECK(again->milliseconds == (body == ua::dtmf_body::relay ? 160 : 100));
    }
  }
  auto request = sip::message::request("INFO", "sip:bob@example.com").value();
  CHECK(ua::write_dtmf_info(request, {.key = 'E'}, ua::dtmf_body::plain).error() == ua::errc::bad_message);
  auto bye = sip::message::request("BYE", "sip:bob@example.com").value();
  CHECK(ua::write_dtmf_info(bye, {.key = '1'}, ua::dtmf_body::plain).error() == ua::errc::wrong_method);
  REQUIRE(ua::write_dtmf_info(request, {.key = '1', .milliseconds = 9}, ua::dtmf_body::relay));
  CHECK(request.body() == "Signal=1\r\nDuration=40\r\n");
}
