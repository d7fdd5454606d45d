#include <parley/rtp/rtcp_feedback.hpp>

#include "rtcp_support.hpp"

#include <array>

using namespace parley;
using namespace parley::rtp;
using test::error_of;
using test::plain;
using test::written;

namespace {

const std::string sources = "00000001 00000002";

}  // namespace

TEST_CASE("RFC 4585 6.2.1: packets that are asked for again", "[rtp]") {
  const std::string hex = "81cd0004" + sources + "00108001 ffff0003";
  const test::one_packet p(hex);
  const auto nack = p.get<generic_nack>();
  CHECK(nack.sender_ssrc == 1);
  CHECK(nack.media_ssrc == 2);
  REQUIRE(nack.entries.size() == 2);
  CHECK(nack.entries[0] == nack_entry{16, 0x8001});
  std::vector<std::uint16_t> lost;
  nack.for_each([&](std::uint16_t n) { lost.push_back(n); });
  CHECK(lost == std::vector<std::uint16_t>{16, 17, 32, 65535, 0, 1});
  CHECK(written(nack) == plain(hex));

  std::array<nack_entry, 4> entries;
  REQUIRE(make_nack_entries(lost, entries) == 2);
  CHECK(entries[0] == nack.entries[0]);
  CHECK(entries[1] == nack.entries[1]);
  CHECK(make_nack_entries(std::array<std::uint16_t, 3>{5, 5, 22}, entries) == 2);
  CHECK(entries[0] == nack_entry{5, 0});
  CHECK(make_nack_entries(lost, std::span(entries).first(1)) == 1);
  CHECK(make_nack_entries({}, entries) == 0);
}

TEST_CASE("RFC 5104 4.2: bounds of rates", "[rtp]") {
  const std::string entry = "00000003 0401c028";  // 2^1 * 224, 40 bytes
  const std::string hex = "83cd0004 00000001 00000000" + entry;
  const test::one_packet p(hex);
  const auto request = p.get<bitrate_request>();
  REQUIRE(request.bounds.size() == 1);
  CHECK(request.bounds[0] == bitrate_bound{3, 448, 40});
  CHECK_FALSE(p.packet().is<bitrate_notification>());
  CHECK(test::copied<bitrate_notification>("84cd0002 00000001 00000000") ==
        plain("84cd0002 00000001 00000000"));
  CHECK(
      test::one_packet("84cd0004 00000001 00000000" + entry).get<bitrate_notification>().bounds[0].overhead ==
      40);
  struct row {
    std::uint64_t rate;
    std::uint64_t read;
    std::string_view hex;
  };
  for (const row& r :
       {row{0, 0, "00000000"}, row{0x1FFFF, 0x1FFFF, "03fffe00"}, row{0x20000, 0x20000, "06000000"},
        row{0x3FFFF, 0x3FFFE, "07fffe00"}, row{1'500'000, 1'500'000 / 16 * 16, "12dc6c00"},
        row{~std::uint64_t{0}, bitrate_bound::max_bitrate, "bffffe00"}}) {
    CAPTURE(r.rate);
    const std::array<bitrate_bound, 1> bounds{{{3, r.rate, 0}}};
    const std::string out = written(bitrate_request{1, 0, bounds});
    CHECK(out.substr(32) == r.hex);
    CHECK(test::one_packet(out).get<bitrate_request>().bounds[0].bitrate == r.read);
  }
  // An exponent that leads beyond 64 bits is the most there is; of nothing there is nothing.
  CHECK(test::one_packet("83cd0004 00000001 00000000 00000003 fffffe00")
            .get<bitrate_request>()
            .bounds[0]
            .bitrate == bitrate_bound::max_bitrate);
  CHECK(test::one_packet("83cd0004 00000001 00000000 00000003 fc000000")
            .get<bitrate_request>()
            .bounds[0]
            .bitrate == 0);
  const std::array<bitrate_bound, 1> wide{{{3, 1, 512}}};
  CHECK(test::refused(bitrate_request{1, 0, wide}) == errc::value_out_of_range);
}

TEST_CASE("RFC 4585 6.3, RFC 5104 4.3.1: feedback on pictures", "[rtp]") {
  CHECK(test::copied<picture_loss>("81ce0002" + sources) == plain("81ce0002" + sources));

  const test::one_packet sli("82ce0003" + sources + "0018004f");
  CHECK(sli.get<slice_loss>().slices[0] == lost_slice{3, 1, 15});
  CHECK(written(sli.get<slice_loss>()) == plain("82ce0003" + sources + "0018004f"));
  CHECK(test::one_packet("82ce0003" + sources + "ffffffff").get<slice_loss>().slices[0] ==
        lost_slice{0x1FFF, 0x1FFF, 63});
  for (const lost_slice& bad : {lost_slice{0x2000, 0, 0}, lost_slice{0, 0x2000, 0}, lost_slice{0, 0, 64}}) {
    const std::array<lost_slice, 1> slices{bad};
    CHECK(test::refused(slice_loss{1, 2, slices}) == errc::value_out_of_range);
  }

  const test::one_packet fir("84ce0006 00000001 00000000 00000003 07000000 00000004 ff000000");
  CHECK(fir.get<full_intra_request>().entries[0] == intra_entry{3, 7});
  CHECK(fir.get<full_intra_request>().entries[1] == intra_entry{4, 255});
  CHECK(written(fir.get<full_intra_request>()) == test::to_hex(fir.bytes));
}

