#include <parley/base/byte_reader.hpp>

#include "support/catch.hpp"

#include <string_view>

using namespace parley::base;
using namespace std::string_view_literals;

TEST_CASE("byte_reader reads big-endian fields in turn") {
  byte_reader in("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8rest"sv);
  CHECK(in.remaining() == 22);
  CHECK(*in.u8() == 0x01);
  CHECK(*in.u16() == 0x0203);
  CHECK(*in.u24() == 0x040506);
  CHECK(*in.u32() == 0x0708090aU);
  CHECK(*in.u64() == 0xfffefdfcfbfaf9f8U);
  CHECK(in.position() == 18);
  CHECK(in.rest().size() == 4);
  CHECK(*in.text(2) == "re");
  CHECK(in.skip(1).has_value());
  CHECK(in.bytes(1)->front() == std::byte{'t'});
  CHECK(in.empty());
}

TEST_CASE("byte_reader fails at the end and stays where it was") {
  byte_reader in("\x01\x02\x03\x04\x05\x06\x07"sv);
  REQUIRE(in.skip(4).has_value());
  CHECK(in.u32().error() == errc::truncated);
  CHECK(in.u64().error() == errc::truncated);
  CHECK(in.bytes(4).error() == errc::truncated);
  CHECK(in.text(4).error() == errc::truncated);
  CHECK(in.skip(static_cast<std::size_t>(-1)).error() == errc::truncated);
  CHECK(in.position() == 4);
  CHECK(*in.u24() == 0x050607);
  CHECK(in.u8().error() == errc::truncated);
  CHECK(in.u16().error() == errc::truncated);
  CHECK(in.u24().error() == errc::truncated);
  CHECK(in.bytes(0).has_value());
  CHECK(in.skip(0).has_value());
}

TEST_CASE("an empty byte_reader has nothing") {
  byte_reader in;
  CHECK(in.empty());
  CHECK(in.u8().error() == errc::truncated);
  CHECK(in.rest().empty());
}
