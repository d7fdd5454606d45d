#include <parley/sip/parameters.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"

#include <string>
#include <vector>

using namespace parley::sip;

namespace {

struct outcome {
  bool read = false;
  parse_error error;
  std::string rest;
  std::string raw;
  std::vector<std::string> seen;
};

std::string describe(const parameter& one) {
  std::string out(one.name);
  if (one.has_value) out.append(one.quoted ? "=\"" : "=").append(one.value).append(one.quoted ? "\"" : "");
  return out;
}

outcome read(std::string_view text, std::uint16_t max = limits{}.parameters) {
  cursor in(text, text.data() + text.size(), max);
  parameters list;
  outcome out;
  out.read = read_parameters(in, list, [&](const parameter& one, const char* where) {
    CHECK(where == one.name.data());
    out.seen.push_back(describe(one));
    return true;
  });
  out.error = in.error();
  out.rest = in.rest();
  out.raw = list.raw();
  if (out.read) {
    std::vector<std::string> again;
    for (const parameter& one : list) again.push_back(describe(one));
    CHECK(again == out.seen);
    CHECK(list.empty() == out.seen.empty());
  }
  return out;
}

bool refused(std::string_view text, errc code, std::uint32_t offset) {
  const outcome out = read(text);
  CAPTURE(text, static_cast<int>(out.error.code), out.error.offset);
  return !out.read && out.error == parse_error{code, offset};
}

}  // namespace

TEST_CASE("parameters are read with their values") {
  const outcome out =
      read(R"(;tag=9fxced76sl;lr;+sip.instance="<urn:uuid:f81d4fae>";received=[2001:db8::1])");
  CHECK(out.read);
  CHECK(out.rest.empty());
  CHECK(out.raw == R"(;tag=9fxced76sl;lr;+sip.instance="<urn:uuid:f81d4fae>";received=[2001:db8::1])");
  CHECK(out.seen == std::vector<std::string>{"tag=9fxced76sl", "lr", R"(+sip.instance="<urn:uuid:f81d4fae>")",
                                             "received=[2001:db8::1]"});
}

TEST_CASE("parameters end before a comma, other text and white space") {
  CHECK(read(";a=b,c").rest == ",c");
  CHECK(read(";a=b ,c").rest == " ,c");
  CHECK(read(";a=b ,c").raw == ";a=b");
  CHECK(read(";a b").rest == " b");
  CHECK(read(";a=b ").rest == " ");
  CHECK(read("").raw.empty());
  CHECK(read(",x").rest == ",x");
  CHECK(read("  x").rest == "  x");
}

TEST_CASE("white space and folds stand around semicolons and equals signs") {
  const outcome out = read(" \t; newparam =\r\n\t newvalue ;\r\n  secondparam ; q = 0.33");
  CHECK(out.read);
  CHECK(out.raw == "; newparam =\r\n\t newvalue ;\r\n  secondparam ; q = 0.33");
  CHECK(out.seen == std::vector<std::string>{"newparam=newvalue", "secondparam", "q=0.33"});
}

TEST_CASE("the characters of tokens and the quoted strings of RFC 4475 are taken") {
  const outcome out = read(";fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\";tag=_token~1'+`*%!-.");
  CHECK(out.read);
  CHECK(out.seen ==
        std::vector<std::string>{"fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\"", "tag=_token~1'+`*%!-."});
  CHECK(read(R"(;a="x;y,z\"\\";b)").seen == std::vector<std::string>{R"(a="x;y,z\"\\")", "b"});
  CHECK(read(R"(;a="")").seen == std::vector<std::string>{R"(a="")"});
}

TEST_CASE("an empty parameter or value is refused where it stands") {
  CHECK(refused(";", errc::expected_token, 1));
  CHECK(refused(";a;", errc::expected_token, 3));
  CHECK(refused(";;a", errc::expected_token, 1));
  CHECK(refused("; ;a", errc::expected_token, 2));
  CHECK(refused(";,;,,", errc::expected_token, 1));
  CHECK(refused(";a=", errc::expected_token, 3));
  CHECK(refused(";a=;b", errc::expected_token, 3));
  CHECK(refused(";a= ,", errc::expected_token, 4));
  CHECK(refused(";=b", errc::expected_token, 1));
  CHECK(refused(";a=\"b", errc::unterminated_quote, 3));
  CHECK(refused(";a=\"b\\\"", errc::unterminated_quote, 3));
}

TEST_CASE("the number of parameters is bounded") {
  std::string text;
  for (int i = 0; i < 65; ++i) text += ";a";
  CHECK(refused(text, errc::too_many_parameters, 129));
  CHECK(read(std::string_view(text).substr(2)).seen.size() == 64);
  CHECK_FALSE(read(";a;b;c", 2).read);
  CHECK(read(";a;b", 2).read);
}

TEST_CASE("a header stops the reading") {
  cursor in(";a;bad;c");
  parameters list;
  CHECK_FALSE(read_parameters(in, list, [&](const parameter& one, const char* where) {
    return one.name != "bad" || in.fail(errc::bad_parameter, where);
  }));
  CHECK(in.error() == parse_error{errc::bad_parameter, 3});
}

TEST_CASE("parameters are found by name without case") {
  cursor in(";Tag=x;lr;tag=y;Q=\"z\"");
  parameters list;
  REQUIRE(read_parameters(in, list, [](const parameter&, const char*) { return true; }));
  REQUIRE(list.find("tag"));
  CHECK(list.find("tag")->value == "x");
  CHECK(list.find("LR"));
  CHECK_FALSE(list.find("LR")->has_value);
  CHECK(list.find("q")->quoted);
  CHECK_FALSE(list.contains("t"));
  CHECK_FALSE(parameters().contains("t"));
  CHECK(parameters().begin() == parameters().end());
  auto it = list.begin();
  const auto before = it++;
  CHECK(before->name == "Tag");
  CHECK(it->name == "lr");
}

TEST_CASE("a qvalue is read in thousandths") {
  std::uint16_t q = 0;
  CHECK((read_qvalue("0", q) && q == 0));
  CHECK((read_qvalue("1", q) && q == 1000));
  CHECK((read_qvalue("0.7", q) && q == 700));
  CHECK((read_qvalue("0.33", q) && q == 330));
  CHECK((read_qvalue("0.125", q) && q == 125));
  CHECK((read_qvalue("1.000", q) && q == 1000));
  CHECK((read_qvalue("0.", q) && q == 0));
  for (std::string_view bad : {"", "2", "1.1", "1.001", "0.1234", ".5", "-0", "0,5", "0.x", "00"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_qvalue(bad, q));
  }
}

TEST_CASE("a quoted string is given without its quoted pairs") {
  std::string out = "<";
  unquote(R"(a \"b\" \\)", out);
  CHECK(out == R"(<a "b" \)");
  out.clear();
  unquote("ends in \\", out);
  CHECK(out == "ends in \\");
}
