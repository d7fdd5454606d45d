#include <parley/rtp/rtcp_sdes.hpp>

#include "rtcp_support.hpp"

#include <array>

using namespace parley;
using rtp::errc;
using rtp::sdes_chunk;
using rtp::sdes_item;
using rtp::sdes_private;
using rtp::sdes_type;
using rtp::source_description;

TEST_CASE("RFC 3550 6.5: all items of all sources", "[rtp]") {
  std::vector<sdes_item> items;
  for (unsigned i = 1; i <= 15; ++i)
    items.push_back({static_cast<sdes_type>(i), std::string_view("abcdefghijklmno", i)});
  const std::array<sdes_chunk, 3> chunks{
      {{1, std::span<const sdes_item>(items)}, {2, std::span<const sdes_item>(items).first(2)}, {3, {}}}};
  const std::string hex = test::written(source_description{chunks});
  const test::one_packet p(hex);
  const auto read = p.get<source_description>();
  REQUIRE(read.chunks.size() == 3);
  std::size_t at = 0;
  for (const sdes_chunk& chunk : read.chunks) {
    CHECK(chunk.ssrc == at + 1);
    CHECK(chunk.items.size() == (at == 0 ? 15 : at == 1 ? 2 : 0));
    std::size_t n = 0;
    for (const sdes_item& item : chunk.items) CHECK(item == items[n++]);
    ++at;
  }
  CHECK(read.chunks.begin()->find(sdes_type::tool).value() == "abcdef");
  CHECK_FALSE(read.chunks.begin()->find(sdes_type{99}).has_value());
  CHECK(test::written(read) == hex);
}

TEST_CASE("RFC 3550 6.5: items end with a zero byte at the next word", "[rtp]") {
  const auto hex_of = [](std::string_view text) {
    const std::array<sdes_item, 1> items{{{sdes_type::cname, text}}};
    const std::array<sdes_chunk, 1> chunks{{{1, items}}};
    return test::written(source_description{chunks});
  };
  CHECK(hex_of("") == test::plain("81ca0002 00000001 01000000"));
  CHECK(hex_of("a") == test::plain("81ca0002 00000001 01016100"));
  CHECK(hex_of("ab") == test::plain("81ca0003 00000001 01026162 00000000"));
  CHECK(hex_of("abc") == test::plain("81ca0003 00000001 01036162 63000000"));
  CHECK(test::copied<source_description>("80ca0000") == "80ca0000");
  // What stands behind the chunks that are counted says nothing.
  CHECK(test::copied<source_description>("81ca0003 00000001 01016100 aabbccdd") ==
        test::plain("81ca0002 00000001 01016100"));
}

TEST_CASE("RFC 3550 6.5: what breaks a description", "[rtp]") {
  CHECK(test::error_of<source_description>("81ca0000") == rtp::parse_error{errc::rtcp_body_truncated, 4});
  CHECK(test::error_of<source_description>("82ca0002 00000001 01016100") ==
        rtp::parse_error{errc::rtcp_body_truncated, 12});
  CHECK(test::error_of<source_description>("81ca0001 00000001") == rtp::parse_error{errc::sdes_not_ended, 8});
  CHECK(test::error_of<source_description>("81ca0002 00000001 01026162") ==
        rtp::parse_error{errc::sdes_not_ended, 12});
  CHECK(test::error_of<source_description>("81ca0002 00000001 01036162") ==
        rtp::parse_error{errc::bad_sdes_item, 8});
  CHECK(test::error_of<source_description>("81ca0002 00000001 01ff6162") ==
        rtp::parse_error{errc::bad_sdes_item, 8});
  CHECK(test::error_of<source_description>("81ca0002 00000001 01016106") ==
        rtp::parse_error{errc::bad_sdes_item, 11});
}

TEST_CASE("RFC 3550 6.5.8: a private item has a prefix", "[rtp]") {
  const auto read = sdes_private::read({sdes_type::private_extension, std::string_view("\3abcdef", 7)});
  REQUIRE(read.has_value());
  CHECK(read->prefix == "abc");
  CHECK(read->value == "def");
  CHECK(sdes_private::read({sdes_type::private_extension, std::string_view("\0", 1)})->value.empty());
  CHECK(sdes_private::read({sdes_type::private_extension, "\3abc"})->value.empty());
  CHECK_FALSE(sdes_private::read({sdes_type::private_extension, "\4abc"}).has_value());
  CHECK_FALSE(sdes_private::read({sdes_type::private_extension, ""}).has_value());
  CHECK_FALSE(sdes_private::read({sdes_type::cname, "\1ab"}).has_value());
}

TEST_CASE("a description that cannot be said is not written", "[rtp]") {
  const std::string longest(255, 'x');
  const std::string longer(256, 'x');
  const auto with = [](sdes_type type, std::string_view text) {
    const std::array<sdes_item, 1> items{{{type, text}}};
    const std::array<sdes_chunk, 1> chunks{{{1, items}}};
    return test::refused(source_description{chunks});
  };
  CHECK(with(sdes_type::note, longest) == errc{});
  CHECK(with(sdes_type::note, longer) == errc::text_too_long);
  CHECK(with(sdes_type{0}, "a") == errc::value_out_of_range);
  const std::vector<sdes_chunk> chunks(32);
  CHECK(test::refused(source_description{std::span(chunks).first(31)}) == errc{});
  CHECK(test::refused(source_description{std::span<const sdes_chunk>(chunks)}) == errc::too_many_items);
}
