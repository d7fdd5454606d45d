#include <parley/rtp/media_clock.hpp>

#include "support/catch.hpp"

using namespace parley;
using rtp::media_clock;

namespace {
constexpr std::uint64_t noon = std::uint64_t{3900000000} << 32U;
constexpr std::uint64_t second = std::uint64_t{1} << 32U;
}  // namespace

TEST_CASE("a clock needs a report and a rate", "[rtp]") {
  media_clock unset;
  unset.handle_sender_report(noon, 1);
  CHECK_FALSE(unset.to_ntp(1));
  media_clock c(8000);
  CHECK_FALSE(c.synchronized());
  c.handle_sender_report(0, 17);
  CHECK_FALSE(c.from_ntp(noon));
  c.handle_sender_report(noon, 17);
  CHECK(c.to_ntp(17) == noon);
}

TEST_CASE("a clock goes forward and back from its report, across the wrap", "[rtp]") {
  media_clock c(8000);
  c.handle_sender_report(noon, 100);
  CHECK(c.to_ntp(8100) == noon + second);
  CHECK(c.to_ntp(100U - 4000U) == noon - second / 2);
  CHECK(c.from_ntp(noon + 3 * second / 4) == 6100);
  CHECK(c.from_ntp(noon - second) == 100U - 8000U);
  media_clock video(90000);
  video.handle_sender_report(noon, 0xFFFFFFFFU);
  CHECK(video.to_ntp(89999) == noon + second);
  for (std::uint32_t t = 0; t < 1000000; t += 997) REQUIRE(video.from_ntp(*video.to_ntp(t)) == t);
  CHECK(*video.to_ntp(0x7FFFFFF0U) > noon);
  CHECK(*video.to_ntp(0x80000010U) < noon);
}

TEST_CASE("timestamps of two sources are one moment", "[rtp]") {
  media_clock audio(48000);
  media_clock video(90000);
  CHECK_FALSE(rtp::convert_timestamp(audio, 0, video));
  audio.handle_sender_report(noon, 1000);
  CHECK_FALSE(rtp::convert_timestamp(audio, 0, video));
  video.handle_sender_report(noon + second / 2, 500000);
  // A second after the audio's report: half a second after the video's.
  CHECK(rtp::convert_timestamp(audio, 49000, video) == 545000);
  CHECK(rtp::convert_timestamp(video, 545000, audio) == 49000);
}
