#include <parley/media/audio_stream.hpp>
#include <parley/media/level.hpp>
#include <parley/rtp/packet.hpp>

#include "support/audio_formats.hpp"
#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/sound.hpp"
#include "support/spectrum.hpp"
#include "support/srtp.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using test::pcma;
using test::pcmu;

namespace {

media::audio_stream_settings settings_for(const media::audio_format& format, std::uint8_t type) {
  media::audio_stream_settings made;
  made.send = media::audio_payload{type, format};
  made.receive = {{type, format}};
  made.send_events = {{101, format.clock_rate}};
  made.receive_events = {{101, format.clock_rate}};
  return made;
}

class sound_memory final : public media::sound_sink {
 public:
  void write(std::span<const std::int16_t> frame) noexcept override {
    sound.insert(sound.end(), frame.begin(), frame.end());
  }
  std::span<const std::int16_t> last(std::size_t samples) const { return std::span(sound).last(samples); }
  std::vector<std::int16_t> sound;
};

/// One end, and what it has said.
struct telephone {
  explicit telephone(unsigned seed, const media::audio_stream_options& options = {}) : random(seed) {
    auto made = media::audio_stream::create(options, random);
    REQUIRE(made.has_value());
    stream = *std::move(made);
    stream->set_sink(&heard);
  }

  void configure(base::time_point now, const media::audio_stream_settings& settings) {
    REQUIRE(stream->configure(now, settings).has_value());
  }

  test::seeded_random random;
  std::unique_ptr<media::audio_stream> stream;
  sound_memory heard;
  std::vector<std::vector<std::byte>> rtp;  // what was sent
  std::vector<std::vector<std::byte>> rtcp;
  std::string keys;
  std::vector<base::duration> key_lengths;
  unsigned keys_done = 0;
  unsigned keys_dropped = 0;
  bool peer_left = false;
};

/// Two ends and the way between them, in virtual time.
struct stream_pair {
  explicit stream_pair(const media::audio_stream_options& options = {}) : a(1, options), b(2, options) {}

  void pass(telephone& from, telephone& to) {
    while (auto out = from.stream->poll_transmit(now, base::wall_time(now.time_since_epoch()))) {
      const auto bytes = out->bytes.bytes();
      auto& log = out->rtcp ? from.rtcp : from.rtp;
      log.emplace_back(bytes.begin(), bytes.end());
      if (!out->rtcp && lost(log.size())) continue;
      const auto copy = pool.copy(bytes, 0, 160);
      REQUIRE(copy.has_value());
      on_way.push_back({now + way, &to, *copy});
    }
    while (const auto event = from.stream->poll_event()) {
      if (const auto* key = std::get_if<media::audio_event::key_pressed>(&*event)) {
        from.keys += key->key;
        from.key_lengths.push_back(key->duration);
      }
      if (const auto* done = std::get_if<media::audio_event::keys_sent>(&*event))
        ++(done->all ? from.keys_done : from.keys_dropped);
      if (std::holds_alternative<media::audio_event::left>(*event)) from.peer_left = true;
    }
  }

  void run(base::duration length) {
    const auto end = now + length;
    for (;;) {
      pass(a, b);
      pass(b, a);
      base::time_point next = std::min(a.stream->poll_timeout(), b.stream->poll_timeout());
      if (!on_way.empty()) next = std::min(next, on_way.front().at);
      if (next > end) break;
      now = std::max(now, next);
      while (!on_way.empty() && on_way.front().at <= now) {
        auto arrived = std::move(on_way.front());
        on_way.pop_front();
        last_error = {};
        if (const auto taken = arrived.to->stream->handle_packet(now, std::move(arrived.packet)); !taken)
          last_error = taken.error();
      }
      a.stream->handle_timeout(now);
      b.stream->handle_timeout(now);
    }
    now = end;
  }

  struct travelling {
    base::time_point at;
    telephone* to;
    base::packet_buffer packet;
  };

  base::buffer_pool pool;
  base::time_point now{1h};
  base::duration way = 15ms;
  std::function<bool(std::size_t)> lost = [](std::size_t) { return false; };
  std::deque<travelling> on_way;
  base::error_code last_error;
  telephone a;
  telephone b;
};

media::tone_source tone_at(std::uint32_t rate, float frequency = 440) {
  return {media::continuous_tone(frequency, -13), rate};
}

double amplitude_of_tone(std::span<const std::int16_t> sound, double frequency, std::uint32_t rate) {
  return test::amplitude_at(sound, frequency, rate);
}

}  // namespace

