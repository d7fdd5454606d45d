// Any IVF file is refused or read to its end; its frames are refused or become pictures within the limits,
// and those that have packets only are looked at.
#include <parley/media/byte_store.hpp>
#include <parley/media/ivf.hpp>
#include <parley/media/picture_file.hpp>
#include <parley/media/video_codec.hpp>
#include <parley/media/video_header.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using namespace parley::media;

void require(bool held) {
  if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  memory_store store({bytes.begin(), bytes.end()});
  auto reader = ivf_reader::open(store, std::size_t{1} << 14U);
  if (!reader) return 0;
  memory_store copy;
  auto writer = ivf_writer::create(copy, reader->header());
  require(writer.has_value());
  constexpr picture_limits limits{.max_width = 128, .max_height = 128, .max_pixels = 64 * 128};
  const auto decoder = make_video_decoder(reader->header().codec, limits);
  for (int frames = 0; frames < 64; ++frames) {
    const auto frame = reader->next();
    if (!frame || !*frame) break;
    require(writer->write((*frame)->bytes, (*frame)->time).has_value() || (*frame)->bytes.empty());
    const auto header = read_video_header(reader->header().codec, (*frame)->bytes);
    if (!decoder) continue;
    const auto shown = (*decoder)->decode((*frame)->bytes);
    require(header.has_value() || !shown.has_value());
    if (!shown) continue;
    require(shown->width() <= limits.max_width && shown->height() <= limits.max_height);
    // Reads every sample.
    memory_store snapshot;
    require(write_ppm(*shown, snapshot).has_value());
  }
  return 0;
}
