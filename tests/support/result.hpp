#pragma once

#include "support/catch.hpp"

#include <boost/system/result.hpp>

#include <string>

/// Lets a check name a result as it is: `CHECK(parse_uri(text))`. Catch would print value and error, which
/// most of ours have no operator for.
namespace Catch {

template <class T, class E>
struct StringMaker<boost::system::result<T, E>> {
  static std::string convert(const boost::system::result<T, E>& result) {
    return result ? "a value" : "an error";
  }
};

}  // namespace Catch
