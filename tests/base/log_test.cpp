#include <parley/base/log.hpp>

#include "support/catch.hpp"

#include <array>
#include <limits>
#include <string>
#include <string_view>

using namespace parley::base;
using namespace std::string_view_literals;

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

}  // namespace

TEST_CASE("a record becomes one line") {
  const std::string reason = "a \"b\"";
  const std::array fields = {log_field{"source", "192.0.2.1:5060"},
                             log_field{"bytes", 512},
                             log_field{"delta", std::int64_t{-3}},
                             log_field{"hash", std::uint64_t{18446744073709551615U}},
                             log_field{"reliable", false},
                             log_field{"loss", 0.25},
                             log_field{"reason", reason}};
  CHECK(format_line({log_level::warning, "transaction", "message dropped", fields}) ==
        "warning transaction: message dropped source=\"192.0.2.1:5060\" bytes=512 delta=-3 "
        "hash=18446744073709551615 reliable=false loss=0.25 reason=\"a \\\"b\\\"\"");
  CHECK(format_line({log_level::info, "net", "started"}) == "info net: started");
}

TEST_CASE("levels have names and an order") {
  CHECK(to_string(log_level::trace) == "trace");
  CHECK(to_string(log_level::debug) == "debug");
  CHECK(to_string(log_level::info) == "info");
  CHECK(to_string(log_level::warning) == "warning");
  CHECK(to_string(log_level::error) == "error");
  CHECK(to_string(log_level::off) == "off");
  CHECK(log_level::trace < log_level::error);
}

TEST_CASE("text from the network cannot forge a line or a field") {
  const std::array fields = {log_field{"from", "x\"\nerror ua: registration stolen user=\"root"}};
  const std::string line = format_line({log_level::info, "sip", "request", fields});
  CHECK(line == "info sip: request from=\"x\\\"\\nerror ua: registration stolen user=\\\"root\"");
  CHECK(line.find('\n') == std::string::npos);
  CHECK(format_line({log_level::info, "sip", "two\nlines"}) == "info sip: two\\nlines");
}

TEST_CASE("escaping leaves readable text alone") {
  CHECK(escaped("") == "");
  CHECK(escaped("sip:bob@example.com;transport=udp") == "sip:bob@example.com;transport=udp");
  CHECK(escaped("Grüße, 世界, 𝄞") == "Grüße, 世界, 𝄞");
}

TEST_CASE("escaping names controls, quotes and backslashes") {
  CHECK(escaped("a\r\n\tb\\\"") == "a\\r\\n\\tb\\\\\\\"");
  CHECK(escaped("\0\x1b[31m\x7f"sv) == "\\x00\\x1b[31m\\x7f");
  // A C1 control, a line separator, a right-to-left override, a byte order mark.
  CHECK(escaped("\xc2\x85") == "\\u0085");
  CHECK(escaped("\xe2\x80\xa8") == "\\u2028");
  CHECK(escaped("\xe2\x80\xae") == "\\u202e");
  CHECK(escaped("\xef\xbb\xbf") == "\\ufeff");
}

TEST_CASE("escaping shows bytes that are not UTF-8") {
  CHECK(escaped("a\xff"
                "b") == "a\\xffb");
  CHECK(escaped("\x80") == "\\x80");
  CHECK(escaped("\xc3") == "\\xc3");                             // cut off
  CHECK(escaped("\xe4\xb8") == "\\xe4\\xb8");                    // cut off
  CHECK(escaped("\xc0\xaf") == "\\xc0\\xaf");                    // overlong
  CHECK(escaped("\xe0\x80\x8a") == "\\xe0\\x80\\x8a");           // overlong line feed
  CHECK(escaped("\xf0\x80\x80\x8a") == "\\xf0\\x80\\x80\\x8a");  // overlong line feed
  CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
  CHECK(escaped("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  CHECK(escaped("\xc3\xa9\xa9") == "\xc3\xa9\\xa9");
}

TEST_CASE("the null sink takes nothing") {
  CHECK_FALSE(null_sink().enabled(log_level::error));
  null_sink().write({});
  CHECK(&null_sink() == &null_sink());
}
