#include <parley/stun/message_view.hpp>
#include <parley/stun/writer.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <string>
#include <vector>

using namespace parley;
using stun::attribute_type;
using stun::errc;

namespace {

constexpr stun::transaction_id id{std::byte{1}, std::byte{2}};

stun::writer request(std::span<std::byte> buffer) {
  return {buffer, stun::message_class::request, stun::method::binding, id};
}

errc error_of(const base::result<std::span<const std::byte>>& result) {
  if (result) return errc{};
  CHECK(result.error().category() == stun::category());
  return static_cast<errc>(result.error().value());
}

}  // namespace

TEST_CASE("a message without attributes is its header", "[stun]") {
  std::vector<std::byte> buffer(20);
  for (const auto kind : {stun::message_class::request, stun::message_class::indication,
                          stun::message_class::success, stun::message_class::error}) {
    for (const unsigned method : {1U, 3U, 0x7FU, 0x80U, 0xFFFU}) {
      stun::writer out(buffer, kind, static_cast<stun::method>(method), id);
      REQUIRE(out.finish().has_value());
      const auto view = stun::message_view::parse(buffer);
      REQUIRE(view.has_value());
      CHECK(view->kind() == kind);
      CHECK(static_cast<unsigned>(view->method()) == method);
      CHECK(view->transaction() == id);
    }
  }
}

TEST_CASE("a buffer that is too small by any number of bytes is found", "[stun]") {
  stun::integrity_hasher hasher;
  const auto key = stun::short_term_key("secret");
  const auto write = [&](std::span<std::byte> buffer) {
    auto out = request(buffer);
    return out.add<stun::username>("alice")
        .add<stun::xor_mapped_address>({base::ip_address::loopback_v6(), 5060})
        .add<stun::use_candidate>()
        .message_integrity(hasher, key)
        .message_integrity_sha256(hasher, key)
        .fingerprint()
        .finish();
  };
  std::vector<std::byte> buffer(512);
  const auto whole = write(buffer);
  REQUIRE(whole.has_value());
  for (std::size_t n = 0; n <= whole->size(); ++n) {
    CAPTURE(n);
    std::vector<std::byte> smaller(n);
    CHECK(error_of(write(smaller)) == (n == whole->size() ? errc{} : errc::no_space));
  }
}

TEST_CASE("a message ends with what vouches for it", "[stun]") {
  std::vector<std::byte> buffer(512);
  stun::integrity_hasher hasher;
  const auto key = stun::short_term_key("secret");
  auto out = request(buffer);
  SECTION("nothing behind the fingerprint") {
    out.fingerprint().add<stun::software>("x");
    CHECK(error_of(out.finish()) == errc::after_fingerprint);
  }
  SECTION("no second fingerprint") {
    out.fingerprint().fingerprint();
    CHECK(error_of(out.finish()) == errc::after_fingerprint);
  }
  SECTION("no attribute behind integrity") {
    out.message_integrity(hasher, key).add<stun::software>("x").fingerprint();
    CHECK(error_of(out.finish()) == errc::after_integrity);
  }
  SECTION("no weaker integrity behind a stronger one") {
    out.message_integrity_sha256(hasher, key).message_integrity(hasher, key);
    CHECK(error_of(out.finish()) == errc::after_integrity);
  }
  SECTION("no integrity without a key") {
    out.message_integrity(hasher, {});
    CHECK(error_of(out.finish()) == errc::empty_key);
  }
  SECTION("no odd length of the longer one") {
    out.message_integrity_sha256(hasher, key, GENERATE(0U, 12U, 15U, 18U, 33U, 36U));
    CHECK(error_of(out.finish()) == errc::bad_attribute_length);
  }
}

TEST_CASE("a message holds 65532 bytes of attributes and no more", "[stun]") {
  std::vector<std::byte> buffer(70'000);
  const std::vector<std::byte> value(65'536);
  const auto with = [&](std::size_t bytes) {
    auto out = request(buffer);
    return error_of(out.add_raw(attribute_type{0x9000}, std::span(value).first(bytes)).finish());
  };
  CHECK(with(65'527) == errc{});
  CHECK(with(65'528) == errc{});
  CHECK(with(65'529) == errc::message_too_large);
  CHECK(with(65'536) == errc::message_too_large);
  auto out = request(buffer);
  out.add_raw(attribute_type{0x9000}, std::span(value).first(65'528)).fingerprint();
  CHECK(error_of(out.finish()) == errc::message_too_large);
}

TEST_CASE("what is copied attribute by attribute is the same message", "[stun]") {
  std::vector<std::byte> buffer(256);
  auto first = request(buffer);
  const auto bytes = first.add<stun::username>("abc")
                         .add<stun::error_code>({401, "Unauthenticated"})
                         .add_raw(attribute_type{0x7777}, {})
                         .fingerprint()
                         .finish();
  REQUIRE(bytes.has_value());
  const auto view = stun::message_view::parse(*bytes);
  REQUIRE(view.has_value());
  CHECK(view->check_fingerprint());
  std::vector<std::byte> copy(256);
  stun::writer again(copy, view->kind(), view->method(), view->transaction());
  for (const stun::attribute a : *view) again.add_raw(a.type, a.value);
  CHECK(test::to_hex(again.finish().value()) == test::to_hex(*bytes));
}
