// Any bytes as a body of each kind: what is read is within its bounds, and can be written so that it is read
// again as the same.
#include <parley/ua/dialog_info.hpp>
#include <parley/ua/message_summary.hpp>
#include <parley/ua/pidf.hpp>
#include <parley/ua/reginfo.hpp>
#include <parley/ua/sipfrag.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using namespace parley;

void require(bool condition, int line = __builtin_LINE()) {
  if (condition) return;
  std::fprintf(stderr, "%s:%d does not hold\n", __FILE__, line);
  std::abort();
}

/// What a peer's body may hold that ours may not is gone after the first writing; then nothing changes.
template <class Body>
void try_body(std::string_view text) {
  const auto first = Body::read(text);
  if (!first) {
    require(first.error() == ua::errc::bad_body || first.error() == ua::errc::too_large);
    return;
  }
  require(text.size() <= 65535);
  const auto second = Body::read(first->write());
  // What was near the bound may be beyond it once it is escaped.
  if (!second) return require(second.error() == ua::errc::too_large);
  const auto third = Body::read(second->write());
  require(third.has_value() && *third == *second);
}

void try_fragment(std::string_view text) {
  const auto read = ua::status_fragment::read(text);
  if (!read) return;
  require(read->status >= 100 && read->status <= 699);
  require(read->reason_phrase.size() <= ua::status_fragment::max_reason);
  require(ua::status_fragment::read(read->write()).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_body<ua::dialog_info>(text);
  try_body<ua::message_summary>(text);
  try_body<ua::pidf>(text);
  try_body<ua::reginfo>(text);
  try_fragment(text);
  return 0;
}
