// What a relay plays to a peer, over the sockets of this host.
#include <parley/media/audio_codec.hpp>
#include <parley/media/byte_store.hpp>
#include <parley/media/dtmf_detector.hpp>
#include <parley/media/sound_clip.hpp>
#include <parley/media/sound_file.hpp>
#include <parley/media/tone_generator.hpp>
#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>
#include <parley/net/media_relay.hpp>
#include <parley/rtp/dtmf_event.hpp>
#include <parley/rtp/packet.hpp>

#include "support/catch.hpp"
#include "support/own_address.hpp"
#include "support/rtp_packets.hpp"
#include "support/seeded_random.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using media::relay_side;

namespace {

const media::audio_format heard_format{"PCMA", 8000, 8000, 1, {}};

/// A file of 16000 samples a second with that digit's tone, read for the codec.
std::shared_ptr<const media::sound_clip> digit_clip(char digit, std::uint32_t ms) {
  media::memory_store store;
  {
    auto writer = media::sound_file_writer::create(store, media::sound_encoding::wav_s16, {16000, 1});
    if (!writer) return nullptr;  // without libsndfile
    std::vector<std::int16_t> samples(16 * ms);
    media::tone_generator generator(16000);
    REQUIRE(generator.play(*media::dtmf_tone(digit, {.on_ms = ms, .off_ms = 0})).has_value());
    generator.generate(samples);
    REQUIRE(writer->write(samples).has_value());
    REQUIRE(writer->finish().has_value());
  }
  auto clip = media::read_clip(store, heard_format, 10min);
  if (!clip) return nullptr;  // without speexdsp
  CHECK(clip->length() == std::chrono::milliseconds(ms));
  CHECK(media::read_clip(store, heard_format, std::chrono::milliseconds(ms - 1)).error() ==
        media::errc::too_long);
  return std::make_shared<const media::sound_clip>(std::move(*clip));
}

/// A medium between two sockets.
struct playing_relay final : net::rtp_handler {
  playing_relay() {
    net::media_relay_options options;
    options.interfaces = {{"lan", test::own_address(), test::own_address()}};
    static std::uint16_t relays = 0;
    options.low_port = static_cast<std::uint16_t>(31000 + relays++ * 20);
    options.high_port = static_cast<std::uint16_t>(options.low_port + 19);
    options.on_keys = [this] { ++told; };
    relay = net::media_relay::create(options, random).value();
    net::rtp_io_options peers;
    peers.engine = net::rtp_engine::batches;
    io = net::rtp_io::create(*this, peers).value();
    medium = relay->open({{{}, {}}}).value();
    for (std::size_t i = 0; i < 2; ++i) {
      auto port = net::rtp_port::open({base::ip_address::loopback_v4(), 0}).value();
      settings[i].rtp = port.local();
      settings[i].payloads = {{.received = 8, .sent = 8}, {.received = 101, .sent = 101, .events = true}};
      ids[i] = io->add(std::move(port), i).value();
      REQUIRE(relay->apply(medium.id, i == 0 ? relay_side::offerer : relay_side::answerer, settings[i])
                  .has_value());
    }
  }

  void handle_datagram(base::time_point, std::uint64_t tag, base::packet_buffer packet,
                       const base::socket_address&) override {
    if (tag == 0) got.emplace_back(packet.text());
  }
  void handle_notification(base::time_point) override {}

  template <class Done>
  bool until(Done done) {
    const auto end = net::steady_clock_source::now() + 5s;
    while (!done() && net::steady_clock_source::now() < end) io->poll(1, 10ms);
    return done();
  }
  /// Bob says something to alice.
  void bob_says(std::string_view bytes) {
    REQUIRE(io->send(ids[1], test::buffered(io->pool(), bytes), medium.ends[1].rtp).has_value());
    io->flush();
  }

  test::seeded_random random;
  std::atomic<unsigned> told = 0;
  std::unique_ptr<net::media_relay> relay;
  std::unique_ptr<net::rtp_io> io;
  net::media_relay::opened medium;
  std::array<media::relay_end_settings, 2> settings;
  std::array<net::rtp_port_id, 2> ids{};
  std::vector<std::string> got;
};

rtp::packet_view view_of(const std::string& packet) {
  const auto view = rtp::packet_view::parse(std::as_bytes(std::span(packet)));
  REQUIRE(view.has_value());
  return *view;
}

}  // namespace

