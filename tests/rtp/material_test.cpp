// RTP as others have recorded it: the folder pcap-sipp-media of PARLEY_MATERIAL.
#include <parley/rtp/dtmf_receiver.hpp>
#include <parley/rtp/packet.hpp>
#include <parley/rtp/payload_type.hpp>

#include "support/catch.hpp"
#include "support/pcap_file.hpp"

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
    const auto packets = test::read_udp_payloads(entry.path());
    REQUIRE(packets.has_value());
    CHECK(packets->size() == 10);
    rtp::dtmf_receiver receiver;
    for (const auto& packet : *packets) {
      const auto view = rtp::packet_view::parse(packet);
      REQUIRE(view.has_value());
      CHECK_FALSE(rtp::is_rtcp(packet));
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
  const auto packets = test::read_udp_payloads(*folder / "g711a.pcap");
  REQUIRE(packets.has_value());
  REQUIRE(packets->size() > 100);
  const auto first = rtp::packet_view::parse(packets->front()).value();
  CHECK(rtp::static_payload_of(first.payload_type())->encoding == "PCMA");
  std::uint16_t sequence = first.sequence_number();
  std::uint32_t timestamp = first.timestamp();
  for (const auto& packet : *packets) {
    const auto view = rtp::packet_view::parse(packet);
    REQUIRE(view.has_value());
    CHECK(view->ssrc() == first.ssrc());
    CHECK(view->sequence_number() == sequence++);
    CHECK(view->timestamp() == timestamp);
    CHECK(view->payload().size() == 240);
    timestamp += 240;
  }
}
