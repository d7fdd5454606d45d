#include <parley/base/error.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace parley::base;

namespace {

result<int> half(int n) {
  if (n % 2 != 0) return errc::out_of_range;
  return n / 2;
}

result<void> check(bool fine) {
  if (!fine) return errc::queue_full;
  return {};
}

}  // namespace

TEST_CASE("errc converts to an error_code of its category") {
  const error_code ec = errc::truncated;
  CHECK(ec.failed());
  CHECK(ec == errc::truncated);
  CHECK(ec != errc::no_space);
  CHECK(ec.category() == base_category());
  CHECK(std::string_view(ec.category().name()) == "parley.base");
}

TEST_CASE("every errc has a message and a generic condition") {
  for (int value = 1; value <= static_cast<int>(errc::buffer_shared); ++value) {
    const auto ec = make_error_code(static_cast<errc>(value));
    CAPTURE(value);
    CHECK(ec.message() != "unknown error");
    CHECK(ec.default_error_condition().category() == boost::system::generic_category());
  }
  CHECK(error_code(999, base_category()).message() == "unknown error");
  CHECK(error_code(999, base_category()).default_error_condition().category() == base_category());
  CHECK(error_code(errc::queue_full) == boost::system::errc::resource_unavailable_try_again);
}

TEST_CASE("a result holds a value or an errc") {
  CHECK(*half(8) == 4);
  CHECK(half(7).error() == errc::out_of_range);
  CHECK(check(true).has_value());
  CHECK(check(false).error() == errc::queue_full);
}
