#include <parley/stun/attributes.hpp>
#include <parley/stun/message_view.hpp>
#include <parley/stun/writer.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <array>
#include <string>
#include <vector>

using namespace parley;
using stun::attribute_type;
using stun::errc;
using test::from_hex;

namespace {

constexpr stun::transaction_id id{std::byte{0xB7}, std::byte{0xE7}, std::byte{0xA7}, std::byte{0x01},
                                  std::byte{0xBC}, std::byte{0x34}, std::byte{0xD6}, std::byte{0x86},
                                  std::byte{0xFA}, std::byte{0x87}, std::byte{0xDF}, std::byte{0xAE}};

/// One attribute, written and found again.
struct written {
  template <class Attribute>
  static written of(const typename Attribute::argument_type& value = {}) {
    written w;
    stun::writer out(w.buffer, stun::message_class::request, stun::method::binding, id);
    const auto bytes = out.add<Attribute>(value).finish();
    REQUIRE(bytes.has_value());
    w.size = bytes->size();
    return w;
  }
  stun::message_view view() const {
    const auto read = stun::message_view::parse(std::span(buffer).first(size));
    REQUIRE(read.has_value());
    return *read;
  }
  std::string hex() const { return test::to_hex(std::span(buffer).first(size).subspan(20)); }

  std::vector<std::byte> buffer = std::vector<std::byte>(2048);
  std::size_t size = 0;
};

template <class Attribute>
stun::parse_error error_of(std::string_view value) {
  const auto raw = from_hex(value);
  const auto read = Attribute::read({Attribute::type, 100, raw}, id);
  return read ? stun::parse_error{} : read.error();
}

template <class Attribute>
errc refused(const typename Attribute::argument_type& value) {
  std::vector<std::byte> buffer(4096);
  stun::writer out(buffer, stun::message_class::request, stun::method::binding, id);
  const auto bytes = out.add<Attribute>(value).finish();
  return bytes ? errc{} : static_cast<errc>(bytes.error().value());
}

base::socket_address address(std::string_view text) { return *base::socket_address::from_string(text); }

template <class Attribute>
void text_limits() {
  const std::string longest(Attribute::max_bytes, 'x');
  CHECK(written::of<Attribute>(longest).view().template get<Attribute>().value() == longest);
  CHECK(written::of<Attribute>("").view().template get<Attribute>().value().empty());
  CHECK(refused<Attribute>(longest + 'x') == errc::text_too_long);
  CHECK(error_of<Attribute>(std::string(2 * Attribute::max_bytes + 2, '0')) ==
        stun::parse_error{errc::text_too_long, 100});
}

}  // namespace

TEST_CASE("addresses, plain and masked", "[stun]") {
  const auto v4 = address("192.0.2.1:32853");
  const auto v6 = address("[2001:db8:1234:5678:11:2233:4455:6677]:32853");
  CHECK(written::of<stun::mapped_address>(v4).hex() == "0001000800018055c0000201");
  CHECK(written::of<stun::xor_mapped_address>(v4).hex() == "002000080001a147e112a643");
  CHECK(written::of<stun::xor_mapped_address>(v6).hex() ==
        "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9");
  for (const auto& a : {v4, v6, address("0.0.0.0:0"), address("[::ffff:192.0.2.1]:65535")}) {
    CHECK(written::of<stun::mapped_address>(a).view().get<stun::mapped_address>().value() == a);
    CHECK(written::of<stun::xor_mapped_address>(a).view().get<stun::xor_mapped_address>().value() == a);
    CHECK(written::of<stun::alternate_server>(a).view().get<stun::alternate_server>().value() == a);
  }
  using attribute = stun::mapped_address;
  CHECK(error_of<attribute>("ff01 8055 c0000201") == stun::parse_error{});
  CHECK(error_of<attribute>("0001 8055 c00002") == stun::parse_error{errc::bad_attribute_length, 100});
  CHECK(error_of<attribute>("0001 8055 c000020100") == stun::parse_error{errc::bad_attribute_length, 100});
  CHECK(error_of<attribute>("0002 8055 c0000201") == stun::parse_error{errc::bad_attribute_length, 100});
  CHECK(error_of<attribute>("0003 8055 c0000201") == stun::parse_error{errc::bad_address_family, 101});
  CHECK(error_of<attribute>("0001 80") == stun::parse_error{errc::bad_attribute_length, 100});
  CHECK(error_of<attribute>("") == stun::parse_error{errc::bad_attribute_length, 100});
}

TEST_CASE("texts have the lengths that RFC 8489 gives them", "[stun]") {
  text_limits<stun::username>();
  text_limits<stun::realm>();
  text_limits<stun::nonce>();
  text_limits<stun::software>();
  text_limits<stun::alternate_domain>();
  CHECK(written::of<stun::username>("evtj:h6vY").hex() == "000600096576746a3a68367659000000");
}

