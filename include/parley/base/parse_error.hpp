#pragma once

#include <parley/base/result.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>

#include <cstdint>

namespace parley::base {

/// A rule that an input breaks, and the place. `Errc` is the room's enum of rules, one value for each;
/// `offset` counts bytes from the start of what was parsed, the whole message where a view of one reports it.
template <class Errc>
struct parse_error {
  Errc code{};
  std::uint32_t offset = 0;

  friend bool operator==(const parse_error&, const parse_error&) = default;
};

/// The rule alone, without the place.
template <class Errc>
error_code make_error_code(const parse_error<Errc>& error) noexcept {
  return make_error_code(error.code);
}

/// Called by `value()` of a result on an error; code that checks before it reads never gets here.
template <class Errc>
[[noreturn]] void throw_exception_from_error(const parse_error<Errc>& error,
                                             const boost::source_location& where) {
  boost::throw_exception(boost::system::system_error(make_error_code(error.code)), where);
}

}  // namespace parley::base
