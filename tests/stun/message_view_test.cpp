#include <parley/stun/message_view.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace parley;
using stun::attribute_type;
using stun::errc;
using stun::message_view;
using test::from_hex;

namespace {

/// A message of that type whose header has the right length.
std::vector<std::byte> message(std::string_view attributes, std::string_view type = "0001") {
  auto body = from_hex(attributes);
  auto out = from_hex(std::string(type) + "0000 2112a442 000102030405060708090a0b");
  out[2] = static_cast<std::byte>(body.size() >> 8U);
  out[3] = static_cast<std::byte>(body.size() & 0xFFU);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

stun::parse_error error_of(const std::vector<std::byte>& bytes) {
  const auto view = message_view::parse(bytes);
  return view ? stun::parse_error{} : view.error();
}

std::string types_of(const message_view& view) {
  std::string out;
  for (const stun::attribute a : view) out += std::to_string(static_cast<unsigned>(a.type)) + " ";
  return out;
}

}  // namespace

TEST_CASE("the type of a message is its class and its method", "[stun]") {
  struct row {
    std::string_view type;
    stun::message_class kind;
    unsigned method;
  };
  for (const row& r : {row{"0001", stun::message_class::request, 1},
                       {"0011", stun::message_class::indication, 1},
                       {"0101", stun::message_class::success, 1},
                       {"0111", stun::message_class::error, 1},
                       {"0113", stun::message_class::error, 3},
                       {"3eef", stun::message_class::request, 0xFFF},
                       {"3fff", stun::message_class::error, 0xFFF},
                       {"0200", stun::message_class::request, 0x80}}) {
    CAPTURE(r.type);
    const auto bytes = message("", r.type);
    const auto view = message_view::parse(bytes);
    REQUIRE(view.has_value());
    CHECK(view->kind() == r.kind);
    CHECK(static_cast<unsigned>(view->method()) == r.method);
    CHECK(test::to_hex(view->transaction()) == "000102030405060708090a0b");
    CHECK(view->begin() == view->end());
  }
}

TEST_CASE("what breaks a header", "[stun]") {
  const auto good = message("80220004 61626364");
  REQUIRE(message_view::parse(good).has_value());
  auto bad = good;
  SECTION("a bit above the type") {
    bad[0] |= GENERATE(std::byte{0x40}, std::byte{0x80});
    CHECK(error_of(bad) == stun::parse_error{errc::not_stun, 0});
  }
  SECTION("another cookie") {
    bad[GENERATE(4U, 5U, 6U, 7U)] ^= std::byte{1};
    CHECK(error_of(bad) == stun::parse_error{errc::bad_cookie, 4});
  }
  SECTION("a length that is no multiple of four") {
    bad[3] = GENERATE(std::byte{7}, std::byte{9}, std::byte{10});
    CHECK(error_of(bad) == stun::parse_error{errc::bad_length, 2});
  }
  SECTION("a length that is too small or too large") {
    bad[3] = GENERATE(std::byte{4}, std::byte{12}, std::byte{0xFC});
    CHECK(error_of(bad) == stun::parse_error{errc::bad_length, 2});
  }
  CHECK_FALSE(message_view::parse(bad).has_value());
}

TEST_CASE("every truncation is refused", "[stun]") {
  const auto whole = message("80220005 61626364 65202020 00200008 0001a147 e112a643 80280004 00000000");
  REQUIRE(message_view::parse(whole).has_value());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK(error_of(part).code == (n < stun::header_bytes ? errc::truncated_header : errc::bad_length));
    if (n < stun::header_bytes || n % 4 != 0) continue;
    // With a length that fits, the attribute that is cut is found.
    auto shorter = part;
    shorter[3] = static_cast<std::byte>(n - stun::header_bytes);
    const bool at_end_of_attribute = n == 20 || n == 32 || n == 44;
    CHECK(message_view::parse(shorter).has_value() == at_end_of_attribute);
    if (!at_end_of_attribute) CHECK(error_of(shorter).code == errc::attribute_truncated);
  }
}

