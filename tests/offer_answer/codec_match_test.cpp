#include <parley/offer_answer/codec_match.hpp>
#include <parley/sdp/h264.hpp>

#include "support/catch.hpp"
#include "support/offer_answer.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace parley;
using namespace parley::offer_answer;
using sdp::rtp_format;
using test::format;

namespace {

bool same(const rtp_format& a, const rtp_format& b) {
  const std::vector<rtp_format> among_a{a};
  const std::vector<rtp_format> among_b{b};
  const bool forth = same_codec(a, among_a, b, among_b);
  CHECK(same_codec(b, among_b, a, among_a) == forth);
  return forth;
}

/// Formats of one encoding that differ in their parameters.
bool same(std::string_view encoding, std::string_view a, std::string_view b) {
  return same(format("96 " + std::string(encoding), a), format("97 " + std::string(encoding), b));
}

std::string answered(std::string_view encoding, std::string_view offered, std::string_view ours) {
  const rtp_format out = answer_format(format("100 " + std::string(encoding), offered),
                                       format("97 " + std::string(encoding), ours));
  CHECK(out.payload_type() == 100);
  return out.parameters;
}

std::vector<unsigned> offered_types(const std::vector<rtp_format>& offered,
                                    const std::vector<format_pair>& pairs) {
  std::vector<unsigned> out;
  for (const format_pair& one : pairs) out.push_back(offered[one.offered].payload_type());
  return out;
}

using types = std::vector<unsigned>;

}  // namespace

TEST_CASE("RFC 3264 6.1: a codec is its name, clock rate and channels", "[offer_answer]") {
  CHECK(same(format("0 PCMU/8000"), format("96 pcmu/8000/1")));
  CHECK_FALSE(same(format("0 PCMU/8000"), format("8 PCMA/8000")));
  CHECK_FALSE(same(format("96 L16/8000"), format("96 L16/16000")));
  CHECK_FALSE(same(format("96 L16/8000/2"), format("96 L16/8000")));
  CHECK(same(format("96 opus/48000/2", "stereo=1"), format("97 opus/48000/2", "maxplaybackrate=8000")));
  rtp_format unknown;
  unknown.codec.payload_type = 99;
  CHECK_FALSE(same(unknown, unknown));
}

TEST_CASE("RFC 6184 8.2.2: profile and packetization mode are symmetric, the level isn't", "[offer_answer]") {
  CHECK(same("H264/90000", "profile-level-id=42e01f;packetization-mode=1",
             "profile-level-id=42e034;packetization-mode=1"));
  // Constrained Baseline in two spellings.
  CHECK(same("H264/90000", "profile-level-id=42e01f", "profile-level-id=4d801f"));
  CHECK_FALSE(same("H264/90000", "profile-level-id=42e01f;packetization-mode=1", "profile-level-id=42e01f"));
  CHECK_FALSE(same("H264/90000", "profile-level-id=42e01f", "profile-level-id=640c1f"));
  CHECK_FALSE(same("H264/90000", "profile-level-id=42e01f", "profile-level-id=what"));
  CHECK(same("H264/90000", "", "profile-level-id=42000a"));
}

