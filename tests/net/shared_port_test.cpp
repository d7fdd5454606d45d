// Media that share one port.
#include <parley/net/error.hpp>
#include <parley/net/media_relay.hpp>
#include <parley/net/packet_recorder.hpp>

#include "support/catch.hpp"
#include "support/media_peer.hpp"
#include "support/own_address.hpp"
#include "support/rtp_packets.hpp"
#include "support/seeded_random.hpp"
#include "support/temporary_file.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace parley;
using namespace std::chrono_literals;
using media::relay_side;
using test::media_peer;

namespace {

struct shared_relay {
  explicit shared_relay(std::size_t workers = 1, net::rtp_engine engine = net::rtp_engine::automatic) {
    options.interfaces = {{"lan", test::own_address(), test::own_address()},
                          {"six", base::ip_address::loopback_v6(), base::ip_address::loopback_v6()}};
    options.workers = workers;
    options.io.engine = engine;
    // Ports of ::1 are everybody's.
    for (std::uint16_t port = 20000; relay == nullptr && port < 30000; port += 10) {
      options.single_port = port;
      auto made = net::media_relay::create(options, random);
      if (made) relay = std::move(*made);
    }
    REQUIRE(relay != nullptr);
  }

  net::media_relay::opened open(std::uint64_t call = 0, bool v6_answerer = false) const {
    return relay->open({{{}, {{}, v6_answerer}}}, call).value();
  }
  base::result<void> apply(const net::media_relay::opened& medium, relay_side side,
                           const base::socket_address& rtp, std::vector<std::uint32_t> ssrcs = {}) const {
    media::relay_end_settings settings;
    settings.rtp = settings.rtcp = rtp;
    settings.rtcp_mux = true;
    settings.ssrcs = std::move(ssrcs);
    return relay->apply(medium.id, side, settings);
  }
  void connect(const net::media_relay::opened& medium, const media_peer& a, const media_peer& b) const {
    REQUIRE(apply(medium, relay_side::offerer, a.at).has_value());
    REQUIRE(apply(medium, relay_side::answerer, b.at).has_value());
  }
  template <class Done>
  bool until(Done done) const {
    for (int i = 0; i < 200 && !done(); ++i) std::this_thread::sleep_for(10ms);
    return done();
  }

  test::seeded_random random;
  net::media_relay_options options;
  std::unique_ptr<net::media_relay> relay;
};

}  // namespace

TEST_CASE("all media of a worker have one port, and none hears another", "[net][relay][shared]") {
  const auto engine = GENERATE(net::rtp_engine::automatic, net::rtp_engine::batches);
  const shared_relay t(2, engine);
  std::vector<std::unique_ptr<media_peer>> peers;
  std::vector<net::media_relay::opened> media;
  for (int i = 0; i < 20; ++i) {
    media.push_back(t.open());
    peers.push_back(std::make_unique<media_peer>());
    peers.push_back(std::make_unique<media_peer>());
    t.connect(media.back(), *peers[peers.size() - 2], *peers.back());
    const std::uint16_t port = media.back().ends[0].rtp.port;
    CHECK((port == t.options.single_port || port == t.options.single_port + 1));
    CHECK(media.back().ends[0].rtcp == media.back().ends[0].rtp);
    CHECK(media.back().ends[1].rtp == media.back().ends[0].rtp);
  }
  for (std::size_t i = 0; i < peers.size(); ++i) {
    peers[i]->send(test::rtp_packet(8, 1, static_cast<std::uint32_t>(i)), media[i / 2].ends[i % 2].rtp);
    peers[i]->send(test::rtcp_packet(static_cast<std::uint32_t>(i)), media[i / 2].ends[i % 2].rtcp);
  }
  for (std::size_t i = 0; i < peers.size(); ++i) {
    INFO(i);
    REQUIRE(peers[i]->gets(2));
    CHECK(peers[i]->got[0] == test::rtp_packet(8, 1, static_cast<std::uint32_t>(i ^ 1U)));
    CHECK(peers[i]->got[1] == test::rtcp_packet(static_cast<std::uint32_t>(i ^ 1U)));
    CHECK(peers[i]->last_from == media[i / 2].ends[i % 2].rtp);
  }
  CHECK(t.relay->ports() == 0);
  CHECK(t.relay->unclaimed() == 0);
}

