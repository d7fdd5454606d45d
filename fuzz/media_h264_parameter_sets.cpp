// What a description holds as parameter sets of H.264 is refused, or is described again as it was.
#include <parley/media/h264_parameter_sets.hpp>
#include <parley/sdp/h264.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

using namespace parley;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sdp::h264_parameters description;
  static_cast<void>(media::describe_parameter_sets(std::as_bytes(std::span(data, size)), description));

  const auto stream = media::parameter_sets_of(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!stream || !media::describe_parameter_sets(*stream, description)) return 0;
  const auto again = media::parameter_sets_of(description.sprop_parameter_sets);
  // Sets that are there twice, and those beyond the bound, are left out.
  if (!again || again->size() > stream->size()) std::abort();
  if (again->size() == stream->size() && *again != *stream) std::abort();
  return 0;
}
