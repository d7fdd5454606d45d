// What a medium plays to one of its peers, in the stream that this peer already gets.
#include <parley/media/dtmf_detector.hpp>
#include <parley/media/relay_medium.hpp>
#include <parley/media/tone_generator.hpp>
#include <parley/rtp/dtmf_event.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/rtp/rtcp.hpp>
#include <parley/rtp/rtcp_report.hpp>
#include <parley/srtp/context.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"
#include "support/rtp_packets.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using media::relay_component;
using media::relay_side;

namespace {

const media::audio_format ulaw_format{"PCMU", 8000, 8000, 1, {}};
const media::audio_format alaw_format{"PCMA", 8000, 8000, 1, {}};
const media::own_source made_up{0xABCD0001, 65530, 0xFFFFFF00};

std::vector<srtp::master_key> playing_keys(char seed) {
  const srtp::key_sizes sizes = srtp::sizes(srtp::profile::aes_cm_128_hmac_sha1_80);
  const std::string bytes(64, seed);
  const auto all = std::as_bytes(std::span(bytes));
  return {*srtp::master_key::make(srtp::profile::aes_cm_128_hmac_sha1_80, all.first(sizes.key),
                                  all.first(sizes.salt))};
}

media::played_sound clip_of(base::duration length, const media::audio_format& format = ulaw_format,
                            std::uint8_t type = 0, unsigned repeat = 1) {
  media::sound_clip clip;
  clip.format = media::clip_format(format, 8000);
  clip.stored_rate = 8000;
  clip.samples.resize(static_cast<std::size_t>(clip.format.rate * (length / 1us) / 1'000'000));
  media::tone_generator tone(clip.format.rate);
  REQUIRE(tone.play(media::continuous_tone(440)).has_value());
  tone.generate(clip.samples);
  auto made = media::played_sound::create(std::make_shared<const media::sound_clip>(std::move(clip)), format,
                                          type, repeat);
  REQUIRE(made.has_value());
  return std::move(*made);
}

media::relay_player::key toned_key(std::uint8_t event, const media::audio_format& format, std::uint8_t type) {
  media::relay_player::key key{.event = event, .length = 80ms, .pause = 60ms};
  key.tone = media::relay_player::tone_of(key, format, type).value();
  return key;
}

/// Bob speaks to alice, and she is played to. What she gets is taken apart.
struct playing_test {
  struct heard_packet {
    std::uint8_t type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
    std::string payload;
    base::socket_address to;
  };

  playing_test() {
    media::relay_end_settings settings;
    settings.rtp = *base::socket_address::from_string("198.51.100.1:4000");
    REQUIRE(medium.apply(relay_side::offerer, settings).has_value());
    settings.rtp = bob;
    REQUIRE(medium.apply(relay_side::answerer, settings).has_value());
  }

  template <class Change>
  void change(relay_side side, Change how) {
    media::relay_end_settings settings = medium.settings(side);
    how(settings);
    REQUIRE(medium.apply(side, settings).has_value());
  }

  void take(std::optional<media::relay_medium::forwarded> where, base::packet_buffer& packet) {
    if (!where) return;
    CHECK(where->side == relay_side::offerer);
    CHECK(where->component == relay_component::rtp);
    if (alice_hears) REQUIRE(alice_hears->unprotect_rtp(packet).has_value());
    const auto view = rtp::packet_view::parse(packet.bytes());
    REQUIRE(view.has_value());
    const auto payload = view->payload();
    heard.push_back({view->payload_type(),
                     view->marker(),
                     view->sequence_number(),
                     view->timestamp(),
                     view->ssrc(),
                     {reinterpret_cast<const char*>(payload.data()), payload.size()},
                     where->to});
  }

  /// Time passes; what is due is sent.
  void run(base::duration time) {
    const auto end = now + time;
    while (medium.poll_timeout() <= end) {
      now = std::max(now, medium.poll_timeout());
      auto packet = *pool.allocate(2000, 64);
      take(medium.handle_timeout(now, packet), packet);
    }
    now = end;
  }