TEST_CASE("a file is played to one side, and heard there", "[net][relay][play]") {
  const auto clip = digit_clip('7', 200);
  if (clip == nullptr) return;
  playing_relay t;
  t.bob_says(test::rtp_packet(8, 100, 5, std::string(160, '\x55'), 16000));
  REQUIRE(t.until([&] { return t.got.size() == 1; }));
  CHECK_FALSE(t.relay->plays(t.medium.id, relay_side::offerer));
  REQUIRE(t.relay->play(t.medium.id, relay_side::offerer, clip, heard_format, 8).has_value());
  REQUIRE(t.until([&] { return t.got.size() == 11 && !t.relay->plays(t.medium.id, relay_side::offerer); }));
  t.bob_says(test::rtp_packet(8, 103, 5, std::string(160, '\x55'), 16000 + 8000));
  REQUIRE(t.until([&] { return t.got.size() == 12; }));

  media::dtmf_detector detector(8000);
  const auto decoder = media::make_decoder(heard_format).value();
  std::string digits;
  for (std::size_t i = 0; i < t.got.size(); ++i) {
    const auto view = view_of(t.got[i]);
    CHECK(view.sequence_number() == 100 + i);
    CHECK(view.ssrc() == 5);
    CHECK(view.payload_type() == 8);
    if (i > 1 && i < 11) CHECK(view.timestamp() == view_of(t.got[i - 1]).timestamp() + 160);
    std::array<std::int16_t, 160> sound{};
    REQUIRE(decoder->decode(view.payload(), sound).has_value());
    if (const auto heard = detector.add(sound); heard && !heard->ended) digits += heard->digit;
  }
  CHECK(digits == "7");
  // The clip is nobody's any more.
  CHECK(clip.use_count() == 1);
}

TEST_CASE("keys are sent to a side as tones", "[net][relay][play]") {
  playing_relay t;
  for (const std::uint8_t event : std::vector<std::uint8_t>{5, 5, 0}) {
    media::relay_player::key key{.event = event, .length = 60ms, .pause = 60ms};
    key.tone = media::relay_player::tone_of(key, heard_format, 8).value();
    REQUIRE(t.relay->press(t.medium.id, relay_side::offerer, std::move(key)).has_value());
  }
  REQUIRE(t.until([&] { return t.got.size() == 18; }));
  media::dtmf_detector detector(8000);
  const auto decoder = media::make_decoder(heard_format).value();
  std::string digits;
  for (const auto& packet : t.got) {
    std::array<std::int16_t, 160> sound{};
    REQUIRE(decoder->decode(view_of(packet).payload(), sound).has_value());
    if (const auto heard = detector.add(sound); heard && !heard->ended) digits += heard->digit;
  }
  CHECK(digits == "550");
  CHECK(view_of(t.got[17]).timestamp() == view_of(t.got[0]).timestamp() + 17 * 160);
}

TEST_CASE("what is played goes on and on, until it is stopped or its medium ends", "[net][relay][play]") {
  const auto clip = digit_clip('1', 40);
  if (clip == nullptr) return;
  playing_relay t;
  const bool closes = GENERATE(false, true);
  REQUIRE(t.relay->play(t.medium.id, relay_side::offerer, clip, heard_format, 8, 1000).has_value());
  REQUIRE(t.until([&] { return t.got.size() >= 5; }));
  CHECK(t.relay->plays(t.medium.id, relay_side::offerer));
  closes ? t.relay->close(t.medium.id) : t.relay->stop_playing(t.medium.id, relay_side::offerer);
  CHECK(t.until([&] { return !t.relay->plays(t.medium.id, relay_side::offerer); }));
  CHECK(t.until([&] { return clip.use_count() == 1; }));
  CHECK(t.relay->play(999, relay_side::offerer, clip, heard_format, 8).error() == net::errc::closed);
  CHECK(t.relay->press(999, relay_side::offerer, {}).error() == net::errc::closed);
  if (closes) return;
  CHECK(t.relay->play(t.medium.id, relay_side::offerer, clip, {"G729", 8000, 8000, 1, {}}, 18).error() ==
        media::errc::unknown_codec);
}

TEST_CASE("keys are sent to a side, and those of a peer are told once", "[net][relay][play]") {
  playing_relay t;
  REQUIRE(t.relay->press(t.medium.id, relay_side::offerer, {5, 40ms, 101, 8000}).has_value());
  REQUIRE(t.until([&] { return t.got.size() == 4; }));
  for (std::size_t i = 0; i < 4; ++i) {
    const auto view = view_of(t.got[i]);
    CHECK((view.payload_type() == 101 && view.marker() == (i == 0)));
    CHECK(view.timestamp() == view_of(t.got[0]).timestamp());
    const auto event = rtp::telephone_event::load(view.payload().data());
    CHECK((event.event == 5 && event.end == (i > 0) && event.duration == (i == 0 ? 160 : 320)));
  }
  CHECK(t.told == 0);
  CHECK_FALSE(t.relay->poll_key().has_value());

  // What alice got is what bob sends her now: two keys, each of them three times.
  for (const char digit : {'\x05', '\x06'}) {
    for (std::uint16_t i = 0; i < 3; ++i) {
      const auto n = static_cast<std::uint16_t>(3 * digit + i);
      t.bob_says(test::rtp_packet(101, n, 9, std::string{digit, '\x8A', '\x03', '\x20'},
                                  1000U * static_cast<unsigned char>(digit)));
    }
  }
  std::vector<net::relay_press> keys;
  CHECK(t.until([&] {
    while (const auto key = t.relay->poll_key()) keys.push_back(*key);
    return keys.size() == 2 && t.relay->state(t.medium.id, relay_side::answerer).counters.packets == 6;
  }));
  CHECK_FALSE(t.relay->poll_key().has_value());
  CHECK(t.told >= 1);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CHECK((keys[i].medium == t.medium.id && keys[i].from == relay_side::answerer));
    CHECK((keys[i].key.event == 5 + i && keys[i].key.length == 100ms));
  }
}