TEST_CASE("RTCP from a port of its own finds its medium at the shared port", "[net][relay][shared]") {
  const shared_relay t;
  media_peer a, a_rtcp, b, b_rtcp;
  const auto medium = t.open();
  media::relay_end_settings settings;
  settings.rtp = a.at;
  settings.rtcp = a_rtcp.at;
  REQUIRE(t.relay->apply(medium.id, relay_side::offerer, settings).has_value());
  settings.rtp = b.at;
  settings.rtcp = b_rtcp.at;
  REQUIRE(t.relay->apply(medium.id, relay_side::answerer, settings).has_value());
  a_rtcp.send(test::rtcp_packet(5), medium.ends[0].rtcp);
  CHECK(b_rtcp.gets(1));
  a.send(test::rtp_packet(8, 1), medium.ends[0].rtp);
  CHECK(b.gets(1));
}

TEST_CASE("what comes to a shared port from nowhere known is nobody's", "[net][relay][shared][attack]") {
  const shared_relay t;
  media_peer a, b, stranger;
  const auto medium = t.open();
  t.connect(medium, a, b);
  a.send(test::rtp_packet(8, 1, 77), medium.ends[0].rtp);
  REQUIRE(b.gets(1));
  // With the call's own SSRC, which nobody has signalled, and with what is neither RTP nor RTCP.
  stranger.send(test::rtp_packet(8, 2, 77), medium.ends[0].rtp);
  stranger.send(test::rtcp_packet(77), medium.ends[0].rtp);
  stranger.send("x", medium.ends[0].rtp);
  stranger.send(std::string("\x80\xC9", 2), medium.ends[0].rtp);
  CHECK(t.until([&] { return t.relay->unclaimed() == 4; }));
  CHECK(b.hears() == 1);
  CHECK(a.hears() == 0);
  CHECK(t.relay->state(medium.id, relay_side::offerer).counters.strangers == 0);
}

TEST_CASE("a peer behind a NAT is known by the SSRC that it has said", "[net][relay][shared]") {
  const shared_relay t;
  media_peer a, b, elsewhere;
  const auto medium = t.open();
  media::relay_end_settings settings;
  settings.rtp = {base::ip_address::v4(0x0A000005U), 4000};
  settings.rtcp_mux = true;
  settings.seen = a.at.ip;
  settings.ssrcs = {0xABCD0001U};
  REQUIRE(t.relay->apply(medium.id, relay_side::offerer, settings).has_value());
  REQUIRE(t.apply(medium, relay_side::answerer, b.at).has_value());
  a.send(test::rtp_packet(8, 1, 0xABCD0001U), medium.ends[0].rtp);
  REQUIRE(b.gets(1));
  a.send(test::rtcp_packet(0xABCD0001U), medium.ends[0].rtp);
  CHECK(b.gets(2));
  b.send(test::rtp_packet(8, 1, 9), medium.ends[1].rtp);
  CHECK(a.gets(1));
  // Another medium can't have the SSRC, too; what it names stays with whom named it first.
  media_peer c, d;
  const auto other = t.open();
  REQUIRE(t.apply(other, relay_side::offerer, c.at, {0xABCD0001U}).has_value());
  REQUIRE(t.apply(other, relay_side::answerer, d.at).has_value());
  t.relay->close(other.id);
  a.send(test::rtp_packet(8, 2, 0xABCD0001U), medium.ends[0].rtp);
  CHECK(b.gets(3));
  CHECK(d.hears() == 0);
  // Who knows the SSRC and comes later is refused by the medium: its source is known.
  elsewhere.send(test::rtp_packet(8, 3, 0xABCD0001U), medium.ends[0].rtp);
  CHECK(t.until([&] { return t.relay->state(medium.id, relay_side::offerer).counters.strangers == 1; }));
  CHECK(b.hears() == 3);
  // Signalling takes the SSRC back.
  settings.ssrcs.clear();
  REQUIRE(t.relay->apply(medium.id, relay_side::offerer, settings).has_value());
  a.send(test::rtp_packet(8, 4, 0xABCD0001U), medium.ends[0].rtp);
  CHECK(t.until([&] { return t.relay->unclaimed() == 1; }));
}

TEST_CASE("a call that names the peer of another doesn't get its packets", "[net][relay][shared][attack]") {
  const shared_relay t;
  media_peer a, b, thief;
  const auto medium = t.open(1);
  t.connect(medium, a, b);
  const auto stolen = t.open(2);
  CHECK(t.apply(stolen, relay_side::offerer, a.at).error() == net::errc::source_taken);
  CHECK(t.apply(stolen, relay_side::answerer, a.at).error() == net::errc::source_taken);
  CHECK(t.apply(medium, relay_side::answerer, a.at).error() == net::errc::source_taken);
  media::relay_end_settings by_rtcp;
  by_rtcp.rtp = thief.at;
  by_rtcp.rtcp = a.at;
  CHECK(t.relay->apply(stolen.id, relay_side::offerer, by_rtcp).error() == net::errc::source_taken);
  a.send(test::rtp_packet(8, 1), medium.ends[0].rtp);
  CHECK(b.gets(1));
  CHECK(thief.hears() == 0);
  // With its own medium the address goes.
  t.relay->close(medium.id);
  CHECK(t.apply(stolen, relay_side::offerer, a.at).has_value());
}

