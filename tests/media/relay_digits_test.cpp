#include <parley/media/dtmf_detector.hpp>
#include <parley/media/event_sounder.hpp>
#include <parley/media/g711.hpp>
#include <parley/media/relay_medium.hpp>
#include <parley/media/relay_stream.hpp>
#include <parley/media/sound_listener.hpp>
#include <parley/media/tone_generator.hpp>
#include <parley/rtp/dtmf_event.hpp>

#include "support/allocation_counter.hpp"
#include "support/audio_formats.hpp"
#include "support/catch.hpp"
#include "support/rtp_packets.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <numbers>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace parley;
using media::payload_rule;
using media::relay_stream;
using test::pcma;
using test::pcmu;

namespace {

constexpr std::uint8_t events_in = 101;
constexpr std::uint8_t events_out = 96;

payload_rule sound_rule() {
  payload_rule rule;
  rule.received = 0;
  rule.sent = 8;
  rule.transcode = media::transcoding{pcmu, pcma};
  return rule;
}
payload_rule sounding_events(std::uint32_t clock_rate = 8000, std::uint8_t received = events_in) {
  payload_rule rule;
  rule.received = received;
  rule.clock_rate = clock_rate;
  rule.events = rule.into_sound = true;
  return rule;
}
payload_rule listening_rule() {
  payload_rule rule = sound_rule();
  rule.listens = true;
  rule.digits = media::events_sent{events_out, 8000};
  return rule;
}

std::string said(std::uint8_t event, std::uint16_t duration, bool end = false, std::uint8_t volume = 10) {
  return {static_cast<char>(event), static_cast<char>((end ? 0x80U : 0U) | volume),
          static_cast<char>(duration >> 8U), static_cast<char>(duration & 0xFFU)};
}

struct sent_packet {
  std::uint8_t type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  bool marker = false;
  std::vector<std::byte> payload;

  rtp::telephone_event event() const {
    REQUIRE(payload.size() == 4);
    return rtp::telephone_event::load(payload.data());
  }
};

/// A source and what comes out of a stream of it. Each packet out has the number behind the one before.
struct digits_test {
  explicit digits_test(std::vector<payload_rule> rules) { REQUIRE(stream.plan(rules).has_value()); }

  void put(std::uint8_t type, std::uint32_t at, std::string_view payload, bool marker = false) {
    std::string bytes = test::rtp_packet(type, ++sequence, 7, payload, at);
    if (marker) bytes[1] = static_cast<char>(static_cast<unsigned char>(bytes[1]) | 0x80U);
    auto packet = pool.copy(bytes, 64, 2000 - bytes.size()).value();
    const auto view = rtp::packet_view::parse(packet.bytes());
    REQUIRE(view.has_value());
    if (stream.handle_packet(packet, *view)) look(packet);
    for (;;) {
      auto more = pool.allocate(2000, 64).value();
      if (!stream.poll_transmit(more)) return;
      look(more);
    }
  }
  /// 20 ms of sound at the source's time, which goes on.
  void sound(const std::vector<std::int16_t>& samples) {
    std::vector<std::byte> codes(samples.size());
    media::encode_mu_law(samples, codes);
    put(0, timestamp, {reinterpret_cast<const char*>(codes.data()), codes.size()});
    timestamp += static_cast<std::uint32_t>(samples.size());
  }
  void silence(unsigned packets = 1) {
    for (unsigned i = 0; i < packets; ++i) sound(std::vector<std::int16_t>(160));
  }
  void hum(unsigned packets = 1) {
    for (unsigned i = 0; i < packets; ++i) {
      std::vector<std::int16_t> samples(160);
      for (std::int16_t& each : samples) {
        each = static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * 400 / 8000 * hummed_++));
      }
      sound(samples);
    }
  }

  void look(const base::packet_buffer& packet) {
    const auto view = rtp::packet_view::parse(packet.bytes());
    REQUIRE(view.has_value());
    sent.push_back({view->payload_type(),
                    view->sequence_number(),
                    view->timestamp(),
                    view->marker(),
                    {view->payload().begin(), view->payload().end()}});
    if (sent.size() > 1)
      REQUIRE(sent.back().sequence == static_cast<std::uint16_t>(sent[sent.size() - 2].sequence + 1));
  }

  /// The sound that was sent, which has no gap.
  std::vector<std::int16_t> heard() const {
    std::vector<std::int16_t> all;
    std::optional<std::uint32_t> next;
    for (const sent_packet& each : sent) {
      if (each.type != 8) continue;
      if (next) REQUIRE(each.timestamp == *next);
      next = each.timestamp + static_cast<std::uint32_t>(each.payload.size());
      std::vector<std::int16_t> samples(each.payload.size());
      media::decode_a_law(each.payload, samples);
      all.insert(all.end(), samples.begin(), samples.end());
    }
    return all;
  }
  std::vector<media::dtmf_event> presses() const {
    media::dtmf_detector detector(8000);
    std::vector<media::dtmf_event> over;
    const auto all = heard();
    for (std::size_t at = 0; at < all.size(); at += 160) {
      const auto part = std::span(all).subspan(at, std::min<std::size_t>(160, all.size() - at));
      if (const auto event = detector.add(part); event && event->ended) over.push_back(*event);
    }
    return over;
  }
  std::vector<sent_packet> of_type(std::uint8_t type) const {
    std::vector<sent_packet> out;
    std::copy_if(sent.begin(), sent.end(), std::back_inserter(out),
                 [type](const sent_packet& each) { return each.type == type; });
    return out;
  }

  base::buffer_pool pool;
  relay_stream stream;
  std::uint16_t sequence = 65530;
  std::uint32_t timestamp = 0xFFFFFC00;
  std::vector<sent_packet> sent;
  int hummed_ = 0;
};

