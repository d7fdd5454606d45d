#include <parley/stun/error.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace parley;

TEST_CASE("each error has a rule of its own", "[stun]") {
  std::set<std::string> rules;
  for (int i = 1; i <= static_cast<int>(stun::errc::no_hash); ++i) {
    const base::error_code code = static_cast<stun::errc>(i);
    CHECK(code.message() == stun::rule(static_cast<stun::errc>(i)));
    rules.insert(code.message());
  }
  CHECK(rules.size() == static_cast<std::size_t>(stun::errc::no_hash));
  CHECK(rules.count("unknown error") == 0);
  CHECK(std::string(stun::category().name()) == "parley.stun");
}