TEST_CASE("an attribute ends within the message, with its padding", "[stun]") {
  CHECK(error_of(message("80220004 61626364")) == stun::parse_error{});
  CHECK(error_of(message("80220005 61626364")) == stun::parse_error{errc::attribute_truncated, 20});
  CHECK(error_of(message("8022ffff 61626364")) == stun::parse_error{errc::attribute_truncated, 20});
  CHECK(error_of(message("80220001 61ffffff")) == stun::parse_error{});
  CHECK(error_of(message("80220000 80220001")) == stun::parse_error{errc::attribute_truncated, 24});
  CHECK(error_of(message("80280004 00000000 80220000")) == stun::parse_error{errc::fingerprint_not_last, 20});
}

TEST_CASE("the first attribute of a type counts, and the last length is the largest", "[stun]") {
  const auto two = message("80220001 61000000 80220001 62000000");
  const auto view = message_view::parse(two);
  REQUIRE(view.has_value());
  CHECK(view->get<stun::software>().value() == "a");
  const auto missing = view->get<stun::username>();
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error() == stun::parse_error{errc::missing_attribute, 36});

  std::vector<std::byte> largest = message("");
  largest.resize(20 + 65532);
  largest[2] = std::byte{0xFF};
  largest[3] = std::byte{0xFC};
  const auto all = message_view::parse(largest);
  REQUIRE(all.has_value());
  CHECK(std::distance(all->begin(), all->end()) == 65532 / 4);
}

TEST_CASE("what nobody vouches for does not count", "[stun]") {
  const std::string sha1 = "00080014" + std::string(40, '0');
  const std::string sha256 = "001c0020" + std::string(64, '0');
  const std::string name = "00060001 61000000";
  const std::string print = "80280004 00000000";
  const auto bytes = message("80220000" + sha1 + name + sha256 + name + sha1 + print);
  const auto view = message_view::parse(bytes);
  REQUIRE(view.has_value());
  CHECK(types_of(*view) == "32802 8 28 32808 ");
  CHECK_FALSE(view->find(attribute_type::username).has_value());

  const auto other_way = message(sha256 + sha1 + name);
  CHECK(types_of(*message_view::parse(other_way)) == "28 ");
}

TEST_CASE("comprehension-required attributes that nobody knows are listed", "[stun]") {
  const auto bytes = message("00060000 00240004 00000000 00250000 7fff0000 80000000 7fff0000 00030000");
  const auto view = message_view::parse(bytes);
  REQUIRE(view.has_value());
  std::array<attribute_type, 8> out{};
  REQUIRE(view->unknown({}, out) == 4);
  CHECK(static_cast<unsigned>(out[0]) == 0x24);
  CHECK(static_cast<unsigned>(out[1]) == 0x25);
  CHECK(static_cast<unsigned>(out[2]) == 0x7FFF);
  CHECK(static_cast<unsigned>(out[3]) == 3);
  const std::array ice{attribute_type::priority, attribute_type::use_candidate};
  CHECK(view->unknown(ice, out) == 2);
  CHECK(view->unknown({}, std::span(out).first(3)) == 3);
  CHECK(view->unknown({}, {}) == 0);
}

TEST_CASE("STUN is told from its neighbours, and its size on a stream", "[stun]") {
  const auto bytes = message("80220004 61626364");
  CHECK(stun::is_stun(bytes));
  CHECK(stun::message_size(bytes).value() == bytes.size());
  CHECK(stun::message_size(std::span(bytes).first(20)).value() == bytes.size());
  CHECK(stun::message_size(std::span(bytes).first(19)).error() ==
        stun::parse_error{errc::truncated_header, 19});
  CHECK(stun::message_size({}).error() == stun::parse_error{errc::truncated_header, 0});
  CHECK_FALSE(stun::is_stun(std::span(bytes).first(19)));
  CHECK_FALSE(
      stun::is_stun(std::as_bytes(std::span(std::string_view("OPTIONS sip:bob@example.com SIP/2.0")))));
  CHECK_FALSE(stun::is_stun(from_hex("80000001 00000000 12345678 00000000 00000000")));
}
