// The payload formats by their figures: what is written, and what is read of what others write.
#include <parley/media/video_assembler.hpp>
#include <parley/media/video_packetizer.hpp>

#include "media/detail/vp9_frames.hpp"
#include "support/catch.hpp"
#include "support/hex.hpp"
#include "support/video.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace parley;
using media::video_codec;

namespace {

const std::string vp8_key = "1002009d012a4001f000";
const std::string vp9_key =
    "82498342"
    "0013f00ef0";

/// The frame that packets with these payloads make, the last one with the marker.
std::optional<std::string> frame_of(const media::video_format& format,
                                    const std::vector<std::string>& payloads) {
  base::buffer_pool pool;
  media::video_assembler assembler(format, {.wait_for_key_frame = false});
  std::uint16_t sequence = 7;
  for (const auto& payload : payloads) {
    const bool last = &payload == &payloads.back();
    const auto taken = assembler.insert({sequence++, 1000, last, pool.copy(test::from_hex(payload)).value()});
    CHECK(taken.has_value());
    if (!last) CHECK(!assembler.poll_frame().has_value());
  }
  const auto frame = assembler.poll_frame();
  if (!frame) return std::nullopt;
  return test::to_hex(frame->bytes);
}

/// Why a payload is refused.
base::error_code refusal(const media::video_format& format, const std::string& payload) {
  base::buffer_pool pool;
  media::video_assembler assembler(format);
  const auto taken = assembler.insert({1, 1, true, pool.copy(test::from_hex(payload)).value()});
  CHECK(assembler.size() == (taken ? 1U : 0U));
  return taken ? base::error_code{} : taken.error();
}

std::vector<std::string> payloads_of(const media::video_format& format, const std::string& frame,
                                     const media::video_packetizer_options& options = {},
                                     const media::video_layer& layer = {}) {
  test::video_sender sender(format, options);
  std::vector<std::string> out;
  const auto bytes = test::from_hex(frame);
  for (const auto& packet : sender.send(bytes, 0, layer)) out.push_back(test::to_hex(packet.payload));
  return out;
}

using texts = std::vector<std::string>;

constexpr media::video_format vp8{video_codec::vp8};
constexpr media::video_format vp9{video_codec::vp9};
constexpr media::video_format h264{video_codec::h264, 1};
constexpr media::video_format single_units{video_codec::h264, 0};
constexpr media::video_format av1{video_codec::av1};

/// A hundred bytes of two digits.
std::string hundred(const std::string& digits) {
  std::string out;
  for (int i = 0; i < 100; ++i) out += digits;
  return out;
}

}  // namespace

TEST_CASE("RFC 7741 4.2: a VP8 descriptor with a picture ID of 15 bits, in even pieces", "[media]") {
  CHECK(payloads_of(vp8, vp8_key, {.first_picture_id = 0x1234}) == texts{"90809234" + vp8_key});
  // 110 bytes in packets of 64, of which the descriptor takes 4: two of 55.
  const std::string frame = vp8_key + hundred("ab");
  CHECK(payloads_of(vp8, frame, {.max_payload = 64}) ==
        texts{"90808000" + frame.substr(0, 110), "80808000" + frame.substr(110)});
}

