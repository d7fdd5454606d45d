#include <parley/media/video_header.hpp>

#include "media/detail/vp9_frames.hpp"
#include "support/catch.hpp"
#include "support/hex.hpp"
#include "support/video.hpp"

#include <vector>

using namespace parley;
using media::read_video_header;
using media::video_codec;
using media::video_header;

TEST_CASE("VP8: a key frame tells its size, others don't (RFC 6386 9.1)", "[media]") {
  // 0x4140: 320 columns, and a scale of 1 in the two bits above.
  const auto key = test::from_hex("10 02 00 9d 01 2a 40 41 f0 00");
  CHECK(read_video_header(video_codec::vp8, key).value() == video_header{true, 320, 240});
  CHECK(read_video_header(video_codec::vp8, test::from_hex("11 02 00")).value() == video_header{});
  for (const char* const bad : {"", "10 02", "10 02 00 9d 01 2a 40 01 f0", "10 02 00 9d 01 2b 40 01 f0 00",
                                "10 02 00 9d 01 2a 00 00 f0 00", "10 02 00 9d 01 2a 40 01 00 40"}) {
    INFO(bad);
    CHECK(read_video_header(video_codec::vp8, test::from_hex(bad)).error() == media::errc::bad_frame);
  }
}

TEST_CASE("VP9: the uncompressed header of each kind of frame", "[media]") {
  const auto read = [](const char* hex) { return read_video_header(video_codec::vp9, test::from_hex(hex)); };
  CHECK(read("82 49 83 42 00 13 f0 0e f0").value() == video_header{true, 320, 240});
  // Depends on others, with the first one's size.
  CHECK(read("86 00 00 02").value() == video_header{});
  // No reset (2 bits), refreshes (8) and references (12), three flags that none of those has the size, then
  // 16 bits for each side less 1.
  CHECK(read("86 00 00 00 00 9f 80 77 80").value() == video_header{false, 320, 240});
  // Not shown, intra only, no reset (2), the code (24), refreshes (8), and the size.
  CHECK(read("84 89 30 68 40 00 27 e0 1d e0").value() == video_header{false, 320, 240});
  // An earlier frame is shown.
  CHECK(read("88").value() == video_header{});
  // A marker of 01; a key frame with another sync code; one that ends; sRGB in profile 0.
  for (const char* const bad : {"", "42 49 83 42 00 13 f0 0e f0", "82 49 83 43 00 13 f0 0e f0",
                                "82 49 83 42 00 13 f0", "82 49 83 42 e0 13 f0 0e f0", "86 00"}) {
    INFO(bad);
    CHECK(read(bad).error() == media::errc::bad_frame);
  }
}

TEST_CASE("VP9: a superframe is read by its index", "[media]") {
  // Frames of 2 and 3 bytes, sizes of one byte: 110 00 001.
  const auto bytes = test::from_hex("8811 862233 c1 02 03 c1");
  media::detail::vp9_frames frames(bytes);
  CHECK(frames.indexed());
  CHECK(test::to_hex(frames.next().value()) == "8811");
  CHECK(test::to_hex(frames.next().value()) == "862233");
  CHECK(!frames.next().has_value());

  std::vector<std::byte> made = test::from_hex("8811862233");
  made.resize(made.size() + media::detail::superframe_index_bytes(2));
  const std::vector<std::uint32_t> sizes{2, 3};
  media::detail::put_superframe_index(made.data() + 5, sizes);
  media::detail::vp9_frames again(made);
  CHECK((again.indexed() && again.size() == 2));
  CHECK(test::to_hex(again.next().value()) == "8811");
  CHECK(test::to_hex(again.next().value()) == "862233");

  // Sizes beyond what there is, and a last byte that only looks like an index.
  const auto over = test::from_hex("8811 c1 02 03 c1");
  CHECK(media::detail::vp9_frames(over).size() == 1);
  const auto none = test::from_hex("8811 862233 c0 02 03 c1");
  CHECK(!media::detail::vp9_frames(none).indexed());
}

