#include <parley/ua/sipfrag.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <string_view>

namespace {

using namespace parley;
using ua::status_fragment;

}  // namespace

TEST_CASE("a fragment is the status line of a response") {
  CHECK(status_fragment{180, "Ringing"}.write() == "SIP/2.0 180 Ringing\r\n");
  CHECK(status_fragment{200, ""}.write() == "SIP/2.0 200 OK\r\n");
  for (const int status : {100, 183, 200, 302, 486, 603, 699}) {
    const status_fragment one{status, "Some Reason"};
    CHECK(status_fragment::read(one.write()).value() == one);
  }
}

TEST_CASE("what a peer reports is read, with whatever stands around it") {
  struct row {
    std::string_view text;
    int status;
    std::string_view reason_phrase;
  };
  const row rows[] = {
      {"SIP/2.0 100 Trying", 100, "Trying"},
      {"SIP/2.0 200 OK\r\nTo: <sip:x@y>\r\n\r\n", 200, "OK"},
      {"\r\n\nSIP/2.0 486 Busy Here\n", 486, "Busy Here"},
      {"sip/2.0  603  Decline\r\n", 603, "Decline"},
      {"SIP/2.0 200\r\n", 200, ""},
      {"SIP/2.0 200 \r\n", 200, ""},
      {"SIP/2.0\t404\tNot\tFound\r\n", 404, "Not Found"},
  };
  for (const row& each : rows) {
    CAPTURE(each.text);
    const auto read = status_fragment::read(each.text);
    REQUIRE(read);
    CHECK(read->status == each.status);
    CHECK(read->reason_phrase == each.reason_phrase);
  }
}

TEST_CASE("a body without a status line is none") {
  for (const std::string_view text :
       {"", "\r\n", "INVITE sip:a@b SIP/2.0\r\n", "SIP/2.0", "SIP/2.0 ", "SIP/2.0200 OK", "SIP/2.0 20 OK",
        "SIP/2.0 2000 OK", "SIP/2.0 099 OK", "SIP/2.0 700 OK", "SIP/2.0 2x0 OK", "To: <sip:a@b>\r\n"}) {
    CAPTURE(text);
    CHECK(status_fragment::read(text).error() == ua::errc::bad_body);
  }
}

TEST_CASE("nothing in a reason phrase begins a line of its own, and a long one is cut") {
  CHECK(status_fragment{200, "OK\r\nEvil: yes"}.write() == "SIP/2.0 200 OK  Evil: yes\r\n");
  CHECK(status_fragment{200, std::string(1000, 'x')}.write().size() == 12 + 255 + 2);
  CHECK(status_fragment::read("SIP/2.0 200 " + std::string(1000, 'x'))->reason_phrase.size() == 255);
}