  /// Bob says a packet, of 20 ms where it is sound.
  void bob_says(std::uint8_t type, std::string_view payload, std::uint32_t at, bool marker = false) {
    std::string bytes = test::rtp_packet(type, sequence++, ssrc, payload, at);
    if (marker) bytes[1] = static_cast<char>(type | 0x80U);
    auto packet = *pool.copy(bytes, 64, 2000 - bytes.size());
    take(medium.handle_packet(now, relay_side::answerer, relay_component::rtp, bob, packet), packet);
    for (;;) {
      auto more = *pool.allocate(2000, 64);
      const auto where = medium.poll_transmit(relay_side::answerer, more);
      if (!where) return;
      take(where, more);
    }
  }
  void bob_speaks(unsigned packets) {
    for (unsigned i = 0; i < packets; ++i) {
      bob_says(0, std::string(160, '\x55'), timestamp);
      timestamp += 160;
      run(20ms);
    }
  }
  /// Nothing is missing and nothing came twice: each packet has the number behind the one before, and each
  /// but those of an event the timestamp `step` behind.
  void check_line(std::uint32_t step = 160) const {
    for (std::size_t i = 1; i < heard.size(); ++i) {
      INFO("packet " << i);
      CHECK(heard[i].sequence == static_cast<std::uint16_t>(heard[i - 1].sequence + 1));
      CHECK(heard[i].timestamp == heard[i - 1].timestamp + step);
      CHECK(heard[i].ssrc == heard[0].ssrc);
    }
  }
  /// What alice is told where bob reports that time on his clock.
  rtp::sender_report report(std::uint32_t at) {
    std::array<std::byte, 100> bytes{};
    rtp::compound_writer writer(bytes);
    const auto said = writer.add(rtp::sender_report{ssrc, 0x1234567890, at, 1, 2}).finish();
    REQUIRE(said.has_value());
    auto packet = *pool.copy(*said, 64, 1000);
    REQUIRE(medium.handle_packet(now, relay_side::answerer, relay_component::rtcp, bob, packet).has_value());
    const auto told = rtp::compound_view::parse(packet.bytes());
    REQUIRE(told.has_value());
    const auto read = told->begin()->get<rtp::sender_report>();
    REQUIRE(read.has_value());
    CHECK((read->ntp_time == 0x1234567890 && read->ssrc == ssrc));
    std::size_t octets = 0;
    for (const auto& each : heard) octets += each.payload.size();
    CHECK(read->packet_count == heard.size());
    CHECK(read->octet_count == octets);
    return *read;
  }
  /// The digits in what she hears, from the packet `first` on.
  std::string digits(std::size_t first, const media::audio_format& format, std::uint8_t type) const {
    media::dtmf_detector detector(format.sample_rate);
    const auto decoder = media::make_decoder(format).value();
    std::vector<std::int16_t> sound(5760U * format.channels);
    std::string out;
    for (std::size_t i = first; i < heard.size(); ++i) {
      if (heard[i].type != type) continue;
      const auto pcm = decoder->decode(std::as_bytes(std::span(heard[i].payload)), sound);
      REQUIRE(pcm.has_value());
      std::vector<std::int16_t> left;
      for (std::size_t s = 0; s < pcm->size(); s += format.channels) left.push_back((*pcm)[s]);
      if (const auto event = detector.add(left); event && !event->ended) out += event->digit;
    }
    return out;
  }
  std::uint64_t dropped() const { return medium.counters(relay_side::answerer).dropped; }

  const base::socket_address bob = *base::socket_address::from_string("198.51.100.2:5000");
  base::buffer_pool pool;
  media::relay_medium medium;
  base::time_point now{1h};
  std::optional<srtp::context> alice_hears;
  std::uint16_t sequence = 65500;
  std::uint32_t timestamp = 0xFFFFF000;
  std::uint32_t ssrc = 0x11223344;
  std::vector<heard_packet> heard;
};

}  // namespace

