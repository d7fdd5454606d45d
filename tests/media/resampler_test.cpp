#include <parley/media/resampler.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/spectrum.hpp"

#include <array>
#include <cmath>
#include <vector>

using namespace parley;

namespace {

constexpr std::array<std::uint32_t, 6> rates = {8000, 16000, 24000, 32000, 44100, 48000};

std::vector<std::int16_t> through(media::resampler& r, std::span<const std::int16_t> in) {
  std::vector<std::int16_t> out(r.output_length(in.size() / r.from().channels) * r.to().channels);
  const auto done = r.process(in, out);
  REQUIRE(done);
  REQUIRE(done->size() == out.size());
  return out;
}

}  // namespace

TEST_CASE("a tone in the pass band keeps its loudness within 0.5 dB at each pair of rates", "[media]") {
  for (const auto from : rates) {
    for (const auto to : rates) {
      auto r = media::resampler::create({from, 1}, {to, 1});
      REQUIRE(r);
      const double half = std::min(from, to) / 2.0;
      for (const double part : {0.05, 0.25, 0.5, 0.7, 0.8}) {
        INFO(from << " to " << to << ", " << part * half << " Hz");
        const auto out = through(*r, test::tone(part * half, from, from / 5));
        CHECK(out.size() == to / 5);
        // Where the filter has settled.
        const auto settled = std::span(out).subspan(out.size() / 2);
        const double level = test::decibels(test::amplitude_at(settled, part * half, to) / 10000);
        CHECK(std::abs(level) < 0.5);
        r->reset();
      }
    }
  }
}

TEST_CASE("what the lower rate can't hold is 60 dB down", "[media]") {
  for (const auto from : rates) {
    for (const auto to : rates) {
      if (to == from) continue;
      const double half = std::min(from, to) / 2.0;
      if (from > to) {
        for (const double over : {1.15, 1.3, 1.6, 1.9}) {
          const double frequency = half * over;
          if (frequency >= from / 2.0) continue;
          INFO(from << " to " << to << ", " << frequency << " Hz");
          auto r = media::resampler::create({from, 1}, {to, 1}).value();
          const auto out = through(r, test::tone(frequency, from, from / 5, 20000));
          const auto settled = std::span(out).subspan(out.size() / 2);
          const double level = std::sqrt(2 * test::energy(settled) / static_cast<double>(settled.size()));
          CHECK(test::decibels(level / 20000) < -60);
        }
      } else {
        // The images of what is there.
        const double frequency = half * 0.6;
        INFO(from << " to " << to);
        auto r = media::resampler::create({from, 1}, {to, 1}).value();
        const auto out = through(r, test::tone(frequency, from, from / 5, 20000));
        const auto settled = std::span(out).subspan(out.size() / 2);
        const double image = from - frequency;
        if (image < to / 2.0) CHECK(test::decibels(test::amplitude_at(settled, image, to) / 20000) < -60);
      }
    }
  }
}

TEST_CASE("an hour of sound is an hour at the other rate, to the sample", "[media]") {
  for (const auto& [from, to] :
       {std::pair{44100U, 48000U}, {48000U, 44100U}, {8000U, 44100U}, {44100U, 8000U}}) {
    INFO(from << " to " << to);
    auto r = media::resampler::create({from, 1}, {to, 1}).value();
    // Frames that are no whole number of samples at the other rate; a click in the first and in the last.
    const std::size_t frame = 1103;
    const std::uint64_t hour = 3600ULL * from;
    std::vector<std::int16_t> in(frame);
    std::vector<std::int16_t> out(frame * 7);
    std::uint64_t taken = 0;
    std::uint64_t given = 0;
    const std::uint64_t click = hour - from / 2;
    std::uint64_t heard = 0;
    int loudest = 0;
    while (taken < hour) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(frame, hour - taken));
      const bool here = click >= taken && click < taken + n;
      if (here) in[static_cast<std::size_t>(click - taken)] = 30000;
      const auto done = r.process(std::span(in).first(n), out);
      REQUIRE(done.has_value());
      if (taken + n >= click) {
        for (std::size_t i = 0; i < done->size(); ++i) {
          if (std::abs((*done)[i]) > loudest) {
            loudest = std::abs((*done)[i]);
            heard = given + i;
          }
        }
      }
      if (here) in[static_cast<std::size_t>(click - taken)] = 0;
      taken += n;
      given += done->size();
    }
    CHECK(given == 3600ULL * to);
    // The click comes out where it went in, one delay later.
    const double expected = static_cast<double>(click) * to / from + static_cast<double>(r.delay());
    CHECK(std::abs(static_cast<double>(heard) - expected) <= 1.0);
  }
}

