#include <parley/base/packet_buffer.hpp>
#include <parley/media/audio_codec.hpp>
#include <parley/media/g711.hpp>
#include <parley/media/jitter_buffer.hpp>

#include "support/catch.hpp"
#include "support/seeded_random.hpp"
#include "support/sound.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using media::frame_kind;

namespace {

constexpr std::size_t packet_length = 160;

/// A sender, a network and a playout clock in virtual time, all of G.711.
struct stream_test {
  explicit stream_test(const media::jitter_buffer_options& options = {}) : buffer({}, options) {
    REQUIRE(buffer.add_decoder(0, 8000, *media::make_decoder({"PCMU", 8000, 8000, 1, {}})));
    REQUIRE(buffer.add_decoder(8, 8000, *media::make_decoder({"PCMA", 8000, 8000, 1, {}})));
    REQUIRE(buffer.add_comfort_noise(13, 8000));
  }

  void arrive(base::time_point at, std::uint16_t sequence, std::uint32_t timestamp,
              std::span<const std::int16_t> samples, std::uint32_t ssrc = 7, std::uint8_t payload_type = 0) {
    std::vector<std::byte> codes(samples.size());
    if (payload_type == 8) {
      media::encode_a_law(samples, codes);
    } else {
      media::encode_mu_law(samples, codes);
    }
    arrive_bytes(at, sequence, timestamp, codes, ssrc, payload_type);
  }
  void arrive_bytes(base::time_point at, std::uint16_t sequence, std::uint32_t timestamp,
                    std::span<const std::byte> payload, std::uint32_t ssrc, std::uint8_t payload_type) {
    network.emplace(at, media::sound_packet{ssrc, payload_type, sequence, timestamp, *pool.copy(payload)});
  }

  /// Packets of 20 ms of a tone with that many samples to the second of its sender's clock.
  void send_tone(
      std::size_t packets, const std::function<base::duration(std::size_t)>& delay,
      const std::function<bool(std::size_t)>& lost = [](std::size_t) { return false; }) {
    for (std::size_t i = 0; i < packets; ++i, ++sent) {
      if (lost(i)) continue;
      arrive(start + 20ms * static_cast<int>(i) + delay(i), static_cast<std::uint16_t>(first_sequence + sent),
             static_cast<std::uint32_t>(first_timestamp + sent * packet_length),
             test::sines(packet_length, {200}, 8000, 8000, sent * packet_length));
    }
    start += 20ms * static_cast<int>(packets);
  }

  /// Pulls for that long; `tick` is how long the receiver takes for its 10 ms.
  void run(base::duration length, base::duration tick = 10ms) {
    for (const auto end = now + length; now < end; now += tick) {
      while (!network.empty() && network.begin()->first <= now) {
        auto first = network.extract(network.begin());
        const auto at = first.key();
        REQUIRE(buffer.insert(at, std::move(first.mapped())));
      }
      heard.resize(heard.size() + 80);
      const auto kind = buffer.pull(now, std::span(heard).last(80));
      REQUIRE(kind.has_value());
      kinds.push_back(*kind);
      delays.push_back(buffer.statistics().current_delay);
    }
  }

  std::size_t count(frame_kind kind) const {
    return static_cast<std::size_t>(std::ranges::count(kinds, kind));
  }

  base::buffer_pool pool;
  media::jitter_buffer buffer;
  std::multimap<base::time_point, media::sound_packet> network;
  base::time_point start{1h};
  base::time_point now{1h};
  std::uint16_t first_sequence = 65500;
  std::uint32_t first_timestamp = 0xFFFFF000;
  std::size_t sent = 0;
  std::vector<std::int16_t> heard;
  std::vector<frame_kind> kinds;
  std::vector<base::duration> delays;
};

base::duration no_delay(std::size_t) { return 0ms; }

}  // namespace

