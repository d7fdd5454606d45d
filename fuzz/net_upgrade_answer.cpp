#include "net/detail/upgrade_answer.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

// Reads bytes as what a WebSocket server answers to our upgrade. Where an answer is taken, what Beast is
// given is taken again and stays the same, holds nothing but the fields that it needs, and ends once.

namespace {

using namespace parley::net::detail;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

void check(std::string_view head, bool compression) {
  const auto plain = plain_upgrade_answer(head, compression);
  if (!plain) {
    require(plain.error().failed());
    return;
  }
  require(head.starts_with("HTTP/1.1 101"));
  require(plain->starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  require(end_of_head(*plain) == plain->size());
  const auto again = plain_upgrade_answer(*plain, compression);
  require(again.has_value() && *again == *plain);
  // What is good without compression is good with it.
  if (!compression) require(plain_upgrade_answer(head, true).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t end = end_of_head(bytes);
  require(end <= size);
  if (end != 0) {
    require(bytes[end - 1] == '\n');
    require(end_of_head(bytes.substr(0, end - 1)) == 0);
  }
  const std::string_view head = end == 0 ? bytes : bytes.substr(0, end);
  check(head, false);
  check(head, true);
  return 0;
}
