#include <parley/rtp/header_extension.hpp>
#include <parley/rtp/header_extension_values.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <array>
#include <string>
#include <vector>

using namespace parley;
using namespace parley::rtp;
using test::from_hex;
using test::to_hex;

namespace {

/// A packet with that extension; the length is that of `elements`, which are whole words.
std::vector<std::byte> packet(std::string_view profile, std::string_view elements) {
  const auto bytes = from_hex(elements);
  auto out = from_hex("9000 0001 00000002 00000003" + std::string(profile) + "0000");
  out[15] = static_cast<std::byte>(bytes.size() / 4);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

parsed<extension_elements> elements_of(const std::vector<std::byte>& bytes) {
  return extension_elements::parse(packet_view::parse(bytes).value());
}

std::string listed(std::string_view profile, std::string_view elements) {
  const auto bytes = packet(profile, elements);
  const auto read = elements_of(bytes);
  if (!read) return std::string(rule(read.error().code)) + " at " + std::to_string(read.error().offset);
  std::string out;
  for (const extension_element& e : *read) out += std::to_string(e.id) + "=" + to_hex(e.data) + " ";
  return out;
}

const std::string cut = std::string(rule(errc::bad_extension_length));

template <class Value>
errc value_error(std::string_view hex) {
  const auto bytes = from_hex(hex);
  const auto read = Value::read(bytes);
  return read ? errc{} : read.error().code;
}

/// A value, written as an element and read again.
template <class Value>
void same(const Value& value, std::string_view hex) {
  std::array<std::byte, 300> memory{};
  const auto extension = extension_writer(memory, extension_form::two_byte).add(7, value).finish();
  REQUIRE(extension.has_value());
  auto bytes = packet("1000", to_hex(extension->bytes));
  const auto read = elements_of(bytes);
  REQUIRE(read.has_value());
  CHECK(to_hex(read->find(7).value()) == hex);
  CHECK(read->template get<Value>(7).value() == value);
  CHECK(read->template get<Value>(8).error() == parse_error{errc::bad_extension_id, 0});
}

template <class Value>
errc refused(const Value& value, extension_form form = extension_form::two_byte) {
  std::array<std::byte, 600> memory{};
  const auto written = extension_writer(memory, form).add(1, value).finish();
  return written ? errc{} : static_cast<errc>(written.error().value());
}

}  // namespace

TEST_CASE("RFC 8285 4.2: elements with a header of one byte", "[rtp]") {
  CHECK(listed("bede", "10aa2211 22330000") == "1=aa 2=112233 ");
  // Padding stands in front of elements, between them and behind them.
  CHECK(listed("bede", "0010aa00 00e0bb00") == "1=aa 14=bb ");
  CHECK(listed("bede", "") == "");
  CHECK(listed("bede", "00000000") == "");
  CHECK(listed("bede", "1f000102 03040506 0708090a 0b0c0d0e 0f000000") ==
        "1=000102030405060708090a0b0c0d0e0f ");
}

TEST_CASE("RFC 8285 4.2: behind an id of 15 nothing counts", "[rtp]") {
  CHECK(listed("bede", "10aaf0bb 20cc0000") == "1=aa ");
  CHECK(listed("bede", "10aaffbb") == "1=aa ");  // its length says nothing
  CHECK(listed("bede", "10aa01bb") == "1=aa ");  // and that of zero neither
}

TEST_CASE("RFC 8285 4.3: elements with a header of two bytes", "[rtp]") {
  CHECK(listed("1000", "0101aa02 000f02bb cc000000") == "1=aa 2= 15=bbcc ");
  CHECK(listed("100f", "00ff01aa") == "255=aa ");
}

TEST_CASE("RFC 8285: what breaks an extension", "[rtp]") {
  CHECK(listed("bede", "10aa21bb") == cut + " at 18");
  CHECK(listed("bede", "0000001f") == cut + " at 19");
  CHECK(listed("1000", "01010003") == cut + " at 19");
  CHECK(listed("1000", "0105aabb") == cut + " at 16");
  CHECK(listed("abcd", "00000000") == std::string(rule(errc::bad_extension_profile)) + " at 12");
  CHECK(listed("1010", "") == std::string(rule(errc::bad_extension_profile)) + " at 12");
  const auto none = from_hex("8000 0001 00000002 00000003");
  const auto read = elements_of(none);
  REQUIRE(read.has_value());
  CHECK(read->begin() == read->end());
  CHECK_FALSE(read->find(1).has_value());
}

TEST_CASE("RFC 8285: elements are written and filled to a word", "[rtp]") {
  std::array<std::byte, 64> memory{};
  const auto one = extension_writer(memory, extension_form::one_byte)
                       .add(1, audio_level{true, 5})
                       .add_raw(14, from_hex("112233"))
                       .finish();
  REQUIRE(one.has_value());
  CHECK(one->profile == 0xBEDE);
  CHECK(to_hex(one->bytes) == "1085e21122330000");
  const auto two =
      extension_writer(memory, extension_form::two_byte).add_raw(255, {}).add_raw(15, {}).finish();
  REQUIRE(two.has_value());
  CHECK(two->profile == 0x1000);
  CHECK(to_hex(two->bytes) == "ff000f00");
  CHECK(extension_writer(memory, extension_form::one_byte).finish()->bytes.empty());

  std::array<std::byte, 64> header{};
  base::byte_writer out(header);
  REQUIRE(write_header(out, {.extension = *two}));
  CHECK(elements_of({out.written().begin(), out.written().end()})->form() == extension_form::two_byte);
}

TEST_CASE("RFC 8285: what a form cannot say is not written", "[rtp]") {
  std::array<std::byte, 600> memory{};
  const std::vector<std::byte> data(256);
  const auto error = [&](extension_form form, std::uint8_t id, std::size_t size, std::size_t room = 600) {
    const auto written = extension_writer(std::span(memory).first(room), form)
                             .add_raw(id, std::span(data).first(size))
                             .finish();
    return written ? errc{} : static_cast<errc>(written.error().value());
  };
  constexpr auto one = extension_form::one_byte;
  constexpr auto two = extension_form::two_byte;
  CHECK(error(one, 0, 1) == errc::bad_extension_id);
  CHECK(error(one, 15, 1) == errc::bad_extension_id);
  CHECK(error(one, 14, 1) == errc{});
  CHECK(error(one, 1, 0) == errc::bad_extension_length);
  CHECK(error(one, 1, 16) == errc{});
  CHECK(error(one, 1, 17) == errc::bad_extension_length);
  CHECK(error(two, 0, 1) == errc::bad_extension_id);
  CHECK(error(two, 15, 0) == errc{});
  CHECK(error(two, 255, 255) == errc{});
  CHECK(error(two, 1, 256) == errc::bad_extension_length);
  CHECK(error(one, 1, 2, 2) == errc::no_space);
  CHECK(error(one, 1, 2, 3) == errc::no_space);  // none for the padding
  CHECK(error(one, 1, 2, 4) == errc{});
  // The first failure stays.
  CHECK(extension_writer(memory, one).add_raw(0, data).add(1, audio_level{}).finish().error() ==
        errc::bad_extension_id);
}

TEST_CASE("values of elements", "[rtp]") {
  same(audio_level{true, 127}, "ff");
  same(audio_level{false, 1}, "01");
  same(sdes_extension{"audio0"}, to_hex(std::as_bytes(std::span(std::string_view("audio0")))));
  same(absolute_send_time{0xABCDEF}, "abcdef");
  same(transport_sequence_number{0x1234}, "1234");
  same(video_orientation{true, true, 3}, "0f");
  same(video_orientation{false, false, 1}, "01");
  CHECK(absolute_send_time::from_ntp(0x0000004180000000).time == ((0x41 & 0x3F) << 18 | 1 << 17));
  CHECK(value_error<video_orientation>("f0") == errc{});  // the reserved bits say nothing

  CHECK(value_error<audio_level>("") == errc::bad_extension_length);
  CHECK(value_error<audio_level>("0102") == errc::bad_extension_length);
  CHECK(value_error<sdes_extension>("") == errc::bad_extension_length);
  CHECK(value_error<absolute_send_time>("0102") == errc::bad_extension_length);
  CHECK(value_error<transport_sequence_number>("010203") == errc::bad_extension_length);
  CHECK(value_error<video_orientation>("") == errc::bad_extension_length);

  const std::string longest(255, 'x');
  const std::string longer(256, 'x');
  CHECK(refused(audio_level{false, 128}) == errc::value_out_of_range);
  CHECK(refused(sdes_extension{""}) == errc::bad_extension_length);
  CHECK(refused(sdes_extension{longest}) == errc{});
  CHECK(refused(sdes_extension{longer}) == errc::text_too_long);
  CHECK(refused(sdes_extension{std::string_view(longest).substr(0, 16)}, extension_form::one_byte) == errc{});
  CHECK(refused(sdes_extension{std::string_view(longest).substr(0, 17)}, extension_form::one_byte) ==
        errc::bad_extension_length);
  CHECK(refused(absolute_send_time{0x1000000}) == errc::value_out_of_range);
  CHECK(refused(video_orientation{false, false, 4}) == errc::value_out_of_range);
}