TEST_CASE(
    "a tone passes bit by bit where nothing goes wrong, over the ends of sequence numbers and timestamps",
    "[media][jitter_buffer]") {
  stream_test t;
  t.send_tone(500, no_delay);
  t.run(9900ms);
  std::vector<std::byte> codes(80000);
  std::vector<std::int16_t> expected(80000);
  media::encode_mu_law(test::sines(80000, {200}), codes);
  media::decode_mu_law(codes, expected);
  const auto begin = std::ranges::find_if(t.kinds, [](frame_kind k) { return k == frame_kind::sound; });
  const auto skipped = static_cast<std::size_t>(begin - t.kinds.begin());
  CHECK(skipped <= 4);
  const std::span<const std::int16_t> heard = std::span<const std::int16_t>(t.heard).subspan(skipped * 80);
  CHECK(std::equal(heard.begin(), heard.end(), expected.begin()));
  const auto s = t.buffer.statistics();
  CHECK(s.concealed == 0);
  CHECK(s.stretches == 0);
  CHECK(s.late == 0);
  CHECK(s.current_delay <= 40ms);
  CHECK(t.count(frame_kind::silence) == skipped);
}

TEST_CASE("under jitter of 0 to 60 ms hardly a packet is late, and the delay stays below 90 ms",
          "[media][jitter_buffer]") {
  stream_test t;
  test::seeded_random random(3);
  t.send_tone(6000, [&](std::size_t) { return base::duration(random.uniform(60001)); });
  t.run(10s);
  const auto before = t.buffer.statistics();
  t.delays.clear();
  t.run(110s);
  const auto after = t.buffer.statistics();
  CHECK(after.late - before.late < 55);  // 1 % of 5500
  CHECK(after.concealed - before.concealed < 110 * 8000 / 100);
  base::duration sum{};
  for (const base::duration d : t.delays) sum += d;
  const base::duration mean = sum / static_cast<int>(t.delays.size());
  CHECK(mean < 90ms);
  CHECK(mean > 55ms);
  CHECK(after.target_delay >= 60ms);
  CHECK(after.target_delay <= 80ms);
}

TEST_CASE("the delay falls again when the jitter ends", "[media][jitter_buffer]") {
  stream_test t;
  test::seeded_random random(4);
  t.send_tone(1000, [&](std::size_t) { return base::duration(random.uniform(100001)); });
  t.send_tone(6000, no_delay);
  t.run(20s);
  CHECK(t.buffer.statistics().current_delay > 80ms);
  t.run(119s);
  CHECK(t.buffer.statistics().current_delay <= 45ms);
  CHECK(t.buffer.statistics().removed > 0);
}

TEST_CASE("single losses are filled without a gap and without a click", "[media][jitter_buffer]") {
  stream_test t;
  t.send_tone(1000, no_delay, [](std::size_t i) { return i > 10 && i % 20 == 7; });
  t.run(19900ms);
  const auto s = t.buffer.statistics();
  CHECK(s.concealed >= 49 * 160);
  CHECK(s.concealed <= 50 * 240);
  // A sine of 200 Hz and amplitude 8000 has steps of up to 1257, and G.711 adds half a quantum each.
  const std::span<const std::int16_t> heard = std::span<const std::int16_t>(t.heard).subspan(8 * 80);
  CHECK(test::largest_step(heard) < 2 * 1257);
  double least = 1e9;
  for (std::size_t at = 0; at + 80 <= heard.size(); at += 80) {
    least = std::min(least, test::root_mean_square(heard.subspan(at, 80)));
  }
  CHECK(least > 2500);
}

TEST_CASE("a burst of losses leaves no gap behind, and nothing is lost after it", "[media][jitter_buffer]") {
  stream_test t;
  test::seeded_random random(5);
  std::size_t lost = 0;
  t.send_tone(
      3000, [&](std::size_t) { return base::duration(random.uniform(10001)); },
      [&](std::size_t i) {
        const bool in_burst = i > 50 && i % 60 < 3;
        if (in_burst) ++lost;
        return in_burst;
      });
  t.run(59900ms);
  const auto s = t.buffer.statistics();
  CHECK(lost > 100);
  CHECK(s.late == 0);
  CHECK(s.discarded == 0);
  // What was made up is what was lost, but for what a loss may last longer until the next packet is there.
  CHECK(s.concealed < lost * packet_length * 5 / 4);
  CHECK(test::largest_step(std::span<const std::int16_t>(t.heard).subspan(8000)) < 3 * 1257);
  CHECK(std::ranges::count(std::span(t.kinds).subspan(20), frame_kind::silence) == 0);
}

