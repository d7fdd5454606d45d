#include <parley/media/call_progress.hpp>
#include <parley/media/dtmf_detector.hpp>
#include <parley/media/level.hpp>
#include <parley/media/tone_generator.hpp>

#include "support/catch.hpp"
#include "support/sound.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

using namespace parley;

namespace {

constexpr std::string_view all_digits = "123A456B789C*0#D";

std::vector<std::int16_t> play(const media::tone& what, std::size_t size, std::uint32_t rate = 8000) {
  media::tone_generator generator(rate);
  REQUIRE(generator.play(what));
  std::vector<std::int16_t> out(size);
  generator.generate(out);
  return out;
}

struct heard_digits {
  std::string digits;
  std::vector<std::uint64_t> lengths;
  std::vector<std::uint64_t> begins;
};

heard_digits detect(std::span<const std::int16_t> sound, std::uint32_t rate = 8000) {
  heard_digits heard;
  media::dtmf_detector detector(rate);
  for (std::size_t at = 0; at < sound.size(); at += rate / 100) {
    const auto event = detector.add(sound.subspan(at, std::min<std::size_t>(rate / 100, sound.size() - at)));
    if (!event) continue;
    if (event->ended) {
      heard.lengths.push_back(event->length);
    } else {
      heard.digits += event->digit;
      heard.begins.push_back(event->at);
    }
  }
  return heard;
}

std::vector<std::int16_t> dial(const media::dtmf_options& options, std::uint32_t rate = 8000) {
  media::tone_generator generator(rate);
  std::vector<std::int16_t> sound(rate / 20);
  for (const char digit : all_digits) {
    REQUIRE(generator.play(*media::dtmf_tone(digit, options)));
    std::vector<std::int16_t> part(rate / 1000 * (options.on_ms + options.off_ms));
    CHECK(generator.generate(part) == part.size());
    CHECK(!generator.playing());
    sound.insert(sound.end(), part.begin(), part.end());
  }
  sound.resize(sound.size() + rate / 10);
  return sound;
}

}  // namespace

TEST_CASE("a tone has its frequency, its level and no click", "[media][tone_generator]") {
  const auto sound = play(media::continuous_tone(1004, -10), 16000);
  media::goertzel filter(1004, 8000);
  for (std::size_t i = 8000; i < 16000; ++i) filter.add(sound[i]);
  const double amplitude = std::sqrt(static_cast<double>(filter.power())) * 2 / 8000;
  CHECK(std::abs(amplitude - media::sine_amplitude(-10)) < 0.02 * amplitude);
  CHECK(std::abs(sound[0]) < 50);  // fades in
  CHECK(test::largest_step(sound) < 1.01 * 2 * 3.1416 * 1004 / 8000 * amplitude);
}

TEST_CASE("a cadence is exact to a sample, for as long as it goes on", "[media][tone_generator]") {
  const auto busy = *media::call_progress_tone("de", media::call_progress::busy);
  media::tone_generator generator(8000);
  REQUIRE(generator.play(busy));
  std::vector<std::int16_t> period(2 * 480 * 8);
  for (int i = 0; i < 500; ++i) {
    CHECK(generator.generate(period) == period.size());
    const std::span<const std::int16_t> heard(period);
    if (test::root_mean_square(heard.first(3840)) < 3000) FAIL("sound in period " << i);
    if (test::root_mean_square(heard.last(3840)) > 0) FAIL("silence in period " << i);
  }
}

TEST_CASE("phase goes on from one segment to the next", "[media][tone_generator]") {
  media::tone sweep;
  sweep.count = 2;
  sweep.repeats = true;
  for (std::size_t i = 0; i < 2; ++i) {
    sweep.segments[i].count = 1;
    sweep.segments[i].components[0] = {i == 0 ? 500.0F : 600.0F, -10};
    sweep.segments[i].length_ms = 33;
  }
  const auto sound = play(sweep, 8000);
  CHECK(test::largest_step(sound) < 1.02 * 2 * 3.1416 * 600 / 8000 * media::sine_amplitude(-10));
}

TEST_CASE("tones that can't be are refused", "[media][tone_generator]") {
  media::tone_generator generator(8000);
  CHECK(generator.play({}).error() == media::errc::bad_tone);
  CHECK(generator.play(media::continuous_tone(4000)).error() == media::errc::bad_tone);
  CHECK(generator.play(media::continuous_tone(NAN)).error() == media::errc::bad_tone);
  media::tone many;
  many.count = media::tone::max_segments + 1;
  CHECK(generator.play(many).error() == media::errc::bad_tone);
  CHECK(!generator.playing());
  CHECK(!media::dtmf_tone('E').has_value());
  CHECK((media::dtmf_tone('a') == media::dtmf_tone('A')));
}