TEST_CASE("RFC 7741 4.2: layers of VP8 in its descriptor", "[media]") {
  test::video_sender sender(vp8, {.first_picture_id = 0x7FFF, .temporal_layers = true});
  const auto key = test::from_hex(vp8_key);
  const auto other = test::from_hex("110200aa");
  const auto sent = [&](const std::vector<std::byte>& frame, const media::video_layer& layer) {
    return test::to_hex(sender.send(frame, 0, layer).front().payload);
  };
  // X S; I L T K; PictureID; TL0PICIDX; TID Y KEYIDX.
  CHECK(sent(key, {}) ==
        "90f0"
        "ffff"
        "01"
        "01" +
            vp8_key);
  // N; the picture ID goes on from 0; layer 2, which depends on the base alone.
  CHECK(sent(other, {.temporal_id = 2, .layer_sync = true, .discardable = true}) ==
        "b0f0"
        "8000"
        "01"
        "a1"
        "110200aa");
  CHECK(sent(other, {}) ==
        "90f0"
        "8001"
        "02"
        "01"
        "110200aa");
  auto packetizer = media::make_video_packetizer(vp8).value();
  CHECK(packetizer->begin(key, {.temporal_id = 4}).error() == media::errc::bad_frame);
  CHECK(packetizer->begin(test::from_hex("1002009d")).error() == media::errc::bad_frame);
  std::vector<std::byte> space(1200);
  CHECK(packetizer->next(space).error() == media::errc::late);
  CHECK(packetizer->begin(key).has_value());
  CHECK(packetizer->next(std::span(space).first(1199)).error() == media::errc::no_space);
  CHECK(media::make_video_packetizer(vp8, {.max_payload = 63}).error() == media::errc::bad_parameters);
}

TEST_CASE("RFC 7741 4.2: VP8 descriptors of each length are read", "[media]") {
  // Without extension; a picture ID of 7 and of 15 bits; TL0PICIDX; TID alone and KEYIDX alone; all; the
  // reserved bits.
  for (const char* const descriptor :
       {"10", "908011", "90809122", "904033", "902060", "901007", "90f0912233c7", "d8f0912233c7"}) {
    INFO(descriptor);
    CHECK(frame_of(vp8, {descriptor + vp8_key}) == vp8_key);
  }
  // Partitions that are told apart.
  CHECK(frame_of(vp8, {"10" + vp8_key, "00aa", "11bb", "01cc"}) == vp8_key + "aabbcc");
  // RFC 7741 4.2: nothing of the frame behind the descriptor.
  for (const char* const bad :
       {"10", "90", "9080", "908011", "908091", "90809122", "90f0912233", "90f0912233c7"}) {
    INFO(bad);
    CHECK(refusal(vp8, bad) == media::errc::bad_descriptor);
  }
  // The first packet isn't there: nobody takes the second for it.
  CHECK(frame_of(vp8, {"00" + vp8_key}) == std::nullopt);
  CHECK(frame_of(vp8, {"11" + vp8_key}) == std::nullopt);
}

TEST_CASE("RFC 9628 4.2: VP9 descriptors with and without flexible mode", "[media]") {
  // I B E V; ID; one layer with its size, a group of one picture that refers to the one before.
  CHECK(payloads_of(vp9, vp9_key, {.first_picture_id = 5}) == texts{"8e8005"
                                                                    "18"
                                                                    "0140"
                                                                    "00f0"
                                                                    "01"
                                                                    "04"
                                                                    "01" +
                                                                    vp9_key});
  // I P B E.
  CHECK(payloads_of(vp9, "86000040aa") == texts{"cc8000"
                                                "86000040aa"});
  // 109 bytes: 64 hold 51 behind a descriptor with the structure, then 61.
  const std::string frame = vp9_key + hundred("01");
  const auto sent = payloads_of(vp9, frame, {.max_payload = 64});
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].substr(0, 6) == "8a8000");
  CHECK(sent[1].substr(0, 6) == "808000");
  CHECK(sent[2].substr(0, 6) == "848000");
  CHECK(sent[0].substr(26 - 4) + sent[1].substr(6) + sent[2].substr(6) == frame);

  // I L F B E V, and P with the distance in its flexible mode.
  CHECK(payloads_of(vp9, vp9_key, {.temporal_layers = true}) == texts{"be8000"
                                                                      "00"
                                                                      "10"
                                                                      "0140"
                                                                      "00f0" +
                                                                      vp9_key});
  CHECK(payloads_of(vp9, "86000040aa", {.temporal_layers = true},
                    {.temporal_id = 2, .layer_sync = true, .reference_distance = 3}) == texts{"fc8000"
                                                                                              "50"
                                                                                              "06"
                                                                                              "86000040aa"});
  auto packetizer = media::make_video_packetizer(vp9).value();
  for (const media::video_layer bad :
       {media::video_layer{.temporal_id = 8}, media::video_layer{.reference_distance = 0},
        media::video_layer{.reference_distance = 128}}) {
    CHECK(packetizer->begin(test::from_hex(vp9_key), bad).error() == media::errc::bad_frame);
  }
}