TEST_CASE("clocks that differ by 200 ppm lose nothing over an hour, with a few stretches a minute",
          "[media][jitter_buffer]") {
  for (const int skew : {200, -200}) {
    CAPTURE(skew);
    stream_test t;
    // The network holds a minute of packets and a second more, as the sender may be the faster one.
    std::size_t i = 0;
    for (int minute = 0; minute < 60; ++minute) {
      for (; i < static_cast<std::size_t>(minute + 1) * 3000 + 50; ++i) {
        const auto at = base::duration(static_cast<std::int64_t>(i) * (20000 + skew * 20000 / 1000000));
        t.arrive(t.start + at, static_cast<std::uint16_t>(i), static_cast<std::uint32_t>(i * packet_length),
                 test::sines(packet_length, {200}, 8000, 8000, i * packet_length));
      }
      t.heard.clear();
      t.run(60s);
    }
    const auto s = t.buffer.statistics();
    CHECK(s.late == 0);
    CHECK(s.discarded == 0);
    CHECK(s.stretches >= 20);
    CHECK(s.stretches <= 60 * 4);
    CHECK(s.concealed <= 8000);
    CHECK(s.current_delay < 60ms);
  }
}

TEST_CASE("packets that overtake one another, and come twice, are put in order", "[media][jitter_buffer]") {
  stream_test t;
  t.send_tone(200, [](std::size_t i) { return i % 4 == 1 ? base::duration(25ms) : base::duration(0ms); });
  t.send_tone(100, no_delay);
  auto copies = t.network;
  for (auto& [at, packet] : copies) t.network.emplace(at + 1ms, std::move(packet));
  t.run(5900ms);
  const auto s = t.buffer.statistics();
  CHECK(s.duplicates >= 290);
  CHECK(s.late == 0);
  CHECK(s.concealed <= 8 * 60);
}

TEST_CASE("another stream, and another payload type, begin without a click", "[media][jitter_buffer]") {
  stream_test t;
  t.send_tone(50, no_delay);
  for (std::size_t i = 0; i < 50; ++i) {
    t.arrive(t.start + 20ms * static_cast<int>(i), static_cast<std::uint16_t>(9000 + i),
             static_cast<std::uint32_t>(123456 + i * packet_length),
             test::sines(packet_length, {200}, 8000, 8000, i * packet_length + 11), 8);
  }
  t.start += 1s;
  for (std::size_t i = 50; i < 100; ++i) {
    t.arrive(t.start + 20ms * static_cast<int>(i - 50), static_cast<std::uint16_t>(9000 + i),
             static_cast<std::uint32_t>(123456 + i * packet_length),
             test::sines(packet_length, {200}, 8000, 8000, i * packet_length + 11), 8, 8);
  }
  t.run(2900ms);
  const auto s = t.buffer.statistics();
  CHECK(s.restarts == 1);
  CHECK(s.concealed < 8 * 60);
  CHECK(test::largest_step(std::span<const std::int16_t>(t.heard).subspan(8 * 80)) < 2 * 1257);
  CHECK(t.kinds.back() == frame_kind::sound);
}

TEST_CASE("timestamps that jump begin a new line of time at the second packet", "[media][jitter_buffer]") {
  stream_test t;
  t.send_tone(100, no_delay);
  t.first_timestamp += 1'000'000;
  t.send_tone(100, no_delay);
  t.first_timestamp -= 3'000'000;
  t.send_tone(100, no_delay);
  t.run(5900ms);
  const auto s = t.buffer.statistics();
  CHECK(s.restarts == 2);
  CHECK(s.discarded <= 6);
  CHECK(s.concealed < 8 * 300);
  CHECK(t.kinds.back() == frame_kind::sound);
}

TEST_CASE("a single packet from elsewhen changes nothing", "[media][jitter_buffer]") {
  stream_test t;
  t.send_tone(100, no_delay);
  t.arrive(base::time_point(1h + 500ms), 4711, 99'999'999, test::white_noise(160, 20000));
  t.run(1900ms);
  CHECK(t.buffer.statistics().restarts == 0);
  CHECK(t.buffer.statistics().concealed == 0);
}

