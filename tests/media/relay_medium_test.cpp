#include <parley/media/relay_medium.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/srtp/context.hpp>

#include "support/audio_formats.hpp"
#include "support/catch.hpp"
#include "support/rtp_packets.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using media::relay_component;
using media::relay_medium;
using media::relay_side;
using test::pcma;
using test::pcmu;
using test::rtcp_packet;
using test::rtp_packet;

namespace {

base::socket_address address(std::string_view text) { return *base::socket_address::from_string(text); }

const auto alice = address("198.51.100.1:4000");
const auto alice_rtcp = address("198.51.100.1:4001");
const auto bob = address("198.51.100.2:5000");
const auto bob_rtcp = address("198.51.100.2:5001");
const auto stranger = address("203.0.113.66:9999");

std::vector<srtp::master_key> keys(char seed, srtp::profile which = srtp::profile::aes_cm_128_hmac_sha1_80) {
  const srtp::key_sizes sizes = srtp::sizes(which);
  const std::string bytes(64, seed);
  const auto all = std::as_bytes(std::span(bytes));
  return {*srtp::master_key::make(which, all.first(sizes.key), all.first(sizes.salt))};
}

media::relay_end_settings plain(const base::socket_address& rtp, const base::socket_address& rtcp) {
  media::relay_end_settings settings;
  settings.rtp = rtp;
  settings.rtcp = rtcp;
  return settings;
}

/// A medium between alice, who offered, and bob.
struct medium_test {
  medium_test() {
    apply(relay_side::offerer, plain(alice, alice_rtcp));
    apply(relay_side::answerer, plain(bob, bob_rtcp));
  }

  void apply(relay_side side, const media::relay_end_settings& settings) {
    REQUIRE(medium.apply(side, settings).has_value());
  }
  template <class Change>
  void change(relay_side side, Change how) {
    media::relay_end_settings settings = medium.settings(side);
    how(settings);
    apply(side, settings);
  }

  /// What comes out, if anything; the packet itself is in `out`.
  std::optional<relay_medium::forwarded> packet(relay_side side, const base::socket_address& from,
                                                std::string_view bytes,
                                                relay_component component = relay_component::rtp) {
    base::packet_buffer buffer = test::buffered(pool, bytes);
    auto result = medium.handle_packet(now, side, component, from, buffer);
    out = buffer.text();
    return result;
  }
  const media::relay_end_counters& counters(relay_side side) const { return medium.counters(side); }

  base::buffer_pool pool;
  relay_medium medium;
  base::time_point now{1h};
  std::string out;
};

}  // namespace

TEST_CASE("packets go from one peer to the other as they are", "[media][relay]") {
  medium_test t;
  const std::string there = rtp_packet(8, 1);
  const auto to_bob = t.packet(relay_side::offerer, alice, there);
  REQUIRE(to_bob.has_value());
  CHECK(to_bob->side == relay_side::answerer);
  CHECK(to_bob->component == relay_component::rtp);
  CHECK(to_bob->to == bob);
  CHECK(t.out == there);
  const auto to_alice = t.packet(relay_side::answerer, bob, rtp_packet(8, 1, 2));
  REQUIRE(to_alice.has_value());
  CHECK(to_alice->side == relay_side::offerer);
  CHECK(to_alice->to == alice);
  CHECK(t.counters(relay_side::offerer).packets == 1);
  CHECK(t.counters(relay_side::offerer).bytes == there.size());
  CHECK(t.counters(relay_side::offerer).ssrc == 0x11223344);
  CHECK(t.counters(relay_side::offerer).last_packet == t.now);
}

TEST_CASE("an answer goes to where the peer sends from", "[media][relay]") {
  medium_test t;
  const auto nat = address("198.51.100.2:61000");
  REQUIRE(t.packet(relay_side::answerer, nat, rtp_packet(8, 1)).has_value());
  CHECK(t.packet(relay_side::offerer, alice, rtp_packet(8, 1))->to == nat);
  CHECK(t.medium.source(relay_side::answerer) == nat);

  SECTION("until signalling says that it has moved") {
    const auto moved = address("198.51.100.9:5000");
    t.change(relay_side::answerer, [&](auto& s) { s.rtp = moved; });
    CHECK(t.packet(relay_side::offerer, alice, rtp_packet(8, 2))->to == moved);
    CHECK(!t.packet(relay_side::answerer, nat, rtp_packet(8, 2)).has_value());
  }
  SECTION("and stays there when signalling says the same again") {
    t.change(relay_side::answerer, [](auto&) {});
    CHECK(t.packet(relay_side::offerer, alice, rtp_packet(8, 2))->to == nat);
  }
  SECTION("or is learned anew where signalling wants that") {
    t.medium.relearn(relay_side::answerer);
    CHECK(t.packet(relay_side::offerer, alice, rtp_packet(8, 2))->to == bob);
  }
}