TEST_CASE("what is played goes on in the stream of the other peer, and it behind that",
          "[media][relay][play]") {
  playing_test t;
  const bool encrypted = GENERATE(false, true);
  if (encrypted) {
    t.change(relay_side::offerer, [](auto& s) { s.sends_with = playing_keys('b'); });
    t.alice_hears = *srtp::context::unprotecting(playing_keys('b'));
  }
  const auto early = GENERATE(0ms, 7ms, 19ms);  // when in bob's 20 ms it begins
  t.bob_speaks(39);
  t.bob_says(0, std::string(160, '\x55'), t.timestamp);
  t.timestamp += 160;
  t.run(early);
  t.medium.play(t.now, relay_side::offerer, clip_of(1s), made_up);
  CHECK(t.medium.plays(relay_side::offerer));
  CHECK_FALSE(t.medium.plays(relay_side::answerer));
  t.run(20ms - early);
  t.bob_speaks(100);

  CHECK_FALSE(t.medium.plays(relay_side::offerer));
  CHECK(t.medium.poll_timeout() == base::never);
  t.check_line();
  REQUIRE(t.heard.size() == 140);
  CHECK(t.heard[39].payload == std::string(160, '\x55'));
  CHECK(t.heard[40].marker);
  CHECK(t.heard[40].payload != std::string(160, '\x55'));
  CHECK(t.heard[89].payload != std::string(160, '\x55'));
  CHECK(t.heard[90].marker);
  CHECK(t.heard[90].payload == std::string(160, '\x55'));
  CHECK_FALSE(t.heard[91].marker);
  CHECK(t.dropped() == 50);
  CHECK(t.medium.counters(relay_side::answerer).packets == 140);
}

TEST_CASE("what is played goes on in a transcoded stream", "[media][relay][play]") {
  playing_test t;
  t.change(relay_side::answerer, [](auto& s) {
    s.payloads = {{.received = 0, .sent = 8, .transcode = media::transcoding{ulaw_format, alaw_format}}};
  });
  t.bob_speaks(10);
  // Half a frame waits in the transcoder, and is never heard.
  t.bob_says(0, std::string(80, '\x55'), t.timestamp);
  t.timestamp += 80;
  t.run(10ms);
  t.medium.play(t.now, relay_side::offerer, clip_of(200ms, alaw_format, 8), made_up);
  t.run(10ms);
  t.timestamp += 80;
  t.bob_speaks(30);
  REQUIRE(t.heard.size() > 38);
  for (std::size_t i = 1; i < t.heard.size(); ++i) {
    CHECK(t.heard[i].sequence == static_cast<std::uint16_t>(t.heard[i - 1].sequence + 1));
    // 10 ms before it are missing, and as much before bob's next frame.
    CHECK(t.heard[i].timestamp == t.heard[i - 1].timestamp + (i == 10 || i == 20 ? 240 : 160));
  }
  for (const auto& each : t.heard) CHECK((each.type == 8 && each.payload.size() == 160));
  CHECK(t.heard[10].marker);
  CHECK(t.heard[20].marker);
  CHECK(t.heard[21].payload == t.heard[5].payload);
}

TEST_CASE("a key is sent in passed and in transcoded sound, by either clock", "[media][relay][play]") {
  playing_test t;
  const bool transcoded = GENERATE(false, true);
  const std::uint32_t rate = GENERATE(8000U, 48000U);
  if (transcoded) {
    t.change(relay_side::answerer, [](auto& s) {
      s.payloads = {{.received = 0, .sent = 8, .transcode = media::transcoding{ulaw_format, alaw_format}}};
    });
  }
  t.bob_speaks(10);
  REQUIRE(t.medium.press(t.now, relay_side::offerer, {9, 100ms, 101, rate}, made_up).has_value());
  t.bob_speaks(20);
  CHECK(t.dropped() == 7);
  REQUIRE(t.heard.size() == 30);
  for (std::size_t i = 10; i < 17; ++i) {
    CHECK((t.heard[i].type == 101 && t.heard[i].payload.size() == 4));
    CHECK(t.heard[i].timestamp == t.heard[9].timestamp + 160);
    CHECK(t.heard[i].marker == (i == 10));
    const auto event =
        rtp::telephone_event::load(reinterpret_cast<const std::byte*>(t.heard[i].payload.data()));
    CHECK(event.duration == std::min<std::size_t>(i - 9, 5) * (rate / 50));
    CHECK(event.end == (i > 13));
  }
  for (std::size_t i = 1; i < 30; ++i)
    CHECK(t.heard[i].sequence == static_cast<std::uint16_t>(t.heard[i - 1].sequence + 1));
  CHECK(t.heard[17].timestamp == t.heard[9].timestamp + 8 * 160);
  CHECK(t.heard[17].marker);
}

