#include <parley/media/sound_file.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/spectrum.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>
#include <vector>

using namespace parley;
using media::sound_encoding;

namespace {

constexpr std::array wav_encodings = {
    sound_encoding::wav_u8,    sound_encoding::wav_s16,  sound_encoding::wav_s24, sound_encoding::wav_s32,
    sound_encoding::wav_float, sound_encoding::wav_alaw, sound_encoding::wav_ulaw};

std::vector<std::byte> file_of(std::span<const std::int16_t> samples, sound_encoding encoding,
                               media::pcm_format format) {
  media::memory_store store;
  auto writer = media::sound_file_writer::create(store, encoding, format);
  REQUIRE(writer.has_value());
  CHECK(writer->format() == format);
  // In parts that fit neither blocks nor frames.
  while (!samples.empty()) {
    const auto part = samples.first(std::min<std::size_t>(samples.size(), 1234));
    REQUIRE(writer->write(part).has_value());
    samples = samples.subspan(part.size());
  }
  REQUIRE(writer->finish().has_value());
  CHECK(writer->finish().has_value());
  CHECK(writer->write(samples).error() == media::errc::late);
  return {store.bytes().begin(), store.bytes().end()};
}

/// All that a reader gives, in parts.
std::vector<std::int16_t> rest_of(media::sound_file_reader& reader) {
  std::vector<std::int16_t> all;
  std::array<std::int16_t, 1000> part{};
  for (;;) {
    const auto read = reader.read(part);
    REQUIRE(read.has_value());
    all.insert(all.end(), read->begin(), read->end());
    if (read->size() < part.size()) break;
  }
  CHECK(reader.read(part)->empty());
  return all;
}

void put(std::vector<std::byte>& out, std::size_t at, std::string_view bytes) {
  std::memcpy(out.data() + at, bytes.data(), bytes.size());
}

/// A store that fails at the n-th access.
class failing_store final : public media::byte_store {
 public:
  failing_store(std::vector<std::byte> bytes, int good) : inner_(std::move(bytes)), good_(good) {}
  std::uint64_t size() const noexcept override { return inner_.size(); }
  base::result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) noexcept override {
    if (good_-- <= 0) return base::errc::out_of_range;
    return inner_.read_at(offset, out);
  }
  base::result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) noexcept override {
    if (good_-- <= 0) return base::errc::out_of_range;
    return inner_.write_at(offset, bytes);
  }
  bool failed() const noexcept { return good_ < 0; }

 private:
  media::memory_store inner_;
  int good_;
};

/// Where `bytes` ends in an error or a sound; nothing else is asked of damaged files.
void read_whatever(std::span<const std::byte> bytes) {
  media::memory_store store({bytes.begin(), bytes.end()});
  auto reader = media::sound_file_reader::open(store);
  if (!reader) return;
  std::array<std::int16_t, 960> part{};
  const auto whole = std::span(part).first(960 / reader->format().channels * reader->format().channels);
  for (int i = 0; i < 1000; ++i) {
    const auto read = reader->read(whole);
    if (!read || read->size() < whole.size()) return;
  }
  FAIL("a file of less than a second goes on");
}

}  // namespace

TEST_CASE("WAV files of each encoding give back what went in, as near as the encoding allows",
          "[media][sound_file]") {
  auto sound = test::sweep(200, 3000, 16000, 8000, 20000);
  sound[0] = 32767;
  sound[1] = -32768;
  sound[2] = -1;
  for (const auto encoding : wav_encodings) {
    for (const std::uint16_t channels : {std::uint16_t{1}, std::uint16_t{2}}) {
      const media::pcm_format format{16000, channels};
      media::memory_store store(file_of(sound, encoding, format));
      auto reader = media::sound_file_reader::open(store);
      REQUIRE(reader.has_value());
      CHECK(reader->encoding() == encoding);
      CHECK(reader->format() == format);
      CHECK(reader->stored_channels() == channels);
      CHECK(reader->stored_rate() == 16000);
      CHECK(reader->expected_length() == sound.size() / channels);
      const auto read = rest_of(*reader);
      REQUIRE(read.size() == sound.size());
      if (encoding == sound_encoding::wav_u8 || encoding == sound_encoding::wav_alaw ||
          encoding == sound_encoding::wav_ulaw) {
        int worst = 0;
        for (std::size_t i = 0; i < read.size(); ++i) {
          worst = std::max(worst, std::abs(int{read[i]} - int{sound[i]}));
        }
        CHECK(worst > 0);
        CHECK(worst <= (encoding == sound_encoding::wav_u8 ? 256 : 700));
      } else {
        CHECK(read == sound);
      }
    }
  }
}