TEST_CASE("what strangers send is neither forwarded nor answered", "[media][relay][attack]") {
  medium_test t;
  const auto attack = [&] {
    for (std::uint16_t i = 0; i < 50; ++i) {
      CHECK(!t.packet(relay_side::offerer, stranger, rtp_packet(8, i)).has_value());
      CHECK(!t.packet(relay_side::offerer, stranger, rtcp_packet(), relay_component::rtcp).has_value());
    }
  };
  attack();
  CHECK(t.packet(relay_side::offerer, alice, rtp_packet(8, 1)).has_value());
  attack();
  CHECK(t.packet(relay_side::answerer, bob, rtp_packet(8, 1))->to == alice);
  CHECK(t.counters(relay_side::offerer).strangers == 200);
  CHECK(t.counters(relay_side::offerer).packets == 1);
}

TEST_CASE("RTCP goes by the ports of RTCP", "[media][relay]") {
  medium_test t;
  const auto to_bob = t.packet(relay_side::offerer, alice_rtcp, rtcp_packet(), relay_component::rtcp);
  REQUIRE(to_bob.has_value());
  CHECK(to_bob->component == relay_component::rtcp);
  CHECK(to_bob->to == bob_rtcp);
  CHECK(t.counters(relay_side::offerer).rtcp_packets == 1);
  CHECK(t.counters(relay_side::offerer).packets == 0);
}

TEST_CASE("RTCP on the port of RTP goes to a peer's port of RTCP, and back", "[media][relay]") {
  medium_test t;
  t.change(relay_side::offerer, [](auto& s) { s.rtcp_mux = true; });
  const auto to_bob = t.packet(relay_side::offerer, alice, rtcp_packet());
  REQUIRE(to_bob.has_value());
  CHECK(to_bob->component == relay_component::rtcp);
  CHECK(to_bob->to == bob_rtcp);
  const auto to_alice = t.packet(relay_side::answerer, bob_rtcp, rtcp_packet(), relay_component::rtcp);
  REQUIRE(to_alice.has_value());
  CHECK(to_alice->component == relay_component::rtp);
  CHECK(to_alice->to == alice);
}

TEST_CASE("RTCP of a peer behind a NAT comes from where its RTP does", "[media][relay]") {
  medium_test t;
  t.apply(relay_side::offerer, plain(address("10.0.0.1:4000"), address("10.0.0.1:4001")));
  const auto rtcp = address("203.0.113.5:7001");
  CHECK(!t.packet(relay_side::offerer, rtcp, rtcp_packet(), relay_component::rtcp).has_value());
  for (std::uint16_t i = 0; i < 5; ++i)
    t.packet(relay_side::offerer, address("203.0.113.5:7000"), rtp_packet(8, i));
  CHECK(t.packet(relay_side::offerer, rtcp, rtcp_packet(), relay_component::rtcp).has_value());
  CHECK(t.packet(relay_side::answerer, bob_rtcp, rtcp_packet(), relay_component::rtcp)->to == rtcp);
}

TEST_CASE("payload types become those of the other side, and others are dropped", "[media][relay]") {
  medium_test t;
  t.change(relay_side::offerer, [](auto& s) {
    s.payloads = {{.received = 96, .sent = 111, .clock_rate = 48000},
                  {.received = 101, .sent = 110, .events = true}};
  });
  REQUIRE(t.packet(relay_side::offerer, alice, rtp_packet(96 | 0x80, 1)).has_value());
  CHECK(static_cast<unsigned char>(t.out[1]) == (111U | 0x80U));
  REQUIRE(t.packet(relay_side::offerer, alice, rtp_packet(101, 2)).has_value());
  CHECK(t.out[1] == 110);
  CHECK(!t.packet(relay_side::offerer, alice, rtp_packet(8, 3)).has_value());
  CHECK(t.counters(relay_side::offerer).dropped == 1);
  CHECK(t.counters(relay_side::offerer).packets == 3);

  t.change(relay_side::offerer, [](auto& s) { s.dtmf_blocked = true; });
  CHECK(!t.packet(relay_side::offerer, alice, rtp_packet(101, 4)).has_value());
  CHECK(t.packet(relay_side::offerer, alice, rtp_packet(96, 5)).has_value());
}

