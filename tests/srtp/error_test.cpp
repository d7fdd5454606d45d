#include <parley/srtp/error.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace parley;

TEST_CASE("each error has a rule of its own", "[srtp]") {
  std::set<std::string> rules;
  for (int i = 1; i <= static_cast<int>(srtp::errc::unsupported_session_parameter); ++i) {
    const base::error_code code = static_cast<srtp::errc>(i);
    CHECK(code.message() == srtp::rule(static_cast<srtp::errc>(i)));
    rules.insert(code.message());
  }
  CHECK(rules.size() == static_cast<std::size_t>(srtp::errc::unsupported_session_parameter));
  CHECK(rules.count("unknown error") == 0);
  CHECK(std::string(srtp::category().name()) == "parley.srtp");
}