/// The detector counts in blocks of 12.75 ms, at both ends.
bool near(std::uint64_t samples, std::uint64_t milliseconds) {
  const std::uint64_t wanted = milliseconds * 8;
  return samples + 20 * 8 >= wanted && samples <= wanted + 20 * 8;
}

/// A key as a telephone sends it that sends no sound meanwhile; time goes on.
void press(digits_test& t, std::uint8_t event, unsigned packets, std::uint8_t volume = 10) {
  const std::uint32_t began = t.timestamp;
  for (unsigned i = 1; i <= packets; ++i)
    t.put(events_in, began, said(event, static_cast<std::uint16_t>(160 * i), i == packets, volume), i == 1);
  for (unsigned i = 0; i < 2; ++i)
    t.put(events_in, began, said(event, static_cast<std::uint16_t>(160 * packets), true, volume));
  t.timestamp += 160 * packets;
}

std::vector<std::int16_t> tone_of(char digit, std::uint32_t ms, float level = -7) {
  media::tone_generator generator(8000);
  REQUIRE(generator.play(media::dtmf_tone(digit, {.on_ms = ms, .off_ms = 0, .level = level}).value()));
  std::vector<std::int16_t> out(std::size_t{ms} * 8);
  generator.generate(out);
  return out;
}

}  // namespace

TEST_CASE("a key becomes its tone, as long as it is held", "[media][relay]") {
  digits_test t({sound_rule(), sounding_events()});
  t.hum(5);
  for (std::uint8_t event = 0; event < 16; ++event) {
    press(t, event, 5);
    t.hum(5);
  }
  CHECK(t.of_type(8).size() == t.sent.size());
  const auto heard = t.presses();
  REQUIRE(heard.size() == 16);
  for (std::uint8_t event = 0; event < 16; ++event) {
    CAPTURE(int{event});
    CHECK(heard[event].digit == rtp::digit_of(event));
    CHECK(near(heard[event].length, 100));
    CHECK(near(heard[event].at, 100U + event * 200U));
  }
  // Nothing is longer for it.
  CHECK(t.heard().size() == (5 + 16 * 10) * 160);
  CHECK(t.stream.counters().late == 0);
  CHECK(t.stream.counters().concealed == 0);
}

TEST_CASE("sound that comes beside a key makes way for it", "[media][relay]") {
  digits_test t({sound_rule(), sounding_events()});
  t.hum(5);
  const std::uint32_t began = t.timestamp;
  // Events every 40 ms, sound every 20; the sound of an instant comes before its event.
  for (std::uint16_t i = 1; i <= 8; ++i) {
    t.hum();
    if (i % 2 == 0) t.put(events_in, began, said(5, static_cast<std::uint16_t>(160 * i), i == 8), i == 2);
  }
  t.put(events_in, began, said(5, 1280, true));
  t.put(events_in, began, said(5, 1280, true));
  t.hum(10);
  const auto heard = t.presses();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].digit == '5');
  CHECK(near(heard[0].length, 160));
  CHECK(t.stream.counters().jumps == 0);
}

