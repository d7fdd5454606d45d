// Each of the first lines of the input is read as each attribute and as the parameters of each codec. What is
// accepted is written as a text that is read as the same value, and written the same again.
#include "support/sdp_attributes.hpp"

#include <parley/sdp/parameter_list.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace parley::sdp;

void require(bool held) {
  if (!held) std::abort();
}

struct round_trip {
  std::string_view text;

  template <class T>
  void operator()() const {
    const auto value = T::read(text);
    if (!value) {
      require(value.error().code != errc{} && value.error().offset <= text.size());
      require(T::read(text).error() == value.error());
      return;
    }
    std::string written;
    value->write(written);
    const auto again = T::read(written);
    require(again && *again == *value);
    std::string twice;
    again->write(twice);
    require(twice == written);
  }
};

void walk(std::string_view text) {
  std::size_t separators = 0;
  for (const format_parameter& one : parameter_list(text)) {
    require(!one.name.empty() && parameter_list(text).find(one.name).has_value());
    require(++separators <= text.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  // A few lines a run, since each is read some forty times.
  for (int lines = 0; lines < 8 && !rest.empty(); ++lines) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    for_each_typed_line(round_trip{text});
    for_each_codec(round_trip{text});
    walk(text);
  }
  return 0;
}
