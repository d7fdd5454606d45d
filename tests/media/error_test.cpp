#include <parley/media/error.hpp>

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace parley;

TEST_CASE("each error has a rule of its own", "[media]") {
  std::set<std::string> rules;
  for (int i = 1; i <= static_cast<int>(media::errc::no_picture); ++i) {
    const base::error_code code = static_cast<media::errc>(i);
    CHECK(code.message() == media::rule(static_cast<media::errc>(i)));
    rules.insert(code.message());
  }
  CHECK(rules.size() == static_cast<std::size_t>(media::errc::no_picture));
  CHECK(rules.count("unknown error") == 0);
  CHECK(std::string(media::category().name()) == "parley.media");
}
