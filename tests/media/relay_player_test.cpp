#include <parley/media/dtmf_detector.hpp>
#include <parley/media/relay_player.hpp>
#include <parley/media/relay_stream.hpp>
#include <parley/rtp/dtmf_event.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using media::played_sound;
using media::relay_player;

namespace {

const media::audio_format played_ulaw{"PCMU", 8000, 8000, 1, {}};

/// A clip whose samples all have one value.
std::shared_ptr<const media::sound_clip> level_clip(std::size_t length, media::pcm_format format = {8000, 1},
                                                    std::int16_t value = 8031) {
  media::sound_clip clip;
  clip.format = format;
  clip.stored_rate = format.rate;
  clip.samples.assign(length * format.channels, value);
  return std::make_shared<const media::sound_clip>(std::move(clip));
}

played_sound sound_of(std::size_t length, unsigned repeat = 1) {
  auto made = played_sound::create(level_clip(length), played_ulaw, 0, repeat);
  REQUIRE(made.has_value());
  return std::move(*made);
}

/// A player whose clock the test moves; what it sends, with the time.
struct player_test {
  struct sent_packet {
    base::duration at{};
    media::played_packet packet;
    rtp::telephone_event event{};
  };

  player_test() { player.begin(now, 1000, 8000); }

  void run(base::duration time) {
    const auto end = now + time;
    while (player.poll_timeout() <= end) {
      now = std::max(now, player.poll_timeout());
      if (const auto packet = player.handle_timeout(now, out))
        sent.push_back({now - begun, *packet, rtp::telephone_event::load(out.data())});
    }
    now = end;
  }

  base::time_point begun{1h};
  base::time_point now = begun;
  relay_player player;
  std::array<std::byte, media::relay_stream::max_payload> out{};
  std::vector<sent_packet> sent;
};

}  // namespace

TEST_CASE("a clip becomes payloads of 20 ms, the last one filled with silence", "[media][relay][play]") {
  auto sound = sound_of(250, 2);
  std::array<std::byte, media::relay_stream::max_payload> out{};
  std::vector<std::byte> all;
  while (!sound.ended()) {
    REQUIRE(sound.next(out) == 160);
    all.insert(all.end(), out.begin(), out.begin() + 160);
  }
  // 500 samples, and 140 of silence.
  REQUIRE(all.size() == 640);
  CHECK(all[0] != std::byte{0xFF});
  CHECK(all[499] == all[0]);
  CHECK(all[500] == std::byte{0xFF});
  CHECK(sound_of(0).ended());
  CHECK(sound_of(160, 0).ended());
}

TEST_CASE("a sound that can't be sent is refused", "[media][relay][play]") {
  const auto clip = level_clip(100);
  CHECK(played_sound::create(clip, {"G729", 8000, 8000, 1, {}}, 18).error() == media::errc::unknown_codec);
  CHECK(played_sound::create(clip, {"L16", 16000, 16000, 1, {}}, 96).error() ==
        media::errc::unsupported_rate);
  CHECK(played_sound::create(level_clip(100, {11025, 1}), {"L16", 11025, 11025, 1, {}}, 96).error() ==
        media::errc::unsupported_rate);
}

TEST_CASE("the rate of a clip is the codec's, for Opus the least that holds the file's sound",
          "[media][relay][play]") {
  const media::audio_format opus{"opus", 48000, 48000, 2, {}};
  CHECK(media::clip_format(played_ulaw, 44100) == media::pcm_format{8000, 1});
  CHECK(media::clip_format(opus, 8000) == media::pcm_format{8000, 1});
  CHECK(media::clip_format(opus, 44100) == media::pcm_format{48000, 1});
  CHECK(media::clip_format(opus, 192000) == media::pcm_format{48000, 1});
}

TEST_CASE("sound is played in beats of 20 ms, and its last one is waited for", "[media][relay][play]") {
  player_test t;
  t.player.play(sound_of(480));
  t.run(59ms);
  REQUIRE(t.sent.size() == 3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    CHECK(t.sent[i].at == i * 20ms);
    CHECK(t.sent[i].packet.timestamp == 1000 + 160 * i);
    CHECK(t.sent[i].packet.marker == (i == 0));
    CHECK((t.sent[i].packet.size == 160 && t.sent[i].packet.payload_type == 0));
  }
  CHECK(t.player.active());
  t.run(1ms);
  CHECK_FALSE(t.player.active());
  CHECK(t.player.timestamp() == 1480);
  CHECK(t.player.poll_timeout() == base::never);
}

TEST_CASE("frames that no packet holds leave in several of one beat", "[media][relay][play]") {
  player_test t;
  auto sound = played_sound::create(level_clip(1764, {44100, 2}), {"L16", 44100, 44100, 2, {}}, 10);
  REQUIRE(sound.has_value());
  CHECK(sound->parts() == 3);
  t.player.begin(t.now, 1000, 44100);
  t.player.play(std::move(*sound));
  t.run(1s);
  REQUIRE(t.sent.size() == 6);
  for (std::uint32_t i = 0; i < 6; ++i) {
    CHECK(t.sent[i].at == i / 3 * 20ms);
    CHECK(t.sent[i].packet.size == 1176);
  }
  CHECK(t.sent[4].packet.timestamp == 1000 + 4 * 294);
}