TEST_CASE("Ogg Opus keeps the sound and its length at each rate of the codec", "[media][sound_file]") {
  for (const std::uint32_t rate : {8000U, 12000U, 16000U, 24000U, 48000U}) {
    const auto sound = test::sweep(200, 3000, rate, rate);
    const auto bytes = file_of(sound, sound_encoding::ogg_opus, {rate, 1});
    CHECK(bytes.size() < 40000);
    media::memory_store store(bytes);
    auto reader = media::sound_file_reader::open(store, media::pcm_format{rate, 1});
    REQUIRE(reader.has_value());
    CHECK(reader->encoding() == sound_encoding::ogg_opus);
    const auto read = rest_of(*reader);
    REQUIRE(read.size() == sound.size());
    // In place: a shift of a few samples would lose the correlation at 3 kHz.
    double both = 0;
    double first = 0;
    double second = 0;
    for (std::size_t i = 0; i < read.size(); ++i) {
      both += double{1} * read[i] * sound[i];
      first += double{1} * read[i] * read[i];
      second += double{1} * sound[i] * sound[i];
    }
    CAPTURE(rate);
    CHECK(both / std::sqrt(first * second) > 0.9);
  }
}

TEST_CASE("a file is read in the rate and channels that are wanted, from its first sample to its last",
          "[media][sound_file]") {
  const auto sound = test::tone(440, 44100, 44100);
  media::memory_store store(file_of(sound, sound_encoding::wav_s16, {44100, 1}));
  for (const media::pcm_format wanted :
       {media::pcm_format{16000, 1}, media::pcm_format{8000, 2}, media::pcm_format{48000, 1}}) {
    auto reader = media::sound_file_reader::open(store, wanted);
    REQUIRE(reader.has_value());
    CHECK(reader->format() == wanted);
    CHECK(reader->expected_length() == wanted.rate);
    const auto read = rest_of(*reader);
    REQUIRE(read.size() == wanted.rate * wanted.channels);
    const auto expected = test::tone(440, wanted.rate, wanted.rate);
    // Away from both ends, where the filter rings.
    for (std::size_t i = wanted.rate / 20; i < wanted.rate - wanted.rate / 20; ++i) {
      REQUIRE(std::abs(read[i * wanted.channels] - expected[i]) < 400);
    }
  }

  // Two channels become one.
  std::vector<std::int16_t> stereo;
  for (std::int16_t i = 0; i < 1000; ++i) stereo.insert(stereo.end(), {i, static_cast<std::int16_t>(3 * i)});
  media::memory_store two(file_of(stereo, sound_encoding::wav_s16, {8000, 2}));
  auto reader = media::sound_file_reader::open(two, media::pcm_format{8000, 1});
  REQUIRE(reader.has_value());
  const auto mono = rest_of(*reader);
  REQUIRE(mono.size() == 1000);
  for (std::size_t i = 0; i < mono.size(); ++i) CHECK(mono[i] == static_cast<std::int16_t>(2 * i));
}

TEST_CASE("more than two channels become their mean", "[media][sound_file]") {
  std::vector<std::int16_t> sound;
  for (std::int16_t i = 0; i < 400; ++i) sound.push_back(static_cast<std::int16_t>(i % 4 * 100));
  auto bytes = file_of(sound, sound_encoding::wav_s16, {8000, 1});
  // Channels, bytes a second and bytes an instant.
  put(bytes, 22, std::string_view("\x04\0\x40\x1f\0\0\0\xfa\0\0\x08\0", 12));
  media::memory_store store(bytes);
  auto reader = media::sound_file_reader::open(store);
  REQUIRE(reader.has_value());
  CHECK(reader->stored_channels() == 4);
  CHECK(reader->format() == media::pcm_format{8000, 1});
  CHECK(rest_of(*reader) == std::vector<std::int16_t>(100, 150));
  CHECK(media::sound_file_reader::open(store, {}, {.max_channels = 3}).error() == media::errc::limit_reached);
}