TEST_CASE("keys become tones in the stream of the other peer, encrypted, too", "[media][relay][play][srtp]") {
  playing_test t;
  if (GENERATE(false, true)) {
    t.change(relay_side::offerer, [](auto& s) { s.sends_with = playing_keys('b'); });
    t.alice_hears = *srtp::context::unprotecting(playing_keys('b'));
  }
  t.bob_speaks(10);
  for (const std::uint8_t event : std::vector<std::uint8_t>{7, 7, 10})
    REQUIRE(
        t.medium.press(t.now, relay_side::offerer, toned_key(event, ulaw_format, 0), made_up).has_value());
  t.bob_speaks(40);
  // 140 ms each, in which bob is not heard: then he is, where he was.
  CHECK(t.dropped() == 21);
  CHECK(t.heard.size() == 50);
  t.check_line();
  CHECK(t.digits(10, ulaw_format, 0) == "77*");
  CHECK(t.heard[31].payload == t.heard[0].payload);
}

TEST_CASE("keys become tones in a transcoded stream, before all sound, and beside what is played",
          "[media][relay][play]") {
  const media::audio_format opus{"opus", 48000, 48000, 2, {}};
  const media::audio_format& heard = GENERATE(false, true) ? opus : alaw_format;
  if (!media::make_encoder(heard).has_value()) return;
  playing_test t;
  t.change(relay_side::answerer, [&](auto& s) {
    s.payloads = {{.received = 0, .sent = 98, .transcode = media::transcoding{ulaw_format, heard}}};
  });
  REQUIRE(t.medium.press(t.now, relay_side::offerer, toned_key(3, heard, 98), made_up).has_value());
  t.run(140ms);
  CHECK_FALSE(t.medium.plays(relay_side::offerer));
  CHECK(t.heard.size() == 7);
  t.check_line(heard.clock_rate / 50);
  CHECK(t.digits(0, heard, 98) == "3");
  t.bob_speaks(10);
  const std::size_t spoken = t.heard.size();
  t.medium.play(t.now, relay_side::offerer, clip_of(400ms, heard, 98), made_up);
  for (const std::uint8_t event : std::vector<std::uint8_t>{1, 2})
    REQUIRE(t.medium.press(t.now, relay_side::offerer, toned_key(event, heard, 98), made_up).has_value());
  t.run(1s);
  CHECK(t.digits(spoken, heard, 98) == "12");
  REQUIRE(t.heard.size() == spoken + 20);
  for (std::size_t i = spoken + 1; i < t.heard.size(); ++i) {
    CHECK(t.heard[i].sequence == static_cast<std::uint16_t>(t.heard[i - 1].sequence + 1));
    CHECK(t.heard[i].timestamp == t.heard[i - 1].timestamp + heard.clock_rate / 50);
  }
}