TEST_CASE("RFC 9628 4.2: VP9 descriptors of each kind are read", "[media]") {
  // No ID, 7 bits, 15 bits, layer with TL0PICIDX; flexible: layer without it, one and three references;
  // structures.
  for (const char* const descriptor :
       {"0c", "8c11", "8c9122", "2c2007", "bc1120", "dc1102", "dc11030502", "0e18014000f0010401", "0e20"}) {
    INFO(descriptor);
    CHECK(frame_of(vp9, {descriptor + vp9_key}) == vp9_key);
  }
  // Two spatial layers, a group of two pictures with two and no references.
  CHECK(frame_of(vp9, {"0e38"
                       "014000f0"
                       "028001e0"
                       "02"
                       "0803"
                       "02"
                       "00" +
                       vp9_key}) == vp9_key);
  for (const char* const bad : {
           "0c", "8c", "8c91", "8c9122", "1c",          // ends; flexible without an ID
           "2c20", "dc11", "dc1103", "dc1103030301aa",  // layer, references, more than three of them
           "0e", "0e18", "0e18014000f0", "0e18014000f001", "0e08ff04",  // the structure ends
       }) {
    INFO(bad);
    CHECK(refusal(vp9, bad) == media::errc::bad_descriptor);
  }
}

TEST_CASE("RFC 9628 4.2: the layers of a VP9 picture become one superframe", "[media]") {
  // Spatial layers 0 and 1, of which the second one has two packets: I L B E, I L B, I L E.
  const auto bytes = frame_of(vp9, {"ac1100"
                                    "07" +
                                        vp9_key,
                                    "a81102"
                                    "07"
                                    "86000040",
                                    "a41102"
                                    "07"
                                    "aabb"});
  REQUIRE(bytes.has_value());
  const auto frame = test::from_hex(*bytes);
  media::detail::vp9_frames frames(frame);
  REQUIRE((frames.indexed() && frames.size() == 2));
  CHECK(test::to_hex(frames.next().value()) == vp9_key);
  CHECK(test::to_hex(frames.next().value()) == "86000040aabb");
  // The upper layer alone.
  CHECK(frame_of(vp9, {"ec1102"
                       "07"
                       "86000002aa"}) == "86000002aa");
  // A layer that isn't ended before the next one, and one at the end of the picture.
  CHECK(frame_of(vp9, {"a81100"
                       "07" +
                           vp9_key,
                       "ac1102"
                       "07"
                       "86000040"}) == std::nullopt);
  CHECK(frame_of(vp9, {"a81100"
                       "07" +
                       vp9_key}) == std::nullopt);
}