TEST_CASE("comfort noise is heard between spurts, and delay is set anew without stretching",
          "[media][jitter_buffer]") {
  stream_test t;
  t.send_tone(50, no_delay);
  const std::byte level[] = {std::byte{40}};
  t.arrive_bytes(t.start, static_cast<std::uint16_t>(t.first_sequence + t.sent),
                 static_cast<std::uint32_t>(t.first_timestamp + t.sent * packet_length), level, 7, 13);
  t.first_sequence = static_cast<std::uint16_t>(t.first_sequence + 1);
  t.first_timestamp += 50 * packet_length;  // a second of noise
  t.start += 1s;
  t.send_tone(50, no_delay);
  t.run(2900ms);
  const auto s = t.buffer.statistics();
  CHECK(s.concealed == 0);
  CHECK(s.noise >= 7840);
  CHECK(s.noise <= 8160);
  CHECK(s.late == 0);
  const double noise = test::root_mean_square(std::span<const std::int16_t>(t.heard).subspan(10000, 4000));
  CHECK(noise > 327.67 / 1.3);
  CHECK(noise < 327.67 * 1.3);
  CHECK(t.kinds.back() == frame_kind::sound);
}

TEST_CASE("when packets cease, sound fades to silence, and begins again with the next",
          "[media][jitter_buffer]") {
  stream_test t;
  t.send_tone(50, no_delay);
  t.first_timestamp += 100 * packet_length;
  t.start += 2s;
  t.send_tone(50, no_delay);
  t.run(2900ms);
  CHECK(t.kinds.back() == frame_kind::silence);
  CHECK(test::root_mean_square(std::span<const std::int16_t>(t.heard).last(800)) == 0);
  CHECK(test::largest_step(t.heard) < 2 * 1257);
  t.run(1000ms);
  CHECK(t.kinds.back() == frame_kind::sound);
  CHECK(t.buffer.statistics().late == 0);
}

TEST_CASE("packets of other lengths are played as they come", "[media][jitter_buffer]") {
  stream_test t;
  std::size_t at = 0;
  std::uint16_t sequence = 0;
  const std::size_t lengths[] = {80, 160, 240, 320, 480};
  for (std::size_t i = 0; at < 40000; ++i) {
    const std::size_t length = lengths[i % 5];
    // A packet leaves when its last sample has been taken.
    t.arrive(t.start + base::duration((at + length) * 125), sequence++, static_cast<std::uint32_t>(at),
             test::sines(length, {200}, 8000, 8000, at));
    at += length;
  }
  t.run(4800ms);
  CHECK(t.buffer.statistics().late == 0);
  CHECK(test::largest_step(std::span<const std::int16_t>(t.heard).subspan(4000)) < 2 * 1257);
  CHECK(t.buffer.statistics().target_delay <= 80ms);
}

TEST_CASE("a jam of three seconds ends with the newest, not with three seconds of delay",
          "[media][jitter_buffer]") {
  stream_test t;
  t.send_tone(100, no_delay);
  t.send_tone(150, [](std::size_t i) { return base::duration(3s) - 20ms * static_cast<int>(i); });
  t.send_tone(500, no_delay);
  t.run(14s);
  CHECK(t.buffer.statistics().current_delay < 500ms);
  CHECK(t.kinds.back() == frame_kind::sound);
}

TEST_CASE("packets and bytes that wait are bounded", "[media][jitter_buffer]") {
  media::jitter_buffer_options options;
  options.max_packets = 10;
  options.max_bytes = 1000;
  stream_test t(options);
  t.send_tone(500, no_delay);
  std::size_t most = 0;
  for (auto& [at, packet] : t.network) {
    REQUIRE(t.buffer.insert(base::time_point(1h), std::move(packet)));
    most = std::max(most, t.buffer.bytes());
    CHECK(t.buffer.size() <= 10);
  }
  CHECK(most <= 1000);
  CHECK(most >= 800);
}

TEST_CASE("what can't be played is refused", "[media][jitter_buffer]") {
  stream_test t;
  CHECK(t.buffer.insert(t.now, {7, 96, 1, 0, *t.pool.copy("x")}).error() ==
        media::errc::unknown_payload_type);
  CHECK(t.buffer.insert(t.now, {7, 13, 1, 0, {}}).error() == media::errc::bad_payload);
  CHECK(t.buffer.insert(t.now, {7, 0, 1, 0, *t.pool.copy(std::string(2000, 'x'))}).error() ==
        media::errc::bad_payload);
  CHECK(t.buffer.add_decoder(9, 8000, *media::make_decoder({"PCMU", 8000, 8000, 1, {}})));
  CHECK(t.buffer.add_comfort_noise(13, 0).error() == media::errc::unsupported_rate);
  std::vector<std::int16_t> wrong(79);
  CHECK(t.buffer.pull(t.now, wrong).error() == media::errc::bad_frame_length);
}
