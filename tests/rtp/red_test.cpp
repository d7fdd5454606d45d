#include <parley/rtp/red.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <array>
#include <string>
#include <vector>

using namespace parley;
using rtp::errc;
using rtp::red_block;
using rtp::red_payload;
using test::from_hex;
using test::to_hex;

namespace {

rtp::parse_error error_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  const auto read = red_payload::parse(bytes);
  return read ? rtp::parse_error{} : read.error();
}

errc refused(std::span<const red_block> blocks, std::size_t room = 4096) {
  std::vector<std::byte> memory(room);
  base::byte_writer out(memory);
  const auto written = rtp::write_red(out, blocks);
  return written ? errc{} : static_cast<errc>(written.error().value());
}

}  // namespace

TEST_CASE("RFC 2198 3: blocks, the primary one last", "[rtp]") {
  // 640 units earlier, three bytes; 160 earlier, none; and the primary one.
  const std::string hex = "e00a0003 e0028000 00 aabbcc 11223344";
  const auto bytes = from_hex(hex);
  const auto red = red_payload::parse(bytes);
  REQUIRE(red.has_value());
  REQUIRE(red->blocks().size() == 3);
  CHECK(red->blocks()[0].payload_type == 96);
  CHECK(red->blocks()[0].timestamp_offset == 640);
  CHECK(to_hex(red->blocks()[0].data) == "aabbcc");
  CHECK(red->blocks()[1].timestamp_offset == 160);
  CHECK(red->blocks()[1].data.empty());
  CHECK(red->primary().payload_type == 0);
  CHECK(red->primary().timestamp_offset == 0);
  CHECK(to_hex(red->primary().data) == "11223344");
  std::array<std::byte, 32> memory{};
  base::byte_writer out(memory);
  REQUIRE(rtp::write_red(out, red->blocks()).has_value());
  CHECK(to_hex(out.written()) == to_hex(bytes));
  const auto alone = from_hex("60");
  CHECK(red_payload::parse(alone)->primary().data.empty());
}

TEST_CASE("RFC 2198 3: what breaks a redundant payload", "[rtp]") {
  CHECK(error_of("") == rtp::parse_error{errc::red_truncated, 0});
  CHECK(error_of("e00a00") == rtp::parse_error{errc::red_truncated, 0});
  CHECK(error_of("e00a0003") == rtp::parse_error{errc::red_truncated, 4});
  CHECK(error_of("e00a0003 00 aabb") == rtp::parse_error{errc::red_truncated, 5});
  CHECK(error_of("e00a0003 00 aabbcc") == rtp::parse_error{});
  CHECK(error_of("e00a03ff e00a03ff 00 aabbcc") == rtp::parse_error{errc::red_truncated, 9});
  std::string many;
  for (int i = 0; i < 15; ++i) many += "e0000000";
  CHECK(error_of(many + "00") == rtp::parse_error{});
  CHECK(error_of(many + "e000000000") == rtp::parse_error{errc::too_many_items, 64});
}

TEST_CASE("RFC 2198 3: what no block can say is not written", "[rtp]") {
  const std::vector<std::byte> data(1024);
  const std::span<const std::byte> all(data);
  const red_block primary{0, 0, all};
  CHECK(refused({}) == errc::value_out_of_range);
  CHECK(refused(std::array{primary}) == errc{});
  CHECK(refused(std::array{primary}, 1024) == errc::no_space);
  CHECK(refused(std::array{red_block{0, 1, {}}}) == errc::value_out_of_range);
  CHECK(refused(std::array{red_block{128, 0, {}}}) == errc::value_out_of_range);
  CHECK(refused(std::array{red_block{0, 0x3FFF, all.first(1023)}, primary}) == errc{});
  CHECK(refused(std::array{red_block{0, 0x4000, {}}, primary}) == errc::value_out_of_range);
  CHECK(refused(std::array{red_block{0, 1, all}, primary}) == errc::value_out_of_range);
}
