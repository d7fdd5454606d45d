#include <parley/media/transcoder.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/result.hpp"
#include "support/spectrum.hpp"

#include <optional>
#include <vector>

using namespace parley;
using media::errc;

namespace {

const media::audio_format pcma_format{"PCMA", 8000, 8000, 1, {}};
const media::audio_format pcmu_format{"PCMU", 8000, 8000, 1, {}};
const media::audio_format stereo{"L16", 44100, 44100, 2, {}};

struct packet {
  std::vector<std::byte> payload;
  std::uint32_t timestamp = 0;
  bool marker = false;
};

std::vector<packet> ready(media::transcoder& t) {
  std::vector<packet> out;
  for (;;) {
    packet p;
    p.payload.resize(t.max_payload());
    const auto done = t.poll_transmit(p.payload);
    if (!done) return out;
    p.payload.resize(done->size);
    p.timestamp = done->timestamp;
    p.marker = done->marker;
    out.push_back(std::move(p));
  }
}

std::vector<std::byte> encoded(const media::audio_format& format, std::span<const std::int16_t> sound) {
  auto encoder = media::make_encoder(format).value();
  std::vector<std::byte> out(encoder->max_payload(sound.size() / format.channels));
  out.resize(encoder->encode(sound, out).value());
  return out;
}

std::vector<std::int16_t> decoded(const media::audio_format& format, const std::vector<packet>& packets) {
  auto decoder = media::make_decoder(format).value();
  std::vector<std::int16_t> out;
  std::vector<std::int16_t> frame(65536);
  for (const auto& p : packets) {
    const auto sound = decoder->decode(p.payload, frame);
    REQUIRE(sound.has_value());
    out.insert(out.end(), sound->begin(), sound->end());
  }
  return out;
}

const std::vector<std::byte> silence(160, std::byte{0xD5});

}  // namespace

TEST_CASE("payloads are made into those of another length", "[media]") {
  auto t =
      media::transcoder::create(pcma_format, pcmu_format, {.packet_time = 30, .first_timestamp = 0xFFFFFF00})
          .value();
  const auto sound = test::tone(440, 8000, 2400);
  std::vector<packet> out;
  for (std::uint32_t i = 0; i < 15; ++i) {
    REQUIRE(
        t.handle_payload(encoded(pcma_format, std::span(sound).subspan(160 * i, 160)), 5000 + 160 * i, i == 0)
            .has_value());
    for (auto& p : ready(t)) out.push_back(std::move(p));
  }
  REQUIRE(out.size() == 10);
  for (std::uint32_t i = 0; i < out.size(); ++i) {
    CHECK(out[i].payload.size() == 240);
    CHECK(out[i].timestamp == 0xFFFFFF00 + 240 * i);
    CHECK(out[i].marker == (i == 0));
  }
  CHECK(test::signal_to_noise(sound, decoded(pcmu_format, out)) > 30);
  CHECK(t.counters().decoded == 15);
}

TEST_CASE("several payloads may go in before any comes out, up to a bound", "[media]") {
  auto t = media::transcoder::create(pcma_format, pcmu_format).value();
  std::uint32_t i = 0;
  base::result<void> taken;
  while ((taken = t.handle_payload(silence, 160 * i, false)).has_value()) {
    ++i;
    REQUIRE(i < 100);
  }
  CHECK(taken.error() == errc::no_space);
  CHECK(i >= 16);
  const auto out = ready(t);
  CHECK(out.size() == i);
  // The one that had no room is still the one expected.
  CHECK(t.handle_payload(silence, 160 * i, false).has_value());
  REQUIRE(ready(t).size() == 1);
  CHECK(t.counters().concealed == 0);
  // Longer than any packet of sound.
  CHECK(t.handle_payload(std::vector<std::byte>(961), 160 * (i + 1), false).error() == errc::no_space);
  std::vector<std::byte> little(t.max_payload() - 1);
  REQUIRE(t.handle_payload(silence, 160 * (i + 1), false).has_value());
  CHECK_FALSE(t.poll_transmit(little).has_value());
  CHECK(ready(t).size() == 1);
}

