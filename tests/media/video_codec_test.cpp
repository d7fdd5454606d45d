// Pictures through libvpx, packets and files.
#include <parley/media/ivf.hpp>
#include <parley/media/test_picture.hpp>
#include <parley/media/video_codec.hpp>
#include <parley/media/video_header.hpp>

#include "media/detail/vp9_frames.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/video.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

using namespace parley;
using media::video_codec;

namespace {

constexpr std::array vpx_codecs{video_codec::vp8, video_codec::vp9};

media::picture drawn(std::uint32_t width, std::uint32_t height, std::uint64_t number) {
  auto made = media::picture::create(width, height).value();
  media::draw_test_picture(made, number);
  return made;
}

/// A film of test pictures, encoded.
std::vector<std::vector<std::byte>> film(const media::video_encoder_options& options,
                                         std::uint32_t pictures) {
  auto encoder = media::make_video_encoder(options).value();
  std::vector<std::vector<std::byte>> frames;
  for (std::uint32_t n = 0; n < pictures; ++n) {
    const auto made = encoder->encode(drawn(options.width, options.height, n).view(), n * 3000).value();
    CHECK(made.key_frame == media::read_video_header(options.codec, made.bytes).value().key_frame);
    frames.emplace_back(made.bytes.begin(), made.bytes.end());
  }
  return frames;
}

std::size_t threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

}  // namespace

TEST_CASE("test pictures are encoded, and are seen again when they are decoded", "[media]") {
  const std::size_t threads_before = threads();
  for (const auto codec : vpx_codecs) {
    // Sides that are odd, and pictures smaller than a block.
    for (const auto& [width, height] : {std::pair{160U, 120U}, {97U, 51U}, {1U, 1U}}) {
      INFO(static_cast<int>(codec) << " " << width << "x" << height);
      const auto frames = film({.codec = codec, .width = width, .height = height}, 15);
      auto decoder = media::make_video_decoder(codec).value();
      for (std::uint32_t n = 0; n < frames.size(); ++n) {
        const auto header = media::read_video_header(codec, frames[n]).value();
        CHECK(header.key_frame == (n == 0));
        if (n == 0) CHECK((header.width == width && header.height == height));
        const auto shown = decoder->decode(frames[n]);
        REQUIRE(shown.has_value());
        CHECK(test::psnr(*shown, drawn(width, height, n).view()) > 30);
      }
    }
  }
  // Nothing below net has threads, neither has what is used here of libvpx.
  CHECK(threads() == threads_before);
}

