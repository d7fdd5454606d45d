#include <parley/rtp/error.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace parley;

TEST_CASE("each error has a rule of its own", "[rtp]") {
  std::set<std::string> rules;
  for (int i = 1; i <= static_cast<int>(rtp::errc::value_out_of_range); ++i) {
    const base::error_code code = static_cast<rtp::errc>(i);
    CHECK(code.message() == rtp::rule(static_cast<rtp::errc>(i)));
    rules.insert(code.message());
  }
  CHECK(rules.size() == static_cast<std::size_t>(rtp::errc::value_out_of_range));
  CHECK(rules.count("unknown error") == 0);
  CHECK(std::string(rtp::category().name()) == "parley.rtp");
}
