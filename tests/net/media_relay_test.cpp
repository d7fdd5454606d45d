#include <parley/net/clock.hpp>
#include <parley/net/error.hpp>
#include <parley/net/media_relay.hpp>

#include "support/catch.hpp"
#include "support/media_peer.hpp"
#include "support/own_address.hpp"
#include "support/rtp_packets.hpp"
#include "support/seeded_random.hpp"
#include "support/temporary_file.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using base::ip_address;
using media::relay_side;
using peer = test::media_peer;

namespace {

struct relay_test {
  explicit relay_test(std::size_t workers = 1, net::rtp_engine engine = net::rtp_engine::automatic) {
    net::media_relay_options options;
    options.interfaces = {{"lan", test::own_address(), test::own_address()},
                          {"six", ip_address::loopback_v6(), ip_address::loopback_v6()},
                          {"nat", test::own_address(), *ip_address::from_string("192.0.2.1")}};
    // A ring gives its sockets back some time after it has ended: each relay has ports of its own.
    static std::uint16_t relays = 0;
    options.low_port = static_cast<std::uint16_t>(10000 + relays++ % 100 * 200);
    options.high_port = static_cast<std::uint16_t>(options.low_port + 199);
    options.workers = workers;
    options.io.engine = engine;
    auto made = net::media_relay::create(options, random);
    REQUIRE(made.has_value());
    relay = std::move(*made);
  }

  net::media_relay::opened open(bool v6_answerer = false) {
    auto result = relay->open({{{}, {{}, v6_answerer}}});
    INFO((result ? std::string() : result.error().message()));
    REQUIRE(result.has_value());
    return *result;
  }

  void connect(const net::media_relay::opened& medium, const peer& a, const peer& b) {
    media::relay_end_settings settings;
    settings.rtp = a.at;
    REQUIRE(relay->apply(medium.id, relay_side::offerer, settings).has_value());
    settings.rtp = b.at;
    REQUIRE(relay->apply(medium.id, relay_side::answerer, settings).has_value());
  }

