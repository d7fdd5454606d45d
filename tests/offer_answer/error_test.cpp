#include <parley/offer_answer/error.hpp>
#include <parley/sdp/error.hpp>

#include "support/catch.hpp"

#include <string>

using namespace parley;
using offer_answer::errc;
using offer_answer::status_for;
using offer_answer::warning_for;

TEST_CASE("each error names itself, and no other value does", "[offer_answer]") {
  for (int value = 1; value <= static_cast<int>(errc::media_changed); ++value) {
    const auto code = make_error_code(static_cast<errc>(value));
    CHECK(code.category().name() == std::string("parley.offer_answer"));
    CHECK(code.message() != "unknown error");
  }
  CHECK(make_error_code(static_cast<errc>(999)).message() == "unknown error");
}

TEST_CASE("errors have the status that RFC 3261 gives them", "[offer_answer]") {
  CHECK(status_for(errc::offer_pending) == 491);
  CHECK(status_for(errc::answer_pending) == 500);
  CHECK(status_for(errc::missing_transport) == 500);
  CHECK(status_for(errc::no_common_format) == 488);
  CHECK(status_for(errc::media_missing) == 488);
  CHECK(status_for(errc::too_many_media) == 488);
  CHECK(status_for(sdp::errc::missing_version) == 400);
  CHECK(status_for(boost::system::errc::make_error_code(boost::system::errc::io_error)) == 500);
}

TEST_CASE("RFC 3261 20.43: the Warning of a 488 says why", "[offer_answer]") {
  CHECK(warning_for(errc::bad_address).code == 301);
  CHECK(warning_for(errc::incompatible_protocol).code == 302);
  CHECK(warning_for(errc::no_such_media).code == 304);
  CHECK(warning_for(errc::no_common_format) == offer_answer::warning{305, "no media format in common"});
  CHECK(warning_for(errc::bad_ice).code == 307);
  CHECK(warning_for(errc::multicast).code == 330);
  CHECK(warning_for(errc::missing_keys).code == 399);
  CHECK(warning_for(sdp::errc::bad_line).text == sdp::rule(sdp::errc::bad_line));
  CHECK_FALSE(warning_for(boost::system::error_code()).text.empty());
}
