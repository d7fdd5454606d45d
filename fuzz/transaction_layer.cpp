// The promises of the transaction layer, over any sequence of operations in virtual time.
#include "support/transaction_model.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const char* const broken = parley::test::transaction_model::run({data, size}); broken != nullptr) {
    std::fprintf(stderr, "%s\n", broken);
    std::abort();
  }
  return 0;
}