TEST_CASE("the media of a call that is over give their peers away", "[net][relay][shared]") {
  const shared_relay t;
  media_peer a, b, c;
  const auto over = t.open(1);
  t.connect(over, a, b);
  t.relay->give_way(over.id);
  a.send(test::rtp_packet(8, 1), over.ends[0].rtp);
  CHECK(b.gets(1));
  const auto next = t.open(2);
  t.connect(next, a, c);
  a.send(test::rtp_packet(8, 1), next.ends[0].rtp);
  CHECK(c.gets(1));
  t.relay->close(over.id);
  a.send(test::rtp_packet(8, 2), next.ends[0].rtp);
  CHECK(c.gets(2));
  CHECK(b.hears() == 1);
  // A call that goes on after all keeps its own.
  t.relay->give_way(next.id);
  t.relay->prefer(next.id);
  CHECK(t.apply(t.open(3), relay_side::offerer, a.at).error() == net::errc::source_taken);
  t.relay->give_way(0);
  t.relay->prefer(0);
}

TEST_CASE("of the branches of a call the last one hears their common peer, or the one that is preferred",
          "[net][relay][shared]") {
  const shared_relay t;
  media_peer a, b, c;
  const auto first = t.open(7);
  const auto second = t.open(7);
  t.connect(first, a, b);
  t.connect(second, a, c);
  a.send(test::rtp_packet(8, 1), first.ends[0].rtp);
  CHECK(c.gets(1));
  // What is applied again as it was, as to block a side, changes nothing of that.
  REQUIRE(t.apply(first, relay_side::offerer, a.at).has_value());
  a.send(test::rtp_packet(8, 2), first.ends[0].rtp);
  CHECK(c.gets(2));
  t.relay->prefer(first.id);
  a.send(test::rtp_packet(8, 3), first.ends[0].rtp);
  CHECK(b.gets(1));
  t.relay->prefer(second.id);
  t.relay->close(second.id);
  a.send(test::rtp_packet(8, 4), first.ends[0].rtp);
  CHECK(b.gets(2));
  CHECK(c.hears() == 2);
}

TEST_CASE("branches have the SSRC of their common peer, too", "[net][relay][shared]") {
  const shared_relay t;
  media_peer a, b, c;
  const base::socket_address hidden{base::ip_address::v4(0x0A000005U), 4000};
  const auto first = t.open(7);
  const auto second = t.open(7);
  for (const auto& [branch, peer] : {std::pair(&first, &b), std::pair(&second, &c)}) {
    media::relay_end_settings settings;
    settings.rtp = hidden;
    settings.rtcp_mux = true;
    settings.seen = a.at.ip;
    settings.ssrcs = {42, 42, 43};
    REQUIRE(t.relay->apply(branch->id, relay_side::offerer, settings).has_value());
    REQUIRE(t.apply(*branch, relay_side::answerer, peer->at).has_value());
  }
  a.send(test::rtp_packet(8, 1, 42), first.ends[0].rtp);
  CHECK(c.gets(1));
  t.relay->prefer(first.id);
  a.send(test::rtp_packet(8, 2, 42), first.ends[0].rtp);
  CHECK(b.gets(1));
  // Of another NAT the same address may come, with another SSRC.
  media_peer d, e;
  const auto other = t.open(8);
  CHECK(t.apply(other, relay_side::offerer, hidden).error() == net::errc::source_taken);
  media::relay_end_settings settings;
  settings.rtp = hidden;
  settings.rtcp_mux = true;
  settings.seen = d.at.ip;
  settings.ssrcs = {77};
  REQUIRE(t.relay->apply(other.id, relay_side::offerer, settings).has_value());
  REQUIRE(t.apply(other, relay_side::answerer, e.at).has_value());
  d.send(test::rtp_packet(8, 1, 77), other.ends[0].rtp);
  CHECK(e.gets(1));
  t.relay->close(first.id);
  t.relay->close(second.id);
  a.send(test::rtp_packet(8, 3, 42), first.ends[0].rtp);
  CHECK(t.until([&] { return t.relay->unclaimed() == 1; }));
}