TEST_CASE("a tone is heard at the other end as loud as it was, and both ends know how well",
          "[audio_stream]") {
  stream_pair pair;
  auto tone = tone_at(8000);
  pair.a.stream->set_source(&tone);
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  pair.run(20s);
  const double wanted = media::sine_amplitude(-13);
  CHECK(amplitude_of_tone(pair.b.heard.last(8000), 440, 8000) == Approx(wanted).epsilon(0.02));
  CHECK(test::root_mean_square(pair.a.heard.last(8000)) < 20);
  const auto is = pair.b.stream->statistics();
  CHECK(pair.a.rtp.size() == 1000);
  CHECK(is.received >= 998);
  CHECK(is.lost == 0);
  CHECK(is.refused == 0);
  CHECK(is.jitter < 1ms);
  REQUIRE(is.round_trip.has_value());
  CHECK(std::chrono::abs(*is.round_trip - 30ms) < 5ms);
  REQUIRE(is.peer_loss.has_value());
  CHECK(*is.peer_loss == 0);
  CHECK(is.opinion_score > 4.3);
}

TEST_CASE("an hour of sound is exactly as many packets, each 20 ms behind the last", "[audio_stream]") {
  stream_pair pair;
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  media::audio_stream& stream = *pair.a.stream;
  const auto begin = pair.now;
  std::uint64_t packets = 0;
  std::uint32_t last = 0;
  bool steady = true;
  // Whoever wakes it is late by up to 7 ms.
  std::uint64_t turn = 0;
  for (base::time_point now = begin; now < begin + 1h;) {
    stream.handle_timeout(now);
    while (const auto out = stream.poll_transmit(now, base::wall_time(now.time_since_epoch()))) {
      if (out->rtcp) continue;
      const auto view = rtp::packet_view::parse(out->bytes.bytes());
      REQUIRE(view.has_value());
      if (packets != 0) steady = steady && view->timestamp() - last == 160;
      last = view->timestamp();
      ++packets;
    }
    now = stream.poll_timeout() + base::duration(turn++ * 1237 % 7000);
  }
  CHECK(packets == 180000);
  CHECK(steady);
}

TEST_CASE("keys are sent in the place of sound, and told with their length", "[audio_stream]") {
  stream_pair pair;
  auto tone = tone_at(8000);
  pair.a.stream->set_source(&tone);
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  pair.run(500ms);
  REQUIRE(pair.a.stream->can_send_keys());
  CHECK_FALSE(pair.a.stream->send_keys("5x").has_value());
  CHECK_FALSE(pair.a.stream->send_keys(std::string(65, '1')).has_value());
  // Any one packet may be lost.
  pair.lost = [](std::size_t n) { return n % 9 == 0; };
  REQUIRE(pair.a.stream->send_keys("159#A!").has_value());
  pair.run(2500ms);
  CHECK(pair.b.keys == "159#A!");
  for (const base::duration length : pair.b.key_lengths) CHECK(length >= 80ms);
  CHECK(pair.a.keys_done == 1);
  // The timestamps of a key stand still; that is no jitter.
  CHECK(pair.b.stream->statistics().jitter < 1ms);
  // RFC 4733 2.5.1.6: each packet has a sequence number of its own.
  std::uint16_t before = 0;
  for (std::size_t i = 0; i < pair.a.rtp.size(); ++i) {
    const auto view = rtp::packet_view::parse(pair.a.rtp[i]);
    REQUIRE(view.has_value());
    if (i != 0) CHECK(static_cast<std::uint16_t>(before + 1) == view->sequence_number());
    before = view->sequence_number();
  }
  SECTION("where events are no longer agreed on those that wait are dropped") {
    REQUIRE(pair.a.stream->send_keys("77").has_value());
    auto without = settings_for(pcmu, 0);
    without.send_events.clear();
    pair.a.configure(pair.now, without);
    pair.run(500ms);
    CHECK(pair.a.keys_dropped == 1);
    CHECK_FALSE(pair.a.stream->can_send_keys());
    CHECK_FALSE(pair.a.stream->send_keys("7").has_value());
  }
}