  bool until(const std::function<bool()>& done) {
    for (int i = 0; i < 200; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  test::seeded_random random;
  std::unique_ptr<net::media_relay> relay;
};

}  // namespace

TEST_CASE("a relay carries packets between two peers, each way from the ports of its side", "[net][relay]") {
  const auto engine = GENERATE(net::rtp_engine::automatic, net::rtp_engine::batches);
  relay_test t(1, engine);
  peer a, b;
  const auto medium = t.open();
  t.connect(medium, a, b);
  const std::string sound = test::rtp_packet(8, 1);
  a.send(sound, medium.ends[0].rtp);
  REQUIRE(b.gets(1));
  CHECK(b.got[0] == sound);
  CHECK(b.last_from == medium.ends[1].rtp);
  b.send(test::rtp_packet(8, 2), medium.ends[1].rtp);
  REQUIRE(a.gets(1));
  CHECK(a.last_from == medium.ends[0].rtp);

  CHECK(t.until([&] { return t.relay->state(medium.id, relay_side::offerer).counters.packets == 1; }));
  CHECK(t.relay->state(medium.id, relay_side::offerer).source == a.at);
  CHECK(t.until([&] { return t.relay->io_counters().sent == 2; }));
}

TEST_CASE("RTCP has a port of its own on each side", "[net][relay]") {
  const auto engine = GENERATE(net::rtp_engine::automatic, net::rtp_engine::batches);
  relay_test t(1, engine);
  peer a, a_rtcp, b, b_rtcp;
  const auto medium = t.open();
  media::relay_end_settings settings;
  settings.rtp = a.at;
  settings.rtcp = a_rtcp.at;
  REQUIRE(t.relay->apply(medium.id, relay_side::offerer, settings).has_value());
  settings.rtp = b.at;
  settings.rtcp = b_rtcp.at;
  REQUIRE(t.relay->apply(medium.id, relay_side::answerer, settings).has_value());
  a_rtcp.send(test::rtcp_packet(5), medium.ends[0].rtcp);
  REQUIRE(b_rtcp.gets(1));
  CHECK(b_rtcp.got[0] == test::rtcp_packet(5));
  CHECK(b_rtcp.last_from == medium.ends[1].rtcp);
  b_rtcp.send(test::rtcp_packet(6), medium.ends[1].rtcp);
  CHECK(a_rtcp.gets(1));
}

TEST_CASE("sound that is transcoded leaves in packets of its own", "[net][relay]") {
  relay_test t;
  peer a, b;
  const auto medium = t.open();
  t.connect(medium, a, b);
  media::relay_end_settings settings;
  settings.rtp = a.at;
  settings.payloads.resize(1);
  settings.payloads[0].sent = 8;
  settings.payloads[0].transcode =
      media::transcoding{{"PCMU", 8000, 8000, 1, {}}, {"PCMA", 8000, 8000, 1, {}}};
  REQUIRE(t.relay->apply(medium.id, relay_side::offerer, settings).has_value());
  a.send(test::rtp_packet(0, 7, 5, std::string(480, '\x7F'), 800), medium.ends[0].rtp);
  REQUIRE(b.gets(3));
  for (std::uint16_t i = 0; i < 3; ++i) {
    CHECK(b.got[i].size() == 172);
    CHECK(b.got[i].substr(2, 10) ==
          test::rtp_packet(8, static_cast<std::uint16_t>(7 + i), 5, {}, 800U + 160U * i).substr(2));
  }
  CHECK(t.until([&] { return t.relay->state(medium.id, relay_side::offerer).counters.transcoded == 1; }));

  settings.payloads[0].transcode->to.name = "G729";
  CHECK(t.relay->apply(medium.id, relay_side::offerer, settings).error() == media::errc::unknown_codec);
}

TEST_CASE("what both peers send is recorded, until that is to stop", "[net][relay][record]") {
  const test::temporary_file folder("");
  const std::string first = folder.path() + "-1";
  const std::string second = folder.path() + "-2";
  auto recorder = net::packet_recorder::create().value();
  {
    relay_test t;
    peer a, b;
    const auto medium = t.open();
    t.connect(medium, a, b);
    REQUIRE(t.relay->record(medium.id, *recorder, first).has_value());
    CHECK(t.relay->record(medium.id, *recorder, first).error() == std::errc::file_exists);
    a.send(test::rtp_packet(8, 1), medium.ends[0].rtp);
    REQUIRE(b.gets(1));
    b.send(test::rtp_packet(8, 1), medium.ends[1].rtp);
    REQUIRE(a.gets(1));
    t.relay->stop_recording(medium.id);
    a.send(test::rtp_packet(8, 2), medium.ends[0].rtp);
    REQUIRE(b.gets(2));
    REQUIRE(t.relay->record(medium.id, *recorder, second).has_value());
    t.relay->close(medium.id);
    CHECK(t.relay->record(medium.id, *recorder, second).error() == net::errc::closed);
  }
  recorder.reset();
  CHECK(std::filesystem::file_size(first) ==
        media::pcap_header_bytes + 2 * (16 + 28 + test::rtp_packet(8, 1).size()));
  CHECK(std::filesystem::file_size(second) == media::pcap_header_bytes);
  std::filesystem::remove(first);
  std::filesystem::remove(second);
}

TEST_CASE("IPv4 speaks to IPv6", "[net][relay]") {
  relay_test t;
  peer a, b(ip_address::loopback_v6());
  const auto medium = t.open(true);
  t.connect(medium, a, b);
  a.send(test::rtp_packet(8, 1), medium.ends[0].rtp);
  REQUIRE(b.gets(1));
  CHECK(b.last_from == medium.ends[1].rtp);
  b.send(test::rtp_packet(8, 1), medium.ends[1].rtp);
  CHECK(a.gets(1));
}

TEST_CASE("many media on several threads don't mix", "[net][relay]") {
  relay_test t(3);
  std::vector<std::unique_ptr<peer>> peers;
  std::vector<net::media_relay::opened> media;
  for (int i = 0; i < 30; ++i) {
    media.push_back(t.open());
    peers.push_back(std::make_unique<peer>());
    peers.push_back(std::make_unique<peer>());
    t.connect(media.back(), *peers[peers.size() - 2], *peers.back());
  }
  for (std::size_t i = 0; i < media.size(); ++i) {
    for (std::uint16_t n = 0; n < 10; ++n) {
      peers[2 * i]->send(test::rtp_packet(8, n, static_cast<std::uint32_t>(i)), media[i].ends[0].rtp);
    }
  }
  for (std::size_t i = 0; i < media.size(); ++i) {
    REQUIRE(peers[2 * i + 1]->gets(10));
    for (std::uint16_t n = 0; n < 10; ++n) {
      CHECK(peers[2 * i + 1]->got[n] == test::rtp_packet(8, n, static_cast<std::uint32_t>(i)));
    }
    CHECK(peers[2 * i]->got.empty());
  }
}

TEST_CASE("a medium that was closed is silent, and its ports serve again", "[net][relay]") {
  relay_test t;
  peer a, b;
  CHECK(t.relay->ports_available() == t.relay->ports());
  const auto first = t.open();
  t.connect(first, a, b);
  CHECK(t.relay->ports_available() == t.relay->ports() - 2);
  t.relay->close(first.id);
  t.relay->close(first.id);
  CHECK(t.relay->size() == 0);
  CHECK(t.relay->ports_available() == t.relay->ports());
  a.send(test::rtp_packet(8, 1), first.ends[0].rtp);
  CHECK(b.hears() == 0);
  CHECK(t.relay->apply(first.id, relay_side::offerer, {}).error() == net::errc::closed);
  CHECK(t.relay->mark(first.id, relay_side::offerer, 46).error() == net::errc::closed);
  CHECK(t.relay->state(first.id, relay_side::offerer).counters.packets == 0);

  // More than there are pairs of ports. The thread closes sockets in its own time.
  net::media_relay::opened last;
  for (int i = 0; i < 150; ++i) {
    t.relay->close(last.id);
    REQUIRE(t.until([&] {
      const auto result = t.relay->open({});
      if (result) last = *result;
      return result.has_value();
    }));
  }
  t.connect(last, a, b);
  a.send(test::rtp_packet(8, 1), last.ends[0].rtp);
  CHECK(b.gets(1));
}

TEST_CASE("when ports run out that is said, and the next call after one has ended is served",
          "[net][relay][attack]") {
  relay_test t;
  std::vector<net::media_relay::opened> media;
  base::error_code refused;
  while (true) {
    auto next = t.relay->open({});
    if (!next) {
      refused = next.error();
      break;
    }
    media.push_back(*next);
  }
  CHECK(refused == net::errc::limit_reached);
  CHECK(media.size() == 50);
  t.relay->close(media.back().id);
  CHECK(t.until([&] { return t.relay->open({}).has_value(); }));
}

TEST_CASE("an interface is chosen by name and family, and peers are told its advertised address",
          "[net][relay]") {
  relay_test t;
  const auto medium = t.relay->open({{{"nat", false}, {"six", true}}});
  REQUIRE(medium.has_value());
  CHECK(medium->ends[0].rtp.ip.to_string() == "192.0.2.1");
  CHECK(medium->ends[0].rtcp.port == medium->ends[0].rtp.port + 1);
  CHECK(medium->ends[1].rtp.ip == ip_address::loopback_v6());
  CHECK(t.relay->open({{{"wan", false}, {}}}).error() == net::errc::unknown_listener);
  CHECK(t.relay->open({{{"lan", true}, {}}}).error() == net::errc::unknown_listener);
  CHECK(t.relay->mark(medium->id, relay_side::answerer, 46).has_value());

  net::media_relay_options nothing;
  CHECK(!net::media_relay::create(nothing, t.random).has_value());
}

TEST_CASE("a flood of strangers at one port leaves the call and its neighbours alone",
          "[net][relay][attack]") {
  relay_test t;
  peer a, b, flooder;
  const auto medium = t.open();
  t.connect(medium, a, b);
  std::size_t heard = 0;
  for (std::uint16_t n = 0; n < 50; ++n) {
    // The stranger has the address of the peers here, but neither of their ports; one of them has spoken
    // first.
    a.send(test::rtp_packet(8, n), medium.ends[0].rtp);
    REQUIRE(b.gets(++heard));
    for (int i = 0; i < 100; ++i) flooder.send(test::rtp_packet(8, n, 666), medium.ends[0].rtp);
  }
  CHECK(b.hears() == 50);
  CHECK(t.relay->state(medium.id, relay_side::offerer).source == a.at);
  CHECK(t.relay->state(medium.id, relay_side::offerer).counters.strangers > 0);
}
