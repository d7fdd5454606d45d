#include <parley/media/sound_io.hpp>

#include "support/catch.hpp"
#include "support/spectrum.hpp"

#include <cstdint>
#include <utility>
#include <vector>

using namespace parley;

TEST_CASE("a tone is a source for ever, a bad one silence", "[sound_io]") {
  media::tone_source tone(media::continuous_tone(1000, -10), 8000);
  std::vector<std::int16_t> out(8000);
  CHECK(tone.read(out) == 8000);
  CHECK(test::amplitude_at(out, 1000, 8000) > 5000);
  media::tone_source bad({}, 8000);
  CHECK(bad.read(out) == 0);
}

#if defined(PARLEY_TEST_WIDEBAND)
TEST_CASE("a file that a sink has written is what a source reads, once", "[sound_io]") {
  media::memory_store store;
  const auto sound = test::tone(440, 8000, 1000);
  auto writer = media::sound_file_writer::create(store, media::sound_encoding::wav_s16, {8000, 1});
  REQUIRE(writer.has_value());
  media::file_sink sink(*std::move(writer));
  sink.write(sound);
  CHECK(sink.finish().has_value());
  sink.write(sound);
  CHECK(sink.finish().has_value());
  auto reader = media::sound_file_reader::open(store, media::pcm_format{8000, 1});
  REQUIRE(reader.has_value());
  media::file_source source(*std::move(reader));
  std::vector<std::int16_t> out(800);
  CHECK(source.read(out) == 800);
  CHECK(std::equal(out.begin(), out.end(), sound.begin()));
  CHECK_FALSE(source.ended());
  CHECK(source.read(out) == 200);
  CHECK(source.ended());
  CHECK_FALSE(source.error());
  CHECK(source.read(out) == 0);
}

TEST_CASE("a store that is full ends what is written to it, and says so", "[sound_io]") {
  media::memory_store store({}, 1000);
  auto writer = media::sound_file_writer::create(store, media::sound_encoding::wav_s16, {8000, 1});
  REQUIRE(writer.has_value());
  media::file_sink sink(*std::move(writer));
  for (int i = 0; i < 1000; ++i) sink.write(test::tone(440, 8000, 800));
  CHECK_FALSE(sink.finish().has_value());
  CHECK(store.size() <= 1000);
}
#endif
