// The messages of RFC 5769, here as bytes and, where PARLEY_MATERIAL is set, as others have recorded them.
#include <parley/stun/message_view.hpp>
#include <parley/stun/writer.hpp>

#include "support/catch.hpp"
#include "support/hex.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

using namespace parley;
using stun::message_class;
using stun::message_view;
using test::from_hex;

namespace {

constexpr std::string_view password = "VOkJxbRl1RmTxUk/WvJxBt";

constexpr std::string_view request =
    "00010058 2112a442 b7e7a701bc34d686fa87dfae"
    "80220010 5354554e207465737420636c69656e74"
    "00240004 6e0001ff 80290008 932ff9b151263b36"
    "00060009 6576746a3a68367659202020"
    "00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf";

constexpr std::string_view response_v4 =
    "0101003c 2112a442 b7e7a701bc34d686fa87dfae"
    "8022000b 7465737420766563746f7220 00200008 0001a147e112a643"
    "00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96";

constexpr std::string_view response_v6 =
    "01010048 2112a442 b7e7a701bc34d686fa87dfae"
    "8022000b 7465737420766563746f7220 00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c";

constexpr std::string_view long_term =
    "00010060 2112a442 78ad3433c6ad72c029da412e"
    "00060012 e3839ee38388e383aae38383e382afe382b90000"
    "0015001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341"
    "0014000b 6578616d706c652e6f726700"
    "00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666";

message_view parsed(const std::vector<std::byte>& bytes) {
  const auto view = message_view::parse(bytes);
  REQUIRE(view.has_value());
  return *view;
}

stun::long_term_key long_term_secret() {
  return stun::long_term_key::make(stun::key_algorithm::md5, "マトリックス", "example.org", "TheMatrIX");
}

}  // namespace

TEST_CASE("RFC 5769 2.1: a request with short-term credentials", "[stun][rfc5769]") {
  const auto bytes = from_hex(request);
  const message_view view = parsed(bytes);
  CHECK(view.kind() == message_class::request);
  CHECK(view.method() == stun::method::binding);
  CHECK(view.get<stun::software>().value() == "STUN test client");
  CHECK(view.get<stun::priority>().value() == 0x6E0001FF);
  CHECK(view.get<stun::ice_controlled>().value() == 0x932FF9B151263B36);
  CHECK(view.get<stun::username>().value() == "evtj:h6vY");
  stun::integrity_hasher hasher;
  CHECK(hasher.check(view, stun::short_term_key(password)));
  CHECK(view.check_fingerprint());
}

TEST_CASE("RFC 5769 2.2 and 2.3: responses over IPv4 and IPv6", "[stun][rfc5769]") {
  stun::integrity_hasher hasher;
  for (const auto& [hex, address] :
       {std::pair(response_v4, "192.0.2.1:32853"),
        std::pair(response_v6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")}) {
    const auto bytes = from_hex(hex);
    const message_view view = parsed(bytes);
    CHECK(view.kind() == message_class::success);
    CHECK(view.get<stun::software>().value() == "test vector");
    CHECK(view.get<stun::xor_mapped_address>().value() == *base::socket_address::from_string(address));
    CHECK(hasher.check(view, stun::short_term_key(password)));
    CHECK(view.check_fingerprint());
  }
}

TEST_CASE("RFC 5769 2.4: a request with long-term credentials", "[stun][rfc5769]") {
  const auto bytes = from_hex(long_term);
  const message_view view = parsed(bytes);
  CHECK(view.get<stun::username>().value() == "マトリックス");
  CHECK(view.get<stun::nonce>().value() == "f//499k954d6OL34oL9FSTvy64sA");
  CHECK(view.get<stun::realm>().value() == "example.org");
  stun::integrity_hasher hasher;
  CHECK(hasher.check(view, long_term_secret().bytes()));
  CHECK_FALSE(hasher.check(view, stun::short_term_key(password)));
  CHECK_FALSE(view.check_fingerprint());
}

TEST_CASE("RFC 5769: the messages are written as they are printed", "[stun][rfc5769]") {
  std::vector<std::byte> buffer(256);
  stun::integrity_hasher hasher;
  {
    // Padding is zero here, so only the messages whose printed padding is zero come out alike.
    const auto id = parsed(from_hex(long_term)).transaction();
    stun::writer out(buffer, message_class::request, stun::method::binding, id);
    out.add<stun::username>("マトリックス")
        .add<stun::nonce>("f//499k954d6OL34oL9FSTvy64sA")
        .add<stun::realm>("example.org")
        .message_integrity(hasher, long_term_secret().bytes());
    CHECK(test::to_hex(out.finish().value()) == test::to_hex(from_hex(long_term)));
  }
  for (const std::string_view hex : {response_v4, response_v6}) {
    const auto bytes = from_hex(hex);
    const message_view view = parsed(bytes);
    stun::writer out(buffer, view.kind(), view.method(), view.transaction());
    const auto written = out.add<stun::software>("test vector")
                             .add<stun::xor_mapped_address>(view.get<stun::xor_mapped_address>().value())
                             .message_integrity(hasher, stun::short_term_key(password))
                             .fingerprint()
                             .finish();
    const message_view again = *message_view::parse(written.value());
    CHECK(again.bytes().size() == bytes.size());
    CHECK(hasher.check(again, stun::short_term_key(password)));
    CHECK(again.check_fingerprint());
  }
}

TEST_CASE("the recorded messages of RFC 5769 are those printed", "[stun][rfc5769]") {
  const char* const material = std::getenv("PARLEY_MATERIAL");
  if (material == nullptr || *material == '\0') {
    WARN("PARLEY_MATERIAL is not set: the recorded messages of RFC 5769 are left out");
    return;
  }
  std::size_t found = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(material) / "stun-rfc5769")) {
    if (entry.path().extension() != ".bin") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const std::string hex = test::to_hex(std::as_bytes(std::span(text)));
    CAPTURE(entry.path().string());
    // Their names have been mixed up; their contents say which is which.
    const auto same = [&](std::string_view printed) { return hex == test::to_hex(from_hex(printed)); };
    CHECK((same(request) || same(response_v4) || same(response_v6) || same(long_term)));
    ++found;
  }
  CHECK(found == 4);
}
