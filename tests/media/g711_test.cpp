#include <parley/media/audio_codec.hpp>
#include <parley/media/g711.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstdlib>
#include <vector>

using namespace parley;

namespace {

std::vector<std::int16_t> all_samples() {
  std::vector<std::int16_t> samples;
  for (int s = -32768; s <= 32767; ++s) samples.push_back(static_cast<std::int16_t>(s));
  return samples;
}

std::vector<std::byte> all_codes() {
  std::vector<std::byte> codes;
  for (int c = 0; c < 256; ++c) codes.push_back(static_cast<std::byte>(c));
  return codes;
}

/// The laws as the tables 1a to 2b of G.711 give them: the decision values of each segment, searched one by
/// one, and the middle of each interval as the value. Mu-law has 14 bits, A-law 13.
struct law {
  std::array<int, 129> decisions;  // of a magnitude; the last is the end of the scale
  std::array<int, 128> values;
};

law mu_law() {
  law out{};
  int edge = 0;
  int next = 1;  // the first interval is half as wide
  for (int segment = 0; segment < 8; ++segment) {
    for (int step = 0; step < 16; ++step) {
      const auto i = static_cast<std::size_t>(segment * 16 + step);
      out.decisions[i] = edge;
      out.values[i] = i == 0 ? 0 : (edge + next) / 2;
      edge = next;
      next += step == 15 ? 2 << (segment + 1) : 2 << segment;
    }
  }
  out.decisions[128] = edge;
  return out;
}

law a_law() {
  law out{};
  int edge = 0;
  for (int segment = 0; segment < 8; ++segment) {
    for (int step = 0; step < 16; ++step) {
      const auto i = static_cast<std::size_t>(segment * 16 + step);
      const int width = segment < 2 ? 1 : 1 << (segment - 1);
      out.decisions[i] = edge;
      // In halves of a unit, so that the middle of an interval of one is a whole number.
      out.values[i] = 2 * edge + width;
      edge += width;
    }
  }
  out.decisions[128] = edge;
  return out;
}

unsigned interval(const law& l, int magnitude) {
  unsigned i = 127;
  while (i > 0 && magnitude < l.decisions[i]) --i;
  return i;
}

}  // namespace

TEST_CASE("mu-law follows the decision values of G.711 for each sample", "[media]") {
  const law l = mu_law();
  REQUIRE(l.decisions[127] == 7903);
  REQUIRE(l.decisions[128] == 8159);
  REQUIRE(l.values[127] == 8031);
  const auto samples = all_samples();
  std::vector<std::byte> codes(samples.size());
  media::encode_mu_law(samples, codes);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool negative = samples[i] < 0;
    const int magnitude = (negative ? ~samples[i] : samples[i]) >> 2;
    const unsigned expected = (negative ? 0x7FU : 0xFFU) - interval(l, magnitude);
    if (std::to_integer<unsigned>(codes[i]) != expected) ++wrong;
  }
  CHECK(wrong == 0);

  std::vector<std::int16_t> decoded(256);
  media::decode_mu_law(all_codes(), decoded);
  for (unsigned i = 0; i < 128; ++i) {
    CHECK(decoded[0xFF - i] == 4 * l.values[i]);
    CHECK(decoded[0x7F - i] == -4 * l.values[i]);
  }
}

TEST_CASE("A-law follows the decision values of G.711 for each sample", "[media]") {
  const law l = a_law();
  REQUIRE(l.decisions[112] == 1024);
  REQUIRE(l.decisions[128] == 2048);
  const auto samples = all_samples();
  std::vector<std::byte> codes(samples.size());
  media::encode_a_law(samples, codes);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool negative = samples[i] < 0;
    const int magnitude = (negative ? ~samples[i] : samples[i]) >> 4;
    const unsigned expected = (interval(l, magnitude) | (negative ? 0U : 0x80U)) ^ 0x55U;
    if (std::to_integer<unsigned>(codes[i]) != expected) ++wrong;
  }
  CHECK(wrong == 0);

  std::vector<std::int16_t> decoded(256);
  media::decode_a_law(all_codes(), decoded);
  for (unsigned i = 0; i < 128; ++i) {
    CHECK(decoded[(i | 0x80U) ^ 0x55U] == 8 * l.values[i]);
    CHECK(decoded[i ^ 0x55U] == -8 * l.values[i]);
  }
}

TEST_CASE("each code of G.711 is its own sample's", "[media]") {
  const auto codes = all_codes();
  std::vector<std::int16_t> samples(256);
  std::vector<std::byte> again(256);
  media::decode_a_law(codes, samples);
  media::encode_a_law(samples, again);
  CHECK(again == codes);
  media::decode_mu_law(codes, samples);
  media::encode_mu_law(samples, again);
  auto expected = codes;
  expected[0x7F] = std::byte{0xFF};  // there are two zeros, and one sample for them
  CHECK(again == expected);
}

TEST_CASE("the laws of G.711 as codecs of RTP", "[media]") {
  for (const char* const name : {"PCMU", "pcma"}) {
    const media::audio_format format{name, 8000, 8000, 1, {}};
    auto encoder = media::make_encoder(format);
    auto decoder = media::make_decoder(format);
    REQUIRE(encoder.has_value());
    REQUIRE(decoder.has_value());
    std::vector<std::int16_t> sound(160);
    for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = static_cast<std::int16_t>(100 * i);
    std::vector<std::byte> payload(160);
    CHECK((*encoder)->accepts(1));
    CHECK_FALSE((*encoder)->accepts(0));
    CHECK((*encoder)->encode(sound, std::span(payload).first(159)).error() == media::errc::no_space);
    CHECK((*encoder)->encode({}, payload).error() == media::errc::bad_frame_length);
    REQUIRE((*encoder)->encode(sound, payload).value() == 160);

    std::vector<std::int16_t> out(200);
    CHECK((*decoder)->samples_of(payload).value() == 160);
    CHECK((*decoder)->decode(payload, std::span(out).first(159)).error() == media::errc::no_space);
    const auto decoded = (*decoder)->decode(payload, out);
    REQUIRE(decoded.has_value());
    REQUIRE(decoded->size() == 160);
    for (std::size_t i = 0; i < 160; ++i) CHECK(std::abs((*decoded)[i] - sound[i]) <= 16 + sound[i] / 32);
    CHECK((*decoder)->conceal(out).error() == media::errc::not_concealed);
    CHECK((*decoder)->recover(payload, out).error() == media::errc::not_concealed);
  }
}
