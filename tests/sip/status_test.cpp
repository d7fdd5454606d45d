#include <parley/sip/status.hpp>

#include "support/catch.hpp"

using namespace parley::sip;

TEST_CASE("every status code has a reason phrase", "[status]") {
  for (int status = 100; status <= 699; ++status) {
    const std::string_view reason = default_reason(status);
    CAPTURE(status);
    CHECK_FALSE(reason.empty());
    for (char c : reason) CHECK((c >= ' ' && c <= '~'));
  }
  CHECK(default_reason(100) == "Trying");
  CHECK(default_reason(200) == "OK");
  CHECK(default_reason(404) == "Not Found");
  CHECK(default_reason(481) == "Call/Transaction Does Not Exist");
  CHECK(default_reason(505) == "Version Not Supported");
  CHECK(default_reason(608) == "Rejected");
}

TEST_CASE("a code that no RFC names has the phrase of its class", "[status]") {
  CHECK(default_reason(198) == "Session Progress");
  CHECK(default_reason(299) == "OK");
  CHECK(default_reason(399) == "Multiple Choices");
  CHECK(default_reason(499) == "Bad Request");
  CHECK(default_reason(599) == "Server Internal Error");
  CHECK(default_reason(699) == "Decline");
}

TEST_CASE("status codes fall into classes", "[status]") {
  CHECK_FALSE(is_provisional(99));
  CHECK(is_provisional(100));
  CHECK(is_provisional(199));
  CHECK_FALSE(is_provisional(200));
  CHECK_FALSE(is_success(199));
  CHECK(is_success(200));
  CHECK(is_success(299));
  CHECK_FALSE(is_success(300));
  CHECK_FALSE(is_final(199));
  CHECK(is_final(200));
  CHECK(is_final(699));
}
