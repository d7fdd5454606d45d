#include "bencode.hpp"

#include "json.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace {

using namespace relay;

std::string written(const value& what) {
  std::string out;
  write_bencode(out, what);
  return out;
}

std::string_view rule_of(std::string_view text, const body_limits& limits = {}) {
  const auto read = read_bencode(text, limits);
  return read ? std::string_view{} : read.error().rule;
}

std::string repeated(std::string_view what, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += what;
  return out;
}

TEST_CASE("What is written in bencode is read again as it was", "[relay]") {
  const value all = value::dictionary{
      {"text", "a b"},
      {"empty", ""},
      {"bytes", std::string("\0e:\xFF", 4)},
      {"number", -42},
      {"least", std::numeric_limits<std::int64_t>::min()},
      {"list", value::list{1, "two", value::list{}, value::dictionary{}}},
  };
  const auto read = read_bencode(written(all));
  REQUIRE(read.has_value());
  CHECK(*read == all);
  CHECK(written(*read) == written(all));
}

TEST_CASE("Bencode's four kinds are written as it says", "[relay]") {
  CHECK(written(value(0)) == "i0e");
  CHECK(written(value("ping")) == "4:ping");
  CHECK(written(value::list{1, "a"}) == "li1e1:ae");
  CHECK(written(value::dictionary{{"b", 1}, {"a", 2}}) == "d1:bi1e1:ai2ee");
  CHECK(written(value(std::numeric_limits<std::uint64_t>::max())) == "i9223372036854775807e");
}

TEST_CASE("Each way to break bencode has its rule", "[relay]") {
  struct {
    const char* text;
    const char* rule;
  } const cases[] = {
      {"", "the body ends too early"},
      {"d", "the body ends too early"},
      {"d1:a", "the body ends too early"},
      {"li1e", "the body ends too early"},
      {"i1ei2e", "something stands behind the end of the body"},
      {"de ", "something stands behind the end of the body"},
      {"x", "an element begins with i, l, d or a length"},
      {"-1:a", "an element begins with i, l, d or a length"},
      {"e", "an end without a beginning"},
      {"d1:ae", "a key of a dictionary has no value"},
      {"di1ei2ee", "a key of a dictionary must be a text"},
      {"dlei1ee", "a key of a dictionary must be a text"},
      {"ddei1ee", "a key of a dictionary must be a text"},
      {"1:", "a text is longer than what there is"},
      {"9999999999:a", "a text is longer than what there is"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    CHECK(rule_of(one.text) == one.rule);
  }
}

TEST_CASE("Numbers of bencode are strict", "[relay]") {
  for (const char* text : {"ie", "i-e", "i-0e", "i00e", "i01e", "i+1e", "i1", "i 1e", "i1.5e", "iae",
                           "i9223372036854775808e", "i99999999999999999999999e"}) {
    CAPTURE(text);
    CHECK(rule_of(text) ==
          "an integer is a decimal number of 64 bits without leading zeros, and ends with e");
  }
  for (const char* text : {"01:a", "1", "1a:b", "00:", "99999999999:a", "18446744073709551616:a"}) {
    CAPTURE(text);
    CHECK(rule_of(text) ==
          "a text begins with its length, a decimal number without leading zeros, and a colon");
  }
  CHECK(*read_bencode("i9223372036854775807e")->integer() == std::numeric_limits<std::int64_t>::max());
  CHECK(*read_bencode("i-9223372036854775808e")->integer() == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("An error of a body says where it is", "[relay]") {
  const auto read = read_bencode("d1:ai1e1:bi-0ee");
  REQUIRE(read.has_error());
  CHECK(read.error().offset == 10);
}

TEST_CASE("Bodies have bounds in bytes, depth and elements", "[relay]") {
  const std::string_view deep = "lists and dictionaries are too deep within each other";
  CHECK(rule_of(repeated("l", 12) + repeated("e", 12)).empty());
  CHECK(rule_of(repeated("l", 13) + repeated("e", 13)) == deep);
  CHECK(rule_of(repeated("l", 1'000'000)) == deep);
  CHECK(rule_of(repeated("d1:a", 13)) == deep);

  const body_limits few{.bytes = 64, .depth = 2, .elements = 4};
  CHECK(rule_of("li1ei2ei3ee", few).empty());
  CHECK(rule_of("li1ei2ei3ei4ee", few) == "the body has too many elements");
  CHECK(rule_of("d1:ai1e1:bi2ee", few) == "the body has too many elements");
  CHECK(rule_of("61:" + std::string(61, 'x'), few).empty());
  CHECK(rule_of("62:" + std::string(62, 'x'), few) == "the body is too large");
}

TEST_CASE("JSON becomes the same kinds", "[relay]") {
  const auto read = read_json(R"({"a":[1,"x",true,false,null],"b":{"c":-5}})");
  REQUIRE(read.has_value());
  CHECK(*read ==
        value::dictionary{{"a", value::list{1, "x", 1, 0, ""}}, {"b", value::dictionary{{"c", -5}}}});
  std::string out;
  write_json(out, *read);
  CHECK(out == R"({"a":[1,"x",1,0,""],"b":{"c":-5}})");
}

TEST_CASE("JSON that is broken, or has more than the kinds, is refused", "[relay]") {
  const auto rule = [](std::string_view text, const body_limits& limits = {}) {
    const auto read = read_json(text, limits);
    return read ? std::string_view{} : read.error().rule;
  };
  for (const char* text : {"", "{", "{\"a\"}", "{\"a\":1,}", "{\"a\":1}x", "{'a':1}", "{\"a\":\"\xFF\"}"}) {
    CAPTURE(text);
    CHECK(rule(text) == "the body is not JSON");
  }
  CHECK(rule("{\"a\":1.5}") == "a number has a fraction");
  CHECK(rule("{\"a\":18446744073709551615}") == "a number has more than 64 bits");
  CHECK(rule("{\"a\":" + repeated("[", 100'000)) == "lists and dictionaries are too deep within each other");
  CHECK(rule("[1,2,3,4]", {.bytes = 64, .depth = 2, .elements = 4}) == "the body has too many elements");
  CHECK(rule("[1]", {.bytes = 2, .depth = 2, .elements = 4}) == "the body is too large");
}

TEST_CASE("Bytes that are not UTF-8 are replaced in JSON", "[relay]") {
  std::string out;
  write_json(out, value::dictionary{{"a", std::string("x\xFFy")}});
  CHECK(out == "{\"a\":\"x\xEF\xBF\xBDy\"}");
}

TEST_CASE("Names count without case, and a space is a hyphen", "[relay]") {
  const value some = value::dictionary{{"Record call", "yes"}, {"record-call", "no"}};
  REQUIRE(some.find("record-CALL") != nullptr);
  CHECK(some.find("record-CALL")->as_text() == "yes");
  CHECK(some.find("record") == nullptr);
  CHECK(value("x").find("x") == nullptr);
  CHECK(value("12").as_integer() == 12);
  CHECK(value("12a").as_integer() == std::nullopt);
  CHECK(value("").as_integer() == std::nullopt);
  CHECK(value(7).as_text() == "7");
}

}  // namespace
