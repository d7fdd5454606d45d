#include <parley/media/relay_stream.hpp>
#include <parley/rtp/octets.hpp>

#include "support/allocation_counter.hpp"
#include "support/audio_formats.hpp"
#include "support/catch.hpp"
#include "support/rtp_packets.hpp"
#include "support/spectrum.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace parley;
using media::payload_rule;
using media::relay_stream;
using test::pcma;
using test::pcmu;

namespace {

namespace octets = rtp::octets;

const media::audio_format l16{"L16", 44100, 44100, 2, {}};
constexpr std::uint32_t source = 0x11223344;

payload_rule from_pcmu(std::uint8_t sent, const media::audio_format& to) {
  payload_rule rule;
  rule.received = 0;
  rule.sent = sent;
  rule.transcode = media::transcoding{pcmu, to};
  return rule;
}
payload_rule passing(std::uint8_t received, std::uint8_t sent) {
  payload_rule rule;
  rule.received = received;
  rule.sent = sent;
  return rule;
}
payload_rule events(std::uint8_t received, std::uint8_t sent, std::uint32_t sent_clock_rate = 8000) {
  payload_rule rule = passing(received, sent);
  rule.events = true;
  rule.sent_clock_rate = sent_clock_rate;
  return rule;
}

/// What came out, taken apart.
struct seen_packet {
  std::uint8_t type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  bool marker = false;
  std::string payload;
};

struct transcoded_test {
  void plan(std::vector<payload_rule> rules) { REQUIRE(stream.plan(rules).has_value()); }

  /// A packet goes in; what comes out, in order.
  std::vector<seen_packet> put(std::uint8_t type, std::uint16_t sequence, std::uint32_t timestamp,
                               std::string_view payload, std::uint32_t ssrc = source) {
    const std::string bytes = test::rtp_packet(type, sequence, ssrc, payload, timestamp);
    auto packet = pool.copy(bytes, 64, 2000 - bytes.size()).value();
    const auto view = rtp::packet_view::parse(packet.bytes());
    REQUIRE(view.has_value());
    std::vector<seen_packet> out;
    if (stream.handle_packet(packet, *view)) out.push_back(look(packet));
    for (;;) {
      auto more = pool.allocate(2000, 64).value();
      if (!stream.poll_transmit(more)) return out;
      out.push_back(look(more));
    }
  }
  std::vector<seen_packet> sound(std::uint16_t sequence, std::uint32_t timestamp, std::size_t length = 160) {
    return put(0, sequence, timestamp, std::string(length, '\x55'));
  }

  static seen_packet look(const base::packet_buffer& packet) {
    const auto view = rtp::packet_view::parse(packet.bytes());
    REQUIRE(view.has_value());
    const auto payload = view->payload();
    return {view->payload_type(), view->sequence_number(),
            view->timestamp(),    view->ssrc(),
            view->marker(),       {reinterpret_cast<const char*>(payload.data()), payload.size()}};
  }

  base::buffer_pool pool;
  relay_stream stream;
};

std::string event(char digit, std::uint16_t duration, bool end = false) {
  return {digit, end ? '\x8A' : '\x0A', static_cast<char>(duration >> 8U),
          static_cast<char>(duration & 0xFFU)};
}

}  // namespace

TEST_CASE("without transcoding only payload types change", "[media][relay]") {
  transcoded_test t;
  auto out = t.put(97, 7, 1000, "any");
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == 97);
  t.plan({passing(97, 100)});
  out = t.put(97, 65000, 5, "any", 9);
  REQUIRE(out.size() == 1);
  CHECK((out[0].type == 100 && out[0].sequence == 65000 && out[0].timestamp == 5 && out[0].ssrc == 9));
  CHECK_FALSE(t.stream.of(0).passes);
  CHECK_FALSE(t.stream.transcodes());
}

TEST_CASE("sound is transcoded, in packets of 20 ms, under the numbers of its source", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma)});
  auto out = t.sound(0xFFFF, 0xFFFFFFF0);
  REQUIRE(out.size() == 1);
  CHECK((out[0].type == 8 && out[0].sequence == 0xFFFF && out[0].timestamp == 0xFFFFFFF0 &&
         out[0].ssrc == source && out[0].marker && out[0].payload.size() == 160));
  // 60 ms at once, then 10 and 10.
  out = t.sound(0, 0x90, 480);
  REQUIRE(out.size() == 3);
  for (std::uint16_t i = 0; i < 3; ++i) {
    CHECK(out[i].sequence == i);
    CHECK(out[i].timestamp == 0x90 + 160U * i);
    CHECK_FALSE(out[i].marker);
  }
  CHECK(t.sound(1, 0x270, 80).empty());
  out = t.sound(2, 0x2C0, 80);
  REQUIRE(out.size() == 1);
  CHECK((out[0].sequence == 3 && out[0].timestamp == 0x270));
  CHECK(t.stream.transcodes());
  CHECK(t.stream.counters().decoded == 4);
}

