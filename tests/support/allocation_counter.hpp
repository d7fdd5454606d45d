#pragma once

#include <cstddef>

namespace parley::test {

/// How many times the program has called the global `operator new`, in any form. Link the object library
/// parley_test_allocations, which replaces it.
std::size_t allocations() noexcept;

/// Counts from its construction on.
class allocation_counter {
 public:
  std::size_t count() const noexcept { return allocations() - before_; }

 private:
  std::size_t before_ = allocations();
};

}  // namespace parley::test