TEST_CASE("RFC 3550 7.2: reports speak of transcoded sound by the clock that it was given",
          "[media][relay][play]") {
  const media::audio_format opus{"opus", 48000, 48000, 2, {}};
  auto encoder = media::make_encoder(opus);
  if (!encoder) return;
  playing_test t;
  t.change(relay_side::answerer, [&](auto& s) {
    s.rtcp_mux = true;
    s.payloads = {{.received = 96,
                   .sent = 8,
                   .clock_rate = 48000,
                   .sent_clock_rate = 8000,
                   .transcode = media::transcoding{opus, alaw_format}}};
  });
  t.change(relay_side::offerer, [](auto& s) { s.rtcp_mux = true; });
  const std::vector<std::int16_t> silence(960U * 2);
  std::vector<std::byte> payload(1400);
  std::uint32_t last = 0;
  for (unsigned i = 0; i < 200; ++i) {
    const auto size = (*encoder)->encode(silence, payload);
    REQUIRE(size.has_value());
    last = t.timestamp;
    t.bob_says(96, {reinterpret_cast<const char*>(payload.data()), *size}, t.timestamp);
    // A second is missing, and nothing fills it.
    t.timestamp += i == 100 ? 48000 : 960;
    t.run(20ms);
  }
  CHECK(t.heard.size() > 190);
  // Half a packet later. What the codecs hold back is less than a packet.
  const auto ahead = static_cast<std::int32_t>(t.report(last + 480).rtp_time - t.heard.back().timestamp);
  CHECK((ahead >= 80 && ahead < 240));
}

TEST_CASE("RFC 3550 7.2: reports speak of what is played by its own clock", "[media][relay][play]") {
  playing_test t;
  for (const relay_side side : {relay_side::offerer, relay_side::answerer})
    t.change(side, [](auto& s) { s.rtcp_mux = true; });
  const media::audio_format wide{"L16", 16000, 16000, 1, {}};
  t.bob_speaks(10);
  // Packets leave when bob would have said his next one.
  t.medium.play(t.now, relay_side::offerer, clip_of(400ms, wide, 97), made_up);
  const auto check = [&](unsigned packets) {
    for (unsigned i = 0; i < packets; ++i) {
      CHECK(t.report(t.timestamp).rtp_time == t.heard.back().timestamp);
      t.timestamp += 160;
      t.run(20ms);
    }
  };
  t.run(0ms);
  check(5);
  // A tone by the other clock takes the place of some of it; then it goes on.
  auto key = toned_key(5, ulaw_format, 0);
  REQUIRE(t.medium.press(t.now + 1ms, relay_side::offerer, std::move(key), made_up).has_value());
  check(15);
  CHECK_FALSE(t.medium.plays(relay_side::offerer));
  // Nothing is sent, and time goes on by the last clock; so it does where the playing does by another.
  const std::uint32_t last = t.heard.back().timestamp;
  CHECK(t.report(t.timestamp).rtp_time == last + 320);
  t.timestamp += 1600;
  t.run(200ms);
  CHECK(t.report(t.timestamp).rtp_time == last + 320 + 3200);
  t.medium.play(t.now, relay_side::offerer, clip_of(200ms), made_up);
  t.run(0ms);
  const std::uint32_t ahead = t.report(t.timestamp).rtp_time - t.heard.back().timestamp;
  CHECK(ahead == 0);
  t.run(1s);
  t.timestamp += 8000;
  t.bob_speaks(1);
  CHECK(t.report(t.timestamp - 160).rtp_time == t.heard.back().timestamp);
}

TEST_CASE("what is played before anything came has a source of its own", "[media][relay][play]") {
  playing_test t;
  t.medium.play(t.now, relay_side::offerer, clip_of(200ms), made_up);
  t.run(1s);
  REQUIRE(t.heard.size() == 10);
  t.check_line();
  CHECK(
      (t.heard[0].sequence == 65530 && t.heard[0].timestamp == 0xFFFFFF00 && t.heard[0].ssrc == 0xABCD0001));
  CHECK(t.heard[0].to.to_string() == "198.51.100.1:4000");
  // The second goes on there, as much later as it is.
  t.medium.play(t.now, relay_side::offerer, clip_of(200ms), made_up);
  t.run(100ms);
  CHECK(t.heard[10].sequence == 4);
  CHECK(t.heard[10].timestamp == t.heard[9].timestamp + 160 + 800 * 8);
  t.run(1s);
  // Then bob, whom nobody has heard yet, under his own SSRC: with the next numbers.
  t.bob_speaks(1);
  CHECK((t.heard.back().ssrc == t.ssrc && t.heard.back().timestamp == 0xFFFFF000));
  CHECK(t.heard.back().sequence == static_cast<std::uint16_t>(t.heard[t.heard.size() - 2].sequence + 1));
}

