#include <parley/base/parse_error.hpp>

#include "support/catch.hpp"

#include <boost/system/result.hpp>

#include <string>

namespace base = parley::base;

namespace {

enum class number_errc { odd = 1 };

class odd_category final : public base::error_category {
 public:
  const char* name() const noexcept override { return "odd"; }
  std::string message(int) const override { return "an even number stands here"; }
};

base::error_code make_error_code(number_errc code) noexcept {
  static const odd_category instance;
  return {static_cast<int>(code), instance};
}

using number_error = base::parse_error<number_errc>;

boost::system::result<int, number_error> even(int number) {
  if (number % 2 != 0) return number_error{number_errc::odd, 7};
  return number;
}

}  // namespace

TEST_CASE("a parse error is a rule and a place") {
  CHECK(even(2).value() == 2);
  const auto refused = even(3);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error() == number_error{number_errc::odd, 7});
  CHECK_FALSE(refused.error() == number_error{number_errc::odd, 8});
  CHECK(make_error_code(refused.error()) == make_error_code(number_errc::odd));
}

TEST_CASE("whoever takes the value of a parse error gets an exception that names the rule") {
  try {
    even(3).value();
    FAIL("nothing was thrown");
  } catch (const boost::system::system_error& thrown) {
    CHECK(thrown.code() == make_error_code(number_errc::odd));
  }
}
