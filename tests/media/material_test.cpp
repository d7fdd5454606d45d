// RTP as others have recorded it, through a relay: the folder pcap-sipp-media of PARLEY_MATERIAL.
#include <parley/media/relay_medium.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/rtp/reception.hpp>

#include "support/catch.hpp"
#include "support/pcap_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

using namespace parley;

TEST_CASE("recorded packets leave a plain relay as they came", "[media][relay][material]") {
  const char* const root = std::getenv("PARLEY_MATERIAL");
  if (root == nullptr) {
    WARN("PARLEY_MATERIAL is unset: the recorded packets were not relayed");
    return;
  }
  int read = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(root) / "pcap-sipp-media")) {
    if (entry.path().extension() != ".pcap") continue;
    CAPTURE(entry.path().string());
    const auto packets = test::read_datagrams(entry.path());
    REQUIRE(packets.has_value());
    REQUIRE(!packets->empty());
    media::relay_medium medium;
    media::relay_end_settings settings;
    settings.rtp = packets->front().from;
    REQUIRE(medium.apply(media::relay_side::offerer, settings).has_value());
    settings.rtp = packets->front().to;
    REQUIRE(medium.apply(media::relay_side::answerer, settings).has_value());

    base::buffer_pool pool;
    rtp::reception received(rtp::packet_view::parse(packets->front().payload).value().ssrc(), 8000, 1);
    std::uint64_t bytes = 0;
    for (const auto& packet : *packets) {
      auto buffer = pool.copy(packet.payload, 64, 160);
      REQUIRE(buffer.has_value());
      const auto to = medium.handle_packet(packet.at, media::relay_side::offerer, media::relay_component::rtp,
                                           packet.from, *buffer);
      REQUIRE(to.has_value());
      CHECK(to->side == media::relay_side::answerer);
      CHECK(to->to == packet.to);
      CHECK(std::ranges::equal(buffer->bytes(), packet.payload));
      bytes += packet.payload.size();
      const auto view = rtp::packet_view::parse(packet.payload).value();
      received.handle_packet(packet.at, view.sequence_number(), view.timestamp(), view.payload().size());
    }
    const media::relay_end_counters& is = medium.counters(media::relay_side::offerer);
    CHECK(is.packets == packets->size());
    CHECK(is.bytes == bytes);
    CHECK(is.malformed + is.unauthenticated + is.strangers + is.dropped + is.rtcp_packets == 0);
    CHECK(is.lost == 0);
    CHECK(is.ssrc == received.ssrc());
    CHECK(is.jitter_us == static_cast<std::uint32_t>(received.jitter_time().count()));
    CHECK(is.last_packet == packets->back().at);
    CHECK(medium.counters(media::relay_side::answerer).packets == 0);
    ++read;
  }
  CHECK(read == 13);
}
