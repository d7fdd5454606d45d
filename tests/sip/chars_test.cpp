#include <parley/sip/chars.hpp>

#include "support/catch.hpp"

#include <string>

using namespace parley::sip;

namespace {

constexpr std::string_view alphanum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view mark = "-_.!~*'()";

/// `classes` holds exactly these characters.
void holds(int classes, std::string_view characters) {
  for (int c = 0; c < 256; ++c) {
    CAPTURE(c, classes);
    CHECK(is(static_cast<char>(c), classes) ==
          (characters.find(static_cast<char>(c)) != std::string_view::npos));
  }
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (std::string_view part : parts) out += part;
  return out;
}

}  // namespace

TEST_CASE("the classes are those of RFC 3261 25.1", "[chars]") {
  holds(char_alpha, alphanum.substr(0, 52));
  holds(char_digit, "0123456789");
  holds(char_hex, "0123456789abcdefABCDEF");
  holds(char_token, joined({alphanum, "-.!%*_+`'~"}));
  holds(char_word, joined({alphanum, "-.!%*_+`'~()<>:\\\"/[]?{}"}));
  holds(char_unreserved, joined({alphanum, mark}));
  holds(char_user, joined({alphanum, mark, "&=+$,;?/"}));
  holds(char_password, joined({alphanum, mark, "&=+$,"}));
  holds(char_param, joined({alphanum, mark, "[]/:&+$"}));
  holds(char_header, joined({alphanum, mark, "[]/?:+$"}));
  holds(char_lws, " \t");
  holds(char_dot, ".");
}

TEST_CASE("the tolerant classes are as wide as their comments say", "[chars]") {
  holds(char_host, joined({alphanum, "-._"}));
  holds(char_uric, joined({alphanum, mark, ";/?:@&=+$,[]#"}));
  holds(char_value, joined({alphanum, "-.!%*_+`'~[]:/="}));
}

TEST_CASE("classes are or-ed", "[chars]") {
  CHECK(is('5', char_alpha | char_digit));
  CHECK(is('x', char_alpha | char_digit));
  CHECK_FALSE(is('-', char_alpha | char_digit));
}

TEST_CASE("skip stops at the first character of another class", "[chars]") {
  for (std::size_t run = 0; run < 12; ++run) {
    const std::string text = std::string(run, '7') + "x77";
    const char* const begin = text.data();
    CHECK(skip(begin, begin + text.size(), char_digit) == begin + run);
    CHECK(skip(begin, begin + run, char_digit) == begin + run);
  }
}

TEST_CASE("only ASCII letters have two cases", "[chars]") {
  CHECK(iequals("Call-ID", "cALL-id"));
  CHECK(iequals("", ""));
  CHECK_FALSE(iequals("a", "ab"));
  CHECK_FALSE(iequals("[", "{"));
  CHECK_FALSE(iequals("@", "`"));
  CHECK_FALSE(iequals("\xc4", "\xe4"));
  CHECK(lower('Z') == 'z');
  CHECK(lower('[') == '[');
  CHECK(lower('@') == '@');
}
