#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace parley::base {

using boost::system::error_category;
using boost::system::error_code;

/// A value or the reason why there is none. Test it with `has_value()`, `has_error()` or as a bool, read it
/// with `*r` and `r.error()`. `value()` throws when there is an error: library code does not call it without
/// having tested.
template <class T>
using result = boost::system::result<T>;

}  // namespace parley::base