TEST_CASE("call-progress tones of the countries can all be played", "[media][call_progress]") {
  using media::call_progress;
  CHECK(media::call_progress_countries().size() >= 20);
  for (const std::string_view country : media::call_progress_countries()) {
    for (const auto what : {call_progress::dial, call_progress::ringback, call_progress::busy,
                            call_progress::congestion, call_progress::call_waiting}) {
      CAPTURE(country, static_cast<int>(what));
      const auto tone = media::call_progress_tone(country, what);
      REQUIRE(tone.has_value());
      // A cadence ends in silence, so that it can begin anew.
      CHECK(tone->count != 0);
      CHECK((tone->count == 1 || tone->count % 2 == 0));
      const auto sound = play(*tone, 8000);
      CHECK(test::root_mean_square(sound) > 0);
    }
  }
  CHECK(!media::call_progress_tone("XX", call_progress::dial).has_value());
  CHECK(!media::call_progress_tone("U", call_progress::dial).has_value());
  const auto ringback = *media::call_progress_tone("us", call_progress::ringback);
  CHECK(ringback.segments[0].components[0].frequency == 440);
  CHECK(ringback.segments[0].components[1].frequency == 480);
  CHECK(ringback.segments[0].length_ms == 2000);
  CHECK(ringback.segments[1].length_ms == 4000);
}

TEST_CASE("all sixteen digits are heard, of 40 ms, from -25 dBm0, with twist from -8 to 4 dB, at any rate",
          "[media][dtmf_detector]") {
  for (const std::uint32_t rate : {8000U, 16000U, 48000U}) {
    for (const float level : {0.0F, -10.0F, -17.0F, -25.0F}) {
      for (const float twist : {-8.0F, -4.0F, 0.0F, 4.0F}) {
        // The softer of the two has -25 dBm0 at least.
        const float louder = level == -25 ? level + std::abs(twist) : level;
        CAPTURE(rate, louder, twist);
        const auto sound = dial({.on_ms = 40, .off_ms = 40, .level = louder, .twist = twist}, rate);
        CHECK(detect(sound, rate).digits == all_digits);
      }
    }
  }
}

TEST_CASE("digits up to 1.5 % off are heard, and those 3.5 % off are not", "[media][dtmf_detector]") {
  for (const double off : {-1.5, 1.5, -3.5, 3.5}) {
    std::string digits;
    for (const char digit : all_digits) {
      auto tone = *media::dtmf_tone(digit, {.on_ms = 60, .off_ms = 60});
      for (auto& c : tone.segments[0].components) c.frequency *= static_cast<float>(1 + off / 100);
      digits += detect(play(tone, 1600)).digits;
    }
    CAPTURE(off);
    if (std::abs(off) < 2) {
      CHECK(digits == all_digits);
    } else {
      CHECK(digits.empty());
    }
  }
}

TEST_CASE("when and how long digits sound is known to 13 ms", "[media][dtmf_detector]") {
  const auto heard = detect(dial({.on_ms = 120, .off_ms = 80}));
  REQUIRE(heard.digits == all_digits);
  REQUIRE(heard.lengths.size() == 16);
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(std::abs(static_cast<double>(heard.lengths[i]) - 960) <= 204);
    CHECK(std::abs(static_cast<double>(heard.begins[i]) - (400.0 + 1600.0 * static_cast<double>(i))) <= 104);
  }
}

TEST_CASE("digits are heard through noise 15 dB below them", "[media][dtmf_detector]") {
  auto sound = dial({.on_ms = 60, .off_ms = 60, .level = -10, .twist = 0});
  const auto noise = test::white_noise(sound.size(), media::sine_amplitude(-10) * std::sqrt(3.0) * 0.178);
  for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = static_cast<std::int16_t>(sound[i] + noise[i]);
  CHECK(detect(sound).digits == all_digits);
}

TEST_CASE("no digits are heard in vowels, noise, single sines or call-progress tones",
          "[media][dtmf_detector]") {
  std::size_t talked_off = 0;
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    test::vowels voice(seed);
    const auto speech = voice.next(8000 * 60);
    CHECK(test::root_mean_square(speech) > 300);
    talked_off += detect(speech).digits.size();
  }
  CHECK(talked_off == 0);
  CHECK(detect(test::white_noise(80000, 20000)).digits.empty());
  CHECK(detect(test::sines(8000, {697})).digits.empty());
  CHECK(detect(test::sines(8000, {697, 1209, 1000})).digits.empty());
  for (const std::string_view country : media::call_progress_countries()) {
    const auto tone = *media::call_progress_tone(country, media::call_progress::busy);
    CHECK(detect(play(tone, 16000)).digits.empty());
  }
}

TEST_CASE("a calling fax is heard, and speech isn't one", "[media][tone_detector]") {
  media::tone_detector cng(8000, 1100, 400);
  const auto fax = test::sines(4000, {1100}, 3000);
  CHECK(!cng.add(std::span(fax).first(2400)));
  CHECK(cng.add(std::span(fax).subspan(2400)));
  CHECK(!cng.add(std::vector<std::int16_t>(800)));
  test::vowels voice(3);
  bool heard = false;
  for (int i = 0; i < 3000; ++i) heard = heard || cng.add(voice.next(160));
  CHECK(!heard);
  CHECK(!cng.add(test::sines(8000, {1200}, 3000)));
}