TEST_CASE("a side that may not send is not heard, and its source is learned all the same", "[media][relay]") {
  medium_test t;
  const bool by_operator = GENERATE(true, false);
  t.change(relay_side::offerer, [&](auto& s) { (by_operator ? s.blocked : s.may_send) = by_operator; });
  const auto nat = address("198.51.100.1:61000");
  CHECK(!t.packet(relay_side::offerer, nat, rtp_packet(8, 1)).has_value());
  CHECK(t.packet(relay_side::answerer, bob, rtp_packet(8, 1))->to == nat);
  // RTCP of a held medium goes on (RFC 3264 8.4).
  CHECK(t.packet(relay_side::offerer, alice_rtcp, rtcp_packet(), relay_component::rtcp).has_value() !=
        by_operator);
}

TEST_CASE("nothing is sent to an address that signalling has not named or that is held", "[media][relay]") {
  medium_test t;
  t.apply(relay_side::answerer, {});
  CHECK(!t.packet(relay_side::offerer, alice, rtp_packet(8, 1)).has_value());
  t.apply(relay_side::answerer, plain(address("0.0.0.0:5000"), address("0.0.0.0:5001")));
  CHECK(!t.packet(relay_side::offerer, alice, rtp_packet(8, 2)).has_value());
  CHECK(t.counters(relay_side::offerer).dropped == 2);
}

TEST_CASE("SRTP on one side is RTP on the other", "[media][relay][srtp]") {
  medium_test t;
  const auto profile = GENERATE(srtp::profile::aes_cm_128_hmac_sha1_80, srtp::profile::aead_aes_256_gcm);
  t.change(relay_side::offerer, [&](auto& s) {
    s.receives_with = keys('a', profile);
    s.sends_with = keys('b', profile);
  });
  auto alice_sends = *srtp::context::protecting(keys('a', profile));
  auto alice_hears = *srtp::context::unprotecting(keys('b', profile));

  const std::string clear = rtp_packet(8, 1);
  base::packet_buffer sent = test::buffered(t.pool, clear);
  REQUIRE(alice_sends.protect_rtp(sent).has_value());
  REQUIRE(t.packet(relay_side::offerer, alice, sent.text()).has_value());
  CHECK(t.out == clear);
  CHECK(t.counters(relay_side::offerer).bytes == sent.size());

  REQUIRE(t.packet(relay_side::answerer, bob, rtp_packet(8, 7, 9)).has_value());
  CHECK(t.out != rtp_packet(8, 7, 9));
  base::packet_buffer heard = test::buffered(t.pool, t.out);
  REQUIRE(alice_hears.unprotect_rtp(heard).has_value());
  CHECK(heard.text() == rtp_packet(8, 7, 9));

  base::packet_buffer report = test::buffered(t.pool, rtcp_packet());
  REQUIRE(alice_sends.protect_rtcp(report).has_value());
  REQUIRE(t.packet(relay_side::offerer, alice_rtcp, report.text(), relay_component::rtcp).has_value());
  CHECK(t.out == rtcp_packet());
  REQUIRE(t.packet(relay_side::answerer, bob_rtcp, rtcp_packet(9), relay_component::rtcp).has_value());
  heard = test::buffered(t.pool, t.out);
  REQUIRE(alice_hears.unprotect_rtcp(heard).has_value());
  CHECK(heard.text() == rtcp_packet(9));
}