TEST_CASE("RFC 6184: units alone, together and in fragments", "[media]") {
  const std::string small =
      "00000001"
      "6742"
      "000001"
      "68ce";
  // 5.7.1: STAP-A with the greatest importance; the marker belongs to its packet.
  CHECK(payloads_of(h264, small) == texts{"78"
                                          "0002"
                                          "6742"
                                          "0002"
                                          "68ce"});
  CHECK(payloads_of(single_units, small) == texts{"6742", "68ce"});
  CHECK(payloads_of(h264,
                    "00000001"
                    "4101") == texts{"4101"});
  // 5.8: FU-A. 101 bytes behind the header in packets of 64 are two pieces; S and E.
  const std::string large = "01" + hundred("ab");
  CHECK(payloads_of(h264,
                    "00000001"
                    "65" +
                        large,
                    {.max_payload = 64}) == texts{"7c85" + large.substr(0, 102), "7c45" + large.substr(102)});
  CHECK(payloads_of(h264,
                    "0000016742"
                    "0000016501" +
                        large + "00000141",
                    {.max_payload = 64})
            .size() == 4);

  auto packetizer = media::make_video_packetizer(single_units, {.max_payload = 64}).value();
  CHECK(packetizer->begin(test::from_hex("00000165" + large)).error() == media::errc::unit_too_large);
  // No start code, no unit, the types of packets, a forbidden bit.
  for (const char* const bad : {"6742", "000001", "00000178", "00000100ff", "000001e5"}) {
    INFO(bad);
    CHECK(packetizer->begin(test::from_hex(bad)).error() == media::errc::bad_frame);
  }
  std::string many;
  for (std::size_t i = 0; i <= media::video_packetizer::max_units; ++i) many += "00000141";
  CHECK(packetizer->begin(test::from_hex(many)).error() == media::errc::limit_reached);
}

TEST_CASE("RFC 6184: payloads of each type are read", "[media]") {
  CHECK(frame_of(h264, {"4101"}) == "000000014101");
  CHECK(frame_of(h264, {"78"
                        "0002"
                        "6742"
                        "0003"
                        "68ce3c",
                        "6588"}) ==
        "000000016742"
        "0000000168ce3c"
        "000000016588");
  CHECK(frame_of(h264, {"7c85"
                        "aa",
                        "7c05"
                        "bb",
                        "7c45"
                        "cc"}) == "0000000165aabbcc");
  // 5.4: what each mode has.
  CHECK(frame_of(single_units, {"4101"}) == "000000014101");
  for (const char* const other : {"7800024101", "7c85aabb"}) {
    CHECK(refusal(single_units, other) == media::errc::unsupported_packet);
  }
  // STAP-B, MTAP16, MTAP24, FU-B, and what has no meaning.
  for (const char* const other : {"79000100024101", "7a0000", "7b0000", "7d850000aa", "00", "7e", "7f"}) {
    CHECK(refusal(h264, other) == media::errc::unsupported_packet);
  }
  // Lengths beyond the end, of nothing, half a length; a packet within a packet.
  for (const char* const bad : {"78", "7800", "78000341 01", "780000", "78000241010000", "7800027c85"}) {
    INFO(bad);
    CHECK(refusal(h264, bad) == media::errc::bad_aggregation);
  }
  for (const char* const bad : {"7c", "7c85", "7cc5aa", "7c9caa"}) {
    INFO(bad);
    CHECK(refusal(h264, bad) == media::errc::bad_fragment);
  }
  // A fragment of another type, one too many beginnings, no end, another packet between.
  CHECK(frame_of(h264, {"7c85aa", "7c41bb"}) == std::nullopt);
  CHECK(frame_of(h264, {"7c85aa", "7c85bb"}) == std::nullopt);
  CHECK(frame_of(h264, {"7c85aa", "7c05bb"}) == std::nullopt);
  CHECK(frame_of(h264, {"7c85aa", "4101"}) == std::nullopt);
  CHECK(frame_of(h264, {"7c85aa", "4101", "7c45bb"}) == std::nullopt);
  CHECK(frame_of(h264, {"4101", "7c45aa"}) == std::nullopt);
}

