// RTP as others have recorded it: the folder pcap-sipp-media of PARLEY_MATERIAL.
#include <parley/rtp/dtmf_receiver.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/rtp/payload_type.hpp>
#include <parley/rtp/reception.hpp>

#include "support/catch.hpp"
#include "support/pcap_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

using namespace parley;

namespace {

std::optional<std::filesystem::path> recordings() {
  const char* const root = std::getenv("PARLEY_MATERIAL");
  if (root == nullptr) {
    WARN("PARLEY_MATERIAL is unset: the recorded packets were not read");
    return std::nullopt;
  }
  return std::filesystem::path(root) / "pcap-sipp-media";
}

/// What tshark 4.0.17 tells with `-z rtp,streams`, in ms.
struct stream_figures {
  std::uint64_t packets = 0;
  std::int64_t lost = 0;
  double min_delta = 1e9;
  double mean_delta = 0;
  double max_delta = 0;
  double min_jitter = 1e9;
  double mean_jitter = 0;
  double max_jitter = 0;
};

/// The figures of the one stream that the packets are, of a clock of 8 kHz; those of jitter in floating
/// point, as tshark has them. `received` must tell the same, but for its whole units of an eighth of a
/// millisecond. As in tshark, events are not `timed`.
stream_figures analyse(const std::vector<test::recorded_datagram>& packets, rtp::reception& received,
                       bool timed = true) {
  stream_figures is;
  double jitter = 0;
  double transit = 0;
  int steps = 0;
  for (const auto& packet : packets) {
    const auto view = rtp::packet_view::parse(packet.payload);
    REQUIRE(view.has_value());
    REQUIRE(view->ssrc() == received.ssrc());
    received.handle_packet(packet.at, view->sequence_number(), view->timestamp(), view->payload().size(),
                           timed);
    const double at = static_cast<double>((packet.at - packets.front().at).count()) / 1000;
    if (&packet != &packets.front()) {
      const double delta = static_cast<double>((packet.at - (&packet - 1)->at).count()) / 1000;
      is.min_delta = std::min(is.min_delta, delta);
      is.max_delta = std::max(is.max_delta, delta);
      if (timed) {
        // RFC 3550 A.8.
        jitter += (std::abs(at - view->timestamp() / 8.0 - transit) - jitter) / 16;
        is.min_jitter = std::min(is.min_jitter, jitter);
        is.max_jitter = std::max(is.max_jitter, jitter);
        is.mean_jitter += jitter;
        ++steps;
      }
    }
    transit = at - view->timestamp() / 8.0;
    const double ours = static_cast<double>(received.jitter_time().count()) / 1000;
    CHECK(std::abs(ours - jitter) <= 1.5 / 8);  // a unit is cut off, and arrivals are in whole ones
  }
  is.packets = received.sequence().received();
  is.lost = received.sequence().lost();
  is.mean_delta = static_cast<double>((packets.back().at - packets.front().at).count()) / 1000 /
                  static_cast<double>(packets.size() - 1);
  if (steps != 0) is.mean_jitter /= steps;
  return is;
}

/// To the three digits that tshark prints.
bool prints_as(double value, double printed) { return std::abs(value - printed) <= 0.0005 + 1e-9; }

}  // namespace

TEST_CASE("each recorded digit is one press of 280 ms", "[rtp][material]") {
  const auto folder = recordings();
  if (!folder) return;
  const std::map<std::string, char> names{{"star", '*'}, {"pound", '#'}};
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string stem = entry.path().stem().string();
    if (!stem.starts_with("dtmf_2833_")) continue;
    CAPTURE(stem);
    const std::string name = stem.substr(10);
    const char digit = names.count(name) != 0 ? names.at(name) : name.at(0);
    const auto packets = test::read_datagrams(entry.path());
    REQUIRE(packets.has_value());
    CHECK(packets->size() == 10);
    rtp::dtmf_receiver receiver;
    for (const auto& packet : *packets) {
      const auto view = rtp::packet_view::parse(packet.payload);
      REQUIRE(view.has_value());
      CHECK_FALSE(rtp::is_rtcp(packet.payload));
      CHECK(view->payload_type() == 101);
      REQUIRE(receiver.handle_packet(view->marker(), view->timestamp(), view->payload()).has_value());
    }
    const auto press = receiver.poll_event();
    REQUIRE(press.has_value());
    CHECK(rtp::digit_of(press->event) == digit);
    CHECK(press->duration == 2240);
    CHECK(press->volume == 10);
    CHECK(press->end_seen);
    CHECK_FALSE(receiver.poll_event().has_value());
    CHECK_FALSE(receiver.sounding().has_value());
    ++read;
  }
  CHECK(read == 12);
}

TEST_CASE("recorded audio is one stream of G.711", "[rtp][material]") {
  const auto folder = recordings();
  if (!folder) return;
  const auto packets = test::read_datagrams(*folder / "g711a.pcap");
  REQUIRE(packets.has_value());
  REQUIRE(packets->size() > 100);
  const auto first = rtp::packet_view::parse(packets->front().payload).value();
  CHECK(rtp::static_payload_of(first.payload_type())->encoding == "PCMA");
  std::uint16_t sequence = first.sequence_number();
  std::uint32_t timestamp = first.timestamp();
  for (const auto& packet : *packets) {
    const auto view = rtp::packet_view::parse(packet.payload);
    REQUIRE(view.has_value());
    CHECK(view->ssrc() == first.ssrc());
    CHECK(view->sequence_number() == sequence++);
    CHECK(view->timestamp() == timestamp);
    CHECK(view->payload().size() == 240);
    timestamp += 240;
  }
}

TEST_CASE("the figures of recorded audio are those of tshark", "[rtp][material]") {
  const auto folder = recordings();
  if (!folder) return;
  const auto packets = test::read_datagrams(*folder / "g711a.pcap");
  REQUIRE(packets.has_value());
  rtp::reception received(0xDEE0EE8F, 8000, 1);
  const stream_figures is = analyse(*packets, received);
  CHECK(is.packets == 236);
  CHECK(is.lost == 0);
  CHECK(prints_as(is.min_delta, 25.112));
  CHECK(prints_as(is.mean_delta, 29.998));
  CHECK(prints_as(is.max_delta, 34.829));
  CHECK(prints_as(is.min_jitter, 0.002));
  CHECK(prints_as(is.mean_jitter, 0.350));
  CHECK(prints_as(is.max_jitter, 0.829));
  CHECK(received.bytes() == std::uint64_t{236} * 240);
  CHECK(received.losses().lost() == 0);
}

TEST_CASE("the figures of recorded digits are those of tshark", "[rtp][material]") {
  const auto folder = recordings();
  if (!folder) return;
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (!entry.path().stem().string().starts_with("dtmf_2833_")) continue;
    CAPTURE(entry.path().string());
    const auto packets = test::read_datagrams(entry.path());
    REQUIRE(packets.has_value());
    rtp::reception received(rtp::packet_view::parse(packets->front().payload).value().ssrc(), 8000, 1);
    const stream_figures is = analyse(*packets, received, false);
    CHECK(is.packets == 10);
    // The last packet comes three times, with one number (RFC 4733 2.5.1.4 wants three).
    CHECK(is.lost == -2);
    CHECK(received.sequence().duplicates() == 2);
    CHECK(received.jitter() == 0);
    ++read;
  }
  CHECK(read == 12);
}