TEST_CASE("other codecs have symmetric parameters, too", "[offer_answer]") {
  CHECK(same("VP9/90000", "", "profile-id=0"));
  CHECK_FALSE(same("VP9/90000", "", "profile-id=2"));
  CHECK(same("AV1/90000", "level-idx=8", ""));
  CHECK_FALSE(same("AV1/90000", "profile=1", ""));
  CHECK(same("H265/90000", "level-id=93", "profile-id=1"));
  CHECK_FALSE(same("H265/90000", "profile-id=2", ""));
  CHECK(same("G7221/16000", "bitrate=24000", "bitrate=24000"));
  CHECK_FALSE(same("G7221/16000", "bitrate=24000", "bitrate=32000"));
  CHECK_FALSE(same("G7221/16000", "", ""));
  CHECK_FALSE(same("AMR/8000", "octet-align=1", ""));
  CHECK(same("AMR/8000", "octet-align=1", "octet-align=1;crc=0"));
  CHECK_FALSE(same("AMR/8000", "octet-align=1", "octet-align=1;crc=1"));
  CHECK(same("AMR-WB/16000", "mode-set=0,1", "mode-set=1,2"));
  CHECK_FALSE(same("AMR-WB/16000", "mode-set=0,1", "mode-set=2"));
  CHECK(same("iLBC/8000", "mode=20", "mode=30"));
  CHECK(same("telephone-event/8000", "0-15", "0-11,66"));
  CHECK_FALSE(same("telephone-event/8000", "0-15", "66"));
  CHECK_FALSE(same("telephone-event/8000", "0-15", "what"));
  CHECK_FALSE(same(format("101 telephone-event/8000"), format("101 telephone-event/48000")));
}

TEST_CASE("an answer has the parameters that the RFC of the codec lets it have", "[offer_answer]") {
  CHECK(answered("opus/48000/2", "stereo=1", "useinbandfec=1") == "useinbandfec=1");
  // RFC 6184 8.2.2: the lower level, or our own where both allow that.
  CHECK(answered("H264/90000", "profile-level-id=42e01f", "profile-level-id=42e034;max-fs=1") ==
        "profile-level-id=42e01f;max-fs=1");
  CHECK(answered("H264/90000", "profile-level-id=42e034", "profile-level-id=42e01f") ==
        "profile-level-id=42e01f");
  CHECK(answered("H264/90000", "level-asymmetry-allowed=1;profile-level-id=42e00d",
                 "level-asymmetry-allowed=1;profile-level-id=42e01f") ==
        "level-asymmetry-allowed=1;profile-level-id=42e01f");
  CHECK(answered("H264/90000", "profile-level-id=42e00d",
                 "level-asymmetry-allowed=1;profile-level-id=42e01f") ==
        "level-asymmetry-allowed=0;profile-level-id=42e00d");
  // Level 1b, which a flag says in one profile and a number in others.
  const auto level_1b = answered("H264/90000", "profile-level-id=42f00b", "profile-level-id=42e01f");
  CHECK(level_1b == "profile-level-id=42f00b");
  CHECK(answered("H264/90000", "profile-level-id=640009", "profile-level-id=64001f") ==
        "profile-level-id=640009");
  CHECK(answered("H264/90000", "", "").empty());

  CHECK(answered("telephone-event/8000", "0-15", "0-11,66") == "0-11");
  CHECK(answered("telephone-event/8000", "", "").empty());
  CHECK(answered("telephone-event/8000", "", "0-5") == "0-5");
  CHECK(answered("iLBC/8000", "mode=20", "mode=20") == "mode=20");
  CHECK(answered("iLBC/8000", "mode=20", "mode=30") == "mode=30");
  CHECK(answered("iLBC/8000", "", "mode=20") == "mode=30");
  CHECK(answered("G729/8000", "annexb=no", "") == "annexb=no");
  CHECK(answered("G729/8000", "", "annexb=no") == "annexb=no");
  CHECK(answered("G729/8000", "", "").empty());
  CHECK(answered("AMR/8000", "mode-set=0,2,4,7;mode-change-period=2", "mode-set=2,7").find("mode-set=2,7") !=
        std::string::npos);
  CHECK(answered("rtx/90000", "apt=99;rtx-time=3000", "apt=96") == "apt=99;rtx-time=3000");
}

TEST_CASE("RFC 4585 4.2: the answer has the feedback that both have", "[offer_answer]") {
  const auto offered = format("100 VP8/90000", {}, {"nack", "nack pli", "transport-cc"});
  const auto ours = format("96 VP8/90000", {}, {"nack pli", "ccm fir", "NACK"});
  const auto out = answer_format(offered, ours);
  REQUIRE(out.feedback.size() == 2);
  CHECK(out.feedback[0] == sdp::rtcp_fb{100, "nack", "pli"});
  CHECK(out.feedback[1].payload_type == 100);
}

