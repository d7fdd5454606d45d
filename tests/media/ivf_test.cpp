#include <parley/media/ivf.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"
#include "support/video.hpp"

#include <string>
#include <vector>

using namespace parley;

namespace {

const std::string ivf_begin =
    "444b494600002000"
    "56503830"
    "4001f000"
    "905f0100"
    "01000000"
    "00000000"
    "00000000";

}  // namespace

TEST_CASE("an IVF file by its bytes", "[media]") {
  media::memory_store store;
  auto writer = media::ivf_writer::create(store, {media::video_codec::vp8, 320, 240}).value();
  CHECK(test::to_hex(store.bytes()) == ivf_begin);
  REQUIRE(writer.write(test::from_hex("aabbcc"), 0x0102030405).has_value());
  REQUIRE(writer.write(test::from_hex("dd"), 0x0102030406).has_value());
  REQUIRE(writer.finish().has_value());
  CHECK(writer.frames() == 2);
  auto expected = ivf_begin;
  expected.replace(48, 2, "02");
  CHECK(test::to_hex(store.bytes()) == expected +
                                           "03000000"
                                           "0504030201000000"
                                           "aabbcc"
                                           "01000000"
                                           "0604030201000000"
                                           "dd");
  CHECK(writer.write({}, 1).error() == media::errc::bad_frame);
  CHECK(media::ivf_writer::create(store, {}).error() == media::errc::unknown_file);
  media::memory_store other;
  CHECK(media::ivf_writer::create(other, {.rate = 0}).error() == media::errc::bad_parameters);
}

TEST_CASE("what was written to an IVF file is read, of every codec", "[media]") {
  using media::video_codec;
  for (const auto codec : {video_codec::vp8, video_codec::vp9, video_codec::h264, video_codec::av1}) {
    media::memory_store store;
    const media::ivf_header header{codec, 640, 480, 30, 1};
    auto writer = media::ivf_writer::create(store, header).value();
    for (std::uint32_t i = 1; i < 20; ++i) REQUIRE(writer.write(test::noise_bytes(i * 50, i), i).has_value());
    auto reader = media::ivf_reader::open(store).value();
    CHECK(reader.header() == header);
    for (std::uint32_t i = 1; i < 20; ++i) {
      const auto frame = reader.next().value();
      REQUIRE(frame.has_value());
      CHECK(frame->time == i);
      CHECK(test::to_hex(frame->bytes) == test::to_hex(test::noise_bytes(i * 50, i)));
    }
    CHECK(!reader.next().value().has_value());
  }
}

TEST_CASE("IVF files that end early, lie or are none", "[media]") {
  const auto open = [](const std::string& hex) {
    media::memory_store store(test::from_hex(hex));
    const auto reader = media::ivf_reader::open(store);
    return reader ? base::error_code{} : reader.error();
  };
  CHECK(open(ivf_begin) == base::error_code{});
  CHECK(open("") == media::errc::unknown_file);
  CHECK(open(ivf_begin.substr(0, 62)) == media::errc::unknown_file);
  // Another magic, version, a header that is too short, another codec, no rate.
  for (const auto& [at, byte] : {std::pair{0, "45"}, {8, "01"}, {12, "1f"}, {22, "31"}}) {
    auto changed = ivf_begin;
    changed.replace(static_cast<std::size_t>(at), 2, byte);
    CHECK(open(changed) == media::errc::unknown_file);
  }
  auto changed = ivf_begin;
  changed.replace(32, 8, "00000000");
  CHECK(open(changed) == media::errc::unknown_file);

  // A whole frame, then one whose size is beyond the end of the file: nothing is allocated for it.
  media::memory_store store(test::from_hex(ivf_begin + "01000000"
                                                       "0100000000000000"
                                                       "aa"
                                                       "ffffffff"
                                                       "0200000000000000"
                                                       "bb"));
  auto reader = media::ivf_reader::open(store).value();
  CHECK(reader.next().value().has_value());
  CHECK(!reader.next().value().has_value());
  CHECK(!reader.next().value().has_value());
  auto bounded = media::ivf_reader::open(store, 0).value();
  CHECK(bounded.next().error() == media::errc::limit_reached);
}