TEST_CASE("a key takes the place of as much sound", "[media][relay][play]") {
  player_test t;
  t.player.play(sound_of(1600));
  t.run(39ms);
  REQUIRE(t.player.press({5, 50ms, 101, 8000}).has_value());
  t.run(300ms);
  // Two packets of sound, five of the key, three of sound.
  REQUIRE(t.sent.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) CHECK(t.sent[i].at == static_cast<int>(i) * 20ms);
  for (std::size_t i = 2; i < 7; ++i) {
    CHECK(t.sent[i].packet.payload_type == 101);
    CHECK(t.sent[i].packet.timestamp == 1320);
    CHECK(t.sent[i].packet.marker == (i == 2));
    CHECK(t.sent[i].event.event == 5);
    CHECK(t.sent[i].event.end == (i > 3));
    CHECK(t.sent[i].event.duration == std::array<int, 5>{160, 320, 400, 400, 400}[i - 2]);
  }
  CHECK((t.sent[7].packet.payload_type == 0 && t.sent[7].packet.timestamp == 1000 + 7 * 160));
  CHECK((t.sent[7].packet.marker && !t.sent[8].packet.marker));
  CHECK_FALSE(t.player.active());
}

TEST_CASE("keys count by their own clock", "[media][relay][play]") {
  player_test t;
  REQUIRE(t.player.press({11, 40ms, 96, 48000}).has_value());
  t.run(1s);
  REQUIRE(t.sent.size() == 4);
  CHECK(t.sent[0].event == rtp::telephone_event{11, false, 10, 960});
  for (std::size_t i = 1; i < 4; ++i) CHECK(t.sent[i].event == rtp::telephone_event{11, true, 10, 1920});
  CHECK(t.player.timestamp() == 1000 + 4 * 160);
}

TEST_CASE("a key has its volume and its pause", "[media][relay][play]") {
  player_test t;
  // The packets that say the end once more take 40 ms of a pause; a beat that has begun is not cut.
  const auto [pause, next] = GENERATE(std::pair(10ms, 80ms), std::pair(90ms, 140ms), std::pair(100ms, 140ms));
  REQUIRE(t.player.press({1, 40ms, 101, 8000, 20, pause}).has_value());
  REQUIRE(t.player.press({2, 40ms, 101, 8000, 200}).has_value());
  t.run(1s);
  REQUIRE(t.sent.size() == 8);
  CHECK((t.sent[0].event.event == 1 && t.sent[0].event.volume == 20));
  CHECK((t.sent[4].event.event == 2 && t.sent[4].event.volume == 63));
  CHECK(t.sent[4].at == next);
}

TEST_CASE("a tone is played in any codec, and never one without an end", "[media][relay][play]") {
  const std::array<media::audio_format, 4> formats{{played_ulaw,
                                                    {"G722", 8000, 16000, 1, {}},
                                                    {"opus", 48000, 48000, 2, {}},
                                                    {"L16", 44100, 44100, 2, {}}}};
  const media::audio_format& format = formats.at(GENERATE(0U, 1U, 2U, 3U));
  const auto decoder = media::make_decoder(format);
  if (!decoder) return;
  auto sound = relay_player::tone_of({.event = 14, .length = 90ms, .volume = 8, .pause = 50ms}, format, 96);
  REQUIRE(sound.has_value());
  std::array<std::byte, media::relay_stream::max_payload> out{};
  std::vector<std::int16_t> room(5760U * 2);
  media::dtmf_detector detector(format.sample_rate);
  std::vector<media::dtmf_event> heard;
  std::size_t samples = 0;
  for (unsigned i = 0; !sound->ended(); ++i) {
    REQUIRE(i < 100);
    const std::size_t size = sound->next(out);
    REQUIRE(size != 0);
    const auto pcm = (*decoder)->decode(std::span(out).first(size), room);
    REQUIRE(pcm.has_value());
    std::vector<std::int16_t> left;
    for (std::size_t s = 0; s < pcm->size(); s += format.channels) left.push_back((*pcm)[s]);
    samples += left.size();
    if (const auto event = detector.add(left)) heard.push_back(*event);
  }
  CHECK(samples == format.sample_rate * 140 / 1000);
  REQUIRE(heard.size() == 2);
  CHECK((heard[0].digit == 'C' && heard[1].ended));
  const std::uint64_t ms = heard[1].length * 1000 / format.sample_rate;
  CHECK((ms >= 70 && ms <= 110));

  CHECK(played_sound::create(media::continuous_tone(440), format, 0).error() == media::errc::bad_tone);
  CHECK(played_sound::create(media::tone{}, format, 0).error() == media::errc::bad_tone);
  media::tone large = *media::dtmf_tone('1');
  large.count = media::tone::max_segments + 1;
  CHECK(played_sound::create(large, format, 0).error() == media::errc::bad_tone);
  CHECK(relay_player::tone_of({.event = 16, .length = 90ms}, format, 0).error() == media::errc::bad_tone);
}

