#pragma once

#include <boost/system/result.hpp>

#include <string>

namespace relay {

/// Why something was not done: a sentence for the client, or for who started the program.
struct failure {
  std::string why;
};

template <class T>
using outcome = boost::system::result<T, failure>;

}  // namespace relay
