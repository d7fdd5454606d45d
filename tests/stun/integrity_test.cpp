#include <parley/stun/integrity.hpp>
#include <parley/stun/message_view.hpp>
#include <parley/stun/writer.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <string>
#include <vector>

using namespace parley;
using stun::integrity_hasher;
using stun::message_view;

namespace {

constexpr stun::transaction_id id{std::byte{1}};

}  // namespace

TEST_CASE("keys and hashes of names", "[stun]") {
  // RFC 8489 appendix B.1.
  CHECK(test::to_hex(stun::make_userhash("マトリックス", "example.org").value()) ==
        "4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704");
  // RFC 8489 9.2.2 gives this example of the text that is hashed.
  CHECK(test::to_hex(stun::long_term_key::make(stun::key_algorithm::md5, "user", "realm", "pass").bytes()) ==
        "8493fbc53ba582fb4c044c456bdc40eb");
  CHECK(stun::long_term_key::make(stun::key_algorithm::sha256, "user", "realm", "pass").bytes().size() == 32);
  CHECK(stun::long_term_key::make(stun::key_algorithm{9}, "user", "realm", "pass").bytes().empty());
}

TEST_CASE("integrity by SHA-256", "[stun]") {
  // The request of RFC 8489 appendix B.1 with the length that its attributes have: the one printed there
  // counts the header too. Its HMAC, over a length of 0x88, was made with Python's hmac.
  const auto bytes = test::from_hex(
      "00010088 2112a442 78ad3433c6ad72c029da412e"
      "001e0020 4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704"
      "00150029 6f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c39465354767936347341 000000"
      "0014000b 6578616d706c652e6f726700"
      "001c0020 234112fbd4e27f983eb4032836f998216f5b23f8d927753fbc4f882bfbdf0dec");
  const auto view = message_view::parse(bytes);
  REQUIRE(view.has_value());
  const auto key =
      stun::long_term_key::make(stun::key_algorithm::sha256, "マトリックス", "example.org", "TheMatrIX");
  integrity_hasher hasher;
  CHECK(hasher.check_sha256(*view, key.bytes()));
  const auto md5 =
      stun::long_term_key::make(stun::key_algorithm::md5, "マトリックス", "example.org", "TheMatrIX");
  CHECK_FALSE(hasher.check_sha256(*view, md5.bytes()));
}

TEST_CASE("each bit that is vouched for counts", "[stun]") {
  std::vector<std::byte> buffer(256);
  integrity_hasher hasher;
  const auto key = stun::short_term_key("secret");
  stun::writer out(buffer, stun::message_class::request, stun::method::binding, id);
  const auto written = out.add<stun::username>("alice")
                           .message_integrity(hasher, key)
                           .message_integrity_sha256(hasher, key)
                           .fingerprint()
                           .finish();
  REQUIRE(written.has_value());
  std::vector<std::byte> bytes(written->begin(), written->end());
  const auto fine = message_view::parse(bytes);
  REQUIRE(fine.has_value());
  REQUIRE(hasher.check(*fine, key));
  REQUIRE(hasher.check_sha256(*fine, key));
  REQUIRE(fine->check_fingerprint());
  CHECK_FALSE(hasher.check(*fine, stun::short_term_key("Secret")));
  CHECK_FALSE(hasher.check_sha256(*fine, stun::short_term_key("secret ")));
  CHECK_FALSE(hasher.check(*fine, {}));
  CHECK_FALSE(hasher.check_sha256(*fine, {}));

  const std::size_t sha1_end = fine->find(stun::attribute_type::message_integrity)->offset + 20;
  const std::size_t sha256_end = fine->find(stun::attribute_type::message_integrity_sha256)->offset + 32;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const std::byte mask = std::byte{1} << (bit % 8);
    bytes[bit / 8] ^= mask;
    if (const auto view = message_view::parse(bytes)) {
      CAPTURE(bit);
      CHECK_FALSE(view->check_fingerprint());
      // The header's length is left out of account, but parsing has found it wrong.
      if (bit / 8 < sha1_end) CHECK_FALSE(hasher.check(*view, key));
      if (bit / 8 < sha256_end) CHECK_FALSE(hasher.check_sha256(*view, key));
    }
    bytes[bit / 8] ^= mask;
  }
}

TEST_CASE("a shortened value is taken only where the caller says so", "[stun]") {
  std::vector<std::byte> buffer(256);
  integrity_hasher hasher;
  const auto key = stun::short_term_key("secret");
  for (std::size_t size = 16; size <= 32; size += 4) {
    CAPTURE(size);
    stun::writer out(buffer, stun::message_class::request, stun::method::binding, id);
    const auto written = out.message_integrity_sha256(hasher, key, size).finish();
    REQUIRE(written.has_value());
    const auto view = message_view::parse(*written);
    REQUIRE(view.has_value());
    CHECK(hasher.check_sha256(*view, key) == (size == 32));
    CHECK(hasher.check_sha256(*view, key, size));
    CHECK(hasher.check_sha256(*view, key, size + 4) == false);
  }
  // None below 16, whatever the caller says.
  const auto short_value =
      test::from_hex("00010010 2112a442 010000000000000000000000 001c000c 000000000000000000000000");
  const auto view = message_view::parse(short_value);
  REQUIRE(view.has_value());
  CHECK_FALSE(hasher.check_sha256(*view, key, 0));
}

TEST_CASE("a message without the attribute fits no key", "[stun]") {
  const auto bytes = test::from_hex("00010000 2112a442 010000000000000000000000");
  const auto view = message_view::parse(bytes);
  REQUIRE(view.has_value());
  integrity_hasher hasher;
  CHECK_FALSE(hasher.check(*view, stun::short_term_key("x")));
  CHECK_FALSE(hasher.check_sha256(*view, stun::short_term_key("x")));
  CHECK_FALSE(view->check_fingerprint());
}