TEST_CASE("a gap is filled up to a bound", "[media]") {
  auto t = media::transcoder::create(pcma_format, pcma_format, {.max_gap = 60}).value();
  const auto sound = test::tone(500, 8000, 160);
  REQUIRE(t.handle_payload(encoded(pcma_format, sound), 0, true).has_value());
  // 20 ms at 160, and two more packets, are missing.
  REQUIRE(t.handle_payload(encoded(pcma_format, sound), 640, false).has_value());
  const auto out = ready(t);
  REQUIRE(out.size() == 5);
  for (std::uint32_t i = 0; i < 5; ++i) {
    CHECK(out[i].timestamp == 160 * i);
    CHECK(out[i].marker == (i == 0));
  }
  CHECK(t.counters().concealed == 480);
  CHECK(t.counters().jumps == 0);
  const auto heard = decoded(pcma_format, out);
  const auto at = [&](std::size_t i) { return test::energy(std::span(heard).subspan(160 * i, 160)); };
  CHECK(at(1) > 0.1 * at(0));
  CHECK(at(1) < at(0));
  CHECK(at(2) < at(1));
  CHECK(at(3) < 0.1 * at(0));
  // What follows is faded in.
  CHECK(at(4) > 0.5 * at(0));
  CHECK(at(4) < at(0));
}

TEST_CASE("a longer gap is a jump, with a marker behind it", "[media]") {
  auto t = media::transcoder::create(pcma_format, pcma_format, {.packet_time = 30, .max_gap = 60}).value();
  REQUIRE(t.handle_payload(silence, 1000, true).has_value());
  CHECK(ready(t).empty());
  // 100 ms are missing. What has been begun ends with silence.
  REQUIRE(t.handle_payload(silence, 1960, false).has_value());
  REQUIRE(t.handle_payload(silence, 2120, false).has_value());
  // A second jump waits until the first is over.
  CHECK(t.handle_payload(silence, 20000, false).error() == errc::no_space);
  auto out = ready(t);
  REQUIRE(out.size() == 2);
  CHECK(out[0].timestamp == 0);
  CHECK(out[0].marker);
  CHECK(out[1].timestamp == 960);
  CHECK(out[1].marker);
  CHECK(t.counters().jumps == 1);
  CHECK(t.counters().concealed == 0);
  REQUIRE(t.handle_payload(silence, 20000, false).has_value());
  REQUIRE(t.handle_payload(silence, 20160, false).has_value());
  out = ready(t);
  REQUIRE(out.size() == 2);
  CHECK(out[0].timestamp == 1200);
  CHECK_FALSE(out[0].marker);
  CHECK(out[1].timestamp == 19000);
  CHECK(out[1].marker);
}

TEST_CASE("late payloads are dropped and a new timeline goes on where the old one was", "[media]") {
  auto t = media::transcoder::create(pcma_format, pcmu_format).value();
  REQUIRE(t.handle_payload(silence, 0xFFFFFFF0, true).has_value());
  REQUIRE(t.handle_payload(silence, 0xFFFFFFF0 + 160, false).has_value());
  CHECK(t.handle_payload(silence, 0xFFFFFFF0, false).error() == errc::late);
  CHECK(t.handle_payload(silence, 0xFFFFFFF0 + 319, false).error() == errc::late);
  CHECK(t.counters().late == 2);
  CHECK(ready(t).size() == 2);
  // Another source, whose timestamps begin anywhere.
  REQUIRE(t.handle_payload(silence, 0x90000000, false).has_value());
  auto out = ready(t);
  REQUIRE(out.size() == 1);
  CHECK(out[0].timestamp == 320);
  CHECK(out[0].marker);
  REQUIRE(t.handle_payload(silence, 0x90000000 + 160, true).has_value());
  out = ready(t);
  REQUIRE(out.size() == 1);
  CHECK(out[0].timestamp == 480);
  CHECK(out[0].marker);
}

TEST_CASE("what a codec can't read is filled like what was lost", "[media]") {
  auto t = media::transcoder::create(stereo, pcma_format).value();
  const std::vector<std::byte> frame(882 * 4);
  REQUIRE(t.handle_payload(frame, 0, true).has_value());
  CHECK(t.handle_payload(std::span(frame).first(5), 882, false).error() == errc::bad_payload);
  CHECK(t.handle_payload({}, 882, false).error() == errc::bad_payload);
  REQUIRE(t.handle_payload(frame, 2 * 882, false).has_value());
  CHECK(ready(t).size() == 3);
  CHECK(t.counters().refused == 2);
  CHECK(t.counters().concealed == 882);
}

TEST_CASE("a transcoder refuses formats and lengths that its codecs refuse", "[media]") {
  CHECK(media::transcoder::create({"G729", 8000, 8000, 1, {}}, pcma_format).error() == errc::unknown_codec);
  CHECK(media::transcoder::create(pcma_format, {"G729", 8000, 8000, 1, {}}).error() == errc::unknown_codec);
  CHECK(media::transcoder::create(pcma_format, pcmu_format, {.packet_time = 0}).error() ==
        errc::bad_frame_length);
}

