// Packet buffers against strings, over any sequence of operations.
#include "support/packet_buffer_model.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const char* const difference = parley::test::packet_buffer_model::run({data, size});
      difference != nullptr) {
    std::fprintf(stderr, "%s\n", difference);
    std::abort();
  }
  return 0;
}
