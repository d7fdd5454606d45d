// Any payload of comfort noise is read, is written as what was read, and makes noise that stays within bounds
// after any other.
#include <parley/media/comfort_noise.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

using namespace parley::media;

void require(bool held) {
  if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = std::as_bytes(std::span(data, size));
  noise_generator generator;
  noise_analyser analyser;
  std::array<std::int16_t, 160> frame{};
  // Each payload has its length before it.
  while (!bytes.empty()) {
    const std::size_t length = std::min(std::to_integer<std::size_t>(bytes[0]), bytes.size() - 1);
    const auto payload = bytes.subspan(1, length);
    bytes = bytes.subspan(1 + length);
    const auto read = read_comfort_noise(payload);
    require(read.has_value() == !payload.empty());
    if (!read) continue;
    std::array<std::byte, 1 + noise_description::max_order> written{};
    const auto out_size = write_comfort_noise(*read, written);
    require(out_size && *out_size == std::min(payload.size(), written.size()));
    require(
        std::ranges::equal(payload.subspan(1, *out_size - 1), std::span(written).subspan(1, *out_size - 1)));
    require(read_comfort_noise(std::span(written).first(*out_size)) == *read);
    generator.describe(*read);
    for (int i = 0; i < 5; ++i) {
      generator.generate(frame);
      analyser.add(frame);
    }
    const auto described = analyser.description();
    require(write_comfort_noise(described, written).has_value());
  }
  return 0;
}