TEST_CASE("each pair of formats carries a second of sound", "[media]") {
  const auto formats = media::known_audio_formats();
  for (const auto& from : formats) {
    for (const auto& to : formats) {
      INFO(from.name << "/" << from.clock_rate << "/" << from.channels << " to " << to.name << "/"
                     << to.clock_rate << "/" << to.channels);
      auto made = media::transcoder::create(from, to, {.encoder = {.bit_rate = 40000}});
#ifndef PARLEY_TEST_RESAMPLES
      if (!made) {
        CHECK(made.error() == errc::unsupported_rate);
        continue;
      }
#endif
      REQUIRE(made);
      auto encoder = media::make_encoder(from, {.bit_rate = 40000}).value();
      const auto mono = test::tone(600, from.sample_rate, from.sample_rate);
      std::vector<std::int16_t> sound;
      for (const auto s : mono) sound.insert(sound.end(), from.channels, s);
      const std::size_t frame = from.sample_rate / 50 * from.channels;
      std::vector<std::byte> payload(encoder->max_payload(from.sample_rate / 50));
      std::vector<packet> out;
      std::size_t allocated = 0;
      std::vector<std::byte> space(made->max_payload());
      for (std::uint32_t i = 0; i < 50; ++i) {
        const auto size = encoder->encode(std::span(sound).subspan(frame * i, frame), payload);
        REQUIRE(size);
        const test::allocation_counter counter;
        const auto taken =
            made->handle_payload(std::span(payload).first(*size), i * (from.clock_rate / 50), i == 0);
        const auto given = made->poll_transmit(space);
        allocated += counter.count();
        REQUIRE(taken);
        REQUIRE(given);
        CHECK(given->timestamp == i * (to.clock_rate / 50));
        CHECK(given->marker == (i == 0));
        out.push_back({{space.begin(), space.begin() + static_cast<std::ptrdiff_t>(given->size)},
                       given->timestamp,
                       given->marker});
      }
      CHECK(allocated == 0);
      const auto heard = decoded(to, out);
      REQUIRE(heard.size() == std::size_t{to.sample_rate} * to.channels);
      std::vector<std::int16_t> left;
      for (std::size_t i = heard.size() / 2; i < heard.size(); i += to.channels) left.push_back(heard[i]);
      const double level = test::decibels(test::amplitude_at(left, 600, to.sample_rate) / 10000);
      CHECK(std::abs(level) < 2);
    }
  }
}

#ifdef PARLEY_TEST_OPUS
TEST_CASE("a lost packet of Opus comes out of the next one", "[media]") {
  const media::audio_format opus{"opus", 48000, 48000, 1, "useinbandfec=1"};
  auto encoder = media::make_encoder({"opus", 48000, 16000, 1, "useinbandfec=1"},
                                     {.bit_rate = 24000, .expected_loss = 30})
                     .value();
  auto t = media::transcoder::create(opus, pcma_format).value();
  const auto sound = test::sweep(200, 900, 16000, 32000);
  std::vector<std::byte> payload(encoder->max_payload(320));
  std::size_t frames = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto size = encoder->encode(std::span(sound).subspan(320 * i, 320), payload);
    REQUIRE(size);
    if (i % 7 == 5) continue;
    REQUIRE(t.handle_payload(std::span(payload).first(*size), i * 960, false).has_value());
    frames += ready(t).size();
  }
  CHECK(frames == 100);
  CHECK(t.counters().recovered > 7);
  CHECK(t.counters().recovered * 160 + t.counters().concealed == 14 * 160);
}

TEST_CASE("silence that Opus doesn't send is a jump of timestamps and a marker", "[media]") {
  const media::audio_format opus{"opus", 48000, 48000, 1, "usedtx=1"};
  auto t = media::transcoder::create(pcma_format, opus, {.encoder = {.bit_rate = 16000}}).value();
  const auto voice = encoded(pcma_format, test::tone(300, 8000, 160));
  std::vector<packet> out;
  for (std::uint32_t i = 0; i < 150; ++i) {
    REQUIRE(t.handle_payload(i < 20 || i >= 130 ? voice : silence, 160 * i, false).has_value());
    for (auto& p : ready(t)) out.push_back(std::move(p));
  }
  CHECK(out.size() < 100);
  CHECK(out.back().timestamp == 149 * 960);
  bool jumped = false;
  for (std::size_t i = 1; i < out.size(); ++i) {
    const bool gap = out[i].timestamp - out[i - 1].timestamp != 960;
    CHECK(out[i].marker == gap);
    jumped = jumped || gap;
  }
  CHECK(jumped);
}
#endif
