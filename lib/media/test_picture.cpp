#include <parley/media/test_picture.hpp>

#include <algorithm>
#include <array>

namespace parley::media {
namespace {

struct bar_colour {
  std::uint8_t y, u, v;
};

/// The bars of ITU-R BT.471 with 75 % of colour, in the values of BT.601.
constexpr std::array<bar_colour, 8> test_bars{{{180, 128, 128},
                                               {162, 44, 142},
                                               {131, 156, 44},
                                               {112, 72, 58},
                                               {84, 184, 198},
                                               {65, 100, 212},
                                               {35, 212, 114},
                                               {16, 128, 128}}};
constexpr std::uint8_t white = 235;
constexpr std::uint64_t pixels_a_picture = 2;

}  // namespace

void draw_test_picture(picture& out, std::uint64_t number) noexcept {
  const std::uint64_t width = out.width();
  const std::uint64_t height = out.height();
  const std::uint64_t moved = number % width * pixels_a_picture;
  const auto bar_at = [&](std::uint64_t x) {
    return test_bars[(x + moved) % width * test_bars.size() / width];
  };
  for (std::uint32_t y = 0; y < height; ++y) {
    const auto row = out.row(picture_plane::y, y);
    for (std::size_t x = 0; x < row.size(); ++x) row[x] = bar_at(x).y;
  }
  for (std::uint32_t y = 0; y < (height + 1) / 2; ++y) {
    const auto u = out.row(picture_plane::u, y);
    const auto v = out.row(picture_plane::v, y);
    for (std::size_t x = 0; x < u.size(); ++x) {
      u[x] = bar_at(2 * x).u;
      v[x] = bar_at(2 * x).v;
    }
  }
  // Sides are even, so that the square covers whole samples of colour.
  const std::uint64_t side = std::max<std::uint64_t>(std::min(width, height) / 8 * 2, 2);
  if (side > width || side > height) return;
  const std::uint64_t left = number * pixels_a_picture % (width - side + 1) / 2 * 2;
  const std::uint64_t top = number * pixels_a_picture % (height - side + 1) / 2 * 2;
  for (std::uint64_t y = top; y < top + side; ++y) {
    std::ranges::fill(out.row(picture_plane::y, static_cast<std::uint32_t>(y)).subspan(left, side), white);
  }
  for (const picture_plane p : {picture_plane::u, picture_plane::v}) {
    for (std::uint64_t y = top / 2; y < (top + side) / 2; ++y) {
      std::ranges::fill(out.row(p, static_cast<std::uint32_t>(y)).subspan(left / 2, side / 2),
                        test_bars[0].u);
    }
  }
}

}  // namespace parley::media
