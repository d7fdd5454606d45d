#include <parley/media/picture_file.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace parley::media {
namespace {

/// BT.601 in limited range, in 256ths, rounded.
std::byte rgb_sample(int value) noexcept {
  return static_cast<std::byte>(std::clamp((value + 128) / 256, 0, 255));
}

}  // namespace

base::result<void> write_ppm(const picture_view& picture, byte_store& store) {
  if (store.size() != 0) return errc::unknown_file;
  if (picture.width() == 0 || picture.height() == 0) return errc::bad_picture;
  const std::string head =
      "P6\n" + std::to_string(picture.width()) + " " + std::to_string(picture.height()) + "\n255\n";
  if (const auto written = store.write_at(0, std::as_bytes(std::span(head))); !written) return written;
  std::vector<std::byte> pixels(std::size_t{3} * picture.width());
  for (std::uint32_t row = 0; row < picture.height(); ++row) {
    const auto ys = picture.row(picture_plane::y, row);
    const auto us = picture.row(picture_plane::u, row / 2);
    const auto vs = picture.row(picture_plane::v, row / 2);
    for (std::size_t x = 0; x < ys.size(); ++x) {
      const int y = 298 * (ys[x] - 16);
      const int u = us[x / 2] - 128;
      const int v = vs[x / 2] - 128;
      pixels[3 * x] = rgb_sample(y + 409 * v);
      pixels[3 * x + 1] = rgb_sample(y - 100 * u - 208 * v);
      pixels[3 * x + 2] = rgb_sample(y + 516 * u);
    }
    const std::uint64_t at = head.size() + std::uint64_t{pixels.size()} * row;
    if (const auto written = store.write_at(at, pixels); !written) return written;
  }
  return {};
}

}  // namespace parley::media