TEST_CASE("limits hold against what a header says", "[media][sound_file]") {
  const std::vector<std::int16_t> sound(8000);
  media::memory_store store(file_of(sound, sound_encoding::wav_s16, {48000, 1}));
  CHECK(media::sound_file_reader::open(store, {}, {.max_rate = 44100}).error() == media::errc::limit_reached);
  CHECK(media::sound_file_reader::open(store, {}, {.max_length = 7999}).error() ==
        media::errc::limit_reached);
  CHECK(media::sound_file_reader::open(store, {}, {.max_length = 8000}).has_value());

  // 4 GiB of samples in a file of 16 kB are those that are there.
  std::vector<std::byte> bytes(store.bytes().begin(), store.bytes().end());
  put(bytes, 40, "\xff\xff\xff\xff");
  media::memory_store boastful(bytes);
  auto reader = media::sound_file_reader::open(boastful);
  REQUIRE(reader.has_value());
  CHECK(rest_of(*reader).size() == 8000);

  std::array<std::int16_t, 3> odd{};
  auto stereo = media::sound_file_reader::open(store, media::pcm_format{48000, 2});
  REQUIRE(stereo.has_value());
  CHECK(stereo->read(odd).error() == media::errc::bad_frame_length);
}

TEST_CASE("floating-point samples are clipped, and none of them is a number that isn't one",
          "[media][sound_file]") {
  auto bytes = file_of(std::vector<std::int16_t>(5), sound_encoding::wav_float, {8000, 1});
  const std::array<float, 5> values = {2.0F, -2.0F, std::nanf(""), INFINITY, 0.5F};
  std::memcpy(bytes.data() + bytes.size() - sizeof values, values.data(), sizeof values);
  media::memory_store store(bytes);
  auto reader = media::sound_file_reader::open(store);
  REQUIRE(reader.has_value());
  CHECK(rest_of(*reader) == std::vector<std::int16_t>{32767, -32768, 0, 32767, 16384});
}

TEST_CASE("what is no WAV or Ogg Opus is shown to no library", "[media][sound_file]") {
  const auto good = file_of(std::vector<std::int16_t>(100), sound_encoding::wav_s16, {8000, 1});
  const auto refused = [](std::vector<std::byte> bytes) {
    media::memory_store store(std::move(bytes));
    const auto reader = media::sound_file_reader::open(store);
    return !reader && reader.error() == media::errc::unknown_file;
  };
  CHECK(refused({}));
  CHECK(refused(std::vector<std::byte>(1000)));
  const auto with = [&](std::size_t at, std::string_view bytes) {
    auto changed = good;
    put(changed, at, bytes);
    return changed;
  };
  CHECK(!refused(good));
  CHECK(refused(with(0, "RIFX")));
  CHECK(refused(with(0, "FORM")));
  CHECK(refused(with(8, "AIFF")));
  CHECK(refused(with(12, "data")));
  CHECK(refused(with(20, "\x02")));  // MS ADPCM
  CHECK(refused(with(20, "\x11")));  // IMA ADPCM
  CHECK(refused(with(20, "\x31")));  // GSM 06.10
  CHECK(refused(with(34, "\x0c")));  // 12 bits
  CHECK(refused(with(16, std::string_view("\0\0\0\0", 4))));
  CHECK(refused(with(22, std::string_view("\0\0", 2))));  // no channel

  const auto opus = file_of(std::vector<std::int16_t>(8000), sound_encoding::ogg_opus, {8000, 1});
  const auto opus_with = [&](std::size_t at, std::string_view bytes) {
    auto changed = opus;
    put(changed, at, bytes);
    return changed;
  };
  CHECK(!refused(opus));
  CHECK(refused(opus_with(28, "OpusTail")));
  CHECK(refused(opus_with(28, "\x01vorbis")));
  CHECK(refused(opus_with(36, "\x10")));
}

