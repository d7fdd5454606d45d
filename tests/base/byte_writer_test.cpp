#include <parley/base/byte_reader.hpp>
#include <parley/base/byte_writer.hpp>

#include "support/catch.hpp"

#include <array>
#include <string_view>

using namespace parley::base;

namespace {

std::string_view text_of(const byte_writer& out) {
  return {reinterpret_cast<const char*>(out.written().data()), out.written().size()};
}

}  // namespace

TEST_CASE("what byte_writer writes, byte_reader reads") {
  std::array<std::byte, 64> memory{};
  byte_writer out(memory);
  out.u8(0xFE);
  out.u16(0x0102);
  out.u24(0x030405);
  out.u32(0x06070809U);
  out.u64(0x1011121314151617U);
  out.text("hello");
  out.fill(3, std::byte{0xAA});
  out.bytes({});
  REQUIRE(out.status().has_value());
  CHECK(out.position() == 26);
  CHECK(out.remaining() == 38);

  byte_reader in(out.written());
  CHECK(*in.u8() == 0xFE);
  CHECK(*in.u16() == 0x0102);
  CHECK(*in.u24() == 0x030405);
  CHECK(*in.u32() == 0x06070809U);
  CHECK(*in.u64() == 0x1011121314151617U);
  CHECK(*in.text(5) == "hello");
  CHECK(*in.u24() == 0xAAAAAA);
  CHECK(in.empty());
}

TEST_CASE("byte_writer fills its span to the last byte and not beyond") {
  std::array<std::byte, 4> memory{};
  byte_writer out({memory.data(), 3});
  CHECK(out.u16(0x4142).has_value());
  CHECK(out.u8(0x43).has_value());
  CHECK(out.u8(0x44).error() == errc::no_space);
  CHECK(text_of(out) == "ABC");
  CHECK(memory[3] == std::byte{0});
}

TEST_CASE("after one failure byte_writer keeps failing") {
  std::array<std::byte, 4> memory{};
  byte_writer out(memory);
  CHECK(out.text("ab").has_value());
  CHECK(out.u32(0).error() == errc::no_space);
  CHECK(out.u8(0).error() == errc::no_space);
  CHECK(out.patch_u16(0, 0).error() == errc::no_space);
  CHECK(out.status().error() == errc::no_space);
  CHECK(text_of(out) == "ab");
}

TEST_CASE("byte_writer patches what has been written") {
  std::array<std::byte, 8> memory{};
  byte_writer out(memory);
  out.text("abcd");
  CHECK(out.patch_u16(2, 0x5859).has_value());
  CHECK(text_of(out) == "abXY");
  SECTION("not half of it") { CHECK(out.patch_u16(3, 0).error() == errc::out_of_range); }
  SECTION("not far behind it") {
    CHECK(out.patch_u16(static_cast<std::size_t>(-1), 0).error() == errc::out_of_range);
  }
}

TEST_CASE("byte_writer refuses a number that has more than 24 bits") {
  std::array<std::byte, 8> memory{};
  byte_writer out(memory);
  CHECK(out.u24(0x1000000).error() == errc::out_of_range);
  CHECK(out.position() == 0);
}