TEST_CASE("sound is transcoded between SRTP and RTP", "[media][relay][srtp]") {
  medium_test t;
  t.change(relay_side::offerer, [&](auto& s) {
    s.receives_with = keys('a');
    s.sends_with = keys('b');
    s.payloads = {{.received = 0, .sent = 8, .transcode = media::transcoding{pcmu, pcma}}};
  });
  t.change(relay_side::answerer, [&](auto& s) {
    s.payloads = {{.received = 8, .sent = 0, .transcode = media::transcoding{pcma, pcmu}}};
  });
  auto alice_sends = *srtp::context::protecting(keys('a'));
  auto alice_hears = *srtp::context::unprotecting(keys('b'));

  base::packet_buffer sent = test::buffered(t.pool, rtp_packet(0, 1, 9, std::string(320, '\x7F'), 800));
  REQUIRE(alice_sends.protect_rtp(sent).has_value());
  REQUIRE(t.packet(relay_side::offerer, alice, sent.text()).has_value());
  CHECK(t.out.substr(0, 12).substr(2) == rtp_packet(8, 1, 9, {}, 800).substr(2));
  CHECK(t.out.size() == 172);
  auto more = *t.pool.allocate(2000, 64);
  REQUIRE(t.medium.poll_transmit(relay_side::offerer, more).has_value());
  CHECK(more.text().substr(0, 12) == rtp_packet(8, 2, 9, {}, 960));
  more = *t.pool.allocate(2000, 64);
  CHECK_FALSE(t.medium.poll_transmit(relay_side::offerer, more).has_value());

  auto packet = *t.pool.allocate(2000, 64);
  REQUIRE(packet.resize(12 + 320).has_value());
  const std::string back = rtp_packet(8, 5, 7, std::string(320, '\x55'), 160);
  std::ranges::copy(std::as_bytes(std::span(back)), packet.mutable_data());
  REQUIRE(t.medium.handle_packet(t.now, relay_side::answerer, relay_component::rtp, bob, packet).has_value());
  more = *t.pool.allocate(2000, 64);
  REQUIRE(t.medium.poll_transmit(relay_side::answerer, more).has_value());
  for (base::packet_buffer* each : {&packet, &more}) {
    REQUIRE(alice_hears.unprotect_rtp(*each).has_value());
    CHECK(each->size() == 172);
  }
  CHECK(more.text().substr(0, 12) == rtp_packet(0, 6, 7, {}, 320));
  CHECK(t.counters(relay_side::answerer).transcoded == 1);
}

TEST_CASE("a wrong key never ends or redirects a call", "[media][relay][srtp][attack]") {
  medium_test t;
  t.change(relay_side::offerer, [](auto& s) {
    s.receives_with = keys('a');
    s.sends_with = keys('b');
  });
  auto right = *srtp::context::protecting(keys('a'));
  auto wrong = *srtp::context::protecting(keys('x'));
  const auto packet = [&](srtp::context& with, const base::socket_address& from, std::uint16_t sequence) {
    base::packet_buffer sent = test::buffered(t.pool, rtp_packet(8, sequence));
    REQUIRE(with.protect_rtp(sent).has_value());
    return t.packet(relay_side::offerer, from, sent.text());
  };
  auto answered_at = [&, sequence = std::uint16_t{0}]() mutable {
    return t.packet(relay_side::answerer, bob, rtp_packet(8, ++sequence, 2))->to;
  };

  // Before the peer has spoken, from its own address too.
  for (std::uint16_t i = 0; i < 20; ++i) CHECK(!packet(wrong, i % 2 == 0 ? stranger : alice, i).has_value());
  CHECK(t.packet(relay_side::offerer, alice, rtp_packet(8, 1)) == std::nullopt);  // not encrypted at all
  CHECK(answered_at() == alice);
  CHECK(packet(right, alice, 100).has_value());
  for (std::uint16_t i = 101; i < 120; ++i) CHECK(!packet(wrong, alice, i).has_value());
  CHECK(answered_at() == alice);
  CHECK(packet(right, alice, 101).has_value());
  CHECK(t.counters(relay_side::offerer).packets == 2);
  CHECK(t.counters(relay_side::offerer).unauthenticated == 40);

  // What was recorded and is sent again from elsewhere.
  t.now += 10s;
  base::packet_buffer recorded = test::buffered(t.pool, rtp_packet(8, 102));
  REQUIRE(right.protect_rtp(recorded).has_value());
  const std::string bytes(recorded.text());
  CHECK(t.packet(relay_side::offerer, alice, bytes).has_value());
  t.now += 10s;
  CHECK(!t.packet(relay_side::offerer, stranger, bytes).has_value());
  CHECK(answered_at() == alice);
}

TEST_CASE("the same keys again go on where they were, new ones with the roll-over counter",
          "[media][relay][srtp]") {
  medium_test t;
  t.change(relay_side::offerer, [](auto& s) { s.receives_with = keys('a'); });
  auto sends = *srtp::context::protecting(keys('a'));
  const auto packet = [&](srtp::context& with, std::uint16_t sequence) {
    base::packet_buffer sent = test::buffered(t.pool, rtp_packet(8, sequence));
    REQUIRE(with.protect_rtp(sent).has_value());
    return t.packet(relay_side::offerer, alice, sent.text()).has_value();
  };
  CHECK(packet(sends, 65535));
  CHECK(packet(sends, 0));  // the counter is 1 from here on
  t.change(relay_side::offerer, [](auto& s) { s.may_send = true; });
  CHECK(packet(sends, 1));

  t.change(relay_side::offerer, [](auto& s) { s.receives_with = keys('c'); });
  CHECK(!packet(sends, 2));
  auto renewed = *srtp::context::protecting(keys('c'));
  REQUIRE(renewed.set_roll_over_counter(0x11223344, 1).has_value());
  CHECK(packet(renewed, 3));
}