TEST_CASE("a peer that has set its clock meanwhile goes on where the playing has ended",
          "[media][relay][play]") {
  playing_test t;
  t.bob_speaks(10);
  t.medium.play(t.now, relay_side::offerer, clip_of(200ms), made_up);
  t.run(200ms);
  SECTION("backwards") { t.timestamp -= 1'000'000; }
  SECTION("forwards") { t.timestamp += 1'000'000; }
  SECTION("not at all: it has been silent") {}
  t.bob_speaks(5);
  if (t.heard.size() == 25) t.check_line();
  CHECK(t.heard.size() >= 20);
  const auto first = std::ranges::find_if(t.heard.begin() + 20, t.heard.end(),
                                          [](const auto& p) { return p.payload[0] == '\x55'; });
  if (first != t.heard.end()) CHECK(first->timestamp == t.heard[19].timestamp + 160);
}

TEST_CASE("playing is stopped, and begun once more, without a gap", "[media][relay][play]") {
  playing_test t;
  t.bob_speaks(5);
  t.medium.play(t.now, relay_side::offerer, clip_of(1s, ulaw_format, 0, 1000), made_up);
  t.bob_speaks(5);
  t.medium.stop_playing(relay_side::offerer);
  t.bob_speaks(5);
  t.medium.play(t.now, relay_side::offerer, clip_of(100ms), made_up);
  t.bob_speaks(10);
  t.check_line();
  CHECK(t.heard.size() == 25);
  t.medium.stop_playing(relay_side::answerer);  // where nothing is played
}

TEST_CASE("nothing is played to where nobody is", "[media][relay][play]") {
  playing_test t;
  const bool fax = GENERATE(false, true);
  t.change(relay_side::offerer, [&](auto& s) {
    s.datagrams = fax;
    if (!fax) s.rtp = {};
  });
  t.medium.play(t.now, relay_side::offerer, clip_of(100ms), made_up);
  t.run(1s);
  CHECK(t.heard.empty());
  CHECK_FALSE(t.medium.plays(relay_side::offerer));
}

TEST_CASE("reports and keys with roll-over counters speak of what is played, too",
          "[media][relay][play][srtp]") {
  playing_test t;
  t.change(relay_side::offerer, [](auto& s) { s.sends_with = playing_keys('b'); });
  t.alice_hears = *srtp::context::unprotecting(playing_keys('b'));
  // Its numbers pass 65535 before the keys change.
  t.medium.play(t.now, relay_side::offerer, clip_of(400ms), made_up);
  t.run(300ms);
  REQUIRE(t.heard.size() == 16);
  t.change(relay_side::offerer, [](auto& s) { s.sends_with = playing_keys('c'); });
  t.alice_hears = *srtp::context::unprotecting(playing_keys('c'));
  REQUIRE(t.alice_hears->set_roll_over_counter(made_up.ssrc, 1).has_value());
  t.run(1s);
  CHECK(t.heard.size() == 20);
  t.check_line();
}

TEST_CASE("keys that a peer presses are told once each", "[media][relay][play]") {
  playing_test t;
  const std::uint32_t rate = GENERATE(8000U, 48000U);
  t.change(relay_side::answerer, [&](auto& s) {
    s.payloads = {
        {.received = 0, .sent = 0},
        {.received = 101, .sent = 101, .clock_rate = rate, .sent_clock_rate = 8000, .events = true}};
    s.dtmf_blocked = true;
  });
  const auto event = [&](std::uint8_t digit, std::uint32_t ms, bool end) {
    std::string out(4, '\0');
    const std::uint32_t duration = ms * (rate / 1000);
    out[0] = static_cast<char>(digit);
    out[1] = static_cast<char>(end ? 0x8A : 0x0A);
    out[2] = static_cast<char>(duration >> 8U);
    out[3] = static_cast<char>(duration & 0xFFU);
    return out;
  };
  t.bob_speaks(2);
  for (const std::uint32_t ms : {20U, 40U, 60U}) t.bob_says(101, event(5, ms, false), t.timestamp, ms == 20);
  CHECK_FALSE(t.medium.poll_key(relay_side::answerer).has_value());
  for (int i = 0; i < 3; ++i) t.bob_says(101, event(5, 80, true), t.timestamp);
  const auto key = t.medium.poll_key(relay_side::answerer);
  REQUIRE(key.has_value());
  CHECK((key->event == 5 && key->length == 80ms));
  CHECK_FALSE(t.medium.poll_key(relay_side::answerer).has_value());
  CHECK_FALSE(t.medium.poll_key(relay_side::offerer).has_value());
  // Another source with timestamps of its own.
  t.ssrc = 7;
  t.bob_says(101, event(6, 80, true), t.timestamp);
  REQUIRE(t.medium.poll_key(relay_side::answerer).has_value());
  CHECK(t.heard.size() == 2);
}