TEST_CASE("formats are matched in the order of the offer, or in ours", "[offer_answer]") {
  const std::vector<rtp_format> offered{test::pcma(), test::opus(98), test::pcmu(), test::events(97)};
  const std::vector<rtp_format> ours{test::opus(), test::pcmu(), test::events(), format("9 G722/8000")};
  CHECK(offered_types(offered, match_formats(offered, ours)) == types{98, 0, 97});
  const std::vector<rtp_format> turned{test::pcmu(), test::events(), test::opus()};
  CHECK(offered_types(offered, match_formats(offered, turned, {.own_order = true})) == types{0, 97, 98});
  CHECK(match_formats(offered, turned, {.own_order = true}).front() == format_pair{2, 0});
  CHECK(match_formats(offered, {}).empty());
}

TEST_CASE("events alone are no codec, unless only they are offered", "[offer_answer]") {
  const std::vector<rtp_format> events{test::events()};
  const std::vector<rtp_format> offered{test::pcmu(), test::events(97)};
  CHECK(match_formats(offered, events).empty());
  CHECK(match_formats(events, offered).size() == 1);
}

TEST_CASE("one codec brings the events and the noise of its rate", "[offer_answer]") {
  const std::vector<rtp_format> all{test::pcmu(),
                                    test::opus(),
                                    format("13 CN/8000"),
                                    format("105 CN/48000"),
                                    format("110 telephone-event/48000"),
                                    format("101 telephone-event/8000")};
  CHECK(offered_types(all, match_formats(all, all, {.single_codec = true})) == types{0, 13, 101});
  const std::vector<rtp_format> opus_first{test::opus(), test::pcmu(), all[2], all[4], all[5]};
  CHECK(offered_types(opus_first, match_formats(opus_first, all, {.single_codec = true})) == types{111, 110});
  // Events at a rate that no chosen codec has are still better than none.
  const std::vector<rtp_format> narrow{test::opus(), test::pcmu(), test::events()};
  CHECK(offered_types(narrow, match_formats(narrow, all, {.single_codec = true})) == types{111, 101});
}

TEST_CASE("RFC 4588 8.1: rtx goes with the format that it names", "[offer_answer]") {
  const std::vector<rtp_format> offered{test::vp8(100), format("101 rtx/90000", "apt=100"),
                                        format("102 H264/90000", "profile-level-id=42e01f"),
                                        format("103 rtx/90000", "apt=102")};
  const std::vector<rtp_format> ours{format("96 H264/90000", "profile-level-id=42e01f"),
                                     format("97 rtx/90000", "apt=96"), test::vp8(98)};
  CHECK(offered_types(offered, match_formats(offered, ours)) == types{100, 102, 103});
  // What was not chosen is not sent again.
  CHECK(offered_types(offered, match_formats(offered, ours, {.own_order = true, .single_codec = true})) ==
        types{102, 103});
  CHECK(offered_types(offered, match_formats(offered, ours, {.single_codec = true})) == types{100});
  const std::vector<rtp_format> dangling{test::vp8(100), format("101 rtx/90000", "apt=9"),
                                         format("102 rtx/90000", "apt=102"), format("103 rtx/90000")};
  CHECK(offered_types(dangling, match_formats(dangling, dangling)) == types{100});
}

TEST_CASE("RFC 2198: red goes with the codecs in it", "[offer_answer]") {
  const std::vector<rtp_format> offered{format("63 red/48000/2", "111/111"), test::opus(111)};
  const std::vector<rtp_format> ours{test::opus(96), format("97 red/48000/2", "96/96")};
  CHECK(offered_types(offered, match_formats(offered, ours)) == types{63, 111});
  const std::vector<rtp_format> without{test::pcmu(), format("97 red/48000/2", "0/0")};
  CHECK(match_formats(offered, without).empty());
}
