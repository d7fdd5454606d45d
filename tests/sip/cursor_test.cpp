#include <parley/sip/cursor.hpp>

#include "support/catch.hpp"

#include <string>

using namespace parley::sip;
using namespace std::string_view_literals;

TEST_CASE("a cursor knows where it is", "[cursor]") {
  const std::string_view text = "ab";
  cursor in(text);
  CHECK(in.peek() == 'a');
  CHECK(in.offset() == 0);
  CHECK(in.rest() == "ab");
  const char* const start = in.position();
  CHECK(in.consume('a'));
  CHECK_FALSE(in.consume('a'));
  CHECK(in.since(start) == "a");
  CHECK(in.offset() == 1);
  in.advance(1);
  CHECK(in.at_end());
  CHECK(in.peek() == '\0');
  CHECK_FALSE(in.consume('\0'));
  CHECK(in.position() == in.end());
  in.seek(start);
  CHECK(in.rest() == text);

  cursor empty{std::string_view()};
  CHECK(empty.at_end());
  empty.skip_lws();
  CHECK(empty.offset() == 0);
}

TEST_CASE("the first error stays", "[cursor]") {
  const std::string_view text = "abc";
  cursor in(text);
  CHECK(in.error().code == errc{});
  in.advance(2);
  CHECK_FALSE(in.fail(errc::expected_token));
  CHECK(in.error() == parse_error{errc::expected_token, 2});
  CHECK_FALSE(in.fail(errc::expected_word, text.data()));
  CHECK(in.error() == parse_error{errc::expected_token, 2});
}

TEST_CASE("white space is skipped, folds included", "[cursor]") {
  const auto skipped = [](std::string_view text) {
    cursor in(text);
    in.skip_lws();
    return in.offset();
  };
  CHECK(skipped("x") == 0);
  CHECK(skipped(" \t x") == 3);
  CHECK(skipped("\r\n x") == 3);
  CHECK(skipped(" \n\t\r\n  x") == 7);
  // A line end that nothing is folded behind is none.
  CHECK(skipped(" \r\n") == 1);
  CHECK(skipped(" \n") == 1);
  CHECK(skipped(" \r\nx") == 1);
  CHECK(skipped(" \r x") == 1);
  CHECK(skipped(" \r") == 1);
}

TEST_CASE("a separator has white space around it, or isn't there", "[cursor]") {
  cursor in("a \r\n , \tb");
  in.advance(1);
  CHECK_FALSE(in.consume_separator(';'));
  CHECK(in.offset() == 1);
  CHECK(in.consume_separator(','));
  CHECK(in.rest() == "b");
}

TEST_CASE("tokens are read whole", "[cursor]") {
  cursor in("a-b.c!%*_+`'~ d");
  std::string_view token;
  CHECK(in.read_token(token));
  CHECK(token == "a-b.c!%*_+`'~");
  CHECK_FALSE(in.read_token(token));
  CHECK(in.error() == parse_error{errc::expected_token, 13});
  CHECK(in.take(char_digit).empty());
}

TEST_CASE("numbers are read up to their limit", "[cursor]") {
  const auto read = [](std::string_view text, std::uint32_t max) {
    cursor in(text);
    std::uint32_t value = 0;
    return in.read_number(value, max) ? std::to_string(value)
                                      : std::to_string(-static_cast<int>(in.error().code));
  };
  CHECK(read("0", 0) == "0");
  CHECK(read("254x", 255) == "254");
  CHECK(read("255", 255) == "255");
  CHECK(read("256", 255) == std::to_string(-static_cast<int>(errc::number_overflow)));
  CHECK(read("4294967295", 0xffffffffU) == "4294967295");
  CHECK(read("4294967296", 0xffffffffU) == std::to_string(-static_cast<int>(errc::number_overflow)));
  CHECK(read("00000000000000000000000000000001", 1) == "1");
  CHECK(read("99999999999999999999999999999999", 0xffffffffU) ==
        std::to_string(-static_cast<int>(errc::number_overflow)));
  CHECK(read("", 1) == std::to_string(-static_cast<int>(errc::expected_number)));
  CHECK(read("-1", 1) == std::to_string(-static_cast<int>(errc::expected_number)));
}

TEST_CASE("a quoted string is handed out with its escapes", "[cursor]") {
  const auto read = [](std::string_view text) {
    cursor in(text);
    std::string_view out;
    REQUIRE(in.read_quoted(out));
    return std::string(out) + "|" + std::string(in.rest());
  };
  CHECK(read("\"\"x") == "|x");
  CHECK(read("\"a b\"") == "a b|");
  CHECK(read("\"a\\\"b\\\\\"c") == "a\\\"b\\\\|c");
  CHECK(read("\"a\r\n b\"") == "a\r\n b|");
  CHECK(read("\"\\\0\""sv) == std::string("\\\0|", 3));
  // Longer than the blocks in which it is searched.
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string inside(length, 'q');
    CHECK(read("\"" + inside + "\"") == inside + "|");
    CHECK(read("\"" + inside + "\\\"\"") == inside + "\\\"|");
  }
}

TEST_CASE("a quoted string is refused where it breaks", "[cursor]") {
  const auto refused = [](std::string_view text) {
    cursor in(text);
    std::string_view out;
    CHECK_FALSE(in.read_quoted(out));
    return in.error();
  };
  CHECK(refused("") == parse_error{errc::expected_quoted_string, 0});
  CHECK(refused("a") == parse_error{errc::expected_quoted_string, 0});
  CHECK(refused("\"") == parse_error{errc::unterminated_quote, 0});
  CHECK(refused("\"a\\") == parse_error{errc::unterminated_quote, 0});
  CHECK(refused("\"a\\\"") == parse_error{errc::unterminated_quote, 0});
  CHECK(refused("\"a\\\r\n b\"") == parse_error{errc::bad_character, 3});
  CHECK(refused("\"a long enough quoted string that never ends") == parse_error{errc::unterminated_quote, 0});
}