TEST_CASE("files that are cut off or damaged end, and break nothing", "[media][sound_file]") {
  const auto sound = test::sweep(200, 3000, 8000, 2000);
  for (const auto encoding : {sound_encoding::wav_s16, sound_encoding::wav_float, sound_encoding::wav_ulaw,
                              sound_encoding::ogg_opus}) {
    const auto bytes = file_of(sound, encoding, {8000, 1});
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / 200);
    for (std::size_t size = 0; size < bytes.size(); size += size < 100 ? 1 : step) {
      read_whatever(std::span(bytes).first(size));
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 160); ++i) {
      auto changed = bytes;
      changed[i] ^= std::byte{0xff};
      read_whatever(changed);
      changed[i] = std::byte{0x7f};
      read_whatever(changed);
    }
  }
  // What is there of a file that was cut off is given.
  const auto bytes = file_of(sound, sound_encoding::wav_s16, {8000, 1});
  media::memory_store store(std::vector<std::byte>(bytes.begin(), bytes.begin() + 44 + 2000));
  auto reader = media::sound_file_reader::open(store);
  REQUIRE(reader.has_value());
  const auto read = rest_of(*reader);
  CHECK(std::equal(read.begin(), read.end(), sound.begin(), sound.begin() + 1000));
}

TEST_CASE("what a store fails with is handed on, wherever that is", "[media][sound_file]") {
  const auto sound = test::tone(440, 8000, 4000);
  for (const auto encoding : {sound_encoding::wav_s16, sound_encoding::ogg_opus}) {
    int good = 0;
    for (;; ++good) {
      REQUIRE(good < 1000);
      failing_store store({}, good);
      auto writer = media::sound_file_writer::create(store, encoding, {8000, 1});
      base::error_code failed;
      if (!writer) {
        failed = writer.error();
      } else if (const auto written = writer->write(sound); !written) {
        failed = written.error();
      } else if (const auto finished = writer->finish(); !finished) {
        failed = finished.error();
      }
      if (!store.failed()) break;
      CHECK(failed == base::errc::out_of_range);
    }
    CHECK(good > 1);

    const auto bytes = file_of(sound, encoding, {8000, 1});
    for (good = 0;; ++good) {
      REQUIRE(good < 1000);
      failing_store store(bytes, good);
      auto reader = media::sound_file_reader::open(store);
      base::error_code failed;
      if (!reader) {
        failed = reader.error();
      } else {
        std::array<std::int16_t, 960> part{};
        for (;;) {
          const auto read = reader->read(part);
          if (!read) failed = read.error();
          if (!read || read->size() < part.size()) break;
        }
      }
      if (!store.failed()) break;
      CHECK(failed == base::errc::out_of_range);
    }
    CHECK(good > 1);
  }
}

TEST_CASE("a writer refuses what a file can't hold", "[media][sound_file]") {
  const auto refused = [](sound_encoding encoding, media::pcm_format format) {
    media::memory_store store;
    const auto writer = media::sound_file_writer::create(store, encoding, format);
    return !writer && writer.error() == media::errc::unsupported_rate && store.size() == 0;
  };
  CHECK(refused(sound_encoding::ogg_opus, {44100, 1}));
  CHECK(refused(sound_encoding::wav_s16, {8000, 3}));
  CHECK(refused(sound_encoding::wav_s16, {8000, 0}));
  CHECK(refused(sound_encoding::wav_s16, {7999, 1}));
  CHECK(refused(sound_encoding::wav_s16, {192001, 1}));

  media::memory_store full(std::vector<std::byte>(1));
  CHECK(media::sound_file_writer::create(full, sound_encoding::wav_s16, {}).error() ==
        media::errc::unknown_file);

  media::memory_store store;
  auto writer = media::sound_file_writer::create(store, sound_encoding::wav_s16, {8000, 2});
  REQUIRE(writer.has_value());
  CHECK(writer->write(std::array<std::int16_t, 3>{}).error() == media::errc::bad_frame_length);

  media::memory_store small({}, 100);
  auto bounded = media::sound_file_writer::create(small, sound_encoding::wav_s16, {8000, 1});
  REQUIRE(bounded.has_value());
  CHECK(bounded->write(std::vector<std::int16_t>(1000)).error() == media::errc::limit_reached);
}