TEST_CASE("a key whose end is lost is over 100 ms after what was heard of it", "[media][relay]") {
  digits_test t({sound_rule(), sounding_events()});
  t.hum(5);
  const std::uint32_t began = t.timestamp;
  t.put(events_in, began, said(1, 160), true);
  t.put(events_in, began, said(1, 320));
  t.timestamp += 320;
  t.hum(20);
  auto heard = t.presses();
  REQUIRE(heard.size() == 1);
  CHECK(near(heard[0].length, 140));

  // With nothing behind it, it is as long as it is known to be.
  digits_test alone({sound_rule(), sounding_events()});
  alone.hum(5);
  alone.put(events_in, alone.timestamp, said(1, 480), true);
  alone.timestamp += 8000;
  alone.sent.erase(alone.sent.begin(), alone.sent.begin() + 5);
  alone.hum(3);
  CHECK(alone.of_type(8).size() < 10);
}

TEST_CASE("a short key lasts 40 ms, and keys without a pause get one", "[media][relay]") {
  digits_test t({sound_rule(), sounding_events()});
  t.hum(5);
  t.put(events_in, t.timestamp, said(3, 80, true), true);
  t.hum(6);
  press(t, 7, 4);
  press(t, 7, 4);
  t.hum(10);
  const auto heard = t.presses();
  REQUIRE(heard.size() == 3);
  CHECK((heard[0].digit == '3' && near(heard[0].length, 40)));
  CHECK((heard[1].digit == '7' && near(heard[1].length, 80)));
  CHECK((heard[2].digit == '7' && near(heard[2].length, 80)));
}

TEST_CASE("the volume of an event is the power of its tone", "[media][relay]") {
  const auto power = [](std::uint8_t volume) {
    digits_test t({sound_rule(), sounding_events()});
    t.silence(5);
    press(t, 9, 10, volume);
    const auto all = t.heard();
    double sum = 0;
    for (std::size_t i = 7 * 160; i < 13 * 160; ++i) sum += double{1} * all[i] * all[i];
    return 10 * std::log10(sum / (6 * 160));
  };
  CHECK(std::abs(power(5) - power(15) - 10) < 0.5);
  // 0 dBm0 is a sine 3.14 dB below full scale.
  CHECK(std::abs(power(10) - (20 * std::log10(32768.0) - 3.01 - 3.14 - 10)) < 0.5);
}

TEST_CASE("what is no digit, or has no place, is left out", "[media][relay]") {
  digits_test t({sound_rule(), sounding_events()});
  press(t, 16, 5);
  t.hum(2);
  t.put(events_in, t.timestamp, "odd");
  press(t, 200, 5);
  t.hum(5);
  CHECK(t.presses().empty());
  CHECK(t.of_type(8).size() == 2 + 5 + 5);

  // Without sound that is transcoded there is nothing to put a tone into.
  digits_test none({sounding_events()});
  press(none, 1, 5);
  CHECK(none.sent.empty());
  // Nor before any sound where the clocks differ.
  digits_test other({sound_rule(), sounding_events(48000)});
  press(other, 1, 5);
  CHECK(other.sent.empty());
  other.hum(5);
  const std::uint32_t began = 12345;
  for (unsigned i = 1; i <= 5; ++i)
    other.put(events_in, began, said(1, static_cast<std::uint16_t>(960 * i), i == 5), i == 1);
  other.timestamp += 800;
  other.hum(10);
  const auto heard = other.presses();
  REQUIRE(heard.size() == 1);
  CHECK((heard[0].digit == '1' && near(heard[0].length, 100)));
}

TEST_CASE("a key may come before all sound", "[media][relay]") {
  digits_test t({sound_rule(), sounding_events()});
  press(t, 2, 5);
  t.hum(5);
  const auto heard = t.presses();
  REQUIRE(heard.size() == 1);
  CHECK((heard[0].digit == '2' && near(heard[0].length, 100)));
}

TEST_CASE("one packet of an event makes no flood", "[media][relay]") {
  digits_test t({sound_rule(), sounding_events()});
  t.hum(2);
  t.sent.clear();
  std::string many;
  for (int i = 0; i < 16; ++i) many += said(static_cast<std::uint8_t>(i), 0xFFFF, true);
  t.put(events_in, t.timestamp, many, true);
  CHECK(t.sent.size() <= 6);
}

