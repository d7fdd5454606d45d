#include <parley/media/audio_codec.hpp>
#include <parley/media/g711.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/spectrum.hpp"

#include <memory>
#include <spandsp.h>
#include <vector>

using namespace parley;

namespace {

const media::audio_format g722{"G722", 8000, 16000, 1, {}};

std::vector<std::byte> encoded(std::span<const std::int16_t> sound) {
  auto encoder = media::make_encoder(g722).value();
  std::vector<std::byte> out;
  std::vector<std::byte> octets(160);
  for (std::size_t at = 0; at + 320 <= sound.size(); at += 320) {
    REQUIRE(encoder->encode(sound.subspan(at, 320), octets).value() == 160);
    out.insert(out.end(), octets.begin(), octets.end());
  }
  return out;
}

}  // namespace

TEST_CASE("G.722 carries tones and sweeps up to 7 kHz", "[media]") {
  const auto carried = [](const std::vector<std::int16_t>& sound) {
    const auto bits = encoded(sound);
    auto decoder = media::make_decoder(g722).value();
    std::vector<std::int16_t> out(sound.size());
    REQUIRE(decoder->decode(bits, out).value().size() == 2 * bits.size());
    const auto delay = test::delay_between(std::span(sound).first(2000), out, 60);
    return test::signal_to_noise(std::span(sound).first(out.size() - 60), out, delay);
  };
  // The lower band has 48 kbit/s, the upper one 16.
  CHECK(carried(test::tone(440, 16000, 9600)) > 22);
  CHECK(carried(test::tone(1000, 16000, 9600)) > 22);
  CHECK(carried(test::tone(3000, 16000, 9600)) > 20);
  CHECK(carried(test::sweep(200, 3400, 16000, 16000)) > 20);
  // Above, the filters between the bands turn the phase: loudness is what is left to compare.
  for (const double high : {5000.0, 6500.0}) {
    const auto sound = test::tone(high, 16000, 9600);
    auto decoder = media::make_decoder(g722).value();
    std::vector<std::int16_t> out(sound.size());
    REQUIRE(decoder->decode(encoded(sound), out));
    const double level = test::amplitude_at(std::span(out).subspan(1600), high, 16000) / 10000;
    CHECK(std::abs(test::decibels(level)) < 1.5);
  }
}

TEST_CASE("another instance of spandsp understands the bits, and is understood", "[media]") {
  const auto sound = test::sweep(100, 6800, 16000, 32000);
  const auto bits = encoded(sound);
  const std::unique_ptr<g722_decode_state_t, int (*)(g722_decode_state_t*)> decoder(
      g722_decode_init(nullptr, 64000, 0), g722_decode_free);
  const std::unique_ptr<g722_encode_state_t, int (*)(g722_encode_state_t*)> encoder(
      g722_encode_init(nullptr, 64000, 0), g722_encode_free);
  std::vector<std::int16_t> theirs(sound.size());
  REQUIRE(g722_decode(decoder.get(), theirs.data(), reinterpret_cast<const std::uint8_t*>(bits.data()),
                      static_cast<int>(bits.size())) == static_cast<int>(sound.size()));
  std::vector<std::int16_t> ours(sound.size());
  auto own = media::make_decoder(g722).value();
  REQUIRE(own->decode(bits, ours));
  CHECK(ours == theirs);

  std::vector<std::byte> their_bits(bits.size());
  g722_encode(encoder.get(), reinterpret_cast<std::uint8_t*>(their_bits.data()), sound.data(),
              static_cast<int>(sound.size()));
  CHECK(their_bits == bits);
}

TEST_CASE("G.722 holds two samples in a byte and begins anew when told to", "[media]") {
  auto encoder = media::make_encoder(g722).value();
  auto decoder = media::make_decoder(g722).value();
  const auto sound = test::tone(700, 16000, 320);
  std::vector<std::byte> first(160);
  std::vector<std::byte> second(160);
  std::vector<std::int16_t> heard_first(320);
  std::vector<std::int16_t> heard_second(320);
  CHECK(encoder->encode(std::span(sound).first(319), first).error() == media::errc::bad_frame_length);
  CHECK(encoder->encode(sound, std::span(first).first(159)).error() == media::errc::no_space);
  REQUIRE(encoder->encode(sound, first));
  REQUIRE(decoder->decode(first, heard_first));
  REQUIRE(encoder->encode(sound, second));
  CHECK(second != first);
  encoder->reset();
  decoder->reset();
  REQUIRE(encoder->encode(sound, second));
  CHECK(second == first);
  REQUIRE(decoder->decode(second, heard_second));
  CHECK(heard_second == heard_first);
  CHECK(decoder->samples_of(first).value() == 320);
  CHECK(g722.ticks(320) == 160);
  CHECK(g722.samples(160) == 320);
}

TEST_CASE("spandsp makes the same of all samples and codes of G.711", "[media]") {
  std::vector<std::int16_t> samples;
  for (int s = -32768; s <= 32767; ++s) samples.push_back(static_cast<std::int16_t>(s));
  std::vector<std::byte> a(samples.size());
  std::vector<std::byte> mu(samples.size());
  media::encode_a_law(samples, a);
  media::encode_mu_law(samples, mu);
  int wrong = 0;
  int negative_edges = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (std::to_integer<int>(a[i]) != linear_to_alaw(samples[i])) ++wrong;
    const int theirs = linear_to_ulaw(samples[i]);
    if (std::to_integer<int>(mu[i]) == theirs) continue;
    // It takes negative samples by their two's complement: each decision value is one sample off.
    ++negative_edges;
    if (samples[i] >= 0 || std::to_integer<int>(mu[i - 1]) != theirs) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(negative_edges == 127);

  std::vector<std::byte> codes;
  for (int c = 0; c < 256; ++c) codes.push_back(static_cast<std::byte>(c));
  std::vector<std::int16_t> from_a(256);
  std::vector<std::int16_t> from_mu(256);
  media::decode_a_law(codes, from_a);
  media::decode_mu_law(codes, from_mu);
  for (unsigned c = 0; c < 256; ++c) {
    CHECK(from_a[c] == alaw_to_linear(static_cast<std::uint8_t>(c)));
    CHECK(from_mu[c] == ulaw_to_linear(static_cast<std::uint8_t>(c)));
  }
}
