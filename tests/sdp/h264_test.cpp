#include <parley/sdp/h264.hpp>

#include "support/catch.hpp"
#include "support/sdp.hpp"

using namespace parley::sdp;
using parley::test::read_as;
using parley::test::sdp_error;

namespace {

std::optional<h264_profile> profile_of(std::string_view text) {
  return profile_level_id::read(text).value().profile();
}
unsigned level_of(std::string_view text) { return profile_level_id::read(text).value().level(); }
bool same(std::string_view a, std::string_view b) {
  return profile_level_id::read(a).value().same_profile(*profile_level_id::read(b));
}

}  // namespace

TEST_CASE("RFC 6184 8.1: profile-level-id is three bytes", "[sdp]") {
  const auto read = read_as<profile_level_id>("42e01f");
  CHECK(read.profile_idc == 0x42);
  CHECK(read.constraints == 0xe0);
  CHECK(read.level_idc == 31);
  CHECK(read_as<profile_level_id>("42A01E", "42a01e").level() == 300);
  CHECK(sdp_error<profile_level_id>("42e0") == parse_error{errc::bad_profile_level_id, 0});
  CHECK(sdp_error<profile_level_id>("42e01g") == parse_error{errc::bad_profile_level_id, 4});
}

TEST_CASE("RFC 6184 8.1, table 5: combinations that stand for the same profile", "[sdp]") {
  CHECK((profile_of("42e01f") == h264_profile::constrained_baseline));
  CHECK((profile_of("4d801f") == h264_profile::constrained_baseline));
  CHECK((profile_of("58c01f") == h264_profile::constrained_baseline));
  CHECK((profile_of("42001f") == h264_profile::baseline));
  CHECK((profile_of("58801f") == h264_profile::baseline));
  CHECK((profile_of("4d001f") == h264_profile::main));
  CHECK((profile_of("4d401f") == h264_profile::main));
  CHECK((profile_of("58001f") == h264_profile::extended));
  CHECK((profile_of("64001f") == h264_profile::high));
  CHECK((profile_of("640c1f") == h264_profile::constrained_high));
  CHECK((profile_of("6e101f") == h264_profile::high_10_intra));
  CHECK((profile_of("2c101f") == h264_profile::cavlc_4_4_4_intra));
  CHECK_FALSE(profile_of("00001f").has_value());
  CHECK(same("42e01f", "4d801f"));
  CHECK(same("42e01f", "42c00b"));
  CHECK_FALSE(same("42e01f", "42001f"));
  CHECK(same("00001f", "00000a"));
  CHECK_FALSE(same("00001f", "00010a"));
}

TEST_CASE("RFC 6184 8.1: level 1b lies between 1 and 1.1", "[sdp]") {
  CHECK(level_of("42e00a") == 100);
  CHECK(level_of("42f00b") == 105);
  CHECK(level_of("42e00b") == 110);
  CHECK(level_of("640009") == 105);
  CHECK(level_of("64100b") == 110);
}

TEST_CASE("RFC 6184 8.1: H.264's parameters", "[sdp]") {
  CHECK(read_as<h264_parameters>("") == h264_parameters{});
  CHECK((h264_parameters{}.profile.profile() == h264_profile::baseline));
  const auto read =
      read_as<h264_parameters>("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
                               "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1");
  CHECK(read.level_asymmetry_allowed);
  CHECK(read.packetization_mode == 1);
  CHECK(read_as<h264_parameters>(
            "profile-level-id=4d0028;packetization-mode=1;sprop-parameter-sets=Z0IAH5WoFAFuQA==,aM48gA==")
            .sprop_parameter_sets == "Z0IAH5WoFAFuQA==,aM48gA==");
  CHECK(read_as<h264_parameters>("profile-level-id=64001f;max-mbps=122500;max-fs=8192;max-br=20010").max_br ==
        20010U);
  CHECK(sdp_error<h264_parameters>("a=1;profile-level-id=42e0zz") ==
        parse_error{errc::bad_profile_level_id, 25});
  CHECK(sdp_error<h264_parameters>("packetization-mode=3") == parse_error{errc::bad_format_parameter, 19});
}

TEST_CASE("RFC 6184 8.1: sprop-parameter-sets are units in base64", "[sdp]") {
  const h264_units units{{0x67, 0x42, 0x00}, {0x68, 0xce, 0x3c, 0x80}};
  const std::string text = "Z0IA,aM48gA==";
  CHECK(read_parameter_sets(text).value() == units);
  std::string written;
  write_parameter_sets(units, written);
  CHECK(written == text);
  CHECK(read_parameter_sets("").value().empty());
  CHECK(read_parameter_sets("Z0IA").value().size() == 1);
  const auto fails_at = [](std::string_view bad) { return read_parameter_sets(bad).error(); };
  CHECK(fails_at("Z0IA,") == parse_error{errc::bad_base64, 5});
  CHECK(fails_at(",Z0IA") == parse_error{errc::bad_base64, 0});
  CHECK(fails_at(",") == parse_error{errc::bad_base64, 0});
  CHECK(fails_at("Z0IA,aM48gA==,a*") == parse_error{errc::bad_base64, 14});
}