TEST_CASE("a digit that is heard becomes an event in the place of the sound", "[media][relay]") {
  for (const char digit : std::string_view("0123456789*#ABCD")) {
    CAPTURE(digit);
    digits_test t({listening_rule()});
    t.hum(5);
    const std::uint32_t began = t.timestamp;
    const auto tone = tone_of(digit, 200);
    for (std::size_t at = 0; at < tone.size(); at += 160)
      t.sound({tone.begin() + static_cast<std::ptrdiff_t>(at),
               tone.begin() + static_cast<std::ptrdiff_t>(at + 160)});
    t.hum(10);
    const auto events = t.of_type(events_out);
    REQUIRE(events.size() >= 6);
    const std::uint32_t at = events[0].timestamp;
    CHECK(at - began <= 480);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const rtp::telephone_event event = events[i].event();
      CHECK(events[i].marker == (i == 0));
      CHECK(events[i].timestamp == at);
      CHECK(rtp::digit_of(event.event) == digit);
      CHECK(event.end == (i + 3 >= events.size()));
      if (!event.end) CHECK(event.duration == 160 * (i + 1));
    }
    CHECK(std::abs(events.back().event().duration - 1600) <= 320);
    // The sound goes on where the event has ended, and of the tone it has but the beginning.
    const auto sound = t.of_type(8);
    const auto after = std::find_if(sound.begin(), sound.end(), [&](const sent_packet& each) {
      return each.timestamp - at < 0x80000000U;
    });
    REQUIRE(after != sound.end());
    CHECK(after->timestamp == at + events.back().event().duration);
    CHECK(sound.back().timestamp == t.timestamp - 160);
    const auto key = t.stream.poll_digit();
    REQUIRE(key.has_value());
    CHECK(rtp::digit_of(key->event) == digit);
    CHECK(near(key->milliseconds * 8ULL, 200));
    CHECK_FALSE(t.stream.poll_digit().has_value());
  }
}

TEST_CASE("a digit that is blocked is neither an event nor sound", "[media][relay]") {
  digits_test t({listening_rule()});
  t.stream.block_digits(true);
  t.silence(5);
  const auto tone = tone_of('6', 200);
  for (std::size_t at = 0; at < tone.size(); at += 160)
    t.sound({tone.begin() + static_cast<std::ptrdiff_t>(at),
             tone.begin() + static_cast<std::ptrdiff_t>(at + 160)});
  t.silence(10);
  CHECK(t.of_type(events_out).empty());
  CHECK(t.of_type(8).size() <= 5 + 3 + 10);
  CHECK(t.sent.back().timestamp == t.timestamp - 160);
  CHECK(t.stream.poll_digit().has_value());
}

TEST_CASE("digits that follow each other are events of their own", "[media][relay]") {
  digits_test t({listening_rule()});
  t.silence(5);
  for (const char digit : std::string_view("1122")) {
    for (const std::size_t part : {0U, 1U, 2U}) {
      const auto tone = tone_of(digit, 60);
      t.sound({tone.begin() + static_cast<std::ptrdiff_t>(part * 160),
               tone.begin() + static_cast<std::ptrdiff_t>(part * 160 + 160)});
    }
    t.silence(3);
  }
  t.silence(10);
  std::string digits;
  for (const sent_packet& each : t.of_type(events_out)) {
    if (each.marker) digits += rtp::digit_of(each.event().event).value_or('?');
  }
  CHECK(digits == "1122");
  std::string keys;
  while (const auto key = t.stream.poll_digit()) keys += rtp::digit_of(key->event).value_or('?');
  CHECK(keys == "1122");
}

TEST_CASE("what sweeps like speech is no digit", "[media][relay]") {
  digits_test t({listening_rule()});
  double phase = 0;
  for (unsigned packet = 0; packet < 1500; ++packet) {
    std::vector<std::int16_t> samples(160);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double at = (packet * 160.0 + static_cast<double>(i)) / 8000;
      // A voice: its pitch glides, and formants wander through the bands of the digits.
      const double pitch = 150 + 60 * std::sin(3 * at);
      const std::array<double, 3> formants{550 + 250 * std::sin(7 * at), 1500 + 500 * std::sin(5 * at + 1),
                                           2500};
      phase += 2 * std::numbers::pi * pitch / 8000;
      double value = 0;
      for (int harmonic = 1; harmonic * pitch < 3400; ++harmonic) {
        double amplitude = 300;
        for (std::size_t which = 0; which < formants.size(); ++which) {
          const double off = (harmonic * pitch - formants[which]) / 80;
          amplitude += (which == 0 ? 6000 : 3000) / (1 + off * off);
        }
        value += amplitude * std::sin(harmonic * phase);
      }
      samples[i] = static_cast<std::int16_t>(std::clamp(value, -32000.0, 32000.0));
    }
    t.sound(samples);
  }
  CHECK(t.of_type(events_out).empty());
  CHECK_FALSE(t.stream.poll_digit().has_value());
}