TEST_CASE("AV1 over RTP 4.4: units lose their sizes, three are counted", "[media]") {
  const std::string sequence = test::to_hex(test::sequence_header());
  // N with the sequence header; W of two; the first one has its length; no temporal delimiter.
  CHECK(payloads_of(av1,
                    "1200"
                    "0a06" +
                        sequence +
                        "3203"
                        "aabbcc") == texts{"28"
                                           "07"
                                           "08" +
                                           sequence + "30aabbcc"});
  CHECK(payloads_of(av1,
                    "1200"
                    "3203"
                    "aabbcc") == texts{"10"
                                       "30aabbcc"});
  // With an extension, and without a size at the end.
  CHECK(payloads_of(av1,
                    "36080 1aa"
                    "3408bb") == texts{"20"
                                       "03"
                                       "3408aa"
                                       "3408bb"});
  // 101 bytes in packets of 64: Y, then Z.
  CHECK(payloads_of(av1, "3264" + hundred("ab"), {.max_payload = 64}) ==
        texts{"50"
              "30" +
                  hundred("ab").substr(0, 124),
              "90" + hundred("ab").substr(124)});
  // A fourth element goes into the next packet.
  CHECK(payloads_of(av1,
                    "2a01aa"
                    "2a01bb"
                    "2a01cc"
                    "3201dd") == texts{"30"
                                       "0228aa"
                                       "0228bb"
                                       "28cc",
                                       "10"
                                       "30dd"});
  auto packetizer = media::make_video_packetizer(av1).value();
  for (const char* const bad : {"", "1200", "3205aa", "b200"}) {
    CHECK(packetizer->begin(test::from_hex(bad)).error() == media::errc::bad_frame);
  }
}

TEST_CASE("AV1 over RTP 4.4: payloads with and without counts are read", "[media]") {
  // W of 2 and of 0; a unit with a size of its own; a temporal delimiter and a tile list, which are left out.
  CHECK(frame_of(av1, {"20"
                       "0228aa"
                       "30bb"}) ==
        "1200"
        "2a01aa"
        "3201bb");
  CHECK(frame_of(av1, {"00"
                       "0228aa"
                       "0230bb"}) ==
        "1200"
        "2a01aa"
        "3201bb");
  CHECK(frame_of(av1, {"10"
                       "3201bb"}) ==
        "1200"
        "3201bb");
  CHECK(frame_of(av1, {"30"
                       "0110"
                       "0240ff"
                       "30bb"}) ==
        "1200"
        "3201bb");
  CHECK(frame_of(av1, {"50"
                       "3408aa",
                       "c0"
                       "01bb"
                       "0130",
                       "90"
                       "cc"}) ==
        "1200"
        "360802aabb"
        "3201cc");
  // A unit that becomes longer than a length of one byte tells.
  CHECK(frame_of(av1, {"50"
                       "30" +
                           hundred("01"),
                       "90" + hundred("02")}) ==
        "1200"
        "32c801" +
            hundred("01") + hundred("02"));
  // Lengths beyond the end, of nothing and without an end; nothing at all.
  for (const char* const bad : {"00", "10", "0003aa", "0000", "20ff", "2001aa", "0080808080808080808001"}) {
    INFO(bad);
    CHECK(refusal(av1, bad) == media::errc::bad_aggregation);
  }
  // Z without Y before it, and the other way round; Y at the end; a size that isn't the unit's.
  CHECK(frame_of(av1, {"10"
                       "30bb",
                       "90"
                       "cc"}) == std::nullopt);
  CHECK(frame_of(av1, {"50"
                       "30bb",
                       "10"
                       "30cc"}) == std::nullopt);
  CHECK(frame_of(av1, {"50"
                       "30bb"}) == std::nullopt);
  CHECK(frame_of(av1, {"10"
                       "3202bb"}) == std::nullopt);
  CHECK(frame_of(av1, {"10"
                       "3201bbcc"}) == std::nullopt);
  CHECK(frame_of(av1, {"10"
                       "b0bb"}) == std::nullopt);
}

TEST_CASE("AV1 over RTP 4.4: units that just fit, and that just don't", "[media]") {
  for (std::size_t size = 50; size < 140; ++size) {
    INFO(size);
    auto unit = test::bytes_of({0x12, 0x00});
    for (const std::size_t each : {size, std::size_t{1}, std::size_t{70}}) {
      test::append(unit, test::sized_obu(6, test::noise_bytes(each, 1)));
    }
    const auto payloads = payloads_of(av1, test::to_hex(unit), {.max_payload = 64});
    CHECK(frame_of(av1, payloads) == test::to_hex(unit));
  }
}