TEST_CASE("a held stream sends nothing, and goes on in its time", "[audio_stream]") {
  stream_pair pair;
  auto tone = tone_at(8000);
  pair.a.stream->set_source(&tone);
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  pair.run(1s);
  auto held = settings_for(pcmu, 0);
  held.sends = false;
  pair.a.configure(pair.now, held);
  auto holding = settings_for(pcmu, 0);
  holding.receives = false;
  pair.b.configure(pair.now, holding);
  const auto last = rtp::packet_view::parse(pair.a.rtp.back())->timestamp();
  const auto sent = pair.a.rtp.size();
  pair.run(1s);
  CHECK(pair.a.rtp.size() == sent);
  CHECK(pair.b.rtp.size() > sent + 40);
  CHECK(test::root_mean_square(pair.b.heard.last(4000)) == 0);
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  pair.run(1s);
  const auto first = rtp::packet_view::parse(pair.a.rtp[sent]);
  CHECK(first->marker());
  CHECK(first->timestamp() - last == 8000 + 160);
  CHECK(amplitude_of_tone(pair.b.heard.last(4000), 440, 8000) ==
        Approx(media::sine_amplitude(-13)).epsilon(0.02));
}

TEST_CASE("the codec changes within a call without a click", "[audio_stream]") {
  stream_pair pair;
  auto tone = tone_at(8000, 400);
  pair.a.stream->set_source(&tone);
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  pair.run(2s);
  const auto ssrc = pair.a.stream->ssrc();
  auto both = settings_for(pcma, 8);
  both.receive.push_back({0, pcmu});
  pair.b.configure(pair.now, both);
  pair.a.configure(pair.now, both);
  pair.run(1s);
  CHECK(rtp::packet_view::parse(pair.a.rtp.back())->payload_type() == 8);
  CHECK(pair.a.stream->ssrc() == ssrc);
  // The largest step of the tone itself is 2 pi 400 / 8000 of its amplitude.
  const double step = media::sine_amplitude(-13) * 2 * 3.1416 * 400 / 8000;
  CHECK(test::largest_step(pair.b.heard.last(12000)) < 1.3 * step);
  CHECK(pair.b.stream->statistics().lost == 0);
}

#if defined(PARLEY_TEST_WIDEBAND)
TEST_CASE("a codec of another clock rate has an SSRC of its own, and is heard", "[audio_stream]") {
  media::audio_stream_options options;
  options.rate = 48000;
  stream_pair pair(options);
  auto tone = tone_at(48000, 1000);
  pair.a.stream->set_source(&tone);
  const media::audio_format opus{"opus", 48000, 48000, 1, "useinbandfec=1"};
  const media::audio_format g722{"G722", 8000, 16000, 1, {}};
  for (telephone* each : {&pair.a, &pair.b}) each->configure(pair.now, settings_for(g722, 9));
  pair.run(2s);
  const double wanted = media::sine_amplitude(-13);
  CHECK(amplitude_of_tone(pair.b.heard.last(24000), 1000, 48000) == Approx(wanted).epsilon(0.05));
  const auto ssrc = pair.a.stream->ssrc();
  for (telephone* each : {&pair.a, &pair.b}) each->configure(pair.now, settings_for(opus, 96));
  pair.run(2s);
  CHECK(pair.a.stream->ssrc() != ssrc);
  CHECK(amplitude_of_tone(pair.b.heard.last(24000), 1000, 48000) == Approx(wanted).epsilon(0.1));
  for (telephone* each : {&pair.a, &pair.b}) each->configure(pair.now, settings_for(pcmu, 0));
  pair.run(2s);
  CHECK(amplitude_of_tone(pair.b.heard.last(24000), 1000, 48000) == Approx(wanted).epsilon(0.05));
  CHECK(pair.b.stream->statistics().lost == 0);
}
#endif

