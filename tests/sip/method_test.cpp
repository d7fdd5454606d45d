#include <parley/sip/method.hpp>

#include "support/catch.hpp"

#include <string>

using namespace parley::sip;

TEST_CASE("methods have their names", "[method]") {
  for (int i = 1; i <= static_cast<int>(method::update); ++i) {
    const auto one = static_cast<method>(i);
    const std::string name(name_of(one));
    CAPTURE(name);
    REQUIRE_FALSE(name.empty());
    CHECK(method_of(name) == one);
    CHECK(method_of(name + "S") == method::unknown);
    CHECK(method_of(name.substr(0, name.size() - 1)) == method::unknown);
    std::string lower = name;
    lower[0] = static_cast<char>(lower[0] | 0x20);
    CHECK(method_of(lower) == method::unknown);
  }
  CHECK(name_of(method::unknown).empty());
  CHECK(name_of(method::register_) == "REGISTER");
  CHECK(method_of("INVITE") == method::invite);
  CHECK(method_of("INFO") == method::info);
}

TEST_CASE("any other token is an unknown method", "[method]") {
  for (const std::string_view name :
       {"", "I", "IN", "INV", "invite", "Invite", "REG", "RE", "PR", "PUB", "X", "FOO", "ACKS",
        "!interesting-Method0123456789_*+`.%indeed'~", "\xff\xff\xff"}) {
    CAPTURE(name);
    CHECK(method_of(name) == method::unknown);
  }
}