TEST_CASE("Opus is played by its own clock", "[media][relay][play]") {
  const media::audio_format opus{"opus", 48000, 48000, 2, {}};
  if (!media::make_encoder(opus).has_value()) return;
  playing_test t;
  t.change(relay_side::answerer,
           [](auto& s) { s.payloads = {{.received = 96, .sent = 98, .clock_rate = 48000}}; });
  const auto bob_sends = [&](unsigned packets) {
    for (unsigned i = 0; i < packets; ++i) {
      t.bob_says(96, "opus", t.timestamp);
      t.timestamp += 960;
      t.run(20ms);
    }
  };
  bob_sends(5);
  t.medium.play(t.now, relay_side::offerer, clip_of(200ms, opus, 98), made_up);
  REQUIRE(t.medium.press(t.now, relay_side::offerer, {1, 40ms, 101, 8000}, made_up).has_value());
  bob_sends(15);
  // The key is 40 ms, and its end said twice more; its timestamp stays.
  REQUIRE(t.heard.size() == 20);
  for (std::size_t i = 0; i < 20; ++i) {
    const bool key = i >= 5 && i < 9;
    CHECK(t.heard[i].type == (key ? 101 : 98));
    CHECK(t.heard[i].timestamp == 0xFFFFF000 + 960 * static_cast<std::uint32_t>(key ? 5 : i));
    CHECK(t.heard[i].sequence == static_cast<std::uint16_t>(65500 + i));
  }
}

TEST_CASE("neither playing nor hearing keys allocates", "[media][relay][play]") {
  playing_test t;
  t.change(relay_side::offerer, [](auto& s) { s.sends_with = playing_keys('b'); });
  t.change(relay_side::answerer, [](auto& s) {
    s.payloads = {{.received = 0, .sent = 0}, {.received = 101, .sent = 101, .events = true}};
  });
  t.medium.play(t.now, relay_side::offerer, clip_of(1s, ulaw_format, 0, 10), made_up);
  auto own = *t.pool.allocate(2000, 64);
  auto event = *t.pool.allocate(2000, 64);
  static_cast<void>(t.medium.handle_timeout(t.now, own));  // the first of its SSRC in SRTP
  const std::string bytes = test::rtp_packet(101, 0, 9, std::string("\x05\x8A\x03\x20", 4));
  unsigned sent = 0;
  unsigned keys = 0;
  const test::allocation_counter allocated;
  for (std::uint16_t i = 1; i <= 400; ++i) {
    t.now += 20ms;
    own.trim_back(own.size());
    sent += t.medium.handle_timeout(t.now, own).has_value() ? 1 : 0;
    static_cast<void>(event.resize(bytes.size()));
    std::ranges::copy(std::as_bytes(std::span(bytes)), event.mutable_data());
    rtp::set_sequence_number(event.mutable_bytes(), i);
    rtp::set_timestamp(event.mutable_bytes(), i * 1000U);
    static_cast<void>(
        t.medium.handle_packet(t.now, relay_side::answerer, relay_component::rtp, t.bob, event));
    while (t.medium.poll_key(relay_side::answerer)) ++keys;
  }
  CHECK(allocated.count() == 0);
  CHECK(sent == 400);
  CHECK(keys == 400);
}
