#include <parley/sip/date.hpp>
#include <parley/sip/parse.hpp>

#include "support/catch.hpp"
#include "support/error_of.hpp"

#include <chrono>
#include <string>
#include <type_traits>

using namespace parley::sip;
using parley::test::error_of;
using namespace std::chrono_literals;
namespace chrono = std::chrono;

namespace {

constexpr chrono::sys_seconds at(chrono::year_month_day date, chrono::seconds time) {
  return chrono::sys_days(date) + time;
}

}  // namespace

TEST_CASE("a date of RFC 1123 is read", "[sip][date]") {
  CHECK(std::is_trivially_copyable_v<date_header>);
  // RFC 3261 20.17
  const auto one = parse<date_header>("Sat, 13 Nov 2010 23:29:00 GMT");
  REQUIRE(one.has_value());
  CHECK((one->time == at(2010y / chrono::November / 13, 23h + 29min)));
  // RFC 4475 3.1.1.11
  const auto other = parse<date_header>("sat,  15 oct 2005\r\n 04:44:56 gmt");
  REQUIRE(other.has_value());
  CHECK((other->time == at(2005y / chrono::October / 15, 4h + 44min + 56s)));
  const auto leap_day = parse<date_header>("Thu, 29 Feb 2024 00:00:00 GMT");
  REQUIRE(leap_day.has_value());
  const auto leap_second = parse<date_header>("Sat, 31 Dec 2016 23:59:60 GMT");
  REQUIRE(leap_second.has_value());
  CHECK((leap_second->time == at(2017y / chrono::January / 1, 0s)));
}

TEST_CASE("what is no date in GMT is refused at its place", "[sip][date]") {
  const auto bad = [](std::string_view text, std::uint32_t offset) {
    CAPTURE(std::string(text));
    CHECK(error_of<date_header>(text) == parse_error{errc::bad_date, offset});
  };
  // RFC 4475 3.1.2.12
  bad("Fri, 01 Jan 2010 16:00:00 EST", 26);
  bad("", 0);
  bad("Xxx, 13 Nov 2010 23:29:00 GMT", 0);
  bad("Saturday, 13 Nov 2010 23:29:00 GMT", 3);
  bad("Sat 13 Nov 2010 23:29:00 GMT", 3);
  bad("Sat,13 Nov 2010 23:29:00 GMT", 4);
  bad("Sun, 13 Nov 2010 23:29:00 GMT", 0);
  bad("Sat, 3 Nov 2010 23:29:00 GMT", 5);
  bad("Sat, 32 Nov 2010 23:29:00 GMT", 5);
  bad("Wed, 31 Nov 2010 23:29:00 GMT", 5);
  bad("Tue, 00 Nov 2010 23:29:00 GMT", 5);
  bad("Wed, 29 Feb 2023 00:00:00 GMT", 5);
  bad("Sat, 13 Nov2010 23:29:00 GMT", 11);
  bad("Sat, 13 Nox 2010 23:29:00 GMT", 8);
  bad("Sat, 13-Nov-2010 23:29:00 GMT", 7);
  bad("Sat, 13 Nov 10 23:29:00 GMT", 12);
  bad("Sat, 13 Nov 20100 23:29:00 GMT", 16);
  bad("Sat, 13 Nov 2010 24:00:00 GMT", 17);
  bad("Sat, 13 Nov 2010 23:60:00 GMT", 20);
  bad("Sat, 13 Nov 2010 23:29:60 GMT", 23);
  bad("Sat, 13 Nov 2010 23:59:61 GMT", 23);
  bad("Sat, 13 Nov 2010 23:29 GMT", 22);
  bad("Sat, 13 Nov 2010 23:29:00", 25);
  bad("Sat, 13 Nov 2010 23:29:00 ", 26);
  bad("Sat, 13 Nov 2010 23:29:00 GM", 26);
  bad("Sat, 13 Nov 2010 23:29:00 GMT+1", 26);
  bad("Sat, 13 Nov 2010 23:29:00 +0000", 26);
  bad("Sat Nov 13 23:29:00 2010", 3);
  CHECK(error_of<date_header>("Sat, 13 Nov 2010 23:29:00 GMT x") == parse_error{errc::trailing_text, 30});
}

TEST_CASE("what is written is read back", "[sip][date]") {
  CHECK(format_date(at(2010y / chrono::November / 13, 23h + 29min)).view() ==
        "Sat, 13 Nov 2010 23:29:00 GMT");
  CHECK(format_date(chrono::sys_seconds{}).view() == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(format_date(parley::base::wall_time{chrono::microseconds(-1)}).view() ==
        "Wed, 31 Dec 1969 23:59:59 GMT");
  const chrono::sys_seconds first = at(0y / chrono::January / 1, 0s);
  const chrono::sys_seconds last = at(9999y / chrono::December / 31, 23h + 59min + 59s);
  CHECK(format_date(first - 1s).view() == format_date(first).view());
  CHECK(format_date(last + 1s).view() == format_date(last).view());
  CHECK(format_date(last).view() == "Fri, 31 Dec 9999 23:59:59 GMT");
  // A step that shares no factor with days or weeks goes through all of them.
  for (chrono::sys_seconds t = first; t <= last; t += chrono::seconds(98'765'431)) {
    const date_text text = format_date(t);
    const auto read = parse<date_header>(text.view());
    REQUIRE(read.has_value());
    REQUIRE((read->time == t));
  }
}

TEST_CASE("Warning has a code, an agent and a text", "[sip][date]") {
  CHECK(std::is_trivially_copyable_v<warning_header>);
  // RFC 3261 20.43
  int count = 0;
  const auto walked = parse_list<warning_header>(
      "307 isi.edu \"Session parameter 'foo' not understood\",\r\n 301 [2001:db8::1]:5060 \"Incompatible, "
      "\\\"E.164\\\"\" , 399 pseudonym \"\"",
      [&](const warning_header& w) {
        ++count;
        if (count == 1) {
          CHECK(w.code == 307);
          CHECK(w.agent == "isi.edu");
          CHECK(w.text == "Session parameter 'foo' not understood");
        } else if (count == 2) {
          CHECK(w.code == 301);
          CHECK(w.agent == "[2001:db8::1]:5060");
          CHECK(w.text == "Incompatible, \\\"E.164\\\"");
        } else {
          CHECK(w.text.empty());
        }
      });
  REQUIRE(walked.has_value());
  CHECK(count == 3);

  using header = warning_header;
  // RFC 4475 3.1.2.5
  CHECK(error_of<header>("1812 overture \"In Progress\"") == parse_error{errc::number_out_of_range, 0});
  CHECK(error_of<header>("30 a \"x\"") == parse_error{errc::number_out_of_range, 0});
  CHECK(error_of<header>("99999999999999999999 a \"x\"") == parse_error{errc::number_out_of_range, 0});
  CHECK(error_of<header>("") == parse_error{errc::expected_number, 0});
  CHECK(error_of<header>("a \"x\"") == parse_error{errc::expected_number, 0});
  CHECK(error_of<header>("307isi.edu \"x\"") == parse_error{errc::expected_separator, 3});
  CHECK(error_of<header>("307 \"x\"") == parse_error{errc::expected_token, 4});
  CHECK(error_of<header>("307 a\"x\"") == parse_error{errc::expected_separator, 5});
  CHECK(error_of<header>("307 a x") == parse_error{errc::expected_quoted_string, 6});
  CHECK(error_of<header>("307 a \"x") == parse_error{errc::unterminated_quote, 6});
}
