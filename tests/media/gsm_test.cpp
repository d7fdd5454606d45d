#include <parley/media/audio_codec.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/spectrum.hpp"

#include <vector>

using namespace parley;

TEST_CASE("GSM carries sound in frames of 20 ms, one or more a payload", "[media]") {
  const media::audio_format gsm{"GSM", 8000, 8000, 1, {}};
  auto encoder = media::make_encoder(gsm).value();
  auto decoder = media::make_decoder(gsm).value();
  const auto sound = test::sweep(200, 3000, 8000, 16000);
  std::vector<std::int16_t> heard;
  std::vector<std::byte> payload(66);
  std::vector<std::int16_t> out(320);
  for (std::size_t at = 0; at < sound.size(); at += 320) {
    REQUIRE(encoder->encode(std::span(sound).subspan(at, 320), payload).value() == 66);
    REQUIRE(decoder->samples_of(payload).value() == 320);
    REQUIRE(decoder->decode(payload, out).value().size() == 320);
    heard.insert(heard.end(), out.begin(), out.end());
  }
  CHECK(test::log_spectral_distance(sound, heard) < 8);
  // Another sound is farther away than that.
  CHECK(test::log_spectral_distance(test::sweep(3000, 200, 8000, 16000), heard) > 14);

  CHECK_FALSE(encoder->accepts(161));
  CHECK(encoder->encode(std::span(sound).first(80), payload).error() == media::errc::bad_frame_length);
  CHECK(encoder->encode(std::span(sound).first(320), std::span(payload).first(65)).error() ==
        media::errc::no_space);
}

TEST_CASE("what isn't made of frames of GSM is refused", "[media]") {
  auto decoder = media::make_decoder({"GSM", 8000, 8000, 1, {}}).value();
  std::vector<std::int16_t> out(320);
  std::vector<std::byte> payload(66, std::byte{0xD0});
  CHECK(decoder->decode(payload, out));
  CHECK(decoder->decode(std::span(payload).first(65), out).error() == media::errc::bad_payload);
  payload[33] = std::byte{0xC0};
  CHECK(decoder->decode(payload, out).error() == media::errc::bad_payload);
}

TEST_CASE("a codec of GSM that is reset is as at the beginning, however often", "[media]") {
  const media::audio_format gsm{"GSM", 8000, 8000, 1, {}};
  auto encoder = media::make_encoder(gsm).value();
  auto decoder = media::make_decoder(gsm).value();
  const auto sound = test::sweep(200, 3000, 8000, 480);
  const auto first = std::span(sound).first(160);
  std::vector<std::byte> at_first(33);
  std::vector<std::byte> payload(33);
  std::vector<std::int16_t> heard_first(160);
  std::vector<std::int16_t> heard(160);
  REQUIRE(encoder->encode(first, at_first).has_value());
  REQUIRE(decoder->decode(at_first, heard_first).has_value());
  for (int i = 0; i < 3; ++i) {
    REQUIRE(encoder->encode(std::span(sound).subspan(160, 160), payload).has_value());
    REQUIRE(decoder->decode(payload, heard).has_value());
    // What was heard before makes a difference.
    REQUIRE(encoder->encode(first, payload).has_value());
    CHECK(payload != at_first);
    REQUIRE(decoder->decode(at_first, heard).has_value());
    CHECK(heard != heard_first);

    encoder->reset();
    decoder->reset();
    REQUIRE(encoder->encode(first, payload).has_value());
    CHECK(payload == at_first);
    REQUIRE(decoder->decode(at_first, heard).has_value());
    CHECK(heard == heard_first);
    encoder->reset();
    encoder->reset();
    decoder->reset();
    REQUIRE(encoder->encode(first, payload).has_value());
    CHECK(payload == at_first);
    REQUIRE(decoder->decode(at_first, heard).has_value());
    CHECK(heard == heard_first);
  }
}