TEST_CASE("what is heard stays the same through a transcoder", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma)});
  const auto encoder = media::make_encoder(pcmu).value();
  const auto decoder = media::make_decoder(pcma).value();
  const auto tone = test::tone(700, 8000, 8000);
  std::vector<std::int16_t> heard;
  for (std::size_t i = 0; i < 50; ++i) {
    std::array<std::byte, 160> payload{};
    REQUIRE(encoder->encode(std::span(tone).subspan(160 * i, 160), payload).has_value());
    for (const auto& p : t.put(0, static_cast<std::uint16_t>(i), static_cast<std::uint32_t>(160 * i),
                               {reinterpret_cast<const char*>(payload.data()), payload.size()})) {
      std::array<std::int16_t, 160> samples{};
      REQUIRE(decoder->decode(std::as_bytes(std::span(p.payload)), samples).has_value());
      heard.insert(heard.end(), samples.begin(), samples.end());
    }
  }
  REQUIRE(heard.size() == 8000);
  CHECK(test::signal_to_noise(tone, heard) > 30);
}

TEST_CASE("lost packets are filled, late ones dropped, and the numbers have no gap", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma)});
  CHECK(t.sound(1, 160).size() == 1);
  auto out = t.sound(3, 480);
  REQUIRE(out.size() == 2);
  CHECK((out[0].sequence == 2 && out[1].sequence == 3 && out[1].timestamp == 480));
  CHECK(t.sound(2, 320).empty());
  CHECK(t.stream.counters().late == 1);
  CHECK(t.sound(3, 480).empty());
}

TEST_CASE("a source that pauses goes on as much later", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma)});
  CHECK(t.sound(1, 160).size() == 1);
  const auto out = t.sound(2, 160 + 8000);
  REQUIRE(out.size() == 1);
  CHECK((out[0].sequence == 2 && out[0].timestamp == 8160 && out[0].marker));
}

TEST_CASE("digits beside transcoded sound keep their place and one timestamp", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma), events(101, 96)});
  CHECK(t.sound(10, 1000).size() == 1);
  std::uint16_t sequence = 11;
  for (const std::uint16_t duration : std::array<std::uint16_t, 3>{160, 320, 480}) {
    const auto out = t.put(101, sequence, 1160, event(5, duration, duration == 480));
    REQUIRE(out.size() == 1);
    CHECK((out[0].type == 96 && out[0].sequence == sequence && out[0].timestamp == 1160));
    CHECK(out[0].payload == event(5, duration, duration == 480));
    ++sequence;
  }
  const auto out = t.sound(sequence, 1640);
  REQUIRE_FALSE(out.empty());
  CHECK(out.back().timestamp == 1640);
  CHECK(out.front().sequence == sequence);
}

TEST_CASE("durations of digits follow the other side's clock", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma), events(101, 96, 48000)});
  CHECK(t.sound(10, 1000).size() == 1);
  auto out = t.put(101, 11, 1160, event(5, 160));
  REQUIRE(out.size() == 1);
  CHECK(out[0].payload == event(5, 960));
  out = t.put(101, 12, 1160, event(5, 60000));
  REQUIRE(out.size() == 1);
  CHECK(out[0].payload == event(5, 0xFFFF));
}

TEST_CASE("transcoding begins and ends in a call without a jump", "[media][relay]") {
  transcoded_test t;
  t.plan({passing(0, 0)});
  CHECK(t.sound(100, 16000).at(0).sequence == 100);
  t.plan({from_pcmu(8, pcma)});
  CHECK(t.sound(101, 16160, 320).size() == 2);
  auto out = t.sound(102, 16480);
  REQUIRE(out.size() == 1);
  CHECK((out[0].sequence == 103 && out[0].timestamp == 16480));
  // Back again: one number more was sent than received.
  t.plan({passing(0, 0)});
  out = t.sound(103, 16640);
  REQUIRE(out.size() == 1);
  CHECK((out[0].type == 0 && out[0].sequence == 104 && out[0].timestamp == 16640));
  // A lost packet stays lost, a late one late; what is older than the change is dropped.
  CHECK(t.sound(105, 16960).at(0).sequence == 106);
  CHECK(t.sound(104, 16800).at(0).sequence == 105);
  CHECK(t.sound(102, 16480).empty());
  // And once more to the transcoder that was there before it was dropped.
  t.plan({from_pcmu(8, pcma)});
  out = t.sound(106, 17120);
  REQUIRE(out.size() == 1);
  CHECK((out[0].sequence == 107 && out[0].timestamp == 17120));
}

TEST_CASE("a source that takes another SSRC begins anew, and its numbers go on", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma)});
  CHECK(t.sound(1, 160).size() == 1);
  auto out = t.put(0, 40000, 900000, std::string(160, 'x'), 77);
  REQUIRE(out.size() == 1);
  CHECK((out[0].ssrc == 77 && out[0].sequence == 2 && out[0].timestamp == 900000));
}

TEST_CASE("a source that sets its clock back goes on where it was", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma)});
  CHECK(t.sound(1, 80000).size() == 1);
  const auto out = t.sound(2, 1000);
  REQUIRE(out.size() == 1);
  CHECK((out[0].sequence == 2 && out[0].timestamp == 80160));
}