TEST_CASE("H.264: a key frame has an IDR slice behind its parameter sets", "[media]") {
  const auto sps = test::sequence_parameters();
  const auto pps = test::picture_parameters();
  const auto idr = test::bytes_of({0x65, 0x88, 0x84});
  const auto slice = test::bytes_of({0x41, 0x9A, 0x02});
  const auto delimiter = test::bytes_of({0x09, 0xF0});
  const auto read = [](const std::vector<std::byte>& frame) {
    return read_video_header(video_codec::h264, frame);
  };
  CHECK(read(test::annex_b({delimiter, sps, pps, idr})).value() == video_header{true, 1280, 720});
  CHECK(read(test::annex_b({sps, idr})).value() == video_header{false, 1280, 720});
  CHECK(read(test::annex_b({idr})).value() == video_header{});
  CHECK(read(test::annex_b({slice})).value() == video_header{});
  // Start codes of three bytes, zeros around units.
  CHECK(read(test::from_hex("0000016742c01f0000000168ce3c8000000165888400")).value().key_frame);
  CHECK(read(test::from_hex("00000041")).error() == media::errc::bad_frame);
  CHECK(read(test::from_hex("41000001")).error() == media::errc::bad_frame);
  CHECK(read(test::from_hex("00000100")).error() == media::errc::bad_frame);
  CHECK(read({}).error() == media::errc::bad_frame);
}

TEST_CASE("H.264: sizes of sequence parameter sets, cropped and with fields", "[media]") {
  struct known {
    const char* set;
    std::uint32_t width, height;
  };
  // High 4:2:2 with escaped zeros and cropped; Constrained Baseline.
  for (const auto& [set, width, height] :
       {known{"67 7a001fbcd9405005ba10000003 00c000002ae0f1831960", 1280, 720},
        known{"67 7a001ebcd940a02ff8984000000301800000 5683c58b6580", 640, 360},
        known{"67 7a000dbcd943433e5e10000003006000 0015a0f1429960", 200, 400},
        known{"67 42c01e da0280f6 40", 640, 480}}) {
    INFO(set);
    std::vector<std::byte> frame = test::bytes_of({0, 0, 1});
    test::append(frame, test::from_hex(set));
    const auto header = read_video_header(video_codec::h264, frame);
    REQUIRE(header.has_value());
    CHECK(header->width == width);
    CHECK(header->height == height);
  }
}

TEST_CASE("AV1: a sequence header makes a key frame", "[media]") {
  const auto sequence = test::sequence_header();
  auto unit = test::bytes_of({0x12, 0x00});
  test::append(unit, test::sized_obu(1, sequence));
  test::append(unit, test::sized_obu(6, test::bytes_of({1, 2, 3})));
  CHECK(read_video_header(video_codec::av1, unit).value() == video_header{true, 320, 240});
  // The last unit may go without its size.
  auto last = test::bytes_of({0x12, 0x00, 6U << 3U, 1, 2});
  CHECK(read_video_header(video_codec::av1, last).value() == video_header{});
  // A size beyond the end, a forbidden bit, a sequence header that ends within.
  CHECK(read_video_header(video_codec::av1, test::bytes_of({0x0A, 0x05, 0x18})).error() ==
        media::errc::bad_frame);
  CHECK(read_video_header(video_codec::av1, test::bytes_of({0x92, 0x00})).error() == media::errc::bad_frame);
  CHECK(read_video_header(video_codec::av1, test::bytes_of({0x0A, 0x01, 0x18})).error() ==
        media::errc::bad_frame);
  CHECK(read_video_header(video_codec::av1, {}).error() == media::errc::bad_frame);
}

TEST_CASE("AV1: a sequence header with all that may stand before the size", "[media]") {
  // profile 000, still 0, reduced 0; timing 1: 32 and 32 bits, equal intervals 1, uvlc 1 (0); model 1: 00001
  // (two bits of delay), 32 bits, 00000, 00000; display delay 1; one point 00000: 12 bits, level 01000, tier
  // 0, model 1: 00 00 0, delay 1: 0000; sizes of 1001 and 1000 bits: 0100111111 (320), 011101111 (240).
  std::vector<unsigned> bits;
  const auto put = [&](unsigned value, unsigned count) {
    while (count-- > 0) bits.push_back(value >> count & 1U);
  };
  put(0, 3), put(0, 1), put(0, 1);
  put(1, 1), put(7, 32), put(9, 32), put(1, 1), put(1, 1);
  put(1, 1), put(1, 5), put(5, 32), put(0, 5), put(0, 5);
  put(1, 1), put(0, 5);
  put(0, 12), put(8, 5), put(0, 1), put(1, 1), put(0, 5), put(1, 1), put(0, 4);
  put(9, 4), put(8, 4), put(319, 10), put(239, 9), put(0, 8);
  std::vector<std::byte> payload((bits.size() + 7) / 8);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    payload[i / 8] |= static_cast<std::byte>(bits[i] << (7U - i % 8U));
  }
  CHECK(read_video_header(video_codec::av1, test::sized_obu(1, payload)).value() ==
        video_header{true, 320, 240});
}