TEST_CASE("a shared port is no peer of its own media", "[net][relay][shared][attack]") {
  const shared_relay t(2);
  const auto medium = t.open();
  for (const auto& own :
       {medium.ends[0].rtp, base::socket_address{base::ip_address::loopback_v6(),
                                                 static_cast<std::uint16_t>(t.options.single_port + 1)}}) {
    CHECK(t.apply(medium, relay_side::offerer, own).error() == net::errc::source_taken);
    media::relay_end_settings settings;
    settings.rtp = {base::ip_address::loopback_v4(), 4000};
    settings.rtcp = own;
    CHECK(t.relay->apply(medium.id, relay_side::offerer, settings).error() == net::errc::source_taken);
  }
}

TEST_CASE("interfaces at one address have one shared port", "[net][relay][shared]") {
  shared_relay t;
  t.relay.reset();
  net::media_relay_options options = t.options;
  options.interfaces.push_back({"nat", test::own_address(), *base::ip_address::from_string("192.0.2.1")});
  // The system closes the ports of the other one in its own time.
  REQUIRE(t.until([&] {
    auto made = net::media_relay::create(options, t.random);
    if (made) t.relay = std::move(*made);
    return t.relay != nullptr;
  }));
  media_peer a, b;
  const auto medium = t.relay->open({{{"nat", false}, {"lan", false}}}).value();
  CHECK(medium.ends[0].rtp.ip.to_string() == "192.0.2.1");
  t.connect(medium, a, b);
  a.send(test::rtp_packet(8, 1), medium.ends[1].rtp);
  CHECK(b.gets(1));
}

TEST_CASE("a peer that moves is heard from its new address, and one on hold stays known",
          "[net][relay][shared]") {
  const shared_relay t;
  media_peer a, b, moved;
  const auto medium = t.open();
  t.connect(medium, a, b);
  REQUIRE(t.apply(medium, relay_side::offerer, {}).has_value());
  a.send(test::rtp_packet(8, 1), medium.ends[0].rtp);
  CHECK(t.until([&] {
    return t.relay->state(medium.id, relay_side::offerer).counters.packets == 1 ||
           t.relay->state(medium.id, relay_side::offerer).counters.strangers == 1;
  }));
  CHECK(t.relay->unclaimed() == 0);
  REQUIRE(t.apply(medium, relay_side::offerer, moved.at).has_value());
  const std::size_t before = b.hears();
  moved.send(test::rtp_packet(8, 2), medium.ends[0].rtp);
  CHECK(b.gets(before + 1));
  a.send(test::rtp_packet(8, 3), medium.ends[0].rtp);
  CHECK(t.until([&] { return t.relay->unclaimed() == 1; }));
}

TEST_CASE("both families have a shared port, and one of them speaks to the other", "[net][relay][shared]") {
  const shared_relay t;
  media_peer a, b(base::ip_address::loopback_v6());
  const auto medium = t.open(0, true);
  t.connect(medium, a, b);
  a.send(test::rtp_packet(8, 1), medium.ends[0].rtp);
  REQUIRE(b.gets(1));
  CHECK(b.last_from == medium.ends[1].rtp);
  b.send(test::rtp_packet(8, 1), medium.ends[1].rtp);
  CHECK(a.gets(1));
}

TEST_CASE("media come and go at a shared port, as many as may be", "[net][relay][shared]") {
  shared_relay t;
  media_peer a, b;
  for (int i = 0; i < 300; ++i) {
    const auto medium = t.open();
    t.connect(medium, a, b);
    t.relay->close(medium.id);
  }
  CHECK(t.relay->size() == 0);
  const auto last = t.open();
  t.connect(last, a, b);
  a.send(test::rtp_packet(8, 1), last.ends[0].rtp);
  CHECK(b.gets(1));
  t.relay->close(last.id);
  a.send(test::rtp_packet(8, 2), last.ends[0].rtp);
  CHECK(t.until([&] { return t.relay->unclaimed() == 1; }));
}

TEST_CASE("what can't be done at a shared port is said", "[net][relay][shared]") {
  shared_relay t;
  const auto medium = t.open();
  CHECK(t.relay->mark(medium.id, relay_side::offerer, 46).error() == net::errc::shared_port);
  CHECK(t.apply({}, relay_side::offerer, {}).error() == net::errc::closed);
  // The port is in use, and there are no more ports than 65535.
  CHECK(net::media_relay::create(t.options, t.random).error() == boost::system::errc::address_in_use);
  net::media_relay_options too_high = t.options;
  too_high.interfaces.resize(1);
  too_high.single_port = 65535;
  too_high.workers = 2;
  CHECK(net::media_relay::create(too_high, t.random).error() == boost::system::errc::invalid_argument);
}