TEST_CASE("RFC 4585 6.3.3: a reference picture is a string of bits", "[rtp]") {
  const std::string hex = "83ce0004" + sources + "0b60aabb ccddf800";  // 11 bits of padding
  const test::one_packet p(hex);
  const auto read = p.get<reference_picture>();
  CHECK(read.payload_type == 96);
  CHECK(read.bits == 37);
  CHECK(test::to_hex(read.bit_string) == "aabbccddf8");
  CHECK(written(read) == plain(hex));
  CHECK(test::copied<reference_picture>("83ce0003" + sources + "0060aabb") ==
        plain("83ce0003" + sources + "0060aabb"));
  // No bits at all; and more padding than is needed, which is left out.
  CHECK(test::one_packet("83ce0003" + sources + "1060aabb").get<reference_picture>().bits == 0);
  CHECK(test::copied<reference_picture>("83ce0004" + sources + "2860aabb ccddeeff") ==
        plain("83ce0003" + sources + "0860aa00"));
  CHECK(error_of<reference_picture>("83ce0003" + sources + "1160aabb") ==
        parse_error{errc::bad_feedback_length, 12});
  CHECK(error_of<reference_picture>("83ce0002" + sources) == parse_error{errc::bad_feedback_length, 12});
  const auto bytes = test::from_hex("aabb");
  CHECK(test::refused(reference_picture{1, 2, 128, bytes, 16}) == errc::value_out_of_range);
  CHECK(test::refused(reference_picture{1, 2, 127, bytes, 17}) == errc::value_out_of_range);
}

TEST_CASE("rmcat-remb 2.2: an estimate of bandwidth", "[rtp]") {
  const std::string hex = "8fce0006 00000001 00000000 52454d42 02 0bffff 00000003 00000004";
  const test::one_packet p(hex);
  const auto remb = p.get<bandwidth_estimate>();
  CHECK(remb.sender_ssrc == 1);
  CHECK(remb.bitrate == 0x3FFFF * 4);
  REQUIRE(remb.sources.size() == 2);
  CHECK(remb.sources[1] == 4);
  CHECK(written(remb) == plain(hex));
  CHECK(test::one_packet("8fce0004 00000001 00000000 52454d42 00 ffffff").get<bandwidth_estimate>().bitrate ==
        bandwidth_estimate::max_bitrate);
  CHECK(test::copied<bandwidth_estimate>("8fce0004 00000001 00000000 52454d42 00 ffffff") ==
        plain("8fce0004 00000001 00000000 52454d42 00 bbffff"));
  CHECK(written(bandwidth_estimate{1, 0, 1'000'001, {}}) ==
        plain("8fce0004 00000001 00000000 52454d42 00 0bd090"));
  CHECK(error_of<bandwidth_estimate>("8fce0003 00000001 00000000 41424344") ==
        parse_error{errc::wrong_rtcp_type, 12});
  CHECK(error_of<bandwidth_estimate>("8fce0002 00000001 00000000") ==
        parse_error{errc::rtcp_body_truncated, 12});
  CHECK(error_of<bandwidth_estimate>("8fce0003 00000001 00000000 52454d42") ==
        parse_error{errc::bad_remb, 16});
  CHECK(error_of<bandwidth_estimate>("8fce0004 00000001 00000000 52454d42 01 000000") ==
        parse_error{errc::bad_remb, 16});
  CHECK(error_of<bandwidth_estimate>("8fce0005 00000001 00000000 52454d42 00 000000 00000000") ==
        parse_error{errc::bad_remb, 16});
  const std::vector<std::uint32_t> many(256);
  CHECK(test::refused(bandwidth_estimate{1, 0, 1, std::span(many).first(255)}) == errc{});
  CHECK(test::refused(bandwidth_estimate{1, 0, 1, std::span<const std::uint32_t>(many)}) ==
        errc::too_many_items);
}

TEST_CASE("RFC 4585 6.1: feedback is made of whole entries", "[rtp]") {
  CHECK(error_of<generic_nack>("81cd0001 00000001") == parse_error{errc::rtcp_body_truncated, 8});
  CHECK(error_of<generic_nack>("81cd0000") == parse_error{errc::rtcp_body_truncated, 4});
  CHECK(error_of<generic_nack>("81cd0002" + sources) == parse_error{errc::bad_feedback_length, 12});
  CHECK(error_of<bitrate_request>("83cd0002" + sources) == parse_error{errc::bad_feedback_length, 12});
  CHECK(error_of<bitrate_request>("83cd0003" + sources + "00000000") ==
        parse_error{errc::bad_feedback_length, 16});
  CHECK(error_of<bitrate_notification>("84cd0003" + sources + "00000000") ==
        parse_error{errc::bad_feedback_length, 16});
  CHECK(error_of<picture_loss>("81ce0001 00000001") == parse_error{errc::rtcp_body_truncated, 8});
  CHECK(error_of<picture_loss>("81ce0003" + sources + "00000000") ==
        parse_error{errc::bad_feedback_length, 12});
  CHECK(error_of<slice_loss>("82ce0002" + sources) == parse_error{errc::bad_feedback_length, 12});
  CHECK(error_of<reference_picture>("83ce0001 00000001") == parse_error{errc::rtcp_body_truncated, 8});
  CHECK(error_of<full_intra_request>("84ce0002" + sources) == parse_error{errc::bad_feedback_length, 12});
  CHECK(error_of<full_intra_request>("84ce0003" + sources + "00000000") ==
        parse_error{errc::bad_feedback_length, 16});
  // The same format of the other type is something else.
  CHECK(error_of<picture_loss>("81cd0003" + sources + "00000000").code == errc::wrong_rtcp_type);
  CHECK(test::refused(generic_nack{}) == errc::bad_feedback_length);
  CHECK(test::refused(bitrate_request{}) == errc::bad_feedback_length);
  CHECK(test::refused(slice_loss{}) == errc::bad_feedback_length);
  CHECK(test::refused(full_intra_request{}) == errc::bad_feedback_length);
}
