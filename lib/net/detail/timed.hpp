#pragma once

#include <parley/base/time.hpp>

namespace parley::net::detail {

/// What waits for a deadline on the wheel of a `transport_core`, as the context of its timer.
class timed {
 public:
  virtual ~timed() = default;
  virtual void handle_timeout(base::time_point now) = 0;
};

}  // namespace parley::net::detail
