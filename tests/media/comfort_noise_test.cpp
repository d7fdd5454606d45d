#include <parley/media/comfort_noise.hpp>
#include <parley/media/level.hpp>

#include "support/catch.hpp"
#include "support/sound.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace parley;
using media::noise_description;

TEST_CASE("a payload is a level and coefficients", "[media][comfort_noise]") {
  const std::array<std::byte, 4> bytes{std::byte{0xBC}, std::byte{127}, std::byte{0}, std::byte{254}};
  const auto read = media::read_comfort_noise(bytes);
  REQUIRE(read.has_value());
  CHECK(read->level == 60);  // the first bit doesn't count
  CHECK(read->order == 3);
  CHECK(read->coefficients[2] == 254);
  std::array<std::byte, 4> out{};
  CHECK(*media::write_comfort_noise(*read, out) == 4);
  CHECK(out[0] == std::byte{60});
  CHECK(media::write_comfort_noise(*read, std::span(out).first(3)).error() == media::errc::no_space);
  CHECK(media::read_comfort_noise({}).error() == media::errc::bad_payload);
  CHECK(media::read_comfort_noise(std::vector<std::byte>(500))->order == noise_description::max_order);
}

TEST_CASE("noise is as loud as it is described, with every filter", "[media][comfort_noise]") {
  for (const std::uint8_t level : {std::uint8_t{20}, std::uint8_t{40}, std::uint8_t{60}}) {
    for (const std::uint8_t first : {std::uint8_t{127}, std::uint8_t{20}, std::uint8_t{230}}) {
      CAPTURE(int{level}, int{first});
      media::noise_generator generator(5);
      noise_description d;
      d.level = level;
      d.order = 2;
      d.coefficients = {first, 140};
      generator.describe(d);
      std::vector<std::int16_t> out(16000);
      generator.generate(out);
      CHECK(std::abs(media::audio_level(out) - level) <= 1);
    }
  }
}

TEST_CASE("what is analysed and generated has the level and the colour of what was heard",
          "[media][comfort_noise]") {
  // Noise through a low-pass filter.
  auto heard = test::white_noise(16000, 3000);
  double last = 0;
  for (std::int16_t& sample : heard) sample = static_cast<std::int16_t>(last = 0.8 * last + 0.2 * sample);
  media::noise_analyser analyser;
  for (std::size_t at = 0; at < heard.size(); at += 160) analyser.add(std::span(heard).subspan(at, 160));
  const auto description = analyser.description();
  CHECK(description.order == 10);
  CHECK(std::abs(description.level - media::audio_level(heard)) <= 1);
  media::noise_generator generator(9);
  generator.describe(description);
  std::vector<std::int16_t> made(16000);
  generator.generate(made);
  CHECK(std::abs(media::audio_level(made) - media::audio_level(heard)) <= 1);
  const auto correlation = [](const std::vector<std::int16_t>& s) {
    double product = 0, power = 0;
    for (std::size_t i = 1; i < s.size(); ++i) {
      product += static_cast<double>(s[i]) * s[i - 1];
      power += static_cast<double>(s[i]) * s[i];
    }
    return product / power;
  };
  CHECK(std::abs(correlation(made) - correlation(heard)) < 0.05);
  CHECK(correlation(heard) > 0.7);
}

TEST_CASE("silence is described as silence and stays it", "[media][comfort_noise]") {
  media::noise_analyser analyser;
  CHECK(analyser.description().level == 127);
  analyser.add(std::vector<std::int16_t>(160));
  CHECK(analyser.description().level == 127);
  media::noise_generator generator;
  generator.describe(analyser.description());
  std::vector<std::int16_t> out(800, 5);
  generator.generate(out);
  CHECK(test::root_mean_square(out) == 0);
}

TEST_CASE("levels are those of RFC 6464", "[media][level]") {
  CHECK(media::audio_level(std::vector<std::int16_t>(80, 32767)) == 0);
  CHECK(media::audio_level(std::vector<std::int16_t>(80, -32768)) == 0);
  CHECK(media::audio_level(test::sines(8000, {1000}, 32767)) == 3);
  CHECK(media::audio_level(test::sines(8000, {1000}, 3276.7)) == 23);
  CHECK(media::audio_level(std::vector<std::int16_t>(80)) == 127);
  CHECK(media::audio_level({}) == 127);
}
