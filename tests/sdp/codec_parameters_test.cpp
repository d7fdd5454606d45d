#include <parley/sdp/codec_parameters.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

using namespace parley::sdp;
using parley::test::read_as;
using parley::test::sdp_error;

TEST_CASE("RFC 7587 6.1: Opus", "[sdp]") {
  CHECK(read_as<opus_parameters>("") == opus_parameters{});
  const auto read = read_as<opus_parameters>(
      "maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; stereo=1; useinbandfec=1; "
      "usedtx=0",
      "maxplaybackrate=16000;sprop-maxcapturerate=16000;maxaveragebitrate=20000;stereo=1;useinbandfec=1");
  CHECK(read.maxplaybackrate == 16000);
  CHECK(read.maxaveragebitrate == 20000U);
  CHECK(read.stereo);
  CHECK(read.useinbandfec);
  CHECK_FALSE(read.usedtx);
  CHECK(read_as<opus_parameters>("minptime=10;unknown=1", "minptime=10").minptime == 10);
  CHECK(sdp_error<opus_parameters>("minptime=10;stereo=2") == parse_error{errc::bad_format_parameter, 19});
  CHECK(sdp_error<opus_parameters>("minptime=1x") == parse_error{errc::bad_format_parameter, 9});
  CHECK(sdp_error<opus_parameters>("cbr") == parse_error{errc::bad_format_parameter, 3});
}

TEST_CASE("RFC 4733 2.4.1: telephone events are ranges", "[sdp]") {
  CHECK(read_as<telephone_event_parameters>("", "0-15").events.count() == 16);
  const auto read = read_as<telephone_event_parameters>("0-15,66,70");
  CHECK(read.events.count() == 18);
  CHECK(read.events.test(66));
  CHECK_FALSE(read.events.test(67));
  CHECK(read_as<telephone_event_parameters>("0-11, 12-15", "0-15").events.count() == 16);
  CHECK(read_as<telephone_event_parameters>("255,0-255", "0-255").events.all());
  CHECK(read_as<telephone_event_parameters>("events=0-15", "0-15").events.count() == 16);
  CHECK(sdp_error<telephone_event_parameters>("0-256") == parse_error{errc::bad_event_list, 2});
  CHECK(sdp_error<telephone_event_parameters>("5-4") == parse_error{errc::bad_event_list, 2});
  CHECK(sdp_error<telephone_event_parameters>("1,") == parse_error{errc::bad_event_list, 2});
  CHECK(sdp_error<telephone_event_parameters>("1;2") == parse_error{errc::trailing_text, 1});
}

TEST_CASE("RFC 7741 6.1, RFC 9628 6.1: VP8 and VP9", "[sdp]") {
  CHECK(read_as<vp8_parameters>("max-fr=30;max-fs=3600").max_fs == 3600U);
  CHECK(read_as<vp9_parameters>("").profile_id == 0);
  CHECK(read_as<vp9_parameters>("profile-id=2;max-fr=30").profile_id == 2);
  CHECK(sdp_error<vp9_parameters>("profile-id=4") == parse_error{errc::bad_format_parameter, 11});
}

TEST_CASE("AV1 has profile, level and tier", "[sdp]") {
  CHECK(read_as<av1_parameters>("") == av1_parameters{0, 5, 0});
  CHECK(read_as<av1_parameters>("level-idx=5;profile=0;tier=0", "") == av1_parameters{});
  CHECK(read_as<av1_parameters>("profile=1;level-idx=8;tier=1") == av1_parameters{1, 8, 1});
  CHECK(sdp_error<av1_parameters>("tier=2") == parse_error{errc::bad_format_parameter, 5});
}

TEST_CASE("RFC 4588 8.1: retransmissions need the payload type that they are of", "[sdp]") {
  CHECK(read_as<rtx_parameters>("apt=96").apt == 96);
  CHECK(read_as<rtx_parameters>("apt=0;rtx-time=3000").rtx_time == 3000U);
  CHECK(sdp_error<rtx_parameters>("rtx-time=3000") == parse_error{errc::missing_parameter, 13});
  CHECK(sdp_error<rtx_parameters>("apt=128") == parse_error{errc::bad_format_parameter, 4});
}

TEST_CASE("RFC 2198 5: redundant data list payload types", "[sdp]") {
  CHECK(read_as<red_parameters>("0/5/100").payload_types == std::vector<std::uint8_t>{0, 5, 100});
  CHECK(read_as<red_parameters>("").payload_types.empty());
  CHECK(sdp_error<red_parameters>("0/") == parse_error{errc::expected_number, 2});
}

TEST_CASE("RFC 4867 8.1: AMR", "[sdp]") {
  const auto read = read_as<amr_parameters>("octet-align=1; mode-set=0,2,5,7; mode-change-period=2",
                                            "octet-align=1;mode-change-period=2;mode-set=0,2,5,7");
  CHECK(read.octet_align);
  CHECK(read.mode_set == 0b10100101);
  CHECK(read.mode_change_period == 2);
  CHECK(read_as<amr_parameters>("mode-set=8").mode_set == 0x100);
  CHECK(sdp_error<amr_parameters>("mode-set=9") == parse_error{errc::bad_format_parameter, 9});
  CHECK(sdp_error<amr_parameters>("mode-set=1,") == parse_error{errc::bad_format_parameter, 9});
  CHECK(sdp_error<amr_parameters>("mode-change-period=3") == parse_error{errc::bad_format_parameter, 19});
}

TEST_CASE("RFC 3952 5: iLBC frames have 20 or 30 ms", "[sdp]") {
  CHECK(read_as<ilbc_parameters>("", "mode=30").mode == 30);
  CHECK(read_as<ilbc_parameters>("mode=20").mode == 20);
  CHECK(sdp_error<ilbc_parameters>("mode=25") == parse_error{errc::bad_format_parameter, 5});
}

TEST_CASE("RFC 4856 2.1.9: G.729 compresses silence unless told otherwise", "[sdp]") {
  CHECK(read_as<g729_parameters>("").annexb);
  CHECK_FALSE(read_as<g729_parameters>("annexb=no").annexb);
  CHECK(read_as<g729_parameters>("annexb=YES", "").annexb);
  CHECK(sdp_error<g729_parameters>("annexb=1") == parse_error{errc::bad_format_parameter, 7});
}

TEST_CASE("RFC 5577 4.1: G.722.1 needs its bitrate", "[sdp]") {
  CHECK(read_as<g7221_parameters>("bitrate=32000").bitrate == 32000);
  CHECK(sdp_error<g7221_parameters>("") == parse_error{errc::missing_parameter, 0});
}
