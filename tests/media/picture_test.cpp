#include <parley/media/picture.hpp>
#include <parley/media/picture_file.hpp>
#include <parley/media/test_picture.hpp>

#include "support/catch.hpp"
#include "support/video.hpp"

#include <string>
#include <utility>

using namespace parley;
using media::picture;
using media::picture_plane;

namespace {

std::string text_of(const media::memory_store& store) {
  return {reinterpret_cast<const char*>(store.bytes().data()), store.bytes().size()};
}

}  // namespace

TEST_CASE("a picture has planes for its size, black at first", "[media]") {
  auto made = picture::create(5, 3).value();
  const auto view = made.view();
  CHECK((view.width() == 5 && view.height() == 3));
  CHECK((view.columns(picture_plane::u) == 3 && view.rows(picture_plane::v) == 2));
  CHECK((view.row(picture_plane::y, 2)[4] == 16 && view.row(picture_plane::v, 1)[2] == 128));
  made.row(picture_plane::v, 1)[2] = 7;
  made.row(picture_plane::u, 1)[2] = 6;
  made.row(picture_plane::y, 2)[4] = 5;
  const auto copied = picture::copy(made.view()).value();
  CHECK(copied.view().row(picture_plane::v, 1)[2] == 7);
  CHECK(copied.view().row(picture_plane::u, 1)[2] == 6);
  CHECK(copied.view().row(picture_plane::y, 2)[4] == 5);
  for (const auto& [width, height] : {std::pair{0U, 1U}, {1U, 0U}, {16384U, 1U}, {1U, 16384U}}) {
    CHECK(picture::create(width, height).error() == media::errc::bad_picture);
  }
}

TEST_CASE("test pictures move, and are the same for the same number", "[media]") {
  auto a = picture::create(64, 48).value();
  auto b = picture::create(64, 48).value();
  media::draw_test_picture(a, 3);
  media::draw_test_picture(b, 3);
  CHECK(test::psnr(a.view(), b.view()) == 99);
  media::draw_test_picture(b, 4);
  CHECK(test::psnr(a.view(), b.view()) < 30);
  // The bars of picture 0: grey at the left end, black at the right one.
  media::draw_test_picture(a, 0);
  CHECK(a.view().row(picture_plane::y, 47)[0] == 180);
  CHECK(a.view().row(picture_plane::y, 47)[63] == 16);
  CHECK(a.view().row(picture_plane::y, 0)[0] == 235);
  // Every size and number can be drawn.
  for (std::uint32_t side = 1; side < 20; ++side) {
    auto odd = picture::create(side, 20 - side).value();
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{77}, ~std::uint64_t{0}}) {
      media::draw_test_picture(odd, number);
    }
  }
}

TEST_CASE("a snapshot is a portable pixmap", "[media]") {
  // BT.601: black, white; red is 81, 90, 240.
  auto made = picture::create(2, 1).value();
  media::memory_store store;
  made.row(picture_plane::y, 0)[1] = 235;
  REQUIRE(media::write_ppm(made.view(), store).has_value());
  CHECK(text_of(store) == std::string("P6\n2 1\n255\n\0\0\0\xFF\xFF\xFF", 17));
  CHECK(media::write_ppm(made.view(), store).error() == media::errc::unknown_file);

  auto red = picture::create(1, 1).value();
  red.row(picture_plane::y, 0)[0] = 81;
  red.row(picture_plane::u, 0)[0] = 90;
  red.row(picture_plane::v, 0)[0] = 240;
  media::memory_store second;
  REQUIRE(media::write_ppm(red.view(), second).has_value());
  CHECK(text_of(second) == std::string("P6\n1 1\n255\n\xFF\0\0", 14));
  media::memory_store third({}, 12);
  CHECK(media::write_ppm(red.view(), third).error() == media::errc::limit_reached);
  media::memory_store fourth;
  CHECK(media::write_ppm({}, fourth).error() == media::errc::bad_picture);
}
