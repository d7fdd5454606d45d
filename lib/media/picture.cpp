#include <parley/media/picture.hpp>

#include <algorithm>

namespace parley::media {
namespace {

constexpr std::uint8_t black_luma = 16;
constexpr std::uint8_t no_colour = 128;
constexpr std::array all_planes{picture_plane::y, picture_plane::u, picture_plane::v};

}  // namespace

picture::picture(std::uint32_t width, std::uint32_t height) : width_(width), height_(height) {
  const std::size_t luma = std::size_t{width} * height;
  const std::size_t chroma = std::size_t{(width + 1) / 2} * ((height + 1) / 2);
  samples_.resize(luma + 2 * chroma, no_colour);
  std::fill_n(samples_.begin(), luma, black_luma);
}

base::result<picture> picture::create(std::uint32_t width, std::uint32_t height) {
  if (width == 0 || height == 0 || width > max_side || height > max_side) return errc::bad_picture;
  return picture(width, height);
}

base::result<picture> picture::copy(const picture_view& from) {
  auto made = create(from.width(), from.height());
  if (!made) return made;
  for (const picture_plane p : all_planes) {
    for (std::uint32_t y = 0; y < from.rows(p); ++y)
      std::ranges::copy(from.row(p, y), made->row(p, y).begin());
  }
  return made;
}

std::size_t picture::offset(picture_plane p) const noexcept {
  const std::size_t luma = std::size_t{width_} * height_;
  switch (p) {
    case picture_plane::y: return 0;
    case picture_plane::u: return luma;
    case picture_plane::v: break;
  }
  return luma + (samples_.size() - luma) / 2;
}

picture_view picture::view() const noexcept {
  std::array<picture_view::plane, 3> planes{};
  for (const picture_plane p : all_planes) {
    const std::size_t stride = p == picture_plane::y ? width_ : (width_ + 1) / 2;
    planes[static_cast<std::size_t>(p)] = {samples_.data() + offset(p), stride};
  }
  return {width_, height_, planes};
}

std::span<std::uint8_t> picture::row(picture_plane p, std::uint32_t number) noexcept {
  const std::size_t columns = p == picture_plane::y ? width_ : (width_ + 1) / 2;
  return std::span(samples_).subspan(offset(p) + number * columns, columns);
}

}  // namespace parley::media
