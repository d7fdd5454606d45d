#include <parley/media/audio_codec.hpp>

#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/seeded_random.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace parley;

TEST_CASE("each known format has an encoder and a decoder of its sound", "[media]") {
  const auto formats = media::known_audio_formats();
  std::set<std::string> names;
  for (const auto& format : formats) {
    INFO(format.name << "/" << format.clock_rate << "/" << format.channels);
    names.insert(format.name);
    auto encoder = media::make_encoder(format);
    auto decoder = media::make_decoder(format);
    REQUIRE(encoder);
    REQUIRE(decoder);
    CHECK((*encoder)->input() == format.pcm());
    CHECK((*decoder)->output() == format.pcm());

    // 20 ms of it are what their timestamps say.
    const std::size_t length = format.samples(format.clock_rate / 50);
    CHECK(length == format.sample_rate / 50);
    CHECK(format.ticks(length) == format.clock_rate / 50);
    REQUIRE((*encoder)->accepts(length));
    const std::vector<std::int16_t> sound(length * format.channels, 1000);
    std::vector<std::byte> payload((*encoder)->max_payload(length));
    const auto size = (*encoder)->encode(sound, payload);
    REQUIRE(size);
    CHECK(*size <= payload.size());
    payload.resize(*size);
    CHECK((*decoder)->samples_of(payload).value() == length);
    std::vector<std::int16_t> out(sound.size());
    const auto decoded = (*decoder)->decode(payload, out);
    REQUIRE(decoded);
    CHECK(decoded->size() == out.size());
    CHECK((*decoder)->decode(payload, std::span(out).first(out.size() - 1)).error() == media::errc::no_space);
  }
  for (const char* const always : {"PCMA", "PCMU", "L16"}) CHECK(names.count(always) == 1);
}

TEST_CASE("a description's format and the codec's are one", "[media]") {
  for (const auto& format : media::known_audio_formats()) {
    const auto map = format.rtpmap(96);
    CHECK(map.payload_type == 96);
    CHECK(map.channels == (format.is("OPUS") ? 2 : format.channels));
    const auto again = media::audio_format_of({map, format.fmtp, {}});
    REQUIRE(again);
    CHECK(*again == format);
  }
  // Static payload types.
  for (const auto& [type, name] : {std::pair{0, "PCMU"}, {8, "PCMA"}, {10, "L16"}, {11, "L16"}}) {
    const auto map = sdp::static_rtpmap(static_cast<std::uint8_t>(type));
    REQUIRE(map.has_value());
    const auto format = media::audio_format_of({*map, {}, {}});
    REQUIRE(format);
    CHECK(format->is(name));
    CHECK(format->channels == (type == 10 ? 2 : 1));
  }
}

TEST_CASE("formats without a codec are refused", "[media]") {
  const std::vector<media::audio_format> none = {
      {"G729", 8000, 8000, 1, {}},   {"PCMA", 16000, 16000, 1, {}},   {"PCMA", 8000, 8000, 2, {}},
      {"G722", 16000, 16000, 1, {}}, {"G722", 8000, 8000, 1, {}},     {"L16", 44100, 48000, 1, {}},
      {"L16", 12345, 12345, 1, {}},  {"L16", 48000, 48000, 3, {}},    {"L16", 48000, 48000, 0, {}},
      {"opus", 48000, 44100, 1, {}}, {"opus", 16000, 16000, 1, {}},   {"", 8000, 8000, 1, {}},
      {"GSM", 8000, 16000, 1, {}},   {"opus", 48000, 48000, 255, {}},
  };
  for (const auto& format : none) {
    INFO(format.name << "/" << format.clock_rate << "/" << format.sample_rate << "/" << format.channels);
    CHECK(media::make_encoder(format).error() == media::errc::unknown_codec);
    CHECK(media::make_decoder(format).error() == media::errc::unknown_codec);
  }
  CHECK(media::audio_format_of({{96, "opus", 48000, 1}, {}, {}}).error() == media::errc::unknown_codec);
  CHECK(media::audio_format_of({{96, "G729", 8000, 1}, {}, {}}).error() == media::errc::unknown_codec);
}

TEST_CASE("linear samples travel in network byte order", "[media]") {
  for (const std::uint16_t channels : {std::uint16_t{1}, std::uint16_t{2}}) {
    const media::audio_format format{"L16", 44100, 44100, channels, {}};
    auto encoder = media::make_encoder(format).value();
    auto decoder = media::make_decoder(format).value();
    const std::vector<std::int16_t> sound = {0x0102, -2, 32767, -32768};
    std::vector<std::byte> payload(8);
    REQUIRE(encoder->encode(sound, payload).value() == 8);
    const std::vector<std::byte> expected = {std::byte{1},    std::byte{2},    std::byte{0xFF},
                                             std::byte{0xFE}, std::byte{0x7F}, std::byte{0xFF},
                                             std::byte{0x80}, std::byte{0}};
    CHECK(payload == expected);
    CHECK(decoder->samples_of(payload).value() == 4U / channels);
    std::vector<std::int16_t> out(4);
    REQUIRE(decoder->decode(payload, out));
    CHECK(out == sound);
    CHECK(encoder->encode(sound, std::span(payload).first(7)).error() == media::errc::no_space);
    // Half a sample, or one channel of two, is no payload.
    CHECK(decoder->decode(std::span(payload).first(7), out).error() == media::errc::bad_payload);
    CHECK(decoder->samples_of(std::span(payload).first(6)).has_value() == (channels == 1));
    CHECK(encoder->encode(std::span(sound).first(3), payload).has_value() == (channels == 1));
  }
}

TEST_CASE("no payload makes a decoder write more than it said", "[media]") {
  test::seeded_random random(7);
  std::vector<std::byte> bytes(1500);
  for (const auto& format : media::known_audio_formats()) {
    auto decoder = media::make_decoder(format).value();
    for (int round = 0; round < 300; ++round) {
      random.fill(bytes);
      const std::size_t size = std::to_integer<std::size_t>(bytes[0]) * (round % 5);
      const auto payload = std::span(bytes).subspan(1, size);
      const auto length = decoder->samples_of(payload);
      if (!length) continue;
      std::vector<std::int16_t> out(*length * format.channels + 4, 77);
      const auto decoded = decoder->decode(payload, std::span(out).first(out.size() - 4));
      if (decoded) CHECK(decoded->size() == *length * format.channels);
      CHECK(std::all_of(out.end() - 4, out.end(), [](std::int16_t s) { return s == 77; }));
    }
  }
}