TEST_CASE("an hour of transcoding does not drift", "[media][relay]") {
  transcoded_test t;
  const std::vector rules{from_pcmu(96, {"L16", 44100, 44100, 1, {}}), events(101, 97)};
  if (!t.stream.plan(rules).has_value()) return;  // without a resampler
  CHECK_FALSE(t.sound(0, 0).empty());
  std::uint32_t at = 0;
  for (std::uint32_t i = 1; i <= 180000; i += 1000) {
    at = i * 160;
    static_cast<void>(t.sound(static_cast<std::uint16_t>(i), at));
  }
  const auto out = t.put(101, 1, at + 160, event(1, 160));
  REQUIRE(out.size() == 1);
  CHECK(out[0].timestamp == (std::uint64_t{at} + 160) * 441 / 80);
}

TEST_CASE("frames that no packet holds are made shorter", "[media][relay]") {
  transcoded_test t;
  if (!t.stream.plan(std::vector{from_pcmu(96, l16)}).has_value()) return;  // without a resampler
  CHECK(t.stream.of(0).packet_time == 5);
  const auto out = t.sound(0, 0);
  REQUIRE_FALSE(out.empty());
  for (const auto& p : out) CHECK(p.payload.size() == 880);
}

TEST_CASE("of two rules for a payload type the last one counts as a whole", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma), passing(0, 9)});
  CHECK(t.sound(1, 160).at(0).type == 9);
  CHECK_FALSE(t.stream.transcodes());
}

TEST_CASE("what can't be transcoded changes nothing", "[media][relay]") {
  transcoded_test t;
  t.plan({passing(0, 9)});
  const auto done = t.stream.plan(std::vector{from_pcmu(8, {"G729", 8000, 8000, 1, {}})});
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error() == media::errc::unknown_codec);
  CHECK(t.sound(1, 160).at(0).type == 9);
}

TEST_CASE("reports speak of what was sent and received", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma)});
  CHECK(t.sound(1000, 160, 480).size() == 3);
  std::vector<std::byte> report(52);
  octets::store_u8(report.data(), 0x81);
  octets::store_u8(report.data() + 1, 200);
  octets::store_u16(report.data() + 2, 12);
  octets::store_u32(report.data() + 4, source);
  octets::store_u32(report.data() + 16, 640);
  octets::store_u32(report.data() + 20, 1);
  octets::store_u32(report.data() + 28, 0xABCD);
  t.stream.rewrite_sender_reports(report);
  CHECK(octets::load_u32(report.data() + 16) == 640);
  CHECK(octets::load_u32(report.data() + 20) == 3);
  CHECK(octets::load_u32(report.data() + 24) == 480);
  // Of the other side, about this stream.
  octets::store_u32(report.data() + 4, 0xABCD);
  octets::store_u32(report.data() + 28, source);
  octets::store_u32(report.data() + 36, 0x20000 + 1002);
  t.stream.rewrite_receiver_reports(report);
  CHECK(octets::load_u32(report.data() + 36) == 0x20000 + 1000);
  // One that claims more than there is stays as it is.
  octets::store_u16(report.data() + 2, 900);
  const auto before = report;
  t.stream.rewrite_sender_reports(report);
  t.stream.rewrite_receiver_reports(report);
  CHECK(report == before);
}

TEST_CASE("jitter is reported by the clock of the source", "[media][relay]") {
  transcoded_test t;
  const std::vector rules{from_pcmu(96, {"L16", 16000, 16000, 1, {}})};
  if (!t.stream.plan(rules).has_value()) return;  // without a resampler
  CHECK_FALSE(t.sound(1, 160, 320).empty());
  std::vector<std::byte> report(32);
  octets::store_u8(report.data(), 0x81);
  octets::store_u8(report.data() + 1, 201);
  octets::store_u16(report.data() + 2, 7);
  octets::store_u32(report.data() + 8, source);
  octets::store_u32(report.data() + 20, 320);
  t.stream.rewrite_receiver_reports(report);
  CHECK(octets::load_u32(report.data() + 20) == 160);
}

TEST_CASE("a transcoded stream allocates nothing", "[media][relay]") {
  transcoded_test t;
  t.plan({from_pcmu(8, pcma), events(101, 96)});
  const std::string in = test::rtp_packet(0, 0, source, std::string(160, '\x55'));
  std::vector<base::packet_buffer> packets;
  for (int i = 0; i < 8; ++i) packets.push_back(t.pool.allocate(2000, 64).value());
  const test::allocation_counter allocated;
  for (std::uint32_t i = 0; i < 200; ++i) {
    base::packet_buffer& packet = packets[i % packets.size()];
    static_cast<void>(packet.resize(in.size()));
    std::ranges::copy(std::as_bytes(std::span(in)), packet.mutable_data());
    rtp::set_sequence_number(packet.mutable_bytes(), static_cast<std::uint16_t>(i));
    rtp::set_timestamp(packet.mutable_bytes(), i * 160);
    const auto view = rtp::packet_view::parse(packet.bytes());
    static_cast<void>(t.stream.handle_packet(packet, *view));
  }
  CHECK(allocated.count() == 0);
  CHECK(t.stream.counters().decoded == 200);
}
