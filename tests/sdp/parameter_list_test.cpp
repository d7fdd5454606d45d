#include <parley/sdp/parameter_list.hpp>

#include "support/catch.hpp"

#include <string>

using parley::sdp::parameter_list;

namespace {

std::string shown(std::string_view text) {
  std::string out;
  for (const auto& one : parameter_list(text)) {
    out.append(1, '(').append(one.name).append(one.has_value ? "=" : "").append(one.value).append(1, ')');
  }
  return out;
}

}  // namespace

TEST_CASE("RFC 4855 3: parameters are separated by semicolons", "[sdp]") {
  CHECK(shown("a=1;b=2") == "(a=1)(b=2)");
  CHECK(shown(" a = 1 ;\tb=2; ") == "(a=1)(b=2)");
  CHECK(shown("0-15") == "(0-15)");
  CHECK(shown("a;b=") == "(a)(b=)");
  CHECK(shown("a=Z0IA==,aM4=;b=x=y") == "(a=Z0IA==,aM4=)(b=x=y)");
  CHECK(shown("").empty());
  CHECK(shown(";; ;=1;").empty());
}

TEST_CASE("RFC 4855 3: parameter names are compared without regard to case", "[sdp]") {
  const parameter_list list("Stereo=1;x=2;stereo=0;flag");
  CHECK(list.find("stereo") == "1");
  CHECK(list.find("X") == "2");
  CHECK(list.find("flag") == "");
  CHECK_FALSE(list.find("y").has_value());
}
