#include <parley/media/h264_parameter_sets.hpp>
#include <parley/media/video_header.hpp>
#include <parley/sdp/h264.hpp>

#include "support/catch.hpp"
#include "support/video.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace parley;

namespace {

// What ffmpeg 5.1 writes for a stream of x264.
const std::string ffmpeg_sets = "Z2QADazZQUH7ARAAAAMAEAAAAwMg8UKZYA==,aOvhssiw";

}  // namespace

TEST_CASE("RFC 6184 8.1: a description gets the parameter sets of a key frame", "[media]") {
  const auto units = media::parameter_sets_of(ffmpeg_sets).value();
  REQUIRE(units.size() == 4 + 25 + 4 + 6);
  CHECK(std::equal(units.begin(), units.begin() + 8,
                   test::bytes_of({0, 0, 0, 1, 0x67, 0x64, 0x00, 0x0D}).begin()));
  CHECK(std::equal(units.end() - 10, units.end() - 4, test::bytes_of({0, 0, 0, 1, 0x68, 0xEB}).begin()));

  auto frame = units;
  test::append(frame, units);  // once in the description
  test::append(frame,
               test::annex_b({test::bytes_of({0x06, 0x05, 0x80}), test::bytes_of({0x65, 0x88, 0x84})}));
  sdp::h264_parameters description;
  description.packetization_mode = 1;
  REQUIRE(media::describe_parameter_sets(frame, description).has_value());
  CHECK(description.sprop_parameter_sets == ffmpeg_sets);
  CHECK((description.profile == sdp::profile_level_id{0x64, 0x00, 0x0D}));
  CHECK(description.packetization_mode == 1);

  // A frame without the sets is a key frame behind them.
  auto with = media::parameter_sets_of(ffmpeg_sets).value();
  test::append(with, test::annex_b({test::bytes_of({0x65, 0x88, 0x84})}));
  const auto header = media::read_video_header(media::video_codec::h264, with).value();
  CHECK((header == media::video_header{true, 320, 240}));
}

TEST_CASE("frames without parameter sets leave a description as it was", "[media]") {
  const auto sequence = test::sequence_parameters();
  const auto picture = test::picture_parameters();
  sdp::h264_parameters description;
  for (const auto& frame :
       {test::annex_b({test::bytes_of({0x65, 0x88})}), test::annex_b({sequence}), test::annex_b({picture}),
        test::annex_b({test::bytes_of({0x67, 0x64, 0x0D}), picture}), sequence, std::vector<std::byte>{}}) {
    CHECK(media::describe_parameter_sets(frame, description).error() == media::errc::bad_frame);
  }
  CHECK(description == sdp::h264_parameters{});
  // As many different sets as there may be, and no more.
  std::vector<std::byte> many = test::annex_b({sequence, picture});
  for (unsigned i = 1; i <= 100; ++i) test::append(many, test::annex_b({test::bytes_of({0x68, i})}));
  REQUIRE(media::describe_parameter_sets(many, description).has_value());
  CHECK(sdp::read_parameter_sets(description.sprop_parameter_sets).value().size() == 64);
}

TEST_CASE("descriptions with other than parameter sets are refused", "[media]") {
  CHECK(media::parameter_sets_of("").value().empty());
  for (const char* const bad : {
           "*",         // no base64
           "Z0IA,",     // an empty unit
           "ZYiE",      // a slice
           "Z0IA",      // 67 42 00: it ends with zeros
           "Z0IAAAFl",  // 67 42 00 00 01 65: two units
           "ZwAAAAE=",  // 67 00 00 00 01
       }) {
    INFO(bad);
    CHECK(media::parameter_sets_of(bad).error() == media::errc::bad_parameters);
  }
}