TEST_CASE("who sends events is not listened to", "[media][relay]") {
  payload_rule passing;
  passing.received = events_in;
  passing.sent = 97;
  passing.events = true;
  digits_test t({listening_rule(), passing});
  t.hum(2);
  press(t, 4, 5);
  const auto tone = tone_of('4', 200);
  for (std::size_t at = 0; at < tone.size(); at += 160)
    t.sound({tone.begin() + static_cast<std::ptrdiff_t>(at),
             tone.begin() + static_cast<std::ptrdiff_t>(at + 160)});
  t.silence(10);
  CHECK(t.of_type(events_out).empty());
  CHECK(t.of_type(97).size() == 7);
  CHECK_FALSE(t.stream.poll_digit().has_value());
}

TEST_CASE("a medium tells of keys that it hears, and counts none that change as dropped", "[media][relay]") {
  const auto from = *base::socket_address::from_string("198.51.100.1:4000");
  const auto to = *base::socket_address::from_string("198.51.100.2:5000");
  base::buffer_pool pool;
  media::relay_medium medium;
  media::relay_end_settings settings;
  settings.rtp = to;
  REQUIRE(medium.apply(media::relay_side::answerer, settings).has_value());
  settings.rtp = from;
  const auto put = [&](std::uint8_t type, std::uint16_t sequence, std::uint32_t at,
                       std::string_view payload) {
    auto packet = pool.copy(test::rtp_packet(type, sequence, 7, payload, at), 64, 2000).value();
    static_cast<void>(medium.handle_packet(base::time_point(std::chrono::hours(1)),
                                           media::relay_side::offerer, media::relay_component::rtp, from,
                                           packet));
    for (;;) {
      auto more = pool.allocate(2000, 64).value();
      if (!medium.poll_transmit(media::relay_side::offerer, more)) return;
    }
  };
  std::uint16_t sequence = 0;
  std::uint32_t at = 0;
  SECTION("in sound") {
    settings.payloads = {listening_rule()};
    REQUIRE(medium.apply(media::relay_side::offerer, settings).has_value());
    auto sound = tone_of('#', 200);
    sound.resize(sound.size() + 800);
    for (std::size_t part = 0; part < sound.size(); part += 160) {
      std::vector<std::byte> codes(160);
      media::encode_mu_law(std::span(sound).subspan(part, 160), codes);
      put(0, ++sequence, at += 160, {reinterpret_cast<const char*>(codes.data()), codes.size()});
    }
  }
  SECTION("in events") {
    settings.payloads = {sound_rule(), sounding_events()};
    REQUIRE(medium.apply(media::relay_side::offerer, settings).has_value());
    for (std::uint16_t i = 1; i <= 10; ++i)
      put(events_in, ++sequence, 0, said(11, static_cast<std::uint16_t>(i * 160), i == 10));
  }
  const auto key = medium.poll_key(media::relay_side::offerer);
  REQUIRE(key.has_value());
  CHECK(key->event == 11);
  CHECK(near(static_cast<std::uint64_t>(key->length / std::chrono::milliseconds(1)) * 8, 200));
  CHECK_FALSE(medium.poll_key(media::relay_side::offerer).has_value());
  CHECK(medium.counters(media::relay_side::offerer).dropped == 0);
}

TEST_CASE("digits that change allocate nothing", "[media][relay]") {
  digits_test t({listening_rule(), sounding_events()});
  t.hum(5);
  std::vector<std::string> packets;
  const auto tone = tone_of('8', 100);
  for (std::size_t at = 0; at < tone.size(); at += 160) {
    std::vector<std::byte> codes(160);
    media::encode_mu_law(std::span(tone).subspan(at, 160), codes);
    packets.push_back(test::rtp_packet(0, ++t.sequence, 7, {reinterpret_cast<const char*>(codes.data()), 160},
                                       t.timestamp));
    t.timestamp += 160;
  }
  for (std::uint16_t i = 1; i <= 5; ++i)
    packets.push_back(test::rtp_packet(events_in, ++t.sequence, 7,
                                       said(6, static_cast<std::uint16_t>(160 * i)), t.timestamp));
  std::vector<base::packet_buffer> buffers;
  for (int i = 0; i < 64; ++i) buffers.push_back(t.pool.allocate(2000, 64).value());
  std::size_t sent = 0;
  std::size_t used = 0;
  const test::allocation_counter allocated;
  for (const std::string& bytes : packets) {
    base::packet_buffer& packet = buffers[used++];
    static_cast<void>(packet.resize(bytes.size()));
    std::ranges::copy(std::as_bytes(std::span(bytes)), packet.mutable_data());
    const auto view = rtp::packet_view::parse(packet.bytes());
    sent += t.stream.handle_packet(packet, *view) ? 1 : 0;
    while (t.stream.poll_transmit(buffers[used])) {
      ++used;
      ++sent;
    }
  }
  CHECK(allocated.count() == 0);
  CHECK(sent >= 8);
}