TEST_CASE("losses lower the score as the E-model has it, and leave nothing behind", "[audio_stream]") {
  stream_pair pair;
  auto tone = tone_at(8000);
  pair.a.stream->set_source(&tone);
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  pair.lost = [](std::size_t n) { return n % 20 == 7; };
  pair.run(20s);
  const auto is = pair.b.stream->statistics();
  CHECK(is.loss == Approx(0.05).margin(0.002));
  rtp::call_conditions same;
  same.loss = is.loss;
  same.burst_ratio = is.burst_ratio;
  same.delay = rtp::mouth_to_ear_delay(30ms, 20ms, is.jitter);
  CHECK(is.rating == Approx(rtp::transmission_rating(same)).margin(1.0));
  CHECK(is.opinion_score < 4.2);
  CHECK(is.concealed > 0.03);
  pair.lost = [](std::size_t) { return false; };
  pair.run(2s);
  const auto before = pair.b.stream->statistics();
  pair.run(2s);
  CHECK(pair.b.stream->statistics().lost == before.lost);
  CHECK(amplitude_of_tone(pair.b.heard.last(8000), 440, 8000) ==
        Approx(media::sine_amplitude(-13)).epsilon(0.02));
}

TEST_CASE("silence is described where both ends know comfort noise", "[audio_stream]") {
  stream_pair pair;
  auto settings = settings_for(pcmu, 0);
  settings.send_noise = settings.receive_noise = {{13, 8000}};
  pair.a.configure(pair.now, settings);
  pair.b.configure(pair.now, settings);
  pair.run(2s);
  CHECK(pair.a.rtp.size() < 20);
  CHECK(rtp::packet_view::parse(pair.a.rtp.back())->payload_type() == 13);
  CHECK(pair.b.stream->statistics().lost == 0);
  auto tone = tone_at(8000);
  pair.a.stream->set_source(&tone);
  const auto sent = pair.a.rtp.size();
  pair.run(1s);
  CHECK(rtp::packet_view::parse(pair.a.rtp[sent])->marker());
  CHECK(amplitude_of_tone(pair.b.heard.last(4000), 440, 8000) ==
        Approx(media::sine_amplitude(-13)).epsilon(0.02));
}

TEST_CASE("under SRTP only what is authentic is taken", "[audio_stream]") {
  stream_pair pair;
  const auto profile = srtp::profile::aes_cm_128_hmac_sha1_80;
  const auto key_a = test::srtp_key(profile, 1);
  const auto key_b = test::srtp_key(profile, 2);
  pair.a.stream->set_protecting(*srtp::context::protecting({&key_a, 1}));
  pair.a.stream->set_unprotecting(*srtp::context::unprotecting({&key_b, 1}));
  pair.b.stream->set_protecting(*srtp::context::protecting({&key_b, 1}));
  pair.b.stream->set_unprotecting(*srtp::context::unprotecting({&key_a, 1}));
  auto tone = tone_at(8000);
  pair.a.stream->set_source(&tone);
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  pair.run(15s);
  CHECK(amplitude_of_tone(pair.b.heard.last(8000), 440, 8000) ==
        Approx(media::sine_amplitude(-13)).epsilon(0.02));
  CHECK(pair.b.stream->statistics().round_trip.has_value());
  CHECK_FALSE(pair.last_error);
  auto forged = pair.pool.copy(pair.a.rtp.back(), 0, 160);
  forged->mutable_bytes()[20] ^= std::byte{1};
  const auto received = pair.b.stream->statistics().received;
  CHECK_FALSE(pair.b.stream->handle_packet(pair.now, *forged).has_value());
  CHECK(pair.b.stream->statistics().received == received);
}

TEST_CASE("who leaves says BYE, and is quiet from then on", "[audio_stream]") {
  stream_pair pair;
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  pair.run(1s);
  pair.a.stream->leave(pair.now);
  const auto sent = pair.a.rtp.size();
  pair.run(1s);
  CHECK(pair.b.peer_left);
  CHECK(pair.a.rtp.size() == sent);
  CHECK(pair.a.stream->poll_timeout() == base::never);
  CHECK_FALSE(pair.a.stream->configure(pair.now, settings_for(pcmu, 0)).has_value());
  CHECK(pair.b.stream->statistics().received >= 49);
}

