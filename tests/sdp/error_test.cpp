#include <parley/sdp/error.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace parley;

TEST_CASE("each error of a description has a rule of its own", "[sdp]") {
  std::set<std::string> rules;
  for (int i = 1; i <= static_cast<int>(sdp::errc::unwritable); ++i) {
    const base::error_code code = static_cast<sdp::errc>(i);
    CHECK(code.message() == sdp::rule(static_cast<sdp::errc>(i)));
    rules.insert(code.message());
  }
  CHECK(rules.size() == static_cast<std::size_t>(sdp::errc::unwritable));
  CHECK(rules.count("unknown error") == 0);
  CHECK(std::string(sdp::category().name()) == "parley.sdp");
}