TEST_CASE("numbers and flags of ICE", "[stun]") {
  CHECK(written::of<stun::priority>(0x6E0001FF).hex() == "002400046e0001ff");
  CHECK(written::of<stun::priority>(0x6E0001FF).view().get<stun::priority>().value() == 0x6E0001FF);
  constexpr std::uint64_t tie = 0x932FF9B151263B36;
  CHECK(written::of<stun::ice_controlled>(tie).hex() == "80290008932ff9b151263b36");
  CHECK(written::of<stun::ice_controlled>(tie).view().get<stun::ice_controlled>().value() == tie);
  CHECK(written::of<stun::ice_controlling>(tie).view().get<stun::ice_controlling>().value() == tie);
  CHECK(written::of<stun::use_candidate>().hex() == "00250000");
  CHECK(written::of<stun::use_candidate>().view().get<stun::use_candidate>().has_value());
  CHECK(error_of<stun::priority>("000000").code == errc::bad_attribute_length);
  CHECK(error_of<stun::priority>("0000000000").code == errc::bad_attribute_length);
  CHECK(error_of<stun::ice_controlled>("00000000000000").code == errc::bad_attribute_length);
  CHECK(error_of<stun::use_candidate>("00").code == errc::bad_attribute_length);
}

TEST_CASE("an error has a number from 300 to 699 and a reason", "[stun]") {
  const auto w = written::of<stun::error_code>({420, "Unknown Attribute"});
  CHECK(w.hex().starts_with("0009001500000414"));
  const auto view = w.view();
  CHECK(view.get<stun::error_code>()->code == 420);
  CHECK(view.get<stun::error_code>()->reason == "Unknown Attribute");
  for (const std::uint16_t code : {std::uint16_t{300}, std::uint16_t{699}}) {
    CHECK(written::of<stun::error_code>({code, ""}).view().get<stun::error_code>()->code == code);
  }
  CHECK(refused<stun::error_code>({299, ""}) == errc::bad_error_code);
  CHECK(refused<stun::error_code>({700, ""}) == errc::bad_error_code);
  const std::string longest(763, 'x');
  CHECK(refused<stun::error_code>({400, longest}) == errc{});
  CHECK(refused<stun::error_code>({400, longest + 'x'}) == errc::text_too_long);
  CHECK(error_of<stun::error_code>("ffff ff 00") == stun::parse_error{errc::bad_error_code, 102});
  CHECK(error_of<stun::error_code>("ffff fb 63") == stun::parse_error{});  // the reserved bits say nothing
  CHECK(error_of<stun::error_code>("0000 02 63") == stun::parse_error{errc::bad_error_code, 102});
  CHECK(error_of<stun::error_code>("0000 04 64") == stun::parse_error{errc::bad_error_code, 102});
  CHECK(error_of<stun::error_code>("0000 04").code == errc::bad_attribute_length);
}

TEST_CASE("the types that were not understood", "[stun]") {
  const std::array types{attribute_type{0x7FFF}, attribute_type::priority, attribute_type{0x0003}};
  const auto w = written::of<stun::unknown_attributes>(types);
  CHECK(w.hex() == "000a00067fff002400030000");
  const auto view = w.view();
  const auto read = view.get<stun::unknown_attributes>();
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK((*read)[i] == types[i]);
  CHECK(written::of<stun::unknown_attributes>({}).view().get<stun::unknown_attributes>()->size() == 0);
  CHECK(error_of<stun::unknown_attributes>("7fff00") == stun::parse_error{errc::bad_attribute_length, 100});
}

TEST_CASE("the ways to make a key from a password", "[stun]") {
  const auto parameters = from_hex("0102030405");
  const std::array<stun::password_algorithm::value_type, 3> offered{
      {{stun::key_algorithm::sha256}, {stun::key_algorithm{77}, parameters}, {stun::key_algorithm::md5}}};
  const auto w = written::of<stun::password_algorithms>(offered);
  CHECK(w.hex() ==
        "80020014000200000"
        "04d000501020304050000000001"
        "0000");
  const auto view = w.view();
  auto list = view.get<stun::password_algorithms>().value();
  for (const auto& one : offered) {
    REQUIRE_FALSE(list.empty());
    const auto read = list.next();
    CHECK(read.algorithm == one.algorithm);
    CHECK(test::to_hex(read.parameters) == test::to_hex(one.parameters));
  }
  CHECK(list.empty());
  CHECK(error_of<stun::password_algorithms>("00020000 0001") ==
        stun::parse_error{errc::bad_algorithm_list, 104});
  CHECK(error_of<stun::password_algorithms>("00020001") == stun::parse_error{errc::bad_algorithm_list, 100});

  const auto chosen = written::of<stun::password_algorithm>(offered[1]);
  const auto chosen_view = chosen.view();
  CHECK(chosen_view.get<stun::password_algorithm>()->algorithm == stun::key_algorithm{77});
  CHECK(chosen_view.get<stun::password_algorithm>()->parameters.size() == 5);
  CHECK(error_of<stun::password_algorithm>("00020000 00010000").code == errc::bad_attribute_length);
  CHECK(error_of<stun::password_algorithm>("000200").code == errc::bad_attribute_length);
}

TEST_CASE("the hash of a name", "[stun]") {
  std::array<std::byte, 32> hash{};
  hash[31] = std::byte{7};
  const auto w = written::of<stun::userhash>(hash);
  CHECK(std::to_integer<int>(w.view().get<stun::userhash>().value()[31]) == 7);
  CHECK(error_of<stun::userhash>(std::string(62, '0')).code == errc::bad_attribute_length);
  CHECK(error_of<stun::userhash>(std::string(66, '0')).code == errc::bad_attribute_length);
}