TEST_CASE("frames of 20 ms stay frames of 20 ms", "[media]") {
  for (const auto from : rates) {
    for (const auto to : rates) {
      auto r = media::resampler::create({from, 1}, {to, 1}).value();
      for (int i = 0; i < 100; ++i) {
        REQUIRE(r.output_length(from / 50) == to / 50);
        REQUIRE(through(r, std::vector<std::int16_t>(from / 50)).size() == to / 50);
      }
      CHECK(r.delay() <= to / 100);
    }
  }
}

TEST_CASE("stereo becomes mono as the mean, mono becomes stereo twice", "[media]") {
  const std::vector<std::int16_t> stereo = {100, 300, -32768, -32768, 32767, 32767, 5, -5};
  auto down = media::resampler::create({8000, 2}, {8000, 1}).value();
  CHECK(through(down, stereo) == std::vector<std::int16_t>{200, -32768, 32767, 0});
  auto up = media::resampler::create({8000, 1}, {8000, 2}).value();
  CHECK(through(up, std::vector<std::int16_t>{1, -2, 3}) == std::vector<std::int16_t>{1, 1, -2, -2, 3, 3});

  // The same with another rate, against each channel on its own, over more than a block.
  const auto left = test::tone(440, 16000, 4000);
  const auto right = test::tone(1000, 16000, 4000, 3000);
  std::vector<std::int16_t> both;
  for (std::size_t i = 0; i < left.size(); ++i) {
    both.push_back(left[i]);
    both.push_back(right[i]);
  }
  auto mono = media::resampler::create({16000, 1}, {48000, 1}).value();
  const auto expected_left = through(mono, left);
  mono.reset();
  const auto expected_right = through(mono, right);
  auto pair = media::resampler::create({16000, 2}, {48000, 2}).value();
  const auto out = through(pair, both);
  REQUIRE(out.size() == 2 * expected_left.size());
  for (std::size_t i = 0; i < expected_left.size(); ++i) {
    REQUIRE(out[2 * i] == expected_left[i]);
    REQUIRE(out[2 * i + 1] == expected_right[i]);
  }
  auto spread = media::resampler::create({16000, 1}, {48000, 2}).value();
  const auto twice = through(spread, left);
  REQUIRE(twice.size() == 2 * expected_left.size());
  for (std::size_t i = 0; i < expected_left.size(); ++i) {
    REQUIRE(twice[2 * i] == expected_left[i]);
    REQUIRE(twice[2 * i + 1] == expected_left[i]);
  }
}

TEST_CASE("a resampler refuses what it can't do and goes on", "[media]") {
  using media::errc;
  CHECK(media::resampler::create({7999, 1}, {8000, 1}).error() == errc::unsupported_rate);
  CHECK(media::resampler::create({8000, 1}, {96001, 1}).error() == errc::unsupported_rate);
  CHECK(media::resampler::create({8000, 3}, {8000, 1}).error() == errc::unsupported_rate);
  CHECK(media::resampler::create({8000, 1}, {8000, 0}).error() == errc::unsupported_rate);
  auto r = media::resampler::create({8000, 2}, {16000, 1}).value();
  std::vector<std::int16_t> out(320);
  CHECK(r.process(std::vector<std::int16_t>(321), out).error() == errc::bad_frame_length);
  CHECK(r.process(std::vector<std::int16_t>(322), out).error() == errc::no_space);
  CHECK(r.process(std::vector<std::int16_t>(320), out).has_value());
  CHECK(r.process({}, {}).value().empty());
}