TEST_CASE("an encoder makes key frames when asked, and keeps to its rate", "[media]") {
  for (const auto codec : vpx_codecs) {
    INFO(static_cast<int>(codec));
    media::video_encoder_options options{.codec = codec, .width = 320, .height = 240, .bit_rate = 200'000};
    auto encoder = media::make_video_encoder(options).value();
    // Noise, which nothing predicts, so that the rate is what limits it.
    const auto second = [&](std::uint32_t from) {
      std::size_t bytes = 0;
      for (std::uint32_t n = from; n < from + 20; ++n) {
        auto noisy = drawn(320, 240, n);
        for (std::uint32_t y = 0; y < 240; ++y) {
          const auto noise = test::noise_bytes(320, n * 240 + y);
          auto row = noisy.row(media::picture_plane::y, y);
          for (std::size_t x = 0; x < 320; ++x)
            row[x] ^= std::to_integer<std::uint8_t>(noise[x] & std::byte{0x1F});
        }
        bytes += encoder->encode(noisy.view(), n * 3000).value().bytes.size();
      }
      return bytes;
    };
    second(0);
    const auto high = second(20);
    CHECK(encoder->set_bit_rate(50'000).has_value());
    second(40);
    CHECK(second(60) < high);
    CHECK(!encoder->encode(drawn(320, 240, 80).view(), 80 * 3000).value().key_frame);
    encoder->request_key_frame();
    CHECK(encoder->encode(drawn(320, 240, 81).view(), 81 * 3000).value().key_frame);
    CHECK(!encoder->encode(drawn(320, 240, 82).view(), 82 * 3000).value().key_frame);
    // Time goes on over the end of 32 bits, never back.
    CHECK(encoder->encode(drawn(320, 240, 82).view(), 82 * 3000).error() == media::errc::late);
    CHECK(encoder->encode(drawn(320, 240, 82).view(), 81 * 3000).error() == media::errc::late);
    CHECK(encoder->encode(drawn(160, 240, 82).view(), 83 * 3000).error() == media::errc::bad_picture);
    CHECK(encoder->set_bit_rate(999).error() == media::errc::bad_parameters);

    options.key_frame_interval = 5;
    auto regular = media::make_video_encoder(options).value();
    std::size_t key_frames = 0;
    for (std::uint32_t n = 0; n < 20; ++n) {
      if (regular->encode(drawn(320, 240, n).view(), 0xFFFFFFFF - 30000 + n * 3000).value().key_frame)
        ++key_frames;
    }
    CHECK((key_frames >= 3 && key_frames <= 5));
  }
}

TEST_CASE("options that no encoder has are refused", "[media]") {
  using media::make_video_encoder;
  CHECK(make_video_encoder({.codec = video_codec::h264}).error() == media::errc::unknown_codec);
  CHECK(media::make_video_decoder(video_codec::av1).error() == media::errc::unknown_codec);
  CHECK(make_video_encoder({.width = 0}).error() == media::errc::bad_picture);
  CHECK(make_video_encoder({.height = 16384}).error() == media::errc::bad_picture);
  CHECK(make_video_encoder({.bit_rate = 999}).error() == media::errc::bad_parameters);
  CHECK(make_video_encoder({.frame_rate = 0}).error() == media::errc::bad_parameters);
  CHECK(make_video_encoder({.frame_rate = 241}).error() == media::errc::bad_parameters);
  CHECK(make_video_encoder({.speed = 10}).error() == media::errc::bad_parameters);
}

TEST_CASE("a film over a network that loses and reorders is seen again after each loss", "[media]") {
  test::seeded_random random(3);
  const auto dice = [&] {
    std::array<std::byte, 1> byte{};
    random.fill(byte);
    return std::to_integer<unsigned>(byte[0]);
  };
  for (const auto codec : vpx_codecs) {
    INFO(static_cast<int>(codec));
    auto encoder = media::make_video_encoder({.codec = codec, .width = 160, .height = 120}).value();
    auto decoder = media::make_video_decoder(codec).value();
    test::video_sender sender({codec}, {.max_payload = 150});
    media::video_assembler assembler({codec}, {.later_frames = 1});
    base::buffer_pool pool;
    std::size_t seen = 0;
    for (std::uint32_t n = 1; n <= 90; ++n) {
      if (assembler.key_frame_needed()) encoder->request_key_frame();
      const auto made = encoder->encode(drawn(160, 120, n).view(), n).value();
      auto packets = sender.send(made.bytes, n);
      for (std::size_t i = 1; i < packets.size(); ++i) {
        if (dice() < 60) std::swap(packets[i], packets[i - 1]);
      }
      for (const auto& packet : packets) {
        if (n > 5 && dice() < 6) continue;
        CHECK(test::deliver(assembler, pool, packet).has_value());
      }
      while (const auto frame = assembler.poll_frame()) {
        const auto shown = decoder->decode(frame->bytes);
        REQUIRE(shown.has_value());
        CHECK(test::psnr(*shown, drawn(160, 120, frame->timestamp).view()) > 28);
        ++seen;
      }
    }
    CHECK(assembler.statistics().broken > 2);
    CHECK(seen > 45);
  }
}

TEST_CASE("pictures above the limits are refused by their headers", "[media]") {
  for (const auto codec : vpx_codecs) {
    INFO(static_cast<int>(codec));
    const auto frame = film({.codec = codec, .width = 64, .height = 48}, 1)[0];
    for (const media::picture_limits limits :
         {media::picture_limits{.max_width = 63}, media::picture_limits{.max_height = 47},
          media::picture_limits{.max_pixels = 64 * 48 - 1}}) {
      auto decoder = media::make_video_decoder(codec, limits).value();
      CHECK(decoder->decode(frame).error() == media::errc::picture_too_large);
    }
    auto decoder =
        media::make_video_decoder(codec, {.max_width = 64, .max_height = 48, .max_pixels = 64 * 48}).value();
    CHECK(decoder->decode(frame).has_value());
  }
}

TEST_CASE("bytes behind a frame of VP9 aren't taken for another one", "[media]") {
  const auto small = film({.codec = video_codec::vp9, .width = 64, .height = 48}, 1)[0];
  const auto large = film({.codec = video_codec::vp9, .width = 256, .height = 192}, 1)[0];
  const media::picture_limits limits{.max_width = 64, .max_height = 48};
  auto both = small;
  test::append(both, large);
  auto decoder = media::make_video_decoder(video_codec::vp9, limits).value();
  const auto shown = decoder->decode(both);
  if (shown) CHECK((shown->width() == 64 && shown->height() == 48));
  // An index that tells where the second one is.
  const std::array sizes{static_cast<std::uint32_t>(small.size()), static_cast<std::uint32_t>(large.size())};
  both.resize(both.size() + media::detail::superframe_index_bytes(2));
  media::detail::put_superframe_index(both.data() + small.size() + large.size(), sizes);
  CHECK(decoder->decode(both).error() == media::errc::picture_too_large);
  auto patient = media::make_video_decoder(video_codec::vp9).value();
  CHECK(patient->decode(both).value().width() == 256);
}

TEST_CASE("damaged and missing frames are errors, and a key frame mends them", "[media]") {
  for (const auto codec : vpx_codecs) {
    INFO(static_cast<int>(codec));
    const auto frames = film({.codec = codec, .width = 64, .height = 48}, 3);
    auto decoder = media::make_video_decoder(codec).value();
    CHECK(decoder->decode({}).error() == media::errc::bad_frame);
    // Nothing to depend on.
    CHECK(decoder->decode(frames[1]).error() == media::errc::bad_frame);
    for (std::size_t size = 1; size < frames[0].size(); size += 1 + size / 8) {
      static_cast<void>(decoder->decode(std::span(frames[0]).first(size)));
    }
    for (std::size_t i = 0; i < frames[0].size(); i += 1 + i / 16) {
      auto damaged = frames[0];
      damaged[i] ^= std::byte{0x55};
      static_cast<void>(decoder->decode(damaged));
    }
    CHECK(decoder->decode(frames[0]).has_value());
    CHECK(decoder->decode(frames[1]).has_value());
  }
}

TEST_CASE("a film is recorded into a file and played from it", "[media]") {
  for (const auto codec : vpx_codecs) {
    INFO(static_cast<int>(codec));
    const auto frames = film({.codec = codec, .width = 96, .height = 64}, 5);
    media::memory_store store;
    auto writer = media::ivf_writer::create(store, {codec, 96, 64}).value();
    for (std::uint32_t n = 0; n < frames.size(); ++n) REQUIRE(writer.write(frames[n], n * 3000).has_value());
    REQUIRE(writer.finish().has_value());
    auto reader = media::ivf_reader::open(store).value();
    auto decoder = media::make_video_decoder(reader.header().codec).value();
    for (std::uint32_t n = 0; n < frames.size(); ++n) {
      const auto frame = reader.next().value();
      REQUIRE(frame.has_value());
      CHECK(frame->time == n * 3000);
      CHECK(test::psnr(decoder->decode(frame->bytes).value(), drawn(96, 64, n).view()) > 30);
    }
  }
}

// tests/interop/media_video.sh runs this one with the folder PARLEY_FILMS, and decodes what it finds there.
TEST_CASE("films for other decoders", "[.films]") {
  const char* const folder = std::getenv("PARLEY_FILMS");
  REQUIRE(folder != nullptr);
  for (const auto& [codec, name] : {std::pair{video_codec::vp8, "vp8"}, {video_codec::vp9, "vp9"}}) {
    // The way over packets, so that what is decoded is what an assembler has made.
    test::video_sender sender({codec}, {.max_payload = 200});
    media::video_assembler assembler({codec});
    base::buffer_pool pool;
    media::memory_store store;
    auto writer = media::ivf_writer::create(store, {codec, 175, 144}).value();
    auto decoder = media::make_video_decoder(codec).value();
    std::ofstream samples(std::string(folder) + "/" + name + ".i420", std::ios::binary);
    const auto frames = film({.codec = codec, .width = 175, .height = 144}, 30);
    for (std::uint32_t n = 0; n < frames.size(); ++n) {
      for (const auto& packet : sender.send(frames[n], n * 3000)) {
        REQUIRE(test::deliver(assembler, pool, packet).has_value());
      }
      const auto frame = assembler.poll_frame().value();
      REQUIRE(writer.write(frame.bytes, frame.timestamp).has_value());
      const auto shown = decoder->decode(frame.bytes).value();
      for (const auto plane : {media::picture_plane::y, media::picture_plane::u, media::picture_plane::v}) {
        for (std::uint32_t y = 0; y < shown.rows(plane); ++y) {
          const auto row = std::as_bytes(shown.row(plane, y));
          samples.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size()));
        }
      }
    }
    REQUIRE(writer.finish().has_value());
    std::ofstream(std::string(folder) + "/" + name + ".ivf", std::ios::binary)
        .write(reinterpret_cast<const char*>(store.bytes().data()),
               static_cast<std::streamsize>(store.bytes().size()));
  }
}
