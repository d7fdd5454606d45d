#include <parley/media/concealment.hpp>
#include <parley/media/time_stretch.hpp>

#include "support/catch.hpp"
#include "support/sound.hpp"

#include <cstdint>
#include <vector>

using namespace parley;

TEST_CASE("a gap in a periodic sound is filled with the same, at any rate", "[media][concealment]") {
  for (const std::uint32_t rate : {8000U, 16000U, 48000U}) {
    CAPTURE(rate);
    media::concealment filler({rate, 1});
    auto sound = test::sines(rate / 10, {160, 320}, 5000, rate);
    const auto whole = test::sines(rate / 10 + rate / 50, {160, 320}, 5000, rate);
    std::vector<std::int16_t> filled(rate / 100);
    filler.conceal(sound, filled);
    // The first 10 ms don't fade.
    std::vector<std::int16_t> error(filled.size());
    for (std::size_t i = 0; i < filled.size(); ++i) {
      error[i] = static_cast<std::int16_t>(filled[i] - whole[sound.size() + i]);
    }
    CHECK(test::root_mean_square(error) < 0.1 * test::root_mean_square(filled));
    CHECK(filler.active());
    auto after = std::vector(whole.end() - rate / 100, whole.end());
    filler.join(after);
    CHECK(!filler.active());
    std::vector<std::int16_t> all = sound;
    all.insert(all.end(), filled.begin(), filled.end());
    all.insert(all.end(), after.begin(), after.end());
    CHECK(test::largest_step(all) < 1.2 * test::largest_step(whole));
  }
}

TEST_CASE("what fills a gap fades to silence after 60 ms", "[media][concealment]") {
  media::concealment filler({8000, 2});
  const auto sound = test::white_noise(1600, 10000);
  std::vector<std::int16_t> frame(160);
  double last = 1e9;
  for (int i = 0; i < 6; ++i) {
    CHECK(!filler.faded());
    filler.conceal(sound, frame);
    CHECK(test::root_mean_square(frame) < 1.3 * last);
    last = test::root_mean_square(frame);
    if (i < 4) CHECK(last > 300);
  }
  CHECK(filler.faded());
  filler.conceal(sound, frame);
  CHECK(test::root_mean_square(frame) == 0);
}

TEST_CASE("with no sound before it a gap is silent", "[media][concealment]") {
  media::concealment filler({8000, 1});
  std::vector<std::int16_t> frame(80, 99);
  filler.conceal({}, frame);
  CHECK(test::root_mean_square(frame) == 0);
  std::vector<std::int16_t> after(2, 1000);
  filler.join(after);
  CHECK(after[0] < 1000);
}

TEST_CASE("sound is shortened and lengthened by whole periods", "[media][time_stretch]") {
  for (const std::uint32_t rate : {8000U, 48000U}) {
    for (const std::uint16_t channels : {std::uint16_t{1}, std::uint16_t{2}}) {
      CAPTURE(rate, channels);
      const media::pcm_format format{rate, channels};
      const auto mono = test::sines(rate / 10, {100}, 8000, rate);
      std::vector<std::int16_t> sound;
      for (const std::int16_t sample : mono) sound.insert(sound.end(), channels, sample);
      const int step = test::largest_step(mono);

      auto shorter = sound;
      const std::size_t removed = media::shorten(shorter, format);
      CHECK(removed == rate / 100);
      shorter.resize(shorter.size() - removed * channels);
      std::vector<std::int16_t> left;
      for (std::size_t i = 0; i < shorter.size(); i += channels) left.push_back(shorter[i]);
      CHECK(test::largest_step(left) <= step + 2);

      auto longer = sound;
      longer.resize(sound.size() + rate / 50 * channels);
      const std::size_t past = rate / 20;
      const std::size_t added = media::lengthen(longer, past, mono.size(), format);
      CHECK(added == rate / 100);
      longer.resize(sound.size() + added * channels);
      CHECK(std::equal(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(past * channels),
                       longer.begin()));
      left.clear();
      for (std::size_t i = 0; i < longer.size(); i += channels) left.push_back(longer[i]);
      CHECK(test::largest_step(left) <= step + 2);
    }
  }
}

TEST_CASE("what does not repeat itself, or is too short, is left alone", "[media][time_stretch]") {
  auto noise = test::white_noise(400, 10000);
  const auto before = noise;
  CHECK(media::shorten(noise, {8000, 1}) == 0);
  CHECK(media::lengthen(noise, 160, 300, {8000, 1}) == 0);
  CHECK(noise == before);
  auto tone = test::sines(239, {200});
  CHECK(media::shorten(tone, {8000, 1}) == 0);
  CHECK(media::lengthen(tone, 119, 200, {8000, 1}) == 0);
  CHECK(media::lengthen(tone, 180, 239, {8000, 1}) == 0);  // no room
  auto silence = std::vector<std::int16_t>(240);
  CHECK(media::shorten(silence, {8000, 1}) > 0);
}