TEST_CASE("settings that can't be used change nothing", "[media][relay]") {
  medium_test t;
  media::relay_end_settings settings = t.medium.settings(relay_side::offerer);
  settings.rtp = stranger;
  settings.receives_with = keys('a');
  settings.receives_with.push_back(keys('b').front());  // two keys without an MKI to tell them apart
  CHECK(!t.medium.apply(relay_side::offerer, settings).has_value());
  CHECK(t.medium.settings(relay_side::offerer).rtp == alice);
  CHECK(t.packet(relay_side::offerer, alice, rtp_packet(8, 1)).has_value());
}

TEST_CASE("loss is counted by sequence numbers, over a change of SSRC too", "[media][relay]") {
  medium_test t;
  for (const int n : {10, 11, 13, 14, 18})
    t.packet(relay_side::offerer, alice, rtp_packet(8, static_cast<std::uint16_t>(n), 1));
  CHECK(t.counters(relay_side::offerer).lost == 4);
  for (const int n : {500, 502}) {
    t.packet(relay_side::offerer, alice, rtp_packet(8, static_cast<std::uint16_t>(n), 2));
  }
  CHECK(t.counters(relay_side::offerer).lost == 5);
  CHECK(t.counters(relay_side::offerer).ssrc == 2);
}

TEST_CASE("what is no RTP is counted and dropped", "[media][relay][attack]") {
  medium_test t;
  for (const std::string& bytes :
       {std::string(), std::string("\x80"), std::string(11, '\x80'), std::string(200, '\0'),
        std::string("\x8F\x08", 2), rtp_packet(8, 1).replace(0, 1, 1, '\x8F')}) {
    CHECK(!t.packet(relay_side::offerer, alice, bytes).has_value());
  }
  CHECK(!t.packet(relay_side::offerer, alice_rtcp, rtp_packet(8, 1), relay_component::rtcp).has_value());
  CHECK(!t.packet(relay_side::offerer, alice, "\x80\xC9\x00\x01").has_value());
  CHECK(t.counters(relay_side::offerer).malformed == 8);
  CHECK(t.medium.source(relay_side::offerer).port == 0);
}

TEST_CASE("fax over UDPTL passes as it is, from its source alone", "[media][relay]") {
  medium_test t;
  t.change(relay_side::offerer, [](auto& s) { s.datagrams = true; });
  const std::string udptl("\x00\x01\x06T38...", 9);
  REQUIRE(t.packet(relay_side::offerer, alice, udptl)->to == bob);
  CHECK(t.out == udptl);
  CHECK(!t.packet(relay_side::offerer, stranger, udptl).has_value());
  CHECK(!t.packet(relay_side::offerer, alice_rtcp, udptl, relay_component::rtcp).has_value());
  CHECK(t.packet(relay_side::offerer, alice, "").has_value());
  CHECK(t.counters(relay_side::offerer).packets == 2);
}

TEST_CASE("a key that is held is no jitter, nor is its clock another one", "[media][relay]") {
  medium_test t;
  t.change(relay_side::offerer, [&](auto& s) {
    s.payloads = {{.received = 96, .sent = 96, .clock_rate = 48000},
                  {.received = 101, .sent = 101, .clock_rate = 8000, .events = true}};
  });
  for (std::uint16_t i = 0; i < 300; ++i) {
    const bool key = i >= 100 && i < 200;
    const std::uint32_t timestamp = (key ? 100U : i) * 960U;
    t.packet(relay_side::offerer, alice, rtp_packet(key ? 101 : 96, i, 1, "sound", timestamp));
    t.now += 20ms;
  }
  CHECK(t.counters(relay_side::offerer).jitter_us == 0);
  CHECK(t.counters(relay_side::offerer).packets == 300);
}

TEST_CASE("jitter is measured by the clock of the payload", "[media][relay]") {
  medium_test t;
  const std::uint32_t rate = GENERATE(8000U, 48000U);
  t.change(relay_side::offerer,
           [&](auto& s) { s.payloads = {{.received = 96, .sent = 96, .clock_rate = rate}}; });
  for (std::uint16_t i = 0; i < 200; ++i) {
    t.packet(relay_side::offerer, alice, rtp_packet(96, i, 1, "sound", i * rate / 50));
    t.now += i % 2 == 0 ? 15ms : 25ms;
  }
  CHECK(t.counters(relay_side::offerer).jitter_us > 4500);
  CHECK(t.counters(relay_side::offerer).jitter_us < 5500);
}