TEST_CASE("tones of keys follow each other, and take the place of as much sound", "[media][relay][play]") {
  player_test t;
  const bool over_sound = GENERATE(false, true);
  if (over_sound) t.player.play(sound_of(160 * 18));
  t.run(39ms);
  if (!over_sound) {
    t.now = t.begun + 40ms;
    t.player.begin(t.now, 1320, 8000);
  }
  for (const std::uint8_t event : std::vector<std::uint8_t>{1, 1, 11}) {
    relay_player::key key{.event = event, .length = 60ms, .volume = 10, .pause = 60ms};
    key.tone = *relay_player::tone_of(key, played_ulaw, 0);
    REQUIRE(t.player.press(std::move(key)).has_value());
  }
  // An event behind them waits for the last pause.
  REQUIRE(t.player.press({4, 40ms, 101, 8000}).has_value());
  media::dtmf_detector detector(8000);
  const auto decoder = *media::make_decoder(played_ulaw);
  std::string digits;
  const std::size_t first = t.sent.size();
  while (t.player.active()) {
    const std::size_t before = t.sent.size();
    t.run(20ms);
    if (t.sent.size() == before || t.sent.back().packet.payload_type != 0) continue;
    std::array<std::int16_t, 160> sound{};
    REQUIRE(decoder->decode(std::span(t.out).first(160), sound).has_value());
    if (const auto heard = detector.add(sound); heard && !heard->ended) digits += heard->digit;
  }
  CHECK(digits == "11#");
  // Three tones with their pauses, four packets of the event: the sound is over before their end.
  REQUIRE(t.sent.size() - first == 22);
  for (std::size_t i = first; i < first + 18; ++i) {
    CHECK(t.sent[i].packet.timestamp == 1320 + 160 * (i - first));
    CHECK(t.sent[i].packet.marker == (i == first && !over_sound));
  }
}

TEST_CASE("keys wait for each other, and only so many", "[media][relay][play]") {
  player_test t;
  for (std::uint8_t i = 0; i < relay_player::max_keys; ++i)
    REQUIRE(t.player.press({static_cast<std::uint8_t>(i % 2), 40ms, 101, 8000}).has_value());
  CHECK(t.player.press({1, 40ms, 101, 8000}).error() == media::errc::limit_reached);
  t.run(10s);
  REQUIRE(t.sent.size() == 4 * relay_player::max_keys);
  CHECK(t.sent[3].at == 60ms);
  CHECK(t.sent[4].at == 120ms);
  CHECK(t.sent[4].packet.timestamp == 1000 + 6 * 160);
  CHECK((t.sent[4].packet.marker && t.sent[4].event.event == 1));
  CHECK_FALSE(t.player.active());
}

TEST_CASE("another sound, or none, takes the place of one that is playing", "[media][relay][play]") {
  player_test t;
  t.player.play(sound_of(160, 1000));
  t.run(39ms);
  t.player.play(sound_of(320));
  t.run(100ms);
  REQUIRE(t.sent.size() == 4);
  CHECK(t.sent[2].packet.marker);
  CHECK(t.sent[3].packet.timestamp == 1480);
  CHECK_FALSE(t.player.active());

  t.player.begin(t.now, 5000, 8000);
  t.player.play(sound_of(160, 1000));
  t.run(5s);
  CHECK(t.sent.size() == 4 + 251);
  t.player.stop_sound();
  t.run(20ms);
  CHECK(t.sent.size() == 4 + 251);
  CHECK_FALSE(t.player.active());
}

TEST_CASE("a beat that comes late is made up for, a long wait is not", "[media][relay][play]") {
  player_test t;
  t.player.play(sound_of(160, 1000));
  t.run(10ms);
  t.now += 100ms;
  t.run(1ms);
  REQUIRE(t.sent.size() == 6);
  CHECK(t.sent.back().packet.timestamp == 1000 + 5 * 160);
  t.now += 60s;
  t.run(19ms);
  REQUIRE(t.sent.size() == 8);
  CHECK(t.sent[6].packet.marker);
  // 60.13 s are over: the beat of 60.12 s is sent, and not the 3000 before it.
  CHECK(t.sent[6].packet.timestamp == 1000 + 3005 * 160);
}

TEST_CASE("playing allocates nothing", "[media][relay][play]") {
  player_test t;
  t.sent.reserve(1000);
  t.player.play(sound_of(800, 20));
  for (std::uint8_t i = 0; i < 8; ++i) REQUIRE(t.player.press({i, 100ms, 101, 8000}).has_value());
  relay_player::key toned{.event = 8, .length = 100ms};
  toned.tone = *relay_player::tone_of(toned, played_ulaw, 0);
  REQUIRE(t.player.press(std::move(toned)).has_value());
  const test::allocation_counter allocated;
  t.run(3s);
  CHECK(allocated.count() == 0);
  CHECK(t.sent.size() > 90);
}
