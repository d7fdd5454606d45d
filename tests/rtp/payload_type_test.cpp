#include <parley/rtp/payload_type.hpp>

#include "support/catch.hpp"

using namespace parley;

TEST_CASE("RFC 3551 6: what payload types stand for by themselves", "[rtp]") {
  const auto pcma = rtp::static_payload_of(8);
  REQUIRE(pcma.has_value());
  CHECK(pcma->encoding == "PCMA");
  CHECK(pcma->clock_rate == 8000);
  CHECK(pcma->channels == 1);
  CHECK(rtp::static_payload_of(9)->clock_rate == 8000);
  CHECK(rtp::static_payload_of(10)->channels == 2);
  CHECK(rtp::static_payload_of(34)->encoding == "H263");
  CHECK(rtp::static_payload_of(34)->channels == 0);
  int known = 0;
  for (unsigned type = 0; type < 256; ++type) {
    const auto payload = rtp::static_payload_of(static_cast<std::uint8_t>(type));
    if (!payload) continue;
    ++known;
    CHECK(rtp::static_payload_type(payload->encoding, payload->clock_rate, payload->channels) == type);
  }
  CHECK(known == 24);
  for (const unsigned none : {1U, 2U, 19U, 24U, 27U, 35U, 72U, 96U, 127U, 128U}) {
    CHECK_FALSE(rtp::static_payload_of(static_cast<std::uint8_t>(none)).has_value());
  }
  CHECK(rtp::static_payload_type("pcmu", 8000, 1) == 0);
  CHECK_FALSE(rtp::static_payload_type("pcmu", 16000, 1).has_value());
  CHECK_FALSE(rtp::static_payload_type("pcmu", 8000, 2).has_value());
  CHECK_FALSE(rtp::static_payload_type("opus", 48000, 2).has_value());
  CHECK_FALSE(rtp::static_payload_type("PCM", 8000, 1).has_value());
}