TEST_CASE("a second source is heard when the first has been silent", "[audio_stream]") {
  stream_pair pair;
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  pair.run(100ms);
  const auto packet = [&](std::uint32_t ssrc, std::uint16_t number) {
    std::vector<std::byte> bytes(12 + 160, std::byte{0xD5});
    base::byte_writer out(bytes);
    rtp::packet_header header;
    header.sequence_number = number;
    header.timestamp = number * 160U;
    header.ssrc = ssrc;
    REQUIRE(rtp::write_header(out, header).has_value());
    return *pair.pool.copy(bytes);
  };
  CHECK(pair.b.stream->handle_packet(pair.now, packet(1, 5)).has_value());
  CHECK_FALSE(pair.b.stream->handle_packet(pair.now, packet(2, 9)).has_value());
  pair.run(150ms);
  CHECK(pair.b.stream->handle_packet(pair.now, packet(2, 10)).has_value());
  CHECK_FALSE(pair.b.stream->handle_packet(pair.now, packet(1, 6)).has_value());
  // The first comes back: what was counted of it counts once, and what it has sent meanwhile is no loss.
  pair.run(150ms);
  CHECK(pair.b.stream->handle_packet(pair.now, packet(1, 40)).has_value());
  CHECK(pair.b.stream->statistics().expected == 3);
  CHECK(pair.b.stream->statistics().received == 3);
  // A new agreement may mean a new peer.
  pair.b.configure(pair.now, settings_for(pcmu, 0));
  CHECK(pair.b.stream->handle_packet(pair.now, packet(3, 6)).has_value());
}

TEST_CASE("what an echo sends back is heard, and nobody's SSRC changes", "[audio_stream]") {
  stream_pair pair;
  auto tone = tone_at(8000);
  pair.a.stream->set_source(&tone);
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  const auto ssrc = pair.a.stream->ssrc();
  for (std::size_t i = 0, echoed = 0; i < 100; ++i) {
    pair.run(20ms);
    for (; echoed < pair.a.rtp.size(); ++echoed)
      CHECK(pair.a.stream->handle_packet(pair.now, *pair.pool.copy(pair.a.rtp[echoed])).has_value());
  }
  CHECK(pair.a.stream->ssrc() == ssrc);
  CHECK(amplitude_of_tone(pair.a.heard.last(4000), 440, 8000) ==
        Approx(media::sine_amplitude(-13)).epsilon(0.02));
}

TEST_CASE("what can't be is refused, and what there was goes on", "[audio_stream]") {
  test::seeded_random random(1);
  media::audio_stream_options options;
  options.rate = 44100;
  CHECK_FALSE(media::audio_stream::create(options, random).has_value());
  stream_pair pair;
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  const media::audio_format wide{"L16", 16000, 16000, 1, {}};
  CHECK_FALSE(pair.a.stream->configure(pair.now, settings_for(wide, 97)).has_value());
  CHECK_FALSE(pair.a.stream->configure(pair.now, settings_for({"G729", 8000, 8000, 1, {}}, 18)).has_value());
  auto odd = settings_for(pcmu, 0);
  odd.packet_time = 25ms;
  CHECK_FALSE(pair.a.stream->configure(pair.now, odd).has_value());
  pair.run(1s);
  CHECK(rtp::packet_view::parse(pair.a.rtp.back())->payload_type() == 0);
  SECTION("another packet time") {
    auto longer = settings_for(pcmu, 0);
    longer.packet_time = 60ms;
    pair.a.configure(pair.now, longer);
    const auto sent = pair.a.rtp.size();
    pair.run(6s);
    CHECK(pair.a.rtp.size() - sent == 100);
    CHECK(pair.a.rtp.back().size() == 12 + 480);
  }
  SECTION("payload types of many agreements") {
    for (std::uint8_t type = 96; type < 126; ++type) {
      pair.a.configure(pair.now, settings_for(pcma, type));
      pair.b.configure(pair.now, settings_for(pcma, type));
      pair.run(50ms);
    }
    pair.run(1s);
    // Where the places of those before are used up, what was on its way is lost, a packet each time; and one
    // before the first.
    CHECK(pair.b.stream->statistics().refused <= 3);
  }
}

TEST_CASE("after a standstill the timestamps tell how long it was", "[audio_stream]") {
  stream_pair pair;
  pair.a.configure(pair.now, settings_for(pcmu, 0));
  pair.run(1s);
  const auto last = rtp::packet_view::parse(pair.a.rtp.back())->timestamp();
  const auto sent = pair.a.rtp.size();
  pair.now += 3s;
  pair.run(20ms);
  REQUIRE(pair.a.rtp.size() > sent + 3);
  CHECK(pair.a.rtp.size() < sent + 8);
  CHECK(rtp::packet_view::parse(pair.a.rtp.back())->timestamp() - last > 2800 * 8);
}
